"""Runs on a real Dask scheduler with real worker processes: the same bytes, however many there are."""

import time

import psutil
import pytest
from dask_processes import served

from tests.small_runs import MEMORY_MIB, delivered, ended, events_of, started

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    """What the run delivers without a cluster."""
    folder = tmp_path_factory.mktemp("local")
    ended(started(folder / "out", folder / "run.jsonl"))
    return delivered(folder / "out")


@pytest.mark.parametrize("workers", [1, 2])
def test_worker_processes_give_the_same_bytes_as_threads(local, tmp_path, workers):
    with served(tmp_path, workers) as address:
        ended(started(tmp_path / "out", tmp_path / "run.jsonl", "--cluster", address))
    assert delivered(tmp_path / "out") == local


def published(log):
    return any(event["message"] == "published" for event in events_of(log))


def finished(log):
    return [event["block"] for event in events_of(log) if event["message"] == "block finished"]


def test_a_worker_process_that_is_killed_in_the_middle_costs_time_alone(local, tmp_path):
    log = tmp_path / "run.jsonl"
    with served(tmp_path, 2) as address:
        victim = next(one for one in psutil.Process().children() if "worker-0" in one.cmdline())
        running = started(tmp_path / "out", log, "--cluster", address)
        while not finished(log):
            assert running.poll() is None
            time.sleep(0.02)
        victim.kill()
        before = len(finished(log))
        ended(running)
    assert delivered(tmp_path / "out") == local
    assert 0 < before < len(finished(log))
    blocks = [(e["key"], e["block"]) for e in events_of(log) if e["message"] == "block finished"]
    assert len(blocks) == len(set(blocks))


def find_worker():
    """The process that does the work of the only worker, which another watches over."""
    watching = next(one for one in psutil.Process().children() if "worker-0" in one.cmdline())
    return max(watching.children(), key=lambda one: one.memory_info().rss)


BALLAST_MIB = 500
"""With so much of others a worker is far from its limit while it idles, and above it once it works."""


def test_a_worker_above_its_limit_works_slower_and_is_neither_halted_nor_killed(local, tmp_path):
    """Dask halts a worker for good at 80 % of its limit, and kills it at 95 %."""
    limit_mib, log = MEMORY_MIB * 5 // 4 + 1, tmp_path / "run.jsonl"
    held = {}
    with served(tmp_path, 1, threads=3, memory_mib=limit_mib, ballast_mib=BALLAST_MIB) as address:
        running = started(tmp_path / "out", log, "--cluster", address)
        while running.poll() is None and not published(log):  # then it is again as Dask has it
            worker = find_worker()
            held[worker.pid] = max(held.get(worker.pid, 0), worker.memory_info().rss)
            time.sleep(0.1)
        ended(running)
    (most,) = held.values()
    assert most > 0.95 * limit_mib * 2**20, "it came nowhere near its limit"
    assert delivered(tmp_path / "out") == local
