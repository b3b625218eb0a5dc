"""Balances of rights: by hand, by double entry, at and beside every limit."""

import math
from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.contracts import RIGHTS_BALANCE, check_table
from pipeline.rights_registry.other_rights.balance import balance_rights, list_uses
from pipeline.rights_registry.other_rights.states import find_states, holds_in
from pipeline.rights_registry.other_rights.trades import build_trades, reckon_totals, sum_each_trade
from pipeline.rights_registry.rules import RULES

SIDE = {
    "right_kind": "water_trade", "trade": "T", "resource": "water", "year": 2023, "day": date(2023, 5, 1),
    "price": math.nan, "price_rounding": math.nan, "total": math.nan, "total_rounding": math.nan,
    "rounding": 0.5, "file": "t", "sheet": "", "row": 2,
}  # fmt: skip


def build_right(right_id, holder, **changes):
    base = {
        "right_id": right_id, "right_kind": "water_licence", "holder_id": holder, "holder": holder,
        "standing": None, "first": date(2021, 3, 1), "last": date(2025, 2, 28), "endless": False,
    }  # fmt: skip
    return base | changes


def build_amounts(*rows):
    names = ["right_id", "what", "resource", "year", "value"]
    return pd.DataFrame(rows, columns=names).astype({"year": object})


def build_sides(*rows):
    table = [SIDE | dict(zip(("holder_id", "side", "value"), row[:3], strict=True)) | row[3] for row in rows]
    columns = [*SIDE, "holder_id", "side", "value"]
    return pd.DataFrame(table, columns=columns).assign(holder=lambda rows: rows["holder_id"])


def pick(balance, level, period="2023", **keys):
    rows = balance[balance["level"].eq(level) & balance["period"].eq(period)]
    for name, value in keys.items():
        rows = rows[rows[name].eq(value)]
    assert len(rows) == 1
    return rows.iloc[0]


RIGHTS = pd.DataFrame([build_right("a", "A"), build_right("b1", "B"), build_right("b2", "B")])
AMOUNTS = build_amounts(
    ("a", "granted", "water", None, 100.0), ("a", "used", "water", 2023, 90.0),
    ("b1", "granted", "water", None, 50.0), ("b1", "used", "water", 2023, 60.0),
    ("b2", "granted", "water", 2023, 30.0), ("b2", "used", "water", 2023, 5.0),
)  # fmt: skip


def test_a_holder_has_what_its_rights_grant_and_its_trades_bring():
    sides = build_sides(("A", "seller", -25.0, {}), ("B", "buyer", 25.0, {}))
    balance = balance_rights(RIGHTS, AMOUNTS, sides, [2023])
    check_table(balance, RIGHTS_BALANCE)
    a, b = (pick(balance, "holder", holder_id=name) for name in "AB")
    assert (a["granted"], a["sold"], a["used"], a["left_amount"]) == (100, 25, 90, -15)
    assert (b["granted"], b["bought"], b["used"], b["left_amount"]) == (80, 25, 65, 40)
    assert a["used_share"] == 90 / 75
    both = pick(balance, "all")
    assert (both["granted"], both["used"], both["traded_difference"]) == (180, 155, 0)
    assert both["reason"] is None


def test_what_one_right_does_not_tell_is_not_known_of_its_holder():
    balance = balance_rights(RIGHTS, AMOUNTS[:-1], build_sides(), [2023])
    assert math.isnan(pick(balance, "holder", holder_id="B")["used"])
    assert math.isnan(pick(balance, "all")["used"])
    assert pick(balance, "holder", holder_id="A")["used"] == 90


def test_a_right_that_tells_no_amount_at_all_stands_with_nothing():
    balance = balance_rights(RIGHTS, AMOUNTS[:2], build_sides(), [2023])
    row = pick(balance, "right", right_id="b1")
    assert math.isnan(row["granted"])
    assert row["reason"]


def test_without_a_register_of_trades_nothing_is_bought_and_that_is_said():
    row = pick(balance_rights(RIGHTS, AMOUNTS, build_sides(), [2023]), "holder", holder_id="A")
    assert math.isnan(row["bought"])
    assert row["left_amount"] == 10
    assert "no register of trades" in row["reason"]


@pytest.mark.parametrize(("year", "holds"), [(2020, False), (2021, True), (2025, True), (2026, False)])
def test_an_annual_grant_holds_in_every_year_that_its_term_touches(year, holds):
    assert holds_in(RIGHTS, year).tolist() == [holds] * 3
    balance = balance_rights(RIGHTS, AMOUNTS[:1], build_sides(), [year])
    assert bool(len(balance[balance["right_id"].eq("a")])) == holds


@pytest.mark.parametrize(
    ("day", "state"),
    [(date(2021, 2, 28), "not_begun"), (date(2021, 3, 1), "in_force"), (date(2025, 2, 28), "in_force"),
     (date(2025, 3, 1), "expired")],
)  # fmt: skip
def test_the_first_and_the_last_day_are_part_of_a_term(day, state):
    assert find_states(RIGHTS, day).tolist() == [state] * 3


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"last": None}, "unknown"),
        ({"last": None, "endless": True}, "in_force"),
        ({"last": None, "standing": "in_force"}, "in_force"),
        ({"standing": "ended"}, "ended"),
        ({"standing": "expired"}, "expired"),
        ({"last": date(2022, 1, 1), "standing": "in_force"}, "expired"),
    ],
)
def test_the_word_of_the_register_goes_before_its_term_where_a_right_has_gone(changes, state):
    assert find_states(pd.DataFrame([build_right("a", "A", **changes)]), date(2023, 1, 1)).tolist() == [state]


