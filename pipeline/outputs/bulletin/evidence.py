"""Every number of a bulletin with the cell of the delivered table that it stands in."""

from dataclasses import asdict, dataclass
from typing import Literal

import pandas as pd

from pipeline.outputs.columns import Language
from pipeline.outputs.figures import is_nothing, write_amount, write_figure
from pipeline.outputs.published import Cell, Row
from pipeline.outputs.texts import find_text

Origin = Literal["cell", "text", "difference", "key", "manifest"]
"""Where a number is from: a cell, the words of a cell, two cells, the key of a map, or what the manifest says
of days, periods and labels."""


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
