"""Slopes and the factor LS, beside numpy written anew and beside a published figure."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.indices.terrain import compute_ls, compute_slope


def expected_ls(slope, length_m, level):
    angle = np.arctan(np.where(slope < level, 0, slope))
    degrees, sine = np.degrees(angle), np.sin(angle)
    b = (sine / 0.0896) / (3 * sine**0.8 + 0.56)
    steepness = np.select(
        [degrees < 5.1428, degrees < 14.0362], [10.8 * sine + 0.03, 16.8 * sine - 0.5], 21.91 * sine - 0.96
    )
    return (length_m / 22.13) ** (b / (1 + b)) * steepness


def test_a_plane_has_its_own_slope_whatever_the_reach():
    y, x = np.mgrid[:40, :50] * 10.0
    for reach in (1, 2, 5):
        slope = compute_slope(3 + 0.06 * x - 0.08 * y, 10.0, reach)
        assert slope.shape == (40 - 2 * reach, 50 - 2 * reach)
        np.testing.assert_allclose(slope, 0.1, rtol=1e-12)


def test_slopes_are_those_of_horn_by_convolution():
    elevation = np.random.default_rng(3).normal(0, 5, (30, 31))
    weights = np.array([1, 2, 1])[:, None] * np.array([-1, 0, 1])[None, :]
    windows = np.lib.stride_tricks.sliding_window_view(elevation, (3, 3))
    across, down = (np.einsum("yxab,ab->yx", windows, kernel) / 80 for kernel in (weights, weights.T))
    np.testing.assert_allclose(compute_slope(elevation, 10.0, 1), np.hypot(across, down), rtol=1e-12)


def test_what_is_unknown_around_a_point_makes_its_slope_unknown():
    elevation = np.ones((9, 9))
    elevation[4, 4] = np.nan
    slope = compute_slope(elevation, 10.0, 1)
    around = np.isnan(slope)
    assert around[2:5, 2:5].sum() == 8  # the middle one of three by three has no weight of its own
    assert around.sum() == 8


def test_a_slope_of_twelve_degrees_over_thirty_metres_has_the_published_factor():
    factor = compute_ls(np.array([np.tan(np.radians(12.0))]), length_m=30.0)
    assert factor[0] == pytest.approx(3.6158, abs=5e-4)


@given(
    st.lists(st.floats(0, 3), min_size=1, max_size=30),
    st.floats(1, 300),
    st.floats(0, 0.1),
)
def test_the_factor_is_that_of_the_formula(slopes, length_m, level):
    slope = np.array(slopes)
    found = compute_ls(slope, length_m=length_m, level=level)
    np.testing.assert_allclose(found, expected_ls(slope, length_m, level), rtol=1e-11)


def test_the_factor_is_that_of_the_formula_at_every_edge_of_its_table_and_beyond_it():
    edges = np.geomspace(2.0**-10, 16.0, 14 * 256 + 1)
    slope = np.concatenate(
        [edges, np.nextafter(edges, 0), np.nextafter(edges, 99), [1e-5, 1e-4, 20.0, 900.0]]
    )
    found = compute_ls(slope, length_m=30.0, level=0.0)
    np.testing.assert_allclose(found, expected_ls(slope, 30.0, 0.0), rtol=1e-12)


def test_level_ground_keeps_what_the_formula_gives_it_and_noise_on_it_adds_nothing():
    noise = compute_slope(np.random.default_rng(5).normal(0, 0.05, (50, 50)), 30.0, 1)
    assert 0 < noise.mean() < 0.01
    assert (compute_ls(noise) == 0.03).all()
    assert np.isnan(compute_ls(np.array([np.nan]))).all()
