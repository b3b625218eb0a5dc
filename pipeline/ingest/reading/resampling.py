"""From the pixels of a file to those of a grid: pasted where edges meet edges, else resampled.

Masks are always the nearest pixel. Bands are pasted where the file's pixel is a whole multiple of the grid's
and lies on its edges; else they are bilinear, or the mean of the file's pixels where the grid is coarser.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.compiled import numba
from pipeline.contracts import REFLECTANCE_LIMIT, REFLECTANCE_NODATA, Asset, Packing
from pipeline.errors import BrokenAsset
from pipeline.grid import Block, Grid
from pipeline.ingest.reading.assets import ItemReader
from pipeline.ingest.reading.headers import Profile
from pipeline.ingest.reading.positions import fineness, positions, reach, runs_along, strips, window_around
from pipeline.redaction import redact

_ALIGNED = 1e-6
_WARP_MARGIN_PX = 2
_OTHER_ZONE = 0.05
_FINEST = 2
FINEST_PIXEL_M = 10.0
"""Of the bands of all sensors: memory is planned for it, and for files that are finer by `_FINEST`."""


@dataclass(frozen=True)
class Numbers:
    """Numbers of a file, the row in them of each row of a block, and the column of each of its columns."""

    values: NDArray[Any]
    rows: NDArray[np.int64]
    cols: NDArray[np.int64]

    @classmethod
    def of_block(cls, values: NDArray[Any]) -> "Numbers":
        """Numbers that already have the shape of the block."""
        return cls(values, *(np.arange(length) for length in values.shape))

    def spread(self) -> NDArray[Any]:
        """The numbers in the shape of the block."""
        return self.values[self.rows[:, None], self.cols]


def read_nearest(
    files: ItemReader,
    asset: Asset,
    grid: Grid,
    block: Block,
    *,
    margin: int = 0,
    meaning: Callable[[NDArray[Any]], NDArray[Any]] = np.asarray,
) -> Numbers:
    """What the pixels mean that hold the pixel centres of a block; BrokenAsset if they cannot be read.

    `meaning` sees the pixels as they lie in the file, and `margin` more of them on every side.
    """
    profile = files.read_profile(asset)
    _count_points(asset, profile, grid)
    if runs_along(profile, grid):
        row, col = (axis.ravel() for axis in reach(profile, grid, block, 1))
        window = window_around(row, col, margin)
        values = meaning(files.read_window(asset, window))
        return Numbers(values, row - window.row_off, col - window.col_off)
    window = window_around(*reach(profile, grid, block, 1), margin)
    values = meaning(files.read_window(asset, window))
    picked = np.empty(block.shape, dtype=values.dtype)
    for strip, lines in strips(block, 1):
        rows, cols = positions(profile, grid, strip, 1)
        _pick(values, rows - window.row_off, cols - window.col_off, picked[lines])
    return Numbers.of_block(picked)


def resample(files: ItemReader, asset: Asset, grid: Grid, block: Block) -> Numbers:
    """A band on a block: pasted where the grids align, else warped; BrokenAsset if it cannot be read."""
    profile = files.read_profile(asset)
    pastes = _pastes(profile, grid)
    return read_nearest(files, asset, grid, block) if pastes else _warp(files, asset, profile, grid, block)


def find_values(numbers: Numbers, asset: Asset) -> Numbers:
    """Where the numbers of an asset stand for a value."""
    known = _list_valid_numbers(_forget_file(asset), str(numbers.values.dtype))
    return replace(numbers, values=known[_to_uint16(numbers.values)])


def claim(clear: Numbers, inside: NDArray[np.bool_], number: int, owner: NDArray[np.uint8]) -> int:
    """Give the pixels inside that are clear and nobody's to `number`; how many are clear, whose ever."""
    seen: int = _claim(clear.values, clear.rows, clear.cols, inside, number, owner)
    return seen


def place_numbers(
    numbers: Numbers,
    asset: Asset,
    packing: Packing,
    owner: NDArray[np.uint8],
    number: int,
    target: NDArray[np.int16],
    *,
    alone: bool,
) -> int:
    """Put numbers (int16, in a packing) where `number` owns; how many of its pixels have no number.

    Those become nodata. What is not its own stays as it is, or becomes nodata if this owner is `alone`.
    """
    values = numbers.values
    meaning = _meaning(_forget_file(asset), packing, str(values.dtype))
    missing: int = _place(
        _to_uint16(values), numbers.rows, numbers.cols, owner, number, meaning, alone, target
    )
    return missing


def _forget_file(asset: Asset) -> Asset:
    """An asset by what its numbers mean, wherever they are."""
    return replace(asset, href="", version="", checksum="", size=0)


