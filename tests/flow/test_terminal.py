"""The program in a real terminal of 80 and of 120 columns: whole words, no line too wide, no dict."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from tests.terminal import Terminal, count_cells

ECOLEDGER = Path(sys.executable).with_name("ecoledger")
FAKE = """
from time import sleep
from pipeline.engine.progress import Bars
with Bars(quiet=False).show() as bars:
    for number, area in enumerate(("广阳岛", "崇明湿地"), start=1):
        bars.enter_area(number, 2)
        bars.expect(["scenes", "composite", "composite"])
        with bars.step(f"{area} 场景 scenes", "scenes"):
            bar = bars.start(f"{area} 场景 scenes", 2)
            bars.advance(bar)
            sleep(0.3)
            bars.advance(bar)
        for year in (2023, 2024):
            with bars.step(f"{area} {year} 合成 composite", "composite"):
                sleep(0.3)
"""


def read_terminal(width, *words):
    """The lines that stand on a terminal of a width when a program has ended."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    surroundings = {key: value for key, value in os.environ.items() if key not in {"COLUMNS", "LINES"}}
    program = subprocess.Popen(
        words, stdin=follower, stdout=follower, stderr=follower, env={**surroundings, "TERM": "xterm"}
    )
    os.close(follower)
    written = bytearray()
    while True:
        try:
            piece = os.read(leader, 2**16)
        except OSError:  # how Linux says that nobody writes any more
            break
        if not piece:
            break
        written += piece
    os.close(leader)
    assert program.wait() == 0, written.decode()
    return Terminal(width).feed(written.decode()).lines


@pytest.mark.parametrize("width", [80, 120])
def test_providers_are_read_whole(width):
    lines = read_terminal(width, str(ECOLEDGER), "providers")
    assert all(count_cells(line) <= width for line in lines)
    text = "\n".join(lines)
    assert not [mark for mark in ("{'", "['", "…") if mark in text]
    assert "https://earth-search.aws.element84.com/v1" in text


@pytest.mark.parametrize("width", [80, 120])
def test_a_run_leaves_a_line_a_task_and_one_for_all(width):
    lines = [line for line in read_terminal(width, sys.executable, "-c", FAKE) if line]
    assert all(count_cells(line) <= width for line in lines)
    *tasks, whole = lines
    names = [re.split(r"\s{2,}", line)[0] for line in tasks]
    assert names == [
        f"{area} {task}"
        for area in ("广阳岛", "崇明湿地")
        for task in ("场景 scenes", "2023 合成 composite", "2024 合成 composite")
    ]
    assert "area 2/2 step 3/3" in whole
