"""What the books of the accounts share: how parts of a table become one that is checked."""

from collections.abc import Sequence

import pandas as pd
import pandera.pandas as pa

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
