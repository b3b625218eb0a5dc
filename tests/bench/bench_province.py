"""Many tiles on both sides of a border of UTM zones as one area: on threads, and on a Dask cluster.

    make bench-province                                      # 8 tiles of 2048 x 2048 pixels, 4 dates
    make bench-province PROVINCE="--rows 2 --dates 2"        # smaller

The cluster has two workers for every core, of one thread each. Both runs are whole, from the start of the
program to the delivery; prints seconds, CPU seconds, tasks, the most memory of the run and of a worker, and
the size of the ledger, beside what `plan --simulate-workers` tells from the run on threads. Checks that maps
and delivery are the same bytes. Writes build/bench/province.csv; nothing is asserted about time.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import psutil
from bench_engine import OUT, PROGRAM, config_of
from bench_scenes import Province, bench_province

from pipeline.storage.cause import measure_files
from tests.flow.dask_processes import served

THREADS = "threads"
WATCHED = Path(__file__).with_name("watched_run.py")
DIFFERENT = {"manifest.json"}
"""What tells when and how it was made."""


def run_whole(province: Province, way: str, words: Sequence[str], crew: Sequence[psutil.Process]) -> dict:
    """What a whole run takes, of its workers too."""
    out, peaks = OUT / "province" / way, OUT / "province_peaks.csv"
    subprocess.run(["rm", "-rf", out], check=True)
    pids = ",".join(str(process.pid) for process in crew) or "-"
    command = [
        sys.executable,
        WATCHED,
        peaks,
        pids,
        "run",
        config_of(province),
        "--out",
        out,
        "--quiet",
        *words,
    ]
    before, began = sum(map(_cpu_s, crew)), time.perf_counter()
    process = subprocess.Popen([*map(str, command)], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, "the run failed"
    most = pd.read_csv(peaks).groupby("process")["peak_mib"].max()
    return {
        "way": way,
        "seconds": time.perf_counter() - began,
        "cpu_s": usage.ru_utime + usage.ru_stime + sum(map(_cpu_s, crew)) - before,
        "run_mib": most["run"],
        "worker_mib": most.get("worker"),
        "ledger_mb": sum(path.stat().st_size for path in (out / "work").glob("ledger*")) / 1e6,
    }


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def digest_run(way: str) -> dict[str, str]:
    """The checksums of all maps of a run, and of the files of its delivery."""
    out = OUT / "province" / way
    stores = sorted(path for path in (out / "work" / "artifacts").glob("*/*") if path.is_dir())
    found = {f"{path.parent.name}/{path.name}": measure_files(path)[1] for path in stores}
    delivery = out / "bench" / "bench"
    files = sorted(path for path in delivery.rglob("*") if path.is_file() and path.name not in DIFFERENT)
    told = {str(path.relative_to(delivery)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    assert found, "a run leaves maps"
    assert told, "a run leaves a delivery"
    return found | told


def plan_run(province: Province, workers: int) -> dict:
    """What so many workers are told to take, by the run on threads."""
    words = ["--simulate-workers", str(workers), "--measured", OUT / "province" / THREADS, "--json"]
    command = [*PROGRAM, "plan", config_of(province), *words]
    told = subprocess.run([*map(str, command)], check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(told.stdout)


def main() -> None:
    """Measure, print, check, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=4)
    parser.add_argument("--size", type=int, default=2048)
    parser.add_argument("--dates", type=int, default=4)
    asked = parser.parse_args()
    province = bench_province(OUT, asked.rows, asked.size, asked.dates)
    workers = 2 * len(os.sched_getaffinity(0))
    rows = [run_whole(province, THREADS, [], [])]
    print(rows[-1], flush=True)
    print(plan_run(province, workers))
    with served(OUT, workers) as address:
        crew = [one for one in psutil.Process().children() if "worker" in one.cmdline()]
        rows.append(run_whole(province, "dask", ["--cluster", address], crew))
    table = pd.DataFrame(rows)
    print(table.round(1).to_string(index=False))
    table.to_csv(OUT / "province.csv", index=False)
    ours, theirs = digest_run(THREADS), digest_run("dask")
    apart = [name for name in ours | theirs if ours.get(name) != theirs.get(name)]
    assert not apart, f"other bytes on the cluster: {apart}"
    print(f"{len(ours)} maps and files are the same bytes on {workers} workers")


if __name__ == "__main__":
    main()
