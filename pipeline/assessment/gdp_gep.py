"""GDP beside GEP (双评价、双考核): ranks, changes and ratio of the area and its towns."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from pipeline.assessment.reasons import join_reasons
from pipeline.assessment.years import explain_no_year
from pipeline.contracts import GDP_GEP, INDICATORS, check_table
from pipeline.periods import Period, find_before

GDP, GEP, PARTIAL = "gdp", "gep", "partial"
_KEYS = ["region", "period"]
_SAME = 1e-9
"""Figures that differ by less, relative to the larger, are one."""

_NO_GDP = "统计资料没有地区生产总值 / no statistic tells GDP"
_TWO_FIGURES = "两处的 {name} 不同：{places} / two sources differ: {places}"
_NO_GEP = "没有生态产品总值 / no GEP is known"
_PARTIAL = "仅 {known}/{of} 项指标已知，不是 GEP / only {known} of {of} indicators are known: no GEP"
_SOURCES = {
    GDP: "tables/gdp_gep.csv; 统计资料 statistics",
    GEP: "tables/gdp_gep.csv; {basis}",
    "gep_gdp_ratio": "tables/gdp_gep.csv; GEP / GDP",
}


def find_statistic(statistics: pd.DataFrame, item: str, title: str) -> pd.DataFrame:
    """Figures of an item by `region` and `period` (its year): `value`, `source`, `reason`.

    Where STATISTICS tells two that differ the value is null, and the reason names both places.
    """
    rows = statistics[statistics["item"].eq(item)]
    found = [_settle(group, title) for _, group in rows.groupby(["region", "year"], sort=False)]
    return pd.DataFrame(found, columns=[*_KEYS, "value", "source", "reason"])


def _settle(group: pd.DataFrame, title: str) -> dict[str, Any]:
    values = group["value"].astype(float)
    first = group.iloc[0]
    one = {"region": first["region"], "period": str(first["year"])}
    if values.max() - values.min() > _SAME * values.max():
        places = "; ".join(
            f"{row.file} row {row.row}: {row.value:.12g}" for row in group.itertuples(index=False)
        )
        return {
            **one,
            "value": None,
            "source": None,
            "reason": _TWO_FIGURES.format(name=title, places=places),
        }
    return {**one, "value": values.iloc[0], "source": first["source"] or first["file"], "reason": None}


def find_account_gep(totals: pd.DataFrame | None, basis: str | None) -> pd.DataFrame:
    """GEP of ACCOUNT_TOTALS by region and period, on one basis, the first of the table where none is named.

    Of sums of fewer indicators than the profile has there is a `partial_yuan` instead.
    """
    columns = [
        *_KEYS,
        "gep_yuan",
        "comparable_yuan",
        "partial_yuan",
        "known",
        "of",
        "indicative",
        "gep_basis",
    ]
    if totals is None or not len(totals):
        return pd.DataFrame(columns=columns)
    chosen = basis or str(totals["basis"].iloc[0])
    sums = totals[totals["basis"].eq(chosen) & totals["service"].isin(["GEP", PARTIAL])]
    is_gep = sums["service"].eq("GEP")
    return sums.assign(
        gep_yuan=sums["value_yuan"].where(is_gep),
        comparable_yuan=sums["comparable_yuan"].where(is_gep),
        partial_yuan=sums["value_yuan"].mask(is_gep),
        gep_basis=f"accounts: {chosen}",
    )[columns]


def name_statistic_gep(found: pd.DataFrame) -> pd.DataFrame:
    """GEP that offices publish (`find_statistic`), in the columns of `find_account_gep`."""
    return pd.DataFrame(
        {
            **{name: found[name] for name in _KEYS},
            "gep_yuan": found["value"].astype(float),
            "comparable_yuan": np.nan,
            "partial_yuan": np.nan,
            "known": pd.NA,
            "of": pd.NA,
            "indicative": False,
            "gep_basis": "statistics: " + found["source"].fillna("").astype(str),
            "gep_reason": found["reason"],
        }
    )


def compare_gdp_gep(
    gdp: pd.DataFrame,
    gep: pd.DataFrame,
    names: Mapping[str, str],
    periods: Sequence[Period],
    *,
    aoi_id: str,
    unranked: Sequence[str] = (),
) -> pd.DataFrame:
    """GDP and GEP of every region and period of a run (`contracts.GDP_GEP`).

    `gdp` is of `find_statistic`, `gep` of `find_account_gep` or `name_statistic_gep`; `names` are the regions
    by id, the area `aoi_id` among them, which has no rank, and neither have those `unranked`.
    """
    every = pd.MultiIndex.from_product([list(names), [period.label for period in periods]], names=_KEYS)
    years = [period.label for period in periods if period.whole_year]
    told = gdp.rename(columns={"value": "gdp_yuan", "source": "gdp_source", "reason": "gdp_reason"})
    known = (part[part["period"].isin(years)] for part in (told, gep))
    table = every.to_frame(index=False)
    for part in known:
        table = table.merge(part, "left", _KEYS)
    table = table.assign(
        name=table["region"].map(names),
        gdp_yuan=table["gdp_yuan"].astype(float),
        indicative=table["indicative"].eq(other=True),
        reason=pd.Series([_explain(row, years) for row in table.to_dict("records")], dtype=object),
    )
    ranked = ~table["region"].isin([aoi_id, *unranked])
    table = _add_changes(_add_ranks(table, ranked), periods)
    table["gep_gdp_ratio"] = table["gep_yuan"] / table["gdp_yuan"].where(table["gdp_yuan"] > 0)
    checked: pd.DataFrame = check_table(table[list(GDP_GEP.columns)], GDP_GEP)
    return checked


def _explain(row: Mapping[Any, Any], years: Sequence[str]) -> str | None:
    """Why GDP or GEP is null."""
    if row["period"] not in years:
        return explain_no_year(row["period"])
    said = []
    if pd.isna(row["gdp_yuan"]):
        said.append(row["gdp_reason"] if pd.notna(row["gdp_reason"]) else _NO_GDP)
    if pd.isna(row["gep_yuan"]):
        told = row.get("gep_reason")
        partial = pd.notna(row["partial_yuan"])
        said.append(
            _PARTIAL.format(known=int(row["known"]), of=int(row["of"]))
            if partial
            else told
            if pd.notna(told)
            else _NO_GEP
        )
    return join_reasons(map(str, said))


def _add_ranks(table: pd.DataFrame, ranked: pd.Series) -> pd.DataFrame:
    """The table with ranks by GDP and by GEP in each period, the largest first; equal ones share a rank."""
    added = {}
    for name in (GDP, GEP):
        values = table[f"{name}_yuan"].astype(float).where(ranked)
        groups = values.groupby(table["period"])
        added[f"{name}_rank"] = groups.rank(method="min", ascending=False).astype("Int64")
        added[f"{name}_ranked"] = groups.transform("count").astype(int)
    return table.assign(**added)


def _add_changes(table: pd.DataFrame, periods: Sequence[Period]) -> pd.DataFrame:
    """The table with the share by which figures differ from the period before, and what both come to."""
    befores = {period.label: find_before(period, periods) for period in periods}
    labels = {label: before.label if before else None for label, before in befores.items()}
    table = table.assign(before_period=table["period"].map(labels))
    figures = ["gdp_yuan", "gep_yuan", "comparable_yuan"]
    then = table[["region", "period", *figures]].rename(columns={"period": "before_period"})
    before = table[["region", "before_period"]].merge(then, "left", ["region", "before_period"])
    gdp, gep, comparable = (
        (table[name].astype(float) - before[name]) / before[name].astype(float).where(before[name] > 0)
        for name in figures
    )
    known = gdp.notna() & gep.notna()
    kinds = np.select(
        [~known, (gdp >= 0) & (gep >= 0), gdp >= 0, gep >= 0],
        ["", "both_kept", "gdp_kept", "gep_kept"],
        default="both_fell",
    )
    joint = pd.Series(kinds, index=table.index, dtype=object).where(known, None)
    return table.assign(gdp_change=gdp, gep_change=gep, gep_comparable_change=comparable, joint=joint)


def build_gdp_gep_indicators(table: pd.DataFrame) -> pd.DataFrame:
    """GDP, GEP and their ratio as INDICATORS of regions, with a column `indicative`."""
    shown = (
        (GDP, "gdp_yuan", "yuan", None, None),
        (GEP, "gep_yuan", "yuan", None, None),
        ("gep_gdp_ratio", "gep_gdp_ratio", "1", "gep_yuan", "gdp_yuan"),
    )
    parts = [
        pd.DataFrame(
            {
                "indicator": code,
                "aoi": table["region"],
                "period": table["period"],
                "value": table[column],
                "unit": unit,
                "numerator": table[over] if over else None,
                "denominator": table[under] if under else None,
                "low": None,
                "high": None,
                "target": None,
                "source": [_SOURCES[code].format(basis=basis) for basis in table["gep_basis"].fillna("—")],
                "reason": table["reason"].where(table[column].isna(), None),
                "indicative": table["indicative"] & (code != GDP),
            }
        )
        for code, column, unit, over, under in shown
    ]
    checked: pd.DataFrame = check_table(pd.concat(parts, ignore_index=True), INDICATORS)
    return checked
