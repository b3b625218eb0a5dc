"""Land by the classes of HJ 192-2015 from planted parcels and maps, against a count of pixels."""

from datetime import date
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pytest
import shapely

from pipeline.aoi import Aoi, Part
from pipeline.assessment.ecological_index import index_classes
from pipeline.engine.executors import Threads
from pipeline.flow.assessment.land_areas import sum_lands
from pipeline.geodesy import unproject
from pipeline.legends import ECOSYSTEM, LAND_COVER
from pipeline.maps.accounts.registered import RegisteredGround
from pipeline.maps.encoding import CLASSES, RATIO
from pipeline.periods import Period
from pipeline.zonal.ground import Ground
from tests.mapmaking import store_of
from tests.scenery import UTM, grid_of_px

GRID = grid_of_px(60, 80)
YEAR = Period(date(2024, 1, 1), date(2024, 12, 31), "2024")
LEFT, BOTTOM, RIGHT, TOP = GRID.block_bounds(GRID.whole)
OUTLINE = shapely.box(LEFT, BOTTOM, RIGHT, TOP)


def columns(first, last):
    """A parcel over some columns of the grid."""
    return shapely.box(LEFT + 10 * first, BOTTOM, LEFT + 10 * last, TOP)


def parcels_of(*rows):
    codes, shapes = zip(*rows, strict=True)
    outlines = [unproject(shape, UTM) for shape in shapes]
    return gpd.GeoDataFrame({"land_class": list(codes)}, geometry=outlines, crs="EPSG:4490")


def measure(folder, parcels, *, cover, fvc, types=None, method="rules"):
    """Areas by basis, in pixels of the outline."""
    layers = {"land_cover": CLASSES, "ecosystem": CLASSES}
    values = {"land_cover": cover} | ({} if types is None else {"ecosystem": types})
    stores = {
        "land_cover": store_of(folder / "land.zarr", GRID, values, layers),
        "cover": store_of(folder / "cover.zarr", GRID, {"fvc": fvc}, {"fvc": RATIO}),
    }
    outline = unproject(OUTLINE, UTM)
    aoi = Aoi("field", "田", "field", (Part("1", "田", "field", outline, None),), UTM, "drawn", "exact")
    settings = SimpleNamespace(land_cover=SimpleNamespace(method=method))
    study = SimpleNamespace(aoi=aoi, grid=GRID, settings=settings)
    maps = SimpleNamespace(study=study, path=lambda step, _: stores[step])
    ground = Ground.of(Threads(1), GRID, outline, aoi.area_m2)
    found = sum_lands(maps, ground, RegisteredGround.of(parcels, UTM), YEAR)
    pixel = aoi.area_m2 / cover.size
    return {
        basis: {key: round(area / pixel) for key, area in areas.by_lands.items()}
        for basis, areas in found.items()
    }, found


def plain(value, dtype):
    return np.full(GRID.shape, value, dtype=dtype)


def test_of_overlapping_parcels_the_first_counts_and_ground_without_one_is_unknown(tmp_path):
    parcels = parcels_of(("0301", columns(0, 30)), ("0101", columns(20, 50)), (None, columns(50, 60)))
    pixels, found = measure(tmp_path, parcels, cover=plain(2, np.uint8), fvc=plain(9000, np.int16))
    assert pixels["registered"] == {"closed_forest": 30 * 60, "paddy": 20 * 60}
    assert found["registered"].known_share == pytest.approx(50 / 80, rel=1e-5)
    assert pixels["mapped"] == {}


def test_grassland_is_parted_by_its_cover_at_and_beside_the_cuts_and_is_unknown_without_one(tmp_path):
    steps = np.array([0, 1999, 2000, 3500, 5000, 5001, 10000, -32768], dtype=np.int16)
    fvc = np.repeat(steps, 10)[None, :] * np.ones((60, 1), dtype=np.int16)
    parcels = parcels_of(("0404", columns(0, 80)))
    pixels, _ = measure(tmp_path, parcels, cover=plain(2, np.uint8), fvc=fvc.astype(np.int16))
    assert pixels["registered"] == {"sparse_grass": 1200, "medium_grass": 1800, "dense_grass": 1200}


def test_maps_of_types_tell_wet_ground_under_water_from_flats(tmp_path):
    rng = np.random.default_rng(3)
    types = rng.choice(
        np.array([entry.code for entry in ECOSYSTEM.classes] + [255], dtype=np.uint8), GRID.shape
    )
    cover = rng.choice(np.array([entry.code for entry in LAND_COVER.classes], dtype=np.uint8), GRID.shape)
    pixels, _ = measure(
        tmp_path, parcels_of(("0101", columns(0, 1))), cover=cover, fvc=plain(6000, np.int16), types=types,
        method="classifier",
    )  # fmt: skip
    mapped, water = index_classes("mapped"), LAND_COVER.code("water")
    expected = {}
    for kind, ground in zip(types.ravel(), cover.ravel(), strict=True):
        name = next((entry.name_zh for entry in ECOSYSTEM.classes if entry.code == kind), None)
        is_water = name == "湿地" and ground == water
        key = None if name is None or is_water else mapped[name]
        key = key or mapped.get(LAND_COVER.by_code()[int(ground)].key)
        key = "dense_grass" if key == "grass" else key
        expected[key] = expected.get(key, 0) + 1
    expected.pop(None, None)
    assert pixels["mapped"] == expected


@pytest.mark.parametrize("code", sorted(index_classes("registered")))
def test_every_class_of_the_survey_is_counted(tmp_path, code):
    pixels, _ = measure(
        tmp_path, parcels_of((code, columns(10, 40))), cover=plain(2, np.uint8), fvc=plain(3000, np.int16)
    )
    lands = index_classes("registered")[code]
    assert pixels["registered"] == {"medium_grass" if lands == "grass" else lands: 1800}
