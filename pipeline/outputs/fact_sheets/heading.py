"""What holds for all parcels of a delivery: its name, periods, scenes, legends, and what keys are called."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from pipeline.legends import LAND_COVER, WATER_CLASS
from pipeline.outputs.columns import Language, describe_column, list_values
from pipeline.outputs.published import Published
from pipeline.outputs.texts import find_text

_KEYS = ("parcels", "statistics", "sections", "accounts", "inventory")
_AREA = "_area:"
"""What the keys of measures of area hold."""


def build_head(published: Published, columns: Iterable[str]) -> dict[str, Any]:
    """The head of the facts of a delivery, ready for JSON, with the names of columns and of all measures."""
    language = published.language
    name = published.name(language)
    mark = find_text("simulated.mark", language) if published.simulated else ""
    told = "simulated.label" if published.simulated else "simulated.not"
    manifest = published.manifest
    return {
        "aoi": published.aoi,
        "name": name,
        "label": published.label,
        "title": f"{name} {published.label} {find_text('delivery.title', language)}{mark}",
        "language": language,
        "simulated": published.simulated,
        "data_label": find_text(told, language),
        "as_of": published.as_of.date().isoformat(),
        "periods": list(published.periods),
        "scenes": list(_list_scenes(published)),
        "classes": [
            {"key": entry.key, "name": entry.name(language), "color": entry.color}
            for entry in LAND_COVER.classes
        ],
        "water_classes": [
            {"code": entry.code, "name": entry.name(language), "color": entry.color}
            for entry in WATER_CLASS.classes
        ],
        "names": {**_name_columns(columns, language), **_name_measures(language)},
        "units": {**_list_units(columns), **_list_measure_units()},
        "keys": {key: manifest["artifacts"][key] for key in _KEYS if manifest["artifacts"].get(key)},
        "versions": dict(manifest["versions"]),
    }


def _name_columns(columns: Iterable[str], language: Language) -> dict[str, str]:
    return {column: describe_column(column).name(language) for column in columns}


def _name_measures(language: Language) -> dict[str, str]:
    return {entry.code: entry.name(language) for entry in list_values("measure")}


def _list_units(columns: Iterable[str]) -> dict[str, str]:
    return {column: unit for column in columns if (unit := describe_column(column).unit)}


def _list_measure_units() -> dict[str, str]:
    return {entry.code: "m2" for entry in list_values("measure") if _AREA in entry.code}


def _list_scenes(published: Published) -> Iterator[dict[str, Any]]:
    """By period: how many scenes, of which missions, from when to when."""
    scenes = published.manifest["scenes"]
    days = [date.fromisoformat(scene["datetime"][:10]) for scene in scenes]
    for label, period in published.periods.items():
        held = [
            (day, scene)
            for day, scene in zip(days, scenes, strict=True)
            if period.first <= day <= period.last
        ]
        missions = Counter(scene["mission"] for _, scene in held)
        seen = [day.isoformat() for day, _ in held]
        yield {
            "period": label,
            "count": len(held),
            "missions": dict(sorted(missions.items())),
            "first": min(seen, default=None),
            "last": max(seen, default=None),
        }
