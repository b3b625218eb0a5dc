"""Which species came and went between two periods, as far as comparable effort tells."""

from collections.abc import Iterator, Sequence
from itertools import chain, pairwise
from typing import Any

import pandas as pd

from pipeline.assessment.species.surveys import Effort, list_efforts, name_season
from pipeline.contracts import SPECIES_CHANGE, check_table
from pipeline.periods import Period

_NOT_AGAIN = (
    "原发现处 {missing} 处（样点与季节）本期未再调查 / {missing} of the sites and seasons at which it was "
    "found were not surveyed again"
)
_NOT_BEFORE = (
    "发现处此前同季节均未调查 / none of the places where it was found was surveyed in that season before"
)
_NAMES = ("species_group", "species", "latin")
_BeforeAndAfter = tuple[set[Effort], set[Effort]]


def compare_periods(records: pd.DataFrame, periods: Sequence[Period], cycle: int) -> pd.DataFrame:
    """SPECIES_CHANGE of every period beside that a year, `cycle` periods, ago, and beside the one before it.

    Where periods are years the two are the same, and stand as that a year ago.
    """
    ago = [("year_ago", *pair) for pair in zip(periods, periods[cycle:], strict=False)]
    last = [("before", *pair) for pair in pairwise(periods)] if cycle > 1 else []
    rows = chain.from_iterable(_compare(records, *comparison) for comparison in [*ago, *last])
    table = pd.DataFrame([*rows], columns=[*SPECIES_CHANGE.columns])
    checked: pd.DataFrame = check_table(table, SPECIES_CHANGE)
    return checked


def _compare(
    records: pd.DataFrame, comparison: str, earlier: Period, later: Period
) -> Iterator[dict[str, Any]]:
    before, after = (records[records["period"] == one.label] for one in (earlier, later))
    named = pd.concat([before, after])
    known = named[named["count_low"] > 0].drop_duplicates("species")
    ordered = known.sort_values(["species_group", "species"])
    for group, species, latin in zip(*(ordered[name] for name in _NAMES), strict=True):
        places = _list_places(before, species), _list_places(after, species)
        efforts = list_efforts(before, group), list_efforts(after, group)
        yield {
            "comparison": comparison,
            "period": later.label,
            "period_before": earlier.label,
            **dict(zip(_NAMES, (group, species, latin), strict=True)),
            **_judge(places, efforts),
        }


def _list_places(records: pd.DataFrame, species: str) -> set[Effort]:
    """Sites and seasons at which a species was found."""
    rows = records[(records["species"] == species) & (records["count_low"] > 0)]
    return {
        Effort(site_id, name_season(day))
        for site_id, day in zip(rows["site_id"], rows["first_day"], strict=True)
    }


def _judge(found: _BeforeAndAfter, surveyed: _BeforeAndAfter) -> dict[str, Any]:
    """New, lost, kept or unknown, by where a species was found and where its group was surveyed."""
    (before, after), (efforts_before, efforts_after) = found, surveyed
    if before and after:
        return _tell("kept", before, before & efforts_after)
    if before:
        again = before & efforts_after
        missing = len(before - again)
        reason = _NOT_AGAIN.format(missing=missing) if missing else None
        return _tell("unknown_lost" if missing else "lost", before, again, reason)
    shared = after & efforts_before
    return _tell("new", after, shared) if shared else _tell("unknown_new", after, shared, _NOT_BEFORE)


def _tell(change: str, places: set[Effort], shared: set[Effort], reason: str | None = None) -> dict[str, Any]:
    return {
        "species_change": change,
        "efforts": len(places),
        "efforts_shared": len(shared),
        "reason": reason,
    }
