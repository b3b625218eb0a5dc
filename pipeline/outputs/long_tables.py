"""Tables of a delivery that are too long for CSV: they leave as Parquet, and are written in parts."""

from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from pipeline.contracts import Delivery
from pipeline.outputs.layers import flatten_table
from pipeline.storage.tables import read_parts, save_parts


def write_long_tables(delivery: Delivery, folder: Path) -> None:
    """Write every long table into a folder; texts and figures are as in CSV, at a small part of its size."""
    for stem, path in delivery.long_tables.items():
        save_parts(folder / f"{stem}.parquet", (flatten_table(part, delivery) for part in read_parts(path)))


def read_long_columns(delivery: Delivery) -> dict[str, pd.DataFrame]:
    """The columns of every long table, without a row."""
    return {
        stem: pq.read_schema(path).empty_table().to_pandas() for stem, path in delivery.long_tables.items()
    }
