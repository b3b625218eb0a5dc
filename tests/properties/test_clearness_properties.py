"""Blocks with a margin see what the whole image sees."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy
from scipy import ndimage

from pipeline.ingest.reading.clearness import clear_pixels, reach_px
from pipeline.ingest.scenes.sensors import SENSORS
from pipeline.settings import Clear

CLASSES = st.sampled_from([0, 2, 3, 4, 4, 4, 6, 9, 9, 9])
SHAPES = st.tuples(st.integers(8, 40), st.integers(8, 40))
MASKS = st_numpy.arrays(np.uint8, SHAPES, elements=CLASSES, fill=CLASSES)
SCL = SENSORS["sentinel-2"].mask
CLEARS = st.builds(Clear, open_px=st.integers(0, 2), dilate_px=st.integers(0, 3))
SHARES = st.tuples(st.floats(0, 0.7), st.floats(0, 0.7))


@settings(max_examples=150, deadline=None)
@given(MASKS, CLEARS, SHARES)
def test_a_block_with_its_reach_sees_what_the_whole_image_sees(mask, clear, corner):
    reach = reach_px(clear)
    whole = clear_pixels(np.pad(mask, reach + 3), SCL, clear)[reach + 3 : -reach - 3, reach + 3 : -reach - 3]
    row, col = (int(share * length) for share, length in zip(corner, mask.shape, strict=True))
    window = np.pad(mask, reach)[row : row + 6 + 2 * reach, col : col + 6 + 2 * reach]
    block = clear_pixels(window, SCL, clear)
    inner = block[reach : block.shape[0] - reach, reach : block.shape[1] - reach]
    assert (inner == whole[row : row + 6, col : col + 6]).all()


@settings(max_examples=60, deadline=None)
@given(MASKS, CLEARS)
def test_growing_never_makes_a_pixel_clear_and_no_data_never_is(mask, clear):
    grown = clear_pixels(mask, SCL, clear)
    opened = clear_pixels(mask, SCL, Clear(open_px=clear.open_px, dilate_px=0))
    assert not (grown & ~opened).any()
    assert not grown[mask == 0].any()


@settings(max_examples=60, deadline=None)
@given(MASKS, CLEARS)
def test_only_what_the_mask_calls_clear_is_and_away_from_clouds_and_shadows_all_of_it(mask, clear):
    found = clear_pixels(mask, SCL, clear)
    called = np.isin(mask, clear.scl)
    distance = ndimage.distance_transform_edt(np.pad(~np.isin(mask, (3, 9)), 9, constant_values=True))
    away = distance[9:-9, 9:-9] > clear.dilate_px
    assert not (found & ~called).any()
    assert (found == called)[away].all()
