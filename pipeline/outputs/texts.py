"""Sentences that staff read, in Chinese and English; one row of texts.csv each."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Literal

import pandas as pd

_YEAR_LETTERS = 4

# A formula between such marks would make the script ask a server for a typesetter.
_MATH = str.maketrans({"$": "＄", "\\": "＼"})


def find_text(key: str, language: Literal["zh", "en"]) -> str:
    """The words for a key; KeyError for a key that nobody wrote."""
    return _load_texts(language)[key]


def find_texts(prefix: str, language: Literal["zh", "en"]) -> dict[str, str]:
    """All words whose key starts with a prefix and a dot, by the rest of the key."""
    start = f"{prefix}."
    return {
        key.removeprefix(start): words
        for key, words in _load_texts(language).items()
        if key.startswith(start)
    }


def name_unit(unit: str, language: Literal["zh", "en"]) -> str:
    """A unit as people read it; what nobody named, as a whole or in its parts, is written as it is."""
    words = _load_texts(language)
    parts = [words.get(f"unit.{part}", part) for part in unit.split("/")]
    return words.get(f"unit.{unit}", "/".join(parts))


def name_period(label: str, language: Literal["zh", "en"]) -> str:
    """A period as people say it: 2024Q3 is 2024年第三季度; a day stays as it is."""
    year, rest = label[:_YEAR_LETTERS], label[_YEAR_LETTERS:]
    if not rest:
        return find_text("bulletin.year", language).format(year=year)
    part = find_texts("bulletin.period", language).get(rest.removeprefix("-"))
    return find_text("bulletin.part", language).format(year=year, part=part) if part else label


def choose_words(text: str, language: Literal["zh", "en"]) -> str:
    """What of a text is in the language, where it says 中文 / English, once or several times after ；."""
    pairs = [part.partition(" / ") for part in text.split("；")]
    if language == "zh":
        return "；".join(chinese for chinese, _, _ in pairs)
    return "; ".join(english or chinese for chinese, _, english in pairs)


@cache
def _load_texts(language: Literal["zh", "en"]) -> Mapping[str, str]:
    with (files("pipeline.outputs") / "texts.csv").open(encoding="utf-8") as stream:
        table = pd.read_csv(stream, dtype=str, keep_default_na=False)
    return MappingProxyType(dict(zip(table["key"], table[language], strict=True)))


def clean_words(words: object) -> str:
    """Words of the data as a chart may show them: never a formula, and short enough for an axis."""
    text = str(words).translate(_MATH)
    return text if len(text) <= 40 else f"{text[:39]}…"  # noqa: PLR2004
