"""What the planted surveys come to: counts, what came and went, and waterbirds against 1 %."""

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from pipeline.ingest.simulate.species_files import STRANGE
from pipeline.ingest.simulate.species_plan import BY_NAME, ONE_PERCENT, Sighting, SurveySite
from pipeline.ingest.simulate.world import SIMULATED, World

_INSIDE = {
    "plant": {"plant", "aquatic_plant"},
    "aquatic_plant": {"aquatic_plant"},
    "animal": {"animal", "bird", "waterbird", "mammal", "amphibian", "fish"},
    "bird": {"bird", "waterbird"},
    "waterbird": {"waterbird"},
    "fish": {"fish"},
    "mammal": {"mammal"},
    "amphibian": {"amphibian"},
}
"""Groups that are part of each."""

_SEASONS = {12: "winter", 1: "winter", 2: "winter", 3: "spring", 4: "spring", 5: "spring"} | {
    6: "summer", 7: "summer", 8: "summer", 9: "autumn", 10: "autumn", 11: "autumn"
}  # fmt: skip
_Place = tuple[str, str]


def write_species_truth(
    world: World, sites: Sequence[SurveySite], sightings: Sequence[Sighting], folder: Path
) -> None:
    """`folder`/truth.json: what of the area can be found again, by period."""
    here = [one for one in sightings if one.site.letter != "外"]
    by_period: dict[str, list[Sighting]] = {period.label: [] for period in world.periods}
    for one in here:
        by_period[one.period].append(one)
    truth = {
        "note": SIMULATED,
        "known": _count_ever(world, by_period),
        "counts": {
            label: {group: _count(rows, group) for group in _INSIDE} for label, rows in by_period.items()
        },
        "change": _list_changes(world, by_period),
        "waterbirds": {label: _hold_birds(rows) for label, rows in by_period.items()},
        "unused_names": list(STRANGE),
        "sites": {
            one.site_id: {"parcel": one.parcel, "place": one.letter == "甲"}
            for one in sites
            if one.part != "外"
        },
    }
    text = json.dumps(truth, ensure_ascii=False, indent=1, sort_keys=True)
    (folder / "truth.json").write_text(f"{text}\n", encoding="utf-8")


def _count(rows: Iterable[Sighting], group: str) -> dict[str, Any]:
    """Species of a group found and not found, surveys that could have found some, and their sites."""
    related = {name for name, inside in _INSIDE.items() if name in _INSIDE[group] or group in inside}
    surveyed = [one for one in rows if one.group in related]
    named = [one for one in surveyed if one.living and one.group in _INSIDE[group]]
    found = {one.living.name for one in named if one.living and one.count.low > 0}
    sought = {one.living.name for one in named if one.living}
    return {
        "species": len(found) if surveyed else None,
        "not_found": len(sought - found) if surveyed else None,
        "surveys": len({(one.site.site_id, one.day) for one in surveyed}),
        "sites": len({one.site.site_id for one in surveyed}),
        "found": sorted(found),
    }


def _count_ever(world: World, by_period: dict[str, list[Sighting]]) -> dict[str, dict[str, int]]:
    """Species found until the end of each period, by group."""
    ever: set[str] = set()
    known = {}
    for period in world.periods:
        ever |= {one.living.name for one in by_period[period.label] if one.living and one.count.low > 0}
        groups = [BY_NAME[name].group for name in ever]
        known[period.label] = {
            name: sum(group in inside for group in groups) for name, inside in _INSIDE.items()
        }
    return known


def _list_changes(world: World, by_period: dict[str, list[Sighting]]) -> dict[str, Any]:
    """By later period, where the same one of the year before is of the run."""
    first_days = {period.first: period.label for period in world.periods}
    pairs = {
        period.label: first_days.get(date(period.first.year - 1, period.first.month, period.first.day))
        for period in world.periods
    }
    return {
        later: {"before": earlier, **_compare(by_period[earlier], by_period[later])}
        for later, earlier in pairs.items()
        if earlier
    }


def _compare(before: Sequence[Sighting], after: Sequence[Sighting]) -> dict[str, list[str]]:
    changes: dict[str, list[str]] = {
        name: [] for name in ("new", "lost", "unknown_new", "unknown_lost", "kept")
    }
    found_before, found_after = _list_places(before), _list_places(after)
    for name in sorted({*found_before, *found_after}):
        group = BY_NAME[name].group
        was, is_now = found_before.get(name, set()), found_after.get(name, set())
        if was and is_now:
            changes["kept"].append(name)
        elif was:
            changes["lost" if was <= _list_efforts(after, group) else "unknown_lost"].append(name)
        else:
            changes["new" if is_now & _list_efforts(before, group) else "unknown_new"].append(name)
    return changes


def _list_places(rows: Iterable[Sighting]) -> dict[str, set[_Place]]:
    places: dict[str, set[_Place]] = defaultdict(set)
    for one in rows:
        if one.living and one.count.low > 0:
            places[one.living.name].add((one.site.site_id, _SEASONS[one.day.month]))
    return places


def _list_efforts(rows: Iterable[Sighting], group: str) -> set[_Place]:
    around = {name for name, inside in _INSIDE.items() if group in inside}
    return {(one.site.site_id, _SEASONS[one.day.month]) for one in rows if one.group in around}


def _hold_birds(rows: Sequence[Sighting]) -> dict[str, Any]:
    """The greatest count of one day in one complex, the sites together, and whether it reaches 1 %."""
    sums: dict[str, dict[tuple[str, date], list[Sighting]]] = defaultdict(lambda: defaultdict(list))
    for one in rows:
        if one.living and one.group == "waterbird" and one.count.low > 0:
            sums[one.living.name][one.site.part, one.day].append(one)
    return {name: _hold(name, days) for name, days in sums.items()}


def _hold(name: str, days: dict[tuple[str, date], list[Sighting]]) -> dict[str, Any]:
    lows = {day: math.fsum(one.count.low for one in rows) for day, rows in days.items()}
    highs = {day: math.fsum(one.count.high for one in rows) for day, rows in days.items()}
    most = max(days, key=lambda day: (lows[day], highs[day]))
    limit = ONE_PERCENT.get(name)
    sure = limit is not None and max(lows.values()) >= limit
    is_open = limit is not None and not sure and max(highs.values()) >= limit
    return {
        "low": lows[most],
        "high": highs[most] if math.isfinite(highs[most]) else None,
        "one_percent": limit,
        "share_low": lows[most] / (100 * limit) if limit else None,
        "reaches": None if limit is None or is_open else sure,
        "about": any(one.count.about for one in days[most]),
    }
