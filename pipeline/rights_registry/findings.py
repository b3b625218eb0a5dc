"""Findings: what is wrong or remarkable, parcel by parcel, each with its rule, its basis and its place."""

from collections.abc import Sequence

import geopandas as gpd
import pandas as pd

from pipeline import standards
from pipeline.aoi import Aoi
from pipeline.contracts import FINDINGS, checked
from pipeline.geodesy import CGCS2000
from pipeline.legends import LAND_COVER
from pipeline.periods import Period
from pipeline.rights_registry.identifiers import land_class
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
)
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


def evaluate(
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
    frame = observed(parcels, measures, periods)
    found = [findings_of(rule, frame[rule.applies(frame)]) for rule in OBSERVATION_RULES]
    missing = gpd.GeoDataFrame(
        {"key": list(missing_columns), "column": list(missing_columns)},
        geometry=[aoi.geometry] * len(missing_columns),
        crs=CGCS2000,
    )
    return joined([*found, findings_of(RULES["missing_column"], missing)])


def observed(
    parcels: gpd.GeoDataFrame, measures: pd.DataFrame, periods: Sequence[Period]
) -> gpd.GeoDataFrame:
    """One row per parcel and period, in the order of the table and of time.

    Beside the parcel's columns: its `land_class`, `group_code`, `ecosystem`, `wetland_00` and
    `registry_kind` (columns of `land_classes`), each mean under its own name, `<class>_m2` per land cover
    class, `unknown_area_m2` without a class, and `fvc_before`, the mean of the period before.
    """
    # pivot refuses a measure given twice, where pivot_table would average
    wide = measures.pivot(  # noqa: PD010
        index=["parcel_id", "period"], columns="measure", values="value"
    )
    wide = wide.rename(columns=lambda name: f"{name.removeprefix(_CLASS_AREA)}_m2" if ":" in name else name)
    classes = measures[measures["measure"].str.startswith(_CLASS_AREA)]
    wide["unknown_area_m2"] = classes.groupby(["parcel_id", "period"])["unknown_area_m2"].first()
    labels = [period.label for period in periods]
    every = pd.MultiIndex.from_product([parcels["parcel_id"], labels], names=["parcel_id", "period"])
    wide = wide.reindex(every, columns=[*_OBSERVED])
    wide["fvc_before"] = wide["fvc_mean"].groupby(level="parcel_id", sort=False).shift()
    rows = classified(parcels).merge(wide.reset_index(), on="parcel_id", how="right")
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=CGCS2000)


def classified(parcels: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Parcels with their `land_class` and what the `land_classes` table says of it; null where unknown."""
    about = standards.table("land_classes").set_index("code")[_CLASS_COLUMNS]
    codes = land_class(parcels["dlbm"])
    said = about.reindex(codes).set_index(parcels.index)
    return parcels.assign(land_class=codes, **{name: said[name] for name in _CLASS_COLUMNS})


def findings_of(rule: Rule, rows: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """FINDINGS, one per row; the rule's messages are filled from the row's columns.

    `parcel_id`, `period` and `key` (what else tells two findings of a rule apart) may be absent.
    """
    records = rows.drop(columns="geometry").to_dict("records")
    optional = {name: [record.get(name) for record in records] for name in ("parcel_id", "period", "key")}
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
        "message_zh": [rule.message_zh.format_map(record) for record in records],
        "message_en": [rule.message_en.format_map(record) for record in records],
        "basis": rule.basis,
    }
    frame = pd.DataFrame(table, index=range(len(records)), columns=_COLUMNS[:-1])
    return gpd.GeoDataFrame(frame, geometry=list(rows.geometry), crs=CGCS2000)


def joined(parts: Sequence[gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    """Findings of several rules under one another, checked against the contract."""
    filled = [part for part in parts if len(part)] or list(parts[:1])
    table = gpd.GeoDataFrame(pd.concat(filled, ignore_index=True), geometry="geometry", crs=CGCS2000)
    return checked(table, FINDINGS)
