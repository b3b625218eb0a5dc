"""How parcels lie together: which overlap, and where ground between them belongs to none.

Neighbourhoods of parcels are looked at one after the other, each with all that touches it, so that the shapes
of a register need not be held at once.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from pipeline.geodesy import CGCS2000, measure_areas_m2
from pipeline.rights_registry.rules.rule import LEAST_SHARED_M2
from pipeline.rights_registry.shapes import PackedShapes, ParcelShapes, Places, split_places

MIN_GAP_M2 = 1.0
_DECIMALS = 9
_MARGIN = 10.0**-_DECIMALS
"""Degrees within which shapes that lie apart can touch once their corners are rounded."""
_MARGINS = np.array([-_MARGIN, -_MARGIN, _MARGIN, _MARGIN])

Shapes = NDArray[np.object_]
_Form = Callable[[Shapes], Shapes]


@dataclass(frozen=True)
class Lie:
    """How parcels lie: `pairs` (places, the lower first) that can overlap, the `ground` that all cover."""

    pairs: Places
    ground: BaseGeometry


@dataclass(frozen=True)
class _Neighbourhood:
    """Some parcels (`own`) and all `others` that touch one of them: places, and shapes in one form."""

    own: Places
    others: Places
    shapes: Shapes

    @property
    def misfit(self) -> NDArray[np.bool_]:
        """Which of the own have an edge inside another, or along another without being its edge too."""
        edges = shapely.coverage_invalid_edges(self.shapes)[: len(self.own)]
        misfit: NDArray[np.bool_] = ~(shapely.is_missing(edges) | shapely.is_empty(edges))
        return misfit


class _Ground:
    """The union of valid polygons, which grows; those that fit their neighbours join along their edges."""

    def __init__(self) -> None:
        self._fitting: list[BaseGeometry] = []
        self._others: list[BaseGeometry] = []

    def add(self, shapes: Shapes, misfit: NDArray[np.bool_]) -> None:
        self._fitting.extend(shapely.get_parts(shapely.coverage_union_all(shapes[~misfit])))
        self._others.append(shapely.union_all(shapes[misfit]))

    def whole(self) -> BaseGeometry:
        if not self._others:
            return shapely.Polygon()
        joined = shapely.coverage_union_all(self._fitting)
        together: BaseGeometry = shapely.union_all([joined, *self._others])
        return together


def find_lie(shapes: PackedShapes) -> Lie:
    """How valid polygons (EPSG:4490) lie together; their corners are taken to a tenth of a millimetre."""
    return _look(shapes, _round_corners)


def find_exact_lie(shapes: PackedShapes) -> Lie:
    """How valid polygons (EPSG:4490) lie together, every corner as it is."""
    return _look(shapes, np.asarray)


def _look(shapes: PackedShapes, form: _Form) -> Lie:
    pairs, ground = [np.empty((0, 2), dtype=np.int64)], _Ground()
    for there in _list_neighbourhoods(shapes, form):
        misfit = there.misfit
        ground.add(there.shapes[: len(there.own)], misfit)
        pairs.append(_pair_meeting(shapes, there, misfit))
    return Lie(np.unique(np.concatenate(pairs), axis=0), ground.whole())


def find_overlaps(parcels: ParcelShapes, lie: Lie) -> gpd.GeoDataFrame:
    """Pairs of parcels that share more than 1 m2; less is noise of drawing.

    Columns: `parcel_id`, `other_id`, `key`, `overlap_m2`; the geometry is that of the first parcel.
    """
    ids, shapes, areas = parcels.ids, parcels.shapes, [np.empty(0)]
    areas += [
        _measure_overlap_m2(shapes.at(part[:, 0]), shapes.at(part[:, 1])) for part in split_places(lie.pairs)
    ]
    found = np.concatenate(areas)
    shared = found > LEAST_SHARED_M2
    first, second = lie.pairs[shared].T
    pairs = {
        "parcel_id": ids[first],
        "other_id": ids[second],
        "key": ids[second],
        "overlap_m2": found[shared],
    }
    return gpd.GeoDataFrame(pairs, geometry=shapes.at(first), crs=CGCS2000)


def find_gaps(parcels: ParcelShapes, lie: Lie) -> gpd.GeoDataFrame:
    """Ground of more than 1 m2 that parcels enclose and that belongs to none.

    One row a gap, beside the first parcel that touches it, whose geometry it carries; several beside one
    parcel from west to east. Columns: `parcel_id`, `key` (number of the gap beside this parcel), `gap_m2`,
    `lon`, `lat` (a point inside).
    """
    holes = _find_holes(lie.ground)
    areas = measure_areas_m2(holes)
    holes, areas = holes[areas > MIN_GAP_M2], areas[areas > MIN_GAP_M2]
    ids, shapes = parcels.ids, parcels.shapes
    beside, points = _find_first_beside(shapes, holes), shapely.point_on_surface(holes)
    lon, lat = shapely.get_x(points), shapely.get_y(points)
    order = np.lexsort((lat, lon, beside))
    order = order[beside[order] < len(shapes)]
    rows = {
        "parcel_id": ids[beside[order]],
        "gap_m2": areas[order],
        "lon": lon[order],
        "lat": lat[order],
    }
    table = gpd.GeoDataFrame(rows, geometry=shapes.at(beside[order]), crs=CGCS2000)
    return table.assign(key=table.groupby("parcel_id", sort=False).cumcount() + 1)


def unite(shapes: PackedShapes) -> BaseGeometry:
    """The union of valid polygons; those that fit their neighbours exactly are joined along their edges."""
    ground = _Ground()
    for there in _list_neighbourhoods(shapes, np.asarray):
        ground.add(there.shapes[: len(there.own)], there.misfit)
    return ground.whole()


def _list_neighbourhoods(shapes: PackedShapes, form: _Form) -> Iterator[_Neighbourhood]:
    groups = shapes.group_neighbours()
    frames = np.array([_frame(shapes.bounds[own]) for own in groups]).reshape(-1, 4)
    for own, frame in zip(groups, frames, strict=True):
        inner = form(shapes.at(own))
        around_frame = frame + _MARGINS
        beside = [groups[number] for number in np.flatnonzero(_meet(frames, around_frame))]
        near = np.concatenate([own[:0], *beside])
        near = near[_meet(shapes.bounds[near], around_frame)]
        others, outer = [own[:0]], [inner[:0]]
        for part in split_places(np.setdiff1d(near, own, assume_unique=True)):
            around = form(shapes.at(part))
            found = np.unique(shapely.STRtree(around).query(inner, predicate="intersects")[1])
            others.append(part[found])
            outer.append(around[found])
        yield _Neighbourhood(own, np.concatenate(others), np.concatenate([inner, *outer]))


def _frame(bounds: NDArray[np.float64]) -> NDArray[np.float64]:
    """The bounds of some bounds."""
    return np.concatenate([bounds[:, :2].min(axis=0), bounds[:, 2:].max(axis=0)])


def _meet(bounds: NDArray[np.float64], frame: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which bounds meet a frame."""
    meets = (bounds[:, 2:] >= frame[:2]) & (bounds[:, :2] <= frame[2:])
    return np.asarray(meets.all(axis=1))


