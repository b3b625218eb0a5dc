"""Accounts of projects: before and after, with and without, with the holders of their ground; never a loan.

What to call: `projects = account_projects(items, projects, parcels)`, with ACCOUNT_ITEMS of all periods,
PROJECTS and PARCELS; it is ACCOUNT_PROJECTS.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from pipeline.accounts.books import join_book
from pipeline.contracts import ACCOUNT_PROJECTS

TOTAL = "total"
_ITEM = ["basis", "service", "item", "unit"]
_CELL = [*_ITEM, "account_class"]
_VALUES = [f"value_{stage}_yuan" for stage in ("before", "after", "without", "gain")]
_ROUNDING = 1e-9
_NO_START = "项目未载明开始日期 / the start of the project is not told"
_NO_BEFORE = "没有项目开始之前的核算期 / no period ends before the project starts"
_NO_AFTER = "没有项目开始之后的核算期 / no period begins after the project starts"
_NO_FIGURE = "此项指标无数值 / this indicator has no figure"
_NO_CONTROL = "项目外没有可比的同类地面 / no ground of the same class outside the project to compare with"
_LACKING = "不含 / without: {0}"


def account_projects(items: pd.DataFrame, projects: pd.DataFrame, parcels: pd.DataFrame) -> pd.DataFrame:
    """ACCOUNT_PROJECTS, by service and item, and their value in total.

    Before is the last year that ends before the project starts, after the last year of all. Without the
    project its ground would have kept its classes, and a hectare of each would have changed by as much as one
    of the same class outside the project (a before-after-control-impact design); valued by prices after. What
    cannot be compared is null with its reason.
    """
    counted = items[items["counted"]]
    tables = [
        _account_project(own, counted, project).assign(**_tell_rights(own, project, parcels))
        for project in projects.drop(columns="geometry", errors="ignore").to_dict("records")
        for own in [items[items["project"] == project["project"]]]
        if len(own)
    ]
    return join_book(tables, ACCOUNT_PROJECTS)


def find_stages(start: str | None, periods: Iterable[str]) -> tuple[str | None, str | None, str | None]:
    """The years before and after a start (ISO 8601), and why one of them is not there."""
    years = sorted(periods)
    if start is None or pd.isna(start):
        return None, years[-1], _NO_START
    before = [year for year in years if year < str(start)[:4]]
    after = [year for year in years if year >= str(start)[:4]]
    reason = _NO_AFTER if not after else None if before else _NO_BEFORE
    return before[-1] if before else None, after[-1] if after else None, reason


def _account_project(own: pd.DataFrame, counted: pd.DataFrame, project: dict[Any, Any]) -> pd.DataFrame:
    """The rows of a project, the total last."""
    before, after, untold = find_stages(project["start"], counted["period"].unique())
    stages = {"before": before, "after": after}
    mine, whole = (
        pd.concat({name: _sum_cells(rows, period) for name, period in stages.items()}, axis=1)
        for rows in (own, counted)
    )
    table = _sum_classes(_compare_cells(mine, whole.reindex(mine.index)))
    table = table.merge(own.groupby(_ITEM, as_index=False)["indicative"].any(), on=_ITEM)
    known = table["value_after_yuan" if after else "value_before_yuan"].notna()
    why = pd.Series(np.where(known, untold or _NO_CONTROL, _NO_FIGURE), index=table.index, dtype=object)
    rows = table.assign(reason=why.where(table["value_gain_yuan"].isna(), None))
    total = pd.DataFrame(
        [{"basis": basis, **_sum_services(part)} for basis, part in rows.groupby("basis", sort=False)]
    )
    both = pd.concat([rows, total.assign(service=TOTAL, item="", unit="yuan")], ignore_index=True)
    return both.assign(project=project["project"], from_period=before, to_period=after)


def _sum_cells(items: pd.DataFrame, period: str | None) -> pd.DataFrame:
    """Quantity, value, area and known area of a period, by item and class."""
    rows = items[items["period"] == period]
    known = (rows["area_m2"] - rows["unknown_m2"]).where(rows["quantity"].notna(), 0.0)
    groups = rows.assign(known_m2=known).groupby(_CELL, dropna=False)
    return groups[["quantity", "value_yuan", "area_m2", "known_m2"]].sum(min_count=1)


def _compare_cells(mine: pd.DataFrame, whole: pd.DataFrame) -> pd.DataFrame:
    """Figures of a project's classes before, after and without it, by what ground outside it did."""
    before, after = mine["before"], mine["after"]
    rest = whole.sub(mine.fillna(0.0)).swaplevel(axis=1)
    beside = rest["known_m2"].where(rest["known_m2"] > _ROUNDING * whole.swaplevel(axis=1)["known_m2"])
    rate = rest["quantity"] / beside
    without = before["quantity"] + before["known_m2"] * (rate["after"] - rate["before"])
    if before["area_m2"].notna().any():  # else nothing is told of before, and no class is new
        without = without.mask(before["area_m2"].isna() & after["area_m2"].notna(), 0.0)
    price = whole["after"]["value_yuan"] / whole["after"]["quantity"]
    return pd.DataFrame(
        {
            "area_m2": np.fmax(before["area_m2"], after["area_m2"]),
            "quantity_before": before["quantity"],
            "quantity_after": after["quantity"],
            "quantity_without": without,
            "value_before_yuan": before["value_yuan"],
            "value_after_yuan": after["value_yuan"],
            "value_without_yuan": (without * price).mask(without == 0, 0.0),
        }
    )


def _sum_classes(cells: pd.DataFrame) -> pd.DataFrame:
    """Figures by item; what cannot be said of a class without the project, cannot be said of the item."""
    groups = cells.groupby(_ITEM)
    table = groups.sum(min_count=1)
    for figure in ("quantity_{}", "value_{}_yuan"):
        without = figure.format("without")
        table[without] = table[without].mask(groups[without].count() < groups[without].size())
        after = table[figure.format("after")]
        gain = after - table[without]
        table[figure.format("gain")] = gain.mask(gain.abs() <= _ROUNDING * after.abs(), 0.0)
    return table.reset_index()


def _sum_services(rows: pd.DataFrame) -> dict[str, Any]:
    """Value of all items of a basis that have a gain, and which have none."""
    told = rows[rows["value_gain_yuan"].notna()]
    lacking = sorted(set(rows["service"]) - set(told["service"]))
    return {
        **{name: told[name].sum(min_count=1) for name in _VALUES},
        "area_m2": rows["area_m2"].max(),
        "indicative": bool(rows["indicative"].any()),
        "reason": _LACKING.format(", ".join(lacking)) if lacking else None,
    }


def _tell_rights(own: pd.DataFrame, project: dict[Any, Any], parcels: pd.DataFrame) -> dict[str, str | None]:
    """Holders, rights and ids of the parcels that a project lies on, and what it tells of itself."""
    ids = sorted(set(own["parcel_id"].dropna()))
    under = parcels[parcels["parcel_id"].isin(ids)]
    return {
        "holders": _join([project["holder"], *under["right_holder"], *under["owner_subject"]]),
        "rights": _join([project["right"], *under["right_type"]]),
        "parcels": _join(ids),
    }


def _join(words: Iterable[Any]) -> str | None:
    return ";".join(dict.fromkeys(str(word) for word in words if pd.notna(word))) or None
