"""Terms of rights: their first and last day, as one text tells them."""

import re
from datetime import date
from typing import NamedTuple

from pipeline.ingest.rights.cells import DAY, read_day
from pipeline.ingest.rights.words import load_right_words
from pipeline.ingest.samples.cells import narrow
from pipeline.ingest.samples.headings import fold

_DAYS = re.compile(DAY)
_BETWEEN = re.compile(r"[自从起至到止\-—–~～〜\s()（）]*")
_TO = re.compile(r"[\s]*[至到~～〜—–-]")
_FROM = re.compile(r"[起自从]")
_FIRST_AND_LAST = 2


class RightTerm(NamedTuple):
    """First and last day of a right, None where it is not told; `is_endless`: it has no last day."""

    first: date | None = None
    last: date | None = None
    is_endless: bool = False


def is_endless(text: str) -> bool:
    """Whether a cell says that a right has no end."""
    return fold(text) in load_right_words("endless")


def read_term(text: str) -> RightTerm | None:
    """A term: 2021-01-01至2025-12-31, 自2021年1月1日起, 至2025.12.31, 长期; None for what is none."""
    plain = narrow(text)
    days = [read_day(told) for told in _DAYS.findall(plain)]
    around = _DAYS.sub("", plain)
    rest = _drop_endless(around)
    if None in days or not _BETWEEN.fullmatch(rest) or len(days) > _FIRST_AND_LAST:
        return None
    if len(days) == _FIRST_AND_LAST:
        return RightTerm(days[0], days[1]) if rest == around else None
    return _read_half(plain, days[0] if days else None, is_endless=rest != around)


def _read_half(text: str, day: date | None, *, is_endless: bool) -> RightTerm | None:
    """A term that tells one day, or that it has no end; None where it does not tell which day that is."""
    if is_endless:
        return RightTerm(day, is_endless=True)
    if day and _TO.match(text):
        return RightTerm(last=day)
    return RightTerm(day) if day and _FROM.search(text) else None


def _drop_endless(text: str) -> str:
    for word in load_right_words("endless"):
        text = text.replace(word, "")
    return text
