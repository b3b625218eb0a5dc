"""Supply by type and use by sector, of planted items."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import standards
from pipeline.accounts.services.registry import SERVICES
from pipeline.accounts.supply import build_supply_and_use, find_sector


def collect_items(rows):
    names = ["region", "period", "service", "item", "account_class", "quantity", "counted"]
    table = pd.DataFrame(rows, columns=names).astype({"quantity": float})
    return table.assign(
        basis="mapped",
        unit="t",
        value_yuan=table["quantity"] * 3.0,
        comparable_yuan=table["quantity"] * 2.0,
        indicative=False,
        reason=np.where(table["quantity"].isna(), "缺图层 / no layer", None),
    )


planted = st.tuples(
    st.sampled_from(["t1", "t2"]),
    st.sampled_from(["2023", "2024"]),
    st.sampled_from(["MAT-02", "REG-01"]),
    st.sampled_from(["domestic", "industry"]),
    st.sampled_from(["森林", "0301", None]),
    st.one_of(st.none(), st.floats(-10, 10)),
    st.booleans(),
)


@settings(max_examples=12)
@given(st.lists(planted, min_size=1, max_size=20))
def test_of_each_service_what_is_supplied_is_used_and_it_is_what_counts(rows):
    items = collect_items(rows)
    table = build_supply_and_use(items, aoi_id="island")
    keys = ["region", "period", "service", "item"]
    sides = {flow: part.groupby(keys)["value_yuan"].sum() for flow, part in table.groupby("flow")}
    for region, period, service, item in table[keys].drop_duplicates().itertuples(index=False):
        here = items["region"].eq(region) | (region == "island")
        mine = items[here & items["counted"] & items["service"].eq(service) & items["period"].eq(period)]
        expected = mine.loc[mine["item"] == item, "value_yuan"].sum()
        for side in sides.values():
            assert side[region, period, service, item] == pytest.approx(expected, abs=1e-9)
    null = table["value_yuan"].isna()
    assert (table.loc[null, "reason"] == "缺图层 / no layer").all()


def test_classes_of_the_survey_supply_as_the_type_that_they_are_of():
    rows = [("t1", "2024", "REG-01", "", name, 1.0, True) for name in ("0301", "0302", "森林", None)]
    table = build_supply_and_use(collect_items(rows), aoi_id="t1")
    supply = table[table["flow"] == "supply"].set_index("account_class")["quantity"]
    assert supply.to_dict() == {"森林": 3.0, "unknown": 1.0}


def test_use_is_told_by_sector_only_where_a_statistic_tells_it():
    assert find_sector("MAT-01", "agriculture_wild.稻谷") == "agriculture"
    assert find_sector("MAT-02", "industry") == "industry"
    assert find_sector("CUL-02", "") == "households"
    assert find_sector("REG-01", "") is None
    rows = [("t1", "2024", "REG-01", "", "森林", 1.0, True)]
    table = build_supply_and_use(collect_items(rows), aoi_id="t1")
    use = table[table["flow"] == "use"].squeeze()
    assert pd.isna(use["sector"])
    assert "no statistic tells who uses it" in use["reason"]


def test_every_row_of_sectors_is_of_a_service_and_none_hides_another():
    rows = standards.read_rows("service_sectors")
    assert {row["service"] for row in rows} <= set(SERVICES)
    for row in rows:
        assert find_sector(row["service"], row["item"]) == row["sector"]
