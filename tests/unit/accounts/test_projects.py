"""Accounts of projects, with planted ground in and outside of them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.accounts.projects import account_projects, find_stages

PARCELS = pd.DataFrame(
    {
        "parcel_id": ["p1", "p2"],
        "right_holder": ["镇人民政府", None],
        "owner_subject": ["某村集体", "某村集体"],
        "right_type": ["24", None],
    }
)


def plant(period, project, *, area, rate, price=2.0, klass="湿地", service="REG-06a"):
    """Ground of a class as an item: counted, and again as a project's where it is of one."""
    quantity = None if rate is None else area * rate
    row = {"period": period, "basis": "mapped", "service": service, "item": "", "unit": "t CO2",
           "account_class": klass, "quantity": quantity, "value_yuan": quantity and quantity * price,
           "area_m2": area, "unknown_m2": 0.0 if quantity is not None else area, "indicative": False,
           "parcel_id": "p1", "project": None, "counted": True}  # fmt: skip
    again = [{**row, "project": project, "counted": False}] if project else []
    return [row, *again]


def account(*rows, start="2023-03-01"):
    items = pd.DataFrame([one for row in rows for one in row]).astype(
        {"quantity": float, "value_yuan": float}
    )
    projects = pd.DataFrame({"project": ["belt"], "start": [start], "holder": ["平台公司"], "right": ["30"]})
    return account_projects(items, projects, PARCELS)


@settings(max_examples=15)
@given(st.lists(st.tuples(st.floats(1, 100), st.floats(-5, 5)), min_size=4, max_size=4))
def test_without_the_project_its_ground_changes_as_the_same_class_outside(states):
    (own_0, r_0), (own_1, r_1), (out_0, s_0), (out_1, s_1) = states
    table = account(
        plant("2022", "belt", area=own_0, rate=r_0), plant("2024", "belt", area=own_1, rate=r_1),
        plant("2022", None, area=out_0, rate=s_0), plant("2024", None, area=out_1, rate=s_1),
    )  # fmt: skip
    row = table[table["service"] == "REG-06a"].squeeze()
    without = own_0 * (r_0 + s_1 - s_0)
    assert row["quantity_before"] == pytest.approx(own_0 * r_0)
    assert row["quantity_without"] == pytest.approx(without, abs=1e-6)
    assert row["quantity_gain"] == pytest.approx(own_1 * r_1 - without, abs=1e-6)
    if abs(s_1) > 1e-6:
        assert row["value_gain_yuan"] == pytest.approx(2.0 * row["quantity_gain"], abs=1e-6)
        assert table[table["service"] == "total"].squeeze()["value_gain_yuan"] == pytest.approx(
            row["value_gain_yuan"]
        )


def test_ground_that_the_project_made_marsh_is_its_gain():
    table = account(
        plant("2022", "belt", area=10.0, rate=0.0, klass="其他"), plant("2024", "belt", area=10.0, rate=3.0),
        plant("2022", None, area=50.0, rate=0.0, klass="其他"),
        plant("2024", None, area=50.0, rate=0.0, klass="其他"),
        plant("2022", None, area=50.0, rate=2.0), plant("2024", None, area=50.0, rate=2.0),
    )  # fmt: skip
    row = table[table["service"] == "REG-06a"].squeeze()
    assert (row["quantity_before"], row["quantity_without"], row["quantity_gain"]) == (0.0, 0.0, 30.0)
    assert row["value_gain_yuan"] == 60.0


def test_ground_of_no_class_is_compared_with_ground_of_no_class_and_rounding_is_no_gain():
    table = account(
        *(plant(year, "belt", area=3.0, rate=0.1 * 3, klass=None) for year in ("2022", "2024")),
        *(
            plant(year, None, area=0.7, rate=rate, klass=None)
            for year, rate in (("2022", 0.3), ("2024", 0.1 + 0.2))
        ),
    )
    row = table[table["service"] == "REG-06a"].squeeze()
    assert row["quantity_after"] == pytest.approx(0.9)
    assert row["quantity_gain"] == row["value_gain_yuan"] == 0.0


def test_what_cannot_be_compared_is_null_and_says_why():
    alone = account(plant("2022", "belt", area=1.0, rate=1.0), plant("2024", "belt", area=1.0, rate=2.0))
    row = alone[alone["service"] == "REG-06a"].squeeze()
    assert row["quantity_after"] == 2.0
    assert np.isnan(row["quantity_without"])
    assert "outside the project" in row["reason"]
    total = alone[alone["service"] == "total"].squeeze()
    assert np.isnan(total["value_gain_yuan"])
    assert "REG-06a" in total["reason"]
    early = account(
        plant("2022", "belt", area=1.0, rate=1.0), plant("2024", None, area=1.0, rate=2.0), start="2021-01-01"
    )
    assert early["reason"].str.contains("before the project starts|without").all()
    lost = account(plant("2022", "belt", area=1.0, rate=None), plant("2024", "belt", area=1.0, rate=None))
    assert "no figure" in lost[lost["service"] == "REG-06a"].squeeze()["reason"]


def test_a_project_older_than_the_accounts_has_no_gain_but_a_reason():
    table = account(
        plant("2023", "belt", area=10.0, rate=3.0), plant("2024", "belt", area=10.0, rate=3.0),
        plant("2023", None, area=50.0, rate=2.0), plant("2024", None, area=50.0, rate=2.0),
        start="2021-05-01",
    )  # fmt: skip
    row = table[table["service"] == "REG-06a"].squeeze()
    assert row["quantity_after"] == 30.0
    assert table[["quantity_without", "quantity_gain", "value_gain_yuan"]].isna().all(axis=None)
    assert "before the project starts" in row["reason"]


def test_the_year_in_which_a_project_starts_is_not_before_it():
    years = ["2024", "2022", "2023"]
    assert find_stages("2023-01-01", years) == ("2022", "2024", None)
    assert find_stages("2020-01-01", years)[:2] == (None, "2024")
    assert find_stages("2025-06-01", years)[:2] == ("2024", None)
    assert find_stages(None, years)[:2] == (None, "2024")


def test_holders_and_rights_are_those_of_the_project_and_of_its_parcels():
    table = account(plant("2022", "belt", area=1.0, rate=1.0), plant("2024", "belt", area=1.0, rate=2.0))
    row = table.iloc[0]
    assert row["holders"] == "平台公司;镇人民政府;某村集体"
    assert (row["rights"], row["parcels"]) == ("30;24", "p1")


def test_a_project_without_ground_here_and_no_project_give_no_rows():
    items = pd.DataFrame(plant("2022", None, area=1.0, rate=1.0))
    none = pd.DataFrame({"project": ["belt"], "start": ["2023-01-01"], "holder": [None], "right": [None]})
    assert account_projects(items, none, PARCELS).empty
    assert account_projects(items, none.iloc[:0], PARCELS).empty
