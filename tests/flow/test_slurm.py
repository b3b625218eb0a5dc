"""Runs on a real Slurm: the same bytes, whatever happens to a job."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import slurm
from programs import ROOT, files_of

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(slurm.missing()), reason=slurm.missing())]

CONFIG = ROOT / "configs" / "demo.yaml"
ON_LOOPBACK = ["--set", "compute.slurm.interface=lo", "--cluster", "slurm", "--workers", "2"]


@pytest.fixture(scope="module")
def queue(tmp_path_factory):
    with slurm.started(tmp_path_factory.mktemp("slurm")) as environment:
        yield {**environment, "PATH": f"{Path(sys.executable).parent}:{environment['PATH']}"}


def run(queue, out, *words):
    command = ["ecoledger", "run", CONFIG, "--aoi", "longyou_bay", "--quiet", "--out", out, *words]
    return subprocess.Popen([*map(str, command)], env=queue, stderr=subprocess.PIPE, text=True)


def ended(running):
    _, message = running.communicate(timeout=600)
    assert running.returncode == 0, message


def test_workers_of_slurm_give_the_same_bytes(queue, demo, tmp_path):
    ended(run(queue, tmp_path, *ON_LOOPBACK))
    assert files_of(tmp_path / "longyou_bay") == files_of(demo / "longyou_bay")
    assert slurm.jobs(queue) == []


def test_a_worker_that_is_killed_costs_time_alone(queue, demo, tmp_path):
    running = run(queue, tmp_path, *ON_LOOPBACK)
    composites = tmp_path / "work" / "artifacts" / "composite"
    while running.poll() is None and not composites.exists():
        time.sleep(0.05)
    victim = slurm.jobs(queue, "%i")[0]
    subprocess.run(["scancel", "--signal=KILL", victim], env=queue, check=True)
    ended(running)
    assert files_of(tmp_path / "longyou_bay") == files_of(demo / "longyou_bay")


def test_a_job_that_is_asked_for_a_checkpoint_is_queued_again_and_ends_with_the_same_bytes(
    queue, demo, tmp_path
):
    script = shutil.copy(ROOT / "configs" / "schedule" / "ecoledger.sbatch", tmp_path)
    words = [CONFIG, "--aoi", "longyou_bay", "--out", tmp_path / "out"]
    submit = ["sbatch", "--parsable", f"--chdir={tmp_path}", "--mem=3G", script, *map(str, words)]
    job = subprocess.run(submit, env=queue, capture_output=True, text=True, check=True).stdout.strip()
    while not (tmp_path / "out" / "work" / "artifacts").exists():
        time.sleep(0.05)
    subprocess.run(["scancel", "--batch", "--signal=USR1", job], env=queue, check=True)
    log = tmp_path / f"ecoledger-{job}.out"
    deadline = time.monotonic() + 600
    while slurm.jobs(queue) and time.monotonic() < deadline:
        time.sleep(1)
    assert "run again to resume" in log.read_text(encoding="utf-8")
    assert files_of(tmp_path / "out" / "longyou_bay") == files_of(demo / "longyou_bay")


def test_a_machine_without_slurm_says_so(tmp_path):
    bare = {**os.environ, "PATH": str(tmp_path)}
    program = Path(sys.executable).with_name("ecoledger")
    words = [program, "run", CONFIG, "--cluster", "slurm", "--out", tmp_path / "out"]
    done = subprocess.run([*map(str, words)], env=bare, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "This machine has no Slurm" in done.stderr
