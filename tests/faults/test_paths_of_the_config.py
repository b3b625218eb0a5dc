"""Every path that a config may name, as a thing that is no file: all are told by name, none is waited for."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from tests.faults.commands import try_command
from tests.faults.configs import write_config
from tests.unit.settings.test_examples import EXAMPLES, read_own

KIND = "paths of the config"
FILE = re.compile(r"[^\s/][^\s]*\.(csv|gdb|geojson|gpkg|json|kml|nc|shp|tif|xlsx)")
OWN = {path.stem: path for path in EXAMPLES if FILE.search(str(read_own(path)))}
PLACES: dict[str, Callable[[Path], object]] = {
    "a named pipe": os.mkfifo,
    "a device without end": lambda path: path.symlink_to("/dev/zero"),
    "a link to itself": lambda path: path.symlink_to(path.name),
    "a folder": lambda path: path.mkdir(),
    "of no byte": lambda path: path.touch(),
    "of zeros": lambda path: path.write_bytes(bytes(2**20)),
}


def list_files(content: object) -> Iterator[str]:
    """The paths of files that a config names, at any depth."""
    if isinstance(content, str):
        yield from [content] if FILE.fullmatch(content) else []
    elif isinstance(content, dict | list):
        for entry in content.values() if isinstance(content, dict) else content:
            yield from list_files(entry)


def write_own(example: str, what: str, folder: Path) -> list[str]:
    """A config of files alone, and one kind of thing at all of its paths; those that are no patterns."""
    whole = yaml.safe_load(OWN[example].read_text(encoding="utf-8")) | read_own(OWN[example])
    if whole["scenes"]["provider"] == "simulated":
        whole["scenes"]["provider"] = "earth-search"
    named = list(list_files(whole))
    for name in named:
        path = folder / re.sub(r"\{\w+\}", "2024", name).replace("*", "一")
        path.parent.mkdir(parents=True, exist_ok=True)
        PLACES[what](path)
    (folder / "my.yaml").write_text(
        yaml.safe_dump(whole, allow_unicode=True, sort_keys=False), encoding="utf-8"
    )
    return [Path(name.replace("{year}", "2024")).name for name in named if "*" not in name]


@pytest.mark.slow
@pytest.mark.parametrize("what", PLACES)
@pytest.mark.parametrize("example", OWN)
def test_what_is_no_file_is_told_at_every_place_that_a_config_may_name(example, what, tmp_path, fault):
    named = write_own(example, what, tmp_path)
    with fault(f"{example}: {what}, at every path", door="config", must="exit 2 or 3, names all") as seen:
        done = try_command(["validate", "my.yaml"], cwd=tmp_path, env={"COLUMNS": "400"})
        seen.happened = done.tell()
        assert done.code in {2, 3}
        assert [name for name in named if name not in done.err.replace("{year}", "2024")] == []


@pytest.mark.slow
@pytest.mark.parametrize("what", PLACES)
@pytest.mark.parametrize("key", ["samples", "targets", "catalogue", "rights", "species"])
def test_a_pattern_that_nothing_of_use_fits_is_told(key, what, tmp_path, fault):
    blocks = {
        "samples": [{"path": "表/*.xlsx"}],
        "targets": {"tables": [{"path": "表/*.xlsx"}]},
        "catalogue": {"supplement": ["表/*.xlsx"]},
        "rights": {"registers": [{"kind": "water_licence", "path": "表/*.xlsx"}]},
        "species": {"surveys": [{"path": "表/*.xlsx"}], "names": "names.csv", "sites": "sites.csv"},
    }
    (tmp_path / "names.csv").write_text("物种,类群\n白鹭,鸟类\n", encoding="utf-8")
    (tmp_path / "sites.csv").write_text("样地,经度,纬度\n甲,106.7,29.57\n", encoding="utf-8")
    (tmp_path / "表").mkdir()
    PLACES[what](tmp_path / "表" / "一.xlsx")
    scenes = {"provider": "earth-search", "start": "2024-01-01", "end": "2024-12-31", "period": "year"}
    config = write_config(tmp_path, scenes=scenes, **{key: blocks[key]})
    with fault(f"{key}: {what}, in a pattern", door="config", must="exit 2 or 3, names it") as seen:
        done = try_command(["validate", config], cwd=tmp_path, env={"COLUMNS": "400"})
        seen.happened = done.tell()
        assert done.code in {2, 3}
        assert "一.xlsx" in done.err or "*.xlsx" in done.err
