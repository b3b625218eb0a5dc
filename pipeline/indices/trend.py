"""Trend of every pixel over periods: Theil-Sen slope and Mann-Kendall significance, seasons kept apart."""

import math
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

LEAST_OBSERVATIONS = 10
"""From here on the normal approximation of S holds with the continuity correction (Kendall 1975; Hirsch,
Slack and Smith 1982, DOI 10.1029/WR018i001p00107)."""


@dataclass(frozen=True)
class Trend:
    """Trends (y, x), NaN where the observations are too few.

    `slope` is the change of the value in one cycle (a year), `z` the standardised Mann-Kendall score, its
    sign that of the trend, `p_value` the two-sided probability of such a score without a trend, `count`
    the number of observations.
    """

    slope: NDArray[np.float64]
    z: NDArray[np.float64]
    p_value: NDArray[np.float64]
    count: NDArray[np.uint16]


def compute_trend(
    series: NDArray[np.floating[Any]], *, cycle: int = 1, least: int = LEAST_OBSERVATIONS
) -> Trend:
    """Trend over equally spaced periods (period, y, x); what is not finite is no observation.

    `cycle` is the number of periods in a year: only values of the same season are compared, so that the
    course of the year is no trend (Hirsch, Slack and Smith 1982). With 1 it is the original test (Mann 1945,
    Kendall 1975). The variance of S is corrected for ties, S for continuity; slope: Sen 1968,
    DOI 10.1080/01621459.1968.10480934, the median over the pairs, gaps keeping their length. Fewer than
    `least` observations, or no two of one season, give NaN.
    """
    unknown = np.full((3, *series.shape[1:]), np.nan)
    found = Trend(unknown[0], unknown[1], unknown[2], np.zeros(series.shape[1:], dtype=np.uint16))
    _fill_trends(series, cycle, least, found.slope, found.z, found.p_value, found.count)
    return found


@numba.njit(nogil=True, cache=True)
def _fill_trends(
    series: NDArray[np.floating[Any]],
    cycle: int,
    least: int,
    slope: NDArray[np.float64],
    z: NDArray[np.float64],
    p_value: NDArray[np.float64],
    count: NDArray[np.uint16],
) -> None:
    periods, height, width = series.shape
    values = np.empty(periods)
    slopes = np.empty(periods * periods // 2)
    mates, equals = np.empty(periods, dtype=np.int64), np.empty(periods, dtype=np.int64)
    for y in range(height):
        for x in range(width):
            known = 0
            for period in range(periods):
                values[period] = series[period, y, x]
                known += np.isfinite(values[period])
            count[y, x] = known
            if known < least:
                continue
            score, pairs = _compare_pairs(values, cycle, slopes, mates, equals)
            if pairs:
                slope[y, x] = np.median(slopes[:pairs])
                z[y, x] = _standardise(score, mates, equals)
                p_value[y, x] = math.erfc(abs(z[y, x]) / math.sqrt(2.0))


@numba.njit(nogil=True, cache=True)
def _compare_pairs(
    values: NDArray[np.float64],
    cycle: int,
    slopes: NDArray[np.float64],
    mates: NDArray[np.int64],
    equals: NDArray[np.int64],
) -> tuple[int, int]:
    """Score S and the number of pairs; fills their slopes.

    `mates` and `equals` count, for each value, those of its season and those equal to it, itself included.
    """
    mates[:] = 1
    equals[:] = 1
    score, pairs = 0, 0
    for early in range(len(values)):
        if not np.isfinite(values[early]):
            continue
        for late in range(early + cycle, len(values), cycle):
            if not np.isfinite(values[late]):
                continue
            rise = values[late] - values[early]
            slopes[pairs] = rise / ((late - early) // cycle)
            pairs += 1
            score += (rise > 0) - (rise < 0)
            mates[early] += 1
            mates[late] += 1
            if rise == 0:
                equals[early] += 1
                equals[late] += 1
    return score, pairs


@numba.njit(nogil=True, cache=True)
def _standardise(score: int, mates: NDArray[np.int64], equals: NDArray[np.int64]) -> float:
    """S, one nearer to 0, over its standard deviation; 0 where all values are tied.

    Var(S) = (sum n(n-1)(2n+5) over seasons - sum t(t-1)(2t+5) over groups of ties) / 18, here summed over
    the values, of which each stands for 1/n of its season and 1/t of its group.
    """
    spread = (mates - 1) * (2 * mates + 5) - (equals - 1) * (2 * equals + 5)
    if score == 0:
        return 0.0
    nearer = score - 1 if score > 0 else score + 1
    return nearer / math.sqrt(spread.sum() / 18)
