"""What colours mean: classes of coded columns and stops of ramps, as the widget takes them."""

from typing import Any

import pandas as pd

from pipeline.legends import Legend
from pipeline.outputs.columns import Language, list_values
from pipeline.outputs.ramps import Stops
from pipeline.outputs.texts import find_text

UNKNOWN_COLOR = "#ffffff"
"""Of features; apart from the greys that classes have."""
UNCOLORED = "#e9eeeb"
"""Where a picture has no colour, that of the page beneath it."""


def key_values(column: str, shown: pd.Series, language: Language) -> dict[str, Any]:
    """Classes of a coded column that occur among the names that are shown, in their order."""
    present = set(shown.dropna())
    classes = [
        {"value": name, "name": name, "color": entry.color}
        for entry in list_values(column)
        if (name := entry.name(language)) in present
    ]
    lacks = len(classes) < len(present) or bool(shown.isna().any())
    return {"classes": classes, **(_key_other(UNKNOWN_COLOR, language) if lacks else {})}


def _key_other(color: str, language: Language) -> dict[str, Any]:
    return {"other": {"name": find_text("webmap.other", language), "color": color}}


def key_classes(legend: Legend, codes: set[int], language: Language) -> dict[str, Any]:
    """Classes of a map that occur in it."""
    kept = [entry for entry in legend.classes if entry.code in codes]
    return {"classes": [{"value": e.code, "name": e.name(language), "color": e.color} for e in kept]}


def key_stops(stops: Stops, unit: str, language: Language, *, unknown: str = UNKNOWN_COLOR) -> dict[str, Any]:
    """A ramp in a unit, with the colour of what is unknown."""
    pairs = [[value, color] for value, color in stops]
    return {"classes": [], "stops": pairs, "unit": unit, **_key_other(unknown, language)}
