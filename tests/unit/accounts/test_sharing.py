"""What statistics tell of places is handed out whole, by weight, each place to its own ground."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.accounts.sharing import Regions, Told, YearStatistics, list_money, share_out, sum_places
from tests.account_worlds import AOI, build_statistics

NAMES = ["东平镇", "新村乡", "东平镇", "绿华镇"]
REGIONS = Regions.of(pd.Series(NAMES))


@st.composite
def worlds(draw):
    """Amounts of places, weights of rows (some unknown), places of rows (some of none), which rows count."""
    rows = draw(st.integers(1, 12))
    places = draw(st.integers(1, 4))

    def of(values):
        return np.array(draw(st.lists(values, min_size=rows, max_size=rows)))

    weights = of(st.one_of(st.floats(1e-3, 1e3), st.just(np.nan), st.just(0.0)))
    return (
        np.array(draw(st.lists(st.integers(0, 10**6), min_size=places, max_size=places)), float),
        weights,
        of(st.integers(-1, places - 1)).astype(np.intp),
        of(st.booleans()).astype(bool),
    )


@given(worlds())
def test_rows_that_count_have_the_amount_of_their_place_together(world):
    amounts, weights, place, counted = world
    shares = share_out(Told(amounts, place), weights, counted)
    for number, amount in enumerate(amounts):
        mine = counted & (place == number)
        if np.nansum(weights[mine]) > 0:
            assert np.nansum(shares[mine]) == pytest.approx(amount, rel=1e-9)
        else:
            assert np.isnan(shares[place == number]).all()
    assert np.isnan(shares[place < 0]).all()
    assert np.isnan(shares[np.isnan(weights)]).all()


@given(worlds())
def test_a_row_that_does_not_count_has_as_much_for_its_weight_as_those_that_do(world):
    amounts, weights, place, counted = world
    shares = share_out(Told(amounts, place), weights, counted)
    for number, amount in enumerate(amounts):
        mine = place == number
        whole = np.nansum(weights[mine & counted])
        if whole > 0:
            np.testing.assert_allclose(shares[mine], amount * weights[mine] / whole, rtol=1e-9)


@given(worlds())
def test_draws_are_handed_out_as_each_alone(world):
    amounts, weights, place, counted = world
    drawn = np.stack([weights, weights * 2.0 + 1.0, weights[::-1]])
    together = share_out(Told(amounts, place), drawn, counted)
    for number, alone in enumerate(drawn):
        np.testing.assert_allclose(
            together[number], share_out(Told(amounts, place), alone, counted), rtol=1e-12
        )


def test_sums_by_place_leave_out_what_is_unknown_or_of_no_place():
    weights = np.array([1.0, np.nan, 4.0, 8.0])
    assert sum_places(weights, np.array([0, 0, 2, -1]), 3).tolist() == [1.0, 0.0, 4.0]


def test_a_region_has_its_own_amount_and_the_others_what_it_leaves_of_the_area():
    year = YearStatistics(build_statistics(("东平镇", "visits", 30.0), (AOI, "visits", 100.0)), 2024, AOI)
    told = year.take("visits", REGIONS)
    assert [told.amounts[place] for place in told.place] == [30.0, 70.0, 30.0, 70.0]
    assert told.place[1] == told.place[3]


def test_an_amount_of_the_area_is_that_of_all_regions():
    told = YearStatistics(build_statistics((AOI, "visits", 100.0)), 2024, AOI).take("visits", REGIONS)
    assert set(told.place) == {0}
    assert told.amounts.tolist() == [100.0]


def test_amounts_of_the_area_are_not_asked_for_where_every_region_has_its_own():
    rows = [(name, "visits", 10.0) for name in set(NAMES)]
    told = YearStatistics(build_statistics((AOI, "visits", 999.0), *rows), 2024, AOI).take("visits", REGIONS)
    assert told.amounts.tolist() == [10.0, 10.0, 10.0]


def test_regions_that_tell_more_than_the_area_leave_the_others_unknown():
    year = YearStatistics(build_statistics(("东平镇", "visits", 130.0), (AOI, "visits", 100.0)), 2024, AOI)
    told = year.take("visits", REGIONS)
    assert np.isnan([told.amounts[place] for place in told.place[[1, 3]]]).all()


def test_a_region_of_which_nothing_is_told_is_of_no_place():
    told = YearStatistics(build_statistics(("东平镇", "visits", 30.0)), 2024, AOI).take("visits", REGIONS)
    assert told.place.tolist() == [0, -1, 0, -1]


def test_prices_are_those_of_the_region_and_else_of_the_area():
    told = build_statistics(("东平镇", "water_price.domestic", 3.0), (AOI, "water_price.domestic", 2.0))
    year = YearStatistics(told, 2024, AOI)
    assert year.spread("water_price.domestic", REGIONS).tolist() == [3.0, 2.0, 3.0, 2.0]
    assert np.isnan(year.spread("hot_days", REGIONS)).all()


def test_other_years_tell_nothing():
    year = YearStatistics(build_statistics((AOI, "visits", 1.0), year=2023), 2024, AOI)
    assert not year.has("visits")
    assert year.take("visits", REGIONS).place.tolist() == [-1] * 4


def test_products_are_told_apart_and_a_price_without_a_product_is_of_all():
    code, price = "output.agriculture_managed", "price.agriculture_managed"
    rows = [
        (AOI, code, 10.0, "稻谷"),
        (AOI, code, 5.0, "小麦"),
        (AOI, price, 3000.0, "稻谷"),
        (AOI, price, 9.0),
    ]
    year = YearStatistics(build_statistics(*rows), 2024, AOI)
    assert year.list_products(code) == [("小麦", "t"), ("稻谷", "t")]
    assert year.take(code, REGIONS, "小麦").amounts.tolist() == [5.0]
    assert set(year.spread(price, REGIONS, "稻谷")) == {3000.0}
    assert set(year.spread(price, REGIONS, "小麦")) == {9.0}


def test_money_is_what_statistics_tell_in_yuan():
    codes = ["visits", "visitor_spend", "price.agriculture_wild", "water_class"]
    assert list_money(codes) == {"visitor_spend", "price.agriculture_wild"}
