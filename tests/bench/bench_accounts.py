"""CPU and memory of the pixel services of the accounts, beside the composite of the same run.

    make bench-accounts
    make bench-accounts ACCOUNTS="--size 2048"      # smaller

makes the composite of the bench's scenes, then the maps that accounts need of them, then the layers of the
accounts from elevation of 30 m, months of rain and evapotranspiration of 4 km, and soil of 250 m, then what
every service and all of them give a hectare, and writes these as COGs, after kernels were compiled on a small
tile. It prints CPU seconds of each in one run, their ratio to the composite, and the peak of memory of each
alone in a process, which finds the earlier ones made; build/bench/accounts.csv has the table. Nothing is
asserted about time: figures depend on the machine, and on what else it does.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import rasterio
import xarray as xr
from affine import Affine
from bench_engine import OUT, config_of
from bench_scenes import bench_scenes
from pyproj import CRS

from pipeline.engine.executors import Threads
from pipeline.engine.progress import Bars
from pipeline.engine.run import Run
from pipeline.engine.study import Study
from pipeline.flow.inputs import find_inputs
from pipeline.flow.scenes import make_scene_table
from pipeline.grid import Grid
from pipeline.maps.accounts.rasters import ServiceMaps
from pipeline.maps.composite import COMPOSITE
from pipeline.maps.making import make_maps
from pipeline.maps.registry import STEPS
from pipeline.outputs.raster import write_raster
from pipeline.settings import Compute, load_settings
from pipeline.settings.account_layers import AccountLayers
from pipeline.settings.accounts import Accounts
from pipeline.storage.workspace import Workspace

WARM_PX = 512
"""Size of the tile on which all kernels are compiled first."""
WIDE_M, SOIL_M, HEIGHT_M = 4000.0, 250.0, 30.0
SOIL = {"sand": 30.0, "silt": 45.0, "clay": 25.0, "organic_carbon": 1.5}
YEARLY = {"storm_rain": ("mm", 310.0), "hot_days": ("d", 41.0), "water_evaporation": ("mm", 500.0)}
OTHERS = tuple(step for step in STEPS if not step.name.startswith("account_"))
MADE = {"composite": (COMPOSITE,), "other maps": OTHERS, "account layers": STEPS}
"""Maps of the first stages, each with those before it."""
STAGES = (*MADE, "services by pixel", "services as COG")
MEMORY_MIB = Compute().memory / 2**20


def lattice(grid: Grid, pixel_m: float) -> tuple[Affine, tuple[int, int]]:
    """Pixels of a size from beyond the corner of a grid to beyond its end."""
    count = tuple(int(length * grid.resolution_m / pixel_m) + 5 for length in grid.shape)
    return Affine(pixel_m, 0, grid.left - 2 * pixel_m, 0, -pixel_m, grid.top + 2 * pixel_m), count


def plant_raster(path: Path, grid: Grid, pixel_m: float, mean: float, unit: str) -> dict[str, str]:
    """A file of numbers about a mean, no two pixels alike."""
    transform, (height, width) = lattice(grid, pixel_m)
    numbers = mean * np.random.default_rng(height).uniform(0.97, 1.03, (height, width))
    shape = {"height": height, "width": width, "count": 1, "dtype": "float32"}
    tiles = {"tiled": True, "blockxsize": 512, "blockysize": 512, "compress": "deflate"}
    with rasterio.open(
        path, "w", driver="GTiff", crs=grid.crs, transform=transform, **shape, **tiles
    ) as file:
        file.write(numbers.astype(np.float32), 1)
        file.units = (unit,)
    return {"path": str(path)}


def plant_months(path: Path, grid: Grid, mean: float) -> dict[str, str]:
    """A NetCDF file of twelve months of 2024."""
    transform, (height, width) = lattice(grid, WIDE_M)
    values = mean * np.random.default_rng(5).uniform(0.3, 1.7, (12, height, width))
    places = {
        "time": pd.date_range("2024-01-01", periods=12, freq="MS"),
        "y": transform.f + (np.arange(height) + 0.5) * transform.e,
        "x": transform.c + (np.arange(width) + 0.5) * transform.a,
    }
    attrs = {"units": "mm", "grid_mapping": "crs"}
    dataset = xr.DataArray(values, dims=("time", "y", "x"), coords=places, attrs=attrs).to_dataset(
        name="depth"
    )
    dataset["crs"] = xr.DataArray(0, attrs=CRS(grid.crs).to_cf())
    dataset.to_netcdf(path, engine="h5netcdf")
    return {"path": str(path), "variable": "depth"}


def plant_layers(folder: Path, grid: Grid) -> AccountLayers:
    """All rasters of the accounts over a grid."""
    files = {
        name: plant_raster(folder / f"{name}.tif", grid, SOIL_M, mean, "%") for name, mean in SOIL.items()
    }
    for name, (unit, mean) in YEARLY.items():
        files[name] = plant_raster(folder / f"{name}.tif", grid, WIDE_M, mean, unit)
    files["npp"] = plant_raster(folder / "npp.tif", grid, SOIL_M, 6.0, "t C/ha")
    files["elevation"] = plant_raster(folder / "elevation.tif", grid, HEIGHT_M, 120.0, "m")
    files["rain"] = plant_months(folder / "rain.nc", grid, 90.0)
    files["evapotranspiration"] = plant_months(folder / "evaporated.nc", grid, 60.0)
    return AccountLayers.model_validate(files)


def measure(work: Callable[[], object]) -> dict[str, float]:
    """Seconds and CPU seconds of some work, and the most memory that this process ever had."""
    start, begun = time.perf_counter(), time.process_time()
    work()
    spent = time.process_time() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": time.perf_counter() - start, "cpu_seconds": spent, "peak_mib": peak}


def write_all(services: ServiceMaps, grid: Grid, folder: Path) -> None:
    """Every raster of the services as a COG."""
    folder.mkdir()
    for raster in services.list_rasters():
        path = folder / f"{raster.name}.tif"
        write_raster(raster, grid, path, simulated=True, as_of=datetime(2024, 12, 31, tzinfo=UTC))


def compute_all(services: ServiceMaps) -> None:
    """Every raster of the services, computed block by block and thrown away."""
    for raster in services.list_rasters():
        raster.values.data.map_blocks(lambda block: block[:1, :1] * 0).compute(
            scheduler="threads", num_workers=2
        )


def run_stages(stages: Sequence[str], size: int, dates: int, folder: Path) -> dict[str, dict[str, float]]:
    """What some stages cost; those before them are made, or found in the workspace of the folder."""
    bench = bench_scenes(OUT, size, dates)
    settings = load_settings(config_of(bench))
    plain = Study.of(settings.aoi[0], settings)
    accounts = Accounts(layers=plant_layers(folder, plain.grid), class_basis="mapped")
    study = replace(plain, settings=settings.model_copy(update={"accounts": accounts}))
    with Workspace(folder / "work").hold() as workspace:
        run = Run(workspace, Threads(2), Bars(quiet=True))
        table = make_scene_table(run, study, find_inputs(run, study)).table
        told: dict[str, dict[str, float]] = {}
        for name, steps in MADE.items():
            if STAGES.index(name) <= STAGES.index(stages[-1]):
                told[name] = measure(partial(make_maps, run, study, table, steps))
        if set(stages) - MADE.keys():
            services = ServiceMaps(make_maps(run, study, table, STEPS), study.periods[0], None)
            works = (
                partial(compute_all, services),
                partial(write_all, services, study.grid, folder / "rasters"),
            )
            shown = zip(STAGES[len(MADE) :], works, strict=True)
            told |= {name: measure(work) for name, work in shown if name in stages}
    return {name: told[name] for name in stages}


def spawn_stages(stages: Sequence[str], size: int, dates: int, folder: str) -> pd.DataFrame:
    """What some stages cost in a process of their own."""
    words = [__file__, "--size", size, "--dates", dates, "--folder", folder, "--stages", *stages]
    told = subprocess.run([sys.executable, *map(str, words)], check=True, capture_output=True)
    return pd.DataFrame(json.loads(told.stdout.splitlines()[-1])).T


def compare_stages(size: int, dates: int) -> pd.DataFrame:
    """A row for each stage: CPU of one run of all, the peak of memory of a process of its own."""
    with tempfile.TemporaryDirectory(dir=OUT) as folder, tempfile.TemporaryDirectory(dir=OUT) as again:
        told = spawn_stages(STAGES, size, dates, folder)
        alone = [spawn_stages([stage], size, dates, again) for stage in STAGES]
    ratio = told["cpu_seconds"] / told.loc["composite", "cpu_seconds"]
    return told.assign(peak_mib=pd.concat(alone)["peak_mib"], ratio=ratio)


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--size", type=int, default=5490)
    parser.add_argument("--dates", type=int, default=10)
    parser.add_argument("--stages", choices=STAGES, nargs="+", help="those alone, as JSON")
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    if asked.stages:
        print(json.dumps(run_stages(asked.stages, asked.size, asked.dates, asked.folder)))
        return
    compare_stages(WARM_PX, 1)
    table = compare_stages(asked.size, asked.dates)
    print(table.round(2).to_string())
    pixels = table.loc[["account layers", "services by pixel"]]
    print(
        f"pixel services together: {pixels['ratio'].sum():.2f} x the composite's CPU, "
        f"at most {pixels['peak_mib'].max():,.0f} MiB; a worker's bound is {MEMORY_MIB:,.0f} MiB"
    )
    table.to_csv(OUT / "accounts.csv")


if __name__ == "__main__":
    main()
