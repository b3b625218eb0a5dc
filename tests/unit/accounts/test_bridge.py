"""The bridge of value between two periods, with planted areas, quantities and prices."""

import math
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.accounts.bridge import PARTS, build_bridge, close_parts, split_difference

GROUND = {"region": "island", "basis": "mapped", "service": "REG-01", "item": "", "account_class": "森林"}


NOTHING = {}


def plant(period, *, area, quantity, price, unit="u1", unknown=0.0, **ground):
    """An item of a unit, as valuing gives it, and the area of its unit."""
    value = None if quantity is None else quantity * price
    row = {**GROUND, **ground, "unit_id": unit, "period": period, "counted": True, "quantity": quantity}
    lost = area if value is None else unknown
    return {**row, "value_yuan": value, "unknown_m2": lost, "reason": None, "area_m2": area}


def bridge_of(*rows, earlier=None, without=(), published=NOTHING, outside=NOTHING):
    """The bridge of planted items, which a period of `without` has no rows of."""
    table = pd.DataFrame(rows).astype({"quantity": float, "value_yuan": float})
    sums = table[["unit_id", "region", "period", "account_class", "area_m2"]].drop_duplicates()
    sums = sums.rename(columns={"account_class": "mapped"})
    sums = sums.assign(kind="outside", parcel_id=None, project=None, counted=True, dlbm=None, ecosystem=None)
    items = table[~table["period"].isin(without)]
    old = None if earlier is None else pd.DataFrame(earlier)
    return build_bridge(items, sums, total(items, published, outside), aoi_id="island", earlier=old)


def total(items, published, outside):
    """Totals of the items of every region, which know what `published` says, and what is deducted."""
    both = pd.concat([items, items.assign(region="island")])
    rows = both[["region", "basis", "service", "item", "period"]].drop_duplicates()
    known = [published.get((row.service, row.period), 1) for row in rows.itertuples()]
    deducted = pd.DataFrame(
        [{**GROUND, "service": "outside", "period": year, "value_yuan": -value, "known": 1}
         for year, value in outside.items()]
    )  # fmt: skip
    return pd.concat([rows.assign(value_yuan=1.0, known=known), deducted], ignore_index=True)


def parts_of(table, **where):
    row = table[np.logical_and.reduce([table[name].eq(value) for name, value in where.items()])].squeeze()
    return {name: row[name] for name in PARTS}


def only(part, value):
    return {name: pytest.approx(value if name == part else 0.0, abs=1e-9) for name in PARTS}


def test_two_factors_share_their_joint_effect_by_half():
    table = bridge_of(
        plant("2022", area=10.0, quantity=20.0, price=5.0), plant("2023", area=12.0, quantity=36.0, price=5.0)
    )
    parts = parts_of(table, service="total")
    assert parts["extent_yuan"] == pytest.approx(2 * 2.5 * 5)
    assert parts["intensity_yuan"] == pytest.approx(1 * 11 * 5)
    assert parts["price_yuan"] == parts["method_yuan"] == parts["scope_yuan"] == 0.0


@pytest.mark.parametrize(
    ("after", "part", "value"),
    [
        ({"area": 15.0, "quantity": 30.0, "price": 5.0}, "extent_yuan", 50.0),
        ({"area": 10.0, "quantity": 30.0, "price": 5.0}, "intensity_yuan", 50.0),
        ({"area": 10.0, "quantity": 20.0, "price": 7.0}, "price_yuan", 40.0),
        ({"area": 10.0, "quantity": 10.0, "price": 5.0, "unknown": 5.0}, "scope_yuan", -50.0),
        ({"area": 15.0, "quantity": None, "price": 5.0}, "scope_yuan", -100.0),
        ({"area": 10.0, "quantity": -20.0, "price": 5.0}, "intensity_yuan", -200.0),
    ],
)
def test_what_changes_alone_is_the_whole_difference(after, part, value):
    table = bridge_of(plant("2022", area=10.0, quantity=20.0, price=5.0), plant("2023", **after))
    assert parts_of(table, service="total") == only(part, value)


def test_a_class_that_appears_or_goes_is_extent():
    kept = [plant(year, area=10.0, quantity=20.0, price=5.0) for year in ("2022", "2023")]
    new = plant("2023", area=4.0, quantity=8.0, price=5.0, unit="u2", account_class="湿地")
    gone = plant("2022", area=3.0, quantity=9.0, price=5.0, unit="u3", account_class="农田")
    table = bridge_of(*kept, new, gone)
    assert parts_of(table, account_class="湿地") == only("extent_yuan", 40.0)
    assert parts_of(table, account_class="农田") == only("extent_yuan", -45.0)
    assert parts_of(table, service="total") == only("extent_yuan", -5.0)


