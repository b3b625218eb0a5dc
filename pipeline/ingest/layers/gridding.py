"""A layer on the pixels of a grid, whatever its raster, CRS and pixel size."""

import math
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio.windows import Window

from pipeline.errors import Problem
from pipeline.grid import Block, Grid
from pipeline.ingest.layers.kernels import count_mode, interpolate, pick_nearest, share_by_area
from pipeline.ingest.layers.layer import (
    NO_CODE,
    OpenLayer,
    SourceRaster,
    as_codes,
    as_numbers,
    build_layer_error,
)
from pipeline.ingest.reading.headers import Profile
from pipeline.ingest.reading.positions import fineness, positions, reach, runs_along, strips, window_around

_ALIGNED = 1e-6
_LEAST_POINTS = 8
_WINDOW_PX = 2048
_PART_PX = 512
_LEAST_EDGE_PX = 16
_KEPT = 8
"""Parts of blocks whose corners are kept, 4 MiB each: layers of one data set lie on the same pixels."""
_NODES = 64
"""Points along a grid between which its edges are straight in any CRS."""
_MOST_ACROSS = 256
"""Pixels of a raster across one of a grid: a part of the least edge then takes 4096 of them."""


def read_layer(opened: OpenLayer, grid: Grid, block: Block) -> NDArray[Any]:
    """A layer on a block (y, x): classes as codes (int32, NO_CODE where unknown), else float64 with NaN.

    Classes: the commonest code under `share` x `share` points of each pixel, the lower of two as common,
    where the raster is finer than the grid; unknown points have no say. These are 8 at least along each
    side, and a multiple of the raster's pixels, so that aligned ones are counted pixel by pixel. Else the
    nearest one. Numbers: the mean of those that are known in a pixel, by the area that each shares with it;
    the sum of totals, each shared out by area within its own pixel, so that none is lost or doubled; the one
    under the centre; or a bilinear interpolation there, in which unknown neighbours have no weight. What lies
    beside the raster is unknown. Raises InputError where the raster cannot be read or its CRS does not reach
    the grid, BrokenAsset where a file of the network cannot be read.
    """
    codes = opened.resampling == "mode"
    read = _read_codes if codes else _read_numbers
    first, *others = opened.rasters
    values: NDArray[Any] = read(opened, first, grid, block)
    for raster in others:
        unknown = values == NO_CODE if codes else np.isnan(values)
        if unknown.any():
            values[unknown] = read(opened, raster, grid, block)[unknown]
    return values


def find_window_under(place: Profile, grid: Grid) -> Window | None:
    """The window of a raster under a grid, with two pixels on every side; None where they do not meet."""
    step = max(1.0, max(grid.shape) / _NODES)
    height, width = (math.ceil(length / step) for length in grid.shape)
    coarse = replace(grid, resolution_m=grid.resolution_m * step, height=height, width=width)
    return _find_window(*_find_corners(place, coarse, coarse.whole), place, 2)


def _read_codes(opened: OpenLayer, raster: SourceRaster, grid: Grid, block: Block) -> NDArray[np.int32]:
    across = _refuse_beyond(opened, raster, grid, fineness(raster.place, grid))
    share = _count_points(across) if across > 1 + _ALIGNED else 1
    codes = np.full(block.shape, NO_CODE, dtype=np.int32)
    for part in block.split(_choose_edge(across)):
        window = _clip(window_around(*reach(raster.place, grid, part, share), 0), raster.place)
        if window is not None:
            source = as_codes(raster.read(window))
            target = codes[part.within(block)]
            for strip, lines in strips(part, share):
                row, col = np.broadcast_arrays(*positions(raster.place, grid, strip, share))
                places = row - window.row_off, col - window.col_off
                count_mode(source, *places, share, target[lines])
    return codes


