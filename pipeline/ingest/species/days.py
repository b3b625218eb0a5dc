"""The days of a survey: one, a span of them, a month or a third of one."""

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from pipeline.ingest.samples.cells import NO_YEAR, NOT_A_TIME, ZONE, narrow, read_moment
from pipeline.ingest.species.numerals import write_digits

_MONTH = re.compile(
    r"(?P<year>[0-9]{4})(?:年|-|/|\.(?=[0-9]{2}))?(?P<month>(?<=[年/-])[0-9]{1,2}|[0-9]{2})(?:月份?)?(?P<third>[上中下]旬)?"
)
_YEARLESS = re.compile(
    r"(?P<month>[0-9]{1,2})(?:月|[-/.])(?:(?P<day>[0-9]{1,2})[日号]?)?(?P<third>[上中下]旬)?"
)
_BETWEEN = re.compile(r"至|到|—+|–|~|～|-")
_THIRDS = {"上旬": (1, 10), "中旬": (11, 20), "下旬": (21, 31)}


@dataclass(frozen=True, order=True)
class Days:
    """The first and the last day of a survey."""

    first: date
    last: date

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}/{self.last}"


def read_days(text: str, year: int | None = None) -> Days | str:
    """The days of a cell, or why there are none; `year` is that of days told without one.

    Read are what `read_moment` reads, Chinese numerals, months (2024年3月, 3月下旬) and spans
    (2024年1月15日至17日, 2024.1.15-1.17): all days of a month, of ten days, of a span.
    """
    plain = re.sub(r"(?<=[0-9年月日号])\s+(?=[^0-9T])|(?<=[年月至到])\s+", "", write_digits(narrow(text)))
    found = _read_one(plain, year)
    spans = set(_read_spans(plain, year)) if isinstance(found, str) else set()
    return spans.pop() if len(spans) == 1 else found


def _read_one(text: str, year: int | None) -> Days | str:
    """A day, a month or a third of one."""
    if month := _MONTH.fullmatch(text):
        return _spread(int(month["year"]), int(month["month"]), month["third"])
    yearless = _YEARLESS.fullmatch(text)
    if yearless and year is None:
        return NO_YEAR
    if yearless and not yearless["day"]:
        return _spread(year or 0, int(yearless["month"]), yearless["third"])
    moment = read_moment(f"{year}-{yearless['month']}-{yearless['day']}" if yearless else text)
    if isinstance(moment, datetime):
        day = moment.astimezone(ZONE).date()
        return Days(day, day)
    return moment


def _spread(year: int, month: int, third: str | None) -> Days | str:
    try:
        end = monthrange(year, month)[1]
    except ValueError:
        return NOT_A_TIME
    first, last = _THIRDS.get(third or "", (1, end))
    return Days(date(year, month, first), date(year, month, min(last, end)))


def _read_spans(text: str, year: int | None) -> Iterator[Days]:
    """Spans that a text may be, parted at any of its signs; what its end does not tell its beginning does."""
    for sign in _BETWEEN.finditer(text):
        start = _read_one(text[: sign.start()], year)
        if isinstance(start, str):
            continue
        end = text[sign.end() :]
        day = end.rstrip("日号")
        told = (
            f"{start.first.year}-{start.first.month}-{day}"
            if day.isdigit() and len(day) <= len("31")
            else end
        )
        last = _read_one(told, start.first.year)
        if not isinstance(last, str) and start.first < last.last and start.first <= last.first:
            yield Days(start.first, last.last)
