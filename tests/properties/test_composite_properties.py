"""The composite against numpy, for every number of dates."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from pipeline.contracts import REFLECTANCE_NODATA
from pipeline.indices.composite import median

VALUES = st.one_of(
    st.sampled_from([REFLECTANCE_NODATA, REFLECTANCE_NODATA, -32767, 32767, 32766, 0, -1, 1]),
    st.integers(-32767, 32767),
)
STACKS = st_numpy.arrays(
    np.int16, st.tuples(st.integers(1, 40), st.integers(1, 3), st.integers(1, 5)), elements=VALUES
)


@settings(max_examples=120, deadline=None)
@given(STACKS)
def test_the_median_is_that_of_numpy_without_the_nodata(stack):
    known = stack != REFLECTANCE_NODATA
    seen = known.any(axis=0)
    found = median(stack)
    assert (found[~seen] == REFLECTANCE_NODATA).all()
    expected = np.nanmedian(np.where(known, stack.astype(float), np.nan)[:, seen], axis=0)
    assert (found[seen] == np.rint(expected)).all()


def test_every_number_of_dates_from_1_to_40_agrees_with_numpy():
    rng = np.random.default_rng(4)
    for dates in range(1, 41):
        stack = rng.integers(-32767, 32768, (dates, 30, 20), dtype=np.int64).astype(np.int16)
        stack[rng.random(stack.shape) < 0.4] = REFLECTANCE_NODATA
        known = stack != REFLECTANCE_NODATA
        seen = known.any(axis=0)
        expected = np.nanmedian(np.where(known, stack.astype(float), np.nan)[:, seen], axis=0)
        found = median(stack)
        assert (found[seen] == np.rint(expected)).all()
        assert (found[~seen] == REFLECTANCE_NODATA).all()


@settings(max_examples=40, deadline=None)
@given(STACKS, st.randoms(use_true_random=False))
def test_the_order_of_the_dates_does_not_matter(stack, random):
    order = list(range(len(stack)))
    random.shuffle(order)
    assert (median(stack) == median(stack[order])).all()
