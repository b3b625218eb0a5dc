"""Records of surveys by period, by group of species, and the effort behind them.

Records are those of `ingest.species`: `count_low` and `count_high` are 0 where a species was looked for and
not found, `count_high` is infinite where only the least is told.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from typing import NamedTuple

import pandas as pd

from pipeline import standards
from pipeline.periods import Period

SEASONS = ("winter", "spring", "summer", "autumn")
_MONTHS_A_SEASON, _MONTHS = 3, 12


class Effort(NamedTuple):
    """A site in a season, from December to February and so on, at which a group was surveyed."""

    site_id: str
    season: str


def assign_periods(records: pd.DataFrame, periods: Sequence[Period]) -> pd.DataFrame:
    """Records with the label of their `period`, null outside all, and `between`: days of more than one.

    Days that only touch a period are between it and what lies around it, and of none.
    """
    labels: list[str | None] = []
    between: list[bool] = []
    for first, last in zip(records["first_day"], records["last_day"], strict=True):
        inside = [one.label for one in periods if one.first <= first and last <= one.last]
        touched = any(one.first <= last and first <= one.last for one in periods)
        labels.append(inside[0] if inside else None)
        between.append(touched and not inside)
    return records.assign(
        period=pd.Series(labels, index=records.index, dtype=object),
        between=pd.Series(between, index=records.index, dtype=bool),
    )


def name_season(day: date) -> str:
    """The meteorological season of a day."""
    return SEASONS[day.month % _MONTHS // _MONTHS_A_SEASON]


@cache
def list_groups() -> tuple[str, ...]:
    """Codes of `species_groups`, in order."""
    return tuple(row["code"] for row in standards.read_rows("species_groups"))


@cache
def list_groups_around(group: str) -> tuple[str, ...]:
    """A group and those that it lies within, the narrowest first."""
    within = {row["code"]: row["within"] for row in standards.read_rows("species_groups")}
    return tuple(_climb(group, within))


def _climb(group: str, within: Mapping[str, str]) -> Iterator[str]:
    while group:
        yield group
        group = within[group]


def covers(surveyed: str, group: str) -> bool:
    """Whether a survey after one group looks for all of another: itself, or one within it."""
    return surveyed in list_groups_around(group)


def select_surveys(records: pd.DataFrame, group: str) -> pd.DataFrame:
    """Records of surveys after a group, one around it or one within it."""
    known = {one for one in list_groups() if covers(one, group) or covers(group, one)}
    return records[records["surveyed_group"].isin(known)]


def select_species(records: pd.DataFrame, group: str) -> pd.DataFrame:
    """Records of species of a group."""
    inside = {one for one in list_groups() if covers(group, one)}
    return records[records["species"].notna() & records["species_group"].isin(inside)]


def group_efforts(records: pd.DataFrame, column: str) -> dict[str, set[Effort]]:
    """Sites and seasons of records, by what stands in a column."""
    efforts: dict[str, set[Effort]] = {}
    for key, site_id, day in zip(records[column], records["site_id"], records["first_day"], strict=True):
        efforts.setdefault(key, set()).add(Effort(site_id, name_season(day)))
    return efforts


def count_surveys(records: pd.DataFrame) -> int:
    """Days at sites."""
    return len(records[["site_id", "survey_date"]].drop_duplicates())


def name_evidence(records: pd.DataFrame) -> pd.Series:
    """Where records stand: file, sheet and row."""
    sheets = records["sheet"].map(lambda sheet: f" {sheet}" if sheet else "")
    return records["file"] + sheets + " " + records["row"].astype(str)
