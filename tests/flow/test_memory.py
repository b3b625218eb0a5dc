"""The memory bound holds for a whole process and for each step, and less memory than is asked for is told."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest
from memory_groups import group_of

from pipeline.engine.limits import find_step_limit
from tests.pages import ROOT
from tests.small_runs import command, delivered, ended, events_of, started

SCRIPT = Path(__file__).parents[1] / "bench" / "bench_memory.py"
SIZE, BOUND_MIB = 512, 800


@pytest.mark.parametrize(
    "dates", [10, pytest.param(100, marks=pytest.mark.slow), pytest.param(500, marks=pytest.mark.slow)]
)
def test_memory_stays_within_the_bound_and_there_is_one_task_a_block(dates):
    command = [sys.executable, SCRIPT, str(dates), str(SIZE), str(BOUND_MIB)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found = json.loads(done.stdout)
    assert found["peak_mib"] <= BOUND_MIB
    assert found["tasks"] == found["blocks"] >= (SIZE // found["edge_px"]) ** 2 / found["abreast"]
    print(found)


MIB = 2**20
DEFAULT_MIB = 2048
GROUP_MIB = 1100
"""What a small run takes, and a little more: of the workers that it may have, one."""


@pytest.mark.slow
def test_the_peak_of_every_step_of_a_run_is_within_the_bound_that_is_stated_for_it(tmp_path):
    log, peaks = tmp_path / "run.jsonl", tmp_path / "peaks.csv"
    _, *words = command(tmp_path / "out", log, "--set", f"compute.memory={DEFAULT_MIB} MiB")
    watched = ROOT / "tests" / "bench" / "watched_run.py"
    subprocess.run([sys.executable, watched, peaks, "-", *words], check=True, capture_output=True)
    with peaks.open(encoding="utf-8") as file:
        found = {row["step"]: float(row["peak_mib"]) for row in csv.DictReader(file)}
    built = {event["step"] for event in events_of(log) if event["message"] in {"built", "published"}}
    assert {"start", "composite", "statistics", "inventory", "delivery"} <= built | {"start"} <= set(found)
    assert min(found.values()) > 100, "less than libraries take"
    above = {step for step, peak in found.items() if peak * MIB > find_step_limit(step, DEFAULT_MIB * MIB)}
    assert not above


@pytest.mark.skipif(sys.platform != "linux", reason="groups of processes of Linux")
def test_a_run_in_a_group_smaller_than_it_asks_for_says_so_at_the_start(tmp_path):
    words = command(tmp_path / "out", tmp_path / "run.jsonl", "--set", "compute.memory=2 GiB")
    with group_of(1024 * MIB) as inside:
        done = subprocess.run([*inside, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "compute.memory" in done.stdout + done.stderr
    assert "1.0 GiB" in done.stdout + done.stderr
    assert not (tmp_path / "out" / "longyou_bay").exists()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="groups of processes of Linux")
def test_a_run_in_a_small_group_gives_the_same_bytes_as_one_that_may_have_all(tmp_path):
    with group_of(GROUP_MIB * MIB) as inside:
        words = command(tmp_path / "small", tmp_path / "small.jsonl")
        subprocess.run([*inside, *words], check=True, capture_output=True)
    ended(started(tmp_path / "all", tmp_path / "all.jsonl"))
    assert delivered(tmp_path / "small") == delivered(tmp_path / "all")
