"""Slope of the ground, and what it adds to erosion: the factor LS of the RUSLE."""

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

from pipeline.compiled import numba

_GENTLE, _STEEP = math.tan(math.radians(5.1428)), math.tan(math.radians(14.0362))
"""Tangents of the slopes between which another formula of S holds."""
_STANDARD_LENGTH_M = 22.13
_LEVEL = 0.03
"""LS of level ground."""
_STEP_BITS = 44
"""Bits of a slope below those that number its step: 256 steps from one power of two to the next."""
_FIRST_STEP, _LAST_STEP = (int(np.float64(end).view(np.int64)) >> _STEP_BITS for end in (2.0**-10, 16.0))


def compute_slope(elevation: NDArray[np.float64], pixel_m: float, reach: int) -> NDArray[np.float64]:
    """Slope (y, x) as rise over run, of elevation in m with `reach` more pixels on every side.

    Differences across three by three points that lie `reach` pixels apart, the middle ones doubled (Horn
    1981, Proceedings of the IEEE 69). `reach` is the pixel of the elevation over that of the grid, so that
    what was interpolated between its pixels makes no steps. NaN where one of the points is unknown.
    """
    slope = np.empty((elevation.shape[0] - 2 * reach, elevation.shape[1] - 2 * reach))
    _fill_slope(elevation, 8 * reach * pixel_m, reach, slope)
    return slope


def compute_ls(
    slope: NDArray[np.float64], *, length_m: float = 30.0, level: float = 0.01
) -> NDArray[np.float64]:
    """The factor LS of slopes (rise over run), 1; those below `level` count as level, where it is 0.03.

    L = (length / 22.13)^m, m = b / (1 + b), b = (sin t / 0.0896) / (3 sin t^0.8 + 0.56); S = 10.8 sin t +
    0.03 below 5.14 degrees, 16.8 sin t - 0.5 up to 14.04, then 21.91 sin t - 0.96 (Foster, McCool, Liu; as
    in ChinaXiv 201911.00021). NaN where the slope is.
    """
    factor, slopes = np.empty(slope.shape), slope.ravel()
    table = _tabulate_length_factor(length_m)
    _fill_ls(slopes, slopes.view(np.int64), table, length_m, level, factor.reshape(-1))
    return factor


@cache
def _tabulate_length_factor(length_m: float) -> NDArray[np.float64]:
    """Start and cubic of L in each step of slope (step, 5), within 1e-12 of the formula."""
    edges = (np.arange(_FIRST_STEP, _LAST_STEP + 1) << _STEP_BITS).view(np.float64)
    steps = np.diff(edges)
    places = np.linspace(0, 1, 4)
    slopes = edges[:-1, None] + steps[:, None] * places
    values = np.vectorize(_find_length_factor)(slopes, length_m)
    cubics = np.linalg.solve(np.vander(places, increasing=True), values.T) / steps ** np.arange(4)[:, None]
    return np.ascontiguousarray(np.vstack([edges[:-1], cubics]).T)


@numba.njit(nogil=True, cache=True)
def _find_length_factor(slope: float, length_m: float) -> float:
    sine = slope / math.sqrt(1.0 + slope * slope)
    ratio = (sine / 0.0896) / (3.0 * sine**0.8 + 0.56)
    return float((length_m / _STANDARD_LENGTH_M) ** (ratio / (1.0 + ratio)))


@numba.njit(nogil=True, cache=True)
def _find_steepness_factor(slope: float) -> float:
    sine = slope / math.sqrt(1.0 + slope * slope)
    if slope < _GENTLE:
        return 10.8 * sine + 0.03
    return 16.8 * sine - 0.5 if slope < _STEEP else 21.91 * sine - 0.96


@numba.njit(nogil=True, cache=True)
def _fill_ls(
    slope: NDArray[np.float64],
    bits: NDArray[np.int64],
    table: NDArray[np.float64],
    length_m: float,
    level: float,
    factor: NDArray[np.float64],
) -> None:
    """Put LS; the upper bits of a slope, `bits` as a whole number, say its step in the `table` of L."""
    for place in range(len(slope)):
        steepness = slope[place]
        if np.isnan(steepness):
            factor[place] = np.nan
            continue
        if steepness < level or steepness == 0.0:
            factor[place] = _LEVEL
            continue
        step = (bits[place] >> _STEP_BITS) - _FIRST_STEP
        if 0 <= step < len(table):
            above = steepness - table[step, 0]
            cubic = table[step, 3] + above * table[step, 4]
            length = table[step, 1] + above * (table[step, 2] + above * cubic)
        else:
            length = _find_length_factor(steepness, length_m)
        factor[place] = length * _find_steepness_factor(steepness)


@numba.njit(nogil=True, cache=True)
def _fill_slope(elevation: NDArray[np.float64], run_m: float, reach: int, slope: NDArray[np.float64]) -> None:
    """Put the slopes of all points that have `reach` pixels around them; `run_m` divides weighted rises."""
    twice = 2 * reach
    for y in range(slope.shape[0]):
        for x in range(slope.shape[1]):
            above, beside, below = elevation[y], elevation[y + reach], elevation[y + twice]
            left = above[x] + 2.0 * beside[x] + below[x]
            right = above[x + twice] + 2.0 * beside[x + twice] + below[x + twice]
            up = above[x] + 2.0 * above[x + reach] + above[x + twice]
            down = below[x] + 2.0 * below[x + reach] + below[x + twice]
            slope[y, x] = np.sqrt((right - left) ** 2 + (down - up) ** 2) / run_m
