"""The inventory and the tables of a delivery as CSV: by keys for programs, or as people read them."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv

from pipeline.contracts import Delivery
from pipeline.outputs.columns import Language, describe_column, name_columns, name_values
from pipeline.outputs.layers import flatten_table
from pipeline.settings.outputs import Headings
from pipeline.storage.csv_texts import quieten_texts

NAMED = "tables_named"
"""Folder of the tables as people read them, beside those by keys."""
_MARK = "\ufeff"


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table as UTF-8 with BOM, which Excel needs, with full precision and Unix line ends.

    No text in it begins a formula; `storage.csv_texts` gives them back as they were.
    """
    quieten_texts(table).to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\n")


def write_inventory_csv(
    parts: Iterable[pd.DataFrame], path: Path, language: Language, headings: Headings
) -> None:
    """Write the rows of the inventory, without their geometry, as UTF-8 with BOM and full precision."""
    with path.open("wb") as stream:
        stream.write(_MARK.encode())
        for number, rows in enumerate(parts):
            shown = make_readable(rows, language) if headings == "names" else rows
            table = pa.Table.from_pandas(quieten_texts(shown), preserve_index=False)
            options = pyarrow.csv.WriteOptions(include_header=number == 0, quoting_style="needed")
            pyarrow.csv.write_csv(table, stream, options)


def write_named_tables(delivery: Delivery, folder: Path) -> None:
    """Write every table once more, under the headings and with the names of values that people read."""
    (folder / NAMED).mkdir()
    for stem, table in delivery.tables.items():
        plain = flatten_table(pd.DataFrame(table).drop(columns="geometry", errors="ignore"), delivery)
        named = make_readable(plain, delivery.language, stem.partition("_")[0])
        write_csv(named, folder / NAMED / f"{stem}.csv")


def make_readable(rows: pd.DataFrame, language: Language, family: str = "") -> pd.DataFrame:
    """Rows under the names of their columns with units in brackets, coded values by their names."""
    values = {column: name_values(column, rows[column], language) for column in rows.columns}
    units = {column: describe_column(column, family).unit for column in rows.columns}
    names = name_columns(rows.columns, language, family)
    return rows.assign(**values).rename(
        columns={key: f"{name} ({units[key]})" if units[key] else name for key, name in names.items()}
    )
