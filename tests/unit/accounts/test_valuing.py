"""Services valued over planted ground: the right figure, or null with the reason that names what lacks."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.accounts.price_index import PriceIndex
from pipeline.accounts.valuing import Method, value_services
from pipeline.errors import SettingsError
from tests.account_worlds import AOI, OPTIONS, build_book, build_statistics, build_sums

INDEX = PriceIndex({"": {2020: 100.0, 2024: 110.0, 2025: 121.0}})
WATER = {"rain": 1100.0, "evapotranspiration": 750.0}
FOREST = ("p1", "东平镇", "0301", "森林", "森林", 9000.0, WATER)
GLADE = ("p1", "东平镇", "0301", "森林", "草地", 1000.0, WATER)
POND = ("out", "新村乡", None, None, "water", 2000.0, WATER)
FIELD = ("p2", "新村乡", "0101", "农田", "农田", 5000.0, WATER)
PRICE = ("reservoir_unit_cost", 6.0)
VISIT = [(name, 1.0) for name in ("travel_expense", "travel_time_value", "consumer_surplus")]
RUNOFF = ("runoff_coefficient", 0.05, "森林"), ("runoff_coefficient", 0.0, "湿地")
NOTHING = build_statistics()


def run(rows, services, *, book=(), statistics=NOTHING, year=2024, index=INDEX, **options):
    method = Method(services, OPTIONS | options, year)
    return value_services(build_sums(*rows), statistics, build_book(*book), index, method, aoi_id=AOI)


def pick(valuation, basis="registered", service=None):
    items = valuation.items
    kept = items[(items["basis"] == basis) & (items["service"] == (service or items["service"]))]
    return kept.set_index("unit_id")


def test_quantity_and_value_are_those_of_the_ground_and_its_class():
    found = pick(run([FOREST, GLADE, POND], ("REG-01",), book=[*RUNOFF, PRICE]))
    assert found.loc["p1@东平镇", "quantity"] == pytest.approx((1100 * 0.95 - 750) * 10_000 / 1000)
    assert found.loc["out@新村乡", "quantity"] == pytest.approx(350 * 2000 / 1000)
    assert found["value_yuan"].tolist() == pytest.approx((found["quantity"] * 6.0).tolist())
    assert (found["price"] == 6.0).all()
    assert (found["unit"] == "m3").all()
    assert (found["unknown_m2"] == 0).all()
    assert found["reason"].isna().all()
    assert not found["shared_out"].any()


def test_registered_ground_is_of_one_class_and_mapped_ground_of_what_the_map_shows():
    valuation = run([FOREST, GLADE, POND], ("REG-01",), book=[*RUNOFF, PRICE])
    assert pick(valuation)["account_class"].tolist() == ["0301", "water"]
    assert pick(valuation, "mapped")["account_class"].tolist() == ["森林", "草地", "water"]


def test_without_any_registered_class_there_is_the_mapped_basis_alone():
    rows = [("out", "东平镇", None, None, "森林", 100.0, WATER)]
    assert set(run(rows, ("REG-01",), book=[*RUNOFF, PRICE]).items["basis"]) == {"mapped"}


def test_a_class_without_a_coefficient_is_null_and_named():
    valuation = run([FOREST, GLADE], ("REG-01",), book=[RUNOFF[0], PRICE])
    null = pick(valuation, "mapped").query("account_class == '草地'").iloc[0]
    assert np.isnan(null["quantity"])
    assert np.isnan(null["value_yuan"])
    assert null["unknown_m2"] == 1000.0
    assert "runoff_coefficient" in null["reason"]
    assert "草地" in null["reason"]


def test_a_quantity_without_a_price_is_told_and_its_value_is_null():
    found = pick(run([FOREST], ("REG-01",), book=[RUNOFF[0]]))
    assert found["quantity"].notna().all()
    assert found["value_yuan"].isna().all()
    assert found["reason"].str.contains("reservoir_unit_cost").all()


def test_a_layer_that_is_not_given_makes_one_lack_and_no_rows():
    rows = [(*FOREST[:-1], {"rain": 1000.0})]
    valuation = run(rows, ("REG-01",), book=[*RUNOFF, PRICE])
    assert valuation.items.empty
    assert valuation.lacks["service"].tolist() == ["REG-01", "REG-01"]
    assert valuation.lacks["reason"].str.contains("evapotranspiration").all()


def test_ground_of_an_unknown_class_is_unknown_and_no_zero():
    rows = [FOREST, ("out", "东平镇", None, None, None, 700.0, WATER)]
    found = pick(run(rows, ("REG-01",), book=[*RUNOFF, PRICE])).loc["out@东平镇"]
    assert np.isnan(found["quantity"])
    assert found["unknown_m2"] == 700.0
    assert "地类不明" in found["reason"]


@settings(max_examples=20)
@given(seen=st.floats(1, 9000), et_seen=st.floats(1, 9000))
def test_what_is_known_of_part_of_the_ground_counts_there_and_the_rest_is_unknown(seen, et_seen):
    means = {"rain": (1100.0, seen), "evapotranspiration": (750.0, et_seen)}
    found = pick(run([(*FOREST[:-1], means)], ("REG-01",), book=[*RUNOFF, PRICE])).iloc[0]
    known = min(seen, et_seen)
    assert found["quantity"] == pytest.approx((1100 * 0.95 - 750) * known / 1000)
    assert found["unknown_m2"] == pytest.approx(9000.0 - known, abs=1e-6)


def test_ground_that_no_layer_knows_is_null_with_the_layer_in_the_reason():
    means = {"rain": 1100.0, "evapotranspiration": (0.0, 0.0)}
    found = pick(run([(*FOREST[:-1], means)], ("REG-01",), book=[*RUNOFF, PRICE])).iloc[0]
    assert np.isnan(found["quantity"])
    assert "evapotranspiration" in found["reason"]


def test_what_rests_on_a_parameter_that_is_not_confirmed_is_indicative():
    doubtful = ("runoff_coefficient", 0.05, "森林", {"confirmed": False})
    found = pick(run([FOREST, POND], ("REG-01",), book=[doubtful, RUNOFF[1], PRICE]))
    assert found["indicative"].tolist() == [True, False]


def test_what_rests_on_a_formula_that_was_not_seen_is_indicative():
    assert pick(run([FOREST], ("REG-12",), book=[("species_unit_value", 1e4, "森林")]))["indicative"].all()


def test_prices_are_moved_to_the_period_and_to_the_price_year():
    book = [*RUNOFF, ("reservoir_unit_cost", 6.0, None, {"year": 2020})]
    found = pick(run([FOREST], ("REG-01",), book=book, year=2025)).iloc[0]
    assert found["price"] == pytest.approx(6.6)
    assert found["value_yuan"] == pytest.approx(found["quantity"] * 6.6)
    assert found["comparable_yuan"] == pytest.approx(found["quantity"] * 7.26)


def test_money_of_statistics_is_of_its_year_and_moved_to_the_price_year():
    told = build_statistics((AOI, "visits", 100.0), (AOI, "visitor_spend", 5000.0))
    found = pick(run([FOREST], ("CUL-01",), statistics=told, year=2025, tourism="spend")).iloc[0]
    assert found["value_yuan"] == pytest.approx(5000.0)
    assert found["comparable_yuan"] == pytest.approx(5500.0)


def test_money_that_the_index_does_not_move_has_no_comparable_value():
    told = build_statistics((AOI, "visits", 100.0), (AOI, "visitor_spend", 5000.0))
    found = pick(run([FOREST], ("CUL-01",), statistics=told, year=2023, tourism="spend")).iloc[0]
    assert found["value_yuan"] == pytest.approx(5000.0)
    assert np.isnan(found["comparable_yuan"])


def test_statistics_are_handed_out_by_supplying_ground_and_marked():
    told = build_statistics((AOI, "pest_area", 30.0))
    found = pick(run([FOREST, GLADE, FIELD], ("REG-13",), statistics=told, book=[("pest_cost", 2.0, "森林")]))
    assert found.index.tolist() == ["p1@东平镇"]
    assert found["quantity"].tolist() == [30.0]
    assert found["shared_out"].all()


def test_a_statistic_of_a_region_without_supplying_ground_goes_by_all_ground_and_is_said():
    told = build_statistics((AOI, "energy_output", 1000.0))
    found = pick(run([FOREST, FIELD], ("MAT-03",), statistics=told, book=[("energy_price", 0.5)]))
    assert found["quantity"].tolist() == pytest.approx([1000 * 9 / 14, 1000 * 5 / 14])
    assert found["reason"].str.contains("按面积分摊").all()
    assert found["value_yuan"].sum() == pytest.approx(500.0)


def test_statistics_may_be_handed_out_by_the_cover_of_the_ground():
    told = build_statistics((AOI, "visits", 90.0))
    thick = ("p1", "东平镇", "0301", "森林", "森林", 1000.0, {"fvc": (0.9, 500.0)})
    thin = ("p2", "东平镇", "0401", "草地", "草地", 3000.0, {"fvc": 0.2})
    found = pick(run([thick, thin], ("CUL-01",), statistics=told, book=VISIT, share_by="fvc"))
    assert found["quantity"].tolist() == pytest.approx([90 * 900 / 1500, 90 * 600 / 1500])
    assert found["reason"].isna().all()


def test_ground_of_unknown_cover_has_no_part_that_could_be_known():
    told = build_statistics((AOI, "visits", 90.0))
    seen = ("p1", "东平镇", "0301", "森林", "森林", 1000.0, {"fvc": 0.9})
    unseen = ("p2", "东平镇", "0401", "草地", "草地", 3000.0, {"fvc": (0.0, 0.0)})
    found = pick(run([seen, unseen], ("CUL-01",), statistics=told, book=VISIT, share_by="fvc"))
    assert found["quantity"].tolist() == pytest.approx([90.0, np.nan], nan_ok=True)
    assert "fvc" in found["reason"].iloc[1]


def test_without_the_layer_that_should_weigh_it_is_done_by_area_and_said():
    told = build_statistics((AOI, "visits", 90.0))
    found = pick(run([FOREST, FIELD], ("CUL-01",), statistics=told, book=VISIT, share_by="npp"))
    assert found["quantity"].tolist() == pytest.approx([90 * 9 / 14, 90 * 5 / 14])
    assert found["reason"].str.contains("按面积分摊").all()


def test_what_is_cleaned_is_capped_by_what_the_region_is_able_to_and_shared_by_it():
    wood = ("p1", "东平镇", "0301", "森林", "森林", 3e4, {})
    shrub = ("p3", "东平镇", "0305", "灌丛", "灌丛", 1e4, {})
    book = [("so2_rate", 0.1, "森林"), ("so2_rate", 0.2, "灌丛"), ("so2_cost", 1000.0)]
    able = 0.1 * 3 + 0.2 * 1
    for emitted in (0.05, 0.4, 9.0):
        told = build_statistics((AOI, "emission_so2", emitted))
        found = pick(run([wood, shrub], ("REG-08",), statistics=told, book=book))
        cleaned = min(emitted, able)
        assert found["quantity"].tolist() == pytest.approx([cleaned * 0.3 / able, cleaned * 0.2 / able])
    assert set(run([wood], ("REG-08",), book=book).lacks["item"]) == {"so2", "nox", "dust"}


def test_a_region_has_its_own_cap():
    here = ("p1", "东平镇", "0301", "森林", "森林", 1e4, {})
    there = ("p3", "新村乡", "0301", "森林", "森林", 1e4, {})
    told = build_statistics(("东平镇", "emission_so2", 0.01), ("新村乡", "emission_so2", 5.0))
    found = pick(
        run([here, there], ("REG-08",), statistics=told, book=[("so2_rate", 0.1, "森林"), ("so2_cost", 1.0)])
    )
    assert found["quantity"].tolist() == pytest.approx([0.01, 0.1])


def test_products_are_items_of_their_own_in_their_own_unit():
    code, price = "output.agriculture_managed", "price.agriculture_managed"
    told = build_statistics(
        (AOI, code, 10.0, "稻谷"),
        (AOI, code, 400.0, "盆栽花卉", "piece"),
        (AOI, price, 3000.0, "稻谷"),
        (AOI, price, 20.0, "盆栽花卉"),
    )
    found = pick(run([FIELD], ("MAT-01",), statistics=told)).set_index("item")
    assert found.loc["agriculture_managed.稻谷", ["quantity", "unit", "value_yuan"]].tolist() == [
        10.0, "t", 30_000.0,
    ]  # fmt: skip
    assert found.loc["agriculture_managed.盆栽花卉", ["quantity", "unit", "value_yuan"]].tolist() == [
        400.0, "piece", 8000.0,
    ]  # fmt: skip


def test_fresh_water_of_an_unknown_class_is_null_and_of_a_bad_class_none():
    lake = ("p4", "东平镇", "1102", "湿地", "water", 1e4, {})
    use = [(AOI, "fresh_water.domestic", 1e6), (AOI, "water_price.domestic", 2.0)]
    unknown = run([lake], ("MAT-02",), statistics=build_statistics(*use)).lacks.set_index("item")
    assert "water_class" in unknown.loc["domestic", "reason"].iloc[0]
    for grade, value in ((3, 2e6), (5, 0.0)):
        told = build_statistics(*use, (AOI, "water_class", grade))
        assert pick(run([lake], ("MAT-02",), statistics=told))["value_yuan"].tolist() == [value]


def test_hot_days_may_be_told_by_a_statistic_where_no_layer_does():
    book = [
        ("transpiration_heat", 3600.0, "森林"),
        ("air_conditioner_efficiency", 1.0),
        ("electricity_price", 0.5),
    ]
    told = build_statistics((AOI, "hot_days", 40.0))
    found = pick(run([FOREST], ("REG-10a",), statistics=told, book=book)).iloc[0]
    assert found["quantity"] == pytest.approx(9000 * 40.0)


def test_lakes_are_not_told_by_a_map_and_are_said_not_to_be():
    book = [
        (f"lake_flood_{name}", value)
        for name, value in (("coefficient", 2.0), ("exponent", 1.0), ("exchanges", 1.0))
    ]
    pond = ("out", "东平镇", None, None, "water", 1e6, {})
    lacks = run([pond], ("REG-05a",), book=[*book, PRICE]).lacks
    assert lacks["reason"].str.contains("制图类别不能区分").all()


def test_a_lake_that_a_border_cuts_stores_as_one_lake():
    book = [
        (f"lake_flood_{name}", value)
        for name, value in (("coefficient", 2.0), ("exponent", 2.0), ("exchanges", 1.0))
    ]
    parts = [
        ("p4", name, "1102", "湿地", "water", area, {}) for name, area in (("东平镇", 3e6), ("新村乡", 1e6))
    ]
    found = pick(run(parts, ("REG-05a",), book=[*book, PRICE]))
    assert found["quantity"].sum() == pytest.approx(2.0 * 4.0**2 * 1e4)
    assert found["quantity"].tolist() == pytest.approx([2.4e5, 0.8e5])


def test_units_that_do_not_count_are_accounted_and_take_nothing_from_those_that_do():
    told = build_statistics((AOI, "pest_area", 30.0))
    sums = build_sums(FOREST, ("q9", "东平镇", None, None, "森林", 4500.0, {}))
    sums.loc[1, ["kind", "project", "counted"]] = ["project", "belt", False]
    method = Method(("REG-13",), OPTIONS, 2024)
    book = build_book(("pest_cost", 2.0, "森林"))
    found = pick(value_services(sums, told, book, INDEX, method, aoi_id=AOI))
    assert found["quantity"].tolist() == pytest.approx([30.0, 15.0])


def test_parameters_that_were_used_are_told_with_their_service():
    book = build_book(*RUNOFF, PRICE, ("pest_cost", 1.0))
    method = Method(("REG-01",), OPTIONS, 2024)
    valuation = value_services(build_sums(FOREST), NOTHING, book, INDEX, method, aoi_id=AOI)
    used = book.tabulate(valuation.used)
    assert sorted(zip(used["key"], used["class"].fillna(""), strict=True)) == [
        ("reservoir_unit_cost", ""),
        ("runoff_coefficient", "森林"),
    ]
    assert set(used["services"]) == {"REG-01"}


def test_a_method_that_counts_the_same_gift_twice_is_refused():
    with pytest.raises(SettingsError, match="REG-06b"):
        Method(("REG-06a", "REG-06b"), OPTIONS, 2024)


@settings(max_examples=20)
@given(
    st.lists(st.tuples(st.sampled_from(["东平镇", "新村乡"]), st.floats(1, 1e5)), min_size=1, max_size=8),
    st.permutations([0, 1]),
)
def test_units_add_up_to_their_ground_in_whatever_order_they_come(pieces, order):
    rows = [(f"p{n}", region, "0301", "森林", "森林", area, WATER) for n, (region, area) in enumerate(pieces)]
    told = build_statistics((AOI, "pest_area", 77.0))
    book = [RUNOFF[0], PRICE, ("pest_cost", 2.0, "森林")]
    rows = rows if order[0] == 0 else rows[::-1]
    found = run(rows, ("REG-01", "REG-13"), statistics=told, book=book).items.query("basis == 'registered'")
    totals = found.groupby("service")["quantity"].sum()
    area = sum(area for _, area in pieces)
    assert totals["REG-01"] == pytest.approx((1100 * 0.95 - 750) * area / 1000)
    assert totals["REG-13"] == pytest.approx(77.0)


def test_nothing_to_account_gives_an_empty_table_of_the_right_columns():
    found = run([FIELD], ("REG-05c",), book=[PRICE, ("marsh_depth", 0.3)])
    assert found.items.empty
    assert isinstance(found.items, pd.DataFrame)


def test_ground_none_of_which_has_a_class_is_all_unknown():
    rows = [("out", "东平镇", None, None, None, 700.0, WATER)]
    found = run(rows, ("REG-01", "REG-05a"), book=[*RUNOFF, PRICE])
    assert found.items["quantity"].isna().all()
    assert found.items["unknown_m2"].sum() == 700.0
