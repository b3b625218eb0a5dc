"""Totals by region and area: all ground once, partial where something lacks, GEP where nothing does."""

import numpy as np
import pytest

from pipeline.accounts.price_index import PriceIndex
from pipeline.accounts.totals import total_services
from pipeline.accounts.valuing import Method, value_services
from tests.account_worlds import AOI, OPTIONS, build_book, build_statistics, build_sums

INDEX = PriceIndex({"": {2024: 100.0, 2025: 110.0}})
WATER = {"rain": 1000.0, "evapotranspiration": 500.0}
HERE = ("p1", "东平镇", "0301", "森林", "森林", 8000.0, WATER)
THERE = ("p2", "新村乡", "0301", "森林", "森林", 2000.0, WATER)
BOOK = [
    ("runoff_coefficient", 0.0, "森林"),
    ("reservoir_unit_cost", 10.0),
    ("pest_cost", 2.0, "森林"),
    ("travel_expense", 1.0),
    ("travel_time_value", 2.0),
    ("consumer_surplus", 3.0),
]
LAKE = ("coefficient", "exponent", "exchanges")
VISITS = (AOI, "visits", 1000.0)


def total(rows, services, *statistics, book=BOOK, **settings):
    told = build_statistics(*statistics)
    method = Method(services, OPTIONS, 2025)
    sums = build_sums(*rows)
    valuation = value_services(sums, told, build_book(*book), INDEX, method, aoi_id=AOI)
    table = total_services(valuation, told, INDEX, method, aoi_id=AOI, **settings)
    return table[table["basis"] == "registered"].set_index(["region", "service"])


def test_the_area_is_its_regions():
    found = total([HERE, THERE], ("REG-01", "CUL-01"), VISITS)
    water = found.xs("REG-01", level="service")
    assert water["quantity"].to_dict() == pytest.approx({AOI: 5000.0, "东平镇": 4000.0, "新村乡": 1000.0})
    assert water.loc[AOI, "value_yuan"] == pytest.approx(50_000.0)
    assert water.loc[AOI, "price"] == pytest.approx(10.0)
    assert found.loc[(AOI, "CUL-01"), "value_yuan"] == pytest.approx(6000.0)


def test_gep_is_the_sum_of_all_indicators_where_all_are_known():
    found = total([HERE, THERE], ("REG-01", "CUL-01"), VISITS)
    assert found.loc[(AOI, "GEP"), ["value_yuan", "known", "of"]].tolist() == pytest.approx([56_000.0, 2, 2])
    assert found.loc[(AOI, "R"), "value_yuan"] == pytest.approx(50_000.0)
    assert found.loc[(AOI, "C"), "value_yuan"] == pytest.approx(6000.0)
    assert (AOI, "M") not in found.index
    assert (AOI, "partial") not in found.index


def test_fewer_indicators_than_the_profile_has_are_partial_and_never_gep():
    found = total([HERE], ("REG-01", "CUL-01"))
    partial = found.loc[(AOI, "partial")]
    assert partial[["value_yuan", "known", "of"]].tolist() == pytest.approx([40_000.0, 1, 2])
    assert "CUL-01 旅游康养" in partial["reason"]
    assert "GEP" not in found.index.get_level_values("service")
    assert np.isnan(found.loc[(AOI, "CUL-01"), "value_yuan"])
    assert "visits" in found.loc[(AOI, "CUL-01"), "reason"]
    assert np.isnan(found.loc[(AOI, "C"), "value_yuan"])


def test_a_region_whose_total_is_partial_leaves_the_others_whole():
    found = total([HERE, THERE], ("REG-01", "CUL-01"), ("东平镇", "visits", 10.0))
    assert ("东平镇", "GEP") in found.index
    assert ("新村乡", "partial") in found.index


def test_what_no_ground_supplies_is_nothing_and_known():
    marsh = ("p3", "东平镇", "1108", "湿地", "湿地", 10.0, WATER)
    book = [("marsh_depth", 0.3), ("reservoir_unit_cost", 1.0)]
    found = total([HERE, marsh, THERE], ("REG-05c",), book=book)
    assert found.loc[("东平镇", "REG-05c"), "value_yuan"] == pytest.approx(3.0)
    none = found.loc[("新村乡", "REG-05c")]
    assert none[["quantity", "value_yuan", "known"]].tolist() == [0.0, 0.0, 1]
    assert "无供给地类" in none["reason"]


def test_what_no_ground_of_the_area_supplies_is_nothing_and_leaves_gep_whole():
    book = [*BOOK, ("marsh_depth", 0.3)]
    found = total([HERE, THERE], ("REG-01", "REG-05c"), book=book)
    for region in (AOI, "东平镇", "新村乡"):
        none = found.loc[(region, "REG-05c")]
        assert none[["quantity", "value_yuan", "known"]].tolist() == [0.0, 0.0, 1]
        assert "无供给地类" in none["reason"]
    assert found.loc[(AOI, "GEP"), ["value_yuan", "known", "of"]].tolist() == pytest.approx([50_000.0, 2, 2])


