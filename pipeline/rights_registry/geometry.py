"""Parcels as they can be measured: repaired, cut to the area, with ellipsoidal areas and sums that agree."""

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from pipeline.aoi import Aoi
from pipeline.contracts import AREA_BALANCE, PARCELS, checked
from pipeline.geodesy import (
    CGCS2000,
    SQUARE_METRES_PER_HECTARE,
    SQUARE_METRES_PER_MU,
    area_m2,
    areas_m2,
    project_all,
)
from pipeline.rights_registry import restrictions, topology
from pipeline.rights_registry.findings import classified, findings_of, joined
from pipeline.rights_registry.rules import REGISTER_RULES, RULES, UNIT_TOLERANCE

AREA_TOLERANCE = 0.01
_DEGREES = (180.0, 90.0)
_OF_THEIR_OWN = {
    "missing_column",
    "geometry_missing",
    "outside_area",
    "overlap",
    "gap",
    "area_unit_doubtful",
    "register_elsewhere",
}
_FACT_RULES = [rule for rule in REGISTER_RULES if rule.id not in _OF_THEIR_OWN]
_CLASS_AREA = "class_area:"
_UNITS = {"公顷 / ha": SQUARE_METRES_PER_HECTARE, "亩 / mu": SQUARE_METRES_PER_MU}
_NO_LAYER = gpd.GeoDataFrame({"kind": pd.Series(dtype=object)}, geometry=[], crs=CGCS2000)


@dataclass(frozen=True)
class Prepared:
    """PARCELS, FINDINGS about them, and their `pieces` inside layers that restrict use."""

    parcels: gpd.GeoDataFrame
    findings: gpd.GeoDataFrame
    pieces: gpd.GeoDataFrame


def prepare(
    raw: gpd.GeoDataFrame,
    aoi: Aoi,
    *,
    area_tolerance: float = AREA_TOLERANCE,
    restricting: gpd.GeoDataFrame | None = None,
) -> Prepared:
    """Parcels that can be measured, and findings about their geometry, codes, areas and texts.

    `raw` has the attribute columns of PARCELS, the register's own key as `parcel_id` (or null), `repairs`,
    `doubts`, `suspects`, `sums` (notes of what reading found, or null) and geometry in EPSG:4490; its index
    is the row number in the file. Rings are repaired with shapely.make_valid (method structure, polygonal
    parts only). Parcels without a usable polygon are a finding and are not measured; those wholly outside
    the area are counted and dropped; the others are cut to the area. `area_tolerance` is the share of the
    measured area by which the registered may differ; `restricting` has one row per `kind` of layer.
    """
    layers = _NO_LAYER if restricting is None else restricting
    named = _identified(raw)
    reasons = _unusable(named.geometry.to_numpy())
    missing = named[reasons != ""].assign(reason=reasons[reasons != ""], geometry=aoi.geometry)
    whole = _repaired(named[reasons == ""])
    emptied = whole.geometry.is_empty
    collapsed = whole[emptied].assign(reason="修复后无面积 / no area left", geometry=aoi.geometry)
    parcels, outside = _cut(whole[~emptied], aoi)
    facts = _facts(parcels, aoi).assign(area_tolerance=area_tolerance)
    cut, misfit = restrictions.pieces(facts, layers), topology.misfits(facts)
    found = [findings_of(RULES["geometry_missing"], rows) for rows in (missing, collapsed)]
    found += [findings_of(rule, facts[rule.applies(facts)]) for rule in _FACT_RULES]
    found.append(findings_of(RULES["overlap"], topology.overlaps(facts, misfit)))
    found.append(findings_of(RULES["gap"], topology.gaps(facts, misfit)))
    found.append(findings_of(RULES["area_unit_doubtful"], _other_unit(facts, aoi)))
    found.append(findings_of(RULES["outside_area"], _outside(outside, aoi)))
    kept = restrictions.with_shares(facts, cut, layers)[[*PARCELS.columns, "geometry"]]
    return Prepared(checked(kept.reset_index(drop=True), PARCELS), joined(found), cut)


