"""The sieve of change against scipy's labels and a rule written out, over any map."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy
from scipy import ndimage

from pipeline.indices.change import sieve_patches
from pipeline.legends import NODATA_CLASS, UNCHANGED

CODES = st.sampled_from([UNCHANGED, UNCHANGED, NODATA_CLASS, 12, 12, 12, 34, 34, 43])
MAPS = st_numpy.arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12)), elements=CODES)
SIZES = st.integers(1, 9)


def patches(codes):
    """Masks of the patches of each transition, joined along edges."""
    for code in sorted({*np.unique(codes).tolist()} - {UNCHANGED, NODATA_CLASS}):
        labels, count = ndimage.label(codes == code)
        yield from (labels == number for number in range(1, count + 1))


def as_written(codes, least_px):
    """The rule, patch by patch and edge by edge."""
    found = codes.copy()
    small = [patch for patch in patches(codes) if patch.sum() < least_px]
    silent = np.any(small, axis=0) if small else np.zeros(codes.shape, dtype=bool)
    voting = np.pad(np.where(silent, NODATA_CLASS, codes), 1, constant_values=NODATA_CLASS)
    for patch in small:
        votes = np.zeros(256, dtype=int)
        for row, col in np.argwhere(patch):
            for down, across in ((0, 1), (2, 1), (1, 0), (1, 2)):
                votes[voting[row + down, col + across]] += 1
        votes[NODATA_CLASS] = 0
        found[patch] = votes.argmax()
    return found


@settings(max_examples=100)
@given(MAPS, SIZES)
def test_the_sieve_is_the_rule_as_written(codes, least_px):
    assert (sieve_patches(codes, least_px=least_px) == as_written(codes, least_px)).all()


@settings(max_examples=50)
@given(MAPS, SIZES)
def test_no_patch_that_is_left_is_too_small_and_a_second_sieve_changes_nothing(codes, least_px):
    found = sieve_patches(codes, least_px=least_px)
    assert all(patch.sum() >= least_px for patch in patches(found))
    assert (sieve_patches(found, least_px=least_px) == found).all()


@settings(max_examples=50)
@given(MAPS, SIZES)
def test_nothing_unchanged_becomes_a_change_and_the_unknown_stays(codes, least_px):
    found = sieve_patches(codes, least_px=least_px)
    assert ((found == NODATA_CLASS) == (codes == NODATA_CLASS)).all()
    assert (found[codes == UNCHANGED] == UNCHANGED).all()


@settings(max_examples=30)
@given(MAPS, SIZES)
def test_the_sieve_knows_no_direction(codes, least_px):
    there = sieve_patches(codes, least_px=least_px)
    assert (sieve_patches(codes[::-1], least_px=least_px)[::-1] == there).all()
    turned = sieve_patches(np.ascontiguousarray(codes.T), least_px=least_px)
    assert (turned == there.T).all()
