"""Carbon of wetland and forest, with planted areas and parameters."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import standards
from pipeline.accounts.carbon_stock import POOLS, build_carbon
from pipeline.accounts.parameters import ParameterBook
from pipeline.settings.parameters import ParameterRow


def plant_row(key, name, value, low=None, high=None, *, confirmed=True):
    place = {"key": key, "land_class": name, "region": None, "price_year": None}
    figures = {"value": value, "low": low, "high": high, "unit": "t C/ha/a", "confirmed": confirmed}
    return ParameterRow(**place, **figures, source="种下", origin="planted.csv", row=2)


def collect_sums(rows):
    table = pd.DataFrame(rows, columns=["region", "mapped", "area_m2", "cover"])
    unit = {"unit_id": [f"u{n}" for n in range(len(table))], "kind": "outside", "parcel_id": None}
    about = {"project": None, "counted": True, "period": "2024", "dlbm": None, "ecosystem": None}
    area = table["area_m2"]
    return table.drop(columns="cover").assign(**unit, **about, fvc=area * table["cover"], fvc_m2=area)


BOOK = ParameterBook.of(
    [
        [
            plant_row("carbon_rate", "森林", 0.9, 0.5, 1.5),
            plant_row("carbon_rate", "湿地", 2.0, confirmed=False),
            plant_row("plant_carbon_stock", "湿地", 15.0, 6.0, 26.0),
        ]
    ],
    "island",
)

ground = st.tuples(
    st.sampled_from(["t1", "t2"]),
    st.sampled_from(["森林", "湿地", "农田"]),
    st.floats(1.0, 1e6),
    st.floats(0.0, 1.0),
)


@settings(max_examples=12)
@given(st.lists(ground, min_size=1, max_size=12))
def test_carbon_is_hectares_by_rate_or_stock_and_becomes_co2_once(rows):
    table = build_carbon(collect_sums(rows), BOOK, aoi_id="island")
    assert "农田" not in set(table["account_class"])
    for row in table[table["region"] == "island"].itertuples():
        mine = [one for one in rows if one[1] == row.account_class]
        if row.carbon_kind == "rate":
            hectares, rate = sum(one[2] for one in mine) / 1e4, {"森林": 0.9, "湿地": 2.0}[row.account_class]
        else:
            hectares, rate = sum(one[2] * one[3] for one in mine) / 1e4, {"湿地": 15.0}.get(row.account_class)
        if rate is None:
            assert np.isnan(row.carbon_central)
            assert "plant_carbon_stock" in row.reason
        else:
            expected = hectares * rate * 44 / 12
            assert row.carbon_central == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_low_and_high_are_those_of_the_parameter_and_none_is_made_up():
    table = build_carbon(
        collect_sums([("t1", "森林", 1e4, 0.5), ("t1", "湿地", 1e4, 0.5)]), BOOK, aoi_id="t1"
    )
    rates = table[table["carbon_kind"] == "rate"].set_index("account_class")
    assert rates.loc["森林", "carbon_low"] == pytest.approx(0.5 * 44 / 12)
    assert rates.loc["森林", "carbon_high"] == pytest.approx(1.5 * 44 / 12)
    assert np.isnan(rates.loc["湿地", "carbon_low"])
    assert "no low and high" in rates.loc["湿地", "reason"]
    assert rates["indicative"].to_dict() == {"森林": False, "湿地": True}
    stock = table[table["key"].eq("plant_carbon_stock") & table["account_class"].eq("湿地")].squeeze()
    assert stock["area_m2"] == 5e3
    assert stock["carbon_high"] == pytest.approx(0.5 * 26.0 * 44 / 12)


def test_a_stock_without_cover_is_null_and_says_why():
    sums = collect_sums([("t1", "湿地", 1e4, 0.5)]).drop(columns=["fvc", "fvc_m2"])
    table = build_carbon(sums, BOOK, aoi_id="t1")
    stock = table[table["carbon_kind"] == "stock"].squeeze()
    assert np.isnan(stock["carbon_central"])
    assert "no vegetation cover" in stock["reason"]


def test_a_stock_is_never_a_rate_and_no_unit_of_carbon_is_one_of_co2():
    units = {row["key"]: row["unit"] for row in standards.read_rows("account_parameters")}
    for pool in POOLS:
        assert units[pool.key] == pool.parameter_unit
        assert pool.unit.endswith("/a") == pool.parameter_unit.endswith("/a") == (pool.kind == "rate")
        assert "CO2" in pool.unit
        assert "CO2" not in pool.parameter_unit


def test_an_area_without_forest_and_wetland_has_no_rows():
    assert build_carbon(collect_sums([("t1", "农田", 1e4, 0.5)]), BOOK, aoi_id="t1").empty
