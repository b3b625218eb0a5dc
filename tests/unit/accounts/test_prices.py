"""Prices moved by an index: published figures, there and back, and what cannot be moved is named."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.accounts.parameters import ClassLineage, ParameterBook
from pipeline.accounts.price_index import NO_INDEX, PriceIndex, list_fixed_prices
from pipeline.accounts.prices import move_prices
from pipeline.settings.parameters import ParameterRow


def price(value, year, *, key="oxygen_price", unit="yuan/t", low=None, high=None):
    return ParameterRow(
        key, None, None, value, low, high, unit, year, source="planted", confirmed=True, origin="t.csv", row=3
    )


def find(book, key="oxygen_price"):
    return book.find(key, ClassLineage.all())


def test_the_oxygen_price_of_gaotianyan_is_that_of_2008_by_the_consumer_index():
    """ChinaXiv-201711.00109V1: 1000 yuan/t of LY/T 1721-2008 is 1160.70 in 2014."""
    index = PriceIndex({"": {2008: 1.0, 2014: 1.1607}})
    assert find(move_prices(ParameterBook.of([[price(1000, 2008)]]), index, 2014)).value[0] == pytest.approx(
        1160.7
    )
    carbon = price(1200 * 12 / 44, 2008, key="carbon_price", unit="yuan/t CO2")
    moved = move_prices(ParameterBook.of([[carbon]]), index, 2014)
    assert find(moved, "carbon_price").value[0] == pytest.approx(379.87, abs=0.02)


def test_the_consumer_index_of_2014_on_2007_is_1_2291():
    index = PriceIndex({"": {2007: 493.60, 2014: 606.70}})
    assert index.find_factor("oxygen_price", 2007, 2014) == pytest.approx(1.2291, abs=5e-5)


def test_construction_and_consumer_prices_go_by_their_own_index():
    index = PriceIndex({"consumer": {2010: 100, 2020: 130}, "construction": {2010: 100, 2020: 160}})
    rows = [price(7.06, 2010, key="reservoir_unit_cost", unit="yuan/m3"), price(1000, 2010)]
    moved = move_prices(ParameterBook.of([rows]), index, 2020)
    assert find(moved, "reservoir_unit_cost").value[0] == pytest.approx(7.06 * 1.6)
    assert find(moved).value[0] == pytest.approx(1300)


def test_one_index_alone_moves_all_prices_whatever_it_is_called():
    index = PriceIndex({"consumer": {2010: 100, 2020: 130}})
    assert index.find_factor("reservoir_unit_cost", 2010, 2020) == pytest.approx(1.3)


levels = st.dictionaries(st.integers(2000, 2024), st.floats(50, 900), min_size=1)


@given(levels, st.integers(2000, 2024), st.integers(2000, 2024), st.integers(0, 9))
def test_a_price_moves_there_and_back_by_the_ratio_or_is_named_and_not_confirmed(
    planted, given_year, year, seed
):
    index = PriceIndex({"": planted})
    book = ParameterBook.of([[price(800.0, given_year, low=700.0, high=1000.0)]])
    drawn = book.draw(np.random.default_rng(seed), 3)
    moved = move_prices(drawn, index, year)
    (row,) = moved.rows
    problems = list_fixed_prices(book.rows, index, [year])
    if given_year == year or {given_year, year} <= set(planted):
        ratio = 1.0 if given_year == year else planted[year] / planted[given_year]
        np.testing.assert_allclose(moved.values, drawn.values * ratio, rtol=1e-14)
        assert (row.value, row.low, row.high) == pytest.approx((800 * ratio, 700 * ratio, 1000 * ratio))
        assert row.price_year == year
        assert row.confirmed
        assert not problems
        np.testing.assert_allclose(move_prices(moved, index, given_year).values, drawn.values, rtol=1e-14)
    else:
        np.testing.assert_array_equal(moved.values, drawn.values)
        assert (row.price_year, row.confirmed) == (given_year, False)
        assert np.isnan(move_prices(drawn, index, year, unmoved="null").values).all()
        assert "t.csv, row 3" in problems[0].place
        assert str(given_year) in problems[0].found


def test_what_has_no_year_or_is_no_price_stays_as_it_is():
    rows = [
        price(4.8, None, key="so2_tax", unit="yuan/equivalent"),
        price(0.24, None, key="silt_coefficient", unit="1"),
    ]
    book = ParameterBook.of([rows])
    moved = move_prices(book, NO_INDEX, 2024)
    np.testing.assert_array_equal(moved.values, book.values)
    assert moved.rows == book.rows
    assert not list_fixed_prices(rows, NO_INDEX, [2024])
