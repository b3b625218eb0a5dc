"""Theil-Sen slope and Mann-Kendall test against pymannkendall, over ties, gaps and seasons."""

import numpy as np
import pymannkendall
import pytest

from pipeline.indices.serial_correlation import LAGS
from pipeline.indices.trend import compute_trend


def planted(periods, *, step, missing, seed, rows=6, cols=5):
    """Noise and a slope in steps of `step`, so that coarse steps give ties; some values are missing."""
    rng = np.random.default_rng(seed)
    slopes = rng.choice([0.0, 0.02, -0.05], (rows, cols))
    series = np.arange(periods)[:, None, None] * slopes + rng.normal(0, 0.3, (periods, rows, cols))
    series = np.round(series / step) * step
    series[rng.random(series.shape) < missing] = np.nan
    series[:, 0, 0] = step
    return series


def compared(series, found, theirs, least):
    for row, col in np.ndindex(series.shape[1:]):
        column = series[:, row, col]
        known = int(np.isfinite(column).sum())
        assert found.count[row, col] == known
        if known < least:
            assert np.isnan([found.slope[row, col], found.z[row, col], found.p_value[row, col]]).all()
            continue
        expected = theirs(column)
        assert found.slope[row, col] == pytest.approx(expected.slope, rel=1e-12, abs=1e-12)
        assert found.z[row, col] == pytest.approx(expected.z, rel=1e-12, abs=1e-12)
        assert found.p_value[row, col] == pytest.approx(expected.p, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("periods", [2, 3, 10, 24, 41])
@pytest.mark.parametrize(("step", "missing"), [(1e-4, 0.0), (0.1, 0.0), (0.4, 0.3)])
def test_the_original_test_is_that_of_pymannkendall(periods, step, missing):
    series = planted(periods, step=step, missing=missing, seed=periods)
    compared(series, compute_trend(series, least=2), pymannkendall.original_test, 2)


@pytest.mark.parametrize(("periods", "cycle"), [(16, 4), (36, 12), (31, 4), (50, 12)])
@pytest.mark.parametrize(("step", "missing"), [(1e-4, 0.0), (0.2, 0.2)])
def test_the_seasonal_test_is_that_of_pymannkendall(periods, cycle, step, missing):
    series = planted(periods, step=step, missing=missing, seed=periods + cycle)
    series += np.sin(2 * np.pi * np.arange(periods) / cycle).round(1)[:, None, None]

    def theirs(column):
        return pymannkendall.seasonal_test(column, period=cycle)

    compared(series, compute_trend(series, cycle=cycle), theirs, 10)


def correlated(periods, seed):
    """Noise that hangs together, with slopes; an even number of pairs, so that their median ties none."""
    rng = np.random.default_rng(seed)
    series = rng.normal(0, 0.3, (periods, 6, 5))
    for period in range(1, periods):
        series[period] += 0.5 * series[period - 1]
    return series + np.arange(periods)[:, None, None] * rng.choice([0.0, 0.02, -0.05], (6, 5))


@pytest.mark.parametrize("periods", [16, 24, 40, 61])
def test_the_modification_of_hamed_and_rao_is_that_of_pymannkendall(periods):
    series = correlated(periods, periods)
    found = compute_trend(series, test="hamed-rao", least=10)
    for row, col in np.ndindex(6, 5):
        with np.errstate(invalid="ignore"):
            expected = pymannkendall.hamed_rao_modification_test(series[:, row, col], lag=LAGS)
        assert found.z[row, col] == pytest.approx(expected.z, rel=1e-9, nan_ok=True)
        assert found.p_value[row, col] == pytest.approx(expected.p, rel=1e-7, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize(("years", "cycle"), [(10, 4), (12, 12), (15, 2)])
def test_the_covariance_of_seasons_is_that_of_pymannkendall_but_for_the_correction_for_continuity(
    years, cycle
):
    series = correlated(years * cycle, cycle).round(1)
    found = compute_trend(series, test="hirsch-slack", cycle=cycle)
    for row, col in np.ndindex(6, 5):
        expected = pymannkendall.correlated_seasonal_test(series[:, row, col], period=cycle)
        nearer = expected.s - np.sign(expected.s)
        assert found.z[row, col] == pytest.approx(nearer / np.sqrt(expected.var_s), rel=1e-9)
        assert found.slope[row, col] == pytest.approx(expected.slope, rel=1e-9, abs=1e-12)
