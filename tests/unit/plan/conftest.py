"""A small area with scenes of its own in a static catalogue, and a run over it."""

from datetime import date, datetime, timedelta
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from pipeline.cluster import Threads
from pipeline.geodesy import unproject
from pipeline.ingest.assets import close_assets
from pipeline.plan.area import Area
from pipeline.run import Bars, Run
from pipeline.settings import Scenes, Settings
from pipeline.settings.sources import StaticCatalog
from pipeline.workspace import Workspace
from tests.scenery import UTM, grid_of_px, written
from tests.stac import BANDS, raw_item, write_catalogue

SIZE = 300
GRID = grid_of_px(SIZE, SIZE)
COARSE = {"nir08", "swir16", "swir22", "scl"}


def plant_scene(folder: Path, name: str, when: str, *, offset_dn: int = 1000) -> dict:
    """The files of a scene of dark plants, and its item in the manner of Earth Search."""
    rng = np.random.default_rng(len(name))
    item = raw_item(name, when=when)
    for key in [*BANDS - {"coastal"}, "scl"]:
        edge = SIZE // 2 if key in COARSE else SIZE
        numbers = rng.integers(200, 900, (edge, edge)) + offset_dn
        stored = np.full_like(numbers, 4).astype(np.uint8) if key == "scl" else numbers.astype(np.uint16)
        path = written(folder / name / f"{key}.tif", stored, pixel_m=SIZE / edge * 10)
        item["assets"][key] = {"href": f"./{path.name}"}
    del item["assets"]["coastal"]
    outline = unproject(shapely.box(*GRID.block_bounds(GRID.whole)), UTM)
    return item | {"geometry": shapely.geometry.mapping(outline), "bbox": list(outline.bounds)}


@pytest.fixture
def planted(tmp_path):
    """An area over three scenes, five days apart, whose numbers carry the offset."""
    start = datetime(2024, 5, 1, 2, 30)  # noqa: DTZ001 written as UTC
    items = [
        plant_scene(tmp_path / "stac", f"S2A_{n}", f"{start + timedelta(days=5 * n):%Y-%m-%dT%H:%M:%SZ}")
        for n in range(3)
    ]
    catalog = write_catalogue(tmp_path / "stac", items)
    left, bottom, right, top = GRID.block_bounds(GRID.whole)
    outline = unproject(shapely.box(left + 200, bottom + 300, right - 100, top - 400), UTM)
    frame = gpd.GeoDataFrame({"id": ["field"], "name": ["田"]}, geometry=[outline], crs="EPSG:4490")
    frame.to_file(tmp_path / "field.geojson")
    scenes = Scenes(
        provider=StaticCatalog(static=str(catalog)),
        missions=["sentinel-2"],
        start=date(2024, 5, 1),
        end=date(2024, 5, 31),
        period="month",
    )
    settings = Settings(
        label="2024", aoi=[str(tmp_path / "field.geojson")], scenes=scenes, out=str(tmp_path / "out")
    )
    yield Area.of(settings.aoi[0], settings)
    close_assets()


@pytest.fixture
def run(tmp_path):
    """A run over a workspace, in this process."""
    with Workspace(tmp_path / "out" / "work").held() as workspace:
        yield Run(workspace, Threads(1), Bars(quiet=True))
