"""Trend of every pixel over periods: Theil-Sen slope and Mann-Kendall significance, seasons kept apart."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.compiled import numba
from pipeline.indices import serial_correlation

LEAST_OBSERVATIONS = 10
"""From here on the normal approximation of S holds with the continuity correction (Kendall 1975; Hirsch,
Slack and Smith 1982, DOI 10.1029/WR018i001p00107)."""

_ALONE, _FIRST_LAG, _LAGS, _SEASONS = range(4)

KNOWN, FEW, NO_PAIR, SHORT, UNTOLD = range(5)
"""What is known of a trend: all; nothing, of too few observations, or of no two of one season; the slope
alone, of too few observations for the test, or of such that do not tell their serial correlation."""


@dataclass(frozen=True)
class TrendTest:
    """A test of trend: its `number` in the kernel, its name in words, the observations and years it needs."""

    number: int
    words: str
    least: int = LEAST_OBSERVATIONS
    least_years: int = 1

    @property
    def needs(self) -> tuple[str, str]:
        """What it needs in Chinese and in English."""
        if self.least_years > 1:
            return f"{self.least_years} 年", f"{self.least_years} years"
        return f"{self.least} 个时段", f"{self.least} periods"


TESTS: Mapping[str, TrendTest] = MappingProxyType(
    {
        "mann-kendall": TrendTest(_ALONE, "Mann-Kendall，未校正自相关 serial correlation not corrected"),
        "ar1": TrendTest(_FIRST_LAG, "Mann-Kendall，按 AR(1) 校正方差 variance corrected for AR(1)"),
        "hamed-rao": TrendTest(_LAGS, "Mann-Kendall，Hamed–Rao 1998 方差修正 variance corrected", least=40),
        "hirsch-slack": TrendTest(
            _SEASONS, "Mann-Kendall，Hirsch–Slack 1984 季节协方差 covariance of seasons", least_years=10
        ),
    }
)
"""The tests by the name that the config has for them. Below forty values Hamed and Rao's leaves about as many
false trends as there are without it; Hirsch and Slack's is not for short records (from their abstract)."""


@dataclass(frozen=True)
class Trend:
    """Trends (y, x), NaN where they are not known, `state` saying why: one of the five above.

    `slope` is the change of the value in one cycle (a year), `z` the standardised Mann-Kendall score, its
    sign that of the trend, `p_value` the two-sided probability of such a score without a trend, `count`
    the number of observations.
    """

    slope: NDArray[np.float64]
    z: NDArray[np.float64]
    p_value: NDArray[np.float64]
    count: NDArray[np.uint16]
    state: NDArray[np.uint8]


def compute_trend(
    series: NDArray[np.floating[Any]],
    *,
    cycle: int = 1,
    test: str = "mann-kendall",
    least: int | None = None,
) -> Trend:
    """Trend over equally spaced periods (period, y, x); what is not finite is no observation.

    `cycle` is the number of periods in a year: only values of the same season are compared, so that the
    course of the year is no trend (Hirsch, Slack and Smith 1982). With 1 it is the original test (Mann 1945,
    Kendall 1975). The variance of S is corrected for ties, and for serial correlation as the `test` of TESTS
    says; S for continuity; slope: Sen 1968, DOI 10.1080/01621459.1968.10480934, the median over the pairs,
    gaps keeping their length. Fewer than LEAST_OBSERVATIONS, or no two of one season, give NaN; fewer than
    the test needs give a slope alone. `least` stands for both numbers, without a least number of years.
    """
    chosen, shape = TESTS[test], series.shape[1:]
    needs = (LEAST_OBSERVATIONS, chosen.least, chosen.least_years) if least is None else (least, least, 1)
    figures = np.full((3, *shape), np.nan)
    if len(series) < needs[0]:  # of so short a series nothing is told, and no kernel compiled
        counts = np.isfinite(series).sum(axis=0, dtype=np.uint16)
        return Trend(figures[0], figures[1], figures[2], counts, np.full(shape, FEW, dtype=np.uint8))
    counts = np.zeros(shape, dtype=np.uint16)
    states = np.zeros(shape, dtype=np.uint8)
    _fill_trends(series, cycle, chosen.number, needs, figures, counts, states)
    return Trend(figures[0], figures[1], figures[2], counts, states)


