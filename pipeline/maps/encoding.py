"""Numbers as stores and rasters hold them: ratios in steps of 1e-4, other indices in steps of INDEX_STEP."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pipeline.compiled import numba
from pipeline.contracts import (
    INDEX_STEP,
    REFLECTANCE_LIMIT,
    REFLECTANCE_NODATA,
    REFLECTANCE_SCALE,
    Packing,
    RasterKind,
)
from pipeline.legends import NODATA_CLASS
from pipeline.storage.blocks import Layer


@dataclass(frozen=True)
class LayerEncoding:
    """How a layer of a map is stored, and the kind of raster that it is delivered as, None: as none."""

    kind: RasterKind | None
    stored: Layer


RATIO = LayerEncoding(
    "ratio", Layer("int16", REFLECTANCE_NODATA, {"scale_factor": REFLECTANCE_SCALE, "units": "1"})
)
COUNT = LayerEncoding("count", Layer("uint16", 0, {"units": "1"}))
INDEX = LayerEncoding("index", Layer("float32", float("nan"), {"units": "1"}))
CLASSES = LayerEncoding("classes", Layer("uint8", NODATA_CLASS, {"units": "class"}))


def as_ratio(values: NDArray[np.floating[Any]]) -> NDArray[np.int16]:
    """Numbers as int16 with scale 1e-4, cut to what that holds, and nodata -32768 where not finite."""
    steps = np.empty(values.shape, dtype=np.int16)
    _fill_ratio_steps(values.ravel(), steps.reshape(-1))
    return steps


def as_index(values: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Numbers of any size as float32 in steps of INDEX_STEP, NaN as it is."""
    steps = np.empty(values.shape, dtype=np.float32)
    _fill_index_steps(values.ravel(), steps.reshape(-1))
    return steps


def from_ratio(stored: NDArray[np.int16]) -> NDArray[np.float64]:
    """What `as_ratio` stored; NaN where nodata."""
    values = np.empty(stored.shape)
    _fill_ratios(stored.ravel(), values.reshape(-1))
    return values


def encode_band(packing: Packing) -> LayerEncoding:
    """How a band is stored that composites hold in a packing, and that is delivered as no raster."""
    attrs = {"scale_factor": packing.scale, "add_offset": packing.offset, "units": packing.unit}
    return LayerEncoding(None, Layer("int16", packing.nodata, attrs))


def unpack(stored: NDArray[np.int16], packing: Packing) -> NDArray[np.float64]:
    """The values that numbers stand for, in the unit of their packing; NaN where nodata."""
    return np.where(stored == packing.nodata, np.nan, stored * packing.scale + packing.offset)


def unpack_reflectance(stored: Mapping[str, NDArray[np.int16]]) -> dict[str, xr.DataArray]:
    """Bands of a composite as maps of reflectance (y, x); NaN where nodata."""
    return {band: xr.DataArray(from_ratio(values), dims=("y", "x")) for band, values in stored.items()}


@numba.njit(nogil=True, cache=True)
def _fill_ratio_steps(values: NDArray[np.floating[Any]], steps: NDArray[np.int16]) -> None:
    for place in range(len(values)):
        if np.isfinite(values[place]):
            step = np.rint(values[place] / REFLECTANCE_SCALE)
            steps[place] = min(max(step, -REFLECTANCE_LIMIT), REFLECTANCE_LIMIT)
        else:
            steps[place] = REFLECTANCE_NODATA


@numba.njit(nogil=True, cache=True)
def _fill_index_steps(values: NDArray[np.floating[Any]], steps: NDArray[np.float32]) -> None:
    for place in range(len(values)):
        steps[place] = np.rint(values[place] / INDEX_STEP) * INDEX_STEP


@numba.njit(nogil=True, cache=True)
def _fill_ratios(steps: NDArray[np.int16], values: NDArray[np.float64]) -> None:
    for place in range(len(steps)):
        step = steps[place]
        values[place] = np.nan if step == REFLECTANCE_NODATA else step * REFLECTANCE_SCALE
