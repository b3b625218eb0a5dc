"""One block, all dates: clear masks first, then one band at a time, with a record of every read."""

import math
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import groupby
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer
from rasterio.windows import Window
from shapely.geometry.base import BaseGeometry

from pipeline.contracts import (
    REFLECTANCE_LIMIT,
    REFLECTANCE_NODATA,
    REFLECTANCE_SCALE,
    Asset,
    ReadRecord,
    Scene,
)
from pipeline.errors import BrokenAsset
from pipeline.grid import Block, Grid
from pipeline.ingest.assets import Footprint, footprint, read_window, tune_gdal
from pipeline.ingest.clearness import clear_pixels, reach_px
from pipeline.ingest.scenes import analysis_assets
from pipeline.settings import Clear

_READERS = 4
_ALIGNED = 1e-6
_WARP_MARGIN_PX = 2


@dataclass(frozen=True)
class BlockRequest:
    """What to read: a block of a grid, inside an outline (CRS of the grid), from scenes that may meet it.

    `longitude` fixes the solar day: scenes of one mission and solar day are one look.
    """

    grid: Grid
    block: Block
    outline: BaseGeometry
    scenes: tuple[Scene, ...]
    bands: tuple[str, ...]
    clear: Clear
    harmonised: bool
    longitude: float


@dataclass(frozen=True)
class Looks:
    """The looks at a block: the scenes of each date, and where each of them is the one that counts.

    `owner` (date, y, x) is 0 where a date gives nothing clear, else 1 + the number of the scene in its
    date, so that all bands of a pixel come from one item. `lost` (y, x) counts looks whose read failed.
    """

    dates: tuple[tuple[Scene, ...], ...]
    owner: NDArray[np.uint8]
    lost: NDArray[np.uint16]
    records: tuple[ReadRecord, ...]


def read_looks(request: BlockRequest, broken: frozenset[str] = frozenset()) -> Looks:
    """The clear looks at a block, from the scenes' masks; `broken` scenes are left out and counted as lost.

    Dates without a clear pixel inside the outline are dropped, so their bands are never read.
    """
    inside = request.grid.touched(request.outline, request.block)
    lost = np.zeros(request.block.shape, dtype=np.uint16)
    dates: list[tuple[Scene, ...]] = []
    owners: list[NDArray[np.uint8]] = []
    records: list[ReadRecord] = []
    ordered = sorted(request.scenes, key=lambda scene: (*_look(scene, request.longitude), scene.id))
    masks = iter(_parallel(lambda scene: _clear(request, scene), ordered))
    for _, group in groupby(ordered, key=lambda scene: _look(scene, request.longitude)):
        scenes = tuple(group)
        owner = np.zeros(request.block.shape, dtype=np.uint8)
        for number, scene in enumerate(scenes, start=1):
            clear = next(masks)
            records.append(_mask_record(request.block, scene, clear, inside))
            if isinstance(clear, BrokenAsset):
                lost += inside
            elif scene.id in broken:
                lost += clear & inside & (owner == 0)
            else:
                owner[clear & inside & (owner == 0)] = number
        if owner.any():
            dates.append(scenes)
            owners.append(owner)
    stacked = np.stack(owners) if owners else np.zeros((0, *request.block.shape), dtype=np.uint8)
    return Looks(tuple(dates), stacked, lost, tuple(records))


def read_band(request: BlockRequest, looks: Looks, band: str) -> tuple[NDArray[np.int16], list[ReadRecord]]:
    """One band of all looks as reflectance (date, y, x), int16 with scale 1e-4 and nodata -32768.

    A scene whose read failed leaves nodata; its record says so. Where a scene has no number at a pixel that
    its mask calls clear, the look is struck from `looks.owner`: what is unknown in one band is no look, and
    the bands read before must be read again.
    """
    stack = np.full(looks.owner.shape, REFLECTANCE_NODATA, dtype=np.int16)
    jobs = [
        (stack[day], looks.owner[day], number, scene)
        for day, scenes in enumerate(looks.dates)
        for number, scene in enumerate(scenes, start=1)
        if (looks.owner[day] == number).any()
    ]
    return stack, _parallel(lambda job: _fill(request, band, *job), jobs)


def _look(scene: Scene, longitude: float) -> tuple[str, date]:
    solar = scene.datetime + timedelta(hours=longitude / 15)
    return scene.mission, solar.date()


def _clear(request: BlockRequest, scene: Scene) -> NDArray[np.bool_] | BrokenAsset:
    try:
        place = footprint(scene.mask)
        rows, cols = _nearest(place, request.grid, request.block)
        margin = reach_px(request.clear)
        window = _window(rows, cols, margin)
        mask = read_window(scene.mask, window)
    except BrokenAsset as error:
        return error
    clear = clear_pixels(mask, scene.mission, request.clear)
    return np.asarray(clear[rows - window.row_off, cols - window.col_off])


def _fill(
    request: BlockRequest,
    band: str,
    target: NDArray[np.int16],
    owner: NDArray[np.uint8],
    number: int,
    scene: Scene,
) -> ReadRecord:
    asset = analysis_assets(scene, [band], harmonised=request.harmonised).get(band)
    if asset is None:
        return _record(request.block, scene, band, "skipped", "the scene has no such band", "")
    try:
        numbers = _on_grid(asset, request.grid, request.block)
    except BrokenAsset as error:
        return _record(request.block, scene, band, "failed", "not readable", asset.href, str(error))
    gain, shift = asset.scale / REFLECTANCE_SCALE, asset.offset / REFLECTANCE_SCALE
    _place(numbers, owner, number, asset.nodata, gain, shift, target)
    return _record(request.block, scene, band, "read", "", asset.href)


