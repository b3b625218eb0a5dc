"""Exact parcel sums: which share of which pixel a parcel covers, and what the rasters add up to there.

Neighbouring parcels are taken together as slabs, one task each; within a slab they are taken chunk by chunk,
so that no more than one window of the rasters and of the coverage is held at a time.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import geopandas as gpd
import numba
import numpy as np
import shapely
from numpy.typing import NDArray

from pipeline.contracts import REFLECTANCE_NODATA, REFLECTANCE_SCALE
from pipeline.geodesy import project_all
from pipeline.grid import Block, Grid
from pipeline.legends import LAND_COVER, NODATA_CLASS, UNCHANGED
from pipeline.rights_registry.shapes import ParcelShapes
from pipeline.zonal.cells import extract_cells

CHUNK_PX = 1024 * 1024
SLAB_PARCELS = 2048

CLASS_KEYS = tuple(entry.key for entry in LAND_COVER.classes)
_CLASS_COUNT = len(CLASS_KEYS)
_CODE_LIMIT = 256


@dataclass(frozen=True)
class Chunk:
    """The covered pixels of some parcels in one window of the grid.

    `parcel` are positions in the parcel table; the pixels of `parcel[i]` are `cell[indptr[i]:indptr[i+1]]`,
    counted row by row within the window, and `weight_m2` is the covered fraction of each times its
    ellipsoidal area. A parcel larger than a window stands in several chunks.
    """

    window: Block
    parcel: NDArray[np.int64]
    indptr: NDArray[np.int64]
    cell: NDArray[np.int32]
    weight_m2: NDArray[np.float64]

    @property
    def owner(self) -> NDArray[np.int64]:
        """Position in `parcel` for every pixel."""
        return np.repeat(np.arange(len(self.parcel)), np.diff(self.indptr))


@dataclass(frozen=True)
class ParcelLayers:
    """Rasters of one period over a window (y, x).

    `land_cover` uint8 with 255 as nodata; `fvc` and `ndvi` int16 of scale 1e-4 with nodata -32768; `looks`
    (clear ones) and `failed` (looks lost to reads that failed) uint16 without nodata; `change` the codes of
    the transitions that count since the period before (legends.CHANGE), None in the first.
    """

    land_cover: NDArray[np.uint8]
    fvc: NDArray[np.int16]
    ndvi: NDArray[np.int16]
    looks: NDArray[np.uint16]
    failed: NDArray[np.uint16]
    change: NDArray[np.uint8] | None = None


@dataclass(frozen=True)
class CoverRules:
    """FVC from which ground counts as vegetated, and the cuts between grades: a value on a cut is above."""

    threshold: float
    cuts: tuple[float, ...]


@dataclass(frozen=True)
class ParcelSums:
    """What the pixels under each parcel add up to, in m2 (or m2 times the unit of a value).

    `periods` (parcel, period) has the fields `classes` and `unknown` (without a class), `grades`,
    `vegetated`, `fvc` and `ndvi` (sum of value times area, area seen, area unknown), `looks`, `failed`
    (sums), `touched` (area with a lost look) and `whole`. `pairs` (parcel, pair of consecutive periods) has
    `gained` and `lost` by class, of the change that counts, `seen` (in both periods) and `unknown`.
    """

    periods: NDArray[np.void]
    pairs: NDArray[np.void]

    @classmethod
    def empty(cls, parcels: int, periods: int, grades: int) -> "ParcelSums":
        """Nothing yet."""
        mean = ("f8", 3)
        of_period = [("classes", "f8", _CLASS_COUNT), ("unknown", "f8"), ("grades", "f8", grades)]
        of_period += [("vegetated", "f8"), ("fvc", *mean), ("ndvi", *mean)]
        of_period += [(name, "f8") for name in ("looks", "failed", "touched", "whole")]
        moved = [(name, "f8", _CLASS_COUNT) for name in ("gained", "lost")]
        of_pair = np.dtype([*moved, ("seen", "f8"), ("unknown", "f8")])
        return cls(
            np.zeros((parcels, periods), np.dtype(of_period)),
            np.zeros((parcels, max(periods - 1, 0)), of_pair),
        )

    def scaled(self, scale: NDArray[np.float64]) -> "ParcelSums":
        """The sums of each parcel times its scale."""
        return ParcelSums(*(_times(array, scale) for array in (self.periods, self.pairs)))

    @classmethod
    def total(cls, parts: Sequence["ParcelSums"]) -> "ParcelSums":
        """Sums over parts of the same parcels."""
        arrays = zip(*((part.periods, part.pairs) for part in parts), strict=True)
        return cls(*(_added(of_parts) for of_parts in arrays))

    def put(self, parcel: NDArray[np.int64], part: "ParcelSums") -> None:
        """Enter the sums of some parcels at their positions."""
        self.periods[parcel], self.pairs[parcel] = part.periods, part.pairs


def _times(array: NDArray[np.void], scale: NDArray[np.float64]) -> NDArray[np.void]:
    numbers = array.view(np.float64).reshape(len(array), -1) * scale[:, None]
    return numbers.view(array.dtype).reshape(array.shape)


def _added(arrays: Sequence[NDArray[np.void]]) -> NDArray[np.void]:
    numbers = np.sum([array.view(np.float64) for array in arrays], axis=0)
    total: NDArray[np.void] = numbers.view(arrays[0].dtype).reshape(arrays[0].shape)
    return total


def summed(
    parcels: ParcelShapes,
    grid: Grid,
    read: Callable[[Block], Sequence[ParcelLayers]],
    rules: CoverRules,
    *,
    chunk_px: int = CHUNK_PX,
) -> ParcelSums:
    """ParcelSums of a slab of parcels, in its order.

    `read` gives the rasters of every period over a window; it is asked for windows of at most `chunk_px`
    pixels, one at a time. The sums of a parcel are scaled so that its pixels have its ellipsoidal area. A
    parcel that the extraction gives no pixel (too small, or on the very edge) is wholly laid on the one under
    it.
    """
    shapes, areas = project_all(parcels.shapes.all(), grid.crs), parcels.areas_m2
    total = np.zeros(len(shapes))
    sums: ParcelSums | None = None
    for chunk in _covering(shapes, areas, grid, chunk_px, total):
        layers = read(chunk.window)
        sums = sums or ParcelSums.empty(len(shapes), len(layers), len(rules.cuts) + 1)
        _add(chunk, layers, rules, sums)
    assert sums is not None, "a slab has at least one parcel, and every parcel a pixel"
    return sums.scaled(areas / total)


def sums_under(
    weight_m2: NDArray[np.float64], layers: Sequence[ParcelLayers], rules: CoverRules
) -> ParcelSums:
    """ParcelSums of one parcel, given the area of each pixel under it and what the layers (pixel) hold."""
    pixels = len(weight_m2)
    parcel, indptr = np.zeros(1, dtype=np.int64), np.array([0, pixels], dtype=np.int64)
    cells = np.arange(pixels, dtype=np.int32)
    sums = ParcelSums.empty(1, len(layers), len(rules.cuts) + 1)
    _add(Chunk(Block(0, 1, 0, pixels), parcel, indptr, cells, weight_m2), layers, rules, sums)
    return sums


def coverage(parcels: gpd.GeoDataFrame, grid: Grid, *, chunk_px: int = CHUNK_PX) -> Iterator[Chunk]:
    """Exact fractional coverage of a grid by parcels (columns area_m2, geometry in EPSG:4490), by chunks."""
    shapes = project_all(parcels.geometry.to_numpy(), grid.crs)
    areas = parcels["area_m2"].to_numpy(dtype=np.float64)
    yield from _covering(shapes, areas, grid, chunk_px, np.zeros(len(shapes)))


def _covering(
    shapes: NDArray[np.object_],
    areas: NDArray[np.float64],
    grid: Grid,
    chunk_px: int,
    total: NDArray[np.float64],
) -> Iterator[Chunk]:
    """All chunks of some projected shapes; adds up in `total` the weights of each shape."""
    for part, window in _parts(shapes, grid, chunk_px):
        chunk = _chunk(shapes, part, window, grid)
        total[part] += np.bincount(chunk.owner, chunk.weight_m2, len(part))
        yield chunk
    for number in np.flatnonzero(total <= 0):
        total[number] = areas[number]
        yield _pixel_under(shapes[number], int(number), float(areas[number]), grid)


def _parts(
    shapes: NDArray[np.object_], grid: Grid, chunk_px: int
) -> Iterator[tuple[NDArray[np.int64], Block]]:
    """Positions of neighbouring parcels with the window that covers them."""
    if len(shapes) == 0:
        return
    places = gpd.GeoSeries(shapes).hilbert_distance().to_numpy()
    yield from _split(shapes, np.argsort(places, kind="stable"), grid, chunk_px)


def _split(
    shapes: NDArray[np.object_], part: NDArray[np.int64], grid: Grid, chunk_px: int
) -> Iterator[tuple[NDArray[np.int64], Block]]:
    left, bottom, right, top = (float(value) for value in shapely.total_bounds(shapes[part]))
    window = grid.block_over((left, bottom, right, top))
    rows, cols = window.shape
    pixels = shapely.area(shapes[part]).sum() / grid.resolution_m**2 + len(part)
    if rows <= 0 or cols <= 0:
        return
    if max(rows * cols, pixels) <= chunk_px:
        yield part, window
    elif len(part) == 1:
        size = max(1, math.isqrt(chunk_px))
        yield from ((part, block) for block in grid.blocks_over(shapes[part[0]], size))
    else:
        half = len(part) // 2
        yield from _split(shapes, part[:half], grid, chunk_px)
        yield from _split(shapes, part[half:], grid, chunk_px)


def _chunk(shapes: NDArray[np.object_], part: NDArray[np.int64], window: Block, grid: Grid) -> Chunk:
    results = extract_cells(shapes[part], window, grid)
    cells = [cells for cells, _ in results]
    cell = np.concatenate(cells).astype(np.int32)
    fraction = np.concatenate([fractions for _, fractions in results])
    indptr = np.concatenate([[0], np.cumsum([len(found) for found in cells])]).astype(np.int64)
    weight = fraction * grid.pixel_area_m2(window).ravel()[cell]
    return Chunk(window, part, indptr, cell, weight)


def _pixel_under(shape: Any, number: int, area_m2: float, grid: Grid) -> Chunk:
    return Chunk(
        grid.pixel_under(shapely.point_on_surface(shape)),
        np.array([number], dtype=np.int64),
        np.array([0, 1], dtype=np.int64),
        np.zeros(1, dtype=np.int32),
        np.array([area_m2], dtype=np.float64),
    )


class _Under(NamedTuple):
    """A chunk, as the kernels take it."""

    parcel: NDArray[np.int64]
    indptr: NDArray[np.int64]
    cell: NDArray[np.int32]
    weight: NDArray[np.float64]


class _Rasters(NamedTuple):
    """The rasters of a period, pixel by pixel."""

    land_cover: NDArray[np.uint8]
    fvc: NDArray[np.int16]
    ndvi: NDArray[np.int16]
    looks: NDArray[np.uint16]
    failed: NDArray[np.uint16]

    @classmethod
    def of(cls, layers: ParcelLayers) -> "_Rasters":
        return cls(*(getattr(layers, name).ravel() for name in cls._fields))


class _Moves(NamedTuple):
    """Land cover of two periods and the codes of what counts of its change, pixel by pixel."""

    before: NDArray[np.uint8]
    after: NDArray[np.uint8]
    codes: NDArray[np.uint8]


class _Limits(NamedTuple):
    """Position of every class code (see `_class_columns`), cuts between grades, FVC of vegetated ground."""

    columns: NDArray[np.int64]
    cuts: NDArray[np.float64]
    threshold: float


def _add(chunk: Chunk, layers: Sequence[ParcelLayers], rules: CoverRules, sums: ParcelSums) -> None:
    """Add what a chunk holds to the sums of its parcels."""
    under = _Under(chunk.parcel, chunk.indptr, chunk.cell, chunk.weight_m2)
    limits = _Limits(_class_columns(), np.array(rules.cuts, dtype=np.float64), rules.threshold)
    of_periods, of_pairs = _numbers(sums.periods), _numbers(sums.pairs)
    for number, layer in enumerate(layers):
        _add_period(under, _Rasters.of(layer), limits, of_periods[:, number])
    for number, (before, after) in enumerate(pairwise(layers)):
        assert after.change is not None, "every period but the first has the change since the one before"
        moves = _Moves(before.land_cover.ravel(), after.land_cover.ravel(), after.change.ravel())
        _add_pair(under, moves, limits.columns, of_pairs[:, number])


def _class_columns() -> NDArray[np.int64]:
    """Position of every class code in `CLASS_KEYS`, and behind the last for a code that is no class."""
    columns = np.full(_CODE_LIMIT, _CLASS_COUNT)
    columns[[entry.code for entry in LAND_COVER.classes]] = np.arange(_CLASS_COUNT)
    return columns


def _numbers(sums: NDArray[np.void]) -> NDArray[np.float64]:
    """The fields of sums (parcel, period) one after the other, as their last axis."""
    return sums.view(np.float64).reshape(*sums.shape, sums.itemsize // 8)


@numba.njit(nogil=True, cache=True)
def _add_period(under: _Under, layers: _Rasters, limits: _Limits, sums: NDArray[np.float64]) -> None:
    """Add the pixels of one period to the fields of ParcelSums.periods, which stand in their order."""
    grades = _CLASS_COUNT + 1
    rest = grades + len(limits.cuts) + 1
    for row in range(len(under.parcel)):
        fields = sums[under.parcel[row]]
        for place in range(under.indptr[row], under.indptr[row + 1]):
            pixel, area = under.cell[place], under.weight[place]
            fields[limits.columns[layers.land_cover[pixel]]] += area
            if layers.fvc[pixel] == REFLECTANCE_NODATA:
                fields[rest + 3] += area
            else:
                cover = layers.fvc[pixel] * REFLECTANCE_SCALE
                grade = 0
                for cut in limits.cuts:
                    grade += cover >= cut
                fields[grades + grade] += area
                if cover >= limits.threshold:
                    fields[rest] += area
                fields[rest + 1] += cover * area
                fields[rest + 2] += area
            if layers.ndvi[pixel] == REFLECTANCE_NODATA:
                fields[rest + 6] += area
            else:
                fields[rest + 4] += layers.ndvi[pixel] * REFLECTANCE_SCALE * area
                fields[rest + 5] += area
            fields[rest + 7] += layers.looks[pixel] * area
            fields[rest + 8] += layers.failed[pixel] * area
            if layers.failed[pixel] > 0:
                fields[rest + 9] += area
            fields[rest + 10] += area


@numba.njit(nogil=True, cache=True)
def _add_pair(under: _Under, moves: _Moves, columns: NDArray[np.int64], sums: NDArray[np.float64]) -> None:
    """Add the pixels of two periods to the fields of ParcelSums.pairs, which stand in their order."""
    for row in range(len(under.parcel)):
        fields = sums[under.parcel[row]]
        for place in range(under.indptr[row], under.indptr[row + 1]):
            pixel, area = under.cell[place], under.weight[place]
            known = columns[moves.before[pixel]] < _CLASS_COUNT and columns[moves.after[pixel]] < _CLASS_COUNT
            fields[2 * _CLASS_COUNT + (0 if known else 1)] += area
            code = moves.codes[pixel]
            if code not in (UNCHANGED, NODATA_CLASS):
                fields[columns[code % 10]] += area
                fields[_CLASS_COUNT + columns[code // 10]] += area
