"""Vegetation cover of a block, and the histogram behind its endmembers."""

import numpy as np
import pytest

from pipeline.contracts import REFLECTANCE_NODATA
from pipeline.grid import Grid
from pipeline.indices.vegetation import EndmemberPair
from pipeline.legends import LAND_COVER, NODATA_CLASS
from pipeline.maps.cover import cover_block
from pipeline.maps.encoding import CLASSES, RATIO
from pipeline.maps.endmembers import HistogramTask, count_land
from tests.mapmaking import inputs_over, store_of

GRID = Grid("EPSG:32651", 0.0, 0.0, 10.0, 2, 4)
LAYERS = {"ndvi": RATIO, "land_cover": CLASSES, "nir": RATIO, "red": RATIO}
SOIL_TO_PLANTS = EndmemberPair(0.1, 0.8, "given")


def test_the_histogram_leaves_water_and_the_unknown_out(tmp_path):
    ndvi = np.array([[5000, 5000, -3000, REFLECTANCE_NODATA], [-3000, 9000, 9000, 0]], dtype=np.int16)
    cover = np.array([[2, 2, 255, 255], [2, 1, 255, 255]], dtype=np.uint8)
    store = store_of(tmp_path / "store", GRID, {"ndvi": ndvi, "land_cover": cover}, LAYERS)
    counts = count_land(HistogramTask(GRID.whole, store, store))
    assert {int(step) - 10_000: int(counts[step]) for step in np.flatnonzero(counts)} == {
        5000: 2,
        -3000: 1,
        9000: 1,
        0: 1,
    }


WATER, PLANTS, UNKNOWN = LAND_COVER.code("water"), LAND_COVER.code("vegetation"), NODATA_CLASS


def cover_of(folder, ndvi, classes, light, endmembers=SOIL_TO_PLANTS, bands=("nir", "red")):
    """FVC of planted NDVI, classes and sums of red and near infrared."""
    nir = np.where(light == REFLECTANCE_NODATA, light, light // 2).astype(np.int16)
    red = np.where(light == REFLECTANCE_NODATA, light, light - light // 2).astype(np.int16)
    stores = {
        "spectral": {"ndvi": ndvi},
        "land_cover": {"land_cover": classes},
        "composite": {"nir": nir, "red": red},
    }
    made = {
        step: store_of(folder / step, GRID, {k: np.asarray(v) for k, v in layers.items()}, LAYERS)
        for step, layers in stores.items()
    }
    return cover_block(inputs_over(GRID, **made), ndvi="spectral", endmembers=endmembers, bands=bands)["fvc"]


@pytest.mark.parametrize("endmembers", [SOIL_TO_PLANTS, None])
def test_cover_comes_from_ndvi_as_it_is_stored(tmp_path, endmembers):
    ndvi = np.array([[1000, 8000, 4500, REFLECTANCE_NODATA], [-5000, 9999, 1001, 7999]], dtype=np.int16)
    light = np.where(ndvi == REFLECTANCE_NODATA, ndvi, np.int16(3000))
    fvc = cover_of(tmp_path, ndvi, np.full((2, 4), PLANTS, dtype=np.uint8), light, endmembers)
    if endmembers is None:
        assert (fvc == REFLECTANCE_NODATA).all()
    else:
        assert fvc.tolist() == [[0, 10000, 5000, REFLECTANCE_NODATA], [0, 10000, 1, 9999]]


def test_water_too_dark_for_an_ndvi_bears_no_plants_and_nothing_else_is_made_up(tmp_path):
    nothing = REFLECTANCE_NODATA
    ndvi = np.array([[nothing] * 4, [nothing, nothing, nothing, 9000]], dtype=np.int16)
    classes = np.array([[WATER, WATER, WATER, PLANTS], [UNKNOWN, WATER, WATER, WATER]], dtype=np.uint8)
    light = np.array([[50, -80, 399, 50], [50, 400, nothing, 3000]], dtype=np.int16)
    fvc = cover_of(tmp_path, ndvi, classes, light)
    assert fvc.tolist() == [[0, 0, 0, nothing], [nothing, nothing, nothing, 10000]]


def test_without_red_or_infrared_no_cover_is_known(tmp_path):
    ndvi = np.full((2, 4), 9000, dtype=np.int16)
    classes = np.full((2, 4), WATER, dtype=np.uint8)
    fvc = cover_of(tmp_path, ndvi, classes, ndvi, bands=("red",))
    assert (fvc == REFLECTANCE_NODATA).all()
