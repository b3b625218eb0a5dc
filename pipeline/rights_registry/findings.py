"""Findings: what is wrong or remarkable, parcel by parcel, each with its rule, its basis and its place."""

from collections.abc import Sequence
from itertools import pairwise
from string import Formatter

import geopandas as gpd
import pandas as pd

from pipeline import standards
from pipeline.aoi import Aoi
from pipeline.contracts import FINDINGS, check_table
from pipeline.geodesy import CGCS2000
from pipeline.legends import LAND_COVER
from pipeline.periods import Period
from pipeline.rights_registry import identifiers
from pipeline.rights_registry.rules import OBSERVATION_RULES, RULES, Rule

_CLASS_AREA = "class_area:"
_CLASS_COLUMNS = ["group_code", "ecosystem", "wetland_00", "registry_kind"]
_OBSERVED = (
    *(f"{entry.key}_m2" for entry in LAND_COVER.classes),
    "unknown_area_m2",
    "fvc_mean",
    "ndvi_mean",
    "vegetated_share",
    "looks_mean",
    "seen_share",
)
_GAINED_BUILT = "gained_area:built"
_COLUMNS = [
    "finding_id",
    "rule",
    "severity",
    "parcel_id",
    "period",
    "message_zh",
    "message_en",
    "basis",
    "geometry",
]
_NONE = gpd.GeoDataFrame(columns=_COLUMNS, geometry="geometry", crs=CGCS2000)


def evaluate_rules(
    parcels: gpd.GeoDataFrame,
    measures: pd.DataFrame,
    periods: Sequence[Period],
    *,
    aoi: Aoi,
    missing_columns: Sequence[str] = (),
) -> gpd.GeoDataFrame:
    """FINDINGS of what was seen against what is registered, and of columns that the register lacks.

    `measures` are PARCEL_MEASURES of all `periods`; a period is compared with the one before it.
    """
    frame = join_observations(parcels, measures, periods)
    found = [build_findings(rule, frame[rule.applies(frame)]) for rule in OBSERVATION_RULES]
    missing = gpd.GeoDataFrame(
        {"key": list(missing_columns), "column": list(missing_columns)},
        geometry=[aoi.geometry] * len(missing_columns),
        crs=CGCS2000,
    )
    return join_findings([*found, build_findings(RULES["missing_column"], missing)])


def join_observations(
    parcels: gpd.GeoDataFrame, measures: pd.DataFrame, periods: Sequence[Period]
) -> gpd.GeoDataFrame:
    """One row per parcel and period, in the order of the table and of time.

    Beside the parcel's columns: its `land_class`, `group_code`, `ecosystem`, `wetland_00` and
    `registry_kind` (columns of `land_classes`), each mean under its own name, `<class>_m2` per land cover
    class, `unknown_area_m2` without a class, `fvc_before`, the mean of the period before, and
    `built_gained_m2`, what became built-up since then of what was seen both times.
    """
    # pivot refuses a measure given twice, where pivot_table would average
    wide = measures.pivot(  # noqa: PD010
        index=["parcel_id", "period"], columns="measure", values="value"
    )
    wide = wide.rename(columns=lambda name: f"{name.removeprefix(_CLASS_AREA)}_m2" if ":" in name else name)
    classes = measures[measures["measure"].str.startswith(_CLASS_AREA)]
    wide["unknown_area_m2"] = classes.groupby(["parcel_id", "period"])["unknown_area_m2"].first()
    labels = [period.label for period in periods]
    gained = _sum_gains(measures, labels)
    every = pd.MultiIndex.from_product([parcels["parcel_id"], labels], names=["parcel_id", "period"])
    wide = wide.reindex(every, columns=[*_OBSERVED])
    wide["fvc_before"] = wide["fvc_mean"].groupby(level="parcel_id", sort=False).shift()
    wide["built_gained_m2"] = gained.reindex(wide.index).astype(float)
    rows = add_land_classes(parcels).merge(wide.reset_index(), on="parcel_id", how="right")
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=CGCS2000)


def _sum_gains(measures: pd.DataFrame, labels: Sequence[str]) -> pd.Series:
    """What became built-up in each parcel, by parcel and the later of two consecutive periods."""
    later = {f"{before}/{after}": after for before, after in pairwise(labels)}
    rows = measures[measures["measure"].eq(_GAINED_BUILT) & measures["period"].isin(later)]
    return rows.assign(period=rows["period"].map(later)).set_index(["parcel_id", "period"])["value"]


def add_land_classes(parcels: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Parcels with their `land_class` and what the `land_classes` table says of it; null where unknown."""
    about = standards.table("land_classes").set_index("code")[_CLASS_COLUMNS]
    found = identifiers.classify_rows(parcels["dlbm"], parcels["resource_kind"])
    said = about.reindex(found["land_class"]).set_index(parcels.index)
    return parcels.assign(
        land_class=found["land_class"],
        land_class_basis=found["land_class_basis"],
        **{name: said[name] for name in _CLASS_COLUMNS},
    )


def build_findings(rule: Rule, rows: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """FINDINGS, one per row; the rule's messages are filled from the row's columns.

    `parcel_id`, `period` and `key` (what else tells two findings of a rule apart) may be absent.
    """
    if rows.empty:
        return _NONE
    nothing = [None] * len(rows)
    optional = {
        name: rows[name].tolist() if name in rows else nothing for name in ("parcel_id", "period", "key")
    }
    ids = [
        ":".join([rule.id, *(str(part) for part in parts if part is not None)])
        for parts in zip(*optional.values(), strict=True)
    ]
    table = {
        "finding_id": ids,
        "rule": rule.id,
        "severity": rule.severity,
        "parcel_id": optional["parcel_id"],
        "period": optional["period"],
        "message_zh": _fill_template(rule.message_zh, rows),
        "message_en": _fill_template(rule.message_en, rows),
        "basis": rule.basis,
    }
    frame = pd.DataFrame(table, index=range(len(rows)), columns=_COLUMNS[:-1])
    return gpd.GeoDataFrame(frame, geometry=rows.geometry.to_numpy(), crs=CGCS2000)


def _fill_template(template: str, rows: pd.DataFrame) -> list[str]:
    """A message for every row, filled from the columns that it names."""
    names = list(dict.fromkeys(name for _, name, _, _ in Formatter().parse(template) if name))
    if not names:
        return [template] * len(rows)
    cells = zip(*(rows[name].tolist() for name in names), strict=True)
    return [template.format(**dict(zip(names, row, strict=True))) for row in cells]


def join_findings(parts: Sequence[gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    """Findings of several rules under one another, checked against the contract."""
    filled = [part for part in parts if len(part)] or [_NONE]
    table = gpd.GeoDataFrame(pd.concat(filled, ignore_index=True), geometry="geometry", crs=CGCS2000)
    return check_table(table, FINDINGS)
