"""The composites against plain numpy and whole numbers, for every number of dates."""

from fractions import Fraction
from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from pipeline.contracts import REFLECTANCE_NODATA
from pipeline.indices.composite import choose_greenest_look, choose_medoid_look, compute_median, take_looks
from pipeline.indices.dark_water import LEAST_STEPS

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
    found = compute_median(stack)
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
        found = compute_median(stack)
        assert (found[seen] == np.rint(expected)).all()
        assert (found[~seen] == REFLECTANCE_NODATA).all()


@settings(max_examples=40, deadline=None)
@given(STACKS, st.randoms(use_true_random=False))
def test_the_order_of_the_dates_does_not_matter(stack, random):
    order = list(range(len(stack)))
    random.shuffle(order)
    assert (compute_median(stack) == compute_median(stack[order])).all()


FEW = st.one_of(
    st.sampled_from([REFLECTANCE_NODATA, 0, 1, -1, 199, 200, 32767, -32767]),
    st.integers(-300, 600),
    st.integers(-32767, 32767),
)
BANDS = ("nir", "red", "swir16")
CUBES = st_numpy.arrays(
    np.int16,
    st.tuples(st.integers(2, 3), st.integers(1, 9), st.integers(1, 2), st.integers(1, 3)),
    elements=FEW,
)


def medoid_of(values):
    """The medoid of a pixel (band, date), written as it is defined."""
    known = values != REFLECTANCE_NODATA
    used = known.any(axis=1)
    candidates = [date for date in range(values.shape[1]) if used.any() and known[used, date].all()]
    vectors = values[used].astype(np.int64).T

    def distance(one, other):
        return round(256 * float(np.sqrt(((vectors[one] - vectors[other]) ** 2).sum())))

    totals = {one: sum(distance(one, other) for other in candidates) for one in candidates}
    return min(totals, key=lambda date: (totals[date], date), default=-1)


def greenest_of(values):
    """The greenest look of a pixel (band, date), by fractions."""
    nir, red = values[BANDS.index("nir")].tolist(), values[BANDS.index("red")].tolist()
    ranks = {
        date: (
            known := min(high, low) >= 0 and high + low >= LEAST_STEPS,
            Fraction(high - low, high + low) if known else 0,
            -date,
        )
        for date, (high, low) in enumerate(zip(nir, red, strict=True))
        if REFLECTANCE_NODATA not in {high, low}
    }
    return max(ranks, key=ranks.__getitem__, default=-1)


@settings(max_examples=150, deadline=None)
@given(CUBES)
def test_the_chosen_looks_are_those_of_the_definitions(stacks):
    bands = BANDS[: len(stacks)]
    medoid, greenest = choose_medoid_look(stacks, bands), choose_greenest_look(stacks, bands)
    for y, x in product(range(stacks.shape[2]), range(stacks.shape[3])):
        assert medoid[y, x] == medoid_of(stacks[:, :, y, x])
        assert greenest[y, x] == greenest_of(stacks[:, :, y, x])


@settings(max_examples=60, deadline=None)
@given(CUBES)
def test_all_bands_of_a_pixel_are_those_of_one_look(stacks):
    chosen = choose_medoid_look(stacks, BANDS[: len(stacks)])
    for y, x in product(range(stacks.shape[2]), range(stacks.shape[3])):
        here = [take_looks(stack, chosen)[y, x] for stack in stacks]
        looks = stacks[:, :, y, x].T.tolist()
        assert here in looks if chosen[y, x] >= 0 else set(here) == {REFLECTANCE_NODATA}
