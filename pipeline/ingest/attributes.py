"""Attributes of features and rows of tables, with every digit that whole numbers have."""

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

WHOLE_NUMBERS = {
    kind(): dtype()
    for kind, dtype in (
        (pa.int8, pd.Int8Dtype),
        (pa.int16, pd.Int16Dtype),
        (pa.int32, pd.Int32Dtype),
        (pa.int64, pd.Int64Dtype),
        (pa.uint8, pd.UInt8Dtype),
        (pa.uint16, pd.UInt16Dtype),
        (pa.uint32, pd.UInt32Dtype),
        (pa.uint64, pd.UInt64Dtype),
    )
}
"""Kinds of columns that keep whole numbers and nulls side by side, by those that are read."""


def build_cells(table: pa.Table) -> pd.DataFrame:
    """A table of cells in which whole numbers stay whole, also where one is null in the same column."""
    cells: pd.DataFrame = table.to_pandas(types_mapper=WHOLE_NUMBERS.get)
    return cells


def pick_within(places: NDArray[np.int64], start: int, count: int) -> NDArray[np.int64]:
    """Of growing places those among `count` from `start` on, counted from there."""
    here: NDArray[np.int64] = places[np.searchsorted(places, start) : np.searchsorted(places, start + count)]
    return here - start
