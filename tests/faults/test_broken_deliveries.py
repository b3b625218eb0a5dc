"""Manifests and pointers that are broken, lost or hostile: commands say so, and the next run mends them."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.commands import try_command
from tests.faults.configs import write_outline
from tests.faults.watching import watch_files

KIND, DOOR = "a broken delivery", "deliveries"
QUARTER = {"missions": ["sentinel-2"], "start": "2024-04-01", "end": "2024-06-30", "period": "quarter"}

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("broken deliveries")]


@pytest.fixture(scope="module")
def delivered(tmp_path_factory):
    """A folder with a config and what a run of it delivered."""
    folder = tmp_path_factory.mktemp("delivered")
    write_outline(folder / "area.geojson")
    config = {"label": "q2", "aoi": ["area.geojson"], "scenes": {"provider": "simulated", **QUARTER}}
    (folder / "run.yaml").write_text(json.dumps(config), encoding="utf-8")
    done = try_command(["run", "run.yaml", "--out", "out", "--quiet"], cwd=folder, seconds=600)
    assert done.code == 0, done.err
    return folder


@pytest.fixture
def folder(delivered, tmp_path):
    """A copy of it that may be broken."""
    return Path(shutil.copytree(delivered, tmp_path / "here", symlinks=True))


def manifest_of(folder: Path) -> Path:
    return folder / "out" / "pond" / "q2" / "manifest.json"


def latest_of(folder: Path) -> Path:
    return folder / "out" / "pond" / "latest"


def rewrite(path: Path, content: str | bytes) -> None:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def changed(**values: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = manifest_of(folder)
        rewrite(path, json.dumps({**json.loads(path.read_text("utf-8")), **values}))

    return change


MANIFESTS: dict[str, Callable[[Path], None]] = {
    "empty": lambda folder: rewrite(manifest_of(folder), ""),
    "cut short": lambda folder: rewrite(manifest_of(folder), manifest_of(folder).read_bytes()[:500]),
    "no JSON": lambda folder: rewrite(manifest_of(folder), "label: q2"),
    "no UTF-8": lambda folder: rewrite(manifest_of(folder), b'{"aoi": "\xff\xfe"}'),
    "a list": lambda folder: rewrite(manifest_of(folder), "[1, 2]"),
    "a number": lambda folder: rewrite(manifest_of(folder), "7"),
    "null": lambda folder: rewrite(manifest_of(folder), "null"),
    "nested without end": lambda folder: rewrite(manifest_of(folder), "[" * 100_000),
    "lost": lambda folder: manifest_of(folder).unlink(),
}
LIES: dict[str, Callable[[Path], None]] = {
    "times of a list": changed(times=[1]),
    "counts of null": changed(counts=None),
    "warnings of a number": changed(warnings=3),
    "files of a list": changed(files=["a"]),
    "files that lead out": changed(files={"../../../x": {"bytes": 1, "sha256": "0" * 64}}),
    "a config of text": changed(config="simulated"),
    "another area": changed(aoi="elsewhere"),
    "an as_of that is no time": changed(as_of="yesterday"),
}
POINTERS: dict[str, Callable[[Path], None]] = {
    "lost": lambda path: path.unlink(),
    "empty": lambda path: rewrite(path, ""),
    "a label that is not there": lambda path: rewrite(path, "2031\n"),
    "leading outside": lambda path: rewrite(path, "../../../../etc\n"),
    "absolute": lambda path: rewrite(path, "/etc\n"),
    "of another area": lambda path: rewrite(path, "../elsewhere/q2\n"),
    "no UTF-8": lambda path: rewrite(path, b"\xff\xfe\x00q2"),
    "ten megabytes": lambda path: rewrite(path, b"q" * 10_000_000),
    "a NUL": lambda path: rewrite(path, b"q2\x00"),
}
STATUS, POINTED = ["status", "out", "--json"], ["sheets", "out/pond", "--to", "sheets.pdf"]
REPEAT = ["run", "out/pond/q2/manifest.json", "--out", "again", "--set", "label=no.."]
READERS = (
    ["status", "out", "--json"],
    ["view", "out", "--to", "page"],
    ["diff", "out/pond/q2", "out/pond/q2"],
    ["bulletin", "out"],
    ["account", "out/pond/q2"],
)


def read_all(folder: Path, *readers: list[str]) -> str:
    """What commands that read deliveries say of them; each ends with a code of ours. No office prints."""
    said = []
    for words in readers:
        done = try_command(words, cwd=folder, env={"PATH": ""})
        assert done.code in {0, 2, 3}, done.tell()
        assert done.err or done.out
        said.append(f"{words[0]} {done.code}")
    return ", ".join(said)


def run_again(folder: Path) -> str:
    done = try_command(["run", "run.yaml", "--out", "out", "--quiet"], cwd=folder, seconds=300)
    assert done.code == 0, done.err
    assert latest_of(folder).read_text("utf-8") == "q2\n"
    assert json.loads(manifest_of(folder).read_text("utf-8"))["aoi"] == "pond"
    return done.err


@pytest.mark.parametrize("what", LIES)
def test_a_manifest_that_lies_ends_no_command_with_a_traceback(what, folder, fault):
    LIES[what](folder)
    must = "exit 0, 2 or 3 of every reader, no file touched"
    with (
        fault(f"a manifest with {what}", must=must) as seen,
        watch_files(folder / "out") as seen.lost,
    ):
        seen.happened = read_all(folder, *READERS)


@pytest.mark.parametrize("what", MANIFESTS)
def test_a_broken_manifest_is_told_and_the_next_run_makes_the_delivery_anew(what, folder, fault):
    note = folder / "out" / "pond" / "q2" / "note of ours.txt"
    note.write_text("kept")
    MANIFESTS[what](folder)
    with fault(
        f"a manifest is {what}", must="told by status; the next run mends it, and keeps a note"
    ) as seen:
        with watch_files(folder / "out") as seen.lost:
            said = read_all(folder, READERS[1], REPEAT)
        told = try_command(STATUS, cwd=folder)
        assert what == "lost" or "manifest.json" in told.out
        with watch_files(note) as seen.lost:
            run_again(folder)
        seen.happened = f"{said}; the next run: exit 0"


@pytest.mark.parametrize("what", POINTERS)
def test_a_wrong_latest_is_told_and_the_next_run_mends_it(what, folder, fault):
    POINTERS[what](latest_of(folder))
    with fault(f"latest is {what}", must="told by status; the next run says that it mends it") as seen:
        with watch_files(folder / "out") as seen.lost:
            said = read_all(folder, POINTED)
        assert "pond/latest" in try_command(STATUS, cwd=folder).out
        assert "latest was" in run_again(folder)
        seen.happened = f"{said}; mended"


@pytest.mark.parametrize("what", ["a folder", "a dangling link", "a link outside", "a named pipe"])
def test_what_stands_in_the_place_of_latest_is_told_and_kept(what, folder, fault):
    path, outside = latest_of(folder), folder / "outside"
    outside.write_text("q2\n")
    path.unlink()
    if what == "a folder":
        path.mkdir()
    elif what == "a named pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(outside if what == "a link outside" else "nowhere")
    with fault(f"latest is {what}", must="told by status; the next run refuses it, exit 6") as seen:
        with watch_files(folder / "out", outside) as seen.lost:
            said = read_all(folder, POINTED)
        assert "pond/latest" in try_command(STATUS, cwd=folder).out
        with watch_files(path, outside) as seen.lost:
            done = try_command(["run", "run.yaml", "--out", "out", "--quiet"], cwd=folder, seconds=300)
        seen.happened = f"{said}; {done.tell()}"
        assert done.code == 6
        assert "latest" in done.err
