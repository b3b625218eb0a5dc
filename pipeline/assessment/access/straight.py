"""Who is near enough as the crow flies: homes cut exactly where the limit runs, in a plane true to scale."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from pipeline.assessment.access.dividing import divide_shapes
from pipeline.assessment.access.plane import find_scale, shrink

QUADRANT_SEGMENTS = 90
"""Chords in a quarter of a circle about a corner: they lie inside of it, by 4e-5 of its radius at most."""

_NOISE = 1e-9
"""What of a home's area the cut leaves by rounding."""

CENTIMETRES = 2
"""Distances of points are compared in whole centimetres, so that who is exactly at the limit is served."""


@dataclass(frozen=True)
class Nearness:
    """How homes lie to places: `share` of each that is served, NaN where that is unknown; the `rest` of each.

    `rest` is what of a home is not served, empty where all is; `nearest_m` is how far the middle of the rest
    is from the nearest place, `nearest` the number of that place: NaN and -1 where all is served, infinity
    and -1 where there is no place. `reason` says why a share is unknown.
    """

    share: NDArray[np.float64]
    rest: NDArray[np.object_]
    nearest_m: NDArray[np.float64]
    nearest: NDArray[np.int64]
    reason: NDArray[np.object_]

    @classmethod
    def unknown(cls, homes: NDArray[np.object_], reason: str) -> "Nearness":
        """That of homes of which nothing is known."""
        nothing = np.full(len(homes), np.nan)
        reasons = np.full(len(homes), reason, dtype=object)
        return cls(nothing, homes, nothing, np.full(len(homes), -1), reasons)


def find_straight(homes: NDArray[np.object_], places: NDArray[np.object_], limit_m: float) -> Nearness:
    """Nearness of homes (polygons or points) to places (polygons) in the plane of an area, straight.

    A home at exactly the limit is served. Polygons are cut along the line at that distance from all places:
    `share` is the share of their area inside of it. Rounded corners of that line are chords of one degree.
    """
    tiles, owners = divide_shapes(places)
    rest = np.array(homes, dtype=object)
    tree = shapely.STRtree(tiles)
    whole, touched = _sort_out(homes, tree, limit_m)
    cut = np.flatnonzero(touched & ~whole & (shapely.get_dimensions(homes) > 0))
    rest[cut] = _cut_away(rest[cut], tree, limit_m)
    left = shapely.area(rest[cut]) / shapely.area(homes[cut])
    share = np.where(whole, 1.0, 0.0)
    share[cut] = np.where(left > _NOISE, 1 - left, 1.0)
    rest[share == 1] = shapely.Polygon()
    nearest, nearest_m = _find_nearest(rest, tree)
    nearest[nearest >= 0] = owners[nearest[nearest >= 0]]
    return Nearness(share, rest, nearest_m, nearest, np.full(len(homes), None, dtype=object))


def _sort_out(
    homes: NDArray[np.object_], tree: shapely.STRtree, limit_m: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Homes that are served as a whole, by the circle about them, and those that are in part at least."""
    left, bottom, right, top = shapely.bounds(homes).T
    middles = shapely.points((left + right) / 2, (bottom + top) / 2)
    _, middle_m = _measure(middles, tree)
    reach_m = np.hypot(right - left, top - bottom) / 2
    whole = np.round(middle_m + reach_m, CENTIMETRES) <= limit_m
    touched = whole | (np.round(middle_m - reach_m, CENTIMETRES) <= limit_m)
    return whole, touched


def _cut_away(homes: NDArray[np.object_], tree: shapely.STRtree, limit_m: float) -> NDArray[np.object_]:
    """Homes without what lies within the limit of a place."""
    reach_m = limit_m * find_scale(_find_eastings(homes))
    home, tile = tree.query(homes, predicate="dwithin", distance=reach_m)
    used, tile = np.unique(tile, return_inverse=True)
    reach_m = limit_m * find_scale(_find_eastings(tree.geometries[used]))
    zones = shapely.buffer(tree.geometries[used], reach_m, quad_segs=QUADRANT_SEGMENTS)
    left = np.array(homes, dtype=object)
    order = np.argsort(home, kind="stable")
    starts = np.flatnonzero(np.diff(home[order], prepend=-1))
    for one, around in zip(home[order][starts], np.split(tile[order], starts)[1:], strict=True):
        left[one] = shapely.difference(left[one], shapely.union_all(zones[around]))
    return left


def _find_nearest(
    rest: NDArray[np.object_], tree: shapely.STRtree
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Tile that is nearest to the middle of what is left of homes, and how far it is; -1 and NaN without."""
    nearest, nearest_m = np.full(len(rest), -1), np.full(len(rest), np.nan)
    there = np.flatnonzero(~shapely.is_empty(rest))
    nearest[there], nearest_m[there] = _measure(shapely.point_on_surface(rest[there]), tree)
    return nearest, nearest_m


def _measure(
    points: NDArray[np.object_], tree: shapely.STRtree
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Nearest tile of each point, the first of several, and how far it is; -1 and infinity without tiles."""
    nearest, far = np.full(len(points), -1), np.full(len(points), np.inf)
    if len(tree) and len(points):
        (point, tile), distance = tree.query_nearest(points, return_distance=True)
        first = np.flatnonzero(np.diff(point, prepend=-1))
        near = shrink(distance[first], shapely.get_x(points[point[first]]))
        nearest[point[first]], far[point[first]] = tile[first], near
    return nearest, far


def _find_eastings(shapes: NDArray[np.object_]) -> NDArray[np.float64]:
    left, _, right, _ = shapely.bounds(shapes).reshape(-1, 4).T
    return np.asarray((left + right) / 2, dtype=np.float64)
