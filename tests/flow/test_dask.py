"""Runs on a real Dask scheduler with real worker processes: the same bytes, however many there are."""

import time

import psutil
import pytest
from dask_processes import served

from tests.small_runs import delivered, ended, events_of, started

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
