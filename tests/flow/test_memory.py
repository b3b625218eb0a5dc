"""The memory bound holds for a whole process, whatever the dates; there are as many tasks as blocks."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

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
