"""Points and parcels of which series are asked: what they are called, and which pixels lie under them."""

from collections.abc import Iterator
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from shapely.geometry.base import BaseGeometry

from pipeline.errors import InputError, Problem
from pipeline.geodesy import CGCS2000, measure_areas_m2, project_all
from pipeline.grid import Block, Grid
from pipeline.library.outlines import to_degrees
from pipeline.zonal.kernels import Pixels
from pipeline.zonal.overlay import ParcelPixels, lay_parcels

BLOCK_PX = 512 * 512
_EDGE_PX = 512
_MARGIN_DEGREES = 0.001
_NAMED = 8
_POINT = shapely.GeometryType.POINT
_POLYGONS = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)


@dataclass(frozen=True)
class PlaceSet:
    """Points and polygons in EPSG:4490, their ids, and the name of the column that holds these."""

    name: str
    ids: NDArray[np.object_]
    shapes: NDArray[np.object_]

    @classmethod
    def of(cls, table: gpd.GeoDataFrame | gpd.GeoSeries) -> "PlaceSet":
        """The places of a table; InputError, all at once, for what is neither point nor valid polygon."""
        own = isinstance(table, gpd.GeoDataFrame) and "parcel_id" in table.columns
        ids = table["parcel_id"] if own else table.index
        name = "parcel_id" if own else str(table.index.name or "place")
        places = cls(name, np.asarray(ids, dtype=object), to_degrees(table))
        places.refuse_flaws()
        return places

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def frame(self) -> BaseGeometry:
        """A box around all of them, with a margin of about 100 m."""
        west, south, east, north = shapely.total_bounds(self.shapes)
        frame: BaseGeometry = shapely.box(
            west - _MARGIN_DEGREES, south - _MARGIN_DEGREES, east + _MARGIN_DEGREES, north + _MARGIN_DEGREES
        )
        return frame

    def refuse_flaws(self) -> None:
        """InputError that names the places of which nothing can be told."""
        kinds = shapely.get_type_id(self.shapes)
        bad = ~np.isin(kinds, (_POINT, *_POLYGONS)) | shapely.is_empty(self.shapes)
        bad |= ~shapely.is_valid(self.shapes)
        todo = "Leave them out, or mend them: table.make_valid()"
        problems = [
            Problem(
                f"{self.name} {self.ids[one]}", _explain(self.shapes[one]), "a point or a valid polygon", todo
            )
            for one in np.flatnonzero(bad)[:_NAMED]
        ]
        if not len(self):
            problems = [Problem("places", "no row", "at least one point or polygon")]
        if problems:
            raise InputError(f"{int(bad.sum())} places cannot be used", problems)

    @property
    def kinds(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Which of them are points, and which polygons."""
        is_point = shapely.get_type_id(self.shapes) == _POINT
        return np.flatnonzero(is_point), np.flatnonzero(~is_point)

    def take(self, chosen: NDArray[np.int64]) -> "PlaceSet":
        """Some of them."""
        return PlaceSet(self.name, self.ids[chosen], self.shapes[chosen])

    def project(self, crs: str) -> NDArray[np.object_]:
        """Their shapes in another CRS."""
        projected = self.shapes.copy()
        for kind in self.kinds:
            projected[kind] = project_all(self.shapes[kind], crs)
        return projected

    def lay(self, grid: Grid) -> Iterator[ParcelPixels]:
        """The pixels under them, block by block; polygons by exact coverage, points by theirs."""
        points, polygons = self.kinds
        shapes = self.shapes[polygons]
        table = gpd.GeoDataFrame({"area_m2": measure_areas_m2(shapes)}, geometry=shapes, crs=CGCS2000)
        for covered in lay_parcels(table, grid, block_px=BLOCK_PX) if len(table) else ():
            pixels = covered.pixels
            yield ParcelPixels(covered.block, pixels._replace(parcel=polygons[pixels.parcel]))
        yield from _lay_points(points, project_all(self.shapes[points], grid.crs), grid)


def weigh_cells(pixels: Pixels) -> tuple[NDArray[np.int32], csr_matrix]:
    """The cells that any place covers, and the covered area of each (place, cell)."""
    cells, own = np.unique(pixels.cell, return_inverse=True)
    shape = (len(pixels.parcel), len(cells))
    return cells, csr_matrix((pixels.weight_m2, own, pixels.indptr), shape=shape)


def _explain(shape: BaseGeometry | None) -> str:
    if shape is None or shape.is_empty:
        return "no geometry"
    return shape.geom_type if shape.is_valid else str(shapely.is_valid_reason(shape))


def _lay_points(
    numbers: NDArray[np.int64], points: NDArray[np.object_], grid: Grid
) -> Iterator[ParcelPixels]:
    """The pixel under each point, those of one block together."""
    pixels = [grid.pixel_under(point) for point in points]
    rows = np.array([pixel.row_from for pixel in pixels], dtype=np.int64)
    cols = np.array([pixel.col_from for pixel in pixels], dtype=np.int64)
    groups = rows // _EDGE_PX * (grid.width // _EDGE_PX + 1) + cols // _EDGE_PX
    for group in np.unique(groups):
        own = np.flatnonzero(groups == group)
        block = Block(rows[own].min(), rows[own].max() + 1, cols[own].min(), cols[own].max() + 1)
        cell = ((rows[own] - block.row_from) * block.shape[1] + cols[own] - block.col_from).astype(np.int32)
        weight = grid.pixel_area_m2(block).ravel()[cell]
        yield ParcelPixels(block, Pixels(numbers[own], np.arange(len(own) + 1), cell, weight))
