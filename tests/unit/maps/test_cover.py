"""Vegetation cover of a block, and the histogram behind its endmembers."""

import numpy as np
import pytest

from pipeline.contracts import REFLECTANCE_NODATA
from pipeline.grid import Grid
from pipeline.indices.vegetation import EndmemberPair
from pipeline.maps.cover import cover_block
from pipeline.maps.encoding import CLASSES, RATIO
from pipeline.maps.endmembers import HistogramTask, count_land
from tests.mapmaking import inputs_over, store_of

GRID = Grid("EPSG:32651", 0.0, 0.0, 10.0, 2, 4)
LAYERS = {"ndvi": RATIO, "land_cover": CLASSES}


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


@pytest.mark.parametrize("endmembers", [EndmemberPair(0.1, 0.8, "given"), None])
def test_cover_comes_from_ndvi_as_it_is_stored(tmp_path, endmembers):
    ndvi = np.array([[1000, 8000, 4500, REFLECTANCE_NODATA], [-5000, 9999, 1001, 7999]], dtype=np.int16)
    store = store_of(tmp_path / "spectral", GRID, {"ndvi": ndvi}, LAYERS)
    fvc = cover_block(inputs_over(GRID, spectral=store), ndvi="spectral", endmembers=endmembers)["fvc"]
    if endmembers is None:
        assert (fvc == REFLECTANCE_NODATA).all()
    else:
        assert fvc.tolist() == [[0, 10000, 5000, REFLECTANCE_NODATA], [0, 10000, 1, 9999]]
