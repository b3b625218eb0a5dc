"""A first land cover by documented rules: water, vegetation, bare ground, built-up."""

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pipeline.compiled import numba
from pipeline.indices.dark_water import DARK, UNTOLD, WATER, tell_water
from pipeline.indices.domain import find_limit
from pipeline.indices.spectral import find_index
from pipeline.legends import LAND_COVER, NODATA_CLASS

RULE_INDICES = ("ndvi", "mndwi", "bsi")
BANDS = tuple(sorted({band for name in RULE_INDICES for band in find_index(name).bands}))
_JUDGED = (*RULE_INDICES, "red_nir", "swir")
_LIMITS = tuple(find_limit(find_index(name).entry) for name in RULE_INDICES)
_WATER, _VEGETATION, _BARE, _BUILT = map(LAND_COVER.code, ("water", "vegetation", "bare", "built"))
_SURE = 9.0
"""Standard deviations beyond which the normal distribution is 1 in double precision."""


def compute_rule_indices(reflectance: Mapping[str, xr.DataArray]) -> dict[str, xr.DataArray]:
    """The indices that the rules judge by, and the light that tells dark water, from reflectance of BANDS.

    `red_nir` is the sum of red and near infrared, `swir` short-wave infrared; they are NaN where any of BANDS
    is, an index outside its domain as well. All three indices are normalised differences of sums of bands,
    taken in one pass; they are what `pipeline.indices.formulas` makes of their formulas.
    """
    found = xr.apply_ufunc(
        _compute_evidence,
        *(reflectance[band] for band in BANDS),
        output_core_dims=[()] * len(_JUDGED),
        dask="parallelized",
        output_dtypes=[np.float64] * len(_JUDGED),
    )
    return dict(zip(_JUDGED, found, strict=True))


def _compute_evidence(*bands: NDArray[np.floating[Any]]) -> tuple[NDArray[np.float64], ...]:
    """The numbers of _JUDGED from those of BANDS."""
    found = tuple(np.empty(bands[0].shape) for _ in _JUDGED)
    _fill_evidence(tuple(band.ravel() for band in bands), _LIMITS, tuple(one.reshape(-1) for one in found))
    return found


@numba.njit(nogil=True, cache=True)
def _fill_evidence(
    bands: tuple[NDArray[np.floating[Any]], ...],
    limits: tuple[float, ...],
    judged: tuple[NDArray[np.float64], ...],
) -> None:
    blue, green, nir, red, swir = bands
    ndvi, mndwi, bsi, red_nir, short = judged
    least_ndvi, least_mndwi, least_bsi = limits
    for place in range(len(blue)):
        b, g, n, r, s = blue[place], green[place], nir[place], red[place], swir[place]
        ndvi[place] = _compute_difference(n, r, least_ndvi)
        mndwi[place] = _compute_difference(g, s, least_mndwi)
        bsi[place] = _compute_difference(s + r, n + b, least_bsi)
        nothing = 0 * (b + g + n + r + s)
        red_nir[place] = r + n + nothing
        short[place] = s + nothing


@numba.njit(nogil=True, cache=True)
def _compute_difference(first: float, second: float, least: float) -> float:
    """A normalised difference within its domain (`pipeline.indices.domain`); else NaN."""
    over, under = first - second, first + second
    return over / under if (under >= least) & (abs(over) <= under) else np.nan


def classify(
    indices: Mapping[str, xr.DataArray],
    *,
    water_mndwi: float,
    vegetation_ndvi: float,
    bare_bsi: float,
) -> xr.DataArray:
    """Class codes of legends.LAND_COVER as uint8 from `compute_rule_indices`.

    In this order: water where MNDWI is at least `water_mndwi` and NDVI below `vegetation_ndvi`, or where it
    is too dark for them (`pipeline.indices.dark_water`); vegetation where NDVI is at least `vegetation_ndvi`;
    bare where BSI is at least `bare_bsi`; built-up what remains. 255 where a band is NaN, or an index without
    which that cannot be told. MNDWI: Xu 2006, DOI 10.1080/01431160600589179. BSI: Rikimaru et al. 2002. The
    thresholds are proposals of this project.
    """
    judge = partial(_fill_classes, cuts=(water_mndwi, vegetation_ndvi, DARK, bare_bsi))
    return _judge_pixels(judge, indices, np.uint8).rename("land_cover")


def compute_confidence(
    indices: Mapping[str, xr.DataArray],
    *,
    water_mndwi: float,
    vegetation_ndvi: float,
    bare_bsi: float,
    index_noise: float,
) -> xr.DataArray:
    """How sure the class of `classify` is, 0.5 to 1; NaN where there is none.

    The probability that normal noise of standard deviation `index_noise` has not carried the pixel over the
    threshold that lies nearest among those that its class depends on; 0.5 on a threshold. A proposal of this
    project, which stands beside the probabilities of a classifier.
    """
    cuts = (water_mndwi, vegetation_ndvi, DARK, bare_bsi)
    judge = partial(_fill_confidence, cuts=cuts, noise=index_noise)
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
        entered, *(indices[name] for name in _JUDGED), dask="parallelized", output_dtypes=[dtype]
    )
    return result


@numba.njit(nogil=True, cache=True)
def _judge(
    ndvi: float,
    mndwi: float,
    bsi: float,
    red_nir: float,
    swir: float,
    cuts: tuple[float, float, float, float],
) -> tuple[int, float]:
    """The class of a pixel, and the distance to the nearest threshold that it depends on."""
    if np.isnan(red_nir + swir):
        return NODATA_CLASS, np.nan
    wet, green, dark, bare = cuts
    if ndvi >= green:
        return _VEGETATION, ndvi - green
    state, nearest = tell_water(ndvi, mndwi, red_nir, swir, (wet, green, dark))
    if state == WATER:
        return _WATER, nearest
    if state == UNTOLD or np.isnan(bsi):
        return NODATA_CLASS, np.nan
    return (_BARE if bsi >= bare else _BUILT), min(nearest, abs(bsi - bare))


@numba.njit(nogil=True, cache=True)
def _fill_classes(
    ndvi: NDArray[np.floating[Any]],
    mndwi: NDArray[np.floating[Any]],
    bsi: NDArray[np.floating[Any]],
    red_nir: NDArray[np.floating[Any]],
    swir: NDArray[np.floating[Any]],
    cuts: tuple[float, float, float, float],
    out: NDArray[np.uint8],
) -> None:
    for place in range(len(out)):
        seen = ndvi[place], mndwi[place], bsi[place], red_nir[place], swir[place]
        out[place] = _judge(*seen, cuts)[0]


@numba.njit(nogil=True, cache=True)
def _fill_confidence(
    ndvi: NDArray[np.floating[Any]],
    mndwi: NDArray[np.floating[Any]],
    bsi: NDArray[np.floating[Any]],
    red_nir: NDArray[np.floating[Any]],
    swir: NDArray[np.floating[Any]],
    cuts: tuple[float, float, float, float],
    noise: float,
    out: NDArray[np.float64],
) -> None:
    for place in range(len(out)):
        seen = ndvi[place], mndwi[place], bsi[place], red_nir[place], swir[place]
        deviations = _judge(*seen, cuts)[1] / noise
        out[place] = 1.0 if deviations > _SURE else 0.5 * math.erfc(-deviations / math.sqrt(2))
