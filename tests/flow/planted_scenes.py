"""Scenes planted by hand, half plants and half ground, and runs of the whole program over their middle."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely
from affine import Affine
from programs import write_config
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.geodesy import unproject
from tests.scenery import LEFT, TOP, UTM
from tests.stac import raw_item

EDGE = 60
SOIL, DENSE = 0.1, 0.9
GIVEN = {"endmembers": {"soil": SOIL, "vegetation": DENSE}}
PLANTS = {"blue": 300, "green": 600, "red": 400, "nir": 4400, "nir08": 4400, "swir16": 1800, "swir22": 900}
GROUND = {
    "blue": 1200,
    "green": 1500,
    "red": 2000,
    "nir": 2500,
    "nir08": 2500,
    "swir16": 3200,
    "swir22": 2800,
}
OUTLINE = unproject(shapely.box(LEFT, TOP - EDGE * 10, LEFT + EDGE * 10, TOP), UTM)
MIDDLE = unproject(shapely.box(LEFT + 100, TOP - 500, LEFT + 500, TOP - 100), UTM)


def write_band(path: Path, numbers, pixel_m: float = 10.0, **options) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = {"height": numbers.shape[0], "width": numbers.shape[1], "count": 1, "dtype": numbers.dtype}
    place = {"crs": UTM, "transform": Affine(pixel_m, 0, LEFT, 0, -pixel_m, TOP), "nodata": 0}
    with rasterio.open(path, "w", driver="GTiff", **shape, **place, **options) as target:
        target.write(numbers, 1)


def plant(folder: Path, name: str, when: str, share: float, options=None, plants=PLANTS) -> dict:
    """The files of a scene, plants on a share of its width from the west, and its item."""
    west = np.arange(EDGE) < share * EDGE
    for band, dense in plants.items():
        numbers = np.broadcast_to(np.where(west, dense, GROUND[band]), (EDGE, EDGE)).astype(np.uint16)
        write_band(folder / name / f"{band}.tif", numbers, **(options or {}).get(band, {}))
    mask = np.full((EDGE // 2, EDGE // 2), 4, dtype=np.uint8)
    write_band(folder / name / "scl.tif", mask, 20.0, **(options or {}).get("scl", {}))
    item = raw_item(name, when=when, **{"s2:processing_baseline": "02.09"})
    files = {band: {"href": f"./{band}.tif"} for band in (*PLANTS, "scl")}
    place = {"geometry": shapely.geometry.mapping(OUTLINE), "bbox": list(OUTLINE.bounds)}
    return item | place | {"assets": files}


def run(
    folder: Path, provider: dict, out: str = "out", *, label="2024", vegetation=GIVEN, **scenes
) -> tuple[int, str]:
    """The exit code of a run over the middle of the world, and what went wrong."""
    gpd.GeoDataFrame({"id": ["field"], "name": ["田"]}, geometry=[MIDDLE], crs=4490).to_file(
        folder / "a.geojson"
    )
    config = {
        "label": label,
        "aoi": ["a.geojson"],
        "scenes": {
            "provider": provider,
            "missions": ["sentinel-2"],
            "start": "2024-01-01",
            "end": "2024-12-31",
            "clear": {"open_px": 0, "dilate_px": 0},
            **scenes,
        },
        "vegetation": vegetation,
    }
    path = write_config(folder / "run.yaml", config)
    done = CliRunner().invoke(app, ["run", str(path), "--out", str(folder / out), "--quiet"])
    return getattr(done.exception, "exit_code", done.exit_code), str(done.exception)


def indicators_of(folder: Path, out: str = "out", label: str = "2024") -> pd.DataFrame:
    path = folder / out / "field" / label / "tables" / "indicators.csv"
    table = pd.read_csv(path, encoding="utf-8-sig", dtype={"period": str})
    return table.set_index("indicator")


def figures(folder: Path, out: str = "out") -> dict[str, float]:
    return indicators_of(folder, out)["value"].astype(float).to_dict()
