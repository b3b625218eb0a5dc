"""What it takes to deliver a register: time, peak memory and size of every file, by number of parcels.

    make bench-delivery
    make bench-delivery DELIVERY="--parcels 1e6"

makes the artifacts of a register of so many parcels, part by part, each with a product in two periods and its
measures, and writes each file of a delivery without rasters in a process of its own, so that the peak is that
file's. Nothing is asserted about time: figures depend on the machine, and on what else it does.
"""

import argparse
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.contracts import Delivery
from pipeline.flow.division import MOST_TABLE_ROWS, RegisterFiles, add_register
from pipeline.flow.feature_numbers import FormerNumbers
from pipeline.geodesy import CGCS2000
from pipeline.outputs.books import write_books
from pipeline.outputs.csv_tables import write_csv, write_inventory_csv
from pipeline.outputs.geopackage import write_geopackage
from pipeline.outputs.geoparquet import write_geoparquet_parts
from pipeline.outputs.layers import INVENTORY_LAYER, PARCELS_LAYER, build_layer_parts
from pipeline.outputs.long_tables import write_long_tables
from pipeline.outputs.report import write_report
from pipeline.storage.tables import load_table, save_parts
from tests.deliveries import PERIODS, small_delivery

PART = 16_384
VILLAGE = 500
"""Parcels of a village; a town has a hundred villages."""
MEASURES = 22
"""Rows of measures of a parcel and period."""
CORNERS = 16
WEST, SOUTH, STEP = 118.0, 30.0, 0.0008