def find_discovery_limit(count: Callable[[float], int], tests: int, *, rate: float) -> float:
    """The p-value up to which trends count, so that at most a share `rate` of them is false on the average.

    `count` tells how many of the `tests` p-values are not above a limit. Benjamini and Hochberg 1995 (DOI
    10.1111/j.2517-6161.1995.tb02031.x): the greatest limit that is not above `rate` times the share of the
    p-values up to it. It holds for maps whose neighbours are alike (Wilks 2016,
    DOI 10.1175/BAMS-D-15-00267.1).
    """
    found = tests
    while True:
        limit = rate * found / tests if tests else 0.0
        before, found = found, count(limit)
        if found == before or not tests:
            return limit


@numba.njit(nogil=True, cache=True)
def _fill_trends(
    series: NDArray[np.floating[Any]],
    cycle: int,
    test: int,
    needs: tuple[int, int, int],
    figures: NDArray[np.float64],
    count: NDArray[np.uint16],
    state: NDArray[np.uint8],
) -> None:
    periods, height, width = series.shape
    slope, z, p_value = figures[0], figures[1], figures[2]
    values = np.empty(periods)
    slopes = np.empty(periods * periods // 2)
    mates, equals = np.empty(periods, dtype=np.int64), np.empty(periods, dtype=np.int64)
    for y in range(height):
        for x in range(width):
            known = 0
            for period in range(periods):
                value = series[period, y, x]
                values[period] = value if np.isfinite(value) else np.nan
                known += np.isfinite(value)
            count[y, x] = known
            slope[y, x], z[y, x], state[y, x] = _fit(values, known, cycle, test, needs, slopes, mates, equals)
            p_value[y, x] = math.erfc(abs(z[y, x]) / math.sqrt(2.0))


@numba.njit(nogil=True, cache=True)
def _fit(
    values: NDArray[np.float64],
    known: int,
    cycle: int,
    test: int,
    needs: tuple[int, int, int],
    slopes: NDArray[np.float64],
    mates: NDArray[np.int64],
    equals: NDArray[np.int64],
) -> tuple[float, float, int]:
    """Slope, z and state of a series with so many known values, given room for its pairs."""
    if known < needs[0]:
        return np.nan, np.nan, FEW
    score, pairs = _compare_pairs(values, cycle, slopes, mates, equals)
    if not pairs:
        return np.nan, np.nan, NO_PAIR
    slope = np.median(slopes[:pairs])
    if known < needs[1] or (needs[2] > 1 and _count_years(values, cycle) < needs[2]):
        return slope, np.nan, SHORT
    variance = _vary(test, values, cycle, slope, mates, equals)
    if np.isnan(variance):
        return slope, np.nan, UNTOLD
    return slope, _standardise(score, variance), KNOWN


@numba.njit(nogil=True, cache=True)
def _count_years(values: NDArray[np.float64], cycle: int) -> int:
    """The years of which anything is known."""
    years = 0
    for first in range(0, len(values), cycle):
        years += int(np.isfinite(values[first : first + cycle]).any())
    return years


@numba.njit(nogil=True, cache=True)
def _vary(
    test: int,
    values: NDArray[np.float64],
    cycle: int,
    slope: float,
    mates: NDArray[np.int64],
    equals: NDArray[np.int64],
) -> float:
    """Variance of S as a test has it; NaN where it cannot be told."""
    if test == _SEASONS:
        return serial_correlation.vary_by_seasons(values, cycle)
    variance = _vary_alone(mates, equals)
    if test == _FIRST_LAG:
        return serial_correlation.vary_by_first_lag(values, slope, variance)
    if test == _LAGS:
        return serial_correlation.vary_by_significant_lags(values, slope, variance)
    return variance


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
def _vary_alone(mates: NDArray[np.int64], equals: NDArray[np.int64]) -> float:
    """Variance of S of independent values.

    Var(S) = (sum n(n-1)(2n+5) over seasons - sum t(t-1)(2t+5) over groups of ties) / 18, here summed over
    the values, of which each stands for 1/n of its season and 1/t of its group.
    """
    spread = (mates - 1) * (2 * mates + 5) - (equals - 1) * (2 * equals + 5)
    return float(spread.sum() / 18)


@numba.njit(nogil=True, cache=True)
def _standardise(score: int, variance: float) -> float:
    """S, one nearer to 0, over its standard deviation; 0 where all values are tied."""
    if score == 0:
        return 0.0
    nearer = score - 1 if score > 0 else score + 1
    return nearer / math.sqrt(variance)
