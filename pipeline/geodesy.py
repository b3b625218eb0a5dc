"""Areas on the CGCS2000 ellipsoid, so that no figure depends on a projection.

Edges are straight in EPSG:4490; they are densified to at most 0.001 degree and then integrated as
geodesics (Karney 2013, DOI 10.1007/s00190-012-0578-z) on CGCS2000 (a = 6378137 m, 1/f = 298.257222101).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Geod, Proj
from pyproj.transformer import Transformer
from shapely.geometry.base import BaseGeometry

from pipeline.datum import LonLat, explain_no_shift, find_transformer, is_on_cgcs2000_or_wgs_84
from pipeline.errors import InputError

CGCS2000 = "EPSG:4490"
ELLIPSOID = Geod(a=6378137.0, rf=298.257222101)
MAX_EDGE_DEG = 0.001
SQUARE_METRES_PER_HECTARE = 10_000.0
SQUARE_METRES_PER_MU = 10_000.0 / 15.0
_HALF, _TURN = 180.0, 360.0
_POLYGONAL = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)


def measure_area_m2(geometry: BaseGeometry) -> float:
    """Ellipsoidal area of a polygonal geometry in EPSG:4490; holes count off, empty is 0."""
    return float(measure_areas_m2([geometry])[0])


def measure_areas_m2(geometries: Iterable[BaseGeometry]) -> NDArray[np.float64]:
    """`measure_area_m2` of each geometry; what is not a polygon counts nothing."""
    shapes = np.fromiter(geometries, dtype=object)
    polygons, owners = _list_polygons(shapes)
    rings, numbers = shapely.get_rings(polygons, return_index=True)
    hole = np.append(False, numbers[1:] == numbers[:-1])[: len(numbers)]
    points, ring = _densify(*shapely.get_coordinates(rings, return_index=True))
    lines = np.split(points, np.flatnonzero(np.diff(ring)) + 1) if len(points) else []
    sizes = np.array([_measure_ring_m2(line) for line in lines], dtype=np.float64)
    total = np.bincount(owners[numbers], np.where(hole, -sizes, sizes), len(shapes))
    return total.astype(np.float64)


def _list_polygons(shapes: NDArray[np.object_]) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """Polygons of shapes, and the place of the shape that each is of."""
    if np.all((shapely.get_type_id(shapes) == shapely.GeometryType.POLYGON) & ~shapely.is_empty(shapes)):
        return shapes, np.arange(len(shapes))
    members, owners = shapely.get_parts(shapes, return_index=True)
    polygons, places = shapely.get_parts(members, return_index=True)
    return polygons, owners[places]


def wrap_outline(outline: BaseGeometry) -> BaseGeometry:
    """An outline (longitude, latitude) within -180 to 180 degrees, cut where it crosses.

    Taken as crossing is a polygon that reaches past 180 degrees, and one wider than half the earth, which is
    how some catalogues write a crossing; no scene is that wide. What is no valid polygon, as with a
    vertex at infinity, stays as it is.
    """
    west, _, east, _ = outline.bounds or (0.0, 0.0, 0.0, 0.0)
    if west >= -_HALF and east <= _HALF and east - west <= _HALF:
        return outline
    parts = [_unroll(part) for part in shapely.get_parts(outline)]
    if not np.all(shapely.is_valid(parts)):
        return outline
    windows = [(turn, shapely.box(turn - _HALF, -90.0, turn + _HALF, 90.0)) for turn in (-_TURN, 0.0, _TURN)]
    cut = [_move(part.intersection(window), -turn) for part in parts for turn, window in windows]
    whole: BaseGeometry = shapely.union_all([piece for piece in cut if not piece.is_empty])
    return whole


def find_centre(outline: BaseGeometry) -> tuple[float, float]:
    """Longitude and latitude of the middle of an outline, also of one that is cut at 180 degrees."""
    middle = shapely.centroid(_unroll(outline))
    return float(middle.x) - _TURN * (middle.x >= _HALF), float(middle.y)


def project(geometry: BaseGeometry, crs: str, near: LonLat | None = None) -> BaseGeometry:
    """A geometry of EPSG:4490 in another CRS, densified first so that its edges keep their course."""
    projected: BaseGeometry = project_all(np.array([geometry], dtype=object), crs, near)[0]
    return projected


def project_all(geometries: NDArray[np.object_], crs: str, near: LonLat | None = None) -> NDArray[np.object_]:
    """`project` of many geometries, in one go.

    A hair along an edge, narrower than coordinates can tell, may cross itself once it is moved: polygons are
    made valid.
    """
    if len(geometries) == 0:
        return geometries
    kind, points, offsets = shapely.to_ragged_array(geometries, include_z=False)
    if offsets:
        counts = np.diff(offsets[0])
        points, line = _densify(points, np.repeat(np.arange(len(counts)), counts))
        ends = np.cumsum(np.bincount(line, minlength=len(counts)))
        offsets = (np.append(0, ends), *offsets[1:])
    moved = np.column_stack(_from_cgcs2000(crs, near).transform(points[:, 0], points[:, 1]))
    projected: NDArray[np.object_] = shapely.from_ragged_array(kind, moved, offsets)
    crossing = ~shapely.is_valid(projected) & np.isin(shapely.get_type_id(projected), _POLYGONAL)
    projected[crossing] = shapely.make_valid(projected[crossing], method="structure", keep_collapsed=False)
    return projected


def unproject(geometry: BaseGeometry, crs: str, near: LonLat | None = None) -> BaseGeometry:
    """A geometry of another CRS in EPSG:4490, vertex by vertex; cut at 180 degrees where it crosses."""
    moved: BaseGeometry = unproject_all(np.array([geometry], dtype=object), crs, near)[0]
    return moved


def unproject_all(
    geometries: NDArray[np.object_], crs: str, near: LonLat | None = None
) -> NDArray[np.object_]:
    """`unproject` of many geometries, in one go; heights are dropped, null stays null, lines stay whole."""
    moved: NDArray[np.object_] = np.asarray(_transform(geometries, to_cgcs2000(crs, near)), dtype=object)
    west, _, east, _ = shapely.bounds(moved).T
    polygonal = np.isin(shapely.get_type_id(moved), _POLYGONAL)
    for place in np.flatnonzero(polygonal & (east - west > _HALF)):
        moved[place] = wrap_outline(moved[place])
    return moved


def _unroll(part: BaseGeometry) -> BaseGeometry:
    west, _, east, _ = part.bounds
    if east - west <= _HALF:
        return part

    def east_of_0(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack([np.where(points[:, 0] < 0, points[:, 0] + _TURN, points[:, 0]), points[:, 1]])

    unrolled: BaseGeometry = shapely.transform(part, east_of_0)
    return unrolled


def _move(piece: BaseGeometry, degrees: float) -> BaseGeometry:
    moved: BaseGeometry = shapely.transform(piece, lambda points: points + np.array([degrees, 0.0]))
    return moved


def compute_areal_scale(crs: str, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Area on the map over area on the ellipsoid at points of a projected CRS."""
    lon, lat = to_cgcs2000(crs).transform(x, y)
    factors = Proj(CRS(crs)).get_factors(lon, lat)
    return np.asarray(factors.areal_scale, dtype=np.float64)


