"""Parcels over the grid: which share of which pixel a parcel covers, and what rasters add up to there.

Neighbouring parcels are taken together, one task each; within a task they are taken block by block, so that
no more than one block of the rasters and of the covered pixels is held at a time.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from pipeline.geodesy import project_all
from pipeline.grid import Block, Grid
from pipeline.rights_registry.shapes import ParcelShapes
from pipeline.zonal.cells import extract_cells
from pipeline.zonal.kernels import Numbers, Pixels
from pipeline.zonal.layers import LayersNumbers
from pipeline.zonal.sums import Job, ParcelSums

BLOCK_PX = 1024 * 1024
NEIGHBOURS = 2048


@dataclass(frozen=True)
class ParcelPixels:
    """The covered pixels of some parcels in one block of the grid.

    `parcel` are places in the parcel table; the cells of `pixels` are counted row by row within the block,
    and their weight is the covered fraction times the ellipsoidal area. A parcel larger than a block stands
    in several.
    """

    block: Block
    pixels: Pixels

    @property
    def owner(self) -> NDArray[np.int64]:
        """Place in the parcel table for every pixel."""
        return np.repeat(self.pixels.parcel, np.diff(self.pixels.indptr))


def sum_parcels(
    parcels: ParcelShapes,
    grid: Grid,
    read: Callable[[Block], LayersNumbers],
    jobs: Sequence[Job],
    *,
    block_px: int = BLOCK_PX,
) -> ParcelSums:
    """Sums of some jobs under parcels, in their order.

    `read` gives the rasters of the jobs over a block; it is asked for blocks of at most `block_px` pixels,
    one at a time. The sums of a parcel are scaled so that its pixels have its ellipsoidal area. A parcel that
    the extraction gives no pixel (too small, or on the very edge) is wholly laid on the one under it.
    """
    shapes = project_all(parcels.shapes.all(), grid.crs)
    sums, total = ParcelSums.zeros(len(shapes), jobs), np.zeros(len(shapes))
    for covered in _lay(shapes, parcels.areas_m2, grid, block_px, total):
        sums.add(covered.pixels, read(covered.block))
    return sums.scale(parcels.areas_m2 / total)


def sum_pixels(weight_m2: Numbers, rasters: LayersNumbers, jobs: Sequence[Job]) -> ParcelSums:
    """Sums of some jobs under one parcel, from the area of each of its pixels and the rasters (pixel)."""
    sums = ParcelSums.zeros(1, jobs)
    sums.add(Pixels.of_one(weight_m2), rasters)
    return sums


def lay_parcels(parcels: gpd.GeoDataFrame, grid: Grid, *, block_px: int = BLOCK_PX) -> Iterator[ParcelPixels]:
    """The pixels that parcels (columns area_m2, geometry in EPSG:4490) cover, block by block."""
    shapes = project_all(parcels.geometry.to_numpy(), grid.crs)
    areas = parcels["area_m2"].to_numpy(dtype=np.float64)
    yield from _lay(shapes, areas, grid, block_px, np.zeros(len(shapes)))


def _lay(
    shapes: NDArray[np.object_], areas: Numbers, grid: Grid, block_px: int, total: Numbers
) -> Iterator[ParcelPixels]:
    """The pixels under projected shapes; adds up in `total` the weights of each shape."""
    for part, block in _parts(shapes, grid, block_px):
        covered = _cover(shapes, part, block, grid)
        own = np.repeat(np.arange(len(part)), np.diff(covered.pixels.indptr))
        total[part] += np.bincount(own, covered.pixels.weight_m2, len(part))
        yield covered
    for number in np.flatnonzero(total <= 0):
        total[number] = areas[number]
        yield _pixel_under(shapes[number], int(number), float(areas[number]), grid)


def _parts(
    shapes: NDArray[np.object_], grid: Grid, block_px: int
) -> Iterator[tuple[NDArray[np.int64], Block]]:
    """Places of neighbouring parcels with the block that covers them."""
    if len(shapes) == 0:
        return
    places = gpd.GeoSeries(shapes).hilbert_distance().to_numpy()
    yield from _split(shapes, np.argsort(places, kind="stable"), grid, block_px)


def _split(
    shapes: NDArray[np.object_], part: NDArray[np.int64], grid: Grid, block_px: int
) -> Iterator[tuple[NDArray[np.int64], Block]]:
    left, bottom, right, top = (float(value) for value in shapely.total_bounds(shapes[part]))
    block = grid.block_over((left, bottom, right, top))
    rows, cols = block.shape
    pixels = shapely.area(shapes[part]).sum() / grid.resolution_m**2 + len(part)
    if rows <= 0 or cols <= 0:
        return
    if max(rows * cols, pixels) <= block_px:
        yield part, block
    elif len(part) == 1:
        size = max(1, math.isqrt(block_px))
        yield from ((part, block) for block in grid.blocks_over(shapes[part[0]], size))
    else:
        half = len(part) // 2
        yield from _split(shapes, part[:half], grid, block_px)
        yield from _split(shapes, part[half:], grid, block_px)


def _cover(shapes: NDArray[np.object_], part: NDArray[np.int64], block: Block, grid: Grid) -> ParcelPixels:
    results = extract_cells(shapes[part], block, grid)
    cells = [cells for cells, _ in results]
    cell = np.concatenate(cells).astype(np.int32)
    fraction = np.concatenate([fractions for _, fractions in results])
    indptr = np.concatenate([[0], np.cumsum([len(of_shape) for of_shape in cells])]).astype(np.int64)
    weight = fraction * grid.pixel_area_m2(block).ravel()[cell]
    return ParcelPixels(block, Pixels(part, indptr, cell, weight))


def _pixel_under(shape: Any, number: int, area_m2: float, grid: Grid) -> ParcelPixels:
    block = grid.pixel_under(shapely.point_on_surface(shape))
    one = Pixels.of_one(np.array([area_m2], dtype=np.float64))
    return ParcelPixels(block, one._replace(parcel=np.array([number], dtype=np.int64)))
