"""Slope of the ground, and what it adds to erosion: the factor LS of the RUSLE."""

import math

import numpy as np
from numpy.typing import NDArray

from pipeline.compiled import numba

_GENTLE, _STEEP = math.tan(math.radians(5.1428)), math.tan(math.radians(14.0362))
"""Tangents of the slopes between which another formula of S holds."""
_STANDARD_LENGTH_M = 22.13
_LEVEL = 0.03
"""LS of level ground."""


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
    factor = np.empty(slope.shape)
    _fill_ls(slope.ravel(), length_m, level, factor.reshape(-1))
    return factor


@numba.njit(nogil=True, cache=True)
def find_ls(slope: float, length_m: float, level: float) -> float:
    """The factor LS of one slope, as `compute_ls` has it."""
    if np.isnan(slope):
        return np.nan
    steepness = slope if slope >= level else 0.0
    if steepness == 0.0:
        return _LEVEL
    sine = steepness / math.sqrt(1.0 + steepness * steepness)
    ratio = (sine / 0.0896) / (3.0 * math.exp(0.8 * math.log(sine)) + 0.56)
    length = math.exp(math.log(length_m / _STANDARD_LENGTH_M) * (ratio / (1.0 + ratio)))
    if steepness < _GENTLE:
        return float(length * (10.8 * sine + 0.03))
    if steepness < _STEEP:
        return float(length * (16.8 * sine - 0.5))
    return float(length * (21.91 * sine - 0.96))


@numba.njit(nogil=True, cache=True)
def _fill_ls(slope: NDArray[np.float64], length_m: float, level: float, factor: NDArray[np.float64]) -> None:
    for place in range(len(slope)):
        factor[place] = find_ls(slope[place], length_m, level)


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
