"""From a scene's own mask to what counts as a clear look."""

import numpy as np
import pytest
import rasterio

from pipeline.ingest.reading.clearness import clear_pixels, reach_px
from pipeline.ingest.scenes.sensors import SENSORS, ClassMask
from pipeline.settings import Clear
from tests.scenery import SHARED, needs_real_scenes

SCL, QA_PIXEL = SENSORS["sentinel-2"].mask, SENSORS["landsat-8"].mask
PLAIN = Clear(open_px=0, dilate_px=0)
QA_BITS = {
    0: False,
    1: False,
    2: False,
    3: False,
    4: False,
    5: True,
    6: True,
    7: True,
    **dict.fromkeys(range(8, 16), True),
}


@pytest.mark.parametrize("scl", range(12))
def test_every_class_of_the_scene_classification_is_clear_or_not_as_the_config_says(scl):
    mask = np.array([[scl]], dtype=np.uint8)
    assert clear_pixels(mask, SCL, PLAIN)[0, 0] == (scl in {4, 5, 6, 7, 11})
    assert clear_pixels(mask, SCL, Clear(scl=[8], open_px=0, dilate_px=0))[0, 0] == (scl == 8)


@pytest.mark.parametrize(("bit", "clear"), QA_BITS.items())
@pytest.mark.parametrize("mission", ["landsat-8", "landsat-9"])
def test_every_bit_of_qa_pixel_is_an_obstacle_or_none(bit, clear, mission):
    mask = np.array([[1 << bit]], dtype=np.uint16)
    assert clear_pixels(mask, SENSORS[mission].mask, PLAIN)[0, 0] == clear


@pytest.mark.parametrize(
    ("value", "clear"),
    [(21824, True), (21952, True), (22280, False), (23888, False), (30048, True), (1, False), (54596, False)],
)
def test_common_numbers_of_qa_pixel_mean_what_usgs_says(value, clear):
    assert clear_pixels(np.array([[value]], dtype=np.uint16), QA_PIXEL, PLAIN)[0, 0] == clear


def around(mask, number, radius):
    """Where a pixel of some number lies within a radius."""
    places = np.argwhere(mask == number)
    y, x = np.indices(mask.shape)
    return np.any([(y - row) ** 2 + (x - col) ** 2 <= radius**2 for row, col in places], axis=0)


@pytest.mark.parametrize("scl", range(12))
def test_clouds_cirrus_and_shadows_grow_and_nothing_else_does(scl):
    mask = np.full((41, 41), 4, dtype=np.uint8)
    mask[20, 20] = scl
    clear = clear_pixels(mask, SCL, Clear(open_px=0, dilate_px=5))
    hidden = around(mask, scl, 5) if scl in {3, 8, 9, 10} else (mask == scl) & (scl in {0, 1, 2})
    assert (clear == ~hidden).all()


def test_what_the_config_does_not_call_clear_is_not_and_does_not_grow():
    mask = np.full((41, 41), 4, dtype=np.uint8)
    mask[10, 10], mask[30, 30], mask[10, 30], mask[30, 10] = 6, 7, 11, 2
    clear = clear_pixels(mask, SCL, Clear(scl=[4, 5], open_px=0, dilate_px=5))
    assert (clear == (mask == 4)).all()
    assert clear_pixels(mask, SCL, Clear(scl=[2, 4, 6, 7, 11])).all()


def test_dark_water_beside_clear_water_costs_itself_alone():
    """The lake of a cloudless day whose shaded shore the mask calls dark."""
    mask = np.full((60, 60), 4, dtype=np.uint8)
    mask[20:40, 20:40], mask[20:40, 34:40] = 6, 2
    clear = clear_pixels(mask, SCL, Clear())
    assert (clear == (mask != 2)).all()


@pytest.mark.parametrize(("mission", "ground", "cloud"), [("sentinel-2", 4, 9), ("landsat-8", 64, 8)])
@pytest.mark.parametrize("width", range(1, 9))
def test_no_cloud_is_too_narrow_to_be_one_and_narrow_ones_grow_less(mission, ground, cloud, width):
    mask = np.full((60, 60), ground, dtype=np.uint16)
    mask[30 : 30 + width, 30 : 30 + width] = cloud
    clear = clear_pixels(mask, SENSORS[mission].mask, Clear(open_px=2, dilate_px=5))
    near, far = around(mask, cloud, 2), around(mask, cloud, 5)
    assert not clear[near].any()
    assert clear[~far].all()
    assert clear[far & ~near].all() == (width < 5)


