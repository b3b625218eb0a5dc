"""Water quality index of cities (CWQI) and ranking, by 城市地表水环境质量排名技术规定 (2017)."""

import numpy as np
import pandas as pd

from pipeline.indices.sections.limits import GOOD_CLASS, list_upper_limits
from pipeline.indices.sections.means import melt_means, pool_means

_NEUTRAL = 7.0


def compute_index_parts(means: pd.DataFrame, limits: pd.DataFrame) -> pd.DataFrame:
    """Index of each of the 21 items of long means (`parameter`, `water_body`, `mean`), in the column `index`.

    C over the limit of class III; for DO the limit over C; for pH 7 - pH up to 7, else (pH - 7) / 2. Items
    outside the 21 are left out; DO of 0 has an infinite index.
    """
    counted = means[means["parameter"].isin(limits.loc[limits["in_21"] == "1", "code"])]
    bounds = list_upper_limits(limits)
    bounds = bounds[bounds["reference"] == GOOD_CLASS]
    rows = counted.merge(
        bounds[["parameter", "water_body", "bound"]], on=["parameter", "water_body"], how="left"
    )
    lowest = limits[limits["rule"] == "min"].set_index("code")["class_3"].astype(float)
    value = rows["mean"].to_numpy(dtype=float)
    with np.errstate(divide="ignore"):
        reversed_index = rows["parameter"].map(lowest).to_numpy(dtype=float) / value
    acidity = np.where(value <= _NEUTRAL, _NEUTRAL - value, (value - _NEUTRAL) / 2)
    index = np.where(rows["parameter"].isin(lowest.index), reversed_index, value / rows["bound"])
    return rows.assign(index=np.where(rows["parameter"] == "pH", acidity, index)).dropna(subset="index")


def compute_section_index(status: pd.DataFrame, limits: pd.DataFrame) -> pd.DataFrame:
    """CWQI of each row of a SECTION_STATUS: `cwqi`, `cwqi_items` (how many of 21), `cwqi_rank`.

    The sum over the items present, so that a lower index is better; ranked, 1 the best, among the sections
    of the same period and the same items. Null where no item was measured.
    """
    rows = status.assign(place=status.index)
    parts = compute_index_parts(melt_means(rows, ["place"]), limits)
    sums = _sum_parts(parts, ["place"]).set_index("place").reindex(status.index)
    ranked = sums.assign(period=status["period"])
    return pd.DataFrame(
        {
            "cwqi": sums["cwqi"],
            "cwqi_items": _count_items(sums["items"]),
            "cwqi_rank": rank_within(ranked, ["period"]),
        },
        index=status.index,
    )


def compute_unit_index(status: pd.DataFrame, units: pd.Series, limits: pd.DataFrame) -> pd.DataFrame:
    """CWQI of each unit and period and its rank, 1 the best, among units with the same items.

    `units` names the unit by `section_id`. Concentrations are averaged over the sections of the rivers and
    over those of the lakes; the two indices are weighted by their numbers of sections (from knowledge,
    unconfirmed). Columns admin_unit, period, sections, cwqi, cwqi_items, cwqi_rank, items.
    """
    named = status.assign(admin_unit=status["section_id"].map(units)).dropna(
        subset=["admin_unit", "water_class"]
    )
    keys = ["admin_unit", "period"]
    bodies = _sum_parts(compute_index_parts(pool_means(named, keys), limits), [*keys, "water_body"])
    counts = named.groupby([*keys, "water_body"]).size().rename("sections").reset_index()
    both = bodies.merge(counts, on=[*keys, "water_body"])
    both["weighted"] = both["cwqi"] * both["sections"]
    rows = both.groupby(keys).agg(
        sections=("sections", "sum"), weighted=("weighted", "sum"), items=("items", _join_lists)
    )
    rows = rows.reset_index()
    rows["cwqi"] = rows["weighted"].astype(float) / rows["sections"].astype(float)
    rows["cwqi_items"] = _count_items(rows["items"])
    rows["cwqi_rank"] = rank_within(rows, ["period"])
    return rows[[*keys, "sections", "cwqi", "cwqi_items", "cwqi_rank", "items"]]


def rank_within(rows: pd.DataFrame, among: list[str]) -> pd.Series:
    """Rank by `cwqi` of rows with equal `items` among those with the same `among`; ties share the better."""
    ranked = rows.groupby([*among, "items"])["cwqi"].rank(method="min")
    return ranked.reindex(rows.index).astype("Int64")


def _sum_parts(parts: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    ordered = parts.sort_values([*keys, "parameter"])
    return ordered.groupby(keys).agg(cwqi=("index", "sum"), items=("parameter", ";".join)).reset_index()


def _count_items(items: pd.Series) -> pd.Series:
    """How many items lists joined by `;` hold; null for null."""
    return (items.str.count(";") + 1).astype("Int64")


def _join_lists(items: pd.Series) -> str:
    return ";".join(sorted({item for text in items for item in text.split(";")}))
