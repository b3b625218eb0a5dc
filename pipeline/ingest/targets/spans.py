"""The time that a target is of, as staff write it: 2024, 2024年三季度, 到2025年, 2025年末, 2024-12-31."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from typing import NamedTuple

from pipeline import standards
from pipeline.ingest.samples.headings import fold
from pipeline.periods import Period, PeriodKind, list_periods

_CHINESE = {numeral: number for number, numeral in enumerate("一二三四", start=1)}
_SEASONS = ("winter", "spring", "summer", "autumn")
_SEASONS_ZH = ("冬", "春", "夏", "秋")
_NINE_MONTHS = 9
_LAST_MONTH = 12
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CLOCK = re.compile(r"(?:t|(?<=[0-9]{2}))00:00(?::00)?$")
_BEFORE_END = re.compile(r"^(?:到|至|截至|截止)")
_BEHIND_END = re.compile(r"(?:(?<=[年度月])|(?<=[0-9]))[末底]前?$|(?<=日)前$|止$")
_QUOTES = str.maketrans("", "", "“”\"'‘’《》")
_ANYWHERE = re.compile(
    r"(?:19|20)[0-9]{2}年?(?:第?[一二三四1-4]季度|[上下]半年|前三季度|[0-9]{1,2}月份?)?(?:年?[末底](?!线))?"
)


class TargetSpan(NamedTuple):
    """The time of a target; `at_end`: it is of the end of that time, and not of all of it."""

    period: Period
    at_end: bool = False


def read_target_span(text: str, year: int | None = None) -> TargetSpan | None:
    """The time that a text names, None where it names none that is sure; `year` is that of 三季度 alone.

    A time by whose end something is to be so (年末, 底, 到, a day) is of that end, and is called by its day.
    """
    plain = _CLOCK.sub("", fold(text).translate(_QUOTES))
    if day := _load_days().get(plain):
        return _end(date(day.year, 1, 1), day)
    bare = _BEHIND_END.sub("", _BEFORE_END.sub("", plain))
    found = _find(bare) or (_find(f"{year}年{bare}") if year else None)
    if found and bare != plain and not found.at_end:
        return _end(found.period.first, found.period.last)
    return found


def find_spans(text: str) -> set[TargetSpan]:
    """All times that stand somewhere in a text."""
    found = (read_target_span(match[0]) for match in _ANYWHERE.finditer(fold(text)))
    return {span for span in found if span}


def _find(text: str) -> TargetSpan | None:
    for pattern, build in _PATTERNS.items():
        if parts := pattern.fullmatch(text):
            try:
                return build(int(parts["year"]), parts["part"] if "part" in parts.groupdict() else "")
            except ValueError:
                return None
    return None


def _end(first: date, last: date) -> TargetSpan:
    return TargetSpan(Period(first, last, last.isoformat()), at_end=True)


def _of(kind: PeriodKind, year: int, number: int = 0) -> TargetSpan:
    first = date(year - 1, _LAST_MONTH, 1) if kind == "season" else date(year, 1, 1)
    last = date(year, 11, 30) if kind == "season" else date(year, 12, 31)
    return TargetSpan(list_periods(first, last, kind)[number])


def _build_year(year: int, _: str) -> TargetSpan:
    return _of("year", year)


def _build_quarter(year: int, part: str) -> TargetSpan:
    return _of("quarter", year, int(_CHINESE.get(part, part)) - 1)


def _build_month(year: int, part: str) -> TargetSpan:
    return _of("month", year, int(part) - 1)


def _build_half(year: int, part: str) -> TargetSpan:
    is_first = part in ("上", "h1")
    first = date(year, 1 if is_first else 7, 1)
    last = date(year, 6, 30) if is_first else date(year, 12, 31)
    return TargetSpan(Period(first, last, f"{year}H{1 if is_first else 2}"))


def _build_nine_months(year: int, _: str) -> TargetSpan:
    last = date(year, _NINE_MONTHS + 1, 1) - timedelta(days=1)
    return TargetSpan(Period(date(year, 1, 1), last, f"{year}-01/{year}-{_NINE_MONTHS:02d}"))


def _build_season(year: int, part: str) -> TargetSpan:
    seasons = _SEASONS if part in _SEASONS else _SEASONS_ZH
    return _of("season", year, seasons.index(part))


def _build_years(year: int, part: str) -> TargetSpan:
    if int(part) <= year:
        raise ValueError(part)
    return TargetSpan(Period(date(year, 1, 1), date(int(part), 12, 31), f"{year}/{part}"))


def _build_day(year: int, part: str) -> TargetSpan:
    month, day = (int(number) for number in re.findall("[0-9]+", part))
    return _end(date(year, 1, 1), date(year, month, day))


_YEAR = r"(?P<year>(?:19|20)[0-9]{2})"
_PATTERNS: Mapping[re.Pattern[str], Callable[[int, str], TargetSpan]] = {
    re.compile(_YEAR + pattern): build
    for pattern, build in (
        (r"(?:年度?|年全年|全年)?", _build_year),
        (r"(?:年|-)?(?:q|第)?(?P<part>[一二三四]|(?<=[q第年-])[1-4])(?:季度?)", _build_quarter),
        (r"(?:年|-)?q(?P<part>[1-4])", _build_quarter),
        (r"(?:年|-|/)(?P<part>0?[1-9]|1[0-2])(?:月份?)?", _build_month),
        (r"年?(?P<part>[上下])半年", _build_half),
        (r"(?:年|-)?(?P<part>h[12])", _build_half),
        (r"年?(?:前三季度|1-9月|1至9月)", _build_nine_months),
        (r"(?:年|-)(?P<part>spring|summer|autumn|winter)", _build_season),
        (r"年?(?P<part>[春夏秋冬])季?", _build_season),
        (r"年?(?:-|至|~|/)(?P<part>(?:19|20)[0-9]{2})年?", _build_years),
        (r"(?P<part>[-/年][0-9]{1,2}[-/月][0-9]{1,2}日?)", _build_day),
    )
}


@cache
def _load_days() -> Mapping[str, date]:
    return dict(_list_days())


def _list_days() -> Iterator[tuple[str, date]]:
    """Words that mean a day, such as the end of a plan."""
    for row in standards.read_rows("target_words"):
        if _DAY.fullmatch(row["means"]):
            yield fold(row["alias"]), date.fromisoformat(row["means"])
