"""kill -9 in the middle of a store; the next run finishes it."""

import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

KIND, DOOR = "killed", "work"
SCRIPT = Path(__file__).with_name("stored_blocks.py")
BLOCKS = 16
SIDE_BY_SIDE, BEING_ENTERED = 2, 1


def command(root: Path, notes: Path, seconds: float) -> list[str]:
    return [sys.executable, str(SCRIPT), str(root), str(notes), str(seconds)]


def entered(root: Path) -> int:
    try:
        with sqlite3.connect(f"file:{root / 'ledger.sqlite'}?mode=ro", uri=True) as ledger:
            return ledger.execute("select count(*) from blocks").fetchone()[0]
    except sqlite3.OperationalError:
        return 0


def killed_in_the_middle(root: Path, notes: Path, blocks: int, then_s: float = 0.0) -> None:
    with subprocess.Popen(command(root, notes, 0.1)) as process:
        deadline = time.monotonic() + 60
        while entered(root) < blocks and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(then_s)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL


def finished_after(kills: list[tuple[int, float]], folder: Path) -> None:
    """A store that is killed so often ends as one that never was, with no entered block done twice."""
    whole = subprocess.run(
        command(folder / "whole", folder / "whole.txt", 0), capture_output=True, text=True, check=True
    )
    root, notes = folder / "work", folder / "notes.txt"
    for blocks, then_s in kills:
        killed_in_the_middle(root, notes, blocks, then_s)
        assert blocks <= entered(root) < BLOCKS
    again = subprocess.run(command(root, notes, 0), capture_output=True, text=True, check=True)
    assert again.stdout == whole.stdout
    times = Counter(notes.read_text().split())
    assert len(times) == BLOCKS
    assert sum(times.values()) - BLOCKS <= len(kills) * (SIDE_BY_SIDE + BEING_ENTERED)


def test_a_killed_store_is_finished_with_the_same_bytes_and_no_finished_block_twice(tmp_path):
    finished_after([(6, 0.0)], tmp_path)


@pytest.mark.slow
def test_ten_kills_at_random_points_leave_no_trace(tmp_path):
    rng = random.Random(7)
    finished_after([(number, rng.uniform(0, 0.09)) for number in range(10)], tmp_path)
