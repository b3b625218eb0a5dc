"""A first land cover by documented rules: water, vegetation, bare ground, built-up."""

import math
from collections.abc import Mapping

import numpy as np
import xarray as xr

from pipeline.indices.spectral import compute_index, find_index
from pipeline.kernels import by_pixel
from pipeline.legends import LAND_COVER, NODATA_CLASS

RULE_INDICES = ("ndvi", "mndwi", "bsi")
BANDS = tuple(sorted({band for name in RULE_INDICES for band in find_index(name).bands}))
_WATER, _VEGETATION, _BARE, _BUILT = (
    np.uint8(LAND_COVER.code(key)) for key in ("water", "vegetation", "bare", "built")
)
_UNKNOWN = np.uint8(NODATA_CLASS)
_SURE = 9.0
"""Standard deviations beyond which the normal distribution is 1 in double precision."""


def rule_indices(reflectance: Mapping[str, xr.DataArray]) -> dict[str, xr.DataArray]:
    """The indices that the rules judge by, from reflectance of BANDS."""
    return {name: compute_index(find_index(name), reflectance) for name in RULE_INDICES}


def classify(
    indices: Mapping[str, xr.DataArray],
    *,
    water_mndwi: float,
    vegetation_ndvi: float,
    bare_bsi: float,
) -> xr.DataArray:
    """Class codes of legends.LAND_COVER as uint8 from the `rule_indices`, 255 where one of them is NaN.

    In this order: water where MNDWI is at least `water_mndwi` and NDVI below `vegetation_ndvi`; vegetation
    where NDVI is at least `vegetation_ndvi`; bare where BSI is at least `bare_bsi`; built-up what remains.
    MNDWI: Xu 2006, DOI 10.1080/01431160600589179. BSI: Rikimaru et al. 2002. The thresholds are
    proposals of this project.
    """
    classes: xr.DataArray = xr.apply_ufunc(
        _class,
        *(indices[name] for name in RULE_INDICES),
        water_mndwi,
        vegetation_ndvi,
        bare_bsi,
        dask="parallelized",
        output_dtypes=[np.uint8],
    )
    return classes.rename("land_cover")


def confidence(
    indices: Mapping[str, xr.DataArray],
    *,
    water_mndwi: float,
    vegetation_ndvi: float,
    bare_bsi: float,
    index_noise: float,
) -> xr.DataArray:
    """How sure the class of `classify` is, 0.5 to 1; NaN where one of the `rule_indices` is NaN.

    The probability that normal noise of standard deviation `index_noise` has not carried the pixel over the
    threshold that lies nearest among those that its class depends on; 0.5 on a threshold. A proposal of this
    project, which stands beside the probabilities of a classifier.
    """
    sure: xr.DataArray = xr.apply_ufunc(
        _sureness,
        *(indices[name] for name in RULE_INDICES),
        water_mndwi,
        vegetation_ndvi,
        bare_bsi,
        index_noise,
        dask="parallelized",
        output_dtypes=[np.float64],
    )
    return sure.rename("confidence")


@by_pixel
def _class(
    ndvi: float, mndwi: float, bsi: float, water_mndwi: float, vegetation_ndvi: float, bare_bsi: float
) -> np.uint8:
    if not (np.isfinite(ndvi) and np.isfinite(mndwi) and np.isfinite(bsi)):
        return _UNKNOWN
    if ndvi >= vegetation_ndvi:
        return _VEGETATION
    if mndwi >= water_mndwi:
        return _WATER
    return _BARE if bsi >= bare_bsi else _BUILT


@by_pixel
def _sureness(
    ndvi: float,
    mndwi: float,
    bsi: float,
    water_mndwi: float,
    vegetation_ndvi: float,
    bare_bsi: float,
    index_noise: float,
) -> float:
    if not (np.isfinite(ndvi) and np.isfinite(mndwi) and np.isfinite(bsi)):
        return np.nan
    nearest = abs(ndvi - vegetation_ndvi)
    if ndvi < vegetation_ndvi:
        nearest = min(nearest, abs(mndwi - water_mndwi))
        if mndwi < water_mndwi:
            nearest = min(nearest, abs(bsi - bare_bsi))
    deviations = nearest / index_noise
    return 1.0 if deviations > _SURE else 0.5 * math.erfc(-deviations / math.sqrt(2))
