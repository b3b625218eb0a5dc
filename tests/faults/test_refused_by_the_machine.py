"""What never ends is not read, and what the machine refuses is told by name: no hang, no traceback."""

import os
import resource
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="named pipes and limits of Linux"),
]

PROGRAM = Path(sys.executable).with_name("ecoledger")
SECONDS = 60
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


def run(folder, *words, limits=(), **streams):
    """A command, which ends in time; `limits` are set in its process."""

    def bound():
        for kind, most in limits:
            resource.setrlimit(kind, (most, most))

    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | streams
    environment = os.environ | {"ECOLEDGER_LANGUAGE": "en"}
    done = subprocess.run(
        [PROGRAM, *map(str, words)],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        timeout=SECONDS,
        text=True,
        check=False,
        preexec_fn=bound if limits else None,
        **streams,
    )
    assert "Traceback" not in (done.stderr or "")
    return done


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
    "config": ("my.yaml", "", 2),
    "parcels": ("register.gpkg", "parcels: {path: register.gpkg}", 2),
    "samples": ("water.csv", "samples: [{path: water.csv}]", 2),
    "sections": ("sections.csv", "sections: {register: sections.csv}", 2),
    "restricting": ("line.gpkg", "restricting: [{path: line.gpkg, kind: ecological_red_line}]", 2),
    "map": (
        "map.tif",
        "land_cover: {method: map, maps: {'2024': {path: map.tif, product: worldcover-v200}}}",
        2,
    ),
    "supplement": ("done.xlsx", "catalogue: {supplement: done.xlsx}", 2),
    "targets": ("targets.csv", "targets: {tables: [{path: targets.csv}]}", 2),
    "parameters": ("own.csv", "accounts: {profile: chongqing-2023, parameters: own.csv}", 2),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("door", DOORS)
def test_no_door_reads_what_never_ends(door, kind, folder):
    name, block, code = DOORS[door]
    if name == "my.yaml":
        (folder / name).unlink()
    else:
        with (folder / "my.yaml").open("a", encoding="utf-8") as config:
            config.write(block + "\n")
    make_stream(folder / name, kind)
    done = run(folder, "validate", "my.yaml")
    assert done.returncode == code
    assert kind.removeprefix("a ") in done.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_an_area_on_the_command_line_that_never_ends_is_not_read(kind, folder):
    make_stream(folder / "outline.geojson", kind)
    done = run(folder, "run", "my.yaml", "--aoi", folder / "outline.geojson", "--out", "delivery")
    assert done.returncode == 2
    assert "outline.geojson" in done.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_a_catalogue_with_an_item_that_never_ends_names_it(kind, folder):
    (folder / "my.yaml").write_text(STATIC, encoding="utf-8")
    (folder / "catalog.json").write_text(
        '{"type": "Catalog", "id": "c", "stac_version": "1.0.0", "description": "", '
        '"links": [{"rel": "item", "href": "./item.json"}]}',
        encoding="utf-8",
    )
    make_stream(folder / "item.json", kind)
    done = run(folder, "run", "my.yaml", "--out", "delivery", "--quiet")
    assert done.returncode == 3
    assert kind in done.stderr
    assert "item.json" in done.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_a_delivery_with_a_manifest_that_never_ends_is_named(kind, folder):
    published = folder / "delivery" / "guangyang_island" / "2024"
    published.mkdir(parents=True)
    make_stream(published / "manifest.json", kind)
    (published.parent / "latest").write_text("2024\n", encoding="utf-8")
    for words in (["status", "delivery"], ["view", "delivery", "--to", "page"], ["sheets", published]):
        assert run(folder, *words).returncode in {0, 2, 3}
    assert run(folder, "run", published / "manifest.json").returncode == 2


@pytest.mark.parametrize(
    "words", [["indices"], ["indices", "--json"], ["schema"], ["rules"], ["validate", "my.yaml"]]
)
def test_an_output_that_takes_no_more_is_told(words, folder):
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = run(folder, *words, stdout=full)
    assert done.returncode == 6
    assert "No space left on device" in done.stderr


def test_a_reader_that_leaves_ends_a_list_without_a_word(folder):
    command = f"{PROGRAM} indices --json | head -c 10"
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.stderr == ""


@pytest.mark.parametrize(("most", "told"), [(12, "Too many open files"), (20, "Too many open files")])
def test_few_open_files_are_told_with_the_way_out(most, told, folder):
    done = run(folder, "plan", "my.yaml", limits=[(resource.RLIMIT_NOFILE, most)])
    assert done.returncode in {0, 6}
    assert done.returncode == 0 or (told in done.stderr and "ulimit -n" in done.stderr)


def test_a_run_that_may_have_less_memory_than_it_asks_for_says_so_at_the_start(folder):
    done = run(
        folder,
        "run",
        "my.yaml",
        "--out",
        "delivery",
        "--quiet",
        limits=[(resource.RLIMIT_AS, 2_200_000 * 1024)],
    )
    assert done.returncode == 2
    assert "compute.memory" in done.stderr
    assert not (folder / "delivery" / "guangyang_island").exists()


def test_a_log_that_nobody_reads_is_refused_and_waited_for_by_nobody(folder):
    os.mkfifo(folder / "log")
    done = run(folder, "run", "my.yaml", "--out", "delivery", "--log", "log")
    assert done.returncode == 2
    assert "--log" in done.stderr
