"""The composite on a Dask scheduler with one worker process and with two, in alternation.

    make bench-cluster                                        # a whole tile, three rounds
    make bench-cluster BENCH="--size 2048 --rounds 1"         # smaller
    make bench-cluster BENCH="--before ../older"              # also what another checkout does

Every worker has one thread and one core, as a batch queue gives it; `--loose` lets each use all cores, and
then one alone reads with several threads and leaves little to a second on a machine of two. In a round, each
number of workers makes the composite twice into new folders: the first time workers also import and compile,
the second is what is compared. Prints seconds from the first block submitted to the store entered, CPU
seconds of all workers, of the busiest of them, and of the run itself; checks that all stores are the same
bytes as those of threads; writes build/bench/cluster.csv. Nothing is asserted about time. Where the machine
does other work, CPU seconds of the busiest worker tell what it would be without.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pandas as pd
import psutil
from bench_engine import OUT, PROGRAM, config_of, importing
from bench_scenes import Bench, bench_scenes

from pipeline.storage.cause import measure_files
from tests.flow.dask_processes import served

HERE = Path(__file__).resolve().parents[2]
WORKERS = (1, 2)
LOCAL = "local"


def events_of(log: Path) -> list[dict[str, str]]:
    """What a run told of its composite."""
    lines = log.read_text(encoding="utf-8").splitlines(keepends=True) if log.exists() else []
    events = [json.loads(line) for line in lines if line.endswith("\n")]
    return [event for event in events if event.get("step") == "composite"]


def composite(bench: Bench, cluster: str, folder: Path) -> dict[str, object]:
    """Seconds and CPU seconds of one composite and the checksum of its store; the run is stopped after it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    log = folder / "run.jsonl"
    words = [
        *PROGRAM,
        "run",
        config_of(bench),
        "--out",
        folder,
        "--quiet",
        "--log",
        log,
        "--cluster",
        cluster,
    ]
    crew = _crew()
    before = [_cpu_s(process) for process in crew]
    with subprocess.Popen([*map(str, words)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        own = psutil.Process(run.pid)
        while not any(event["message"] == "built" for event in events_of(log)):
            assert run.poll() is None, "the run ended before its composite was built"
            time.sleep(0.1)
        used = [_cpu_s(process) - past for process, past in zip(crew, before, strict=True)]
        run_s = _cpu_s(own)
        run.send_signal(signal.SIGTERM)
    times = {event["message"]: datetime.fromisoformat(event["time"]) for event in events_of(log)}
    (store,) = filter(Path.is_dir, (folder / "work" / "artifacts" / "composite").iterdir())
    return {
        "seconds": (times["built"] - times["begun"]).total_seconds(),
        "workers_cpu_s": sum(used),
        "busiest_cpu_s": max(used, default=0.0),
        "run_cpu_s": run_s,
        "sha256": measure_files(store)[1],
    }


def _crew() -> list[psutil.Process]:
    """The workers that this process started."""
    children = psutil.Process().children()
    return [process for process in children if "worker" in process.cmdline()]


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def rounds(bench: Bench, count: int, before: Path | None, *, loose: bool) -> pd.DataFrame:
    """A row for each round, checkout, number of workers and try."""
    rows = []
    for number in range(count):
        for checkout in filter(None, (HERE, before)):
            with importing(checkout):
                told = {"round": number, "checkout": "ours" if checkout == HERE else "before"}
                rows += [{**told, **figures} for figures in _measure(bench, loose=loose)]
                print(*rows[-2 * len(WORKERS) :], sep="\n", flush=True)
    return pd.DataFrame(rows)


def _measure(bench: Bench, *, loose: bool) -> Iterator[dict[str, object]]:
    """What each number of workers takes, twice, by the checkout that is imported."""
    folder = OUT / "cluster"
    expected = composite(bench, LOCAL, folder)["sha256"]
    cores = [] if loose else sorted(os.sched_getaffinity(0))
    for workers in WORKERS:
        with served(OUT, workers, cores=cores) as address:
            for state in ("cold", "warm"):
                figures = composite(bench, address, folder)
                assert figures.pop("sha256") == expected, "other bytes than threads give"
                yield {"workers": workers, "state": state, **figures}


def main() -> None:
    """Measure, print, check, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--size", type=int, default=5490)
    parser.add_argument("--dates", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--loose", action="store_true")
    parser.add_argument("--before", type=Path, metavar="CHECKOUT")
    asked = parser.parse_args()
    bench = bench_scenes(OUT, asked.size, asked.dates)
    table = rounds(bench, asked.rounds, asked.before and asked.before.resolve(), loose=asked.loose)
    table.to_csv(OUT / "cluster.csv", index=False)
    least = table.drop(columns="round").groupby(["checkout", "state", "workers"]).min()
    print(least.round(1).to_string())
    for (checkout, state), part in least.groupby(["checkout", "state"]):
        one, two = (part.loc[(checkout, state, workers)] for workers in WORKERS)
        ratios = one / two
        times, cpu = ratios["seconds"], ratios["busiest_cpu_s"]
        print(f"{checkout}, {state}: {times:.2f} times as fast with two; CPU {cpu:.2f}")


if __name__ == "__main__":
    main()
