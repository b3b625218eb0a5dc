"""kill -9 of whole runs at random moments, each restarted: the same bytes, nothing finished done twice.

The runs are one of two quarters, and one of two years with accounts and assessment that a bulletin and a view
follow, as a schedule has it.
"""

import bisect
import os
import random
import shlex
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from pipeline.storage.ownership import name_part
from tests.small_runs import AREA, CONFIG, LEAST_BLOCKS, PROGRAM, SETS, delivered, ended, events_of, started

KIND, DOOR = "killed", "run"
LABEL = "2024"
KILLS = 20
KILLS_WHILE_PUBLISHING = 6
KILLS_OF_A_SCHEDULE, OF_THEM_WHILE_PUBLISHING = 20, 10

pytestmark = pytest.mark.slow

Block = tuple[str, str]


@dataclass(frozen=True)
class Work:
    """How work is started, given its folder and its log, and the files that it leaves."""

    start: Callable[[Path, Path], subprocess.Popen[str]]
    read: Callable[[Path], dict[str, bytes]]


def start_schedule(out: Path, log: Path) -> subprocess.Popen[str]:
    """A run with accounts and assessment, then the bulletin, then the view, in a process group of its own."""
    memory = SETS[-1]
    commands = [
        [PROGRAM, "run", CONFIG, "--aoi", AREA, "--quiet", "--out", out, "--log", log, "--set", memory],
        [PROGRAM, "bulletin", out],
        [PROGRAM, "view", out, "--quiet", "--to", out / "view"],
    ]
    return subprocess.Popen(
        ["/bin/sh", "-c", " && ".join(shlex.join(map(str, words)) for words in commands)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "XDG_CACHE_HOME": str(out.with_name(f"{out.name}-cache"))},
        start_new_session=True,
    )


def read_schedule(out: Path) -> dict[str, bytes]:
    """Delivery, bulletin with its evidence, and view.

    A PDF has the time at which LibreOffice made it, a manifest in the view is that of the delivery.
    """
    papers = [*out.glob("bulletin_*.docx"), *out.glob("bulletin_*.csv")]
    pages = [path for path in (out / "view").rglob("*") if path.is_file() and path.name != "manifest.json"]
    assert len(papers) == 2
    assert pages
    return delivered(out) | {path.relative_to(out).as_posix(): path.read_bytes() for path in papers + pages}


QUARTERS = Work(started, delivered)
SCHEDULE = Work(start_schedule, read_schedule)


@dataclass(frozen=True)
class Undisturbed:
    """Work that nobody killed: what it left, and after how many seconds each thing was finished."""

    work: Work
    files: dict[str, bytes]
    finished_at: list[float]
    seconds: float


@dataclass
class Killed:
    """Work that is killed and started again: its logs, one a start, and where each kill struck."""

    work: Work
    out: Path
    logs: list[Path]
    struck: Counter[str]

    def start(self) -> subprocess.Popen[str]:
        """One more start, in a process group of its own."""
        self.logs.append(self.out.with_name(f"{self.out.name}-{len(self.logs):02d}.jsonl"))
        return self.work.start(self.out, self.logs[-1])

    @property
    def events(self) -> list[list[dict]]:
        """What each start told."""
        return [events_of(log) for log in self.logs]

    def count_published(self) -> int:
        """How many files of the delivery that it publishes are written; -1 before it begins to."""
        if not any(event["message"] == "begun" and event["step"] == "delivery" for event in self.events[-1]):
            return -1
        return sum(len(files) for _, _, files in os.walk(name_part(self.out / AREA / LABEL)))

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


def watch_undisturbed(work: Work, folder: Path) -> Undisturbed:
    log, begun = folder / "run.jsonl", time.time()
    ended(work.start(folder / "out", log))
    seconds = time.time() - begun
    ends = [event for event in events_of(log) if is_end(event)]
    at = [datetime.fromisoformat(event["time"]).timestamp() - begun for event in ends]
    blocks = Counter(event["key"] for event in ends if event["message"] == "block finished")
    assert min(blocks.values()) >= LEAST_BLOCKS
    return Undisturbed(work, work.read(folder / "out"), at, seconds)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    return watch_undisturbed(QUARTERS, tmp_path_factory.mktemp("undisturbed"))


@pytest.fixture(scope="module")
def undisturbed_schedule(tmp_path_factory):
    return watch_undisturbed(SCHEDULE, tmp_path_factory.mktemp("schedule"))


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


def wait_until(holds: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    while process.poll() is None and not holds():
        time.sleep(0.002)


def wait_for(moment: float, run: Killed, process: subprocess.Popen[str], undisturbed: Undisturbed) -> None:
    """Wait until a run is where the undisturbed one was at a moment, or has ended.

    That is once as many things are finished and it is at work again, and as much later as the moment lies
    behind the last of them; while it publishes, once as large a share of the delivery's files is written.
    """
    last_built, published = undisturbed.finished_at[-2:]
    finished = bisect.bisect_right(undisturbed.finished_at, moment)
    wait_until(lambda: run.finished() >= finished and (not finished or bool(run.events[-1])), process)
    if last_built <= moment < published:
        files = sum(place.startswith(AREA) for place in undisturbed.files)
        share = (moment - last_built) / (published - last_built)
        wait_until(lambda: run.count_published() >= share * files, process)
        return
    behind = moment - undisturbed.finished_at[finished - 1] if finished else moment
    with suppress(subprocess.TimeoutExpired):
        process.wait(behind)


def killed_at(run: Killed, moment: float, undisturbed: Undisturbed) -> bool:
    """Start the run and kill it where the undisturbed one was at a moment; False if it ended before."""
    process = run.start()
    wait_for(moment, run, process, undisturbed)
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
    run, finished_before = Killed(undisturbed.work, folder / "out", [], Counter()), []
    for moment in sorted(moments):
        finished_before.append(blocks_in_ledger(run.out))
        if not killed_at(run, moment, undisturbed):
            break
    finished_before.append(blocks_in_ledger(run.out))
    ended(run.start())
    assert run.work.read(run.out) == undisturbed.files
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
    assert struck["begun delivery"] + struck["published delivery"] >= KILLS_WHILE_PUBLISHING - 1


def test_a_schedule_killed_at_twenty_moments_half_of_them_while_it_publishes_gives_the_same_bytes(
    undisturbed_schedule, tmp_path
):
    rng = random.Random(9)
    last_built, published = undisturbed_schedule.finished_at[-2:]
    anywhere = random_moments(rng, undisturbed_schedule, KILLS_OF_A_SCHEDULE - OF_THEM_WHILE_PUBLISHING)
    publishing = [rng.uniform(last_built, published) for _ in range(OF_THEM_WHILE_PUBLISHING)]
    struck = survives([*anywhere, *publishing], undisturbed_schedule, tmp_path)
    print(struck)
    assert struck.total() == KILLS_OF_A_SCHEDULE
    assert struck["begun delivery"] >= OF_THEM_WHILE_PUBLISHING