@pytest.mark.parametrize(("used", "over"), [(75.0, False), (75.1, True), (0.0, False)])
def test_use_is_held_against_grant_and_trades_at_the_limit_and_beside(used, over):
    amounts = build_amounts(("a", "granted", "water", None, 100.0), ("a", "used", "water", 2023, used))
    sides = build_sides(("A", "seller", -25.0, {}), ("C", "buyer", 25.0, {}))
    uses = list_uses(balance_rights(RIGHTS[:1], amounts, sides, [2023]))
    own = uses[uses["holder_id"].eq("A") & uses["period"].eq("2023")]
    assert RULES["right_overused"].applies(own).tolist() == [over]


def test_rights_of_a_holder_without_trades_are_judged_one_by_one():
    uses = list_uses(balance_rights(RIGHTS, AMOUNTS, build_sides(), [2023]))
    broken = uses[RULES["right_overused"].applies(uses)]
    assert broken["right_id"].tolist() == ["b1"], "B as a whole used 65 of 80"
    sides = build_sides(("B", "buyer", 5.0, {}), ("A", "seller", -5.0, {}))
    uses = list_uses(balance_rights(RIGHTS, AMOUNTS, sides, [2023]))
    assert not RULES["right_overused"].applies(uses[uses["holder_id"].eq("B")]).any()


PARTIES = st.sampled_from("ABCD")
DEALS = st.lists(
    st.tuples(
        PARTIES, PARTIES, st.integers(1, 10**9), st.sampled_from(["water", "carbon"]), st.integers(2020, 2024)
    ),
    min_size=1,
    max_size=20,
)


@settings(max_examples=25, deadline=None)
@given(DEALS)
def test_trades_that_are_booked_twice_balance_to_zero_and_sums_are_those_of_a_ledger(deals):
    rows = []
    for number, (buyer, seller, amount, resource, year) in enumerate(deals):
        about = {"trade": f"T{number}", "resource": resource, "year": year, "day": date(year, 1, 1)}
        rows += [(buyer, "buyer", float(amount), about), (seller, "seller", -float(amount), about)]
    sides = build_sides(*rows)
    trades = build_trades(sides, RIGHTS)
    assert (trades.groupby(["resource", "period"])["change"].sum() == 0).all()
    assert not RULES["trade_unbalanced"].applies(sum_each_trade(trades)).any()
    balance = balance_rights(RIGHTS[:0], AMOUNTS[:0], sides, [])
    for (name, resource, year), bought in _sum_ledger(deals, 0).items():
        assert pick(balance, "holder", str(year), holder_id=name, resource=resource)["bought"] == bought
    for (name, resource, year), sold in _sum_ledger(deals, 1).items():
        assert pick(balance, "holder", str(year), holder_id=name, resource=resource)["sold"] == sold


def _sum_ledger(deals, who):
    ledger = {}
    for deal in deals:
        key = (deal[who], deal[3], deal[4])
        ledger[key] = ledger.get(key, 0) + deal[2]
    return ledger


@pytest.mark.parametrize(("sold", "unbalanced"), [(100.0, False), (100.1, True), (99.9, True)])
def test_a_trade_whose_sides_differ_is_found(sold, unbalanced):
    sides = build_sides(("A", "buyer", 100.0, {}), ("B", "seller", -sold, {}))
    assert RULES["trade_unbalanced"].applies(sum_each_trade(build_trades(sides, RIGHTS))).tolist() == [
        unbalanced
    ]


@pytest.mark.parametrize(("sold", "over"), [(100.0, False), (100.1, True)])
def test_a_seller_that_sells_more_than_it_holds_is_found(sold, over):
    sides = build_sides(("A", "seller", -sold, {}), ("B", "buyer", sold, {}))
    balance = balance_rights(RIGHTS, AMOUNTS, sides, [2023])
    rows = balance[
        balance["level"].eq("holder") & balance["holder_id"].eq("A") & balance["period"].eq("2023")
    ]
    held = rows.assign(held=rows["granted"] + rows["bought"])
    assert RULES["trade_oversold"].applies(held).tolist() == [over]


@pytest.mark.parametrize(
    ("total", "differs"), [(20.0, False), (20.6, False), (20.7, True), (19.3, True), (30.0, True)]
)
def test_a_total_may_differ_from_price_times_amount_by_what_is_written(total, differs):
    """100 m3 at 0.2 yuan: good for 0.5 m3, for 0.005 yuan and, the total, for 0.05 yuan."""
    prices = {"price": 0.2, "price_rounding": 0.005, "total": total, "total_rounding": 0.05}
    sides = build_sides(("A", "buyer", 100.0, prices), ("B", "seller", -100.0, prices))
    found = reckon_totals(sides)
    assert len(found) == 1
    assert RULES["trade_total_differs"].applies(found).tolist() == [differs]
