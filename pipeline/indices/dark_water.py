"""Water told where it is too dark for an index: ratios of next to no light are noise, and no plants.

Clear or deep water reflects so little red and infrared that correction for the atmosphere leaves sums near
or below 0. NDVI is unknown there (`pipeline.indices.domain`), and what is dark in the short-wave infrared as
well is water: of all ground only deep shadow is as dark, which the masks of scenes take away.
"""

import numpy as np

from pipeline.compiled import numba
from pipeline.contracts import REFLECTANCE_SCALE
from pipeline.indices.domain import find_least

DARK = find_least("NDVI")
"""Red and near infrared that sum to less, and short-wave infrared below it, are dark (reflectance)."""
LEAST_STEPS = round(DARK / REFLECTANCE_SCALE)
"""The least sum of red and near infrared for NDVI, as stored."""
LEAST_MNDWI_STEPS = round(find_least("MNDWI") / REFLECTANCE_SCALE)
"""The least sum of green and short-wave infrared for MNDWI, as stored."""
WATER, NO_WATER, UNTOLD = 1, 0, -1

Steps = int | np.integer
"""A stored reflectance, in steps of 1e-4."""


@numba.njit(nogil=True, cache=True)
def is_known(first: Steps, second: Steps, least: int) -> bool:
    """Whether two stored reflectances have a normalised difference; nodata has none."""
    return bool((first >= 0) & (second >= 0) & (first + second >= least))


@numba.njit(nogil=True, cache=True)
def tell_water(
    ndvi: float, mndwi: float, red_nir: float, swir: float, cuts: tuple[float, float, float]
) -> tuple[int, float]:
    """Whether a pixel is water, and how far it is from being told otherwise: WATER, NO_WATER, or UNTOLD, NaN.

    `ndvi` and `mndwi` are NaN outside their domains, `red_nir` is the sum of red and near infrared. The cuts
    are MNDWI of water, NDVI of vegetation, and `DARK`. The distance is the least of those to the cuts that it
    depends on; that from being dark is the share of `DARK` that is missing.
    """
    wet, green, dark = cuts
    if ndvi >= green:
        return NO_WATER, ndvi - green
    nearest = 1 - red_nir / dark if np.isnan(ndvi) else green - ndvi
    if np.isnan(ndvi) or np.isnan(mndwi):
        nearest = min(nearest, 1 - swir / dark)
        return (WATER, nearest) if nearest > 0 else (UNTOLD, np.nan)
    return (WATER if mndwi >= wet else NO_WATER), min(nearest, abs(mndwi - wet))
