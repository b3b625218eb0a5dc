"""Which species came and went between two periods, as far as comparable effort tells."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any

import pandas as pd

from pipeline.assessment.species.surveys import Effort, group_efforts, list_groups_around
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


@dataclass(frozen=True)
class _PeriodSurveys:
    """What surveys of a period tell: species that were found, where each was, and efforts by group."""

    label: str
    species: pd.DataFrame
    places: Mapping[str, set[Effort]]
    efforts: Mapping[str, set[Effort]]

    @classmethod
    def of(cls, label: str, records: pd.DataFrame) -> "_PeriodSurveys":
        """From the records of the period."""
        found = records[records["count_low"] > 0].dropna(subset="species")
        species = found[[*_NAMES]].drop_duplicates("species")
        return cls(label, species, group_efforts(found, "species"), group_efforts(records, "surveyed_group"))

    def list_efforts(self, group: str) -> set[Effort]:
        """Sites and seasons at which surveys looked for all of a group."""
        return set().union(*(self.efforts.get(around, ()) for around in list_groups_around(group)))


def compare_periods(records: pd.DataFrame, periods: Sequence[Period], cycle: int) -> pd.DataFrame:
    """SPECIES_CHANGE of every period beside that a year, `cycle` periods, ago, and beside the one before it.

    Where periods are years the two are the same, and stand as that a year ago.
    """
    told = [_PeriodSurveys.of(one.label, records[records["period"] == one.label]) for one in periods]
    ago = [("year_ago", *pair) for pair in zip(told, told[cycle:], strict=False)]
    last = [("before", *pair) for pair in pairwise(told)] if cycle > 1 else []
    rows = chain.from_iterable(_compare(*comparison) for comparison in [*ago, *last])
    table = pd.DataFrame([*rows], columns=[*SPECIES_CHANGE.columns])
    checked: pd.DataFrame = check_table(table, SPECIES_CHANGE)
    return checked


def _compare(comparison: str, before: _PeriodSurveys, after: _PeriodSurveys) -> Iterator[dict[str, Any]]:
    known = pd.concat([before.species, after.species]).drop_duplicates("species")
    efforts = {
        group: (before.list_efforts(group), after.list_efforts(group)) for group in known["species_group"]
    }
    ordered = known.sort_values(["species_group", "species"])
    for group, species, latin in zip(*(ordered[name] for name in _NAMES), strict=True):
        places = before.places.get(species, set()), after.places.get(species, set())
        yield {
            "comparison": comparison,
            "period": after.label,
            "period_before": before.label,
            **dict(zip(_NAMES, (group, species, latin), strict=True)),
            **_judge(places, efforts[group]),
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