def whole(aoi: Aoi) -> gpd.GeoDataFrame:
    """The area itself as one parcel, so that its classes are measured by the same code."""
    return gpd.GeoDataFrame(
        {"parcel_id": [aoi.id], "area_m2": [aoi.area_m2]}, geometry=[aoi.geometry], crs=CGCS2000
    )


def balance(parcels: gpd.GeoDataFrame, aoi: Aoi, aoi_measures: pd.DataFrame) -> pd.DataFrame:
    """AREA_BALANCE: per period, areas that must add up, and by how much they do.

    `aoi_measures` are the PARCEL_MEASURES of `whole(aoi)` for all periods. Items: `aoi`, `parcels` (sum of
    areas inside), `overlaps` (that sum less the area of the union), `outside` (area of the aoi without the
    union, cut out and measured by itself), `class:<key>`, `unknown`; `difference` and
    `difference_classes` are relative to the aoi: parcels - overlaps + outside, and classes + unknown.
    """
    union = topology.union(parcels.geometry.to_numpy())
    total = float(parcels["area_m2"].sum())
    overlaps = total - area_m2(union)
    outside = area_m2(shapely.difference(aoi.geometry, union))
    areas = [
        ("aoi", aoi.area_m2, "试点区椭球面积 / ellipsoidal area of the outline"),
        ("parcels", total, "范围内地块面积之和 / sum of the parcels inside"),
        ("overlaps", overlaps, "地块面积之和减去并集面积 / sum less union"),
        ("outside", outside, "不属于任何地块 / in no parcel"),
        ("difference", (total - overlaps + outside) / aoi.area_m2 - 1, "相对差，无量纲 / relative"),
    ]
    classes = aoi_measures[aoi_measures["measure"].str.startswith(_CLASS_AREA)]
    rows = [
        (aoi.id, period, *row)
        for period, group in classes.groupby("period", sort=False)
        for row in [*areas, *_class_rows(group, aoi)]
    ]
    table = pd.DataFrame(rows, columns=["aoi", "period", "item", "value_m2", "note"])
    balanced: pd.DataFrame = checked(table, AREA_BALANCE)
    return balanced


def _class_rows(group: pd.DataFrame, aoi: Aoi) -> list[tuple[str, float, str]]:
    unknown = float(group["unknown_area_m2"].iloc[0])
    together = float(group["value"].sum()) + unknown
    rows = [
        (f"class:{measure.removeprefix(_CLASS_AREA)}", float(value), "地表覆盖面积 / land cover")
        for measure, value in zip(group["measure"], group["value"], strict=True)
    ]
    return [
        *rows,
        ("unknown", unknown, "无晴空观测 / never seen clear"),
        ("difference_classes", together / aoi.area_m2 - 1, "相对差，无量纲 / relative"),
    ]


