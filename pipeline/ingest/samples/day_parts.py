"""Days whose parts stand in columns of their own, as one text for `cells.read_moment`."""

import re

from pipeline.ingest.samples.cells import YEARLESS, narrow, spell_day
from pipeline.ingest.samples.markup import strip_tag

_MISSING = "?"
"""For a part that is not told; no moment is read where it stands."""

_MONTH = re.compile(r"(?P<number>[0-9]{1,2}|十[一二]?|[一二三四五六七八九])(?:月份?)?")
_NUMERALS = {numeral: number for number, numeral in enumerate("一二三四五六七八九十", 1)} | {
    "十一": 11,
    "十二": 12,
}
_DAY = re.compile(r"(?P<number>[0-9]{1,2})[日号]?")
_MONTH_AND_DAY = re.compile(r"[0-9]{1,2}月[0-9]{1,2}[日号].*")


def find_month(text: str) -> int | None:
    """The number of a month without its year: 5, 05, 5月, 五月, 5月份; None for anything else."""
    parts = _MONTH.fullmatch(_plain(text))
    return (_NUMERALS.get(parts["number"]) or int(parts["number"])) if parts else None


def tidy_month(text: str) -> str:
    """A month of a table without years: 5月, or the text as it is where it tells more."""
    number = find_month(text)
    return text if number is None else f"{number}月"


def join_month(month: str, year: str) -> str:
    """A month with the year that stands beside it: 2024-5; one that has its own year must have the same."""
    plain, number = _plain(month), find_month(month)
    told = _plain(year).removesuffix("度").removesuffix("年") or _MISSING
    if number is not None:
        return f"{told}-{number}"
    return plain if plain.startswith(told) else f"{told} {plain}".removeprefix(f"{_MISSING} ")


def join_day(month: str, day: str) -> str:
    """A day with the month that stands beside it: 2024-5-6."""
    parts = _DAY.fullmatch(_plain(day))
    if not month and not _plain(day):
        return ""
    number = parts["number"] if parts else _plain(day) or _MISSING
    return f"{month}{number}日" if month.endswith("月") else f"{month}-{number}"


def complete_day(day: str, year: str) -> str:
    """A day and month with the year that stands beside them; a text as it is where it has its own."""
    plain, told = _plain(day), _plain(year).removesuffix("度").removesuffix("年") or _MISSING
    if parts := YEARLESS.fullmatch(plain):
        return spell_day(told, parts)
    return f"{told}年{plain}" if _MONTH_AND_DAY.fullmatch(plain) else day


def _plain(text: str) -> str:
    return narrow(strip_tag(text))
