"""Theil-Sen slope and Mann-Kendall test against pymannkendall, over ties, gaps and seasons."""

import numpy as np
import pymannkendall
import pytest

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
