"""Accounting periods: months, quarters, meteorological seasons and years, and their labels."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

PeriodKind = Literal["month", "quarter", "season", "year"]

_DECEMBER = 12
_SEASONS = {_DECEMBER: "winter", 3: "spring", 6: "summer", 9: "autumn"}
PERIODS_A_YEAR: dict[PeriodKind, int] = {"month": 12, "quarter": 4, "season": 4, "year": 1}
_MONTHS = {"month": 1, "quarter": 3, "season": 3, "year": 12}


@dataclass(frozen=True, order=True)
class Period:
    """A span of whole days, both ends inside, with its label: `2024`, `2024Q3`, `2024-04`, `2024-summer`."""

    first: date
    last: date
    label: str

    @property
    def stem(self) -> str:
        """The label as a part of the name of a file."""
        return self.label

    @property
    def periods(self) -> "tuple[Period, ...]":
        """The period itself."""
        return (self,)

    @property
    def whole_year(self) -> int | None:
        """The calendar year that the period is, None where it is none or not all of one."""
        year = self.first.year
        return year if (self.first, self.last) == (date(year, 1, 1), date(year, 12, 31)) else None

    def holds(self, moment: datetime) -> bool:
        """Whether a moment lies in the period, by its day in UTC."""
        return self.first <= as_utc(moment).date() <= self.last


@dataclass(frozen=True, order=True)
class PeriodPair:
    """Two periods that are set beside each other: consecutive ones, or the first and the last of a run."""

    before: Period
    after: Period

    @property
    def periods(self) -> tuple[Period, ...]:
        """The earlier and the later period."""
        return self.before, self.after

    @property
    def first(self) -> date:
        """The first day of the earlier period."""
        return self.before.first

    @property
    def last(self) -> date:
        """The last day of the later period."""
        return self.after.last

    @property
    def label(self) -> str:
        """Both labels, as tables have them: `2023/2024`."""
        return f"{self.before.label}/{self.after.label}"

    @property
    def stem(self) -> str:
        """Both labels as a part of the name of a file: `2023_2024`."""
        return f"{self.before.label}_{self.after.label}"

    def holds(self, moment: datetime) -> bool:
        """Whether a moment lies between the first and the last day, both inside."""
        return self.first <= as_utc(moment).date() <= self.last


When = Period | PeriodPair
"""What a map or a figure holds for."""


def as_utc(moment: datetime) -> datetime:
    """A moment in UTC; one without a zone is UTC already, as STAC has it, whatever zone the machine is in."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def list_periods(start: date, end: date, kind: PeriodKind) -> list[Period]:
    """All periods of a kind that touch the days from `start` to `end`, cut to them, in order.

    A season is three whole months; December belongs to the winter of the next January.
    """
    found: list[Period] = []
    for first in _list_starts(start, kind):
        if first > end:
            return found
        last = _add_months(first, _MONTHS[kind]) - timedelta(days=1)
        if last >= start:
            found.append(Period(max(first, start), min(last, end), _label_period(first, kind)))
    return found


def list_complete_before(day: date, kind: PeriodKind, count: int) -> list[Period]:
    """The last `count` whole periods of a kind that end before a day, in order."""
    start = _add_months(date(day.year, day.month, 1), -(count + 1) * _MONTHS[kind])
    return [period for period in list_periods(start, day, kind) if period.last < day][-count:]


def find_before(period: Period, periods: Sequence[Period]) -> Period | None:
    """The period of the run that ends where one begins."""
    place = list(periods).index(period)
    return periods[place - 1] if place else None


def find_year_ago(period: Period, periods: Sequence[Period]) -> Period | None:
    """The period of the run that is the same one of the year before."""
    year, rest = period.label[:4], period.label[4:]
    wanted = f"{int(year) - 1}{rest}"
    return next((one for one in periods if one.label == wanted), None)


def _list_starts(start: date, kind: PeriodKind) -> Iterator[date]:
    first = date(start.year - 1, _DECEMBER, 1) if kind == "season" else date(start.year, 1, 1)
    while True:
        yield first
        first = _add_months(first, _MONTHS[kind])


def _add_months(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    return date(day.year + years, month + 1, 1)


def _label_period(first: date, kind: PeriodKind) -> str:
    match kind:
        case "year":
            return f"{first.year}"
        case "quarter":
            return f"{first.year}Q{(first.month + 2) // 3}"
        case "month":
            return f"{first.year}-{first.month:02d}"
        case "season":
            year = first.year + 1 if first.month == _DECEMBER else first.year
            return f"{year}-{_SEASONS[first.month]}"
