"""What words for a time mean: a year, a quarter, a season, a month or a day, as its first and last day."""

import re
from datetime import date, timedelta
from typing import NamedTuple

from pipeline.ingest.samples.headings import fold
from pipeline.periods import list_periods

_YEAR = r"(?P<year>(?:19|20)[0-9]{2})"
_QUARTERS = {"1": 1, "2": 2, "3": 3, "4": 4, "一": 1, "二": 2, "三": 3, "四": 4}
_SEASONS = {"winter": "冬季", "spring": "春季", "summer": "夏季", "autumn": "秋季"}
_WHOLE = re.compile(rf"{_YEAR}(?:年度?|年全年|全年)?")
_QUARTER = re.compile(rf"{_YEAR}(?:年第?(?P<zh>[1-4一二三四])季度?|[-/]?q(?P<en>[1-4]))")
_MONTH = re.compile(
    rf"{_YEAR}(?:年(?P<zh>[0-9]{{1,2}})月份?|[-/.](?P<en>[0-9]{{1,2}})|(?P<bare>0[1-9]|1[0-2]))"
)
_DAY = re.compile(
    rf"{_YEAR}[-/.年](?P<month>[0-9]{{1,2}})[-/.月](?P<day>[0-9]{{1,2}})日?"
    r"(?:t?[0-9]{1,2}:[0-9]{2}(?::[0-9.]+)?)?"
)
_SEASON = re.compile(rf"{_YEAR}[-年]?(?P<season>{'|'.join([*_SEASONS, *_SEASONS.values()])})")


class Span(NamedTuple):
    """First and last day, both inside."""

    first: date
    last: date


def read_span(text: str) -> Span | None:
    """The time that a text names, such as 2024, 2024年三季度, 2024-07 or 2024年7月5日; None for none."""
    plain = fold(text)
    for pattern, build in ((_WHOLE, _build_year), (_QUARTER, _build_quarter), (_SEASON, _build_season)):
        if found := pattern.fullmatch(plain):
            return build(found)
    try:
        if found := _MONTH.fullmatch(plain):
            return _build_month(int(found["year"]), int(found["zh"] or found["en"] or found["bare"]), 1)
        if found := _DAY.fullmatch(plain):
            day = date(int(found["year"]), int(found["month"]), int(found["day"]))
            return Span(day, day)
    except ValueError:
        # a thirteenth month, a thirtieth of February
        return None
    return None


def _build_year(found: re.Match[str]) -> Span:
    year = int(found["year"])
    return Span(date(year, 1, 1), date(year, 12, 31))


def _build_quarter(found: re.Match[str]) -> Span:
    number = _QUARTERS[found["zh"] or found["en"]]
    return _build_month(int(found["year"]), 3 * number - 2, 3)


def _build_season(found: re.Match[str]) -> Span:
    year = int(found["year"])
    names = {zh: en for en, zh in _SEASONS.items()}
    label = f"{year}-{names.get(found['season'], found['season'])}"
    listed = list_periods(date(year - 1, 12, 1), date(year, 11, 30), "season")
    return next(Span(period.first, period.last) for period in listed if period.label == label)


def _build_month(year: int, month: int, count: int) -> Span:
    first = date(year, month, 1)
    years, after = divmod(month - 1 + count, 12)
    return Span(first, date(year + years, after + 1, 1) - timedelta(days=1))
