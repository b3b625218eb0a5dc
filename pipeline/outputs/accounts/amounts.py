"""Money and quantities as people read them: 万元 and 亿元, million yuan, as many digits as they mean."""

from typing import Any

import pandas as pd

from pipeline.outputs.columns import Language
from pipeline.outputs.languages import say
from pipeline.outputs.texts import find_text

_SCALES: dict[Language, tuple[tuple[float, str], ...]] = {
    "zh": ((1e8, "money.zh.large"), (1e4, "money.zh.middle"), (1.0, "money.zh.small")),
    "en": ((1e9, "money.en.large"), (1e6, "money.en.middle"), (1.0, "money.en.small")),
}
"""Yuan and the name of as many, the largest first."""

_DIGITS = 4
_MANY = 1000


def write_money(yuan: float, language: Language) -> str:
    """Yuan with two decimals and the unit that suits it, such as `3.69 亿元` or `368.85 million yuan`."""
    if pd.isna(yuan):
        return "—"
    scale, name = next((pair for pair in _SCALES[language] if abs(yuan) >= pair[0]), _SCALES[language][-1])
    return f"{yuan / scale:,.2f} {find_text(name, language)}"


def write_money_range(low: float, high: float, language: Language) -> str:
    """Low and high in the unit of the high; empty where either is not known."""
    if pd.isna(low) or pd.isna(high):
        return ""
    top = max(abs(low), abs(high))
    scale, name = next((pair for pair in _SCALES[language] if top >= pair[0]), _SCALES[language][-1])
    return f"{low / scale:,.2f} – {high / scale:,.2f} {find_text(name, language)}"


def choose_money(language: Language) -> tuple[float, str]:
    """What columns of values are counted in, so that their rows compare: 万元, or million yuan."""
    scale, name = _SCALES[language][1]
    return scale, find_text(name, language)


def write_quantity(quantity: float, unit: str = "") -> str:
    """A quantity with separators and its unit: whole above a thousand, else with four digits that count."""
    if pd.isna(quantity):
        return "—"
    words = f"{quantity:,.0f}" if abs(quantity) >= _MANY else f"{quantity:,.{_DIGITS}g}"
    return f"{words} {unit}".strip()


def write_reason(reason: Any, language: Language) -> str:
    """Why something is not known, in the language; empty for null."""
    return "" if pd.isna(reason) else say(str(reason), language)
