"""Waterbirds against 1 % of their populations: Ramsar criterion 6, by the greatest count of one day."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from pipeline.assessment.species.surveys import name_evidence, select_species
from pipeline.contracts import WATERBIRDS, check_table

NO_TABLE = "未提供种群数量表（species.populations） / no table of populations is given (species.populations)"
NO_ESTIMATE = "种群数量表中没有该物种 / the table of populations has no such species"
_OPEN_COUNT = (
    "记录只给出下限或约数范围，是否达到不能确定 / a record tells only the least or a span: it may reach it"
)
_PER_CENT = 100
_DAY = ["site_complex", "survey_date"]
_ESTIMATE = ("one_percent", "population_name", "population_estimate", "estimate_year", "source")


def hold_waterbirds(records: pd.DataFrame, estimates: pd.DataFrame | None) -> pd.DataFrame:
    """WATERBIRDS of records with their `period`; `estimates` has 1 % by species, None without a table.

    At one site on one day several records are of the same birds: the greatest counts. The sites of a complex
    on one day are added, days never.
    """
    found = select_species(records[records["period"].notna() & (records["count_low"] > 0)], "waterbird")
    known = {} if estimates is None else {str(row["species"]): row for _, row in estimates.iterrows()}
    without = NO_TABLE if estimates is None else NO_ESTIMATE
    rows = [
        {"period": period, "species": species, **_hold(rows, known.get(str(species)), without)}
        for (period, species), rows in found.groupby(["period", "species"], sort=True)
    ]
    table = pd.DataFrame(rows, columns=[*WATERBIRDS.columns])
    checked: pd.DataFrame = check_table(table, WATERBIRDS)
    return checked


def _hold(records: pd.DataFrame, estimate: pd.Series | None, without: str) -> dict[str, Any]:
    days = add_sites(records)
    most = days.iloc[0]
    told = _tell_estimate(estimate)
    one_percent = told["one_percent"]
    reaches, reason = _decide(days, one_percent, without)
    of_day = records[(records[_DAY] == most[_DAY]).all(axis=1)].sort_values(
        "count_low", ascending=False, kind="stable"
    )
    high = most["count_high"] if math.isfinite(most["count_high"]) else None
    is_open = estimate is not None and told["source"] is None
    return {
        "latin": records["latin"].iloc[0],
        **{name: most[name] for name in (*_DAY, "sites", "count_low")},
        "count_high": high,
        **told,
        "share_low": most["count_low"] / (_PER_CENT * one_percent) if one_percent else None,
        "share_high": high / (_PER_CENT * one_percent) if one_percent and high is not None else None,
        "reaches_one_percent": reaches,
        "indicative": bool(most["count_about"]) or is_open,
        "evidence": "; ".join(dict.fromkeys(name_evidence(row) for _, row in of_day.iterrows())),
        "reason": reason,
    }


def _tell_estimate(estimate: pd.Series | None) -> Mapping[str, Any]:
    """What a table tells of a population; nulls where it does not."""
    if estimate is None:
        return dict.fromkeys(_ESTIMATE)
    return {name: None if pd.isna(estimate[name]) else estimate[name] for name in _ESTIMATE}


def add_sites(records: pd.DataFrame) -> pd.DataFrame:
    """Counts of one species by complex and day, the greatest first: `count_low` to `count_high`, `sites`."""
    of_sites = records.groupby([*_DAY, "site_id"], sort=True).agg(
        count_low=("count_low", "max"), count_high=("count_high", "max"), count_about=("count_about", "any")
    )
    days = of_sites.groupby(level=_DAY, sort=True).agg(
        count_low=("count_low", "sum"),
        count_high=("count_high", "sum"),
        count_about=("count_about", "any"),
        sites=("count_low", "size"),
    )
    return days.reset_index().sort_values(["count_low", "count_high"], ascending=False, kind="stable")


def _decide(days: pd.DataFrame, one_percent: float | None, without: str) -> tuple[bool | None, str | None]:
    """Whether the count of any day reaches 1 %; None with the reason where that is not known."""
    if one_percent is None:
        return None, without
    if (days["count_low"] >= one_percent).any():
        return True, None
    return (None, _OPEN_COUNT) if (days["count_high"] >= one_percent).any() else (False, None)