def _round_corners(shapes: Shapes) -> Shapes:
    """Shapes with corners to a tenth of a millimetre, so that neighbours share theirs in every bit.

    Those that rounding would break stay as they are.
    """
    rounded: Shapes = shapely.transform(shapes, lambda points: np.round(points, _DECIMALS))
    whole = shapely.is_valid(rounded) & ~shapely.is_empty(rounded)
    return np.where(whole, rounded, shapes)


def _pair_meeting(shapes: PackedShapes, there: _Neighbourhood, misfit: NDArray[np.bool_]) -> Places:
    """Pairs that can overlap: of two such polygons one at least does not fit its neighbours."""
    places = np.concatenate([there.own, there.others])
    suspects = there.own[misfit]
    found, other = shapely.STRtree(shapes.at(places)).query(shapes.at(suspects), predicate="intersects")
    pairs = np.column_stack([suspects[found], places[other]])
    return np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1)


def _measure_overlap_m2(first: Shapes, second: Shapes) -> NDArray[np.float64]:
    """Area that the shapes of each pair have in common."""
    shared = shapely.intersection(first, second)
    areas = np.zeros(len(shared))
    solid = shapely.area(shared) > 0
    areas[solid] = measure_areas_m2(shared[solid])
    return areas


def _find_first_beside(shapes: PackedShapes, holes: Shapes) -> Places:
    """Place of the first shape that touches each hole; how many shapes there are where none does."""
    beside = np.full(len(holes), len(shapes))
    near = shapes.query(shapely.total_bounds(holes).tolist()) if len(holes) else beside
    for part in split_places(near):
        hole, shape = shapely.STRtree(shapes.at(part)).query(holes, predicate="intersects")
        np.minimum.at(beside, hole, part[shape])
    return beside


def _find_holes(shape: BaseGeometry) -> Shapes:
    """What a shape encloses without having it."""
    polygons = shapely.get_parts(np.array([shape], dtype=object))
    rings, owner = shapely.get_rings(polygons, return_index=True)
    inner = np.append(False, owner[1:] == owner[:-1])[: len(owner)]
    holes = shapely.polygons(rings[inner])
    islands = shapely.STRtree(polygons).query(holes, predicate="contains_properly")[0]
    filled = np.unique(islands)
    holes[filled] = shapely.difference(holes[filled], shape)
    found: Shapes = holes
    return found
