"""Units: the pieces of ground that accounts stand on, each within one region, all ground counted once.

Parcels are cut by regions and by what earlier parcels cover, what no parcel covers is a unit of its region,
and projects are cut out of both. Areas are adjusted to their control area, as those of the land survey are
(面积平差): regions to the area, units to their region.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from pipeline import standards
from pipeline.aoi import Aoi
from pipeline.errors import ContractError
from pipeline.geodesy import measure_areas_m2
from pipeline.rights_registry import topology
from pipeline.rights_registry.shapes import (
    PackedShapes,
    ParcelShapes,
    Places,
    keep_polygons,
    pack_names,
    split_places,
)

COLUMNS = ("unit_id", "kind", "parcel_id", "region", "project", "counted")
LARGEST_CLOSURE = 1e-6
"""Relative error of closure up to which areas are adjusted; more is a fault of the outlines."""
_LEAST_DEG2 = 1e-16
"""About a square millimetre: less is rounding along an edge that two pieces share."""
_POLYGONAL = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)

Shapes = NDArray[np.object_]


@dataclass(frozen=True)
class Units:
    """Units in order: `rows` (COLUMNS) and the `ground` of each; parcels first, then outside, then projects.

    `closures` are relative errors of closure before areas were adjusted, by region; the area's own under "".
    """

    rows: pd.DataFrame
    ground: ParcelShapes
    closures: dict[str, float]


@dataclass(frozen=True)
class _Pieces:
    """Pieces of some shapes: the place of the shape, of its region, whether it counts, and its outline."""

    owner: Places
    region: Places
    counted: NDArray[np.bool_]
    shapes: Shapes

    @classmethod
    def join(cls, parts: "Sequence[_Pieces]") -> "_Pieces":
        none = np.empty(0, dtype=np.int64)
        every = [cls(none, none, none.astype(bool), none.astype(object)), *parts]
        return cls(
            np.concatenate([part.owner for part in every]),
            np.concatenate([part.region for part in every]),
            np.concatenate([part.counted for part in every]),
            np.concatenate([part.shapes for part in every]),
        )


def cut_units(
    parcels: ParcelShapes, aoi: Aoi, regions: gpd.GeoDataFrame, projects: gpd.GeoDataFrame | None = None
) -> Units:
    """Units of an area: of parcels in it, of REGIONS that cover it, of projects (PROJECTS).

    A parcel gives a unit per region that it lies in, and another, which does not count, of what an earlier
    parcel covers there. Units of projects are their parts of the units that count, and do not count again.
    ContractError where the units that count are not the area.
    """
    lie = topology.find_exact_lie(parcels.shapes)
    outside = np.array([keep_polygons(shapely.difference(aoi.geometry, lie.ground))], dtype=object)
    own = _cut_parcels(parcels.shapes, _find_overlapping(parcels.shapes, lie.pairs), regions)
    left = _cut_by_regions(np.full(1, len(parcels)), outside, np.ones(1, dtype=bool), regions)
    pieces, areas = _drop_slivers(_Pieces.join([own, left]))
    areas, closures = _adjust(pieces, areas, regions, aoi)
    rows = _describe(pieces, np.asarray(parcels.ids, dtype=object), regions)
    units = Units(rows, _pack(rows, areas, pieces.shapes), closures)
    return units if projects is None or projects.empty else _add_projects(units, pieces, areas, projects)


def add_classes(rows: pd.DataFrame, parcels: pd.DataFrame) -> pd.DataFrame:
    """Rows of units with the registered class of their parcel: `dlbm` of the third survey, `ecosystem`.

    Both are null outside parcels, and where what is registered is no class of the survey.
    """
    land = parcels.set_index("parcel_id")["land_class"]
    types = standards.table("land_classes").set_index("code")["ecosystem"]
    dlbm = rows["parcel_id"].map(land).astype(object)
    ecosystem = dlbm.map(types).astype(object)
    return rows.assign(
        dlbm=dlbm.where(dlbm.notna(), None), ecosystem=ecosystem.where(ecosystem.notna(), None)
    )


def _find_overlapping(shapes: PackedShapes, pairs: Places) -> Places:
    """Those of the pairs that share ground, and not only an edge."""
    shared = [np.empty(0, dtype=bool)]
    for part in split_places(pairs):
        common = shapely.intersection(shapes.at(part[:, 0]), shapes.at(part[:, 1]))
        shared.append(shapely.area(common) > _LEAST_DEG2)
    overlapping: Places = pairs[np.concatenate(shared)]
    return overlapping


def _cut_parcels(shapes: PackedShapes, pairs: Places, regions: gpd.GeoDataFrame) -> _Pieces:
    """Pieces of parcels in their order, neighbourhood by neighbourhood."""
    parts = []
    for own in shapes.group_neighbours():
        owner, counted, cut = _cut_overlaps(shapes, np.sort(own), pairs)
        parts.append(_cut_by_regions(owner, cut, counted, regions))
    return _Pieces.join(parts)


def _cut_overlaps(
    shapes: PackedShapes, own: Places, pairs: Places
) -> tuple[Places, NDArray[np.bool_], Shapes]:
    """Places, whether it counts, and shape: of each parcel what no earlier one covers, then what one does."""
    whole = shapes.at(own)
    later = np.searchsorted(own, pairs[:, 1])
    here = (later < len(own)) & (own[np.minimum(later, len(own) - 1)] == pairs[:, 1])
    order = np.argsort(later[here], kind="stable")
    suspects, first = np.unique(later[here][order], return_index=True)
    earlier = np.split(pairs[here, 0][order], first[1:]) if len(suspects) else []
    over = np.array([shapely.union_all(shapes.at(places)) for places in earlier], dtype=object)
    covered = _keep(shapely.intersection(whole[suspects], over)) if len(over) else over
    if len(over):
        whole[suspects] = _keep(shapely.difference(whole[suspects], over))
    counted = np.append(np.ones(len(own), dtype=bool), np.zeros(len(suspects), dtype=bool))
    return np.append(own, own[suspects]), counted, np.append(whole, covered)


def _cut_by_regions(
    owner: Places, shapes: Shapes, counted: NDArray[np.bool_], regions: gpd.GeoDataFrame
) -> _Pieces:
    """Shapes cut by regions; those of a single region are not cut."""
    layers = regions.geometry.to_numpy()
    if len(layers) == 1 or not len(shapes):
        return _Pieces(owner, np.zeros(len(owner), dtype=np.int64), counted, shapes)
    frame = shapely.box(*shapely.total_bounds(shapes))
    parts = []
    for number in shapely.STRtree(layers).query(frame):
        layer = shapely.intersection(layers[number], frame)
        shapely.prepare(layer)
        meets = np.flatnonzero(shapely.intersects(layer, shapes))
        across = ~shapely.contains_properly(layer, shapes[meets])
        found = shapes[meets]
        found[across] = _cut(found[across], layer)
        parts.append(_Pieces(owner[meets], np.full(len(meets), number), counted[meets], found))
    return _Pieces.join(parts)


def _drop_slivers(pieces: _Pieces) -> tuple[_Pieces, NDArray[np.float64]]:
    """The pieces that are more than rounding in the order of their owners, and their areas."""
    kept = np.flatnonzero(shapely.area(pieces.shapes) > _LEAST_DEG2)
    kept = kept[np.lexsort((pieces.region[kept], ~pieces.counted[kept], pieces.owner[kept]))]
    shapes = pieces.shapes[kept]
    found = _Pieces(pieces.owner[kept], pieces.region[kept], pieces.counted[kept], shapes)
    return found, measure_areas_m2(shapes)


def _adjust(
    pieces: _Pieces, areas: NDArray[np.float64], regions: gpd.GeoDataFrame, aoi: Aoi
) -> tuple[NDArray[np.float64], dict[str, float]]:
    """Areas adjusted to their control area, and the errors of closure before."""
    control = measure_areas_m2(regions.geometry)
    whole = control.sum() / aoi.area_m2 - 1
    control /= 1 + whole
    counted = np.where(pieces.counted, areas, 0)
    sums = np.bincount(pieces.region, counted, len(regions))
    errors = sums / control - 1
    closures = {"": float(whole), **dict(zip(regions["region"], errors.tolist(), strict=True))}
    if max(map(abs, closures.values())) > LARGEST_CLOSURE:
        raise ContractError(f"Units are not the area that they are cut from, by region: {closures}", [])
    return areas / (1 + errors)[pieces.region], closures


def _describe(pieces: _Pieces, ids: NDArray[np.object_], regions: gpd.GeoDataFrame) -> pd.DataFrame:
    """COLUMNS of pieces of parcels and of what lies outside."""
    names = np.append(ids, np.array([None], dtype=object))[pieces.owner]
    inside = pieces.owner < len(ids)
    region = regions["region"].to_numpy(dtype=object)[pieces.region]
    label = np.where(inside, names, "outside") + "/" + region + np.where(pieces.counted, "", "/covered")
    kind = np.where(inside, "parcel", "outside").astype(object)
    columns = (label, kind, names, region, None, pieces.counted)
    return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)), dtype=object).astype({"counted": bool})


def _add_projects(
    units: Units, pieces: _Pieces, areas: NDArray[np.float64], projects: gpd.GeoDataFrame
) -> Units:
    """Units and, behind them, the parts of those that count that lie in each project."""
    found = [
        _cut_project(units.rows, pieces, areas, row.project, row.geometry) for row in projects.itertuples()
    ]
    rows = pd.concat([units.rows, *(part for part, _ in found)], ignore_index=True)
    rows = rows.astype(object).where(rows.notna(), None).astype({"counted": bool})
    return replace(units, rows=rows, ground=ParcelShapes.concat([units.ground, *(part for _, part in found)]))


def _cut_project(
    rows: pd.DataFrame, pieces: _Pieces, areas: NDArray[np.float64], project: str, outline: BaseGeometry
) -> tuple[pd.DataFrame, ParcelShapes]:
    """Units of one project; areas are adjusted as those of the units that they are cut from."""
    there = np.sort(shapely.STRtree(pieces.shapes).query(outline, predicate="intersects"))
    there = there[pieces.counted[there]]
    cut = _cut(pieces.shapes[there], outline)
    solid = shapely.area(cut) > _LEAST_DEG2
    there, cut = there[solid], cut[solid]
    adjusted = measure_areas_m2(cut) * areas[there] / measure_areas_m2(pieces.shapes[there])
    found = rows.iloc[there].assign(kind="project", counted=False)
    found["project"], found["unit_id"] = project, f"{project}/" + found["unit_id"]
    return found, _pack(found, adjusted, cut)


def _pack(rows: pd.DataFrame, areas: NDArray[np.float64], shapes: Shapes) -> ParcelShapes:
    return ParcelShapes(pack_names(rows["unit_id"]), areas, PackedShapes.of(shapes))


def _cut(shapes: Shapes, outline: BaseGeometry) -> Shapes:
    """What of each shape lies in an outline."""
    return _keep(shapely.intersection(shapes, outline))


def _keep(cut: Shapes) -> Shapes:
    """Shapes without the points and lines along which they only touch."""
    kept = cut.copy()
    mixed = ~np.isin(shapely.get_type_id(cut), _POLYGONAL)
    kept[mixed] = [keep_polygons(shape) for shape in cut[mixed]]
    return kept
