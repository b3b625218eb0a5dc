"""The inventory and the tables of a delivery as CSV: by keys for programs, or as people read them."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv

from pipeline.contracts import Delivery
from pipeline.outputs.columns import Language, describe_column, name_columns, name_values
from pipeline.outputs.layers import flatten_table
from pipeline.settings.outputs import Headings

NAMED = "tables_named"
"""Folder of the tables as people read them, beside those by keys."""
_MARK = "\ufeff"
_LIVE = ("=", "+", "-", "@", "\t", "\r")
"""What a text may not begin with that a spreadsheet opens: it would be taken for a formula."""


def write_inventory_csv(rows: pd.DataFrame, path: Path, language: Language, headings: Headings) -> None:
    """Write the rows of the inventory, without their geometry, as UTF-8 with BOM and full precision."""
    shown = _quieten(make_readable(rows, language)) if headings == "names" else rows
    table = pa.Table.from_pandas(shown, preserve_index=False)
    with path.open("wb") as stream:
        stream.write(_MARK.encode())
        pyarrow.csv.write_csv(table, stream, pyarrow.csv.WriteOptions(quoting_style="needed"))


def write_named_tables(delivery: Delivery, folder: Path) -> None:
    """Write every table once more, under the headings and with the names of values that people read."""
    (folder / NAMED).mkdir()
    for stem, table in delivery.tables.items():
        plain = flatten_table(pd.DataFrame(table).drop(columns="geometry", errors="ignore"), delivery)
        named = _quieten(make_readable(plain, delivery.language, stem.partition("_")[0]))
        named.to_csv(folder / NAMED / f"{stem}.csv", index=False, encoding="utf-8-sig", lineterminator="\n")


def make_readable(rows: pd.DataFrame, language: Language, family: str = "") -> pd.DataFrame:
    """Rows under the names of their columns with units in brackets, coded values by their names."""
    values = {column: name_values(column, rows[column], language) for column in rows.columns}
    units = {column: describe_column(column, family).unit for column in rows.columns}
    names = name_columns(rows.columns, language, family)
    return rows.assign(**values).rename(
        columns={key: f"{name} ({units[key]})" if units[key] else name for key, name in names.items()}
    )


def _quieten(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows in which no text begins like a formula."""
    texts = [str(name) for name in rows if not pd.api.types.is_numeric_dtype(rows[name])]
    quiet = {name: rows[name].map(_quieten_text, na_action="ignore") for name in texts}
    return rows.assign(**quiet)


def _quieten_text(text: object) -> object:
    return f"'{text}" if isinstance(text, str) and text.startswith(_LIVE) else text
