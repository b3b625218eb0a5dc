"""Our engine beside odc-stac, stackstac and the floor, on the same scenes, in one run.

    make bench                                     # local, loopback, loopback with 40 ms a request
    make bench BENCH="--size 2048 --rounds 1"      # smaller
    make bench BENCH="--media local --ways floor ours run"
    make bench BENCH="--before ../older"           # also what another checkout does, on the same scenes

prints seconds, CPU seconds, peak memory and ratios, of a whole run the share of each step, checks that all
composites agree, and writes build/bench/engine.csv and engine.png. Each way runs in a process of its own,
with two threads; figures are the median of the rounds, ratios are taken within a round. Nothing is asserted
about time: figures depend on the machine, and on what else it does.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from bench_scenes import Bench, Province, bench_scenes

mpl.use("agg")
from matplotlib import pyplot as plt

HERE = Path(__file__).parent
OUT = HERE.parents[1] / "build" / "bench"
MEDIA = {"local": None, "http": 0, "http_40ms": 40}
WAYS = ("floor", "ours", "ours_stored", "run", "odc_fused", "odc", "stackstac")
PROGRAM = [sys.executable, "-P", "-c", "from pipeline.cli import main; main()"]
"""`ecoledger` of the checkout that PYTHONPATH names."""
BEFORE = "_before"
OF_A_CHECKOUT = ("ours", "run")
"""Those that are also done by the checkout of `--before`, as `ours_before` and `run_before`."""
NOT_MEASURED = {
    ("http_40ms", "floor"): "two readers would only wait",
    ("http", "run"): "measured local",
    ("http_40ms", "run"): "measured local",
    ("http_40ms", "odc"): "measured with its fused variant, which is faster",
    ("http_40ms", "stackstac"): "measured without latency",
    ("http", "stackstac"): "measured local",
}
STACKSTAC = ("stackstac==0.5.1", "pandas<3", "rasterio<1.5", "setuptools<81", "dask[array]")
ENDS = {"built", "published"}
"""What the log says of a step that is done."""
TOLERANCE = 1
"""In 1e-4: floats of 32 bits round the mean of the middle two either way."""


@contextmanager
def serve(folder: Path, latency_ms: int | None) -> Iterator[str]:
    """The files of a folder at an address, `local` without a server."""
    if latency_ms is None:
        yield "local"
        return
    command = [sys.executable, HERE.parent / "faults" / "server.py", folder]
    with subprocess.Popen(
        [*command, "--latency-ms", str(latency_ms)], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


@contextmanager
def importing(checkout: Path) -> Iterator[None]:
    """Programs that start meanwhile import this checkout instead of ours, in the same environment."""
    ours = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(checkout)
    try:
        yield
    finally:
        del os.environ["PYTHONPATH"]
        if ours is not None:
            os.environ["PYTHONPATH"] = ours


def measured(way: str, bench: Bench, root: str, before: Path | None) -> dict[str, float] | None:
    """Seconds, CPU seconds and peak MiB of one way; None where it cannot be had."""
    if before and way.endswith(BEFORE):
        _share_scenes(bench, before)
        with importing(before):
            return _measured(way.removesuffix(BEFORE), bench, root, before / "tests" / "bench", saved(way))
    return _measured(way, bench, root, HERE, saved(way))


def _share_scenes(bench: Bench, checkout: Path) -> None:
    """Let another checkout find the scenes where it would write its own."""
    theirs = checkout / "build" / "bench" / bench.folder.name
    theirs.parent.mkdir(parents=True, exist_ok=True)
    if theirs.is_symlink():
        theirs.unlink()
    if not theirs.exists():
        theirs.symlink_to(bench.folder)


def _measured(way: str, bench: Bench, root: str, scripts: Path, to: Path) -> dict[str, float] | None:
    if way == "run":
        return whole_run(bench)
    python, script = sys.executable, scripts / "bench_ways.py"
    if way == "stackstac":
        found = stackstac_python()
        if found is None:
            return None
        python, script = str(found), HERE / "bench_stackstac.py"
    command = [python, script, way, str(bench.size), str(bench.dates), root, to]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def config_of(bench: Bench | Province) -> Path:
    """The config of a run on the scenes, with four indices."""
    config = OUT / "bench.json"
    config.write_text(
        json.dumps(
            {
                "label": "bench",
                "aoi": [str(bench.outline)],
                "scenes": {
                    "provider": {"static": str(bench.catalog)},
                    "missions": ["sentinel-2"],
                    "start": "2024-01-01",
                    "end": "2024-12-31",
                    "max_cloud_percent": 100,
                    "clear": {"open_px": 0, "dilate_px": 0},
                },
                "indices": ["ndvi", "evi", "mndwi", "bsi"],
                "compute": {"workers": 2},
            }
        ),
        encoding="utf-8",
    )
    return config


def whole_run(bench: Bench) -> dict[str, float]:
    """`ecoledger run` on the scenes, from the start of the program to the delivery; prints where it went.

    Python keeps the bytecode of the program, as it does of one that is installed.
    """
    out, config, log = OUT / "delivery", config_of(bench), OUT / "run.jsonl"
    subprocess.run(["rm", "-rf", out, log], check=True)
    began = datetime.now(UTC)
    command = [*PROGRAM, "run", config, "--out", out, "--log", log, "--quiet"]
    installed = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=installed)
    _, status, usage = os.wait4(process.pid, 0)
    ended = datetime.now(UTC)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, "the run failed"
    seconds = (ended - began).total_seconds()
    for step, spent in seconds_of_steps(log, began, ended).items():
        print(f"  {step:24} {spent:6.1f} s {100 * spent / seconds:5.1f} %")
    return {
        "seconds": seconds,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "peak_mib": usage.ru_maxrss / 1024,
    }


def seconds_of_steps(log: Path, began: datetime, ended: datetime) -> dict[str, float]:
    """Seconds of each step of a run by its log, of its start, and of what lies between the steps."""
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    moments = [datetime.fromisoformat(line["time"]) for line in lines]
    spent = {"start": (moments[0] - began).total_seconds()}
    begun: dict[str, datetime] = {}
    for line, moment in zip(lines, moments, strict=True):
        step = line.get("step")
        if line["message"] == "begun":
            begun[step] = moment
        elif line["message"] in ENDS and step in begun:
            spent[step] = spent.get(step, 0.0) + (moment - begun.pop(step)).total_seconds()
    return {**spent, "between": (ended - began).total_seconds() - sum(spent.values())}


def stackstac_python() -> Path | None:
    """The interpreter of an environment with stackstac (it needs an old pandas); None without a registry."""
    folder = OUT / "stackstac"
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        try:
            subprocess.run([sys.executable, "-m", "venv", folder], check=True, capture_output=True)
            subprocess.run(
                [python, "-m", "pip", "install", "--quiet", *STACKSTAC], check=True, capture_output=True
            )
        except subprocess.CalledProcessError as error:
            print(f"stackstac is left out: {error.stderr.decode()[-300:]}")
            return None
        (folder / "ready").touch()
    return python


def saved(way: str) -> Path:
    """Where a way leaves its composite."""
    return OUT / f"composite_{way}.npz"


def disagreement(one: Path, other: Path) -> int:
    """The largest difference of two composites in 1e-4; where only one has a value it is the whole range."""
    with np.load(one) as ours, np.load(other) as theirs:
        return max(int(np.abs(ours[band].astype(np.int32) - theirs[band]).max()) for band in ours.files)


def rounds(
    bench: Bench, media: list[str], ways: list[str], count: int, before: Path | None = None
) -> pd.DataFrame:
    """A row for each medium, round and way."""
    rows = []
    for medium in media:
        with serve(bench.folder, MEDIA[medium]) as root:
            for number in range(count):
                for way in ways:
                    if (medium, way.removesuffix(BEFORE)) in NOT_MEASURED:
                        continue
                    figures = measured(way, bench, root, before)
                    if figures is not None:
                        rows.append({"medium": medium, "round": number, "way": way, **figures})
                        print(f"{medium:10} {number} {way:12} {figures}", flush=True)
                    if (
                        way not in {"floor", "run", "ours", f"run{BEFORE}"}
                        and figures
                        and saved("ours").exists()
                    ):
                        apart = disagreement(saved("ours"), saved(way))
                        assert apart <= TOLERANCE, f"{way} differs from ours by {apart}"
    return pd.DataFrame(rows)


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Medians over the rounds, and the ratio to the floor, or to ours where there is none, within a round."""
    parts = []
    for (medium, _), group in table.groupby(["medium", "round"], sort=False):
        base = group[group["way"] == ("floor" if "floor" in set(group["way"]) else "ours")].iloc[0]
        parts.append(
            group.assign(
                medium=medium,
                ratio=group["seconds"] / base["seconds"],
                cpu_ratio=group["cpu_seconds"] / base["cpu_seconds"],
                ratio_to=base["way"],
            )
        )
    every = pd.concat(parts)
    figures = ["seconds", "cpu_seconds", "peak_mib", "ratio", "cpu_ratio"]
    medians = every.groupby(["medium", "way"], sort=False)[figures].median()
    return medians.join(every.groupby(["medium", "way"])["ratio_to"].first()).reset_index()


