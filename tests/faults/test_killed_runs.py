"""kill -9 of whole runs at random moments, each restarted: the same bytes, nothing finished done twice."""

import bisect
import os
import random
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from tests.small_runs import LEAST_BLOCKS, delivered, ended, events_of, started

KIND, DOOR = "killed", "run"
KILLS = 20
KILLS_WHILE_PUBLISHING = 6

pytestmark = pytest.mark.slow

Block = tuple[str, str]


@dataclass(frozen=True)
class Undisturbed:
    """A run that nobody killed: what it delivered, and after how many seconds each thing was finished."""

    files: dict[str, bytes]
    finished_at: list[float]
    seconds: float


@dataclass
class Killed:
    """A run that is killed and started again: its logs, one a start, and where each kill struck."""

    out: Path
    logs: list[Path]
    struck: Counter[str]

    def start(self) -> subprocess.Popen[str]:
        """One more start, in a process group of its own."""
        self.logs.append(self.out.with_name(f"{self.out.name}-{len(self.logs):02d}.jsonl"))
        return started(self.out, self.logs[-1])

    @property
    def events(self) -> list[list[dict]]:
        """What each start told."""
        return [events_of(log) for log in self.logs]

    def finished(self) -> int:
        """How many things are finished by now."""
        return sum(is_end(event) for events in self.events for event in events)


def is_end(event: dict) -> bool:
    return event["message"] in {"block finished", "built", "published"}


def blocks_in_ledger(out: Path) -> set[Block]:
    """What the ledger holds as finished, seen as the next run will see it: after SQLite's own recovery."""
    ledger = out / "work" / "ledger.sqlite"
    if not ledger.exists():
        return set()
    with closing(sqlite3.connect(ledger)) as connection:
        assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]
        with suppress(sqlite3.OperationalError):  # killed before there was a table
            return set(connection.execute("select key, block from blocks"))
    return set()


def begun_blocks(events: list[dict]) -> set[Block]:
    return {(event["key"], event["block"]) for event in events if event["message"] == "block begun"}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    log, begun = folder / "run.jsonl", time.time()
    ended(started(folder / "out", log))
    seconds = time.time() - begun
    ends = [event for event in events_of(log) if is_end(event)]
    at = [datetime.fromisoformat(event["time"]).timestamp() - begun for event in ends]
    blocks = Counter(event["key"] for event in ends if event["message"] == "block finished")
    assert min(blocks.values()) >= LEAST_BLOCKS
    return Undisturbed(delivered(folder / "out"), at, seconds)


def random_moments(rng: random.Random, undisturbed: Undisturbed, count: int) -> list[float]:
    """Moments of the run, in turn anywhere in its time and anywhere among the things that it finishes.

    A simulation takes as long as hundreds of blocks, and would draw most of the kills.
    """
    at = [0.0, *undisturbed.finished_at, undisturbed.seconds]
    places = [rng.uniform(0, len(at) - 1) for _ in range(count)]
    return [
        rng.uniform(0, undisturbed.seconds) if number % 2 else float(np.interp(place, range(len(at)), at))
        for number, place in enumerate(places)
    ]


def kill(process: subprocess.Popen[str]) -> bool:
    """Kill a run; False if it ended before the signal came."""
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    return process.returncode == -signal.SIGKILL


def killed_at(run: Killed, moment: float, undisturbed: Undisturbed) -> bool:
    """Start the run and kill it where the undisturbed one was at a moment; False if it ended before.

    That is once as many things are finished and it is at work again, and as much later as the moment lies
    behind the last of them.
    """
    finished = bisect.bisect_right(undisturbed.finished_at, moment)
    behind = moment - undisturbed.finished_at[finished - 1] if finished else moment
    process = run.start()
    while (run.finished() < finished or (finished and not run.events[-1])) and process.poll() is None:
        time.sleep(0.01)
    with suppress(subprocess.TimeoutExpired):
        process.wait(behind)
    if process.poll() is not None or not kill(process):
        ended(process)
        return False
    told = run.events[-1]
    run.struck[f"{told[-1]['message']} {told[-1].get('step', '')}" if told else "starting"] += 1
    return True


def nothing_twice(run: Killed, finished_before: list[set[Block]]) -> None:
    """No start began a block that the ledger held as finished, or built again what was built."""
    for events, finished in zip(run.events, finished_before, strict=True):
        assert not begun_blocks(events) & finished
    built = Counter(e["key"] for events in run.events for e in events if e["message"] == "built")
    assert set(built.values()) == {1}


def survives(moments: list[float], undisturbed: Undisturbed, folder: Path) -> Counter[str]:
    """Kill a run at each moment; it ends as one that never was. Where the kills struck."""
    folder.mkdir(exist_ok=True)
    run, finished_before = Killed(folder / "out", [], Counter()), []
    for moment in sorted(moments):
        finished_before.append(blocks_in_ledger(run.out))
        if not killed_at(run, moment, undisturbed):
            break
    finished_before.append(blocks_in_ledger(run.out))
    ended(run.start())
    assert delivered(run.out) == undisturbed.files
    nothing_twice(run, finished_before)
    every = blocks_in_ledger(run.out)
    assert set().union(*(begun_blocks(events) for events in run.events)) == every
    return run.struck


def test_a_run_killed_at_twenty_random_moments_gives_the_same_bytes_and_does_no_finished_block_twice(
    undisturbed, tmp_path
):
    rng = random.Random(7)
    struck: Counter[str] = Counter()
    while (left := KILLS - struck.total()) > 0:
        moments = random_moments(rng, undisturbed, left)
        struck += survives(moments, undisturbed, tmp_path / f"{left}")
    print(struck)
    assert struck.total() == KILLS


def test_a_run_killed_while_it_writes_and_publishes_its_delivery_gives_the_same_bytes(undisturbed, tmp_path):
    rng = random.Random(8)
    last_built, published = undisturbed.finished_at[-2:]
    moments = [rng.uniform(last_built, published) for _ in range(KILLS_WHILE_PUBLISHING)]
    struck = survives(moments, undisturbed, tmp_path)
    print(struck)
    assert struck["begun delivery"] + struck["published delivery"] >= KILLS_WHILE_PUBLISHING // 2
