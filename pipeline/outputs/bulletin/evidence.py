"""Every number of a bulletin with the cell of the delivered table that it stands in."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import pandas as pd

from pipeline.errors import InputError, Problem
from pipeline.outputs.accounts.amounts import write_money
from pipeline.outputs.columns import Language
from pipeline.outputs.tables import format_cell
from pipeline.outputs.texts import find_text, name_unit

Origin = Literal["cell", "text", "difference", "key", "manifest"]
"""Where a number is from: a cell, the words of a cell, two cells, the key of a map, or what the manifest says
of days, periods and labels."""

_MONEY = {"yuan", "CNY"}
_PERCENT = 100
_DECIMALS = 2


@dataclass(frozen=True)
class Cell:
    """A number of a delivered table: its delivery (area/label), the table, its line in the file (from 1)."""

    delivery: str
    table: str
    line: int
    column: str
    value: float
    unit: str


@dataclass(frozen=True)
class Row:
    """A row of a delivered table: its delivery, the table, its line in the file (from 1), its cells.

    InputError for a column that the table does not have, as another version wrote it.
    """

    delivery: str
    table: str
    line: int
    cells: Mapping[str, Any]

    def cell(self, column: str, unit: str) -> Cell | None:
        """The number of a column; None where it is not known."""
        value = self.find(column)
        if pd.isna(value):
            return None
        return Cell(self.delivery, self.table, self.line, column, float(value), unit)

    def text(self, column: str) -> str:
        """The words of a column; empty where there are none."""
        value = self.find(column)
        return "" if pd.isna(value) else str(value)

    def find(self, column: str) -> Any:
        """What stands in a column."""
        if column not in self.cells:
            raise build_column_refusal(self.delivery, self.table, column)
        return self.cells[column]


@dataclass(frozen=True)
class PrintedFigure:
    """A number as it is printed, and its evidence.

    A `difference` is the cell less the other one. `value` is null for words.
    """

    text: str
    value: float | None
    unit: str
    origin: Origin
    delivery: str
    table: str
    line: int | None = None
    column: str | None = None
    other_delivery: str | None = None
    other_table: str | None = None
    other_line: int | None = None


COLUMNS = tuple(PrintedFigure.__dataclass_fields__)


def build_column_refusal(delivery: str, table: str, column: str) -> InputError:
    """What is said of a column that a delivered table does not have."""
    place, found = f"{delivery}/tables/{table}.csv", f"没有列 / no column {column}"
    todo = "用本版本重新运行 / Run again with this version"
    problem = Problem(place, found, "本版本的交付 / a delivery of this version", todo)
    return InputError("交付的表不全 / A table of a delivery lacks a column", [problem])


class EvidenceBook:
    """Writes numbers in a language, and remembers each."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language
        self._figures: dict[PrintedFigure, None] = {}

    def write_cell(self, cell: Cell | None) -> str:
        """A cell as people read it, with its unit; a dash for none."""
        if cell is None:
            return "—"
        text = write_figure(cell.value, cell.unit, self.language)
        self._figures[
            PrintedFigure(
                text, cell.value, cell.unit, "cell", cell.delivery, cell.table, cell.line, cell.column
            )
        ] = None
        return text

    def write_change(self, after: Cell | None, before: Cell | None) -> str:
        """By how much a figure rose or fell, in words; a dash where one of both is not known."""
        if after is None or before is None:
            return "—"
        value = after.value - before.value
        text = write_amount(abs(value), after.unit, self.language)
        if is_nothing(value, after.unit):
            return find_text("bulletin.same", self.language)
        place = after.delivery, after.table, after.line, after.column
        other = before.delivery, before.table, before.line
        self._figures[PrintedFigure(text, value, after.unit, "difference", *place, *other)] = None
        return find_text(f"bulletin.{'rise' if value > 0 else 'fall'}", self.language).format(amount=text)

    def write_words(self, row: Row, column: str, text: str | None = None) -> str:
        """The words of a cell, or such a part of them, with the numbers in them."""
        said = row.text(column) if text is None else text
        if said:
            self._figures[
                PrintedFigure(said, None, "", "text", row.delivery, row.table, row.line, column)
            ] = None
        return said

    def write_key(self, text: str, value: float, unit: str, delivery: str, raster: str) -> str:
        """A number of the key of a map, as it is printed: of its colours, or of its scale bar."""
        self._figures[PrintedFigure(text, value, unit, "key", delivery, raster)] = None
        return text

    def write_fact(self, text: str, delivery: str) -> str:
        """A day, a period or a label that the manifest of a delivery tells."""
        self._figures[PrintedFigure(text, None, "", "manifest", delivery, "manifest.json")] = None
        return text

    def tabulate(self) -> pd.DataFrame:
        """One row per number that was written, in the order in which they were."""
        table = pd.DataFrame([asdict(figure) for figure in self._figures], columns=list(COLUMNS))
        return table.astype({"line": "Int64", "other_line": "Int64"})


def write_figure(value: float, unit: str, language: Language) -> str:
    """A figure with its unit: shares in percent, two decimals."""
    if unit == "share":
        return f"{value:.{_DECIMALS}%}"
    if unit == "percent":
        return f"{value:.{_DECIMALS}f}%"
    if unit in _MONEY:
        return write_money(value, language)
    return f"{format_cell(float(value))} {name_unit(unit, language)}".strip()


def write_amount(value: float, unit: str, language: Language) -> str:
    """The size of a difference: of shares in percentage points."""
    if unit in {"share", "percent"}:
        points = value * (_PERCENT if unit == "share" else 1)
        return f"{points:.{_DECIMALS}f}{find_text('bulletin.points', language)}"
    return write_figure(value, unit, language)


def is_nothing(value: float, unit: str) -> bool:
    """Whether a difference shows no digit but 0 as it is printed."""
    return not any(digit in "123456789" for digit in write_amount(abs(value), unit, "zh").partition("e")[0])
