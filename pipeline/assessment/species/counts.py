"""How many species were found, by period and group, and which."""

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from pipeline.assessment.species.surveys import (
    count_surveys,
    list_groups,
    name_evidence,
    select_species,
    select_surveys,
)
from pipeline.contracts import SPECIES_COUNTS, SPECIES_LIST, check_table
from pipeline.periods import Period

HEADLINES = ("plant", "animal", "bird", "waterbird")
"""Groups that are told of whether they were surveyed or not."""

NOT_SURVEYED = "本期未调查该类群 / the group was not surveyed in this period"


def count_species(records: pd.DataFrame, periods: Sequence[Period]) -> pd.DataFrame:
    """SPECIES_COUNTS of records with their `period`."""
    dated = records[records["period"].notna()]
    groups = [group for group in list_groups() if group in HEADLINES or len(select_surveys(dated, group))]
    rows = [
        {
            "period": period.label,
            "species_group": group,
            **_count_group(dated[dated["period"] == period.label], group),
            "known_count": _count_ever(records[records["last_day"] <= period.last], group),
        }
        for period in periods
        for group in groups
    ]
    table = pd.DataFrame(rows, columns=[*SPECIES_COUNTS.columns])
    checked: pd.DataFrame = check_table(table, SPECIES_COUNTS)
    return checked


def _count_ever(records: pd.DataFrame, group: str) -> int | None:
    """Species of a group found in any record; None where none is of a survey after it."""
    if select_surveys(records, group).empty:
        return None
    species = select_species(records, group)
    return species.loc[species["count_low"] > 0, "species"].nunique()


def _count_group(records: pd.DataFrame, group: str) -> dict[str, Any]:
    surveys, species = select_surveys(records, group), select_species(records, group)
    found = set(species.loc[species["count_low"] > 0, "species"])
    is_surveyed = len(surveys) > 0
    return {
        "species_count": len(found) if is_surveyed else None,
        "not_found_count": len(set(species["species"]) - found) if is_surveyed else None,
        "surveys": count_surveys(surveys),
        "sites": surveys["site_id"].nunique(),
        "records": len(surveys),
        "reason": None if is_surveyed else NOT_SURVEYED,
    }


def list_species(records: pd.DataFrame) -> pd.DataFrame:
    """SPECIES_LIST of records with their `period`; the first finding is that of all records."""
    named = records[records["species"].notna()]
    first = named[named["count_low"] > 0].groupby("species")["first_day"].min()
    keys = ["period", "species_group", "species"]
    groups = named[named["period"].notna()].groupby(keys, sort=True)
    rows = [{**dict(zip(keys, key, strict=True)), **_describe_species(rows)} for key, rows in groups]
    table = pd.DataFrame(rows, columns=[*SPECIES_LIST.columns])
    days = table["species"].map(first).map(str, na_action="ignore").astype(object)
    checked: pd.DataFrame = check_table(
        table.assign(first_found=days.where(days.notna(), None)), SPECIES_LIST
    )
    return checked


def _describe_species(records: pd.DataFrame) -> dict[str, Any]:
    found = records[records["count_low"] > 0]
    told = found if len(found) else records
    ranked = told.sort_values(["counted", "count_low", "count_high"], ascending=False, kind="stable")
    most = ranked.iloc[0]
    is_counted = bool(most["counted"]) and len(found) > 0
    return {
        "latin": most["latin"],
        "species_status": "found" if len(found) else "not_found",
        "records": len(records),
        "sites": told["site_id"].nunique(),
        "count_low": most["count_low"] if is_counted else None,
        "count_high": most["count_high"] if is_counted and math.isfinite(most["count_high"]) else None,
        "site": most["site"],
        "survey_date": most["survey_date"],
        "evidence": name_evidence(most),
    }
