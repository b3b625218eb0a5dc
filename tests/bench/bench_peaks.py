"""The most memory that each step of real runs takes, beside the bound that is stated for it.

    make bench-memory                                # an area of the demo; a tile, also on two workers
    make bench-memory MEMORY="--size 1024"           # a smaller tile

Steps are those that the log of the run tells of, so that none is left out; `between` is what lies between
them. Where a run has workers, they are told apart from the process that leads. Prints a table, writes
build/bench/peaks.csv, and fails where a step is above its bound.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd
import psutil
from bench_engine import config_of
from bench_scenes import bench_scenes

from pipeline.engine.limits import find_step_limit
from tests.flow.dask_processes import served

HERE = Path(__file__).parent
OUT = HERE.parents[1] / "build" / "bench"
DEMO = HERE.parents[1] / "configs" / "demo.yaml"
WATCHED = HERE / "watched_run.py"
MEMORY_MIB, WORKERS = 2048, 2
AREA = "longyou_bay"
RUNS = ("demo", "tile", "workers")
MIB = 2**20


def watch_run(name: str, words: Sequence[object], workers: Sequence[int] = ()) -> pd.DataFrame:
    """The peak of each step and process of a run, beside its bound; all steps of its log have one."""
    with tempfile.TemporaryDirectory(dir=OUT, prefix="peaks_") as folder:
        log, peaks = Path(folder) / "run.jsonl", Path(folder) / "peaks.csv"
        pids = ",".join(map(str, workers)) or "-"
        limits = ["--out", folder, "--log", log, "--quiet", "--set", f"compute.memory={MEMORY_MIB} MiB"]
        command = [sys.executable, WATCHED, peaks, pids, "run", *words, *limits]
        subprocess.run([*map(str, command)], check=True, stdout=subprocess.DEVNULL)
        table = pd.read_csv(peaks)
        lines = map(json.loads, log.read_text(encoding="utf-8").splitlines())
        told = {line["step"] for line in lines if line["message"] in {"built", "published"}}
    assert told <= set(table["step"]), "a step was not watched"
    bounds = [find_step_limit(step, MEMORY_MIB * MIB) / MIB for step in table["step"]]
    return table.assign(run=name, bound_mib=bounds)[["run", "process", "step", "peak_mib", "bound_mib"]]


def watch_runs(runs: Sequence[str], size: int, dates: int) -> Iterator[pd.DataFrame]:
    """The runs that are asked for, one after the other."""
    if "demo" in runs:
        yield watch_run("demo", [DEMO, "--aoi", AREA])
    tile = [config_of(bench_scenes(OUT, size, dates)), "--set", "outputs.composite=true"]
    if "tile" in runs:
        yield watch_run("tile", tile)
    if "workers" in runs:
        with served(OUT, WORKERS) as address:
            crew = [one.pid for one in psutil.Process().children() if "worker" in one.cmdline()]
            yield watch_run("workers", [*tile, "--cluster", address], crew)


def main() -> None:
    """Measure, print, write, hold the bounds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--size", type=int, default=5490)
    parser.add_argument("--dates", type=int, default=10)
    parser.add_argument("--runs", nargs="+", choices=RUNS, default=list(RUNS))
    asked = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    parts = []
    for part in watch_runs(asked.runs, asked.size, asked.dates):
        parts.append(part)
        print(part.round(0).to_string(index=False), flush=True)
    table = pd.concat(parts)
    table.to_csv(OUT / "peaks.csv", index=False)
    above = table[table["peak_mib"] > table["bound_mib"]]
    if len(above):
        sys.exit(f"above its bound:\n{above.to_string(index=False)}")


if __name__ == "__main__":
    main()
