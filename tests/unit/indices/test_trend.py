"""Trend of every pixel over periods."""

import numpy as np
import pytest

from pipeline.indices.trend import LEAST_OBSERVATIONS, TESTS, compute_trend


def column(values):
    return np.asarray(values, dtype=float)[:, None, None]


def only(found):
    return float(found.slope[0, 0]), float(found.z[0, 0]), float(found.p_value[0, 0])


def test_a_planted_slope_is_found_under_outliers_and_gaps():
    years = np.arange(24)
    slopes = np.array([[0.01, -0.02], [0.0, 0.3]])
    series = 0.4 + years[:, None, None] * slopes
    series[[3, 11, 19]] += np.array([5.0, -7.0, 9.0])[:, None, None]
    series[[0, 7, 8, 22]] = np.nan
    found = compute_trend(series)
    np.testing.assert_allclose(found.slope, slopes, atol=1e-12)
    assert (found.count == 20).all()
    assert (np.sign(found.z) == [[1, -1], [np.sign(found.z[1, 0]), 1]]).all()
    assert (found.p_value[[0, 0, 1], [0, 1, 1]] < 0.01).all()
    assert found.p_value[1, 0] > 0.05


def test_the_figures_of_a_series_worked_by_hand():
    """Of 45 pairs one falls and one is tied: S = 42; Var(S) = (10*9*25 - 2*1*9) / 18."""
    _, z, p_value = only(compute_trend(column([1, 2, 4, 3, 5, 6, 6, 7, 8, 9])))
    assert z == pytest.approx((42 - 1) / np.sqrt((10 * 9 * 25 - 2 * 1 * 9) / 18))
    assert p_value == pytest.approx(2.315e-4, rel=1e-3)


def test_too_few_observations_have_no_trend_and_their_number_is_told():
    values = np.arange(12.0)
    values[[0, 4]] = np.nan
    enough = compute_trend(column(values))
    values[5] = np.inf
    found = compute_trend(column(values))
    assert enough.count[0, 0] == LEAST_OBSERVATIONS
    assert np.isfinite(only(enough)).all()
    assert found.count[0, 0] == LEAST_OBSERVATIONS - 1
    assert np.isnan(only(found)).all()


@pytest.mark.parametrize("test", TESTS)
@pytest.mark.parametrize("periods", [1, 2, LEAST_OBSERVATIONS - 1])
def test_so_short_a_series_is_told_as_a_longer_one_with_as_few_observations(test, periods):
    series = np.random.default_rng(periods).normal(size=(periods, 4, 5))
    series[0, 0, :3] = np.nan, np.inf, -np.inf
    longer = np.concatenate([series, np.full((LEAST_OBSERVATIONS, 4, 5), np.nan)])
    short, whole = compute_trend(series, test=test), compute_trend(longer, test=test)
    for name in ("slope", "z", "p_value", "count", "state"):
        found, expected = getattr(short, name), getattr(whole, name)
        assert found.dtype == expected.dtype
        assert np.array_equal(found, expected, equal_nan=found.dtype.kind == "f")


def test_no_two_observations_of_one_season_have_no_trend():
    found = compute_trend(column(np.arange(12.0)), cycle=12)
    assert found.count[0, 0] == 12
    assert np.isnan(only(found)).all()


def test_values_that_never_change_have_no_trend_for_certain():
    assert only(compute_trend(column(np.full(15, 0.3)))) == (0.0, 0.0, 1.0)


def test_the_course_of_the_year_is_no_trend_and_the_slope_is_that_of_a_year():
    months = np.arange(60)
    course = np.sin(2 * np.pi * months / 12)
    steady = compute_trend(column(course.round(9)), cycle=12)
    rising = compute_trend(column(course + 0.03 * (months // 12)), cycle=12)
    assert only(steady) == (0.0, 0.0, 1.0)
    assert rising.slope[0, 0] == pytest.approx(0.03)
    assert rising.p_value[0, 0] < 1e-6


def test_single_precision_and_any_memory_layout_give_the_same_trend():
    rng = np.random.default_rng(3)
    series = rng.normal(size=(14, 3, 4)).astype(np.float32)
    whole = compute_trend(series)
    swapped = compute_trend(np.asfortranarray(series.astype(np.float64)))
    for name in ("slope", "z", "p_value", "count"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(swapped, name))


def test_chance_alone_is_called_significant_as_often_as_the_level_says():
    series = np.random.default_rng(5).normal(size=(24, 80, 100))
    assert (compute_trend(series).p_value < 0.05).mean() == pytest.approx(0.05, abs=0.01)
