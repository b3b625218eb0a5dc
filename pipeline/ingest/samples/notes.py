"""What a workbook says beside the values of its cells: results that do not hold, errors, what is hidden.

Rows and columns are counted from 0, as calamine counts them.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise

from pipeline.ingest.samples.dating import DAY_0

Place = tuple[int, int]

YEAR_AND_TENTH = re.compile(r"(?:19|20)[0-9]{2}\.1")
"""A number that was typed as 2024.10 or as 2024.1: only its format tells."""

ERROR = re.compile(r"#(?:DIV/0!|N/A|NAME\?|NULL!|NUM!|REF!|VALUE!|SPILL!|CALC!|GETTING_DATA)|Err:[0-9]+")
"""What spreadsheets write in a cell whose formula failed."""

FORMULA = "="
"""Begins the text of a cell whose formula has no result that holds."""

_KNOWN_PERCENTS = frozenset({9, 10})
_PERCENT = re.compile(r'(?:[^;"\\]|"[^"]*"|\\.)*?%')

_TWO_DECIMALS = re.compile(r"[^;\"]*0\.00(?![0#?%E])")
_KNOWN_TWO_DECIMALS = frozenset({2, 4, 7, 8, 39, 40, 43, 44})
"""Formats of two decimals that a workbook need not spell (ECMA-376 part 1, 18.8.30)."""

HIDDEN_SHEET = (
    "隐藏的工作表，未读取；要读取请先取消隐藏 (a hidden sheet is not read: unhide it to have it read)"
)
_HIDDEN_ROWS = "隐藏的行也已读取 (hidden rows, read as any other)"
_HIDDEN_COLUMNS = "隐藏的列也已读取 (hidden columns, read as any other)"
_STORED = "公式按文件中存储的结果读取 (formulas are read by the results that the file holds)"


@dataclass
class SheetNotes:
    """Of one worksheet: `texts` of cells that do not say what their value says, `merges` by their corners.

    `extent` is the rows and columns that it has at most, as far as that is told before its cells are read.
    A text is an error (#DIV/0!), a month as its format shows it (2024.10), or `=` and the formula of a cell
    without a result that holds. `stored` counts formulas that are read by their results, `percents` are cells
    that show 0.82 as 82%.
    """

    extent: Place = (0, 0)
    texts: dict[Place, str] = field(default_factory=dict)
    merges: list[tuple[Place, Place]] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    stored: int = 0
    percents: set[Place] = field(default_factory=set)

    def list_remarks(self, height: int, width: int) -> list[tuple[str, str]]:
        """What is to be said of a sheet of a size: what was found, and the words."""
        rows = _join_numbers(row + 1 for row in self.hidden_rows if row < height)
        columns = _join_numbers(column + 1 for column in self.hidden_columns if column < width)
        found = [(rows, _HIDDEN_ROWS), (columns, _HIDDEN_COLUMNS), (str(self.stored or ""), _STORED)]
        return [(value, words) for value, words in found if value]


@dataclass(frozen=True)
class WorkbookNotes:
    """Notes of all sheets in their order, and the day that serial numbers of days are counted from."""

    sheets: list[SheetNotes]
    day_0: date = DAY_0


def shows_two_decimals(number: int, form: str | None) -> bool:
    """Whether a format shows 2024.1 as 2024.10, by its text, or by its number where it has none."""
    return number in _KNOWN_TWO_DECIMALS if form is None else bool(_TWO_DECIMALS.match(form))


def shows_percent(number: int, form: str | None) -> bool:
    """Whether a format shows 0.82 as 82%, by its text, or by its number where it has none."""
    return number in _KNOWN_PERCENTS if form is None else bool(_PERCENT.match(form))


def _join_numbers(numbers: Iterable[int]) -> str:
    """Numbers as people list them: 3-5, 9."""
    known = sorted(numbers)
    breaks = [place for place, (one, other) in enumerate(pairwise(known), 1) if other > one + 1]
    runs = [known[start:stop] for start, stop in pairwise([0, *breaks, len(known)]) if known]
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
