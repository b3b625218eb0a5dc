"""The variance of the Mann-Kendall score S of a series whose values hang together in time.

Values that follow each other alike make S vary more than it does by chance alone, so that a test that takes
them as independent calls too many series a trend. What each correction leaves of that, by length of the
series, is in `tests/unit/indices/test_serial_correlation.py`.
"""

import math

import numpy as np
from numpy.typing import NDArray

from pipeline.compiled import numba

LEAST_PAIRS = 9
"""Fewer pairs of values a lag apart tell no correlation: those of ten values without a gap."""
LAGS = 3
"""Hamed and Rao's correlations are taken up to this lag, as they do with yearly values."""

_TIE = 1e-9
"""Values nearer than this share of their range are tied: the slope leaves rounding in what had ties."""
_MOST_LIKE = 0.95
"""No more correlation from one value to the next: the variance would have no bound."""
_NORMAL_975 = 1.959963984540054


@numba.njit(nogil=True, cache=True)
def vary_by_first_lag(values: NDArray[np.float64], slope: float, variance: float) -> float:
    """Variance of S if what the slope leaves is a process AR(1); NaN where its correlation is not told.

    The variance of independent values times 1 + 2 / (n (n-1) (n-2)) sum (n-i) (n-i-1) (n-i-2) r^i over lags
    i (Hamed and Rao 1998, DOI 10.1016/S0022-1694(97)00125-X). r is that of the ranks at lag 1, freed of the
    bias that it has in short series without their slope, (n r + 2) / (n - 4) (Hamed 2009,
    DOI 10.1016/j.jhydrol.2009.01.040, from knowledge), cut to 0 to 0.95.
    """
    ranks = _rank_without_slope(values, slope)
    length, pairs = len(ranks), _count_pairs(ranks, 1)
    if pairs < LEAST_PAIRS:
        return np.nan
    near = (length * _correlate(ranks, 1) + 2) / (length - 4)
    near = min(max(near, 0.0), _MOST_LIKE)
    factor = 1.0
    for lag in range(1, length - 2):
        factor += _weigh(ranks, lag) * near**lag
    return variance * factor


@numba.njit(nogil=True, cache=True)
def vary_by_significant_lags(values: NDArray[np.float64], slope: float, variance: float) -> float:
    """Variance of S by Hamed and Rao 1998; NaN where a correlation is not told, or none is left.

    As `vary_by_first_lag`, with the correlation of the ranks at each of the first `LAGS` lags by itself,
    where it differs from 0 at the level of 5 %.
    """
    ranks = _rank_without_slope(values, slope)
    length = len(ranks)
    factor = 1.0
    for lag in range(1, min(LAGS, length - 3) + 1):
        pairs = _count_pairs(ranks, lag)
        if pairs < LEAST_PAIRS:
            return np.nan
        alike = _correlate(ranks, lag)
        if abs(alike) > _NORMAL_975 * math.sqrt((length - lag) / (length * pairs)):
            factor += _weigh(ranks, lag) * alike
    return variance * factor if factor > 0 else np.nan


@numba.njit(nogil=True, cache=True)
def vary_by_seasons(values: NDArray[np.float64], cycle: int) -> float:
    """Variance of S over seasons that hang together (Hirsch and Slack 1984, DOI 10.1029/WR020i006p00727).

    Their covariance of seasons g and h, (K + 4 sum R_g R_h - n (n_g+1) (n_h+1)) / 3 (Dietz and Killeen 1981),
    a missing value having the middle rank, adds up over all g and h to
    (sum over i < j of D_ij^2 + sum over i of (sum over j of D_ij)^2) / 3, where D_ij counts the seasons that
    rose from year i to year j, less those that fell. With one season it is that of independent values.
    """
    years = (len(values) + cycle - 1) // cycle
    total = 0.0
    for one in range(years):
        row = 0.0
        for other in range(years):
            rises = _compare_years(values, cycle, one, other)
            row += rises
            total += rises * rises / 2
        total += row * row
    return total / 3


@numba.njit(nogil=True, cache=True)
def _compare_years(values: NDArray[np.float64], cycle: int, one: int, other: int) -> float:
    rises = 0.0
    for season in range(cycle):
        first, second = one * cycle + season, other * cycle + season
        if max(first, second) < len(values):
            rises += (values[second] > values[first]) - 1.0 * (values[second] < values[first])
    return rises


@numba.njit(nogil=True, cache=True)
def _rank_without_slope(values: NDArray[np.float64], slope: float) -> NDArray[np.float64]:
    """Ranks around 0 of what a slope leaves, from the first to the last value; NaN in the gaps."""
    places = np.flatnonzero(np.isfinite(values))
    rest = values[places[0] : places[-1] + 1].copy()
    for step in range(len(rest)):
        rest[step] -= slope * step
    tie = _TIE * (np.nanmax(values) - np.nanmin(values))
    ranks = np.full(len(rest), np.nan)
    for step in range(len(rest)):
        if np.isfinite(rest[step]):
            ranks[step] = (np.sum(rest[step] > rest + tie) - np.sum(rest[step] < rest - tie)) / 2
    return ranks


@numba.njit(nogil=True, cache=True)
def _count_pairs(ranks: NDArray[np.float64], lag: int) -> int:
    """How many pairs of known values lie a lag apart."""
    return int(np.sum(np.isfinite(ranks[lag:] + ranks[:-lag])))


@numba.njit(nogil=True, cache=True)
def _correlate(ranks: NDArray[np.float64], lag: int) -> float:
    """Autocorrelation at a lag, 0 where all is tied; gaps are taken to be like the rest."""
    length, spread = len(ranks), np.nanmean(ranks * ranks)
    if spread == 0:
        return 0.0
    return float(np.nanmean(ranks[lag:] * ranks[:-lag]) / spread * (length - lag) / length)


@numba.njit(nogil=True, cache=True)
def _weigh(ranks: NDArray[np.float64], lag: int) -> float:
    """What correlation at a lag adds to the variance, as a share; less where gaps leave fewer pairs."""
    length, known = len(ranks), np.sum(np.isfinite(ranks))
    far = length - lag
    whole = 2.0 * far * (far - 1) * (far - 2) / (length * (length - 1) * (length - 2))
    return float(whole * _count_pairs(ranks, lag) / far * length / known)
