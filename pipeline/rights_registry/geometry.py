"""Parcels as they can be measured: repaired, cut to the area, with ellipsoidal areas and sums that agree."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

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
from pipeline.rights_registry.identifiers import identify_parcels
from pipeline.rights_registry.rules import REGISTER_RULES, RULES, UNIT_TOLERANCE
from pipeline.rights_registry.rules.rule import LEAST_SHARED_M2
from pipeline.rights_registry.shapes import ParcelShapes, keep_polygons

AREA_TOLERANCE = 0.01
_DEGREES = (180.0, 90.0)
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

_Findings = dict[str, gpd.GeoDataFrame]


@dataclass(frozen=True)
class Preparation:
    """FINDINGS about parcels, and their `pieces` inside layers that restrict use."""

    findings: gpd.GeoDataFrame
    pieces: gpd.GeoDataFrame


@dataclass(frozen=True)
class _Batch:
    """What is kept of a batch of parcels once they are put away.

    `drawn` are hashes of the whole shapes (rows of two), `ratios` registered over measured areas, `outside`
    counts parcels without a part inside the area.
    """

    inside: ParcelShapes
    drawn: NDArray[np.uint64]
    ratios: NDArray[np.float64]
    outside: int
    findings: _Findings
    pieces: gpd.GeoDataFrame


def prepare_parcels(
    keys: pd.DataFrame,
    batches: Iterable[gpd.GeoDataFrame],
    aoi: Aoi,
    put: Callable[[gpd.GeoDataFrame], None],
    *,
    area_tolerance: float = AREA_TOLERANCE,
    restricting: gpd.GeoDataFrame | None = None,
) -> Preparation:
    """Give PARCELS that can be measured to `put`, batch by batch, and find what is wrong with them.

    `batches` have the attribute columns of PARCELS, the register's own key as `parcel_id` (or null),
    `repairs`, `doubts`, `suspects`, `sums` (notes of what reading found, or null) and geometry in EPSG:4490;
    their index is the row number in the file. `keys` has `parcel_id`, `parcel_no`, `unit_no` of all rows.
    Rings are repaired with shapely.make_valid (method structure, polygonal parts only). Parcels without a
    usable polygon are a finding and are not measured; those wholly outside the area are counted and dropped;
    the others are cut to the area. `area_tolerance` is the share of the measured area by which the registered
    may differ; `restricting` has one row per `kind` of layer.
    """
    layers = _NO_LAYER if restricting is None else restricting
    ids = identify_parcels(keys)
    kept = []
    for batch in batches:
        parcels, of_batch = _prepare_batch(batch.assign(**ids.loc[batch.index]), aoi, area_tolerance, layers)
        put(parcels)
        kept.append(of_batch)
    findings = join_findings(_order_findings(kept, aoi))
    return Preparation(findings, restrictions.join_by_kind([part.pieces for part in kept], layers))


def _order_findings(batches: list[_Batch], aoi: Aoi) -> list[gpd.GeoDataFrame]:
    """Findings of all batches rule by rule, and those that only all parcels together give."""
    inside = ParcelShapes.concat([batch.inside for batch in batches])
    lie = topology.find_lie(inside.shapes)
    same = build_findings(RULES["geometry_duplicate"], _find_copies(inside, batches))
    found = [batch.findings[name] for name in ("geometry_missing", "collapsed") for batch in batches]
    for name in _ORDER:
        found += [same] if name == "geometry_duplicate" else [batch.findings[name] for batch in batches]
    together = {
        "overlap": topology.find_overlaps(inside, lie),
        "gap": topology.find_gaps(inside, lie),
        "area_unit_doubtful": _find_other_unit(batches, aoi),
        "outside_area": _find_outside(sum(batch.outside for batch in batches), aoi),
    }
    return found + [build_findings(RULES[name], rows) for name, rows in together.items()]


def _prepare_batch(
    batch: gpd.GeoDataFrame, aoi: Aoi, area_tolerance: float, layers: gpd.GeoDataFrame
) -> tuple[gpd.GeoDataFrame, _Batch]:
    """PARCELS of a batch, and what is kept of them."""
    reasons = _explain_unusable(batch.geometry.to_numpy())
    missing = batch[reasons != ""].assign(reason=reasons[reasons != ""], geometry=aoi.geometry)
    whole = _repair(batch[reasons == ""])
    emptied = whole.geometry.is_empty
    collapsed = whole[emptied].assign(reason="修复后无面积 / no area left", geometry=aoi.geometry)
    parcels, outside = _cut_to_aoi(whole[~emptied], aoi)
    facts = _gather_facts(parcels, aoi).assign(area_tolerance=area_tolerance)
    pieces = restrictions.cut_pieces(facts, layers)
    findings = {
        "geometry_missing": build_findings(RULES["geometry_missing"], missing),
        "collapsed": build_findings(RULES["geometry_missing"], collapsed),
        **{rule.id: build_findings(rule, facts[rule.applies(facts)]) for rule in _FACT_RULES},
    }
    shared = restrictions.add_shares(facts, pieces, layers)[[*PARCELS.columns, "geometry"]]
    ratios = (facts["area_registered_m2"] / facts["area_whole_m2"]).to_numpy(dtype=np.float64)
    drawn = _hash_shapes(facts["shape_whole"].to_numpy())
    kept = _Batch(ParcelShapes.of(facts), drawn, ratios, outside, findings, pieces)
    return check_table(shared.reset_index(drop=True), PARCELS), kept


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
    drawn = shapely.force_2d(parcels.geometry.to_numpy())
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


def _find_copies(inside: ParcelShapes, kept: Sequence[_Batch]) -> gpd.GeoDataFrame:
    """Parcels whose whole shape is that of one before: `parcel_id`, and the first such as `same_as`."""
    drawn = np.concatenate([np.empty((0, len(_HASH_KEYS)), np.uint64), *(part.drawn for part in kept)])
    _, places, numbers = np.unique(drawn, axis=0, return_index=True, return_inverse=True)
    first = places[numbers]
    again = np.flatnonzero(first != np.arange(len(inside)))
    rows = {"parcel_id": inside.ids[again], "same_as": inside.ids[first[again]]}
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
