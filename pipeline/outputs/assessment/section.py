"""What a part of the assessment shows in the report, and how its tables are said."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from pipeline.contracts import Delivery
from pipeline.outputs.charts import Chart
from pipeline.outputs.columns import describe_column, list_values, name_columns
from pipeline.outputs.tables import MOST_ROWS, format_cell, name_codes
from pipeline.outputs.texts import find_text, name_unit

State = Literal["good", "fair", "bad", "unknown", "plain"]
MOST_LISTED = 1000
"""Rows of a table that the page holds; those beyond are in its file."""

_HECTARE = 1e4
_DECIMALS = 9
"""Of hectares: what is less is noise of sums."""


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


@dataclass(frozen=True)
class Section:
    """A section of the report: conclusions in sentences first, then figures, charts and tables.

    `key` is unique among sections; `notes` say what the figures rest on and what they are not. One that
    `leads` stands at the very top of the report, the others in the chapter of the assessment.
    """

    key: str
    title: str
    sentences: tuple[str, ...] = ()
    cards: tuple[SectionCard, ...] = ()
    tables: tuple[SectionTable, ...] = ()
    charts: tuple[Chart, ...] = ()
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
    family = stem.partition("_")[0]
    names = name_columns(kept.columns, delivery.language, family)
    headers, columns = [], []
    for column in kept.columns:
        unit = describe_column(column, family).unit
        headers.append(_write_header(names[column], unit, delivery))
        words = _write_column(column, unit, kept, delivery, percent=column in percent)
        columns.append(list(zip(words, _find_colors(column, kept[column]), strict=True)))
    cells = [list(row) for row in zip(*columns, strict=True)]
    left_out = max(0, len(cells) - MOST_LISTED)
    return SectionTable(caption, headers, cells[:MOST_LISTED], stem, shown, left_out)


def _write_header(name: str, unit: str, delivery: Delivery) -> str:
    said = "ha" if unit == "m2" else name_unit(unit, delivery.language) if unit else ""
    return f"{name} ({said})" if said else name


def _write_column(
    column: str, unit: str, rows: pd.DataFrame, delivery: Delivery, *, percent: bool
) -> list[str]:
    values = rows[column]
    if column == "indicative":
        mark = find_text("assessment.indicative", delivery.language)
        return [mark if is_so else "" for is_so in values.fillna(value=False)]
    if column == "unit":
        return [_write_unit(value, delivery) for value in values]
    if percent:
        shares = rows["unit"].eq("share") if "unit" in rows else pd.Series(data=True, index=rows.index)
        return [
            _write_share(value) if is_share else format_cell(value)
            for value, is_share in zip(values, shares, strict=True)
        ]
    if unit == "m2":
        values = (values.astype(float) / _HECTARE).round(_DECIMALS)
    if list_values(column) or column == "rule":
        values = name_codes(column, values, delivery)
    return [format_cell(value) for value in values.astype(object)]


def _write_unit(unit: Any, delivery: Delivery) -> str:
    if pd.isna(unit):
        return "—"
    return "%" if unit == "share" else name_unit(str(unit), delivery.language)


def _write_share(value: float) -> str:
    return "—" if pd.isna(value) else f"{value:.2%}"


def _find_colors(column: str, values: pd.Series) -> list[str]:
    colors = {entry.code: entry.color for entry in list_values(column) if entry.color}
    return [colors.get(str(value), "") for value in values]
