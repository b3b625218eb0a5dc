"""Parameters are doubted aloud where they are far from all others, or per the wrong tonne; never changed."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.accounts.doubts import add_doubts
from pipeline.accounts.parameters import ClassLineage, ParameterBook
from pipeline.accounts.price_index import NO_INDEX, PriceIndex
from pipeline.settings.parameters import ParameterRow, read_elsewhere, read_parameters

HEAD = "key,class,region,value,low,high,unit,price_year,source,confirmed\n"


def read(tmp_path, *lines):
    path = tmp_path / "local.csv"
    path.write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")
    return read_parameters([path])


def doubt(tmp_path, *lines):
    """What is said of the parameters of a local table, by key."""
    book = ParameterBook.of(read(tmp_path, *lines))
    used = [("REG-01", book.find(row.key, ClassLineage.all())) for row in book.rows]
    table = add_doubts(book.tabulate(used), read_elsewhere(), NO_INDEX, [])
    assert table["value"].tolist() == [row.value for row in book.rows]
    return table.set_index("key")["doubt"]


def test_a_reservoir_of_more_than_ten_times_the_cost_of_all_others_is_doubted(tmp_path):
    said = doubt(tmp_path, "reservoir_unit_cost,,,82.18,,,yuan/m3,2023,a form,no")["reservoir_unit_cost"]
    assert "倍" in said
    assert "times the median" in said


@pytest.mark.parametrize("cost", [3.75, 6.11, 7.06, 7.53])
def test_costs_that_are_usual_are_not_doubted(tmp_path, cost):
    said = doubt(tmp_path, f"reservoir_unit_cost,,,{cost},,,yuan/m3,,a study,yes")
    assert said.isna().all()


def test_a_carbon_price_that_others_have_per_tonne_of_carbon_is_doubted(tmp_path):
    said = doubt(tmp_path, "carbon_price,,,260.9,,,yuan/t CO2,,a study,yes")["carbon_price"]
    assert "澜沧江" in said
    assert "按碳计" in said


def test_a_carbon_price_that_others_have_per_tonne_of_dioxide_is_doubted_too(tmp_path):
    said = doubt(tmp_path, "carbon_price,,,260.9,,,yuan/t C,,a study,yes")["carbon_price"]
    assert "甲积峪" in said
    assert "按二氧化碳计" in said


def test_the_same_price_per_carbon_and_per_dioxide_differs_by_their_masses(tmp_path):
    (per_carbon,) = read(tmp_path, "carbon_price,,,260.9,,,yuan/t C,,a study,yes")[0]
    (per_dioxide,) = read(tmp_path, "carbon_price,,,260.9,,,yuan/t CO2,,a study,yes")[0]
    assert per_dioxide.value / per_carbon.value == pytest.approx(44 / 12)
    assert per_carbon.unit == per_dioxide.unit == "yuan/t CO2"


others = st.lists(st.floats(1.0, 2.0), min_size=0, max_size=6)


@given(others=others, times=st.floats(0.01, 100))
def test_a_figure_is_doubted_where_three_others_are_ten_times_off_in_their_middle(others, times):
    rows = [
        ParameterRow(
            "k", None, f"place {n}", one, None, None, "m", None, "s", confirmed=True, origin="o", row=n
        )
        for n, one in enumerate(others)
    ]
    middle = sorted(others)[len(others) // 2] if len(others) % 2 else pd.Series(others).median()
    value = (middle if others else 1.0) * times
    table = pd.DataFrame(
        {"key": ["k"], "class": [None], "value": [value], "unit": ["m"], "price_year": [pd.NA]}
    )
    said = add_doubts(table, rows, NO_INDEX, [])["doubt"].iloc[0]
    ratio = value / middle if others else 1.0
    far = len(others) >= 3 and (ratio >= 10 or ratio <= 0.1)
    assert (said is not None) == far


def test_a_price_is_doubted_that_no_index_brings_to_the_years_of_the_accounts(tmp_path):
    rows = read(
        tmp_path, "oxygen_price,,,1000,,,yuan/t,2008,a study,yes", "so2_tax,,,6,,,yuan/equivalent,,law,yes"
    )
    book = ParameterBook.of(rows)
    table = book.tabulate([("REG-07", book.find(row.key, ClassLineage.all())) for row in book.rows])
    index = PriceIndex({"": {2008: 90.0, 2023: 120.0}})
    said = {
        years: add_doubts(table, [], index, years).set_index("key")["doubt"]
        for years in ((2023,), (2023, 2024))
    }
    assert said[2023,].isna().all()
    assert "no index brings it to 2024" in said[2023, 2024]["oxygen_price"]
    assert said[2023, 2024].isna()["so2_tax"]