def test_the_total_opens_and_closes_with_what_the_totals_count_less_what_is_deducted():
    rows = [plant(year, area=10.0, quantity=20.0, price=5.0) for year in ("2022", "2023")]
    more = [plant(year, area=1.0, quantity=7.0, price=1.0, service="REG-06a") for year in ("2022", "2023")]
    table = bridge_of(*rows, *more, published={("REG-06a", "2022"): 0}, outside={"2022": 30.0, "2023": 32.0})
    whole = table[table["service"] == "total"].squeeze()
    assert (whole["opening_yuan"], whole["closing_yuan"]) == (70.0, 75.0)
    assert (whole["scope_yuan"], whole["intensity_yuan"]) == (7.0, -2.0)
    late = bridge_of(*rows, outside={"2023": 32.0})
    assert parts_of(late, service="total") == only("scope_yuan", -32.0)


def test_other_parameters_alone_are_the_method():
    old = [plant(year, area=10.0, quantity=20.0, price=5.0) for year in ("2022", "2023")]
    new = [plant(year, area=10.0, quantity=20.0, price=8.0) for year in ("2022", "2023")]
    assert parts_of(bridge_of(*new, earlier=old), service="total") == only("method_yuan", 60.0)


def test_what_is_known_at_one_time_has_its_reason_and_what_is_known_at_none_has_no_parts():
    lost = [
        plant("2022", area=10.0, quantity=20.0, price=5.0),
        {**plant("2023", area=10.0, quantity=None, price=5.0), "reason": "no rain / 无降水"},
    ]
    never = [
        {**plant(year, area=1.0, quantity=None, price=1.0, service="REG-06"), "reason": "no rate"}
        for year in ("2022", "2023")
    ]
    table = bridge_of(*lost, *never).set_index(["service", "account_class"])
    assert (table.loc["REG-01", "reason"] == "no rain / 无降水").all()
    assert table.loc["REG-06", [*PARTS, "opening_yuan"]].isna().all(axis=None)
    assert (table.loc["REG-06", "reason"] == "no rate").all()


def test_an_item_that_no_row_tells_of_at_one_time_is_scope_and_not_extent():
    rows = [plant(year, area=10.0, quantity=20.0, price=5.0) for year in ("2022", "2023")]
    assert parts_of(bridge_of(*rows, without=["2022"]), service="total") == only("scope_yuan", 100.0)


state = st.tuples(
    st.floats(1.0, 1e9), st.floats(-5.0, 5.0), st.floats(0.0, 1e3), st.sampled_from([0.0, 0.25])
)


@settings(max_examples=12)
@given(st.lists(st.tuples(state, state), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_parts_sum_to_the_difference_and_order_of_rows_changes_nothing(classes, shuffler):
    rows = [
        plant(
            year,
            area=area,
            quantity=area * rate,
            price=price,
            unknown=share * area,
            unit=f"u{n}",
            account_class=f"c{n}",
            region=f"t{n % 2}",
        )
        for n, states in enumerate(classes)
        for year, (area, rate, price, share) in zip(("2022", "2023"), states, strict=True)
    ]
    table = bridge_of(*rows)
    for row in table.fillna({"opening_yuan": 0.0, "closing_yuan": 0.0}).itertuples():
        parts = [getattr(row, name) for name in PARTS]
        assert abs(math.fsum([row.opening_yuan, *parts, -row.closing_yuan])) <= 1e-6
    whole = table[table["region"].eq("island") & table["service"].eq("total")].squeeze()
    true_change = math.fsum((1 if row["period"] == "2023" else -1) * row["value_yuan"] for row in rows)
    assert whole["closing_yuan"] - whole["opening_yuan"] == pytest.approx(true_change, rel=1e-9, abs=1e-4)
    shuffled = list(rows)
    shuffler.shuffle(shuffled)
    pd.testing.assert_frame_equal(bridge_of(*shuffled), table)


@settings(max_examples=20)
@given(st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9)), min_size=4, max_size=4))
def test_parts_are_the_mean_over_all_orders_in_which_factors_may_change(factors):
    corners = np.einsum("a,b,c,d->abcd", *factors)[..., None]
    expected = np.zeros(4)
    for order in permutations(range(4)):
        now = [0, 0, 0, 0]
        for factor in order:
            before = math.prod(factors[n][now[n]] for n in range(4))
            now[factor] = 1
            expected[factor] += (math.prod(factors[n][now[n]] for n in range(4)) - before) / 24
    np.testing.assert_allclose(split_difference(corners)[:, 0], expected, rtol=1e-9, atol=1e-9)


def test_rounding_goes_to_the_smallest_part_that_is_not_0():
    parts = np.array([[3e10], [0.25], [0.0]])
    closed = close_parts(parts, np.array([1e10]), np.array([4e10 + 0.5]))
    assert closed[:, 0].tolist() == [3e10, 0.5, 0.0]
    huge = close_parts(np.array([[3e10], [-3e10], [0.0]]), np.array([0.0]), np.array([1e-6]))
    assert math.fsum(huge[:, 0]) == 1e-6
    noise = close_parts(np.array([[5.0], [1e-12], [0.0]]), np.array([100.0]), np.array([105.0]))
    assert noise[:, 0].tolist() == [5.0, 0.0, 0.0]