def plot(table: pd.DataFrame, path: Path, title: str) -> None:
    """Seconds and peak memory of each way, one row of panels for each medium."""
    media = list(dict.fromkeys(table["medium"]))
    figure, axes = plt.subplots(
        len(media), 2, figsize=(10, 1 + 2.4 * len(media)), squeeze=False, layout="constrained"
    )
    for (left, right), medium in zip(axes, media, strict=True):
        part = table[table["medium"] == medium]
        colours = ["tab:green" if way.startswith(("ours", "run")) else "tab:gray" for way in part["way"]]
        bars = left.barh(part["way"], part["seconds"], color=colours)
        labels = [
            f"{ratio:.2f} x {base}" for ratio, base in zip(part["ratio"], part["ratio_to"], strict=True)
        ]
        left.bar_label(bars, labels, padding=3, fontsize=8)
        left.set(title=f"{medium}: seconds", xlim=(0, 1.25 * part["seconds"].max()))
        bars = right.barh(part["way"], part["peak_mib"], color=colours)
        right.bar_label(bars, fmt="%.0f", padding=3, fontsize=8)
        right.set(title=f"{medium}: peak memory, MiB", xlim=(0, 1.2 * part["peak_mib"].max()))
        left.invert_yaxis()
        right.invert_yaxis()
    figure.suptitle(title)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main() -> None:
    """Measure, print, check, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--size", type=int, default=5490)
    parser.add_argument("--dates", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--media", nargs="+", choices=MEDIA, default=list(MEDIA))
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--before", type=Path, metavar="CHECKOUT")
    asked = parser.parse_args()
    ways = list(asked.ways)
    if asked.before:
        ways += [f"{way}{BEFORE}" for way in OF_A_CHECKOUT if way in asked.ways]
    if not {"floor", "ours"} & set(asked.ways):
        parser.error("--ways: name floor or ours as well, which the others are compared with")
    bench = bench_scenes(OUT, asked.size, asked.dates)
    table = summary(rounds(bench, asked.media, ways, asked.rounds, asked.before and asked.before.resolve()))
    print(table.round(2).to_string(index=False))
    table.to_csv(OUT / "engine.csv", index=False)
    plot(table, OUT / "engine.png", f"{asked.size}² pixels, {asked.dates} dates, 6 assets, 2 threads")
    for way in ways:
        saved(way).unlink(missing_ok=True)


if __name__ == "__main__":
    main()
