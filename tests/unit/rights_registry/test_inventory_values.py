"""What accounts say of a product stands in its row, and what they do not know is null with its reason."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.contracts import INVENTORY
from pipeline.geodesy import CGCS2000
from pipeline.rights_registry.inventory_values import AccountedValues, fill_values, sum_products

METHODS = pd.DataFrame(
    {
        "service": ["REG-01", "REG-08", "REG-08", "MAT-01", "MAT-01"],
        "item": ["", "so2", "nox", "rice", "timber"],
        "category": ["R", "R", "R", "M", "M"],
        "formula": ["Q = A·P", "Q = so2", "Q = nox", "Q = rice", "Q = timber"],
    }
)
PRODUCTS = [("REG-01", "m3"), ("REG-08", "t"), ("MAT-01", "t"), ("CUL-03", "m2"), (None, None)]


def listed(periods=("2023", "2024")):
    """The products of one parcel, two years."""
    rows = [
        {
            "parcel_id": "P1", "period": period, "cat2_code": code, "cat3_name": code, "quantity": 2.0,
            "quantity_unit": "ha", "physical_unit": unit, "method": "方法", "evidence": "parcels",
            "confidence": "晴空可见", "chg_reason": "首期",
        }
        for period in periods
        for code, unit in PRODUCTS
    ]  # fmt: skip
    table = pd.DataFrame(rows).reindex(columns=["parcel_id", *INVENTORY.columns])
    return gpd.GeoDataFrame(table, geometry=[shapely.box(0, 0, 1, 1)] * len(table), crs=CGCS2000)


def item(service, key, quantity, value, unit="t", period="2024", **more):
    row = {
        "kind": "parcel", "parcel_id": "P1", "period": period, "service": service, "item": key, "unit": unit,
        "quantity": quantity, "value_yuan": value, "area_m2": 1e4, "unknown_m2": 0.0, "shared_out": False,
        "indicative": False, "reason": None,
    }  # fmt: skip
    return row | more


def filled(*items, periods=("2023", "2024")):
    accounts = AccountedValues(pd.DataFrame(items), METHODS, "某方案；可比价 2023 年", "accounts abc")
    rows = fill_values(listed(periods), accounts)
    return rows.set_index(["period", rows["cat2_code"].fillna("none")])


def test_a_product_has_the_quantity_and_value_of_its_service_over_classes_and_items():
    rows = filled(
        item("REG-01", "", 10.0, 80.0, "m3"),
        item("REG-01", "", 5.0, 40.0, "m3"),
        item("REG-08", "so2", 1.0, 1000.0),
        item("REG-08", "nox", 2.0, 2500.0),
    )
    water, air = rows.loc[("2024", "REG-01")], rows.loc[("2024", "REG-08")]
    assert (water["quantity"], water["physical_value"], water["quantity_unit"]) == (15.0, 15.0, "m3")
    assert water["eco_value_yuan"] == 120.0
    assert air[["quantity", "eco_value_yuan"]].tolist() == [3.0, 3500.0]
    assert water["param_set"] == "某方案；可比价 2023 年"
    assert "Q = A·P" in water["method"]
    assert "公式见 account_methods" in air["method"]
    assert water["evidence"] == "parcels；accounts abc"


def test_only_what_is_sold_or_visited_has_an_economic_value():
    rows = filled(item("REG-01", "", 10.0, 80.0, "m3"), item("MAT-01", "rice", 3.0, 9000.0))
    assert np.isnan(rows.loc[("2024", "REG-01"), "econ_value_yuan"])
    assert rows.loc[("2024", "MAT-01"), "econ_value_yuan"] == 9000.0


def test_items_of_several_units_have_a_value_and_no_quantity():
    rows = filled(item("MAT-01", "rice", 3.0, 9000.0), item("MAT-01", "timber", 2.0, 1600.0, "m3"))
    crops = rows.loc[("2024", "MAT-01")]
    assert np.isnan(crops["quantity"])
    assert crops["eco_value_yuan"] == 10600.0
    assert "分项单位不同" in crops["confidence"]


def test_what_is_unknown_is_null_and_says_why():
    rows = filled(item("REG-01", "", None, None, "m3", reason="缺图层 rain", unknown_m2=1e4))
    water = rows.loc[("2024", "REG-01")]
    assert water[["quantity", "physical_value", "eco_value_yuan"]].isna().all()
    assert "价值为空：缺图层 rain" in water["confidence"]
    assert water["quantity_unit"] == "m3"
    assert "无供给面积" in rows.loc[("2024", "MAT-01"), "confidence"]


def test_what_rests_on_unconfirmed_figures_or_is_handed_out_says_so():
    rows = filled(item("MAT-01", "rice", 3.0, 9000.0, shared_out=True, indicative=True, unknown_m2=500.0))
    told = rows.loc[("2024", "MAT-01"), "confidence"]
    assert all(word in told for word in ("按供给面积分摊", "参考", "未知面积 5.0%"))


def test_a_product_that_the_profile_does_not_count_keeps_its_area():
    rows = filled(item("REG-01", "", 10.0, 80.0, "m3"))
    premium, none = rows.loc[("2024", "CUL-03")], rows.loc[("2024", "none")]
    assert (premium["quantity"], premium["quantity_unit"]) == (2.0, "ha")
    assert premium["param_set"] is None
    assert "核算方案不含该指标" in premium["confidence"]
    assert none["confidence"] == "晴空可见"


def test_change_of_quantity_and_value_is_told_against_the_year_before():
    rows = filled(item("REG-01", "", 10.0, 80.0, "m3", "2023"), item("REG-01", "", 12.5, 100.0, "m3"))
    assert rows.loc[("2024", "REG-01"), "chg_reason"] == "首期；实物量 +2.5 m3；价值量 +20 元"
    assert rows.loc[("2023", "REG-01"), "chg_reason"] == "首期"


@settings(max_examples=25)
@given(st.lists(st.tuples(st.floats(0, 1e9), st.booleans()), min_size=1, max_size=6))
def test_sums_over_classes_are_of_what_is_known(values):
    items = [item("REG-01", "", None if null else 1.0, None if null else value) for value, null in values]
    found = sum_products(pd.DataFrame(items).astype({"quantity": float, "value_yuan": float}))
    known = [value for value, null in values if not null]
    (row,) = found.to_dict("records")
    assert (
        row["value_yuan"] == pytest.approx(sum(known), nan_ok=True) if known else np.isnan(row["value_yuan"])
    )
    assert row["quantity"] == len(known) if known else np.isnan(row["quantity"])
