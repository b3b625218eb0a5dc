"""Totals of the inventory: rows, parcels and areas by owner, kind, township, land class and grade."""

import pandas as pd

from pipeline.contracts import Delivery
from pipeline.outputs.columns import describe_column, name_values
from pipeline.outputs.texts import find_text, find_texts

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


def sum_totals(rows: pd.DataFrame, delivery: Delivery) -> pd.DataFrame:
    """Number of rows, of parcels and their area (ha) by period and by each of GROUPINGS.

    A parcel counts once in an area, however many products of that group it supplies. What is not known is
    a group of its own, so that nothing is lost; a grouping of which nothing is known is left out.
    """
    known = [column for column in GROUPINGS if column in rows and rows[column].notna().any()]
    frames = [_sum_by(rows, column, delivery) for column in known]
    summed = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(UNITS))
    return summed.rename(columns=find_texts("totals", delivery.language))


def _sum_by(rows: pd.DataFrame, column: str, delivery: Delivery) -> pd.DataFrame:
    names = name_values(column, rows[column], delivery.language).astype("string")
    known = rows.assign(value=names.fillna(find_text("legend.unknown", delivery.language)))
    keys = ["period", "value"]
    groups = known.groupby(keys, sort=True, observed=True)
    parcels = known.drop_duplicates([*keys, "parcel_id"]).groupby(keys, sort=True, observed=True)
    summed = pd.DataFrame(
        {"rows": groups.size(), "parcels": parcels.size(), "area_ha": parcels["area_ha"].sum(min_count=1)}
    ).reset_index()
    summed.insert(0, "by", describe_column(column).name(delivery.language))
    return summed[list(UNITS)]
