"""Numerator and denominator of an indicator, in hectares or in what they count."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import pandas as pd
from markupsafe import Markup

from pipeline import standards
from pipeline.contracts import Delivery
from pipeline.outputs.tables import format_cell, format_hectares
from pipeline.outputs.texts import name_unit

_HECTARE = 1e4


def write_parts(code: str, row: Mapping[str, Any], delivery: Delivery) -> str:
    """Both parts of a row of the table of indicators with their unit; empty where one is not told."""
    parts = [row.get(name) for name in ("numerator", "denominator")]
    if any(pd.isna(part) for part in parts):
        return ""
    words = [write_part(code, part) for part in parts]
    unit = find_parts_unit(code)
    if unit == "m2":
        hectares = name_unit("ha", delivery.language)
        return Markup("{} / {} <span class='ha-unit'>{}</span>").format(*words, hectares)
    return f"{words[0]} / {words[1]} {name_unit(unit, delivery.language)}".strip()


def write_part(code: str, part: Any) -> str:
    """Numerator or denominator of an indicator without its unit, areas in hectares; a dash for none."""
    if pd.isna(part):
        return "—"
    return format_hectares(part / _HECTARE) if find_parts_unit(code) == "m2" else format_cell(float(part))


def find_parts_unit(code: str) -> str:
    """What numerator and denominator of an indicator are counted in; empty where nobody tells."""
    return next((unit for start, unit in _list_units() if code.startswith(start)), "")


@cache
def _list_units() -> tuple[tuple[str, str], ...]:
    return tuple((row["indicator"], row["unit"]) for row in standards.read_rows("indicator_parts"))