@pytest.mark.parametrize("radius", [0, 1, 2, 5])
def test_nothing_grows_by_more_than_the_growth_that_is_set(radius):
    mask = np.full((60, 60), 4, dtype=np.uint8)
    mask[10, 10] = mask[30:40, 30:40] = 8
    clear = clear_pixels(mask, SCL, Clear(open_px=2, dilate_px=radius))
    assert clear[~around(mask, 8, radius)].all()
    assert not clear[mask == 8].any()


def test_light_of_a_small_cloud_whose_edge_the_mask_misses_is_not_taken_for_ground():
    """Clouds of red 0.79 that thin out over two pixels, where the mask begins at half of their light."""
    rng = np.random.default_rng(7)
    y, x = np.ogrid[:300, :300]
    opacity = np.zeros((300, 300))
    for width, row, col in zip(range(1, 9), *rng.integers(20, 280, (2, 8)), strict=True):
        apart = np.hypot(y - row, x - col)
        opacity = np.maximum(opacity, np.clip(0.5 + (width / 2 - apart) / 2, 0, 1))
    red = 0.05 + opacity * (0.79 - 0.05)
    clear = clear_pixels(np.where(opacity >= 0.5, 9, 4).astype(np.uint8), SCL, Clear())
    assert red[clear].max() < 0.1
    assert clear.mean() > 0.97


def test_clouds_grow_by_the_radius_and_no_further():
    mask = np.full((41, 41), 4, dtype=np.uint8)
    mask[20, 20] = 9
    clear = clear_pixels(mask, SCL, Clear(open_px=0, dilate_px=5))
    y, x = np.ogrid[-20:21, -20:21]
    assert (clear == (x * x + y * y > 25)).all()


def test_zero_switches_a_step_off():
    rng = np.random.default_rng(3)
    mask = rng.choice(np.array([0, 4, 9], dtype=np.uint8), (30, 30))
    assert (clear_pixels(mask, SCL, PLAIN) == (mask == 4)).all()


@pytest.mark.parametrize(("mission", "fill", "ground"), [("sentinel-2", 0, 4), ("landsat-9", 1, 64)])
def test_no_data_is_never_clear_and_never_grows(mission, fill, ground):
    mask = np.full((40, 40), ground, dtype=np.uint16)
    mask[:, :20] = fill
    clear = clear_pixels(mask, SENSORS[mission].mask, Clear())
    assert not clear[:, :20].any()
    assert clear[:, 20:].all()


def test_classes_of_a_sensor_of_its_own_are_clear_whatever_the_config_says_of_scl():
    mask = np.array([[0, 1, 2, 3, 255]], dtype=np.uint8)
    own = ClassMask(("qa",), pixel_m=10, clear=(2, 3), nodata=255)
    assert list(clear_pixels(mask, own, PLAIN)[0]) == [False, False, True, True, False]
    assert not clear_pixels(mask, own, Clear(open_px=0, dilate_px=2))[0, :4].any()
    part = ClassMask(("qa",), pixel_m=10, clear=(2, 3), obscuring=(0,), nodata=255)
    assert list(clear_pixels(mask, part, Clear(open_px=0, dilate_px=2))[0]) == [False] * 3 + [True, False]


def test_the_reach_counts_the_opening_twice():
    assert reach_px(Clear(open_px=2, dilate_px=5)) == 9
    assert reach_px(PLAIN) == 0


@needs_real_scenes
@pytest.mark.parametrize(
    ("scene", "unknown"),
    [("S2_ALPS_20220612", 0.0025), ("S2_FLANDERS_20230405", 0.0426), ("S2_FLANDERS_20230415", 0.0019)],
)
def test_real_masks_lose_what_the_page_of_clear_looks_says(scene, unknown):
    with rasterio.open(SHARED / "data" / "real_scenes" / scene / "scl.tif") as source:
        mask = source.read(1)[::2, ::2]
    clear = clear_pixels(mask, SCL, Clear())
    assert 1 - clear.mean() == pytest.approx(unknown, abs=5e-5)
    assert clear[mask == 6].all()
    assert not clear[np.isin(mask, (2, 10))].any()


@needs_real_scenes
def test_nothing_of_real_dates_under_cloud_is_clear():
    for date in ("0402", "0407", "0410", "0412", "0417", "0420", "0422", "0425", "0427", "0430"):
        path = SHARED / "data" / "real_scenes" / f"S2_FLANDERS_2023{date}" / "scl.tif"
        with rasterio.open(path) as source:
            mask = source.read(1)
        assert not any(clear_pixels(mask, SCL, Clear(open_px=px)).any() for px in (0, 2, 4))
