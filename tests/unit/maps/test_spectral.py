"""Indices of a block, from its composite."""

import numpy as np
import rasterio

from pipeline.contracts import REFLECTANCE_NODATA
from pipeline.grid import Grid
from pipeline.indices.dark_water import LEAST_STEPS
from pipeline.maps.encoding import RATIO, from_ratio
from pipeline.maps.spectral import index_block
from pipeline.settings import Clear
from tests.mapmaking import inputs_over, store_of
from tests.scenery import needs_real_scenes
from tests.unit.maps.test_composite import composite_of, grid_over, numbers_of, real

BANDS = ("nir", "red")


def test_what_lacks_a_band_is_left_out_and_the_rest_is_computed(tmp_path):
    red = np.full((4, 4), 1000, dtype=np.int16)
    nir = np.full((4, 4), 3000, dtype=np.int16)
    nir[0, 0] = REFLECTANCE_NODATA
    red[1, 1], nir[1, 1] = -200, 200
    red[1, 2], nir[1, 2] = -50, 100
    red[1, 3], nir[1, 3] = -300, 3000
    red[2, 3], nir[2, 3] = 0, 399
    grid = Grid("EPSG:32651", 0.0, 0.0, 10.0, 4, 4)
    store = store_of(tmp_path / "composite", grid, {"red": red, "nir": nir}, dict.fromkeys(BANDS, RATIO))
    found = index_block(inputs_over(grid, composite=store), bands=BANDS, indices=("ndvi", "evi"))
    assert found["ndvi"][0, 0] == REFLECTANCE_NODATA
    assert (found["ndvi"][1, 1:] == REFLECTANCE_NODATA).all()
    assert found["ndvi"][2, 3] == REFLECTANCE_NODATA
    assert found["ndvi"][2, 2] == 5000
    assert set(found) == {"ndvi"}


@needs_real_scenes
def test_ndvi_of_the_south_tyrol_chip_is_that_of_its_own_pixels(tmp_path):
    (scene,) = real("S2_ALPS_20220612")
    grid = grid_over(scene)
    found, _ = composite_of(tmp_path / "store", [scene], bands=BANDS, grid=grid, clear=Clear())
    inputs = inputs_over(grid, composite=tmp_path / "store")
    ndvi = from_ratio(index_block(inputs, bands=BANDS, indices=("ndvi",))["ndvi"])
    with rasterio.open(scene.assets["red"].href) as source:
        col, row = ~grid.transform * (source.bounds.left, source.bounds.top)
        red, nir = numbers_of(scene, "red"), numbers_of(scene, "nir")
    inside = (slice(round(row), round(row) + red.shape[0]), slice(round(col), round(col) + red.shape[1]))
    clear = (found["looks"][inside] > 0) & (red > 0) & (nir > 0)
    seen = clear & (red + nir >= LEAST_STEPS)
    expected = (nir - red)[seen] / (nir + red)[seen]
    assert seen.mean() > 0.98
    assert (clear & ~seen).sum() == 1
    assert np.abs(ndvi[inside][seen] - expected).max() <= 1e-4
    assert np.isnan(ndvi[inside][~seen]).all()
