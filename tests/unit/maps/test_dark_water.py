"""Dark water from scenes to figures: half an area of it is half an area of water, however it is composed."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from pipeline.contracts import REFLECTANCE_NODATA, REFLECTANCE_SCALE
from pipeline.indices.vegetation import EndmemberPair, sum_cover
from pipeline.legends import LAND_COVER
from pipeline.maps.cover import cover_block
from pipeline.maps.encoding import CLASSES, INDEX, RATIO, from_ratio
from pipeline.maps.inundation import flood_block
from pipeline.maps.land_cover.features import Features
from pipeline.maps.land_cover.rules import classify_block
from pipeline.maps.spectral import index_block
from pipeline.settings.maps import LandCover, WaterRules
from tests.mapmaking import inputs_over, store_of
from tests.scenery import grid_of_px, planted_scene, request_of
from tests.unit.maps.test_composite import DAY, composite_of

GRID = grid_of_px(20, 40)
BANDS = ("blue", "green", "nir", "red", "swir16")
PLANTS = {"blue": 0.03, "green": 0.06, "nir": 0.44, "red": 0.04, "swir16": 0.18}
WATERS = {
    "below nothing": {"blue": 0.002, "green": -0.002, "nir": -0.004, "red": -0.006, "swir16": -0.003},
    "ndvi of three": {"blue": 0.012, "green": 0.008, "nir": 0.010, "red": -0.005, "swir16": 0.001},
    "next to nothing": {"blue": 0.015, "green": 0.010, "nir": 0.008, "red": 0.001, "swir16": 0.002},
    "clear": {"blue": 0.030, "green": 0.030, "nir": 0.008, "red": 0.012, "swir16": -0.001},
}
NOISE, OFFSET = 0.003, -0.1
WATER = LAND_COVER.code("water")
SPECTRAL = {"ndvi": RATIO, "mndwi": INDEX, "bsi": INDEX}
GIVEN = EndmemberPair(0.1, 0.9, "given")


@pytest.fixture(params=WATERS)
def scenes(request, tmp_path):
    """Three days, plants in the west and water in the east, numbers with an offset as Sentinel-2 has."""
    rng = np.random.default_rng(4)
    mask = np.full(GRID.shape, 4, dtype=np.uint8)
    found = []
    for day in range(3):
        ground = {
            band: np.where(np.arange(GRID.width) < GRID.width // 2, PLANTS[band], WATERS[request.param][band])
            for band in BANDS
        }
        bands = {
            band: np.rint((values - OFFSET + rng.normal(0, NOISE, GRID.shape)) * 1e4).astype(np.uint16)
            for band, values in ground.items()
        }
        when = DAY + timedelta(days=day)
        found.append(planted_scene(tmp_path, f"d{day}", bands, mask, when=when, offset=OFFSET))
    return found


def maps_of(folder, scenes, method):
    """The stores of a composite, its indices and its land cover by rules."""
    composite_of(folder / "composite", scenes, bands=BANDS, grid=GRID, method=method)
    made = {"composite": folder / "composite"}
    indices = index_block(inputs_over(GRID, **made), bands=BANDS, indices=tuple(SPECTRAL))
    made["spectral"] = store_of(folder / "spectral", GRID, indices, SPECTRAL)
    cover = classify_block(inputs_over(GRID, **made), bands=BANDS, rules=LandCover())
    layers = {"land_cover": CLASSES, "confidence": RATIO}
    return made | {"land_cover": store_of(folder / "land_cover", GRID, cover, layers)}, indices, cover


@pytest.mark.parametrize("method", ["median", "medoid", "max-ndvi"])
def test_half_an_area_of_dark_water_is_half_water_and_half_covered_by_plants(tmp_path, scenes, method):
    made, indices, cover = maps_of(tmp_path, scenes, method)
    water = np.broadcast_to(np.arange(GRID.width) >= GRID.width // 2, GRID.shape)
    assert ((cover["land_cover"] == WATER) == water).all()
    assert (cover["land_cover"][~water] == LAND_COVER.code("vegetation")).all()
    assert (cover["confidence"] > 5000).all()
    ndvi = indices["ndvi"]
    assert (ndvi[water] == REFLECTANCE_NODATA).all()
    for values in (from_ratio(ndvi), indices["mndwi"], indices["bsi"]):
        assert np.abs(values[np.isfinite(values)]).max() <= 1
    fvc = from_ratio(
        cover_block(inputs_over(GRID, **made), ndvi="spectral", endmembers=GIVEN, bands=BANDS)["fvc"]
    )
    assert (fvc[water] == 0).all()
    sums = sum_cover(fvc, ~water, water, np.ones(GRID.shape), threshold=0.5)
    assert sums.vegetated_m2 / sums.seen_m2 == 0.5
    assert sums.vegetated_land_m2 / sums.land_m2 == 1


def test_dark_water_is_under_water_in_every_look(scenes):
    request = request_of(GRID, scenes, ("green", "nir", "red", "swir16"))
    inputs = replace(inputs_over(GRID), request=request)
    found = flood_block(inputs, rules=LandCover(), limits=WaterRules(inundation=True, least_looks=1))
    assert (found["seen"] == 3).all()
    assert (found["wet"][:, GRID.width // 2 :] == 3).all()
    assert (found["wet"][:, : GRID.width // 2] == 0).all()


def test_a_classifier_goes_by_the_bands_where_an_index_says_nothing(tmp_path, scenes):
    made, indices, _ = maps_of(tmp_path, scenes, "median")
    features = Features(BANDS, tuple(SPECTRAL))
    found = features.read(made["composite"], made["spectral"], GRID.whole)
    assert np.isfinite(found).all()
    unsaid = indices["ndvi"] == REFLECTANCE_NODATA
    assert (found[features.names.index("ndvi")][unsaid] == 0).all()
    assert found[features.names.index("red")][unsaid].max() < 0.04
    assert found[features.names.index("ndvi")][~unsaid].min() > 200 * REFLECTANCE_SCALE
