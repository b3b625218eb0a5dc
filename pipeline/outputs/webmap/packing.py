"""Data inside a page: shapes as whole numbers, all as JSON, gzip and base64; the same bytes each time."""

import base64
import gzip
import json
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

Geometry = Literal["point", "line", "polygon"]

STEP = 1e-6
"""Degrees between two numbers of a packed shape: a tenth of a metre."""
_DIGITS = 6
_TOLERANCE = 3e-6
"""By how many degrees an outline may move: a third of a metre, less than a pixel at any zoom."""


def pack_shapes(
    shapes: Sequence[BaseGeometry | None] | NDArray[np.object_], geometry: Geometry
) -> dict[str, Any]:
    """Shapes (degrees) as whole numbers of STEP from an origin, each coordinate from the one before.

    A shape is null where there is none; lines are lists of numbers, polygons of parts, of rings, of numbers.
    """
    array = np.asarray(shapes, dtype=object)
    origin = np.floor(np.nan_to_num(shapely.total_bounds(array)[:2]) / STEP) * STEP
    thin = array if geometry == "point" else shapely.simplify(array, _TOLERANCE, preserve_topology=True)
    pack = _PACKERS[geometry]
    parts = [None if shape is None or shape.is_empty else pack(shape, origin) for shape in thin]
    told = [round(float(side), _DIGITS) for side in origin]
    return {"geometry": geometry, "origin": told, "step": STEP, "parts": parts}


def _pack_polygons(shape: BaseGeometry, origin: NDArray[np.float64]) -> list[list[list[int]]]:
    polygons = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    return [[_pack_path(ring, origin) for ring in shapely.get_rings(polygon)] for polygon in polygons]


def _pack_lines(shape: BaseGeometry, origin: NDArray[np.float64]) -> list[list[int]]:
    return [_pack_path(line, origin) for line in shapely.get_parts(shape)]


def _pack_path(line: BaseGeometry, origin: NDArray[np.float64]) -> list[int]:
    whole = np.round((shapely.get_coordinates(line) - origin) / STEP).astype(np.int64)
    steps: list[int] = np.diff(whole, axis=0, prepend=np.zeros((1, 2), dtype=np.int64)).ravel().tolist()
    return steps


_PACKERS: Mapping[Geometry, Callable[[BaseGeometry, NDArray[np.float64]], list[Any]]] = MappingProxyType(
    {"point": _pack_path, "line": _pack_lines, "polygon": _pack_polygons}
)


def list_cells(values: pd.Series, *, digits: int = 4) -> list[Any]:
    """A column as JSON has it: null for what is unknown, numbers to so many digits, all else as text."""
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        return [None if pd.isna(cell) else _shorten(float(cell), digits) for cell in values]
    return [None if pd.isna(cell) else str(cell) for cell in values]


def _shorten(number: float, digits: int) -> float | int:
    rounded = round(number, digits)
    return int(rounded) if rounded.is_integer() else rounded


def pack_config(config: dict[str, Any]) -> str:
    """A config as `EcoMap.unpack` takes it."""
    text = json.dumps(config, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode("ascii")
