"""Soil erosion by water by the factors of the RUSLE, those of support practices apart."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.compiled import numba

_TO_SI = 0.1317
"""From K in US units to t ha h / (ha MJ mm)."""
_WHOLE_SOIL = 90.0, 110.0
"""Per cent within which sand, silt and clay add up; predictions of the three by themselves do not quite."""
_LEAST_COVER, _FULL_COVER = 0.1, 78.3


@dataclass(frozen=True)
class Erosion:
    """Soil erosion (y, x), t/ha/a: without plants, and under those that grow; NaN where unknown."""

    potential: NDArray[np.float64]
    actual: NDArray[np.float64]


def compute_erosivity(rain: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """R of a year, MJ mm / (ha h a), from the rain of its months (month, ...), mm.

    R = 0.1833 F^1.9957, F the sum of squares of the months over their sum (Zhang and Fu 2003). No rain at all
    is 0; NaN where a month is.
    """
    total = rain.sum(axis=0)
    squares = (rain.astype(np.float64) ** 2).sum(axis=0)
    index = np.divide(squares, total, out=np.zeros(total.shape), where=total != 0)
    return np.asarray(0.1833 * index**1.9957, dtype=np.float64)


def compute_erodibility(
    sand: NDArray[np.floating[Any]],
    silt: NDArray[np.floating[Any]],
    clay: NDArray[np.floating[Any]],
    organic_carbon: NDArray[np.floating[Any]],
) -> NDArray[np.float64]:
    """K of a soil, t ha h / (ha MJ mm), from per cent of weight of its parts and of organic carbon.

    EPIC (Williams 1990) x 0.1317. NaN where a part is unknown, where sand, silt and clay are not a whole, and
    of pure sand, of which the formula says nothing.
    """
    factor = np.empty(sand.shape)
    parts = [np.ravel(part).astype(np.float64) for part in (sand, silt, clay, organic_carbon)]
    _fill_erodibility(parts[0], parts[1], parts[2], parts[3], factor.reshape(-1))
    return factor


def compute_cover_factor(fvc: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """C of fractional vegetation cover (0 to 1): 1 without plants, 0 from 78.3 % on; NaN where it is.

    C = 0.6508 - 0.3436 lg f of f in per cent above 0.1 (Cai Chongfa 2000).
    """
    factor = np.empty(fvc.shape)
    _fill_cover_factor(np.ravel(fvc).astype(np.float64), factor.reshape(-1))
    return factor


def compute_erosion(
    erosivity: NDArray[np.floating[Any]],
    susceptibility: NDArray[np.floating[Any]],
    cover_factor: NDArray[np.float64],
) -> Erosion:
    """Erosion of R, K LS and C: R K LS, and that times C."""
    potential = np.asarray(erosivity * susceptibility, dtype=np.float64)
    return Erosion(potential, potential * cover_factor)


@numba.njit(nogil=True, cache=True)
def find_cover_factor(fvc: float) -> float:
    """C of one fraction of cover, as `compute_cover_factor` has it."""
    percent = 100.0 * fvc
    if percent <= _LEAST_COVER:
        return 1.0
    if percent >= _FULL_COVER:
        return 0.0
    return 0.6508 - 0.3436 * math.log10(percent)


@numba.njit(nogil=True, cache=True)
def find_erodibility(sand: float, silt: float, clay: float, carbon: float) -> float:
    """K of one soil, as `compute_erodibility` has it."""
    whole, fine, coarse = sand + silt + clay, silt + clay, 1.0 - sand / 100.0
    if not (_WHOLE_SOIL[0] <= whole <= _WHOLE_SOIL[1]) or fine <= 0.0 or np.isnan(carbon):
        return np.nan
    by_sand = 0.2 + 0.3 * math.exp(-0.0256 * sand * (1.0 - silt / 100.0))
    by_silt = (silt / fine) ** 0.3
    by_carbon = 1.0 - 0.25 * carbon / (carbon + math.exp(3.72 - 2.95 * carbon))
    by_much_sand = 1.0 - 0.7 * coarse / (coarse + math.exp(-5.51 + 22.9 * coarse))
    return float(_TO_SI * by_sand * by_silt * by_carbon * by_much_sand)


@numba.njit(nogil=True, cache=True)
def _fill_erodibility(
    sand: NDArray[np.float64],
    silt: NDArray[np.float64],
    clay: NDArray[np.float64],
    carbon: NDArray[np.float64],
    factor: NDArray[np.float64],
) -> None:
    for place in range(len(factor)):
        factor[place] = find_erodibility(sand[place], silt[place], clay[place], carbon[place])


@numba.njit(nogil=True, cache=True)
def _fill_cover_factor(fvc: NDArray[np.float64], factor: NDArray[np.float64]) -> None:
    for place in range(len(fvc)):
        factor[place] = find_cover_factor(fvc[place])
