"""A first land cover by documented rules: water, vegetation, bare ground, built-up."""

from collections.abc import Mapping

import numpy as np
import xarray as xr
from scipy.special import ndtr

from pipeline.indices.spectral import compute_index, find_index
from pipeline.legends import LAND_COVER, NODATA_CLASS

RULE_INDICES = ("ndvi", "mndwi", "bsi")
BANDS = tuple(sorted({band for name in RULE_INDICES for band in find_index(name).bands}))


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
    ndvi, mndwi, bsi = (indices[name] for name in RULE_INDICES)
    codes = {key: np.uint8(LAND_COVER.code(key)) for key in ("water", "vegetation", "bare", "built")}
    dry = xr.where(bsi >= bare_bsi, codes["bare"], codes["built"])
    land = xr.where(ndvi >= vegetation_ndvi, codes["vegetation"], dry)
    cover = xr.where((mndwi >= water_mndwi) & (ndvi < vegetation_ndvi), codes["water"], land)
    known = np.isfinite(ndvi) & np.isfinite(mndwi) & np.isfinite(bsi)
    classes: xr.DataArray = xr.where(known, cover, np.uint8(NODATA_CLASS)).astype(np.uint8)
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
    ndvi, mndwi, bsi = (indices[name] for name in RULE_INDICES)
    to_green, to_wet, to_bare = abs(ndvi - vegetation_ndvi), abs(mndwi - water_mndwi), abs(bsi - bare_bsi)
    dry = xr.where(mndwi >= water_mndwi, to_wet, np.minimum(to_wet, to_bare))
    nearest = xr.where(ndvi >= vegetation_ndvi, to_green, np.minimum(to_green, dry))
    known = np.isfinite(ndvi) & np.isfinite(mndwi) & np.isfinite(bsi)
    sure: xr.DataArray = xr.apply_ufunc(ndtr, nearest / index_noise, dask="parallelized").where(known)
    return sure.rename("confidence")
