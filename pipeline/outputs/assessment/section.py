"""What a part of the assessment shows in the report, and how its tables are said."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from pipeline.contracts import Delivery
from pipeline.outputs.assessment.wording import find_column_unit, name_part_columns, name_part_values
from pipeline.outputs.charts import Chart
from pipeline.outputs.columns import list_values
from pipeline.outputs.map_sheets import MapSheet
from pipeline.outputs.tables import MOST_LISTED, MOST_ROWS, format_cell, format_hectares

State = Literal["good", "fair", "bad", "unknown", "plain"]


@dataclass(frozen=True)
class SectionCard:
    """A figure at the top of a section: its name, its words, what to know of it; `state` is its colour."""

    name: str
    value: str
    note: str = ""
    state: State = "plain"


@dataclass(frozen=True)
class SectionTable:
    """A table of a section: `rows` of cells, each its words and a colour or an empty text.

    The first `shown` rows stand open, the others behind a click; `stem` is that of the CSV table that has
    them all, `left_out` counts those that only it has.
    """

    caption: str
    headers: list[str]
    rows: list[list[tuple[str, str]]]
    stem: str
    shown: int = MOST_ROWS
    left_out: int = 0

    @property
    def file(self) -> str:
        """The place of all rows beside the page."""
        return f"tables/{self.stem}.csv"


@dataclass(frozen=True)
class Section:
    """A section of the report: conclusions in sentences first, then figures, charts, maps and tables.

    `key` is unique among sections; `notes` say what the figures rest on and what they are not. One that
    `leads` stands at the very top of the report, the others in the chapter of the assessment.
    """

    key: str
    title: str
    sentences: tuple[str, ...] = ()
    cards: tuple[SectionCard, ...] = ()
    tables: tuple[SectionTable, ...] = ()
    charts: tuple[Chart, ...] = ()
    maps: tuple[MapSheet, ...] = ()
    notes: tuple[str, ...] = ()
    leads: bool = False

    @property
    def anchor(self) -> str:
        """Where the page has it."""
        return f"assessment-{self.key}"


def build_section_table(
    caption: str,
    stem: str,
    rows: pd.DataFrame,
    delivery: Delivery,
    *,
    percent: Sequence[str] = (),
    shown: int = MOST_ROWS,
) -> SectionTable:
    """Rows of the delivered table `stem` as people read them; the caller chooses rows and columns.

    Columns stand under their names with their units, without those that hold nothing; areas in m2 are in ha;
    codes stand under their names, with the colour that the standards give them; `indicative` says 参考.
    Columns named in `percent` are in percent, in rows whose `unit` is `share` where there is a column `unit`.
    """
    kept = pd.DataFrame(rows).dropna(axis=1, how="all")
    names = name_part_columns(kept, stem, delivery)
    columns = []
    for column in kept.columns:
        values = name_part_values(column, stem, kept[column], delivery).astype(object)
        write = format_hectares if find_column_unit(column, stem) == "m2" else format_cell
        words = ["" if isinstance(value, str) and not value else write(value) for value in values]
        if column in percent or (column == "unit" and percent):
            words = _write_shares(column, kept, words)
        columns.append(list(zip(words, _find_colors(column, kept[column]), strict=True)))
    cells = [list(row) for row in zip(*columns, strict=True)]
    left_out = max(0, len(cells) - MOST_LISTED)
    return SectionTable(caption, list(names.values()), cells[:MOST_LISTED], stem, shown, left_out)


def _write_shares(column: str, rows: pd.DataFrame, words: list[str]) -> list[str]:
    """The words of a column, in percent where they are shares."""
    shares = rows["unit"].eq("share") if "unit" in rows else pd.Series(data=True, index=rows.index)
    return [
        said if not is_share else "%" if column == "unit" else _write_share(value)
        for said, is_share, value in zip(words, shares, rows[column], strict=True)
    ]


def _write_share(value: float) -> str:
    return "—" if pd.isna(value) else f"{value:.2%}"


def _find_colors(column: str, values: pd.Series) -> list[str]:
    colors = {entry.code: entry.color for entry in list_values(column) if entry.color}
    return [colors.get(str(value), "") for value in values]
