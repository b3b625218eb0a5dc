"""A disk that fills up or may only be read: said in one line, the last delivery intact, later runs fine."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.small_runs import AREA, ended, events_of, started

KIND, DOOR = "the disk fails", "out"
PROGRAM = Path(sys.executable).with_name("ecoledger")
CONFIG = Path(__file__).parents[2] / "configs" / "demo.yaml"
PAGE = 2**20

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts a small disk"),
]


@pytest.fixture
def disk(tmp_path):
    """A disk of 130 MB, all in memory."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=130m", "tmpfs", place]
    mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"mounting is not allowed here: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", place], check=True)


def run(disk, label):
    words = [PROGRAM, "run", CONFIG, "--aoi", "longyou_bay", "--quiet", "--out", disk, "--set"]
    words.append(f"label={label}")
    return subprocess.run([*map(str, words)], capture_output=True, text=True, check=False)


def content(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_full_disk_is_code_6_and_the_next_run_with_room_finishes(disk):
    assert run(disk, "first").returncode == 0
    delivered = content(disk / "longyou_bay" / "first")
    left = os.statvfs(disk)
    filler = disk / "filler"
    filler.write_bytes(bytes(left.f_bavail * left.f_frsize - 2 * PAGE))

    done = run(disk, "second")
    assert done.returncode == 6
    assert f"The disk of {disk / 'work'} is full" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (disk / "longyou_bay" / "second").exists()
    assert content(disk / "longyou_bay" / "first") == delivered
    assert (disk / "longyou_bay" / "latest").read_text() == "first\n"

    filler.unlink()
    assert run(disk, "second").returncode == 0
    assert (disk / "longyou_bay" / "latest").read_text() == "second\n"


def remount(disk, how):
    subprocess.run(["mount", "-o", f"remount,{how}", disk], check=True)


@pytest.mark.parametrize("begun", [True, False])
def test_an_output_that_may_only_be_read_is_code_6_and_the_next_run_that_may_write_finishes(disk, begun):
    if begun:
        assert run(disk, "first").returncode == 0
    delivered = content(disk)
    remount(disk, "ro")
    done = run(disk, "second")
    remount(disk, "rw")
    assert done.returncode == 6
    assert f"The workspace {disk / 'work'} cannot be used" in done.stderr
    assert "Read-only file system" in done.stderr
    assert "Traceback" not in done.stderr
    assert content(disk) == delivered
    if begun:
        assert run(disk, "second").returncode == 0
        assert (disk / "longyou_bay" / "latest").read_text() == "second\n"


def test_a_mount_that_vanishes_in_the_middle_is_code_6_and_the_next_run_finishes_once_it_is_back(tmp_path):
    kept, place, log = tmp_path / "kept", tmp_path / "mount", tmp_path / "run.jsonl"
    kept.mkdir()
    place.mkdir()
    bind = ["mount", "--bind", kept, place]
    mounted = subprocess.run(bind, capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"mounting is not allowed here: {mounted.stderr.strip()}")
    running = started(place / "out", log)
    while not any(event["message"] == "block finished" for event in events_of(log)):
        assert running.poll() is None
        time.sleep(0.02)
    subprocess.run(["umount", "--lazy", place], check=True)
    _, message = running.communicate(timeout=300)
    assert running.returncode == 6, message
    assert "once it is back, run again" in message
    assert "Traceback" not in message
    assert list(place.iterdir()) == []

    subprocess.run(bind, check=True)
    try:
        ended(started(place / "out", log))
        assert (place / "out" / AREA / "latest").read_text() == "2024\n"
    finally:
        subprocess.run(["umount", place], check=True)
