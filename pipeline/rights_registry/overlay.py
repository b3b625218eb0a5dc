"""Exact parcel statistics: which share of which pixel a parcel covers, and what the rasters say there.

The coverage is computed once per area and used for every raster and period.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import xarray as xr
from numpy.typing import NDArray

from pipeline.contracts import PARCEL_MEASURES, REFLECTANCE_NODATA, REFLECTANCE_SCALE, checked
from pipeline.geodesy import project_all
from pipeline.grid import Block, Grid
from pipeline.legends import LAND_COVER
from pipeline.periods import Period
from pipeline.rights_registry.cells import covered_cells

CHUNK_PX = 1024 * 1024
Layer = NDArray[np.generic] | xr.DataArray

_CODES = np.array([entry.code for entry in LAND_COVER.classes])
_CLASS_COUNT = len(_CODES)
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
class Coverage:
    """Pixels under every parcel of a table; `scale` brings the weights of each to its ellipsoidal area."""

    scale: NDArray[np.float64]
    chunks: tuple[Chunk, ...]


def coverage(parcels: gpd.GeoDataFrame, grid: Grid, *, chunk_px: int = CHUNK_PX) -> Coverage:
    """Exact fractional coverage of a grid by parcels (columns parcel_id, area_m2, geometry in EPSG:4490).

    Parcels are sorted along a Hilbert curve and cut into chunks whose window and pixels stay under
    `chunk_px`, so that no step holds more than one chunk of a raster. A parcel that the extraction gives
    no pixel (too small, or on the very edge) is wholly laid on the pixel under it.
    """
    shapes = project_all(parcels.geometry.to_numpy(), grid.crs)
    areas = parcels["area_m2"].to_numpy(dtype=np.float64)
    chunks = [_chunk(shapes, part, window, grid) for part, window in _parts(shapes, grid, chunk_px)]
    total = np.zeros(len(parcels))
    for chunk in chunks:
        total[chunk.parcel] += np.bincount(chunk.owner, chunk.weight_m2, len(chunk.parcel))
    lost = np.flatnonzero(total <= 0)
    chunks += [_pixel_under(shapes[number], number, float(areas[number]), grid) for number in map(int, lost)]
    total[lost] = areas[lost]
    return Coverage(areas / total, tuple(chunks))


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
    window = grid.window_over((left, bottom, right, top))
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
    results = covered_cells(shapes[part], window, grid)
    cells = [cells for cells, _ in results]
    cell = np.concatenate(cells).astype(np.int32)
    fraction = np.concatenate([fractions for _, fractions in results])
    indptr = np.concatenate([[0], np.cumsum([len(found) for found in cells])]).astype(np.int64)
    weight = fraction * grid.pixel_area_m2(window).ravel()[cell]
    return Chunk(window, part, indptr, cell, weight)


def _pixel_under(shape: Any, number: int, area_m2: float, grid: Grid) -> Chunk:
    point = shapely.point_on_surface(shape)
    col = int(np.clip((point.x - grid.left) // grid.resolution_m, 0, grid.width - 1))
    row = int(np.clip((grid.top - point.y) // grid.resolution_m, 0, grid.height - 1))
    return Chunk(
        Block(row, row + 1, col, col + 1),
        np.array([number], dtype=np.int64),
        np.array([0, 1], dtype=np.int64),
        np.zeros(1, dtype=np.int32),
        np.array([area_m2], dtype=np.float64),
    )


@dataclass(frozen=True)
class ParcelLayers:
    """Rasters of one period on the grid (y, x), in memory or lazy.

    `land_cover` uint8 with 255 as nodata; `fvc` and `ndvi` int16 of scale 1e-4 with nodata -32768; `looks`
    uint16 without nodata.
    """

    land_cover: Layer
    fvc: Layer
    ndvi: Layer
    looks: Layer


@dataclass(frozen=True)
class _Sums:
    """Weighted sums per parcel in m2: by class (the last column has no class), and of the other layers."""

    by_class: NDArray[np.float64]
    fvc: NDArray[np.float64]
    fvc_seen: NDArray[np.float64]
    fvc_unknown: NDArray[np.float64]
    vegetated: NDArray[np.float64]
    ndvi: NDArray[np.float64]
    ndvi_seen: NDArray[np.float64]
    ndvi_unknown: NDArray[np.float64]
    looks: NDArray[np.float64]
    whole: NDArray[np.float64]

    @property
    def arrays(self) -> Iterator[NDArray[np.float64]]:
        """All sums, in the order of their names."""
        return (getattr(self, field.name) for field in fields(self))


@dataclass(frozen=True)
class _Measure:
    """One measure of all parcels, with the areas that it rests on and that it lacks."""

    name: str
    value: NDArray[np.float64]
    unit: str
    covered: NDArray[np.float64]
    unknown: NDArray[np.float64]


def measure(
    coverage: Coverage,
    parcels: gpd.GeoDataFrame,
    period: Period,
    layers: ParcelLayers,
    *,
    cover_threshold: float,
) -> pd.DataFrame:
    """PARCEL_MEASURES of one period, in the order of the parcels that the coverage was made from.

    `cover_threshold` is the fractional vegetation cover from which ground counts as vegetated. Only the
    windows of the coverage are read, one chunk at a time. A mean over nothing is null. Class areas and
    their unknown area add up to the parcel's area; `looks_mean` rests on the whole of it.
    """
    sums = _scaled(_collected(coverage, layers, cover_threshold), coverage.scale)
    measures = _measures(sums)
    count = len(parcels)
    table = pd.DataFrame(
        {
            "parcel_id": np.repeat(parcels["parcel_id"].to_numpy(dtype=object), len(measures)),
            "period": period.label,
            "measure": np.tile(np.array([entry.name for entry in measures], dtype=object), count),
            "value": np.column_stack([entry.value for entry in measures]).ravel(),
            "unit": np.tile(np.array([entry.unit for entry in measures], dtype=object), count),
            "covered_area_m2": np.column_stack([entry.covered for entry in measures]).ravel(),
            "unknown_area_m2": np.column_stack([entry.unknown for entry in measures]).ravel(),
        }
    )
    measured: pd.DataFrame = checked(table, PARCEL_MEASURES)
    return measured


def _measures(sums: _Sums) -> list[_Measure]:
    seen, unknown = sums.by_class[:, :-1].sum(axis=1), sums.by_class[:, -1]
    classes = [
        _Measure(f"class_area:{entry.key}", sums.by_class[:, number], "m2", seen, unknown)
        for number, entry in enumerate(LAND_COVER.classes)
    ]
    fvc, fvc_areas = _mean(sums.fvc, sums.fvc_seen), (sums.fvc_seen, sums.fvc_unknown)
    vegetated = _mean(sums.vegetated, sums.fvc_seen)
    nothing = np.zeros_like(sums.whole)
    return [
        *classes,
        _Measure("fvc_mean", fvc, "1", *fvc_areas),
        _Measure("ndvi_mean", _mean(sums.ndvi, sums.ndvi_seen), "1", sums.ndvi_seen, sums.ndvi_unknown),
        _Measure("vegetated_share", vegetated, "1", *fvc_areas),
        _Measure("looks_mean", _mean(sums.looks, sums.whole), "count", sums.whole, nothing),
    ]


def _mean(total: NDArray[np.float64], area: NDArray[np.float64]) -> NDArray[np.float64]:
    mean: NDArray[np.float64] = np.divide(total, area, out=np.full(len(total), np.nan), where=area > 0)
    return mean


def _collected(coverage: Coverage, layers: ParcelLayers, cover_threshold: float) -> _Sums:
    count = len(coverage.scale)
    collected = _Sums(
        np.zeros((count, _CLASS_COUNT + 1)), *(np.zeros(count) for _ in range(len(fields(_Sums)) - 1))
    )
    for chunk in coverage.chunks:
        sums = _summed(chunk, layers, cover_threshold)
        for whole, part in zip(collected.arrays, sums.arrays, strict=True):
            whole[chunk.parcel] += part
    return collected


def _scaled(sums: _Sums, scale: NDArray[np.float64]) -> _Sums:
    by_class, *others = sums.arrays
    return _Sums(by_class * scale[:, None], *(array * scale for array in others))


def _summed(chunk: Chunk, layers: ParcelLayers, cover_threshold: float) -> _Sums:
    weight, owner = chunk.weight_m2, chunk.owner

    def total(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(owner, weights, len(chunk.parcel)).astype(np.float64)

    fvc, fvc_seen = _ratio(chunk, layers.fvc)
    ndvi, ndvi_seen = _ratio(chunk, layers.ndvi)
    return _Sums(
        by_class=_class_areas(chunk, owner, layers.land_cover),
        fvc=total(weight * fvc * fvc_seen),
        fvc_seen=total(weight * fvc_seen),
        fvc_unknown=total(weight * ~fvc_seen),
        vegetated=total(weight * (fvc_seen & (fvc >= cover_threshold))),
        ndvi=total(weight * ndvi * ndvi_seen),
        ndvi_seen=total(weight * ndvi_seen),
        ndvi_unknown=total(weight * ~ndvi_seen),
        looks=total(weight * _pixels(chunk, layers.looks)),
        whole=total(weight),
    )


def _class_areas(chunk: Chunk, owner: NDArray[np.int64], layer: Layer) -> NDArray[np.float64]:
    columns = np.full(_CODE_LIMIT, _CLASS_COUNT)
    columns[_CODES] = np.arange(_CLASS_COUNT)
    place = owner * (_CLASS_COUNT + 1) + columns[_pixels(chunk, layer)]
    areas = np.bincount(place, chunk.weight_m2, len(chunk.parcel) * (_CLASS_COUNT + 1))
    return areas.astype(np.float64).reshape(-1, _CLASS_COUNT + 1)


def _ratio(chunk: Chunk, layer: Layer) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Values of a layer of scale 1e-4, and which pixels have one."""
    numbers = _pixels(chunk, layer)
    return numbers * REFLECTANCE_SCALE, numbers != REFLECTANCE_NODATA


def _pixels(chunk: Chunk, layer: Layer) -> NDArray[Any]:
    """Values of a layer under the chunk's cells; reads the chunk's window and no more."""
    window = np.asarray(layer[chunk.window.rows, chunk.window.cols])
    pixels: NDArray[Any] = window.ravel()[chunk.cell]
    return pixels


def gathered(
    coverage: Coverage, layers: Mapping[str, Layer]
) -> Iterator[tuple[NDArray[np.float64], dict[str, NDArray[Any]]]]:
    """Area in m2 and the values of some layers of every covered pixel, chunk by chunk."""
    for chunk in coverage.chunks:
        weight_m2 = chunk.weight_m2 * coverage.scale[chunk.parcel][chunk.owner]
        yield weight_m2, {name: _pixels(chunk, layer) for name, layer in layers.items()}
