"""What one scene more in a period costs, beside what that scene has as its share of a run from nothing.

    make bench-increment
    make bench-increment INCREMENT="--size 2048 --dates 10"

runs the scenes of the bench without the last, once more with it over the same workspace, and with all of them
from nothing; prints seconds and CPU seconds of the composite and of the whole run, and the cost of the one
scene over its share (that of all scenes from nothing, by their number). Nothing is asserted about time.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
from bench_engine import OUT, config_of, seconds_of_steps
from bench_scenes import Bench, bench_scenes


@dataclass(frozen=True)
class Cost:
    """What a run took: seconds of the composite, and CPU seconds of all of it."""

    composite_seconds: float
    cpu_seconds: float


def list_dates(bench: Bench, dates: int) -> Path:
    """A catalogue of the first dates of the bench, beside that of all."""
    catalog = json.loads(bench.catalog.read_text(encoding="utf-8"))
    items = [link for link in catalog["links"] if link["rel"] == "item"][:dates]
    others = [link for link in catalog["links"] if link["rel"] not in {"item", "root", "self"}]
    path = bench.folder / f"first_{dates}.json"
    path.write_text(json.dumps({**catalog, "links": [*others, *items]}), encoding="utf-8")
    return path


def run_over(bench: Bench, dates: int, out: Path) -> Cost:
    """`ecoledger run` over the first dates of the bench, with what the folder has of earlier runs."""
    config = json.loads(config_of(bench).read_text(encoding="utf-8"))
    config["scenes"]["provider"] = {"static": str(list_dates(bench, dates))}
    asked, log = OUT / "increment.json", OUT / "increment.log"
    asked.write_text(json.dumps(config), encoding="utf-8")
    log.unlink(missing_ok=True)
    program = Path(sys.executable).with_name("ecoledger")
    command = [program, "run", asked, "--out", out, "--quiet", "--log", log]
    began = datetime.now(UTC)
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    ended = datetime.now(UTC)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, "the run failed"
    return Cost(seconds_of_steps(log, began, ended)["composite"], usage.ru_utime + usage.ru_stime)


def compare(bench: Bench) -> pd.DataFrame:
    """A row for each run, and how many shares of one scene it cost."""
    grown, fresh = OUT / "increment", OUT / "increment_fresh"
    for folder in (grown, fresh):
        shutil.rmtree(folder, ignore_errors=True)
    costs = {
        "all but the last": run_over(bench, bench.dates - 1, grown),
        "one more": run_over(bench, bench.dates, grown),
        "all from nothing": run_over(bench, bench.dates, fresh),
    }
    table = pd.DataFrame([vars(cost) for cost in costs.values()], index=pd.Index(costs, name="run"))
    whole = table.loc["all from nothing"]
    for name in ("composite_seconds", "cpu_seconds"):
        table[name.replace("seconds", "shares")] = table[name] / (whole[name] / bench.dates)
    return table.reset_index()


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--size", type=int, default=5490)
    parser.add_argument("--dates", type=int, default=10)
    asked = parser.parse_args()
    table = compare(bench_scenes(OUT, asked.size, asked.dates))
    print(table.round(2).to_string(index=False))
    table.to_csv(OUT / "increment.csv", index=False)


if __name__ == "__main__":
    main()
