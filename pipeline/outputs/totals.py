"""Totals of the inventory: rows, parcels and areas by owner, kind, township, land class and grade."""

from collections.abc import Iterable, Mapping, Sequence
from math import fsum

import pandas as pd

from pipeline.contracts import Delivery
from pipeline.outputs.columns import describe_column, name_values
from pipeline.outputs.texts import clean_words, find_text, find_texts

GROUPINGS = (
    "owner_type",
    "ecosystem_l1",
    "cat1_name",
    "cat2_name",
    "cat3_name",
    "region_code",
    "dlbm",
    "quality_grade",
)
"""By whom, of which kind, in which township, of which class."""
UNITS = {"by": "", "value": "", "period": "", "rows": "1", "parcels": "1", "area_ha": "ha"}
"""Columns of the totals with their units: 1 for a count, empty for text."""


def sum_totals(parts: Iterable[pd.DataFrame], delivery: Delivery) -> pd.DataFrame:
    """Number of rows, of parcels and their area (ha) by period and by each of GROUPINGS.

    `parts` of the inventory have no parcel in common. A parcel counts once in an area, however many products
    of that group it supplies. What is not known is a group of its own, so that nothing is lost; a grouping of
    which nothing is known is left out.
    """
    return join_totals([count_part(rows, delivery) for rows in parts], delivery)


def count_part(rows: pd.DataFrame, delivery: Delivery) -> dict[str, pd.DataFrame]:
    """What a part of the inventory comes to, by each of GROUPINGS that it has; `known` are rows that are."""
    held = [column for column in GROUPINGS if column in rows]
    return {column: _sum_by(rows, column, delivery) for column in held}


def keep_period(counted: Mapping[str, pd.DataFrame], label: str) -> dict[str, pd.DataFrame]:
    """What a part comes to in one period."""
    return {column: rows[rows["period"].astype(str) == label] for column, rows in counted.items()}


def join_totals(counted: Sequence[Mapping[str, pd.DataFrame]], delivery: Delivery) -> pd.DataFrame:
    """What several parts come to, in the words of the delivery."""
    columns = [column for column in GROUPINGS if any(column in one for one in counted)]
    frames = [_join_counts([one[column] for one in counted if column in one]) for column in columns]
    told = [frame for frame in frames if frame.pop("known").any()]
    summed = pd.concat(told, ignore_index=True) if told else pd.DataFrame(columns=list(UNITS))
    return summed.rename(columns=find_texts("totals", delivery.language))


def _join_counts(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Counts and areas of the same groups as one; an area is the exact sum, rounded once."""
    every = pd.concat(frames, ignore_index=True)
    groups = every.groupby(["by", "value", "period"], sort=False)
    summed = groups.agg({"rows": "sum", "parcels": "sum", "area_ha": _sum_exactly, "known": "sum"})
    ordered = summed.reset_index().sort_values(["period", "value"], kind="stable", ignore_index=True)
    return ordered[[*UNITS, "known"]]


def _sum_exactly(areas: pd.Series) -> float:
    known = areas.dropna()
    return fsum(known) if len(known) else float("nan")


def _sum_by(rows: pd.DataFrame, column: str, delivery: Delivery) -> pd.DataFrame:
    names = name_values(column, rows[column], delivery.language).astype("string")
    told = rows.assign(
        value=names.fillna(find_text("legend.unknown", delivery.language)), known=rows[column].notna()
    )
    keys = ["period", "value"]
    groups = told.groupby(keys, sort=True, observed=True)
    parcels = told.drop_duplicates([*keys, "parcel_id"]).groupby(keys, sort=True, observed=True)
    counted = {"rows": groups.size(), "parcels": parcels.size(), "known": groups["known"].sum()}
    summed = pd.DataFrame(counted | {"area_ha": parcels["area_ha"].sum(min_count=1)}).reset_index()
    summed.insert(0, "by", describe_column(column).name(delivery.language))
    return summed[[*UNITS, "known"]]


def sum_by_owner(parts: Iterable[Delivery]) -> pd.DataFrame:
    """Area in ha of each kind of owner and ecosystem in the newest period, of one part after another."""
    return pd.concat([_sum_owners(part) for part in parts], ignore_index=True)


def _sum_owners(part: Delivery) -> pd.DataFrame:
    """Area in ha of each kind of owner and ecosystem in the newest period, of a part of the register."""
    rows = pd.DataFrame(part.inventory)[["parcel_id", "period", "owner_type", "ecosystem_l1", "area_ha"]]
    newest = rows[rows["period"] == part.periods[-1].label].drop_duplicates("parcel_id")
    unknown = find_text("legend.unknown", part.language)
    words = {
        name: name_values(column, newest[column], part.language).fillna(unknown).map(clean_words)
        for name, column in {"owner": "owner_type", "kind": "ecosystem_l1"}.items()
    }
    return newest.assign(**words).groupby(["owner", "kind"])["area_ha"].sum().reset_index()
