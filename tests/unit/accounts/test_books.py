"""Tables whose texts are categories hold what plain tables hold, in less memory."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.accounts.books import compact_texts, join_compact, split_rows, split_years
from pipeline.contracts.columns import (
    NUMBER_OR_NULL,
    TEXT,
    TEXT_OR_NULL,
    build_column,
    build_table,
    mark_compact,
)
from pipeline.errors import ContractError

SCHEMA = build_table(
    "Toy",
    {
        "period": TEXT,
        "basis": TEXT,
        "reason": TEXT_OR_NULL,
        "value": NUMBER_OR_NULL,
        "counted": build_column(bool),
    },
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=3)
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["2023", "2024"]),
        st.sampled_from(["registered", "mapped"]),
        st.none() | TEXTS,
        st.none() | st.floats(allow_nan=False),
        st.booleans(),
    ),
    max_size=9,
)


def tabulate(rows: list[tuple]) -> pd.DataFrame:
    return SCHEMA.validate(pd.DataFrame(rows, columns=[*SCHEMA.columns]))


@given(st.lists(ROWS, min_size=1, max_size=4), st.integers(1, 5))
def test_compact_tables_joined_and_split_again_hold_every_row_in_its_order(tables, rows):
    plain = [tabulate(table) for table in tables]
    joined = join_compact([compact_texts(table) for table in plain])
    parts = list(split_rows(joined, SCHEMA, rows))
    assert all(len(part) == rows for part in parts[:-1])
    together = pd.concat(parts, ignore_index=True)
    expected = pd.concat(plain, ignore_index=True)
    assert together.dtypes.equals(tabulate([]).dtypes)
    assert together.replace({np.nan: None}).to_dict("list") == expected.replace({np.nan: None}).to_dict(
        "list"
    )


@given(st.lists(ROWS, min_size=1, max_size=4))
def test_groups_of_compact_tables_come_in_the_order_of_their_texts(tables):
    plain = pd.concat([tabulate(table) for table in tables], ignore_index=True)
    compact = join_compact([compact_texts(tabulate(table)) for table in tables])
    keys = ["period", "reason"]
    sums = [table.groupby(keys, dropna=False)["value"].sum().tolist() for table in (plain, compact)]
    assert sums[0] == pytest.approx(sums[1], rel=0, abs=0, nan_ok=True)


@given(ROWS)
def test_years_are_all_rows_once_each_of_one_period_and_basis(rows):
    table = tabulate(rows)
    years = list(split_years(table))
    assert sorted(pd.concat(years).index) == [*range(len(rows))]
    assert all(len(year[["period", "basis"]].drop_duplicates()) <= 1 for year in years)


def test_a_compact_table_is_held_to_its_contract():
    compact = compact_texts(tabulate([("2023", "mapped", None, 1.0, True)]))
    assert mark_compact(SCHEMA).validate(compact).dtypes.equals(compact.dtypes)
    lacking = compact_texts(compact.astype(object).assign(period=None, value=1.0, counted=True))
    with pytest.raises(ContractError, match=r"Toy\.period"):
        next(split_rows(lacking, SCHEMA, 1))


def test_many_rows_of_few_texts_take_less_than_a_tenth_of_what_plain_texts_take():
    names = np.array(["registered", "mapped", "不含价格 / no price is given for it"], object)
    plain = pd.DataFrame({"reason": pd.Series(np.tile(names, 100_000), dtype=str)})
    compact = compact_texts(plain)
    assert compact.memory_usage(deep=True).sum() < plain.memory_usage(deep=True).sum() / 10
