"""When a table was downloaded: it tells the year of times without one, and holds no later reading."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

DAY_0 = date(1899, 12, 30)
"""What spreadsheets count days from, unless they say otherwise."""

DAY_0_OF_1904 = date(1904, 1, 1)
"""The same in workbooks that began on a Macintosh."""

_ZONE = ZoneInfo("Asia/Shanghai")
_DAY = re.compile(
    r"(?<![0-9])(?P<year>(?:19|20)[0-9]{2})"
    r"(?:[-_.年]?(?P<month>0[1-9]|1[0-2])[-_.月]?(?P<day>[0-2][0-9]|3[01])"
    r"(?:[-_T日 ]?[0-9]{2,6})?)?(?![0-9])"
)
_HALF_A_YEAR = timedelta(days=183)


@dataclass(frozen=True)
class Download:
    """The year of a table, and the day of its download where that is known; `is_named` by the file's name.

    `day_0` is what its serial numbers of days are counted from.
    """

    year: int
    day: date | None = None
    is_named: bool = False
    day_0: date = DAY_0

    @classmethod
    def of(cls, path: Path, year: int | None) -> "Download":
        """From the setting, else the last day or year in the file's name, else the file's own time."""
        if year is not None:
            return cls(year)
        for parts in reversed(list(_DAY.finditer(path.stem))):
            found = _read_name(parts)
            if found:
                return found
        written = datetime.fromtimestamp(path.stat().st_mtime, UTC).astimezone(_ZONE).date()
        return cls(written.year, written)

    @property
    def has_one_year(self) -> bool:
        """Whether the year is set, or all that the file's name tells, and so that of every month in it."""
        return self.day is None

    def is_of_last_year(self, month: int, day: int) -> bool:
        """Whether a month and day lie so far behind the download that the year before is meant."""
        return (
            self.day is not None
            and _count_days(month, day) - _count_days(self.day.month, self.day.day) > _HALF_A_YEAR
        )

    def refuses(self, moment: datetime) -> bool:
        """Whether a moment with its year lies after the day in the file's name.

        The file's own time is no bound for such moments: every copy of a file has another, and the same
        table must give the same readings.
        """
        return self.is_named and self.precedes(moment)

    def precedes(self, moment: datetime) -> bool:
        """Whether a moment lies after the day of the download, if that is known."""
        return self.day is not None and moment.astimezone(_ZONE).date() > self.day


def _read_name(parts: re.Match[str]) -> Download | None:
    year = int(parts["year"])
    if parts["month"] is None:
        return Download(year)
    try:
        return Download(year, date(year, int(parts["month"]), int(parts["day"])), is_named=True)
    except ValueError:
        return None


def _count_days(month: int, day: int) -> timedelta:
    return timedelta(days=31 * month + day)