def _read_numbers(opened: OpenLayer, raster: SourceRaster, grid: Grid, block: Block) -> NDArray[np.float64]:
    across = _refuse_beyond(opened, raster, grid, _measure_across(raster.place, grid))
    values = np.empty(block.shape)
    by_area = opened.resampling in {"mean", "sum"}
    most = _WINDOW_PX if runs_along(raster.place, grid) else _PART_PX
    for part in block.split(min(most, _choose_edge(across))):
        row, col = (
            _find_corners(raster.place, grid, part) if by_area else _find_points(raster.place, grid, part)
        )
        window, target = _find_window(row, col, raster.place), values[part.within(block)]
        if window is None:
            target[...] = np.nan
            continue
        source = as_numbers(raster.read(window))
        shape = np.broadcast_shapes(row.shape, col.shape)
        places = (
            np.broadcast_to(row - window.row_off, shape),
            np.broadcast_to(col - window.col_off, shape),
        )
        if by_area:
            share_by_area(source, *places, opened.resampling == "sum", target)
        else:
            (pick_nearest if opened.resampling == "nearest" else interpolate)(source, *places, target)
    return values


def _refuse_beyond(opened: OpenLayer, raster: SourceRaster, grid: Grid, across: float) -> float:
    """How many pixels of a raster lie across one of a grid.

    InputError where its CRS does not reach there, or they are so many that no memory holds them.
    """
    if not math.isfinite(across):
        problem = Problem(raster.name, f"the CRS {raster.place.crs}", f"one that reaches {grid.crs} here")
        raise build_layer_error(opened.layer, problem)
    if across > _MOST_ACROSS:
        found, most = f"pixels of {grid.resolution_m / across:.3g} m", grid.resolution_m / _MOST_ACROSS
        problem = Problem(
            raster.name, found, f"{most:g} m at the finest", "Resample it with gdalwarp -r mode"
        )
        raise build_layer_error(opened.layer, problem)
    return across


def _count_points(across: float) -> int:
    """Points along each side of a pixel for so many pixels of a raster."""
    whole = math.ceil(across - _ALIGNED)
    return whole * math.ceil(_LEAST_POINTS / whole)


def _choose_edge(across: float) -> int:
    """Edge of the parts of a block that keep windows of a raster small."""
    return max(_LEAST_EDGE_PX, int(_WINDOW_PX / max(across, 1.0)))


def _find_points(place: Profile, grid: Grid, block: Block) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Row and column in a raster (y, x), from its corner, of pixel centres of a block; NaN out of reach.

    Where the raster runs along the grid, rows are a column vector and columns a row vector.
    """
    if runs_along(place, grid):
        return positions(place, grid, block, 1)
    plane = replace(place, transform=Affine.identity())
    y, x = np.broadcast_arrays(*positions(plane, grid, block, 1))
    reached = np.isfinite(x) & np.isfinite(y)
    col, row = ~place.transform * (np.where(reached, x, np.nan), np.where(reached, y, np.nan))
    return row, col


@lru_cache(maxsize=_KEPT)
def _find_corners(
    place: Profile, grid: Grid, block: Block
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Row and column in a raster (y + 1, x + 1), as `_find_points` has them, of the corners of pixels."""
    half = grid.resolution_m / 2
    nodes = replace(grid, left=grid.left - half, top=grid.top + half)
    return _find_points(
        place, nodes, Block(block.row_from, block.row_to + 1, block.col_from, block.col_to + 1)
    )


def _measure_across(place: Profile, grid: Grid) -> float:
    """How many pixels of a raster lie across one in the middle of a grid, along the finer axis."""
    y, x = grid.height // 2, grid.width // 2
    row, col = _find_corners(place, grid, Block(y, y + 1, x, x + 1))
    return float(max(np.ptp(row), np.ptp(col)))


def _find_window(
    row: NDArray[np.float64], col: NDArray[np.float64], place: Profile, margin: int = 1
) -> Window | None:
    """The window of a raster under some points, with a margin around; None where they lie beside it."""
    ends = np.array([[np.fmin.reduce(axis, None), np.fmax.reduce(axis, None)] for axis in (row, col)])
    if not np.isfinite(ends).all():
        return None
    rows, cols = np.floor(ends).astype(np.int64)
    return _clip(window_around(rows, cols, margin), place)


def _clip(window: Window, place: Profile) -> Window | None:
    """The part of a window inside a raster."""
    top, left = max(0, window.row_off), max(0, window.col_off)
    bottom = min(place.height, window.row_off + window.height)
    right = min(place.width, window.col_off + window.width)
    return Window(left, top, right - left, bottom - top) if bottom > top and right > left else None