def plant_parcels(count: int, like: gpd.GeoDataFrame) -> Iterator[gpd.GeoDataFrame]:
    """Parcels in the order of their codes, each with an outline of its own."""
    angles = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
    ring = np.column_stack([np.cos(angles), np.sin(angles)]) * STEP * 0.48
    side = int(np.ceil(np.sqrt(count)))
    for first in range(0, count, PART):
        number = np.arange(first, min(first + PART, count))
        village = number // VILLAGE
        places = [f"{320000 + one // 10000}{one // 100 % 100:03d}{one % 100:03d}" for one in village]
        ids = [f"{place}GB{one % VILLAGE:05d}W00000000" for one, place in zip(number, places, strict=True)]
        centres = np.column_stack([WEST + number % side * STEP, SOUTH + number // side * STEP])
        rows = pd.DataFrame(like.drop(columns="geometry")).iloc[number % len(like)].reset_index(drop=True)
        rows = rows.assign(
            parcel_id=ids, parcel_no=ids, repairs=None, right_holder=[f"权利人{n}" for n in number]
        )
        yield gpd.GeoDataFrame(rows, geometry=shapely.polygons(centres[:, None] + ring[None]), crs=CGCS2000)


def plant_products(parts: Iterator[gpd.GeoDataFrame], like: gpd.GeoDataFrame) -> Iterator[gpd.GeoDataFrame]:
    """A row for every parcel and period."""
    own = pd.DataFrame(like.drop(columns="geometry")).iloc[:1]
    for land in parts:
        twice = land.loc[land.index.repeat(len(PERIODS)), ["parcel_id", "area_m2", "geometry"]].reset_index(
            drop=True
        )
        rows = own.iloc[np.zeros(len(twice), dtype=int)].reset_index(drop=True)
        period = np.tile([period.label for period in PERIODS], len(land))
        ids = [f"delta-{when}-{key}" for when, key in zip(period, twice["parcel_id"], strict=True)]
        area = twice["area_m2"] / 1e4
        rows = rows.assign(
            parcel_id=twice["parcel_id"], product_id=ids, period=period, area_ha=area, quantity=area
        )
        yield gpd.GeoDataFrame(rows, geometry=twice["geometry"].to_numpy(), crs=CGCS2000)


def plant_measures(parts: Iterator[gpd.GeoDataFrame]) -> Iterator[pd.DataFrame]:
    """The measures of every parcel and period."""
    names = [f"class_area:{number}" for number in range(MEASURES)]
    for land in parts:
        ids = np.repeat(land["parcel_id"].to_numpy(), len(PERIODS) * MEASURES)
        period = np.tile(np.repeat([period.label for period in PERIODS], MEASURES), len(land))
        values = np.random.default_rng(len(land)).random(len(ids))
        yield pd.DataFrame(
            {"parcel_id": ids, "period": period, "measure": np.tile(names, len(ids) // MEASURES)}
        ).assign(value=values, unit="m2", covered_area_m2=values * 9, unknown_area_m2=0.0, reason=None)


def plant(count: int, folder: Path) -> None:
    """Artifacts of a register."""
    like = small_delivery()
    save_parts(folder / "parcels.parquet", plant_parcels(count, like.parcels))
    save_parts(
        folder / "inventory.parquet", plant_products(plant_parcels(count, like.parcels), like.inventory)
    )
    save_parts(folder / "parcel_measures.parquet", plant_measures(plant_parcels(count, like.parcels)))


def gather(folder: Path, rows: int) -> Delivery:
    """The delivery of what was planted."""
    held = replace(small_delivery(), rasters=())
    delivery = add_register(held, RegisterFiles(folder, folder, FormerNumbers({}, {})))
    path = folder / "parcel_measures.parquet"
    if rows > MOST_TABLE_ROWS:
        return replace(delivery, long_tables={"parcel_measures": path})
    return replace(
        delivery, tables={**delivery.tables, "parcel_measures": load_table(folder, "parcel_measures")}
    )


def write_measures(delivery: Delivery, folder: Path) -> None:
    """The longest table, as CSV or as Parquet."""
    write_long_tables(delivery, folder)
    if "parcel_measures" in delivery.tables:
        write_csv(delivery.tables["parcel_measures"], folder / "parcel_measures.csv")


def write_rows(delivery: Delivery, folder: Path) -> None:
    """The inventory as CSV."""
    parts = (
        pd.DataFrame(rows.drop(columns="geometry")) for rows in build_layer_parts(INVENTORY_LAYER, delivery)
    )
    write_inventory_csv(parts, folder / "inventory.csv", delivery.language, "keys")


FILES: dict[str, Callable[[Delivery, Path], object]] = {
    "gpkg": lambda delivery, folder: write_geopackage(delivery, folder / "delivery.gpkg"),
    "parquet": lambda delivery, folder: write_geoparquet_parts(
        build_layer_parts(INVENTORY_LAYER, delivery), folder / "inventory.parquet"
    ),
    "parcels.parquet": lambda delivery, folder: write_geoparquet_parts(
        build_layer_parts(PARCELS_LAYER, delivery), folder / "parcels.parquet"
    ),
    "csv": write_rows,
    "parcel_measures": write_measures,
    "html": write_report,
    "xlsx": write_books,
}


def measure(name: str, folder: Path, rows: int, told: multiprocessing.SimpleQueue) -> None:
    """Write a file; seconds, peak in MB and bytes."""
    out = folder / "out" / name
    (out / "rasters").mkdir(parents=True)
    began = time.perf_counter()
    FILES[name](gather(folder, rows), out)
    seconds = time.perf_counter() - began
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    told.put((seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, size))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--parcels", type=float, default=1e5)
    parser.add_argument("--files", nargs="*", default=list(FILES))
    parser.add_argument("--work", type=Path)
    asked = parser.parse_args()
    count = int(asked.parcels)
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory(dir=asked.work) as place:
        folder = Path(place)
        began = time.perf_counter()
        plant(count, folder)
        print(f"{count:,} parcels planted in {time.perf_counter() - began:.1f} s")
        for name in asked.files:
            told: multiprocessing.SimpleQueue = context.SimpleQueue()
            child = context.Process(
                target=measure, args=(name, folder, count * len(PERIODS) * MEASURES, told)
            )
            child.start()
            child.join()
            if child.exitcode:
                print(f"{name:16} failed")
                continue
            seconds, peak, size = told.get()
            print(f"{name:16} {seconds:8.1f} s {peak:8.0f} MB {size / 1e6:10.1f} MB written", flush=True)


if __name__ == "__main__":
    main()
