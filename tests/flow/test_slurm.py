"""Runs on a real Slurm: the same bytes, whatever happens to a job."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import slurm
from programs import ROOT

from tests.small_runs import AREA, CONFIG, PROGRAM, SETS, delivered, ended, events_of, started

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(slurm.missing()), reason=slurm.missing())]

ON_LOOPBACK = ["--set", "compute.slurm.interface=lo", "--cluster", "slurm", "--workers", "2"]
MINUTES = 10


@pytest.fixture(scope="module")
def queue(tmp_path_factory):
    with slurm.started(tmp_path_factory.mktemp("slurm")) as environment:
        yield {**environment, "PATH": f"{Path(sys.executable).parent}:{environment['PATH']}"}


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    """What the run delivers without a cluster."""
    out = tmp_path_factory.mktemp("local")
    ended(started(out / "out", out / "run.jsonl"))
    return delivered(out / "out")


def await_true(truth, *arguments) -> None:
    deadline = time.monotonic() + 60 * MINUTES
    while not truth(*arguments):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def finished(log: Path, step: str) -> int:
    """How many blocks of a step are finished."""
    return sum(event["message"] == "block finished" and event["step"] == step for event in events_of(log))


def assert_nothing_twice(log: Path) -> None:
    """No block was finished a second time."""
    blocks = [(one["key"], one["block"]) for one in events_of(log) if one["message"] == "block finished"]
    assert len(blocks) == len(set(blocks))


def test_workers_of_slurm_give_the_same_bytes(queue, local, tmp_path):
    ended(started(tmp_path / "out", tmp_path / "run.jsonl", *ON_LOOPBACK, env=queue))
    assert delivered(tmp_path / "out") == local
    assert slurm.jobs(queue) == []


def test_a_worker_that_is_killed_in_the_middle_of_the_composite_costs_time_alone(queue, local, tmp_path):
    out, log = tmp_path / "out", tmp_path / "run.jsonl"
    running = started(out, log, *ON_LOOPBACK, env=queue)
    await_true(lambda: running.poll() is not None or finished(log, "composite") > 0)
    victim = slurm.jobs(queue, "%i")[0]
    subprocess.run(["scancel", "--signal=KILL", victim], env=queue, check=True)
    before = finished(log, "composite")
    await_true(lambda: victim not in slurm.jobs(queue, "%i"))
    ended(running)
    assert delivered(out) == local
    assert 0 < before < finished(log, "composite")
    assert_nothing_twice(log)


def test_a_job_that_is_asked_for_a_checkpoint_is_queued_again_and_ends_with_the_same_bytes(
    queue, local, tmp_path
):
    script = shutil.copy(ROOT / "configs" / "schedule" / "ecoledger.sbatch", tmp_path)
    out, log = tmp_path / "out", tmp_path / "run.jsonl"
    words = [CONFIG, "--aoi", AREA, "--out", out, "--log", log, *SETS]
    submit = ["sbatch", "--parsable", f"--chdir={tmp_path}", "--mem=3G", script, *map(str, words)]
    job = subprocess.run(submit, env=queue, capture_output=True, text=True, check=True).stdout.strip()
    await_true(lambda: finished(log, "composite") > 0)
    subprocess.run(["scancel", "--batch", "--signal=USR1", job], env=queue, check=True)
    await_true(lambda: not slurm.jobs(queue))
    said = (tmp_path / f"ecoledger-{job}.out").read_text(encoding="utf-8")
    assert "run again to resume" in said
    assert delivered(out) == local
    status = subprocess.run([PROGRAM, "status", out, "--json"], capture_output=True, text=True, check=True)
    assert [run["exit_code"] for run in json.loads(status.stdout)["runs"]] == [0, 75]
    assert_nothing_twice(log)


def test_a_machine_without_slurm_says_so(tmp_path):
    bare = {**os.environ, "PATH": str(tmp_path)}
    words = [PROGRAM, "run", CONFIG, "--cluster", "slurm", "--out", tmp_path / "out"]
    done = subprocess.run([*map(str, words)], env=bare, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "This machine has no Slurm" in done.stderr
