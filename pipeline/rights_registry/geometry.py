"""Parcels as they can be measured: repaired, cut to the area, with ellipsoidal areas and sums that agree."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from pipeline.aoi import Aoi
from pipeline.contracts import PARCELS, check_table
from pipeline.geodesy import (
    CGCS2000,
    SQUARE_METRES_PER_HECTARE,
    SQUARE_METRES_PER_MU,
    measure_areas_m2,
    project_all,
)
from pipeline.rights_registry import restrictions, topology
from pipeline.rights_registry.findings import add_land_classes, build_findings, join_findings
from pipeline.rights_registry.identifiers import find_twins, identify_parcels
from pipeline.rights_registry.rules import REGISTER_RULES, RULES, UNIT_TOLERANCE
from pipeline.rights_registry.rules.rule import LEAST_SHARED_M2
from pipeline.rights_registry.shapes import PackedShapes, ParcelShapes, Places, Slices, keep_polygons

AREA_TOLERANCE = 0.01
_DEGREES = (180.0, 90.0)
_FLAT = 2
"""Coordinates of a point; others are heights and measures along lines."""
_TOGETHER = {
    "missing_column",
    "geometry_missing",
    "outside_area",
    "geometry_duplicate",
    "overlap",
    "gap",
    "area_unit_doubtful",
    "register_elsewhere",
}
"""Rules about the register as a whole; all others look at one parcel."""
_FACT_RULES = [rule for rule in REGISTER_RULES if rule.id not in _TOGETHER]
_ORDER = [rule.id for rule in REGISTER_RULES if rule.id not in _TOGETHER - {"geometry_duplicate"}]
_HASH_KEYS = ("0123456789abcdef", "fedcba9876543210")
_UNITS = {"公顷 / ha": SQUARE_METRES_PER_HECTARE, "亩 / mu": SQUARE_METRES_PER_MU}
_NO_LAYER = gpd.GeoDataFrame({"kind": pd.Series(dtype=object)}, geometry=[], crs=CGCS2000)


FINDING_GROUPS = (
    "geometry_missing",
    "collapsed",
    *_ORDER,
    "overlap",
    "gap",
    "area_unit_doubtful",
    "outside_area",
)
"""Groups of findings in the order in which they stand: names of rules, and what repairs left nothing of."""


class Outlet(Protocol):
    """Where what becomes of a register is put, as it comes."""

    def add_parcels(self, part: gpd.GeoDataFrame, /) -> None:
        """PARCELS, in their order."""

    def add_findings(self, group: str, part: gpd.GeoDataFrame, /) -> None:
        """FINDINGS of one of FINDING_GROUPS, in the order of their parcels."""

    def add_pieces(self, kind: str, part: gpd.GeoDataFrame, /) -> None:
        """Pieces of parcels inside layers of a kind that restrict use, in the order of the parcels."""

    def keep(self, wkb: bytes, /) -> Slices:
        """Put shapes away, of which some are asked for until all is done."""


@dataclass(frozen=True)
class _Batch:
    """What is kept of a batch of parcels once they are put away.

    `places` are theirs among all rows, `areas` those inside the area; `drawn` are hashes of the whole
    shapes (rows of two), `ratios` registered over measured areas, `outside` counts parcels without a part
    inside the area.
    """

    places: Places
    areas: NDArray[np.float64]
    shapes: PackedShapes
    drawn: NDArray[np.uint64]
    ratios: NDArray[np.float64]
    outside: int


def prepare_parcels(
    keys: pd.DataFrame,
    batches: Iterable[gpd.GeoDataFrame],
    aoi: Aoi,
    outlet: Outlet,
    *,
    area_tolerance: float = AREA_TOLERANCE,
    restricting: gpd.GeoDataFrame | None = None,
) -> None:
    """Give PARCELS that can be measured to `outlet`, batch by batch, and what is wrong with them.

    `batches` have the attribute columns of PARCELS, the register's own key as `parcel_id` (or null),
    `repairs`, `doubts`, `suspects`, `sums` (notes of what reading found, or null) and geometry in EPSG:4490;
    their index is the row number in the file. `keys` has `parcel_id`, `parcel_no`, `unit_no` of all rows, in
    the order of the batches.
    Rings are repaired with shapely.make_valid (method structure, polygonal parts only). Parcels without a
    usable polygon are a finding and are not measured; those wholly outside the area are counted and dropped;
    the others are cut to the area. `area_tolerance` is the share of the measured area by which the registered
    may differ; `restricting` has one row per `kind` of layer.
    """
    layers = _NO_LAYER if restricting is None else restricting
    ids = identify_parcels(keys)
    kept: list[_Batch] = []
    start = 0
    for batch in batches:
        numbered = batch.assign(**ids.iloc[start : start + len(batch)])
        kept.append(_prepare_batch(numbered, start, aoi, area_tolerance, layers, outlet))
        start += len(batch)
    names = ids.pop("parcel_id")
    del ids
    for name, rows in _look_together(kept, names, aoi):
        _add_found(outlet, name, rows)


def _look_together(batches: list[_Batch], ids: pd.Series, aoi: Aoi) -> Iterator[tuple[str, gpd.GeoDataFrame]]:
    """What only all parcels together show, by rule; takes the batches, of which nothing is left."""
    yield "area_unit_doubtful", _find_other_unit(batches, aoi)
    yield "outside_area", _find_outside(sum(batch.outside for batch in batches), aoi)
    drawn = np.concatenate([np.empty((0, len(_HASH_KEYS)), np.uint64), *(part.drawn for part in batches)])
    inside = _join_batches(batches, ids)
    yield "geometry_duplicate", _find_copies(inside, drawn)
    del drawn
    lie = topology.find_lie(inside.shapes)
    yield "overlap", topology.find_overlaps(inside, lie)
    yield "gap", topology.find_gaps(inside, lie)


def _join_batches(batches: list[_Batch], ids: pd.Series) -> ParcelShapes:
    places = np.concatenate([np.empty(0, dtype=np.int64), *(batch.places for batch in batches)])
    areas = np.concatenate([np.empty(0), *(batch.areas for batch in batches)])
    shapes = [batch.shapes for batch in batches]
    batches.clear()
    return ParcelShapes(ids.iloc[places].array, areas, PackedShapes.concat(shapes))


def _add_found(outlet: Outlet, group: str, rows: gpd.GeoDataFrame) -> None:
    """Findings of a group, where there are any."""
    if len(rows):
        rule = RULES["geometry_missing" if group == "collapsed" else group]
        outlet.add_findings(group, join_findings([build_findings(rule, rows)]))


def _prepare_batch(
    batch: gpd.GeoDataFrame,
    start: int,
    aoi: Aoi,
    area_tolerance: float,
    layers: gpd.GeoDataFrame,
    outlet: Outlet,
) -> _Batch:
    """Put a batch away, whose first row has the place `start` among all; what is kept of it."""
    reasons = _explain_unusable(batch.geometry.to_numpy())
    missing = batch[reasons != ""].assign(reason=reasons[reasons != ""], geometry=aoi.geometry)
    whole = _repair(batch[reasons == ""])
    emptied = whole.geometry.is_empty
    collapsed = whole[emptied].assign(reason="修复后无面积 / no area left", geometry=aoi.geometry)
    parcels, outside = _cut_to_aoi(whole[~emptied], aoi)
    facts = _gather_facts(parcels, aoi).assign(area_tolerance=area_tolerance)
    found = {rule.id: facts[rule.applies(facts)] for rule in _FACT_RULES}
    for group, rows in {"geometry_missing": missing, "collapsed": collapsed, **found}.items():
        _add_found(outlet, group, rows)
    pieces = restrictions.cut_pieces(facts, layers)
    for kind, rows in pieces.groupby("kind", sort=False):
        outlet.add_pieces(str(kind), rows)
    shared = restrictions.add_shares(facts, pieces, layers)[[*PARCELS.columns, "geometry"]]
    outlet.add_parcels(check_table(shared.reset_index(drop=True), PARCELS))
    return _keep_batch(facts, start + batch.index.get_indexer(facts.index), outside, outlet)


def _keep_batch(facts: gpd.GeoDataFrame, places: Places, outside: int, outlet: Outlet) -> _Batch:
    return _Batch(
        places,
        facts["area_m2"].to_numpy(dtype=np.float64),
        PackedShapes.of(facts.geometry.to_numpy()).put_away(outlet.keep),
        _hash_shapes(facts["shape_whole"].to_numpy()),
        (facts["area_registered_m2"] / facts["area_whole_m2"]).to_numpy(dtype=np.float64),
        outside,
    )


def _explain_unusable(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Why each geometry cannot be used, empty text where it can."""
    coordinates, owners = shapely.get_coordinates(shapes, return_index=True)
    infinite = np.zeros(len(shapes), dtype=bool)
    infinite[owners[~np.isfinite(coordinates).all(axis=1)]] = True
    off = np.zeros(len(shapes), dtype=bool)
    off[owners[(np.abs(coordinates) > _DEGREES).any(axis=1)]] = True
    conditions = [
        shapely.is_missing(shapes),
        shapely.is_empty(shapes),
        infinite,
        off,
        shapely.get_dimensions(shapes) < shapely.get_dimensions(shapely.box(0, 0, 1, 1)),
    ]
    reasons = [
        "无图形 / none",
        "空图形 / empty",
        "坐标不是有限数 / coordinates not finite",
        "坐标超出经纬度范围 / coordinates beyond 180 and 90 degrees",
        "不是面 / not a polygon",
    ]
    return np.select(conditions, reasons, default="").astype(object)


