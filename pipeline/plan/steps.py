"""Numbers as stores and rasters hold them: ratios in steps of 1e-4, other indices in steps of INDEX_STEP."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pipeline.contracts import INDEX_STEP, REFLECTANCE_LIMIT, REFLECTANCE_NODATA, REFLECTANCE_SCALE
from pipeline.kernels import by_pixel

_UNKNOWN = np.int16(REFLECTANCE_NODATA)


def as_ratio(values: NDArray[np.floating[Any]]) -> NDArray[np.int16]:
    """Numbers as int16 with scale 1e-4, cut to what that holds, and nodata -32768 where not finite."""
    steps: NDArray[np.int16] = _ratio_steps(values)
    return steps


def as_index(values: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Numbers of any size as float32 in steps of INDEX_STEP, NaN as it is."""
    steps: NDArray[np.float32] = _index_steps(values)
    return steps


def from_ratio(stored: NDArray[np.int16]) -> NDArray[np.float64]:
    """What `as_ratio` stored; NaN where nodata."""
    values: NDArray[np.float64] = _ratios(stored)
    return values


def reflectance(stored: Mapping[str, NDArray[np.int16]]) -> dict[str, xr.DataArray]:
    """Bands of a composite as maps of reflectance (y, x); NaN where nodata."""
    return {band: xr.DataArray(from_ratio(values), dims=("y", "x")) for band, values in stored.items()}


@by_pixel
def _ratio_steps(value: float) -> np.int16:
    if not np.isfinite(value):
        return _UNKNOWN
    step = np.rint(value / REFLECTANCE_SCALE)
    return np.int16(min(max(step, -REFLECTANCE_LIMIT), REFLECTANCE_LIMIT))


@by_pixel
def _index_steps(value: float) -> np.float32:
    return np.float32(np.rint(value / INDEX_STEP) * INDEX_STEP)


@by_pixel
def _ratios(stored: np.int16) -> float:
    return np.nan if stored == REFLECTANCE_NODATA else stored * REFLECTANCE_SCALE
