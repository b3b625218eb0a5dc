"""Tables as people read them: named columns, spoken values, round numbers, a dash for what is not known."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd

from pipeline.contracts import Delivery
from pipeline.outputs.columns import list_values, name_columns, name_values

MOST_ROWS = 40


@dataclass(frozen=True)
class Table:
    """A table as the page shows it: headers, and rows of texts; `left_out` rows are only in the files."""

    headers: list[str]
    rows: list[list[str]]
    left_out: int = 0


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


def format_table(table: pd.DataFrame, *, most: int = MOST_ROWS) -> Table:
    """The first rows of a table as texts."""
    rows = [[format_cell(value) for value in row] for row in table.head(most).astype(object).to_numpy()]
    return Table([str(column) for column in table.columns], rows, max(0, len(table) - most))


def name_table(table: pd.DataFrame, delivery: Delivery) -> pd.DataFrame:
    """A table with its columns and coded values under the names of the delivery's language."""
    plain = pd.DataFrame(table)
    values = {
        column: name_codes(column, plain[column], delivery)
        for column in plain.columns
        if list_values(column) or column == "rule"
    }
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
