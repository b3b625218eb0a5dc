"""What stands around a table: units, the year and the source of all its figures, what it is of."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pipeline.ingest.samples.headings import fold
from pipeline.ingest.statistics.words import is_of_another, load_words

_LINES = 6
_UNITS = re.compile(r"单位[:：]\s*(?P<units>[^\s)）]+)")
_SOURCE = re.compile(r"(?:数据|资料)来源[:：]\s*(?P<source>.+)")
_YEAR = re.compile(r"(?<![0-9])((?:19|20)[0-9]{2})(?:\s*年(?!鉴)|$)")
_PART_OF_YEAR = re.compile(r"[月季]|半年|年鉴")
_BETWEEN = re.compile(r"[、,，;；]")


class Title(NamedTuple):
    """What is told of a whole table: None, or nothing, where that is not told.

    `measure` is output or price where the title names one of the two.
    """

    units: tuple[str, ...] = ()
    year: int | None = None
    measure: str | None = None
    source: str | None = None


def read_title(name: str, above: Sequence[Sequence[str]], below: Sequence[Sequence[str]]) -> Title:
    """What the name of a sheet and the rows above a table say, and of its source those in it and below it."""
    lines = list(dict.fromkeys(text for row in above[-_LINES:] for text in row if text.strip()))
    everything = [text for row in [*above, *below] for text in row]
    sources = {found["source"].strip() for text in everything if (found := _SOURCE.search(text))}
    return Title(
        tuple(unit for text in lines for unit in _list_units(text)),
        _find_year([*lines, name]),
        _find_measure(lines),
        sources.pop() if len(sources) == 1 else None,
    )


def _list_units(text: str) -> list[str]:
    found = _UNITS.search(text)
    return _BETWEEN.split(found["units"]) if found else []


def _find_year(lines: Iterable[str]) -> int | None:
    """The one year that lines name, none where they name several, or part of one."""
    told = [line for line in lines if _YEAR.search(line)]
    years = {int(year) for line in told for year in _YEAR.findall(line)}
    is_part = any(_PART_OF_YEAR.search(line) or is_of_another(line) for line in told)
    return years.pop() if len(years) == 1 and not is_part else None


def _find_measure(lines: Sequence[str]) -> str | None:
    text = fold(" ".join(lines))
    told = [name for name in ("output", "price") if any(word in text for word in load_words(name))]
    return told[0] if len(told) == 1 else None
