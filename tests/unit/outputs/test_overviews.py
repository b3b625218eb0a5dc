"""Smaller copies of class rasters beside those of GDAL."""

from itertools import product

import numpy as np
import pytest
from affine import Affine
from rasterio.enums import Resampling
from rasterio.io import MemoryFile
from rasterio.windows import Window

from pipeline.outputs.overviews import choose_classes

CODES = (0, 1, 2, 3, 255)


@pytest.mark.parametrize("nodata", [255, 0, None])
def test_of_any_four_classes_the_one_is_chosen_that_gdal_chooses(nodata):
    fours = np.array(list(product(CODES, repeat=4)), dtype=np.uint8)
    codes = fours.reshape(-1, 2, 2).transpose(1, 0, 2).reshape(1, 2, -1)
    profile = {"dtype": "uint8", "nodata": nodata, "count": 1, "height": 2, "width": codes.shape[2]}
    with MemoryFile() as memory:
        with memory.open(driver="GTiff", transform=Affine.scale(10), **profile) as file:
            file.write(codes)
        with memory.open() as file:
            expected = file.read(
                window=Window(0, 0, codes.shape[2], 2),
                out_shape=(1, 1, len(fours)),
                resampling=Resampling.mode,
            )
    assert np.array_equal(choose_classes(codes, nodata), expected)
