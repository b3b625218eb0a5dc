"""Records that stand more than once: equal ones count once, others are flocks or contradict each other."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from pipeline.ingest.rejects import Reject
from pipeline.ingest.species import faults
from pipeline.ingest.species.counts import Count
from pipeline.ingest.species.records import Record


def join_repeats(records: Iterable[Record]) -> tuple[list[Record], list[Reject]]:
    """Records, one of a species, site, day, method and group of observers, and what became of the others.

    Equal ones count once. Different ones of one table are added where the config says that they are flocks;
    else the count lies between them. Where one says that there were none and another some, none is used.
    """
    kept: list[Record] = []
    lost: list[Reject] = []
    for _, group in groupby(sorted(records, key=_name_key), key=_name_key):
        one, more = _settle(_add_flocks(list(group)))
        kept += one
        lost += more
    return kept, lost


def _name_key(record: Record) -> tuple[str, ...]:
    species = record.species.name if record.species else ""
    group = "" if record.species else record.group
    return species, group, record.site.site_id, str(record.days), record.method, record.observers


def _add_flocks(records: Sequence[Record]) -> list[Record]:
    """Records of one key, those that are flocks of one table as their sum."""
    flocks: dict[tuple[str, str], Record] = {}
    apart: list[Record] = []
    for record in records:
        table = record.file, record.sheet
        if record.source.repeats == "refuse":
            apart.append(record)
        elif table in flocks:
            first = flocks[table]
            flocks[table] = replace(first, count=_add(first.count, record.count))
        else:
            flocks[table] = record
    return [*flocks.values(), *apart]


def _add(one: Count, other: Count) -> Count:
    return Count(
        one.low + other.low,
        one.high + other.high,
        one.is_about or other.is_about,
        one.is_counted or other.is_counted,
    )


def _settle(records: Sequence[Record]) -> tuple[list[Record], list[Reject]]:
    first, *others = records
    different = [one for one in others if one.count != first.count]
    repeated = [one.reject(faults.REPEATED, place=first.place) for one in others if one.count == first.count]
    if not different:
        return [first], repeated
    counts = [one.count for one in records]
    if any(count.high == 0 for count in counts) and any(count.low > 0 for count in counts):
        twice = [(one, different[0] if one is first else first) for one in records]
        return [], [one.reject(faults.CONTRADICTED, place=other.place) for one, other in twice]
    low, high = min(count.low for count in counts), max(count.high for count in counts)
    between = Count(
        low, high, any(count.is_about for count in counts), any(count.is_counted for count in counts)
    )
    said = [
        one.reject(faults.DIFFERENT, place=first.place, low=f"{low:g}", high=f"{high:g}") for one in different
    ]
    return [replace(first, count=between)], [*repeated, *said]
