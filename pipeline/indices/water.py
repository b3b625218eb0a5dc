"""Water over the dates of a period: how often a pixel is wet, what always is, what only sometimes."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pipeline.compiled import numba
from pipeline.contracts import REFLECTANCE_NODATA, REFLECTANCE_SCALE
from pipeline.indices.dark_water import (
    DARK,
    LEAST_MNDWI_STEPS,
    LEAST_STEPS,
    UNTOLD,
    WATER,
    Steps,
    is_known,
    tell_water,
)
from pipeline.legends import INUNDATION, NODATA_CLASS

BANDS = ("green", "nir", "red", "swir16")


def count_wet_looks(
    stacks: Mapping[str, NDArray[np.int16]], *, water_mndwi: float, vegetation_ndvi: float
) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    """How many looks at each pixel saw water, and how many saw at all.

    `stacks` hold the `BANDS` (date, y, x) as int16 with scale 1e-4 and nodata -32768. A look is wet by the
    rule of the land cover: MNDWI at least `water_mndwi` and NDVI below `vegetation_ndvi` (Xu 2006,
    DOI 10.1080/01431160600589179), or too dark for them (`pipeline.indices.dark_water`). A look that lacks a
    band, or that no rule can judge, saw nothing.
    """
    shape = stacks["green"].shape[1:]
    wet, seen = np.zeros(shape, dtype=np.uint16), np.zeros(shape, dtype=np.uint16)
    bands = [stacks[band] for band in BANDS]
    cuts, least = (water_mndwi, vegetation_ndvi, DARK), (LEAST_STEPS, LEAST_MNDWI_STEPS)
    _count(bands[0], bands[1], bands[2], bands[3], cuts, least, wet, seen)
    return wet, seen


def compute_frequency(
    wet: NDArray[np.uint16], seen: NDArray[np.uint16], *, least: int
) -> NDArray[np.float64]:
    """Share of the looks that saw water, 0 to 1; NaN where fewer than `least` saw at all."""
    share: NDArray[np.float64] = np.divide(
        wet, seen, out=np.full(wet.shape, np.nan), where=seen >= max(least, 1)
    )
    return share


def classify_inundation(share: NDArray[np.float64], *, seldom: float, mostly: float) -> NDArray[np.uint8]:
    """Codes of legends.INUNDATION from the share of wet looks; 255 where it is NaN.

    Permanent water is wet in at least `mostly` of its looks, the zone between low and high water (tidal flat,
    消落带) in at least `seldom`, dry land in fewer. So permanent water is the extent at low water, and both
    together that at high water, as far as the looks happened to see them.
    """
    permanent, between, dry = (np.uint8(INUNDATION.code(key)) for key in ("permanent", "fluctuating", "dry"))
    wet = np.where(share >= mostly, permanent, np.where(share >= seldom, between, dry))
    return np.where(np.isnan(share), np.uint8(NODATA_CLASS), wet)


@numba.njit(nogil=True, cache=True, error_model="numpy")
def _count(
    green: NDArray[np.int16],
    nir: NDArray[np.int16],
    red: NDArray[np.int16],
    swir: NDArray[np.int16],
    cuts: tuple[float, float, float],
    least: tuple[int, int],
    wet: NDArray[np.uint16],
    seen: NDArray[np.uint16],
) -> None:
    dates, height, width = green.shape
    for date in range(dates):
        for y in range(height):
            dark = np.int32(0)
            for x in range(width):
                g, s = np.int32(green[date, y, x]), np.int32(swir[date, y, x])
                n, r = np.int32(nir[date, y, x]), np.int32(red[date, y, x])
                lit = is_known(n, r, least[0]) & is_known(g, s, least[1])
                moist, bare = (g - s) / (g + s) >= cuts[0], (n - r) / (n + r) < cuts[1]
                seen[y, x] += np.uint16(lit)
                wet[y, x] += np.uint16(lit & moist & bare)
                dark += np.int32(not lit)
            for x in range(width if dark else 0):
                values = green[date, y, x], swir[date, y, x], nir[date, y, x], red[date, y, x]
                state = _judge_dark(values, cuts, least)
                seen[y, x] += np.uint16(state != UNTOLD)
                wet[y, x] += np.uint16(state == WATER)


@numba.njit(nogil=True, cache=True)
def _judge_dark(
    values: tuple[Steps, Steps, Steps, Steps], cuts: tuple[float, float, float], least: tuple[int, int]
) -> int:
    """What a look is that lacks one of the two indices, or both; UNTOLD where it has both or lacks a band."""
    g, s, n, r = values
    told, moist = is_known(n, r, least[0]), is_known(g, s, least[1])
    if min(values) == REFLECTANCE_NODATA or (told and moist):
        return UNTOLD
    ndvi = (n - r) / (n + r) if told else np.nan
    mndwi = (g - s) / (g + s) if moist else np.nan
    return tell_water(ndvi, mndwi, (n + r) * REFLECTANCE_SCALE, s * REFLECTANCE_SCALE, cuts)[0]
