"""The commonest code of a finer map, beside GDAL's."""

import numpy as np
import rasterio
from rasterio.warp import Resampling, reproject

from pipeline.ingest.layers.land_maps import NO_CODE, codes_on, map_file
from pipeline.ingest.reading.assets import ItemReader
from pipeline.settings.maps import LandMap
from tests.scenery import grid_of_px, written

RATIO = 4
GRID = grid_of_px(60, 45)


def test_the_commonest_code_is_that_of_gdal_wherever_one_is_commonest(tmp_path, reader):
    """GDAL takes one of several that are equally common by their order in the file."""
    rng = np.random.default_rng(17)
    numbers = rng.choice(np.array([0, 10, 30, 40, 50, 80], dtype=np.uint8), (60 * RATIO, 45 * RATIO))
    numbers[:RATIO, :RATIO] = 0
    path = written(tmp_path / "map.tif", numbers, pixel_m=10 / RATIO)
    found = codes_on(
        ItemReader(reader), map_file(LandMap(path=str(path), product="worldcover-v200")), GRID, GRID.whole
    )
    theirs = np.zeros(GRID.shape, dtype=np.uint8)
    with rasterio.open(path) as source:
        reproject(
            rasterio.band(source, 1),
            theirs,
            dst_transform=GRID.transform,
            dst_crs=GRID.crs,
            resampling=Resampling.mode,
        )
    cells = numbers.reshape(60, RATIO, 45, RATIO).transpose(0, 2, 1, 3).reshape(60, 45, -1)
    counts = np.sort(np.stack([(cells == code).sum(axis=2) for code in (10, 30, 40, 50, 80)]), axis=0)
    clear = counts[-1] > counts[-2]
    print(f"{clear.sum()} of {clear.size} pixels with one commonest code")
    assert clear.sum() > 1000
    assert (np.where(found == NO_CODE, 0, found) == theirs)[clear].all()
    assert found[0, 0] == NO_CODE
    assert theirs[0, 0] == 0