def _to_uint16(values: NDArray[Any]) -> NDArray[np.uint16]:
    """Numbers as places in a table of all that a type of 16 bits can hold."""
    return values.astype(np.uint16) if values.itemsize == 1 else values.view(np.uint16)


def _pastes(profile: Profile, grid: Grid) -> bool:
    """The file's pixel a square of whole pixels of the grid, edges on edges; it may lie south up."""
    place, step = profile.transform, grid.resolution_m
    ratios = abs(place.a) / step, abs(place.e) / step
    shifts = (place.c - grid.left) / step, (grid.top - place.f) / step
    whole = all(abs(number - round(number)) < _ALIGNED for number in (*ratios, *shifts))
    return runs_along(profile, grid) and min(ratios) > 1 - _ALIGNED and whole


def _count_points(asset: Asset, profile: Profile, grid: Grid) -> int:
    """Points along a side of a pixel of the grid, so that each of the file's pixels in it has one.

    Pixels of another zone are larger by a thousandth, which is no reason for more. BrokenAsset where the
    CRS of the file does not reach the grid, or its pixels are finer than memory is planned for.
    """
    across = fineness(profile, grid)
    if not math.isfinite(across):
        raise BrokenAsset(
            f"{redact(asset.href)}: the CRS {profile.crs}, which does not reach {grid.crs} here"
        )
    share = max(1, math.ceil(across - _OTHER_ZONE))
    if share > _FINEST * max(1.0, grid.resolution_m / FINEST_PIXEL_M):
        found = f"pixels of {grid.resolution_m / across:.3g} m"
        raise BrokenAsset(
            f"{redact(asset.href)}: {found}; expected those of a scene, {FINEST_PIXEL_M:g} m at the finest"
        )
    return share


def _warp(files: ItemReader, asset: Asset, profile: Profile, grid: Grid, block: Block) -> Numbers:
    """Bilinear where the file is coarser than the grid, else the mean of its pixels in each grid pixel."""
    share = _count_points(asset, profile, grid)
    window = window_around(*reach(profile, grid, block, share), _WARP_MARGIN_PX)
    source = files.read_window(asset, window)
    _strike(source, _list_valid_numbers(_forget_file(asset), str(source.dtype)), asset.nodata)
    numbers = np.full(block.shape, asset.nodata, dtype=source.dtype)
    kernel = _bilinear if share == 1 else _mean
    for strip, lines in strips(block, share):
        row, col = np.broadcast_arrays(*positions(profile, grid, strip, share))
        kernel(source, row - window.row_off, col - window.col_off, asset.nodata, share, numbers[lines])
    return Numbers.of_block(numbers)


@numba.njit(nogil=True, cache=True)
def _strike(values: NDArray[Any], known: NDArray[np.bool_], nodata: int) -> None:
    """Put nodata wherever a number stands for no value."""
    height, width = values.shape
    for y in range(height):
        for x in range(width):
            if not known[np.uint16(values[y, x])]:
                values[y, x] = nodata


@numba.njit(nogil=True, cache=True)
def _pick(
    values: NDArray[Any], row: NDArray[np.float64], col: NDArray[np.float64], picked: NDArray[Any]
) -> None:
    height, width = picked.shape
    for y in range(height):
        for x in range(width):
            picked[y, x] = values[int(row[y, x]), int(col[y, x])]


@numba.njit(nogil=True, cache=True)
def _bilinear(
    source: NDArray[np.uint16],
    row: NDArray[np.float64],
    col: NDArray[np.float64],
    nodata: int,
    _share: int,
    numbers: NDArray[np.uint16],
) -> None:
    """Nodata where the nearest pixel is nodata; other nodata neighbours have no weight."""
    height, width = numbers.shape
    for y in range(height):
        for x in range(width):
            if source[int(row[y, x]), int(col[y, x])] == nodata:
                continue
            upper, left = int(np.floor(row[y, x] - 0.5)), int(np.floor(col[y, x] - 0.5))
            down, across = row[y, x] - 0.5 - upper, col[y, x] - 0.5 - left
            total, weights = 0.0, 0.0
            for step_y in range(2):
                for step_x in range(2):
                    value = source[upper + step_y, left + step_x]
                    if value != nodata:
                        weight = abs(1 - step_y - down) * abs(1 - step_x - across)
                        total += weight * value
                        weights += weight
            numbers[y, x] = np.rint(total / weights)