def _transform(geometry: Any, transformer: Transformer) -> Any:
    def move(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(transformer.transform(points[:, 0], points[:, 1]))

    return shapely.transform(geometry, move)


def _densify(
    points: NDArray[np.float64], line: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Points of several lines (each with its line's number) with edges of at most `MAX_EDGE_DEG`.

    shapely.segmentize would mend a polygon that rounding makes invalid, and can lose most of it.
    """
    steps = np.zeros_like(points)
    steps[:-1] = np.diff(points, axis=0)
    steps[:-1][np.diff(line) != 0] = 0
    pieces = np.maximum(np.ceil(np.hypot(*steps.T) / MAX_EDGE_DEG), 1).astype(np.int64)
    number = np.arange(pieces.sum()) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    along = np.repeat(steps / pieces[:, None], pieces, axis=0) * number[:, None]
    return np.repeat(points, pieces, axis=0) + along, np.repeat(line, pieces)


def _measure_ring_m2(points: NDArray[np.float64]) -> float:
    area, _ = ELLIPSOID.polygon_area_perimeter(points[:, 0], points[:, 1])
    return abs(float(area))


@lru_cache(maxsize=64)
def _from_cgcs2000(crs: str, near: LonLat | None = None) -> Transformer:
    return _find_way(crs, near, back=True)


@lru_cache(maxsize=64)
def to_cgcs2000(crs: str, near: LonLat | None = None) -> Transformer:
    """The way from a CRS to CGCS2000 degrees (longitude, latitude), the best for a place.

    InputError where nothing is published (Xian 1980), and for local systems; see `find_transformer`.
    """
    return _find_way(crs, near, back=False)


def _find_way(crs: str, near: LonLat | None, *, back: bool) -> Transformer:
    known = CRS(crs)
    found = find_transformer(known, near, back=back)
    if found is None:
        raise InputError("Coordinates cannot be brought to CGCS2000", [explain_no_shift("CRS", known)])
    return found


@dataclass(frozen=True)
class Route:
    """The way from one CRS to another, in one step or by way of CGCS2000."""

    ways: tuple[Transformer, ...]

    def transform(
        self, x: NDArray[np.float64], y: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Points of the one in the other, longitude and eastings first."""
        for way in self.ways:
            x, y = way.transform(x, y)
        return x, y


@lru_cache(maxsize=64)
def find_route(source: str, target: str) -> Route:
    """The way from one CRS to another; InputError where nothing leads from one to CGCS2000."""
    if all(is_on_cgcs2000_or_wgs_84(CRS(crs)) for crs in (source, target)):
        return Route((Transformer.from_crs(source, target, always_xy=True),))
    return Route((to_cgcs2000(source), _from_cgcs2000(target)))
