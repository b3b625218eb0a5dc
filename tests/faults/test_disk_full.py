"""A disk that fills up: said in one line, the last delivery intact, the next run with room ends well."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(sys.executable).with_name("ecoledger")
CONFIG = Path(__file__).parents[2] / "configs" / "demo.yaml"
PAGE = 2**20

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts a small disk"),
]


@pytest.fixture
def disk(tmp_path):
    """A disk of 90 MB, all in memory."""
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=90m", "tmpfs", place], check=True)
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