@numba.njit(nogil=True, cache=True)
def _mean(
    source: NDArray[np.uint16],
    row: NDArray[np.float64],
    col: NDArray[np.float64],
    nodata: int,
    share: int,
    numbers: NDArray[np.uint16],
) -> None:
    """Mean of the pixels under `share` x `share` points of each grid pixel that are not nodata."""
    height, width = numbers.shape
    for y in range(height):
        for x in range(width):
            total, count = 0.0, 0
            for step_y in range(share):
                for step_x in range(share):
                    point = y * share + step_y, x * share + step_x
                    value = source[int(row[point]), int(col[point])]
                    if value != nodata:
                        total += value
                        count += 1
            if count:
                numbers[y, x] = np.rint(total / count)


@numba.njit(nogil=True, cache=True)
def _claim(
    clear: NDArray[np.bool_],
    rows: NDArray[np.int64],
    cols: NDArray[np.int64],
    inside: NDArray[np.bool_],
    number: int,
    owner: NDArray[np.uint8],
) -> int:
    """A row at a time, in loops without a branch; rows that lie in one row of the file are laid out once."""
    height, width = owner.shape
    own, at, seen = np.uint8(number), -1, 0
    line = np.empty(width, dtype=np.uint8)
    for y in range(height):
        if rows[y] != at:
            at = rows[y]
            row = clear[at]
            for x in range(width):
                line[x] = row[cols[x]]
        for x in range(width):
            here, before = line[x] & np.uint8(inside[y, x]), owner[y, x]
            owner[y, x] = own if (here != 0) & (before == 0) else before
            seen += here
    return seen


@numba.njit(nogil=True, cache=True)
def _place(
    values: NDArray[np.uint16],
    rows: NDArray[np.int64],
    cols: NDArray[np.int64],
    owner: NDArray[np.uint8],
    number: int,
    meaning: NDArray[np.int16],
    alone: bool,
    target: NDArray[np.int16],
) -> int:
    """A row at a time, in loops without a branch; rows that lie in one row of the file are laid out once."""
    height, width = owner.shape
    nothing, own = np.int16(REFLECTANCE_NODATA), np.uint8(number)
    line = np.empty(width, dtype=np.int16)
    at, missing = -1, 0
    for y in range(height):
        if rows[y] != at:
            at = rows[y]
            _lay_out(values[at], cols, meaning, line)
        owners, placed = owner[y], target[y]
        if alone:
            for x in range(width):
                placed[x] = line[x] if owners[x] == own else nothing
        else:
            for x in range(width):
                placed[x] += (line[x] - placed[x]) * np.int16(owners[x] == own)
        missing += _missing(line, owners, own)
    return missing


@numba.njit(nogil=True, cache=True)
def _lay_out(
    row: NDArray[np.uint16], cols: NDArray[np.int64], meaning: NDArray[np.int16], line: NDArray[np.int16]
) -> None:
    """What the numbers in some columns of a row of a file mean."""
    width, first = len(line), cols[0]
    if cols[-1] - first == width - 1:
        numbers = row[first : first + width]
        for x in range(width):
            line[x] = meaning[numbers[x]]
    else:
        for x in range(width):
            line[x] = meaning[row[cols[x]]]


@numba.njit(nogil=True, cache=True)
def _missing(line: NDArray[np.int16], owners: NDArray[np.uint8], own: np.uint8) -> int:
    """How many of its own pixels have no number; it is soon seen that none lacks one, as is the rule."""
    nothing, lacks, missing = np.int16(REFLECTANCE_NODATA), False, 0
    for x in range(len(line)):
        lacks |= (owners[x] == own) & (line[x] == nothing)
    if lacks:
        for x in range(len(line)):
            missing += (owners[x] == own) & (line[x] == nothing)
    return missing


@lru_cache(maxsize=256)
def _meaning(asset: Asset, packing: Packing, dtype: str) -> NDArray[np.int16]:
    """What every number that a file of a type can hold is in a packing, by the number as unsigned."""
    gain, shift = asset.scale / packing.scale, (asset.offset - packing.offset) / packing.scale
    values = np.rint(_list_numbers(dtype) * gain + shift).clip(-REFLECTANCE_LIMIT, REFLECTANCE_LIMIT)
    return np.where(_list_valid_numbers(asset, dtype), values, REFLECTANCE_NODATA).astype(np.int16)


@lru_cache(maxsize=256)
def _list_valid_numbers(asset: Asset, dtype: str) -> NDArray[np.bool_]:
    """Whether every number that a file of a type can hold stands for a value, by the number as unsigned."""
    numbers = _list_numbers(dtype)
    low, high = asset.valid or (-math.inf, math.inf)
    return (numbers >= low) & (numbers <= high) & ~np.isin(numbers, (asset.nodata, *asset.special))


def _list_numbers(dtype: str) -> NDArray[np.integer]:
    """All numbers of a type of up to 16 bits, in the order in which they count as unsigned."""
    return np.arange(2**16, dtype=np.uint16).view(np.int16 if dtype == "int16" else np.uint16)
