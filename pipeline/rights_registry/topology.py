"""How parcels lie together: which overlap, and where ground between them belongs to none."""

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from pipeline.geodesy import CGCS2000, areas_m2

MIN_OVERLAP_M2 = 1.0
MIN_GAP_M2 = 1.0
_DECIMALS = 9


def misfits(parcels: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """Parcels with an edge inside another, or along another without being its edge too."""
    return _misfitting(_rounded(parcels.geometry.to_numpy()))


def overlaps(parcels: gpd.GeoDataFrame, misfit: NDArray[np.bool_]) -> gpd.GeoDataFrame:
    """Pairs of parcels that share more than 1 m2 inside the area; less is noise of drawing.

    `misfit` are the parcels' `misfits`. Columns: `parcel_id`, `other_id`, `key`, `overlap_m2`; the geometry
    is that of the first parcel.
    """
    shapes = parcels.geometry.to_numpy()
    first, second = _meeting(shapes, np.flatnonzero(misfit))
    shared = shapely.intersection(shapes[first], shapes[second])
    solid = shapely.area(shared) > 0
    first, second, areas = first[solid], second[solid], areas_m2(shared[solid])
    order = np.lexsort((second, first))
    order = order[areas[order] > MIN_OVERLAP_M2]
    ids = parcels["parcel_id"].to_numpy()
    pairs = {
        "parcel_id": ids[first[order]],
        "other_id": ids[second[order]],
        "key": ids[second[order]],
        "overlap_m2": areas[order],
    }
    return gpd.GeoDataFrame(pairs, geometry=list(shapes[first[order]]), crs=CGCS2000)


def gaps(parcels: gpd.GeoDataFrame, misfit: NDArray[np.bool_]) -> gpd.GeoDataFrame:
    """Ground of more than 1 m2 that parcels enclose and that belongs to none.

    `misfit` are the parcels' `misfits`. One row a gap, beside the first parcel of the table that touches it,
    whose geometry it carries. Columns: `parcel_id`, `key` (number of the gap beside this parcel), `gap_m2`,
    `lon`, `lat` (a point inside).
    """
    shapes = parcels.geometry.to_numpy()
    holes = _holes(_joined(_rounded(shapes), ~misfit))
    areas = areas_m2(holes)
    holes, areas = holes[areas > MIN_GAP_M2], areas[areas > MIN_GAP_M2]
    gap, parcel = shapely.STRtree(shapes).query(holes, predicate="intersects")
    beside = np.full(len(holes), len(shapes))
    np.minimum.at(beside, gap, parcel)
    order = np.argsort(beside, kind="stable")[: int((beside < len(shapes)).sum())]
    beside, points = beside[order], shapely.point_on_surface(holes[order])
    rows = {
        "parcel_id": parcels["parcel_id"].to_numpy()[beside],
        "gap_m2": areas[order],
        "lon": shapely.get_x(points),
        "lat": shapely.get_y(points),
    }
    table = gpd.GeoDataFrame(rows, geometry=list(shapes[beside]), crs=CGCS2000)
    return table.assign(key=table.groupby("parcel_id", sort=False).cumcount() + 1)


def union(shapes: NDArray[np.object_]) -> BaseGeometry:
    """The union of valid polygons; those that fit their neighbours exactly are joined along their edges."""
    return _joined(shapes, ~_misfitting(shapes))


def _joined(shapes: NDArray[np.object_], fitting: NDArray[np.bool_]) -> BaseGeometry:
    if not len(shapes):
        return shapely.Polygon()
    joined = shapely.coverage_union_all(shapes[fitting])
    together: BaseGeometry = shapely.union_all([joined, *shapes[~fitting]])
    return together


def _rounded(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Shapes with corners to a tenth of a millimetre, so that neighbours share theirs in every bit.

    Those that rounding would break stay as they are.
    """
    rounded: NDArray[np.object_] = shapely.transform(shapes, lambda points: np.round(points, _DECIMALS))
    whole = shapely.is_valid(rounded) & ~shapely.is_empty(rounded)
    return np.where(whole, rounded, shapes)


def _misfitting(shapes: NDArray[np.object_]) -> NDArray[np.bool_]:
    if not len(shapes):
        return np.zeros(0, dtype=bool)
    edges = shapely.coverage_invalid_edges(shapes)
    misfit: NDArray[np.bool_] = ~(shapely.is_missing(edges) | shapely.is_empty(edges))
    return misfit


def _meeting(
    shapes: NDArray[np.object_], suspects: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs that can overlap: of two such polygons one at least does not fit its neighbours."""
    found, other = shapely.STRtree(shapes).query(shapes[suspects], predicate="intersects")
    pairs = np.column_stack([suspects[found], other])
    pairs = np.unique(np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1), axis=0)
    return pairs[:, 0], pairs[:, 1]


def _holes(shape: BaseGeometry) -> NDArray[np.object_]:
    """What a shape encloses without having it."""
    polygons = shapely.get_parts(np.array([shape], dtype=object))
    rings, owner = shapely.get_rings(polygons, return_index=True)
    inner = np.append(False, owner[1:] == owner[:-1])[: len(owner)]
    holes = shapely.polygons(rings[inner])
    islands = shapely.STRtree(polygons).query(holes, predicate="contains_properly")[0]
    filled = np.unique(islands)
    holes[filled] = shapely.difference(holes[filled], shape)
    found: NDArray[np.object_] = holes
    return found
