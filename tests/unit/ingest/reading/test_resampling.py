"""From the pixels of a file to those of a grid: planted scenes come back as they were planted."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from affine import Affine
from pyproj import Transformer
from rasterio.enums import Resampling
from rasterio.warp import reproject
from scipy import ndimage

from pipeline.contracts import REFLECTANCE_NODATA
from pipeline.ingest.reading.blocks import read_looks
from pipeline.settings import Clear
from tests.scenery import LEFT, TOP, UTM, band_of, grid_of_px, planted_scene, read_band, request_of

GRID = grid_of_px(120, 130)
RNG = np.random.default_rng(11)
RED = RNG.integers(1, 9000, GRID.shape, dtype=np.uint16)
ALL_CLEAR = np.full(GRID.shape, 4, dtype=np.uint8)
DAY = datetime(2024, 5, 1, 2, 30, tzinfo=UTC)


def smooth(shape, scale=40.0):
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]]
    return (3000 + 1500 * np.sin(x / scale) + 900 * np.cos(y / (0.7 * scale)) + 3 * x).astype(np.uint16)


def test_ten_metre_numbers_are_pasted_as_they_are(tmp_path):
    scene = planted_scene(tmp_path, "a", {"red": RED}, ALL_CLEAR)
    (found,) = band_of(request_of(GRID, [scene], ("red",)))
    assert (found == RED).all()


def test_a_file_that_lies_elsewhere_is_pasted_where_it_lies_and_the_rest_is_unknown(tmp_path):
    scene = planted_scene(tmp_path, "a", {"red": RED}, ALL_CLEAR, left=LEFT + 200, top=TOP + 300)
    (found,) = band_of(request_of(GRID, [scene], ("red",)))
    assert (found[:90, 20:] == RED[30:, :110]).all()
    assert (found[90:] == REFLECTANCE_NODATA).all()
    assert (found[:, :20] == REFLECTANCE_NODATA).all()


def test_twenty_metre_masks_and_bands_are_pasted_twice(tmp_path):
    coarse = RED[:60, :65]
    mask = np.where(RNG.random((60, 65)) < 0.3, 9, 4).astype(np.uint8)
    scene = planted_scene(tmp_path, "a", {"swir16": coarse}, mask, pixel_m={"swir16": 20.0, "mask": 20.0})
    request = request_of(GRID, [scene], ("swir16",))
    twice = coarse.repeat(2, 0).repeat(2, 1).astype(np.int32)
    clear = (mask == 4).repeat(2, 0).repeat(2, 1)
    assert (read_looks(request).owner[0] == clear).all()
    (found,) = band_of(request, "swir16")
    assert (found == np.where(clear, twice, REFLECTANCE_NODATA)).all()


def test_scale_offset_and_nodata_become_reflectance_and_negatives_stay(tmp_path):
    numbers = RED.copy()
    numbers[0, :4] = 0, 1, 999, 65535
    scene = planted_scene(tmp_path, "a", {"red": numbers}, ALL_CLEAR, offset=-0.1)
    (found,) = band_of(request_of(GRID, [scene], ("red",)))
    assert list(found[0, :4]) == [REFLECTANCE_NODATA, -999, -1, 32767]
    assert (found[1:] == RED[1:].astype(int) - 1000).all()


@pytest.mark.parametrize("factor", [2, 6])
def test_a_coarser_grid_takes_the_mean_of_each_of_its_pixels(tmp_path, factor):
    grid = grid_of_px(120 // factor, 126 // factor, 10.0 * factor)
    numbers = RED[:120, :126].copy()
    numbers[::7, ::5] = 0
    scene = planted_scene(tmp_path, "a", {"red": numbers}, np.full((120, 126), 4, dtype=np.uint8))
    (found,) = band_of(request_of(grid, [scene], ("red",)))
    parts = numbers.reshape(120 // factor, factor, 126 // factor, factor).astype(float)
    parts[parts == 0] = np.nan
    expected = np.rint(np.nanmean(parts, axis=(1, 3)))
    assert (found == expected).all()


def landsat(tmp_path, numbers, qa=None, **place):
    shape = numbers.shape
    mask = np.full(shape, 64, dtype=np.uint16) if qa is None else qa
    size = {"red": 30.0, "mask": 30.0}
    return planted_scene(
        tmp_path,
        "l",
        {"red": numbers},
        mask,
        mission="landsat-8",
        platform="landsat-8",
        pixel_m=size,
        left=LEFT - 105,
        top=TOP + 105,
        **place,
    )


def test_landsat_on_odd_multiples_of_15_m_is_bilinear_as_gdal_does_it(tmp_path):
    numbers = smooth((60, 60), 9.0)
    (found,) = band_of(request_of(GRID, [landsat(tmp_path, numbers)], ("red",)))
    theirs = np.zeros(GRID.shape, dtype=np.float64)
    reproject(
        numbers.astype(np.float64),
        theirs,
        src_crs=UTM,
        dst_crs=UTM,
        resampling=Resampling.bilinear,
        src_transform=Affine(30, 0, LEFT - 105, 0, -30, TOP + 105),
        dst_transform=GRID.transform,
    )
    assert np.abs(found - theirs).max() <= 0.51


def test_nodata_of_landsat_never_bleeds_into_its_neighbours(tmp_path):
    numbers = np.full((60, 60), 5000, dtype=np.uint16)
    numbers[20:23, 20:23] = 0
    (found,) = band_of(request_of(GRID, [landsat(tmp_path, numbers)], ("red",)))
    assert set(np.unique(found)) == {REFLECTANCE_NODATA, 5000}
    hole = np.argwhere(found == REFLECTANCE_NODATA)
    x, y = GRID.transform * (hole[:, 1] + 0.5, hole[:, 0] + 0.5)
    col, row = np.floor((x - LEFT + 105) / 30), np.floor((TOP + 105 - y) / 30)
    assert ((row >= 20) & (row < 23) & (col >= 20) & (col < 23)).all()
    assert len(hole) == 81


def test_the_mask_of_landsat_is_the_nearest_pixel_with_fill_as_nothing(tmp_path):
    qa = RNG.choice(np.array([1, 8, 64, 64], dtype=np.uint16), (60, 60))
    request = request_of(GRID, [landsat(tmp_path, smooth((60, 60)), qa)], ("red",))
    x, y = GRID.x_of(GRID.whole), GRID.y_of(GRID.whole)
    nearest = qa[
        np.floor((TOP + 105 - y) / 30).astype(int)[:, None], np.floor((x - LEFT + 105) / 30).astype(int)
    ]
    assert (read_looks(request).owner[0] == (nearest == 64)).all()


def next_zone():
    """The corner of a file in EPSG:32650 that holds the grid with a margin."""
    x, y = Transformer.from_crs(UTM, "EPSG:32650", always_xy=True).transform(LEFT, TOP)
    return round(x / 10) * 10 - 600, round(y / 10) * 10 + 600


def test_a_scene_of_the_next_utm_zone_is_warped_as_gdal_does_it(tmp_path):
    grid = grid_of_px(90, 80)
    left, top = next_zone()
    numbers = smooth((260, 260), 15.0)
    scene = planted_scene(
        tmp_path,
        "z",
        {"red": numbers},
        np.full((260, 260), 4, dtype=np.uint8),
        left=left,
        top=top,
        crs="EPSG:32650",
    )
    (found,) = band_of(request_of(grid, [scene], ("red",)))
    theirs = np.full(grid.shape, np.nan)
    reproject(
        numbers.astype(np.float64),
        theirs,
        src_crs="EPSG:32650",
        dst_crs=UTM,
        resampling=Resampling.bilinear,
        src_transform=Affine(10, 0, left, 0, -10, top),
        dst_transform=grid.transform,
        src_nodata=0,
        dst_nodata=np.nan,
    )
    steepest = max(np.abs(np.diff(numbers.astype(int), axis=axis)).max() for axis in (0, 1))
    assert np.abs(found - theirs).max() < 0.125 * 2 * steepest + 0.5, "GDAL places pixels to an eighth"
    x, y = np.meshgrid(grid.x_of(grid.whole), grid.y_of(grid.whole))
    x, y = Transformer.from_crs(UTM, "EPSG:32650", always_xy=True).transform(x, y)
    exact = ndimage.map_coordinates(
        numbers.astype(np.float64), [(top - y) / 10 - 0.5, (x - left) / 10 - 0.5], order=1
    )
    assert np.abs(found - exact).max() <= 0.501


@pytest.mark.parametrize("size", [32, 64, 100])
def test_the_layout_of_the_blocks_does_not_matter(tmp_path, size):
    mask = np.where(RNG.random((60, 65)) < 0.2, 9, 4).astype(np.uint8)
    mask[20:40, 30:50] = 9
    scenes = [
        planted_scene(tmp_path, "s", {"red": RED}, mask, pixel_m={"mask": 20.0}),
        landsat(
            tmp_path,
            smooth((60, 60), 9.0),
            RNG.choice(np.array([1, 8, 64, 64, 64], dtype=np.uint16), (60, 60)),
        ),
        planted_scene(
            tmp_path,
            "z",
            {"red": smooth((260, 260))},
            np.full((260, 260), 4, dtype=np.uint8),
            left=next_zone()[0],
            top=next_zone()[1],
            crs="EPSG:32650",
            when=DAY + timedelta(days=3),
        ),
    ]
    clear = Clear(open_px=1, dilate_px=2)
    whole = _by_day(request_of(GRID, scenes, ("red",), clear=clear))
    assert len(whole) == len(scenes)
    for block in GRID.blocks(size):
        parts = _by_day(request_of(GRID, scenes, ("red",), block=block, clear=clear))
        for day, stack in whole.items():
            expected = stack[block.rows, block.cols]
            found = parts.get(day, np.full(block.shape, REFLECTANCE_NODATA))
            assert (found == expected).all()


def _by_day(request):
    looks = read_looks(request)
    return {
        scenes[0].id: stack
        for scenes, stack in zip(looks.dates, read_band(request, looks, "red")[0], strict=True)
    }


def test_harmonised_sentinel_2_meets_landsat(tmp_path):
    scene = planted_scene(tmp_path, "a", {"red": RED}, ALL_CLEAR, platform="sentinel-2b")
    (found,) = band_of(request_of(GRID, [scene], ("red",), harmonised=True))
    assert np.abs(found - (0.9761 * RED + 10)).max() <= 0.5001
