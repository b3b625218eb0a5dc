"""What never ends is not read, and what the machine refuses is told by name: no hang, no traceback."""

import os
import resource
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.commands import PROGRAM, try_command

KIND, DOOR = "the machine refuses", "commands"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="named pipes and limits of Linux"),
]

CONFIG = """\
label: "2024"
aoi: [guangyang_island]
scenes: {provider: simulated, start: 2024-01-01, end: 2024-12-31, period: year}
"""
STATIC = CONFIG.replace("simulated", "{static: catalog.json}")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "my.yaml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def make_stream(path: Path, kind: str) -> None:
    if kind == "a named pipe":
        os.mkfifo(path)
    elif kind == "a device":
        path.symlink_to("/dev/zero")
    else:
        folder = os.open(path.parent, os.O_RDONLY)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(f"/proc/self/fd/{folder}/{path.name}")
        os.close(folder)


KINDS = ("a named pipe", "a device", "a socket")
DOORS = {
    "config": ("my.yaml", ""),
    "parcels": ("register.gpkg", "parcels: {path: register.gpkg}"),
    "samples": ("water.csv", "samples: [{path: water.csv}]"),
    "sections": ("sections.csv", "sections: {register: sections.csv}"),
    "restricting": ("line.gpkg", "restricting: [{path: line.gpkg, kind: ecological_red_line}]"),
    "map": (
        "map.tif",
        "land_cover: {method: map, maps: {'2024': {path: map.tif, product: worldcover-v200}}}",
    ),
    "supplement": ("done.xlsx", "catalogue: {supplement: done.xlsx}"),
    "targets": ("targets.csv", "targets: {tables: [{path: targets.csv}]}"),
    "parameters": ("own.csv", "accounts: {profile: chongqing-2023, parameters: own.csv}"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("door", DOORS)
def test_no_door_reads_what_never_ends(door, kind, folder, fault):
    name, block = DOORS[door]
    if name == "my.yaml":
        (folder / name).unlink()
    else:
        with (folder / "my.yaml").open("a", encoding="utf-8") as config:
            config.write(block + "\n")
    make_stream(folder / name, kind)
    with fault(f"{door} is {kind}", door=door, must="exit 2, says what it is") as seen:
        done = try_command(["validate", "my.yaml"], cwd=folder)
        seen.happened = done.tell()
        assert done.code == 2
        assert kind.removeprefix("a ") in done.err


@pytest.mark.parametrize("kind", KINDS)
def test_an_area_on_the_command_line_that_never_ends_is_not_read(kind, folder, fault):
    make_stream(folder / "outline.geojson", kind)
    words = ["run", "my.yaml", "--aoi", folder / "outline.geojson", "--out", "delivery"]
    with fault(f"the area is {kind}", door="--aoi", must="exit 2, names the file") as seen:
        done = try_command(words, cwd=folder)
        seen.happened = done.tell()
        assert done.code == 2
        assert "outline.geojson" in done.err


@pytest.mark.parametrize("kind", KINDS)
def test_a_catalogue_with_an_item_that_never_ends_names_it(kind, folder, fault):
    (folder / "my.yaml").write_text(STATIC, encoding="utf-8")
    (folder / "catalog.json").write_text(
        '{"type": "Catalog", "id": "c", "stac_version": "1.0.0", "description": "", '
        '"links": [{"rel": "item", "href": "./item.json"}]}',
        encoding="utf-8",
    )
    make_stream(folder / "item.json", kind)
    with fault(f"an item is {kind}", door="catalogue", must="exit 3, names the item") as seen:
        done = try_command(["run", "my.yaml", "--out", "delivery", "--quiet"], cwd=folder)
        seen.happened = done.tell()
        assert done.code == 3
        assert kind in done.err
        assert "item.json" in done.err


@pytest.mark.parametrize("kind", KINDS)
def test_a_delivery_with_a_manifest_that_never_ends_is_named(kind, folder, fault):
    published = folder / "delivery" / "guangyang_island" / "2024"
    published.mkdir(parents=True)
    make_stream(published / "manifest.json", kind)
    (published.parent / "latest").write_text("2024\n", encoding="utf-8")
    with fault(f"a manifest is {kind}", door="deliveries", must="exit 0, 2 or 3; repeating 2") as seen:
        for words in (["status", "delivery"], ["view", "delivery", "--to", "page"], ["sheets", published]):
            assert try_command(words, cwd=folder).code in {0, 2, 3}
        done = try_command(["run", published / "manifest.json"], cwd=folder)
        seen.happened = done.tell()
        assert done.code == 2


@pytest.mark.parametrize("words", ["indices", "indices --json", "schema", "rules", "validate my.yaml"])
def test_an_output_that_takes_no_more_is_told(words, folder, fault):
    with (
        fault(f"the disk under the output of {words} is full", door="stdout", must="exit 6, says so") as seen,
        Path("/dev/full").open("w", encoding="utf-8") as full,
    ):
        done = try_command(words.split(), cwd=folder, stdout=full)
        seen.happened = done.tell()
        assert done.code == 6
        assert "No space left on device" in done.err


def test_a_reader_that_leaves_ends_a_list_without_a_word(folder, fault):
    with fault("who reads a list leaves after ten bytes", door="stdout", must="not a word") as seen:
        command = f"{PROGRAM} indices --json | head -c 10"
        done = subprocess.run(
            ["bash", "-c", command], cwd=folder, capture_output=True, text=True, timeout=60, check=False
        )
        seen.happened = f"stderr: {done.stderr!r}"
        assert done.stderr == ""


@pytest.mark.parametrize("most", [12, 20])
def test_few_open_files_are_told_with_the_way_out(most, folder, fault):
    with fault(f"{most} files may be open", door="limits", must="exit 0, or 6 with the way out") as seen:
        done = try_command(["plan", "my.yaml"], cwd=folder, limits={resource.RLIMIT_NOFILE: most})
        seen.happened = done.tell()
        assert done.code in {0, 6}
        assert done.code == 0 or ("Too many open files" in done.err and "ulimit -n" in done.err)


def test_a_run_that_may_have_less_memory_than_it_asks_for_says_so_at_the_start(folder, fault):
    words = ["run", "my.yaml", "--out", "delivery", "--quiet"]
    with fault("ulimit -v of 2.2 GB", door="limits", must="exit 2, names compute.memory") as seen:
        done = try_command(words, cwd=folder, memory=2_200_000 * 1024)
        seen.happened = done.tell()
        assert done.code == 2
        assert "compute.memory" in done.err
        assert not (folder / "delivery" / "guangyang_island").exists()


def test_a_log_that_nobody_reads_is_refused_and_waited_for_by_nobody(folder, fault):
    os.mkfifo(folder / "log")
    words = ["run", "my.yaml", "--out", "delivery", "--log", "log"]
    with fault("the log is a named pipe", door="--log", must="exit 2, names --log") as seen:
        done = try_command(words, cwd=folder)
        seen.happened = done.tell()
        assert done.code == 2
        assert "--log" in done.err
