"""Columns and checks that the tables are declared with."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

import geopandas as gpd
import pandas as pd
import pandera.errors
import pandera.pandas as pa
from pandas.api.types import is_numeric_dtype

from pipeline.errors import ContractError, Problem

Frame = TypeVar("Frame", pd.DataFrame, gpd.GeoDataFrame)


def build_column(
    kind: object, *, nullable: bool = False, unique: bool = False, **checks: pa.Check
) -> pa.Column:
    """A column that is brought to its type; not null and not unique unless it is said to be."""
    return pa.Column(
        kind, nullable=nullable, unique=unique, checks=list(checks.values()) or None, coerce=True
    )


def build_table(name: str, columns: dict[str, pa.Column]) -> pa.DataFrameSchema:
    """A table of some columns; it may have others."""
    return pa.DataFrameSchema(columns, name=name, strict=False)


def mark_compact(schema: pa.DataFrameSchema) -> pa.DataFrameSchema:
    """The same table with its texts as categories."""
    texts = [name for name, column in schema.columns.items() if not is_numeric_dtype(column.dtype.type)]
    return schema.update_columns({name: {"dtype": "category"} for name in texts})


TEXT = build_column(str)
TEXT_OR_NULL = build_column(object, nullable=True)
NUMBER = build_column(float)
NUMBER_OR_NULL = build_column(float, nullable=True)
AREA = build_column(float, at_least=pa.Check.ge(0))


def check_table(table: Frame, schema: pa.DataFrameSchema) -> Frame:
    """The table with its columns in the promised types; ContractError lists every breach at once."""
    try:
        return schema.validate(table, lazy=True)
    except pandera.errors.SchemaErrors as errors:
        cases = errors.failure_cases
        problems = [
            Problem(f"{schema.name}.{case.column}, row {case.index}", str(case.failure_case), str(case.check))
            for case in cases.itertuples()
        ]
        raise ContractError(f"A stage broke the contract of {schema.name}", problems) from errors


def tabulate_rows(rows: Sequence[Mapping[str, object]], schema: pa.DataFrameSchema) -> pd.DataFrame:
    """A table of rows with the columns of a schema, checked; what a row does not say is null."""
    table: pd.DataFrame = check_table(pd.DataFrame(rows, columns=list(schema.columns)), schema)
    return table


def list_row_values(table: pd.DataFrame) -> list[dict[str, object]]:
    """The rows of a table, values by column."""
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]
