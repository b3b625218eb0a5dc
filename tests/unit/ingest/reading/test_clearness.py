"""From a scene's own mask to what counts as a clear look."""

import numpy as np
import pytest

from pipeline.ingest.reading.clearness import clear_pixels, reach_px
from pipeline.ingest.scenes.sensors import SENSORS, ClassMask
from pipeline.settings import Clear

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


@pytest.mark.parametrize(("mission", "ground", "cloud"), [("sentinel-2", 4, 9), ("landsat-8", 64, 8)])
def test_specks_of_false_cloud_vanish_and_real_clouds_stay(mission, ground, cloud):
    mask = np.full((60, 60), ground, dtype=np.uint16)
    mask[10, 10] = mask[50, 5:8] = mask[30:33, 50] = cloud
    speck = clear_pixels(mask, SENSORS[mission].mask, Clear(open_px=2, dilate_px=5))
    assert speck.all()
    mask[30:37, 30:37] = cloud
    clear = clear_pixels(mask, SENSORS[mission].mask, Clear(open_px=2, dilate_px=0))
    assert not clear[31:36, 31:36].any()
    assert clear[10, 10]


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


def test_the_reach_counts_the_opening_twice():
    assert reach_px(Clear(open_px=2, dilate_px=5)) == 9
    assert reach_px(PLAIN) == 0
