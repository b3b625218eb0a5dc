"""Tables of a bulletin beyond indicators: what nature gives, and the parts of the assessment."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import pandas as pd

from pipeline.outputs.bulletin.comparing import AreaFigures
from pipeline.outputs.bulletin.evidence import EvidenceBook, Row
from pipeline.outputs.bulletin.wording import choose_words
from pipeline.outputs.columns import describe_column, list_values, name_columns
from pipeline.outputs.texts import find_text, find_texts

_MOST_ROWS = 20


@dataclass(frozen=True)
class Theme:
    """A delivered table that a bulletin shows: its columns, and the rows of the period with given values.

    Where it tells regions apart, `whole` takes the rows of the area alone.
    """

    table: str
    columns: tuple[str, ...]
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    whole: bool = False


THEMES = (
    Theme(
        "account_totals",
        ("service", "value_yuan", "known", "of", "basis"),
        MappingProxyType({"service": ("M", "R", "C", "GEP", "partial")}),
        whole=True,
    ),
    Theme(
        "gdp_gep",
        (
            *("name", "gdp_yuan", "gep_yuan", "partial_yuan", "known", "of", "gdp_rank", "gep_rank"),
            *("gep_gdp_ratio", "joint", "indicative"),
        ),
    ),
)
"""A table that a delivery does not have, or has no row of in the period, is left out."""


@dataclass(frozen=True)
class ThemeTable:
    """A table as it is printed; `left_out` says where the rows are that it leaves out."""

    title: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left_out: str


def build_themes(area: AreaFigures, evidence: EvidenceBook) -> Iterator[ThemeTable]:
    """The tables of an area for the period, in order."""
    moment = area.moments.now
    for theme in THEMES:
        regions = {"region": [area.delivery.aoi]} if theme.whole else {}
        rows = area.delivery.list_rows(
            theme.table, period=[moment.label, moment.pair], **theme.where, **regions
        )
        if rows:
            yield _build_table(theme, rows, evidence)


def _build_table(theme: Theme, rows: Sequence[Row], evidence: EvidenceBook) -> ThemeTable:
    """Columns that hold something, under their names."""
    family = theme.table.partition("_")[0]
    held = [
        column
        for column in theme.columns
        if column in rows[0].cells and any(row.text(column) for row in rows)
    ]
    shown = rows[:_MOST_ROWS]
    return ThemeTable(
        title=find_text(f"sheet.{theme.table}", evidence.language),
        headers=tuple(name_columns(held, evidence.language, family).values()),
        rows=tuple(tuple(_write_value(row, column, family, evidence) for column in held) for row in shown),
        left_out=_say_left_out(len(rows) - len(shown), theme.table, evidence),
    )


def _write_value(row: Row, column: str, family: str, evidence: EvidenceBook) -> str:
    """A cell as people read it: numbers with their unit, codes under their names, 参考 for `indicative`."""
    value = row.cells[column]
    if pd.isna(value):
        return "—"
    if isinstance(value, bool):
        mark = "indicative" if column == "indicative" else "yes"
        return find_text(f"bulletin.{mark}", evidence.language) if value else ""
    if isinstance(value, (int, float)):
        return evidence.write_cell(row.cell(column, describe_column(column, family).unit))
    names = {entry.code: entry.name(evidence.language) for entry in list_values(column)}
    names |= find_texts(f"bulletin.code.{column}", evidence.language)
    if str(value) in names:
        return names[str(value)]
    return evidence.write_words(row, column, choose_words(str(value), evidence.language))


def _say_left_out(count: int, table: str, evidence: EvidenceBook) -> str:
    return find_text("bulletin.left_out", evidence.language).format(table=table) if count else ""