def _mask_record(
    block: Block, scene: Scene, clear: NDArray[np.bool_] | BrokenAsset, inside: NDArray[np.bool_]
) -> ReadRecord:
    if isinstance(clear, BrokenAsset):
        return _record(block, scene, "mask", "failed", "not readable", scene.mask.href, str(clear))
    reason = "" if (clear & inside).any() else "nothing clear in the block"
    return _record(block, scene, "mask", "read", reason, scene.mask.href)


def _record(
    block: Block, scene: Scene, band: str, outcome: Any, reason: str, href: str, error: str = ""
) -> ReadRecord:
    return ReadRecord(scene.id, band, block.id, outcome, reason, href, error=error)


def _on_grid(asset: Asset, grid: Grid, block: Block) -> NDArray[np.uint16]:
    """Numbers of an asset on a block: pasted where the grids align, else warped."""
    place = footprint(asset)
    if _pastes(place, grid):
        rows, cols = _nearest(place, grid, block)
        window = _window(rows, cols, 0)
        numbers = read_window(asset, window)
        return np.asarray(numbers[rows - window.row_off, cols - window.col_off])
    return _warped(asset, place, grid, block)


def _pastes(place: Footprint, grid: Grid) -> bool:
    """Same CRS, the file's pixel a whole multiple of the grid's, edges on edges of the grid."""
    ratio = place.transform.a / grid.resolution_m
    shifts = (
        (place.transform.c - grid.left) / grid.resolution_m,
        (grid.top - place.transform.f) / grid.resolution_m,
    )
    whole = all(abs(number - round(number)) < _ALIGNED for number in (ratio, *shifts))
    return place.crs == grid.crs and ratio > 1 - _ALIGNED and whole


def _nearest(place: Footprint, grid: Grid, block: Block) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Row and column in a file of the pixel that holds each pixel centre of a block; broadcastable."""
    row, col = _positions(place, grid, block, 1)
    return np.floor(row).astype(np.intp), np.floor(col).astype(np.intp)


def _window(rows: NDArray[np.intp], cols: NDArray[np.intp], margin: int) -> Window:
    row, col = int(rows.min()) - margin, int(cols.min()) - margin
    return Window(col, row, int(cols.max()) + margin + 1 - col, int(rows.max()) + margin + 1 - row)


def _warped(asset: Asset, place: Footprint, grid: Grid, block: Block) -> NDArray[np.uint16]:
    """Bilinear where the file is coarser than the grid, else the mean of its pixels in each grid pixel."""
    share = max(1, math.ceil(grid.resolution_m / place.transform.a - _ALIGNED))
    row, col = _positions(place, grid, block, share)
    window = _window(row.astype(np.intp), col.astype(np.intp), _WARP_MARGIN_PX)
    source = read_window(asset, window)
    numbers = np.full(block.shape, asset.nodata, dtype=source.dtype)
    warp = _bilinear if share == 1 else _mean
    points = np.broadcast_shapes(row.shape, col.shape)
    rows = np.broadcast_to(row - window.row_off, points)
    cols = np.broadcast_to(col - window.col_off, points)
    warp(source, rows, cols, asset.nodata, share, numbers)
    return numbers


def _positions(
    place: Footprint, grid: Grid, block: Block, share: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Row and column in a file, from its corner, of `share` x `share` points in each pixel of a block.

    In the file's own CRS rows are a column vector and columns a row vector.
    """
    x = _subdivided(grid.x_of(block), share, grid.resolution_m)[None, :]
    y = _subdivided(grid.y_of(block), share, -grid.resolution_m)[:, None]
    if place.crs != grid.crs:
        points = np.broadcast_shapes(x.shape, y.shape)
        x, y = _transformer(grid.crs, place.crs).transform(
            np.broadcast_to(x, points), np.broadcast_to(y, points)
        )
    inverse = ~place.transform
    return y * inverse.e + inverse.f, x * inverse.a + inverse.c


def _subdivided(centres: NDArray[np.float64], share: int, step: float) -> NDArray[np.float64]:
    inside = ((np.arange(share) + 0.5) / share - 0.5) * step
    return (centres[:, None] + inside).ravel()


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
def _place(
    numbers: NDArray[np.uint16],
    owner: NDArray[np.uint8],
    number: int,
    nodata: int,
    gain: float,
    shift: float,
    target: NDArray[np.int16],
) -> None:
    height, width = numbers.shape
    for y in range(height):
        for x in range(width):
            if owner[y, x] != number:
                continue
            if numbers[y, x] == nodata:
                owner[y, x] = 0
            else:
                value = np.rint(numbers[y, x] * gain + shift)
                target[y, x] = min(max(value, -REFLECTANCE_LIMIT), REFLECTANCE_LIMIT)


def _parallel(function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
    return list(_readers(os.getpid()).map(function, items))


@cache
def _readers(process: int) -> ThreadPoolExecutor:
    """Threads that read, one pool per process."""
    return ThreadPoolExecutor(_READERS, f"reader-{process}", initializer=tune_gdal)


@cache
def _transformer(source: str, target: str) -> Transformer:
    return Transformer.from_crs(source, target, always_xy=True)
