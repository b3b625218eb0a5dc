"""Factors of the RUSLE beside numpy written anew, published figures, and a hand calculation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.indices.erosion import (
    compute_cover_factor,
    compute_erodibility,
    compute_erosion,
    compute_erosivity,
)
from pipeline.indices.terrain import compute_ls

MONTHS = st.lists(st.floats(0, 900), min_size=12, max_size=12)


def expected_k(sand, silt, clay, carbon):
    rest = 1 - sand / 100
    us = (
        (0.2 + 0.3 * np.exp(-0.0256 * sand * (1 - silt / 100)))
        * (silt / (clay + silt)) ** 0.3
        * (1 - 0.25 * carbon / (carbon + np.exp(3.72 - 2.95 * carbon)))
        * (1 - 0.7 * rest / (rest + np.exp(-5.51 + 22.9 * rest)))
    )
    return 0.1317 * us


@given(MONTHS)
def test_erosivity_is_that_of_the_months(months):
    rain = np.array(months)
    expected = 0.1833 * ((rain**2).sum() / rain.sum()) ** 1.9957 if rain.sum() else 0.0
    assert compute_erosivity(rain[:, None, None])[0, 0] == pytest.approx(expected, rel=1e-9)


def test_a_month_that_is_unknown_makes_the_erosivity_of_the_year_unknown():
    rain = np.full((12, 1, 2), 100.0)
    rain[7, 0, 1] = np.nan
    found = compute_erosivity(rain)
    assert found[0, 0] == pytest.approx(0.1833 * 100**1.9957)
    assert np.isnan(found[0, 1])


def test_a_loam_has_the_erodibility_of_the_worked_example():
    found = compute_erodibility(*(np.array([part]) for part in (20.0, 50.0, 30.0, 1.2)))
    assert found[0] == pytest.approx(0.043253, abs=5e-5)


@given(st.floats(0, 99), st.floats(0.01, 0.99), st.floats(0, 12))
def test_erodibility_is_that_of_the_formula(sand, fine, carbon):
    silt = (100 - sand) * fine
    parts = sand, silt, 100 - sand - silt, carbon
    found = compute_erodibility(*(np.array([part]) for part in parts))
    np.testing.assert_allclose(found, expected_k(*parts), rtol=1e-9)


@pytest.mark.parametrize(
    "parts", [(100, 0, 0, 1), (200, 500, 300, 12), (20, 50, 0, 1), (np.nan, 50, 30, 1), (20, 50, 30, np.nan)]
)
def test_what_is_no_whole_soil_is_unknown(parts):
    assert np.isnan(compute_erodibility(*(np.array([float(part)]) for part in parts)))[0]


@given(st.floats(0, 1))
def test_the_cover_factor_falls_from_one_to_zero(fvc):
    percent = 100 * fvc
    expected = 1.0 if percent <= 0.1 else 0.0 if percent >= 78.3 else 0.6508 - 0.3436 * np.log10(percent)
    assert compute_cover_factor(np.array([fvc]))[0] == pytest.approx(expected, abs=1e-12)


def test_erosion_is_the_product_of_its_factors_and_unknown_where_one_is():
    rng = np.random.default_rng(11)
    base, slope, fvc = (
        rng.uniform(50, 400, (20, 30)),
        rng.gamma(1, 0.1, (20, 30)),
        rng.uniform(0, 1, (20, 30)),
    )
    base[0, 0], slope[1, 1], fvc[2, 2] = np.nan, np.nan, np.nan
    soil = rng.uniform(0.01, 0.05, (20, 30)).astype(np.float32)
    ground = soil * compute_ls(slope, length_m=40.0, level=0.02)
    found = compute_erosion(base, ground, compute_cover_factor(fvc))
    potential = base * soil.astype(np.float64) * compute_ls(slope, length_m=40.0, level=0.02)
    np.testing.assert_allclose(found.potential, potential, rtol=1e-12)
    np.testing.assert_allclose(found.actual, potential * compute_cover_factor(fvc), rtol=1e-12)
    assert np.argwhere(np.isnan(found.potential)).tolist() == [[0, 0], [1, 1]]
    assert np.argwhere(np.isnan(found.actual)).tolist() == [[0, 0], [1, 1], [2, 2]]


def test_a_hectare_by_hand():
    """Slope of 12 degrees, 100 mm a month, the loam above, half covered."""
    erosivity = compute_erosivity(np.full((12, 1), 100.0))
    half = compute_cover_factor(np.array([0.5]))
    ground = 0.043253 * compute_ls(np.tan(np.radians([12.0])))
    found = compute_erosion(erosivity, ground, half)
    potential = 0.1833 * 100**1.9957 * 0.043253 * 3.6158
    assert found.potential[0] == pytest.approx(potential, rel=1e-4)
    assert found.actual[0] == pytest.approx(potential * (0.6508 - 0.3436 * np.log10(50)), rel=1e-4)
