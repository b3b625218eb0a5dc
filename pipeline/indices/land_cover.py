"""A first land cover by documented rules: water, vegetation, bare ground, built-up."""

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numba
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pipeline.indices.formulas import compute_index
from pipeline.indices.spectral import find_index
from pipeline.legends import LAND_COVER, NODATA_CLASS

RULE_INDICES = ("ndvi", "mndwi", "bsi")
BANDS = tuple(sorted({band for name in RULE_INDICES for band in find_index(name).bands}))
_WATER, _VEGETATION, _BARE, _BUILT = map(LAND_COVER.code, ("water", "vegetation", "bare", "built"))
_SURE = 9.0
"""Standard deviations beyond which the normal distribution is 1 in double precision."""


def compute_rule_indices(reflectance: Mapping[str, xr.DataArray]) -> dict[str, xr.DataArray]:
    """The indices that the rules judge by, from reflectance of BANDS."""
    return {name: compute_index(find_index(name), reflectance) for name in RULE_INDICES}


def classify(
    indices: Mapping[str, xr.DataArray],
    *,
    water_mndwi: float,
    vegetation_ndvi: float,
    bare_bsi: float,
) -> xr.DataArray:
    """Class codes of legends.LAND_COVER as uint8 from `compute_rule_indices`, 255 where one of them is NaN.

    In this order: water where MNDWI is at least `water_mndwi` and NDVI below `vegetation_ndvi`; vegetation
    where NDVI is at least `vegetation_ndvi`; bare where BSI is at least `bare_bsi`; built-up what remains.
    MNDWI: Xu 2006, DOI 10.1080/01431160600589179. BSI: Rikimaru et al. 2002. The thresholds are
    proposals of this project.
    """
    judge = partial(_fill_classes, cuts=np.array([water_mndwi, vegetation_ndvi, bare_bsi]))
    return _judge_pixels(judge, indices, np.uint8).rename("land_cover")


def compute_confidence(
    indices: Mapping[str, xr.DataArray],
    *,
    water_mndwi: float,
    vegetation_ndvi: float,
    bare_bsi: float,
    index_noise: float,
) -> xr.DataArray:
    """How sure the class of `classify` is, 0.5 to 1; NaN where one of the `indices` is NaN.

    The probability that normal noise of standard deviation `index_noise` has not carried the pixel over the
    threshold that lies nearest among those that its class depends on; 0.5 on a threshold. A proposal of this
    project, which stands beside the probabilities of a classifier.
    """
    judge = partial(
        _fill_confidence, cuts=np.array([water_mndwi, vegetation_ndvi, bare_bsi]), noise=index_noise
    )
    return _judge_pixels(judge, indices, np.float64).rename("confidence")


def _judge_pixels(
    judge: Callable[..., None], indices: Mapping[str, xr.DataArray], dtype: type[np.number[Any]]
) -> xr.DataArray:
    """What `judge` enters for the indices of each pixel; lazy where they are."""

    def entered(*values: NDArray[np.floating[Any]]) -> NDArray[Any]:
        found = np.empty(values[0].shape, dtype=dtype)
        judge(*(array.ravel() for array in values), out=found.reshape(-1))
        return found

    result: xr.DataArray = xr.apply_ufunc(
        entered, *(indices[name] for name in RULE_INDICES), dask="parallelized", output_dtypes=[dtype]
    )
    return result


@numba.njit(nogil=True, cache=True)
def _fill_classes(
    ndvi: NDArray[np.floating[Any]],
    mndwi: NDArray[np.floating[Any]],
    bsi: NDArray[np.floating[Any]],
    cuts: NDArray[np.float64],
    out: NDArray[np.uint8],
) -> None:
    wet, green, bare = cuts
    for place in range(len(out)):
        if not np.isfinite(ndvi[place] + mndwi[place] + bsi[place]):
            out[place] = NODATA_CLASS
        elif ndvi[place] >= green:
            out[place] = _VEGETATION
        elif mndwi[place] >= wet:
            out[place] = _WATER
        else:
            out[place] = _BARE if bsi[place] >= bare else _BUILT


@numba.njit(nogil=True, cache=True)
def _fill_confidence(
    ndvi: NDArray[np.floating[Any]],
    mndwi: NDArray[np.floating[Any]],
    bsi: NDArray[np.floating[Any]],
    cuts: NDArray[np.float64],
    noise: float,
    out: NDArray[np.float64],
) -> None:
    wet, green, bare = cuts
    for place in range(len(out)):
        if not np.isfinite(ndvi[place] + mndwi[place] + bsi[place]):
            out[place] = np.nan
            continue
        nearest = abs(ndvi[place] - green)
        if ndvi[place] < green:
            nearest = min(nearest, abs(mndwi[place] - wet))
            if mndwi[place] < wet:
                nearest = min(nearest, abs(bsi[place] - bare))
        deviations = nearest / noise
        out[place] = 1.0 if deviations > _SURE else 0.5 * math.erfc(-deviations / math.sqrt(2))
