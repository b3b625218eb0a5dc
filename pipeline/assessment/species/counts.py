"""How many species were found, by period and group, and which."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

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

_KEYS = ["period", "species_group", "species"]
_RANKS = ["is_found", "counted", "count_low", "count_high"]
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
    named = records[records["species"].notna()].assign(is_found=records["count_low"] > 0)
    first = named[named["is_found"]].groupby("species")["first_day"].min()
    dated = named[named["period"].notna()]
    most = dated.sort_values(_RANKS, ascending=False, kind="stable").drop_duplicates(_KEYS)
    counted = most["counted"] & most["is_found"]
    days = most["species"].map(first).map(str, na_action="ignore").astype(object)
    table = most.assign(
        species_status=np.where(most["is_found"], "found", "not_found"),
        records=_look_up(dated.groupby(_KEYS).size(), most),
        sites=_look_up(_count_sites(dated), most),
        count_low=most["count_low"].where(counted),
        count_high=most["count_high"].where(counted & np.isfinite(most["count_high"])),
        first_found=days.where(days.notna(), None),
        evidence=name_evidence(most),
    ).sort_values(_KEYS, kind="stable", ignore_index=True)
    checked: pd.DataFrame = check_table(table[[*SPECIES_LIST.columns]], SPECIES_LIST)
    return checked


def _count_sites(records: pd.DataFrame) -> pd.Series:
    """Sites at which a species was found; where it was found at none, those where it was looked for."""
    sites = [rows.groupby(_KEYS)["site_id"].nunique() for rows in (records[records["is_found"]], records)]
    return sites[0].reindex(sites[1].index).fillna(sites[1])


def _look_up(counts: pd.Series, rows: pd.DataFrame) -> NDArray[np.int64]:
    """Counts by the keys of rows, in the order of the rows."""
    return counts.reindex(pd.MultiIndex.from_frame(rows[_KEYS])).to_numpy(dtype=np.int64)