def test_no_lake_in_the_register_is_said_not_to_tell_of_water_that_the_map_alone_shows():
    water = ("out", "新村乡", None, None, "water", 3e4, WATER)
    found = total([HERE, water], ("REG-05a",), book=[(f"lake_flood_{name}", 1.0) for name in LAKE])
    assert found.loc[(AOI, "REG-05a"), "value_yuan"] == 0.0
    assert "3.00 ha" in found.loc[(AOI, "REG-05a"), "reason"]
    assert "3.00 ha" not in found.loc[("东平镇", "REG-05a"), "reason"]


@pytest.mark.parametrize(("unseen", "known"), [(900.0, True), (1100.0, False)])
def test_a_total_needs_nine_tenths_of_its_ground(unseen, known):
    shade = (
        "p2",
        "东平镇",
        "0301",
        "森林",
        "森林",
        unseen,
        {"rain": (0.0, 0.0), "evapotranspiration": (0.0, 0.0)},
    )
    lit = ("p1", "东平镇", "0301", "森林", "森林", 10_000.0 - unseen, WATER)
    found = total([lit, shade], ("REG-01",)).loc[(AOI, "REG-01")]
    assert bool(found["known"]) is known
    if known:
        assert found["quantity"] == pytest.approx((10_000 - unseen) * 0.5)
    else:
        assert np.isnan(found["value_yuan"])
        assert "11.0%" in found["reason"]


def test_less_ground_may_be_asked_for():
    shade = (
        "p2",
        "东平镇",
        "0301",
        "森林",
        "森林",
        5000.0,
        {"rain": (0.0, 0.0), "evapotranspiration": (0.0, 0.0)},
    )
    found = total([HERE, shade], ("REG-01",), least_known=0.5)
    assert found.loc[(AOI, "REG-01"), "value_yuan"] == pytest.approx(40_000.0)


def test_value_from_outside_is_deducted_where_it_is_told():
    found = total([HERE], ("REG-01",), (AOI, "imports_value", 15_000.0))
    assert found.loc[(AOI, "outside"), "value_yuan"] == -15_000.0
    assert found.loc[(AOI, "GEP"), "value_yuan"] == pytest.approx(25_000.0)
    assert found.loc[(AOI, "GEP"), "comparable_yuan"] == pytest.approx(40_000.0 - 16_500.0)


def test_value_from_outside_that_is_not_told_is_said_not_to_be_deducted():
    found = total([HERE], ("REG-01",))
    assert np.isnan(found.loc[(AOI, "outside"), "value_yuan"])
    assert "未扣除" in found.loc[(AOI, "GEP"), "reason"]


def test_sums_that_rest_on_what_is_indicative_are_indicative():
    book = [*BOOK[:3], ("travel_expense", 1.0, None, {"confirmed": False}), *BOOK[4:]]
    found = total([HERE], ("REG-01", "CUL-01"), VISITS, book=book)
    assert found["indicative"].to_dict() == {
        (AOI, "REG-01"): False,
        (AOI, "CUL-01"): True,
        ("东平镇", "REG-01"): False,
        ("东平镇", "CUL-01"): True,
        (AOI, "R"): False,
        (AOI, "C"): True,
        (AOI, "outside"): False,
        (AOI, "GEP"): True,
        ("东平镇", "R"): False,
        ("东平镇", "C"): True,
        ("东平镇", "outside"): False,
        ("东平镇", "GEP"): True,
    }


def test_kinds_of_products_of_which_nothing_is_told_do_not_make_products_partial():
    field = ("p3", "东平镇", "0101", "农田", "农田", 10.0, WATER)
    code = "agriculture_managed"
    found = total([field], ("MAT-01",), (AOI, f"output.{code}", 5.0), (AOI, f"price.{code}", 100.0))
    assert found.loc[(AOI, "GEP"), "value_yuan"] == pytest.approx(500.0)
    assert found.loc[[(AOI, "MAT-01")], "item"].tolist() == [code]


def test_an_area_that_is_its_own_only_region_is_told_once():
    row = ("p1", AOI, "0301", "森林", "森林", 8000.0, WATER)
    found = total([row], ("REG-01",))
    assert found.index.tolist() == [(AOI, "REG-01"), (AOI, "R"), (AOI, "outside"), (AOI, "GEP")]


def test_ground_that_does_not_count_is_in_no_total():
    told = build_statistics()
    sums = build_sums(HERE, ("p1b", "东平镇", "0301", "森林", "森林", 500.0, WATER))
    sums.loc[1, "counted"] = False
    method = Method(("REG-01",), OPTIONS, 2025)
    valuation = value_services(sums, told, build_book(*BOOK), INDEX, method, aoi_id=AOI)
    table = total_services(valuation, told, INDEX, method, aoi_id=AOI)
    assert set(table.loc[table["service"] == "REG-01", "quantity"]) == {4000.0}
