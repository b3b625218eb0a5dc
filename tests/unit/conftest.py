"""A small study with scenes of its own in a static catalogue, a run over it; an aoi with parcels."""

from datetime import date, datetime, timedelta
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from pipeline.aoi import Aoi, Part
from pipeline.contracts import PARCELS
from pipeline.engine.executors import Threads
from pipeline.engine.progress import Bars
from pipeline.engine.run import Run
from pipeline.engine.study import Study
from pipeline.geodesy import CGCS2000, measure_areas_m2, unproject
from pipeline.grid import build_grid
from pipeline.ingest.parcels import ATTRIBUTES, EXTRAS, NOTES
from pipeline.periods import Period
from pipeline.settings import Scenes, Settings
from pipeline.settings.sources import StaticCatalog
from pipeline.storage.workspace import Workspace
from tests.parcel_overlay import ParcelLayers
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
    return Study.of(settings.aoi[0], settings)


@pytest.fixture
def run(tmp_path):
    """A run over a workspace, in this process."""
    with Workspace(tmp_path / "out" / "work").hold() as workspace:
        yield Run(workspace, Threads(1), Bars(quiet=True))


@pytest.fixture
def aoi():
    outline = shapely.Polygon([(121.80, 31.40), (121.86, 31.402), (121.858, 31.44), (121.83, 31.45)])
    part = Part("1", "岛", "island", outline, None)
    return Aoi("island", "岛", "island", (part,), "EPSG:32651", "drawn", "exact")


@pytest.fixture
def grid(aoi):
    return build_grid(aoi, resolution_m=10)


@pytest.fixture
def periods():
    return [Period(date(year, 1, 1), date(year, 12, 31), str(year)) for year in (2023, 2024)]


@pytest.fixture
def register():
    """A raw register: geometries and the columns that are given, all others null."""

    def build(shapes, **columns):
        frame = gpd.GeoDataFrame(geometry=list(shapes), crs=CGCS2000)
        for name in ("parcel_id", *ATTRIBUTES, *EXTRAS, *NOTES):
            frame[name] = pd.Series(columns.get(name, [None] * len(frame)), dtype=object)
        frame["area_registered_m2"] = frame["area_registered_m2"].astype(float)
        return frame

    return build


@pytest.fixture
def parcels(register):
    """Four parcels inside the area that touch nothing, as `prepare` would hand them on."""
    corners = [(121.822, 31.406), (121.834, 31.412), (121.841, 31.423), (121.829, 31.431)]
    shapes = [shapely.box(x, y, x + 0.004 + 0.001 * n, y + 0.005) for n, (x, y) in enumerate(corners)]
    frame = register(
        shapes,
        parcel_id=["A", "B", "C", "D"],
        dlbm=["1101", "0301K", "011", None],
        owner_type=["1", "2", "1", None],
        unit_no=["310151204000001", None, None, None],
        right_type=["9", "x", None, None],
    )
    areas = measure_areas_m2(shapes)
    shares = {name: np.nan for name in PARCELS.columns if name.endswith("_share")}
    return frame.assign(area_whole_m2=areas, area_m2=areas, share_inside=1.0, **shares)


@pytest.fixture
def layers(grid):
    """Rasters without symmetry; the north-east quarter is nodata."""
    rng = np.random.default_rng(7)
    land_cover = rng.choice(np.array([1, 2, 3, 4], dtype=np.uint8), grid.shape, p=[0.1, 0.6, 0.2, 0.1])
    fvc = rng.integers(0, 10001, grid.shape).astype(np.int16)
    ndvi = rng.integers(-3000, 9000, grid.shape).astype(np.int16)
    looks = rng.integers(0, 12, grid.shape).astype(np.uint16)
    failed = rng.choice(np.array([0, 0, 0, 1, 3], dtype=np.uint16), grid.shape)
    unseen = (slice(0, grid.height // 2), slice(grid.width // 2, None))
    land_cover[unseen], fvc[unseen], ndvi[unseen], looks[unseen] = 255, -32768, -32768, 0
    return ParcelLayers(land_cover, fvc, ndvi, looks, failed)


@pytest.fixture
def measures_of():
    """PARCEL_MEASURES from shares: a row of (parcel, period, area, {class: share}, fvc mean)."""

    def build(*rows):
        records = []
        for parcel_id, period, area, shares, fvc in rows:
            seen = sum(shares.values()) * area
            common = {"parcel_id": parcel_id, "period": period}
            areas = {"covered_area_m2": seen, "unknown_area_m2": area - seen}
            for key in ("water", "vegetation", "bare", "built"):
                value = shares.get(key, 0.0) * area
                records.append(
                    {**common, "measure": f"class_area:{key}", "value": value, "unit": "m2", **areas}
                )
            for name, value in (
                ("fvc_mean", fvc),
                ("ndvi_mean", fvc),
                ("looks_mean", 3.0),
                ("seen_share", seen / area),
            ):
                records.append({**common, "measure": name, "value": value, "unit": "1", **areas})
        return pd.DataFrame(records)

    return build
