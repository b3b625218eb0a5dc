"""The words of a draft in Chinese or English: table `texts.csv` beside this."""

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from pipeline.messages import Language


@cache
def _read_texts() -> Mapping[str, Mapping[str, str]]:
    text = (files("pipeline.commands.drafting") / "texts.csv").read_text(encoding="utf-8")
    return {row.pop("key"): row for row in csv.DictReader(text.splitlines(keepends=True))}


def say(key: str, language: Language, **slots: object) -> str:
    """The text of a key in a language, with its slots filled; KeyError for a key that there is not."""
    return _read_texts()[key][language].format(**slots)
