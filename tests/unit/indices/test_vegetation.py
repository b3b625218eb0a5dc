"""The pixel dichotomy model and the sums behind its indicators."""

import math
from itertools import pairwise

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from pipeline.indices.vegetation import (
    RATIO_STEPS,
    ClassEndmembers,
    CoverSums,
    EndmemberPair,
    compute_cover_by_class,
    compute_fractional_cover,
    count_ndvi,
    count_ndvi_looks,
    find_greatest,
    find_percentile_endmembers,
    sum_cover,
)


def histogram(ndvi):
    steps = np.asarray(ndvi, dtype=np.int16)
    return count_ndvi(steps, np.ones(steps.shape, dtype=bool))


def test_a_planted_mixture_of_soil_and_plants_is_found_again():
    pair = EndmemberPair(0.07, 0.83, "planted")
    share = np.linspace(0, 1, 50).reshape(5, 10)
    ndvi = xr.DataArray(pair.soil + share * (pair.vegetation - pair.soil), dims=("y", "x"))
    np.testing.assert_allclose(compute_fractional_cover(ndvi, pair), share, atol=1e-12)


def test_beyond_the_endmembers_is_all_or_nothing_and_unknown_stays_unknown():
    ndvi = xr.DataArray([-1.0, 0.069, 0.831, 1.0, np.nan], dims="x")
    found = compute_fractional_cover(ndvi, EndmemberPair(0.07, 0.83, "planted"))
    assert found[:4].values.tolist() == [0, 0, 1, 1]
    assert np.isnan(found[4])
    assert found.name == "fvc"


def test_the_histogram_counts_usable_pixels_from_minus_one_to_one():
    ndvi = np.array([-10001, -10000, -10000, 0, 9999, 10000, 10001, 32767, -32767], dtype=np.int16)
    usable = np.array([1, 1, 0, 1, 1, 1, 1, 1, 1], dtype=bool)
    counts = count_ndvi(ndvi, usable)
    assert counts.shape == (2 * RATIO_STEPS + 1,)
    assert {int(n) - RATIO_STEPS: int(counts[n]) for n in np.flatnonzero(counts)} == {
        -10000: 1,
        0: 1,
        9999: 1,
        10000: 1,
    }


def test_the_greatest_is_of_the_looks_that_are_known():
    nothing = -32768
    looks = np.array([[nothing, 4000, -9000, nothing], [nothing, nothing, -10000, 10000]], dtype=np.int16)
    assert find_greatest(looks[:, None]).tolist() == [[nothing, 4000, -9000, 10000]]
    assert count_ndvi_looks(looks[:, None]).tolist() == [[0, 1, 2, 1]]
    assert find_greatest(looks[:0, None]).tolist() == [[nothing] * 4]


@pytest.mark.parametrize("low", [1, 2, 5, 7, 10, 14, 28])
def test_a_percentile_is_the_nearest_rank_without_a_slip_of_the_float(low):
    ndvi = np.arange(1, 101)
    pair = find_percentile_endmembers(histogram(ndvi), low, 95)
    assert pair is not None
    assert round(pair.soil * RATIO_STEPS) == low
    assert round(pair.vegetation * RATIO_STEPS) == 95


def test_the_ends_are_the_smallest_and_the_largest():
    pair = find_percentile_endmembers(histogram([-9000, 5, 8000]), 0, 100)
    assert pair is not None
    assert (pair.soil, pair.vegetation) == (-0.9, 0.8)


def test_nothing_seen_or_nothing_apart_gives_no_endmembers():
    assert find_percentile_endmembers(histogram([]), 5, 95) is None
    assert find_percentile_endmembers(histogram([4000] * 10), 5, 95) is None


def test_sums_are_planted_and_found():
    fvc = np.array([0.0, 0.3, 0.9, np.nan, 0.5, 0.29999])
    water = np.array([True, False, False, True, True, False])
    weight = np.array([1.0, 2.0, 4.0, 8.0, 16.0, 32.0])
    sums = sum_cover(fvc, ~water, water, weight, threshold=0.3)
    assert sums.seen_m2 == 55
    assert sums.land_m2 == 38
    assert sums.vegetated_m2 == 22
    assert sums.vegetated_land_m2 == 6
    assert sums.fvc_m2 == pytest.approx(0.6 + 3.6 + 8 + 32 * 0.29999)
    assert sums.fvc_land_m2 == pytest.approx(0.6 + 3.6 + 32 * 0.29999)


def test_sums_of_parts_add_up_to_the_sums_of_the_whole():
    rng = np.random.default_rng(6)
    fvc = np.where(rng.random(500) < 0.2, np.nan, rng.random(500))
    water, weight = rng.random(500) < 0.3, rng.uniform(90, 110, 500)
    cuts = [0, 3, 3, 120, 499, 500]
    parts = [
        sum_cover(fvc[a:b], ~water[a:b], water[a:b], weight[a:b], threshold=0.3) for a, b in pairwise(cuts)
    ]
    whole, total = sum_cover(fvc, ~water, water, weight, threshold=0.3), CoverSums.total(parts)
    for name in vars(whole):
        assert math.isclose(getattr(total, name), getattr(whole, name), rel_tol=1e-12)
    assert CoverSums.total([]) == CoverSums(0, 0, 0, 0, 0, 0, 0)


@given(
    pixels=st.lists(
        st.tuples(
            st.one_of(st.just(math.nan), st.floats(0, 1)),
            st.sampled_from(["land", "water", "unknown"]),
            st.floats(1, 1000),
        ),
        max_size=30,
    )
)
def test_sums_are_those_of_every_pixel_by_hand_and_the_unclassed_are_in_none_of_the_land(pixels):
    fvc, kinds, weight = (np.array([pixel[part] for pixel in pixels]) for part in range(3))
    sums = sum_cover(
        fvc.astype(float), kinds == "land", kinds == "water", weight.astype(float), threshold=0.3
    )
    seen = [pixel for pixel in pixels if not math.isnan(pixel[0])]
    land = [pixel for pixel in seen if pixel[1] == "land"]

    def total(some, least=0.0):
        return pytest.approx(math.fsum(area for cover, _, area in some if cover >= least))

    assert sums.seen_m2 == total(seen)
    assert sums.classed_m2 == total([pixel for pixel in seen if pixel[1] != "unknown"])
    assert (sums.land_m2, sums.vegetated_land_m2) == (total(land), total(land, 0.3))
    assert sums.fvc_land_m2 == pytest.approx(math.fsum(cover * area for cover, _, area in land))


def test_cover_by_class_has_the_endmembers_of_each_class_and_the_common_ones_elsewhere():
    """The same NDVI is all plants in one class and half of them in another."""
    ends = ClassEndmembers(((2, 0.2, 0.8), (3, 0.1, 0.5)), EndmemberPair(0.0, 1.0, "pooled"), "by class")
    ndvi = np.array([[0.5, 0.5, 0.5, 0.5], [0.2, 0.1, -0.4, np.nan]])
    classes = np.array([[2, 3, 4, 255], [2, 3, 1, 2]], dtype=np.uint8)
    found = compute_cover_by_class(ndvi, classes, ends)
    np.testing.assert_allclose(found, [[0.5, 1.0, 0.5, 0.5], [0.0, 0.0, 0.0, np.nan]], atol=1e-12)
    assert "2: 0.2 / 0.8" in ends.words
    assert "pooled" in ends.words
