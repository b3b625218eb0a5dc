"""Pixels under polygons, from exactextract: which, and what fraction of each is covered."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import shapely
from exactextract import exact_extract
from exactextract.feature import Feature, FeatureSource
from exactextract.raster import NumPyRasterSource
from exactextract.writer import Writer
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from pipeline.grid import Block, Grid

_LEAF_PX = 256


def extract_cells(
    shapes: NDArray[np.object_], block: Block, grid: Grid
) -> list[tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """Cells of a block (counted row by row) that each shape covers, and the covered fraction of each.

    `shapes` are polygons in the grid's CRS. No raster is held: the extraction sees one byte everywhere.
    Fractions carry the single precision of exactextract. A shape that has the block for itself is extracted
    along its edge alone. They must be valid: of what crosses itself the extraction takes pixels for whole.
    """
    wkb: list[bytes] = list(shapely.to_wkb(shapes))
    if len(wkb) == 1 and max(block.shape) > _LEAF_PX:
        return [_extract_edge(wkb, block, grid)]
    return _extract(wkb, block, grid)


def _extract_edge(
    wkb: list[bytes], block: Block, grid: Grid
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Cells and fractions of one shape: the leaves of a block that lie deep inside it are covered wholly.

    The shape is a copy: GEOS ends the process where two threads ask one prepared geometry, and blocks of an
    outline are worked on side by side.
    """
    shape: BaseGeometry = shapely.from_wkb(wkb[0])
    shapely.prepare(shape)
    fraction = np.zeros(block.shape)
    for leaf in block.split(_LEAF_PX):
        frame = shapely.box(*grid.block_bounds(leaf))
        part = fraction[leaf.within(block)]
        if shapely.contains_properly(shape, frame):
            part[...] = 1
        elif shapely.intersects(shape, frame):
            ((cells, covered),) = _extract(wkb, leaf, grid)
            part[np.unravel_index(cells, leaf.shape)] = covered
    cells = np.flatnonzero(fraction)
    return cells, fraction.ravel()[cells]


def _extract(
    wkb: list[bytes], block: Block, grid: Grid
) -> list[tuple[NDArray[np.int64], NDArray[np.float64]]]:
    raster = NumPyRasterSource(np.broadcast_to(np.uint8(0), block.shape), *grid.block_bounds(block))
    writer = _Cells()
    exact_extract(raster, _Shapes(wkb), ["cell_id", "coverage"], output=writer)
    return writer.cells


class _Shape(Feature):  # type: ignore[misc]  # exactextract is untyped
    """A geometry as exactextract takes it in; WKB, because its GeoPandas source goes through JSON text."""

    def __init__(self, wkb: bytes) -> None:
        super().__init__()
        self.wkb = wkb

    def geometry(self) -> bytes:
        return self.wkb

    def fields(self) -> list[str]:
        return []


class _Shapes(FeatureSource):  # type: ignore[misc]  # see _Shape
    def __init__(self, wkb: list[bytes]) -> None:
        super().__init__()
        self.wkb = wkb

    def count(self) -> int:
        return len(self.wkb)

    def __iter__(self) -> Iterator[_Shape]:
        return (_Shape(wkb) for wkb in self.wkb)

    def srs_wkt(self) -> None:
        return None


class _Result(Feature):  # type: ignore[misc]  # see _Shape
    """What exactextract gives for one geometry."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, Any] = {}

    def set(self, name: str, value: Any) -> None:
        self.values[name] = value

    def set_geometry(self, geometry: Any) -> None:
        """Geometries are not asked back."""

    def set_geometry_format(self) -> str:
        return "wkb"


class _Cells(Writer):  # type: ignore[misc]  # see _Shape
    """Collects cells and fractions in the order of the geometries."""

    def __init__(self) -> None:
        super().__init__()
        self.cells: list[tuple[NDArray[np.int64], NDArray[np.float64]]] = []

    def add_operation(self, operation: Any) -> None:
        """Nothing to prepare: the names of the operations are fixed."""

    def write(self, feature: Any) -> None:
        result = _Result()
        feature.copy_to(result)
        self.cells.append((result.values["cell_id"], result.values["coverage"]))

    def finish(self) -> None:
        """Nothing to close."""

    def features(self) -> None:
        """The results are read from `cells`."""
