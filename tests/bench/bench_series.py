"""Series of 100 parcels over the bench's scenes: ours beside odc-stac with exactextract, in one run.

    make bench-series
    make bench-series SERIES="--size 2048 --dates 4 --parcels 20 --rounds 1"

prints seconds, CPU seconds and peak memory of each way, checks that all tell the same NDVI, clear share and
area, and writes build/bench/series.csv. Each way runs in a process of its own, with two threads; figures are
the median of the rounds. `odc_stac` loads the bands over all parcels lazily and takes date by date through
exactextract; `odc_stac_each` loads a small cube for every parcel. Nothing is asserted about time.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import dask
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from bench_scenes import CRS, OFFSET, Bench, bench_scenes
from bench_ways import CHUNK, CLEAR, FOLDER, WORKERS, peak_mib

import pipeline
from pipeline.settings import Clear

TOLERANCE = 2e-4
"""Of NDVI: pixels are weighed by their area on the ellipsoid here, by that on the map there."""


def plant_parcels(bench: Bench, count: int) -> gpd.GeoDataFrame:
    """Parcels of 1 to 40 ha with crooked edges, anywhere in the tile."""
    rng = np.random.default_rng(7)
    left, bottom, right, top = bench.grid.block_bounds(bench.grid.whole)
    angles = np.sort(rng.uniform(0, 2 * np.pi, (count, 9)), axis=1)
    radii = rng.uniform(50, 350, (count, 1)) * rng.uniform(0.6, 1.0, angles.shape)
    x, y = rng.uniform(left + 400, right - 400, (count, 1)), rng.uniform(bottom + 400, top - 400, (count, 1))
    rings = np.stack([x + radii * np.cos(angles), y + radii * np.sin(angles)], axis=-1)
    shapes = shapely.make_valid([shapely.Polygon(ring) for ring in rings])
    return gpd.GeoDataFrame({"parcel_id": np.arange(count)}, geometry=shapes, crs=CRS)


def prepare_ours(bench: Bench, parcels: gpd.GeoDataFrame) -> Callable[[], pd.DataFrame]:
    """`pipeline.time_series` over the scenes of a search."""
    scenes = pipeline.search_scenes(
        bench.outline,
        "2024-01-01",
        "2024-12-31",
        provider={"static": str(bench.catalog)},
        missions=["sentinel-2"],
    )
    clear = Clear(scl=CLEAR, open_px=0, dilate_px=0)

    def work() -> pd.DataFrame:
        found = pipeline.time_series(parcels, "ndvi", scenes=scenes, clear=clear)
        return found.assign(date=found["day"].astype(str))

    return work


def prepare_odc_stac(bench: Bench, parcels: gpd.GeoDataFrame) -> Callable[[], pd.DataFrame]:
    """One lazy cube over all parcels, date by date through exactextract."""

    def work() -> pd.DataFrame:
        return _extract(_load(bench, parcels, chunks={"x": CHUNK, "y": CHUNK}), parcels)

    return work


def prepare_odc_stac_each(bench: Bench, parcels: gpd.GeoDataFrame) -> Callable[[], pd.DataFrame]:
    """A cube for each parcel, loaded at once."""

    def work() -> pd.DataFrame:
        rows = (parcels.iloc[[number]] for number in range(len(parcels)))
        return pd.concat([_extract(_load(bench, row, chunks={}), row) for row in rows])

    return work


def _load(bench: Bench, parcels: gpd.GeoDataFrame, chunks: dict[str, int]) -> Any:
    import odc.stac  # noqa: PLC0415 ours does without it
    import pystac  # noqa: PLC0415 see odc.stac

    odc.stac.configure_rio(cloud_defaults=True)
    items = [pystac.Item.from_dict(item) for item in bench.items()]
    asked = {"bands": ["red", "nir", "scl"], "crs": CRS, "resolution": 10, "groupby": "solar_day"}
    frame = parcels.to_crs("EPSG:4326").total_bounds
    return odc.stac.load(items, bbox=list(frame), chunks=chunks, **asked)


def _extract(data: Any, parcels: gpd.GeoDataFrame) -> pd.DataFrame:
    import rioxarray as _accessor  # noqa: F401, PLC0415 gives every array its `rio`
    from exactextract import exact_extract  # noqa: PLC0415 see odc.stac

    reflectance = data[["red", "nir"]] * 1e-4 - OFFSET * 1e-4
    known = (data["red"] != 0) & (data["nir"] != 0) & data["scl"].isin(CLEAR)
    ndvi = ((reflectance.nir - reflectance.red) / (reflectance.nir + reflectance.red)).where(known)
    frames = []
    for date in range(ndvi.sizes["time"]):
        layer = ndvi.isel(time=date).compute().rio.write_crs(CRS)
        asked = ["mean", "count"]
        found = exact_extract(layer, parcels, asked, include_cols=["parcel_id"], output="pandas")
        frames.append(found.assign(date=str(ndvi.time.values[date])[:10]))
    return (
        pd.concat(frames).rename(columns={"mean": "value"}).assign(area_m2=lambda rows: 100 * rows["count"])
    )


WAYS = {"ours": prepare_ours, "odc_stac": prepare_odc_stac, "odc_stac_each": prepare_odc_stac_each}


def measure_here(way: str, bench: Bench, parcels: int) -> None:
    """Measure one way in this process; its series as CSV beside the scenes."""
    small = bench_scenes(FOLDER, 512, 2)
    WAYS[way](small, plant_parcels(small, 3))()
    work = WAYS[way](bench, plant_parcels(bench, parcels))
    start, cpu = time.perf_counter(), time.process_time()
    found = work()
    figures = {"seconds": time.perf_counter() - start, "cpu_seconds": time.process_time() - cpu}
    found[["parcel_id", "date", "value", "area_m2"]].to_csv(FOLDER / f"series_{way}.csv", index=False)
    sys.stdout.write(json.dumps({**figures, "peak_mib": peak_mib()}))


def refuse_disagreement(way: str) -> None:
    """AssertionError where a way tells another value, or has one where ours has none."""
    ours, other = (
        pd.read_csv(FOLDER / f"series_{one}.csv").sort_values(["parcel_id", "date"], ignore_index=True)
        for one in ("ours", way)
    )
    assert ours[["parcel_id", "date"]].equals(other[["parcel_id", "date"]]), "other parcels or dates"
    np.testing.assert_allclose(ours["value"], other["value"], atol=TOLERANCE, err_msg=way)
    np.testing.assert_allclose(ours["area_m2"], other["area_m2"], rtol=2e-3, atol=1, err_msg=way)


def main() -> None:
    """Measure, print, check, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--size", type=int, default=5490)
    parser.add_argument("--dates", type=int, default=10)
    parser.add_argument("--parcels", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--way", choices=WAYS, help="measure this one in this process")
    asked = parser.parse_args()
    bench = bench_scenes(FOLDER, asked.size, asked.dates)
    if asked.way:
        with dask.config.set(scheduler="threads", num_workers=WORKERS):
            measure_here(asked.way, bench, asked.parcels)
        return
    rows = []
    for number in range(asked.rounds):
        for way in WAYS:
            words = [sys.executable, __file__, *sys.argv[1:], "--way", way]
            done = subprocess.run(words, check=True, capture_output=True, text=True)
            rows.append({"round": number, "way": way, **json.loads(done.stdout.splitlines()[-1])})
            print(rows[-1], flush=True)
            refuse_disagreement(way)
    table = pd.DataFrame(rows).groupby("way", sort=False)[["seconds", "cpu_seconds", "peak_mib"]].median()
    ratios = table.div(table.loc["ours"]).add_suffix(" x ours")
    print(pd.concat([table, ratios], axis=1).round(2).to_string())
    print(f"{asked.parcels} parcels, {asked.dates} looks: all ways tell the same")
    table.to_csv(FOLDER / "series.csv")


if __name__ == "__main__":
    main()
