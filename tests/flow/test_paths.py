"""What the architecture follows from door to delivery is called in that order by a run."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.pages import PATHS
from tests.small_runs import AREA, CONFIG, SETS

TRACED = Path(__file__).with_name("traced_run.py")
WORDS = ["run", CONFIG, "--aoi", AREA, "--quiet", *SETS, "--set", "scenes.composite=medoid"]


@pytest.fixture(scope="module")
def calls(tmp_path_factory):
    """Each function of a small run, in the order of first calls."""
    folder = tmp_path_factory.mktemp("traced")
    trace = folder / "trace.txt"
    words = [TRACED, trace, *WORDS, "--out", folder / "out"]
    subprocess.run([sys.executable, *map(str, words)], check=True, capture_output=True)
    return trace.read_text(encoding="utf-8").splitlines()


@pytest.mark.slow
@pytest.mark.parametrize("followed", PATHS)
def test_a_run_passes_the_files_of_a_path_in_its_order(calls, followed):
    places = [calls.index(f"{stop.file} {stop.function}") for stop in PATHS[followed]]
    assert places == sorted(places)
