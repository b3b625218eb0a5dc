"""What a manifest tells of endmembers: those of every period, and those that later runs may take by name."""

from dataclasses import asdict
from typing import Any

from pipeline.maps.endmembers import Ends, find_endmembers
from pipeline.maps.step import Maps


def describe_endmembers(maps: Maps) -> dict[str, Any]:
    """What a manifest says of endmembers: those of every period, and those that are kept by name."""
    study, rules = maps.study, maps.study.settings.vegetation
    found = {period.label: _dump(find_endmembers(maps, period)) for period in study.periods}
    if not rules.keep_endmembers:
        return {"periods": found}
    since = study.endmembers.since if study.endmembers else study.settings.label
    ends = study.endmembers.ends if study.endmembers else find_endmembers(maps, study.periods[0])
    kept = {
        "name": rules.keep_endmembers,
        "since": since,
        "rules": rules.endmember_rules,
        "ends": _dump(ends),
    }
    return {"periods": found, "kept": kept}


def _dump(ends: Ends) -> dict[str, Any] | None:
    return asdict(ends) if ends else None
