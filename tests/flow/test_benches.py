"""The benches run, small: whoever measures a change must not first mend what measures."""

import os
import subprocess
import sys

import pytest

from tests.pages import ROOT

pytest.importorskip("imagecodecs", reason="the extra `bench` is not installed")
pytest.importorskip("odc.stac", reason="the extra `bench` is not installed")

BENCHES = {
    "bench_engine.py": "--size 1024 --dates 2 --rounds 1 --media local --ways floor ours odc_fused run",
    "bench_tiles.py": "--size 2048 --rounds 1",
    "bench_overlay.py": "--ours 200",
    "bench_accounts.py": "--size 512 --dates 1",
    "bench_webmap.py": "--parcels 60",
    "bench_series.py": "--size 512 --dates 2 --parcels 5 --rounds 1",
    "coverage_of_intervals.py": "--offices 1 --truths 5 --draws 50",
}
WORDS = {
    "bench_engine.py": "  delivery ",
    "bench_accounts.py": "the composite's CPU",
    "bench_webmap.py": "all drawn",
    "bench_series.py": "all ways tell the same",
    "coverage_of_intervals.py": "truths held",
}


@pytest.mark.slow
@pytest.mark.parametrize("bench", BENCHES)
def test_a_bench_runs_to_its_end(bench):
    command = [sys.executable, str(ROOT / "tests" / "bench" / bench), *BENCHES[bench].split()]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert WORDS.get(bench, "ours") in done.stdout
