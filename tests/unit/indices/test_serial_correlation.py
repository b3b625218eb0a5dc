"""What each test of trend makes of values that hang together in time but have no trend."""

import numpy as np
import pytest

from pipeline.indices.trend import FEW, KNOWN, NO_PAIR, SHORT, TESTS, UNTOLD, compute_trend

SERIES = 3000


def alike(periods, coefficient, *, seed=11, missing=0.0, series=SERIES):
    """A process AR(1) without a trend (period, 1, series), some of its values missing."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(periods, 1, series))
    for period in range(1, periods):
        values[period] *= np.sqrt(1 - coefficient**2)
        values[period] += coefficient * values[period - 1]
    values[rng.random(values.shape) < missing] = np.nan
    return values


def false_share(series, test, *, cycle=1):
    """Share of series without a trend that a test calls significant at 0.05, of those it judges."""
    p_value = compute_trend(series, test=test, cycle=cycle).p_value
    return (p_value[np.isfinite(p_value)] < 0.05).mean()


@pytest.mark.parametrize(
    ("coefficient", "without", "with_ar1"), [(0.0, 0.04, 0.03), (0.4, 0.14, 0.07), (0.6, 0.24, 0.10)]
)
def test_of_twelve_years_ar1_leaves_half_of_the_false_trends_or_less(coefficient, without, with_ar1):
    series = alike(12, coefficient)
    assert false_share(series, "mann-kendall") == pytest.approx(without, abs=0.02)
    assert false_share(series, "ar1") == pytest.approx(with_ar1, abs=0.02)


@pytest.mark.parametrize(
    ("coefficient", "without", "with_ar1", "modified"),
    [(0.0, 0.05, 0.04, 0.07), (0.4, 0.18, 0.07, 0.15), (0.6, 0.30, 0.08, 0.17)],
)
def test_of_forty_years_hamed_and_rao_leave_more_than_ar1_but_less_than_no_correction(
    coefficient, without, with_ar1, modified
):
    series = alike(40, coefficient)
    assert false_share(series, "mann-kendall") == pytest.approx(without, abs=0.02)
    assert false_share(series, "ar1") == pytest.approx(with_ar1, abs=0.02)
    assert false_share(series, "hamed-rao") == pytest.approx(modified, abs=0.02)


@pytest.mark.parametrize(
    ("cycle", "coefficient", "without", "modified"),
    [(4, 0.0, 0.05, 0.04), (4, 0.4, 0.17, 0.07), (4, 0.6, 0.28, 0.11), (12, 0.6, 0.28, 0.06)],
)
def test_of_ten_years_of_seasons_hirsch_and_slack_leave_a_third(cycle, coefficient, without, modified):
    series = alike(10 * cycle, coefficient, series=1500)
    assert false_share(series, "mann-kendall", cycle=cycle) == pytest.approx(without, abs=0.03)
    assert false_share(series, "hirsch-slack", cycle=cycle) == pytest.approx(modified, abs=0.02)


def test_gaps_do_not_bring_the_false_trends_back():
    assert false_share(alike(30, 0.6, missing=0.3), "ar1") == pytest.approx(0.09, abs=0.02)
    quarters = alike(48, 0.6, missing=0.3, series=1500)
    assert false_share(quarters, "hirsch-slack", cycle=4) == pytest.approx(0.09, abs=0.02)


@pytest.mark.parametrize(
    ("test", "periods", "cycle"), [("ar1", 20, 1), ("hamed-rao", 40, 1), ("hirsch-slack", 40, 4)]
)
def test_a_planted_trend_is_still_found(test, periods, cycle):
    years = np.arange(periods) // cycle
    series = 0.05 * years[:, None, None] * 10 / (periods / cycle) + 0.1 * alike(periods, 0.4, series=300)
    found = compute_trend(series, test=test, cycle=cycle)
    assert (found.p_value < 0.05).mean() > 0.8
    assert np.median(found.slope) == pytest.approx(0.5 / (periods / cycle), rel=0.1)


@pytest.mark.parametrize(
    ("test", "periods", "cycle"),
    [("hamed-rao", TESTS["hamed-rao"].least - 1, 1), ("hirsch-slack", 36, 4), ("hirsch-slack", 108, 12)],
)
def test_too_short_a_series_has_a_slope_but_no_significance(test, periods, cycle):
    found = compute_trend(alike(periods, 0.4, series=5), test=test, cycle=cycle)
    assert np.isfinite(found.slope).all()
    assert np.isnan([found.z, found.p_value]).all()
    assert (found.state == SHORT).all()


def test_gaps_that_leave_no_neighbours_tell_no_correlation():
    series = alike(40, 0.4, series=2)
    series[1::2, 0, 0] = np.nan
    for test in ("ar1", "hamed-rao"):
        found = compute_trend(series, test=test, least=10)
        assert found.state.ravel().tolist() == [UNTOLD, KNOWN]
        assert np.isnan(found.p_value[0, 0])
        assert np.isfinite(found.slope).all()


@pytest.mark.parametrize("test", TESTS)
def test_what_is_not_known_says_why(test):
    series = np.full((48, 1, 3), np.nan)
    series[:9, 0, 0] = np.arange(9)
    series[:12, 0, 1] = np.arange(12)
    states = compute_trend(series, test=test, cycle=12).state.ravel()
    assert states.tolist() == [FEW, NO_PAIR, FEW]


@pytest.mark.parametrize("test", TESTS)
def test_a_constant_has_no_trend_and_a_steady_rise_has_one_whatever_the_test(test):
    years = np.arange(48.0)[:, None, None]
    still, rising = compute_trend(0 * years + 0.3, test=test), compute_trend(0.01 * years, test=test)
    assert (still.slope[0, 0], still.p_value[0, 0]) == (0, 1)
    assert rising.slope[0, 0] == pytest.approx(0.01)
    assert rising.p_value[0, 0] < 1e-3


def test_one_season_has_no_covariance_with_others():
    series = alike(30, 0.4, series=40).round(1)
    ours = compute_trend(series, test="hirsch-slack")
    np.testing.assert_allclose(ours.z, compute_trend(series).z, rtol=1e-12)
