"""kill -9 in the middle of a store; the next run finishes it."""

import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

SCRIPT = Path(__file__).with_name("stored_blocks.py")
BLOCKS = 16
SIDE_BY_SIDE = 2


def command(root: Path, notes: Path, seconds: float) -> list[str]:
    return [sys.executable, str(SCRIPT), str(root), str(notes), str(seconds)]


def entered(root: Path) -> int:
    try:
        with sqlite3.connect(f"file:{root / 'ledger.sqlite'}?mode=ro", uri=True) as ledger:
            return ledger.execute("select count(*) from blocks").fetchone()[0]
    except sqlite3.OperationalError:
        return 0


def killed_in_the_middle(root: Path, notes: Path, blocks: int) -> None:
    with subprocess.Popen(command(root, notes, 0.1)) as process:
        deadline = time.monotonic() + 60
        while entered(root) < blocks and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL


def test_a_killed_store_is_finished_with_the_same_bytes_and_no_finished_block_twice(tmp_path):
    whole = subprocess.run(
        command(tmp_path / "whole", tmp_path / "whole.txt", 0), capture_output=True, text=True, check=True
    )
    root, notes = tmp_path / "work", tmp_path / "notes.txt"
    killed_in_the_middle(root, notes, 6)
    finished = entered(root)
    assert 6 <= finished < BLOCKS
    again = subprocess.run(command(root, notes, 0), capture_output=True, text=True, check=True)
    assert again.stdout == whole.stdout
    times = Counter(notes.read_text().split())
    assert len(times) == BLOCKS
    assert sum(times.values()) - BLOCKS <= SIDE_BY_SIDE
