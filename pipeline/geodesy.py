"""Areas on the CGCS2000 ellipsoid, so that no figure depends on a projection.

Edges are straight in EPSG:4490; they are densified to at most 0.001 degree and then integrated as
geodesics (Karney 2013, DOI 10.1007/s00190-012-0578-z) on CGCS2000 (a = 6378137 m, 1/f = 298.257222101).
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Geod, Proj
from pyproj.exceptions import ProjError
from pyproj.transformer import Transformer
from shapely.geometry.base import BaseGeometry

from pipeline.errors import InputError, Problem

CGCS2000 = "EPSG:4490"
ELLIPSOID = Geod(a=6378137.0, rf=298.257222101)
MAX_EDGE_DEG = 0.001
SQUARE_METRES_PER_HECTARE = 10_000.0
SQUARE_METRES_PER_MU = 10_000.0 / 15.0


def area_m2(geometry: BaseGeometry) -> float:
    """Ellipsoidal area of a polygonal geometry in EPSG:4490; holes count off, empty is 0."""
    dense = shapely.segmentize(geometry, MAX_EDGE_DEG)
    return sum(_polygon_area_m2(part) for part in _polygons(dense))


def areas_m2(geometries: Iterable[BaseGeometry]) -> NDArray[np.float64]:
    """`area_m2` of each geometry."""
    return np.array([area_m2(geometry) for geometry in geometries], dtype=np.float64)


def project(geometry: BaseGeometry, crs: str) -> BaseGeometry:
    """A geometry of EPSG:4490 in another CRS, densified first so that its edges keep their course."""
    dense = shapely.segmentize(geometry, MAX_EDGE_DEG)
    projected: BaseGeometry = _transformed(dense, _from_cgcs2000(crs))
    return projected


def project_all(geometries: NDArray[np.object_], crs: str) -> NDArray[np.object_]:
    """`project` of many geometries, in one go."""
    dense = shapely.segmentize(geometries, MAX_EDGE_DEG)
    projected: NDArray[np.object_] = _transformed(dense, _from_cgcs2000(crs))
    return projected


def unproject(geometry: BaseGeometry, crs: str) -> BaseGeometry:
    """A geometry of another CRS in EPSG:4490, vertex by vertex."""
    moved: BaseGeometry = _transformed(geometry, to_cgcs2000(crs))
    return moved


def unproject_all(geometries: NDArray[np.object_], crs: str) -> NDArray[np.object_]:
    """`unproject` of many geometries, in one go; heights are dropped, null stays null."""
    moved: NDArray[np.object_] = _transformed(geometries, to_cgcs2000(crs))
    return moved


def areal_scale(crs: str, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Area on the map over area on the ellipsoid at points of a projected CRS."""
    lon, lat = to_cgcs2000(crs).transform(x, y)
    factors = Proj(CRS(crs)).get_factors(lon, lat)
    return np.asarray(factors.areal_scale, dtype=np.float64)


def _transformed(geometry: Any, transformer: Transformer) -> Any:
    def move(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(transformer.transform(points[:, 0], points[:, 1]))

    return shapely.transform(geometry, move)


def _polygons(geometry: BaseGeometry) -> Iterable[shapely.Polygon]:
    parts = shapely.get_parts(shapely.get_parts(geometry))
    return (part for part in parts if isinstance(part, shapely.Polygon) and not part.is_empty)


def _polygon_area_m2(polygon: shapely.Polygon) -> float:
    holes = sum(_ring_area_m2(ring) for ring in polygon.interiors)
    return _ring_area_m2(polygon.exterior) - holes


def _ring_area_m2(ring: shapely.LinearRing) -> float:
    lon, lat = shapely.get_coordinates(ring).T
    area, _ = ELLIPSOID.polygon_area_perimeter(lon, lat)
    return abs(float(area))


@lru_cache(maxsize=64)
def _from_cgcs2000(crs: str) -> Transformer:
    return Transformer.from_crs(CGCS2000, crs, always_xy=True)


@lru_cache(maxsize=64)
def to_cgcs2000(crs: str) -> Transformer:
    """The way from a CRS to CGCS2000 degrees (longitude, latitude).

    Other datums go by their published transformation to WGS 84, which is within a metre of CGCS2000;
    PROJ knows none between the two and would fall back on a guess that can be 100 m off. InputError where
    nothing is published (Xian 1980): such data have to be brought to CGCS2000 by the surveyors.
    """
    for target in (CGCS2000, "EPSG:4326"):
        try:
            return Transformer.from_crs(crs, target, always_xy=True, allow_ballpark=False)
        except ProjError:
            continue
    raise InputError(
        "Coordinates cannot be brought to CGCS2000",
        [Problem("CRS", CRS(crs).name, "a CRS on CGCS2000, or with a published way to WGS 84 or CGCS2000")],
    )