def _repair(parcels: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Valid flat polygons; `repairs` says what was wrong and the area before and after, null if nothing."""
    given = parcels.geometry.to_numpy()
    drawn = shapely.force_2d(given) if (shapely.get_coordinate_dimension(given) > _FLAT).any() else given
    broken = ~shapely.is_valid(drawn)
    mended = drawn.copy()
    mended[broken] = shapely.make_valid(drawn[broken], method="structure", keep_collapsed=False)
    mixed = shapely.get_type_id(mended) == shapely.GeometryType.GEOMETRYCOLLECTION
    mended[mixed] = [keep_polygons(geometry) for geometry in mended[mixed]]
    notes = parcels["repairs"].to_numpy(dtype=object, copy=True)
    notes[broken] = _describe_repairs(notes[broken], drawn[broken], mended[broken])
    return parcels.assign(repairs=notes).set_geometry(gpd.GeoSeries(mended, parcels.index, crs=CGCS2000))


def _describe_repairs(
    notes: NDArray[np.object_], drawn: NDArray[np.object_], mended: NDArray[np.object_]
) -> list[str]:
    """What was wrong with each shape, and its area before and after, behind what was noted already.

    The area before is scaled from degrees, because a degenerate ring cannot be measured on the ellipsoid.
    """
    after = measure_areas_m2(mended)
    flat = shapely.area(mended)
    before = np.divide(after * shapely.area(drawn), flat, out=np.zeros(len(flat)), where=flat > 0)
    reasons = shapely.is_valid_reason(drawn)
    return [
        "；".join([*([] if pd.isna(note) else [note]), f"{reason}，面积 {old:.2f} → {new:.2f} m2"])
        for note, reason, old, new in zip(notes, reasons, before, after, strict=True)
    ]


def _cut_to_aoi(parcels: gpd.GeoDataFrame, aoi: Aoi) -> tuple[gpd.GeoDataFrame, int]:
    """Parcels with the part inside the area and both areas; how many have none there, or only touch it."""
    shapes = parcels.geometry.to_numpy()
    outline = aoi.geometry
    shapely.prepare(outline)
    across = ~shapely.covers(outline, shapes)
    inside = shapes.copy()
    inside[across] = [keep_polygons(part) for part in shapely.intersection(shapes[across], outline)]
    areas_whole = measure_areas_m2(shapes)
    areas = areas_whole.copy()
    areas[across] = measure_areas_m2(inside[across])
    cut = parcels.assign(
        area_whole_m2=areas_whole,
        area_m2=areas,
        share_inside=np.clip(areas / areas_whole, 0.0, 1.0),
        shape_whole=shapes,
    ).set_geometry(gpd.GeoSeries(inside, parcels.index, crs=CGCS2000))
    touching = across & (areas <= LEAST_SHARED_M2) & (areas < areas_whole / 2)
    kept = (areas > 0) & ~touching
    return cut[kept], int((~kept).sum())


def _gather_facts(parcels: gpd.GeoDataFrame, aoi: Aoi) -> gpd.GeoDataFrame:
    """Parcels with the columns that the rules about geometry and codes look at."""
    shapes = parcels["shape_whole"].to_numpy()
    perimeter = shapely.length(project_all(shapes, aoi.grid_crs))
    area = parcels["area_whole_m2"].to_numpy()
    return add_land_classes(parcels).assign(
        outside_m2=area - parcels["area_m2"],
        mean_width_m=2 * area / perimeter,
        compactness=4 * np.pi * area / perimeter**2,
    )


def _hash_shapes(shapes: NDArray[np.object_]) -> NDArray[np.uint64]:
    """128 bits of each shape, whatever its first corner: two columns."""
    wkb = shapely.to_wkb(shapely.normalize(shapes))
    return np.column_stack([pd.util.hash_array(wkb, hash_key=key, categorize=False) for key in _HASH_KEYS])


def _find_copies(inside: ParcelShapes, drawn: NDArray[np.uint64]) -> gpd.GeoDataFrame:
    """Parcels whose whole shape is that of one before: `parcel_id`, and the first such as `same_as`."""
    suspects = find_twins(drawn[:, 0])
    _, places, numbers = np.unique(drawn[suspects], axis=0, return_index=True, return_inverse=True)
    first = suspects[places[numbers]]
    again, first = suspects[first != suspects], first[first != suspects]
    rows = {"parcel_id": inside.ids[again], "same_as": inside.ids[first]}
    return gpd.GeoDataFrame(rows, geometry=inside.shapes.at(again), crs=CGCS2000)


def _find_other_unit(kept: Sequence[_Batch], aoi: Aoi) -> gpd.GeoDataFrame:
    """One row where registered areas are, at the median, smaller than measured by the size of a unit."""
    ratio = float(pd.Series(np.concatenate([np.empty(0), *(part.ratios for part in kept)])).median())
    units = [unit for unit, size in _UNITS.items() if abs(ratio * size - 1) < UNIT_TOLERANCE]
    rows = {"ratio": [ratio] * len(units), "unit": units}
    return gpd.GeoDataFrame(rows, geometry=[aoi.geometry] * len(units), crs=CGCS2000)


def _find_outside(count: int, aoi: Aoi) -> gpd.GeoDataFrame:
    counts: Sequence[int] = [count] if count else []
    return gpd.GeoDataFrame({"count": counts}, geometry=[aoi.geometry] * len(counts), crs=CGCS2000)
