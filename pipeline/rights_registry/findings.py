"""Findings: what is wrong or remarkable, parcel by parcel, each with its rule, its basis and its place."""

from collections.abc import Sequence
from itertools import pairwise
from string import Formatter
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline import standards
from pipeline.aoi import Aoi
from pipeline.contracts import FINDINGS, check_table
from pipeline.geodesy import CGCS2000
from pipeline.legends import LAND_COVER
from pipeline.periods import Period
from pipeline.rights_registry import identifiers
from pipeline.rights_registry.rules import OBSERVATION_RULES, RULES, Rule

MEASURED = ("parcel_id", "period", "measure", "value", "covered_area_m2", "unknown_area_m2")
"""Columns of PARCEL_MEASURES that observations are joined from."""
_CLASS_COLUMNS = ["group_code", "ecosystem", "wetland_00", "registry_kind"]
_OBSERVED = {
    **{f"class_area:{entry.key}": f"{entry.key}_m2" for entry in LAND_COVER.classes},
    **{name: name for name in ("fvc_mean", "ndvi_mean", "vegetated_share", "looks_mean", "seen_share")},
}
"""Columns that measures of a period become."""
_MOVED = {
    f"{kind}_area:{entry.key}": f"{entry.key}_{kind}_m2"
    for kind in ("gained", "lost")
    for entry in LAND_COVER.classes
}
"""Columns that measures of what changed since the period before become."""
_MEASURES = [*_OBSERVED, *_MOVED]
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
    rows: gpd.GeoDataFrame, *, aoi: Aoi, missing_columns: Sequence[str] = ()
) -> gpd.GeoDataFrame:
    """FINDINGS of what was seen against what is registered, and of columns that the register lacks.

    `rows` are those of `join_observations`; a period is compared with the one before it.
    """
    plain = pd.DataFrame(rows)
    found = [build_findings(rule, plain[rule.applies(plain)]) for rule in OBSERVATION_RULES]
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
    class, `unknown_area_m2` without a class, `fvc_before`, the mean of the period before. Of what was seen in
    the period before too: `both_seen_m2`, and `<class>_gained_m2`, `<class>_lost_m2`, what moved since then.
    """
    labels = [period.label for period in periods]
    pairs = [f"{before}/{after}" for before, after in pairwise(labels)]
    seen = _spread(measures, parcels["parcel_id"], [*labels, *pairs])
    of_period = seen.values[: len(_OBSERVED), :, : len(labels)].reshape(len(_OBSERVED), -1)
    since = np.full((len(_MOVED) + 1, len(parcels), len(labels)), np.nan)
    since[:-1, :, 1:] = seen.values[len(_OBSERVED) :, :, len(labels) :]
    since[-1, :, 1:] = seen.covered_m2[:, len(labels) :]
    columns = {
        "period": pd.Series(np.tile(np.array(labels, dtype=object), len(parcels)), dtype=object),
        **dict(zip(_OBSERVED.values(), of_period, strict=True)),
        "unknown_area_m2": seen.unknown_m2[:, : len(labels)].ravel(),
        **dict(zip([*_MOVED.values(), "both_seen_m2"], since.reshape(len(since), -1), strict=True)),
    }
    land = add_land_classes(parcels)
    rows = land.take(np.arange(len(land)).repeat(len(labels))).reset_index(drop=True).assign(**columns)
    before = take_before(rows["fvc_mean"], rows["period"].eq(labels[0]))
    return gpd.GeoDataFrame(rows.assign(fvc_before=before), geometry="geometry", crs=CGCS2000)


def take_before(values: pd.Series, first: pd.Series) -> pd.Series:
    """What stands in the row of the period before, of rows that follow parcels and time; null in `first`."""
    return values.shift().where(~first)


class _Spread(NamedTuple):
    """Measures by `_MEASURES`, parcel and time, and what those of a parcel and time rest on; NaN for none."""

    values: NDArray[np.float64]
    covered_m2: NDArray[np.float64]
    unknown_m2: NDArray[np.float64]


def _spread(measures: pd.DataFrame, parcel_ids: pd.Series, times: Sequence[str]) -> _Spread:
    """Measures of some parcels and times by position; ValueError for one that is given twice."""
    shape = (len(_MEASURES), len(parcel_ids), len(times))
    parcel, time = _find(measures["parcel_id"], parcel_ids), _find(measures["period"], times)
    name = _find(measures["measure"], _MEASURES)
    place = np.where((parcel < 0) | (time < 0), -1, parcel * len(times) + time)
    known = (place >= 0) & (name >= 0)
    cells = name[known] * (shape[1] * shape[2]) + place[known]
    if (np.bincount(cells) > 1).any():
        raise ValueError("duplicate entries: a measure of a parcel and period is given twice")
    values = np.full(np.prod(shape), np.nan)
    values[cells] = measures["value"].to_numpy(dtype=float)[known]
    of_classes = known & (name < len(LAND_COVER.classes))
    covered = _take_first(measures["covered_area_m2"], place, place >= 0, shape[1:])
    unknown = _take_first(measures["unknown_area_m2"], place, of_classes, shape[1:])
    return _Spread(values.reshape(shape), covered, unknown)


def _find(values: pd.Series, known: Sequence[str] | pd.Series) -> NDArray[np.int64]:
    """Positions of texts among known ones, -1 for others."""
    texts = pa.array(known, pa.large_string(), from_pandas=True)
    found = pc.index_in(pa.array(values, pa.large_string(), from_pandas=True), texts)
    return np.asarray(found.fill_null(-1).to_numpy(zero_copy_only=False), dtype=np.int64)


def _take_first(
    values: pd.Series, place: NDArray[np.int64], chosen: NDArray[np.bool_], shape: tuple[int, ...]
) -> NDArray[np.float64]:
    """The first known value of every place among chosen rows."""
    numbers = values.to_numpy(dtype=float)
    rows = np.flatnonzero(chosen & ~np.isnan(numbers))
    places, first = np.unique(place[rows], return_index=True)
    found = np.full(np.prod(shape), np.nan)
    found[places] = numbers[rows[first]]
    return found.reshape(shape)


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


def build_findings(rule: Rule, rows: pd.DataFrame) -> gpd.GeoDataFrame:
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
