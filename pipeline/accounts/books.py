"""What the books of the accounts share: how parts of a table become one that is checked."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandas.api.types import is_bool_dtype, is_numeric_dtype, union_categoricals

from pipeline.contracts import check_table


def join_book(tables: Sequence[pd.DataFrame], schema: pa.DataFrameSchema) -> pd.DataFrame:
    """Tables under one another, with the columns of the contract in its order, checked; none: no rows."""
    columns = list(schema.columns)
    none = pd.DataFrame({name: [] for name in columns})
    joined = pd.concat(tables, ignore_index=True) if tables else none
    book: pd.DataFrame = check_table(joined[columns], schema)
    return book


def double_rows(rows: pd.DataFrame, aoi_id: str) -> pd.DataFrame:
    """Rows of regions, and once more as rows of the whole aoi; once only where that is the one region."""
    return pd.concat([rows[rows["region"] != aoi_id], rows.assign(region=aoi_id)], ignore_index=True)


def compact_texts(table: pd.DataFrame) -> pd.DataFrame:
    """The table with its texts as categories in their order: a tenth of the memory, where few texts recur."""
    texts = [str(name) for name, held in table.items() if not (_is_figure(held) or _is_compact(held))]
    return table.assign(**{name: _list_categories(table[name]) for name in texts})


def join_compact(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Tables of `compact_texts` under one another, their texts still as categories in their order."""
    first, *_ = tables
    joined = {
        name: union_categoricals([table[name] for table in tables], sort_categories=True)
        if _is_compact(first[name])
        else np.concatenate([table[name].to_numpy() for table in tables])
        for name in first
    }
    return pd.DataFrame(joined)


def split_rows(table: pd.DataFrame, schema: pa.DataFrameSchema, rows: int) -> Iterator[pd.DataFrame]:
    """A table of `compact_texts`, so many rows at a time, its texts as the contract has them."""
    for first in range(0, max(len(table), 1), rows):
        part: pd.DataFrame = check_table(table.iloc[first : first + rows], schema)
        yield part


def split_years(items: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Rows by basis and period, as they follow one another; one part without rows for none."""
    if items.empty:
        yield items
    yield from (rows for _, rows in items.groupby(["basis", "period"], sort=False))


def _list_categories(column: pd.Series) -> pd.Categorical:
    codes, names = pd.factorize(column, sort=True)
    return pd.Categorical.from_codes(codes, pd.Index(names, dtype=str))


def _is_compact(column: pd.Series) -> bool:
    return isinstance(column.dtype, pd.CategoricalDtype)


def _is_figure(column: pd.Series) -> bool:
    return is_numeric_dtype(column) or is_bool_dtype(column)
