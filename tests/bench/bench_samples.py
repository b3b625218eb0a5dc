"""How long and how much memory it takes to grade 10^5 to 10^7 readings, beside pyarrow reading the same CSV.

    make bench-samples

prints a table and writes build/bench/samples.csv and samples.png. Nothing is asserted:
figures depend on the machine.
"""

import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from PIL import Image, ImageDraw

from pipeline.commands.grade import grade_readings, write_readings
from pipeline.settings import SampleFile

OUT = Path(__file__).parents[2] / "build" / "bench"
SIZES = (100_000, 1_000_000, 10_000_000)
SECTIONS = 500
ITEMS = {"pH": 7.5, "溶解氧": 8.0, "高锰酸盐指数": 4.0, "氨氮": 0.5, "总磷": 0.1, "总氮": 1.5,
         "化学需氧量": 12.0, "五日生化需氧量": 2.0}  # fmt: skip


def _words(codes, names):
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(names)).dictionary_decode()


def write_samples(readings: int, stem: Path) -> None:
    """So many readings as a long CSV and Parquet and a wide CSV: 500 sections, a reading every four hours."""
    records = readings // len(ITEMS)
    section, moment = np.arange(records) % SECTIONS, np.arange(records) // SECTIONS
    starts = np.datetime64("2015-01-01T00:00") + 240 * np.arange(moment.max() + 1).astype("timedelta64[m]")
    rng = np.random.default_rng(7)
    values = np.array(list(ITEMS.values())) * rng.lognormal(0, 0.1, (records, len(ITEMS)))
    each = len(ITEMS)
    table = pa.table(
        {
            "省份": _words(np.repeat(section % 7, each), [f"省{number}" for number in range(7)]),
            "流域": _words(np.repeat(section % 3, each), ["江", "河", "湖"]),
            "断面名称": _words(np.repeat(section, each), [f"断面{number}" for number in range(SECTIONS)]),
            "监测时间": _words(
                np.repeat(moment, each), [text.replace("T", " ") for text in np.datetime_as_string(starts)]
            ),
            "监测项目": _words(np.tile(np.arange(each), records), list(ITEMS)),
            "监测值": pa.array(np.round(values, 3).ravel()),
            "单位": _words(np.tile(np.arange(each), records), ["", *["mg/L"] * (each - 1)]),
        }
    )
    pacsv.write_csv(table, stem.with_suffix(".csv"))
    names = [*ITEMS]
    wide = table.select(["省份", "流域", "断面名称", "监测时间"]).take(
        pa.array(np.arange(0, len(table), each))
    )
    for place, name in enumerate(names):
        wide = wide.append_column(name, pa.array(np.round(values[:, place], 3)))
    pacsv.write_csv(wide, stem.with_suffix(".wide.csv"))
    pq.write_table(table, stem.with_suffix(".parquet"))


def measured(what: str, path: Path) -> tuple[float, float]:
    """Seconds and peak resident GB of one step, in a process of its own; starting Python is not counted."""
    done = subprocess.run([sys.executable, __file__, what, path], check=True, capture_output=True, text=True)
    seconds, memory = done.stdout.split()
    return float(seconds), float(memory)


def _step(what: str, path: Path) -> None:
    start = time.perf_counter()
    if what == "pyarrow":
        pacsv.read_csv(path)
    else:
        write_readings(grade_readings(SampleFile(path=str(path))), OUT / "graded.csv", OUT / "rejected.csv")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(time.perf_counter() - start, peak * 1024 / 1e9)


def plot(table: pd.DataFrame, path: Path) -> None:
    """Seconds over readings, both logarithmic: a straight line of slope 1 is linear time."""
    image = Image.new("RGB", (640, 480), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((70, 30, 610, 430), outline="black")
    colours = {"pyarrow_s": "gray", "csv_s": "blue", "wide_s": "red", "parquet_s": "green"}
    low, high = -2.0, 2.0
    for decade in range(5):
        height = 430 - 100 * decade
        draw.text((10, height - 6), f"{10.0 ** (low + decade):g} s", fill="black")
        draw.line((70, height, 610, height), fill="lightgray")
    for place, (name, colour) in enumerate(colours.items()):
        points = [
            (
                70 + 270 * (np.log10(size) - 5),
                430 - 400 * (np.clip(np.log10(seconds), low, high) - low) / (high - low),
            )
            for size, seconds in zip(table["readings"], table[name], strict=True)
        ]
        draw.line(points, fill=colour, width=3)
        draw.text((80, 40 + 16 * place), name, fill=colour)
    for number in (5, 6, 7):
        draw.text((60 + 270 * (number - 5), 440), f"10^{number}", fill="black")
    draw.text((280, 458), "readings", fill="black")
    image.save(path)


def main() -> None:
    """Measure all sizes, print the table, write it and its plot."""
    OUT.mkdir(parents=True, exist_ok=True)
    rows = []
    for size in SIZES:
        stem = OUT / f"samples_{size}"
        write_samples(size, stem)
        alone, _ = measured("pyarrow", stem.with_suffix(".csv"))
        csv, csv_gb = measured("grade", stem.with_suffix(".csv"))
        wide, wide_gb = measured("grade", stem.with_suffix(".wide.csv"))
        parquet, parquet_gb = measured("grade", stem.with_suffix(".parquet"))
        rows.append(
            {"readings": size, "pyarrow_s": alone, "csv_s": csv, "times_pyarrow": csv / alone,
             "csv_gb": csv_gb, "wide_s": wide, "wide_gb": wide_gb, "parquet_s": parquet,
             "parquet_gb": parquet_gb}
        )  # fmt: skip
        for suffix in (".csv", ".wide.csv", ".parquet"):
            stem.with_suffix(suffix).unlink()
    table = pd.DataFrame(rows)
    print(table.round(3).to_string(index=False))
    table.to_csv(OUT / "samples.csv", index=False)
    plot(table, OUT / "samples.png")


if __name__ == "__main__":
    _step(sys.argv[1], Path(sys.argv[2])) if len(sys.argv) > 1 else main()
