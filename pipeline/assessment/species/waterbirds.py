"""Waterbirds against 1 % of their populations: Ramsar criterion 6, by the greatest count of one day."""

import numpy as np
import pandas as pd

from pipeline.assessment.species.surveys import name_evidence, select_species
from pipeline.contracts import WATERBIRDS, check_table

NO_TABLE = "未提供种群数量表（species.populations） / no table of populations is given (species.populations)"
NO_ESTIMATE = "种群数量表中没有该物种 / the table of populations has no such species"
_OPEN_COUNT = (
    "记录只给出下限或约数范围，是否达到不能确定 / a record tells only the least or a span: it may reach it"
)
_PER_CENT = 100
_BIRD = ["period", "species"]
_DAY = ["site_complex", "survey_date"]
_ESTIMATE = [
    "species", "one_percent", "population_name", "population_estimate", "estimate_year", "source",
]  # fmt: skip


def hold_waterbirds(records: pd.DataFrame, estimates: pd.DataFrame | None) -> pd.DataFrame:
    """WATERBIRDS of records with their `period`; `estimates` has 1 % by species, None without a table.

    At one site on one day several records are of the same birds: the greatest counts. The sites of a complex
    on one day are added, days never.
    """
    found = select_species(records[records["period"].notna() & (records["count_low"] > 0)], "waterbird")
    days = add_sites(found)
    most = days.drop_duplicates(_BIRD).join(
        days.groupby(_BIRD)["count_high"].max().rename("highest"), on=_BIRD
    )
    known = pd.DataFrame(columns=_ESTIMATE) if estimates is None else estimates
    told = most.merge(known, on="species", how="left").merge(_join_evidence(found, most), on=[*_BIRD, *_DAY])
    one_percent = told["one_percent"].astype(float)
    reaches = _decide(told, one_percent)
    high = told["count_high"].where(np.isfinite(told["count_high"]))
    table = told.assign(
        count_high=high,
        share_low=told["count_low"] / (_PER_CENT * one_percent),
        share_high=high / (_PER_CENT * one_percent),
        reaches_one_percent=reaches,
        indicative=told["count_about"] | (one_percent.notna() & told["source"].isna()),
        reason=_explain(one_percent, reaches, NO_TABLE if estimates is None else NO_ESTIMATE),
        **{name: _write_nulls(told[name]) for name in ("population_name", "source", "latin")},
    ).sort_values(_BIRD, ignore_index=True)
    checked: pd.DataFrame = check_table(table[[*WATERBIRDS.columns]], WATERBIRDS)
    return checked


def add_sites(records: pd.DataFrame) -> pd.DataFrame:
    """Counts by period, species, complex and day, the greatest of a species first, with the sites added."""
    of_sites = records.groupby([*_BIRD, *_DAY, "site_id"], sort=True).agg(
        latin=("latin", "first"),
        count_low=("count_low", "max"),
        count_high=("count_high", "max"),
        count_about=("count_about", "any"),
    )
    days = of_sites.groupby(level=[*_BIRD, *_DAY], sort=True).agg(
        latin=("latin", "first"),
        count_low=("count_low", "sum"),
        count_high=("count_high", "sum"),
        count_about=("count_about", "any"),
        sites=("count_low", "size"),
    )
    return days.reset_index().sort_values(["count_low", "count_high"], ascending=False, kind="stable")


def _join_evidence(records: pd.DataFrame, days: pd.DataFrame) -> pd.DataFrame:
    """Where the records of some days stand, the greatest first."""
    of_days = records.assign(evidence=name_evidence(records)).merge(days[[*_BIRD, *_DAY]], on=[*_BIRD, *_DAY])
    ordered = of_days.sort_values("count_low", ascending=False, kind="stable")
    places = ordered.groupby([*_BIRD, *_DAY])["evidence"].agg(lambda told: "; ".join(dict.fromkeys(told)))
    return places.reset_index()


def _decide(rows: pd.DataFrame, one_percent: pd.Series) -> pd.Series:
    """Whether the count of any day reaches 1 %; null where that is not known."""
    reached, may_reach = rows["count_low"] >= one_percent, rows["highest"] >= one_percent
    decided = reached.astype("boolean")
    return decided.where(one_percent.notna() & (reached | ~may_reach))


def _explain(one_percent: pd.Series, reaches: pd.Series, without: str) -> pd.Series:
    """Why it is not known; null where it is."""
    reasons = pd.Series(None, index=reaches.index, dtype=object)
    return reasons.mask(reaches.isna(), _OPEN_COUNT).mask(one_percent.isna(), without)


def _write_nulls(texts: pd.Series) -> pd.Series:
    """Texts with None where there is none."""
    plain = texts.astype(object)
    return plain.where(plain.notna(), None)
