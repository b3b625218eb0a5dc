"""Tables as people read them: named columns, spoken values, round numbers, a dash for what is not known."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from pipeline.contracts import Delivery
from pipeline.outputs.columns import name_columns, name_values
from pipeline.outputs.languages import keep_language
from pipeline.storage.delivered import FINDINGS_END

MOST_ROWS = 20
"""Rows of a table that stand open on a page; those beyond, up to MOST_LISTED, are behind a click."""
MOST_LISTED = 1000
"""Rows of a table that a page holds; those beyond are in the file that it links to."""


@dataclass(frozen=True)
class Table:
    """A table as the page shows it: headers, and rows of texts, each bare or with its colour.

    The first `shown` rows stand open, the others behind a click; `left_out` rows are only in `file`, the
    place of all rows beside the page.
    """

    headers: list[str]
    rows: Sequence[Sequence[str | tuple[str, str]]]
    left_out: int = 0
    shown: int = MOST_ROWS
    file: str = ""


def format_cell(value: Any) -> str:
    """A value as people read it: two decimals with separators, dates in UTC, a dash for what is not known."""
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return "—"
    if isinstance(value, (bool, np.bool_)):
        return "✓" if value else "✗"
    if isinstance(value, float):  # numpy's float64 is one
        return _format_number(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M") if value.tzinfo else f"{value:%Y-%m-%d %H:%M}"
    return str(value) or "—"


def _format_number(value: float) -> str:
    if value.is_integer():
        return f"{value:,.0f}"
    return f"{value:,.2f}" if abs(value) >= 1 else f"{value:.4g}"


def format_hectares(value: float, *, signed: bool = False) -> str:
    """An area in hectares, its exact figure beside the words, so that a page can show it in mu as well."""
    if pd.isna(value):
        return "—"
    words = f"{value:{'+' if signed else ''},.2f}"
    return Markup('<data class="ha" value="{}">{}</data>').format(f"{value:.10g}", words)


def find_table_file(stem: str, delivery: Delivery) -> str:
    """Where all rows of a table stand, from the folder of the delivery: its CSV file, else the GeoPackage."""
    if stem == "findings" and delivery.findings_file:
        return delivery.name_file(FINDINGS_END)
    return f"tables/{stem}.csv" if stem in delivery.tables else delivery.name_file(".gpkg")


def format_table(table: pd.DataFrame, *, file: str = "", hectares: Collection[str] = ()) -> Table:
    """The first MOST_LISTED rows of a table as texts; `file` has them all.

    Columns in `hectares` can be shown in mu as well.
    """
    kept = table.head(MOST_LISTED).astype(object)
    writers = [format_hectares if column in hectares else format_cell for column in table.columns]
    rows = [[write(value) for write, value in zip(writers, row, strict=True)] for row in kept.to_numpy()]
    headers = [str(column) for column in table.columns]
    return Table(headers, rows, max(0, len(table) - MOST_LISTED), file=file)


def name_table(table: pd.DataFrame, delivery: Delivery) -> pd.DataFrame:
    """A table with its columns and coded values under the names of the delivery's language."""
    plain = pd.DataFrame(table)[keep_language(table.columns, delivery.language)]
    values = {column: name_codes(column, plain[column], delivery) for column in plain.columns}
    return plain.assign(**values).rename(columns=name_columns(plain.columns, delivery.language))


def name_codes(column: str, values: pd.Series, delivery: Delivery) -> pd.Series:
    """Coded values, and rules of findings, under their names; what has no name stays."""
    if column != "rule":
        return name_values(column, values, delivery.language)
    names = {rule: pair[delivery.language != "zh"] for rule, pair in delivery.rules.items()}
    return values.astype("string").replace(names) if names else values


def drop_empty(table: pd.DataFrame, columns: tuple[str, ...]) -> pd.DataFrame:
    """A table without those of the columns that hold nothing."""
    empty = [column for column in columns if column in table and table[column].isna().all()]
    return table.drop(columns=empty)
