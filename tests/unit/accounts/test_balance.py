"""Books that balance say so, a yuan that is lost is found, and bases differ by what their classes differ."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.accounts.balance import build_balance, compare_bases, list_imbalances

AOI, AREA_M2 = "isle", 4e6
UNITS = [("A/west", "west", True), ("A/east", "east", True), ("A/east/covered", "east", False)]
UNITS += [("outside/west", "west", True), ("outside/east", "east", True)]


def sums_of(rng):
    """Two classes under every unit; units that count have the area."""
    counted = np.repeat([counts for *_, counts in UNITS], 2)
    area = rng.uniform(1, 2, 2 * len(UNITS))
    area = np.where(counted, area * AREA_M2 / area[counted].sum(), area)
    return pd.DataFrame(
        {
            "unit_id": np.repeat([unit for unit, *_ in UNITS], 2),
            "region": np.repeat([region for _, region, _ in UNITS], 2),
            "counted": counted,
            "period": "2024",
            "ecosystem": np.tile(["森林", None], len(UNITS)),
            "mapped": np.tile(["vegetation", "water"], len(UNITS)),
            "area_m2": area,
            "rain": 1000 * area,
            "rain_m2": area,
        }
    )


def items_of(sums, rng):
    """A service that every row supplies, of either basis, some of it unknown."""
    tables = []
    for basis, classes in (("registered", "ecosystem"), ("mapped", "mapped")):
        quantity = np.where(rng.random(len(sums)) < 0.2, np.nan, rng.uniform(1, 9, len(sums)))
        tables.append(
            sums.assign(
                basis=basis, account_class=sums[classes], service="REG-01", item="", unit="m3",
                quantity=quantity, value_yuan=8 * quantity,
            )
        )  # fmt: skip
    return pd.concat(tables, ignore_index=True)


def totals_of(items):
    keys = ["period", "basis", "service", "item", "unit"]
    counted = items[items["counted"]]
    figures = ["quantity", "value_yuan"]
    towns = counted.groupby(["region", *keys])[figures].sum(min_count=1).reset_index()
    whole = counted.groupby(keys)[figures].sum(min_count=1).reset_index().assign(region=AOI)
    return pd.concat([whole, towns], ignore_index=True).assign(known=1)


def balance_of(sums, items, totals):
    whole = sums[sums["counted"]].groupby(["period", "mapped"])[["area_m2", "rain"]].sum().reset_index()
    return build_balance(sums, whole, items, totals, {"": 1e-10, "west": -3e-9}, aoi_id=AOI, area_m2=AREA_M2)


@given(seed=st.integers(0, 2**32))
def test_books_of_the_same_figures_balance_whatever_is_unknown(seed):
    rng = np.random.default_rng(seed)
    sums = sums_of(rng)
    items = items_of(sums, rng)
    found = balance_of(sums, items, totals_of(items))
    assert list_imbalances(found).empty
    assert set(found["parts"]) == {"units", "regions", "classes", "closure", "ground"}
    assert {"area", "rain", "REG-01"} == set(found["subject"])
    (closure,) = found.loc[found["parts"].eq("closure"), "difference"]
    assert closure == pytest.approx(-3e-9, rel=1e-6)


@pytest.mark.parametrize("region", [AOI, "west"])
def test_a_yuan_that_is_lost_is_found(region):
    rng = np.random.default_rng(1)
    sums = sums_of(rng)
    items = items_of(sums, rng)
    totals = totals_of(items)
    one = totals["region"].eq(region) & totals["basis"].eq("mapped")
    totals.loc[one, "value_yuan"] -= 1e-6
    off = list_imbalances(balance_of(sums, items, totals))
    assert off["subject"].eq("REG-01").all()
    assert off["basis"].eq("mapped").all()
    assert off["figure"].eq("value").all()
    assert "regions" in set(off["parts"])


def test_ground_that_counts_twice_is_found():
    sums = sums_of(np.random.default_rng(2)).assign(counted=True)
    items = items_of(sums, np.random.default_rng(3))
    off = list_imbalances(balance_of(sums, items, totals_of(items)))
    assert off["subject"].eq("area").all()
    assert set(off["parts"]) == {"units", "regions", "classes"}


def test_bases_differ_by_what_each_type_differs():
    rng = np.random.default_rng(4)
    sums = sums_of(rng)
    items = items_of(sums, rng)
    found = compare_bases(items).set_index("account_class")
    counted = items[items["counted"]]
    value = counted.groupby("basis")["value_yuan"].sum()
    assert found.loc["total", "difference_yuan"] == pytest.approx(value["mapped"] - value["registered"])
    classes = found.drop("total")
    assert set(classes.index) == {"森林", "unknown", "vegetation", "湿地"}
    assert classes["difference_yuan"].sum() == pytest.approx(found.loc["total", "difference_yuan"])
    assert found.loc["total", "registered_m2"] == pytest.approx(AREA_M2)


def test_one_basis_alone_has_nothing_to_differ_from():
    items = items_of(sums_of(np.random.default_rng(5)), np.random.default_rng(6))
    assert compare_bases(items[items["basis"].eq("mapped")]).empty