def _identified(raw: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Stable ids: the register's key, else parcel code, else unit code and sequence, else row in the file."""
    in_unit = raw.groupby("unit_no", dropna=False).cumcount() + 1
    numbers = pd.Series([f"#{row}" for row in raw.index], index=raw.index, dtype=object)
    by_unit = (raw["unit_no"].astype("string") + "-" + in_unit.astype(str)).astype(object)
    code = raw["parcel_id"].fillna(raw["parcel_no"])
    chosen = code.fillna(by_unit).fillna(numbers)
    repeat = chosen.groupby(chosen).cumcount() + 1
    suffixed = chosen + "-" + repeat.astype(str)
    duplicate = chosen.duplicated(keep=False)
    return raw.assign(
        parcel_id=_distinct(chosen.where(repeat == 1, suffixed)), code=chosen, duplicate_code=duplicate
    )


def _distinct(ids: pd.Series) -> pd.Series:
    """Ids with the row number added where a suffix met another code."""
    rows = pd.Series([f"{code}#{row}" for row, code in ids.items()], index=ids.index, dtype=object)
    return ids.where(~ids.duplicated(), rows)


def _unusable(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
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


def _repaired(parcels: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Valid flat polygons; `repairs` says what was wrong and the area before and after, null if nothing."""
    drawn = shapely.force_2d(parcels.geometry.to_numpy())
    broken = ~shapely.is_valid(drawn)
    mended = drawn.copy()
    mended[broken] = shapely.make_valid(drawn[broken], method="structure", keep_collapsed=False)
    mixed = shapely.get_type_id(mended) == shapely.GeometryType.GEOMETRYCOLLECTION
    mended[mixed] = [_polygonal(geometry) for geometry in mended[mixed]]
    notes = parcels["repairs"].to_numpy(dtype=object, copy=True)
    notes[broken] = _repairs(notes[broken], drawn[broken], mended[broken])
    return parcels.assign(repairs=notes).set_geometry(gpd.GeoSeries(mended, parcels.index, crs=CGCS2000))


def _repairs(
    notes: NDArray[np.object_], drawn: NDArray[np.object_], mended: NDArray[np.object_]
) -> list[str]:
    """What was wrong with each shape, and its area before and after, behind what was noted already.

    The area before is scaled from degrees, because a degenerate ring cannot be measured on the ellipsoid.
    """
    after = areas_m2(mended)
    flat = shapely.area(mended)
    before = np.divide(after * shapely.area(drawn), flat, out=np.zeros(len(flat)), where=flat > 0)
    reasons = shapely.is_valid_reason(drawn)
    return [
        "；".join([*([] if pd.isna(note) else [note]), f"{reason}，面积 {old:.2f} → {new:.2f} m2"])
        for note, reason, old, new in zip(notes, reasons, before, after, strict=True)
    ]


def _polygonal(geometry: shapely.Geometry) -> shapely.Geometry:
    """The polygons of a geometry as one; empty if there is none."""
    parts = shapely.get_parts(shapely.get_parts(geometry))
    return shapely.union_all(parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON])


def _cut(parcels: gpd.GeoDataFrame, aoi: Aoi) -> tuple[gpd.GeoDataFrame, int]:
    """Parcels with the part inside the area and both areas; how many have no part inside."""
    shapes = parcels.geometry.to_numpy()
    outline = aoi.geometry
    shapely.prepare(outline)
    across = ~shapely.covers(outline, shapes)
    inside = shapes.copy()
    inside[across] = [_polygonal(part) for part in shapely.intersection(shapes[across], outline)]
    areas_whole = areas_m2(shapes)
    areas = areas_whole.copy()
    areas[across] = areas_m2(inside[across])
    cut = parcels.assign(
        area_whole_m2=areas_whole,
        area_m2=areas,
        share_inside=np.clip(areas / areas_whole, 0.0, 1.0),
        shape_whole=shapes,
    ).set_geometry(gpd.GeoSeries(inside, parcels.index, crs=CGCS2000))
    kept = areas > 0
    return cut[kept], int((~kept).sum())


def _facts(parcels: gpd.GeoDataFrame, aoi: Aoi) -> gpd.GeoDataFrame:
    """Parcels with the columns that the rules about geometry and codes look at."""
    shapes = parcels["shape_whole"].to_numpy()
    perimeter = shapely.length(project_all(shapes, aoi.grid_crs))
    area = parcels["area_whole_m2"].to_numpy()
    same = pd.Series(shapely.to_wkb(shapely.normalize(shapes)), index=parcels.index, dtype=object)
    first = parcels["parcel_id"].groupby(same).transform("first")
    return classified(parcels).assign(
        outside_m2=area - parcels["area_m2"],
        mean_width_m=2 * area / perimeter,
        compactness=4 * np.pi * area / perimeter**2,
        same_as=first.where(first != parcels["parcel_id"], None).astype(object),
    )


def _other_unit(parcels: gpd.GeoDataFrame, aoi: Aoi) -> gpd.GeoDataFrame:
    """One row where registered areas are, at the median, smaller than measured by the size of a unit."""
    ratio = float((parcels["area_registered_m2"] / parcels["area_whole_m2"]).median())
    units = [unit for unit, size in _UNITS.items() if abs(ratio * size - 1) < UNIT_TOLERANCE]
    rows = {"ratio": [ratio] * len(units), "unit": units}
    return gpd.GeoDataFrame(rows, geometry=[aoi.geometry] * len(units), crs=CGCS2000)


def _outside(count: int, aoi: Aoi) -> gpd.GeoDataFrame:
    counts: Sequence[int] = [count] if count else []
    return gpd.GeoDataFrame({"count": counts}, geometry=[aoi.geometry] * len(counts), crs=CGCS2000)
