"""Transfers by tier, direction and factor, and balances that sum to zero, on planted sections."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import standards
from pipeline.indices.sections.compensation import (
    NO_CONTROL,
    balance_units,
    compute_transfers,
    select_settled,
)
from pipeline.settings.schemes import ControlScheme, TwoWayScheme, load_scheme

LIMITS = standards.table("water_limits")
REGISTER = pd.DataFrame(
    {
        "section_id": ["S1", "S2", "S3"],
        "upstream_unit": ["甲县", "乙县", None],
        "downstream_unit": ["乙县", "丙县", "丁县"],
    }
)


def _status(rows, period="2024-05"):
    """Rows (section, class, means by code)."""
    return pd.DataFrame(
        [
            {
                "section_id": name, "section": name, "province": None, "basin": "长江流域",
                "water_body": "river",
                "period": period, "water_class": number, "target_class": pd.NA,
                **{f"mean_{code}": value for code, value in means.items()},
            }
            for name, number, means in rows
        ]
    ).astype({"water_class": "Int64", "target_class": "Int64"})  # fmt: skip


def _two_way(**changes):
    content = {
        "kind": "two_way", "name_zh": "试", "name_en": "trial", "source": "test", "period": "month",
        "amount_unit": "1e4 CNY", "factors": [{"code": "NH3N"}, {"code": "TP"}], "unconfirmed": [],
        "tiers": [{"up_to": 0.5, "amount": 50}, {"up_to": 1, "amount": 75}, {"amount": 125}],
    }  # fmt: skip
    return TwoWayScheme.model_validate(content | changes)


def _wuhan(**changes):
    links = [
        {"section_id": "S2", "unit": "乙区", "control": "S1"},
        {"section_id": "S3", "unit": "丙区", "control": "S1"},
        {"section_id": "S1"},
    ]
    shipped = load_scheme("wuhan_2017").model_dump()
    return ControlScheme.model_validate(shipped | {"sections": links} | changes)


def _found(scheme, rows, **status):
    return compute_transfers("试", scheme, _status(rows, **status), LIMITS, REGISTER)


@pytest.mark.parametrize(
    ("value", "tier", "amount"),
    [(1.0, 0, 0), (1.001, 1, 50), (1.5, 1, 50), (1.501, 2, 75), (2.0, 2, 75), (2.001, 3, 125), (9.0, 3, 125)],
)
def test_the_amount_follows_the_exceedance_and_a_value_on_a_cut_stays_below_it(value, tier, amount):
    row = _found(_two_way(factors=[{"code": "NH3N"}]), [("S1", 5, {"NH3N": value})]).iloc[0]
    assert (row["tier"], row["amount"]) == (tier, amount)
    assert (row["from_unit"], row["to_unit"], row["factor"]) == ("甲县", "乙县", "NH3N")
    assert (row["value"], row["limit"]) == (value, 1.0)
    assert row["measure_value"] == pytest.approx(value - 1)


def test_the_target_class_goes_before_the_class_of_the_scheme_and_an_own_limit_before_both():
    status = _status([("S1", 4, {"NH3N": 1.0, "TP": 0.15})]).assign(target_class=2)
    scheme = _two_way(factors=[{"code": "NH3N"}, {"code": "TP", "limit": 0.2}])
    found = compute_transfers("试", scheme, status, LIMITS, REGISTER).set_index("factor")
    assert found["limit"].to_dict() == {"NH3N": 0.5, "TP": 0.2}
    assert found["amount"].to_dict() == {"NH3N": 75.0, "TP": 0.0}


def test_what_cannot_be_known_is_null_with_a_reason():
    scheme = _two_way(factors=[{"code": "NH3N"}, {"code": "TP"}, {"code": "TN"}])
    means = {"NH3N": 9.0, "TN": 3.0}
    found = _found(scheme, [("S1", 6, means), ("S3", 6, means)]).set_index(["section_id", "factor"])
    assert found.loc[("S1", "TP"), "reason"].startswith("未监测")
    assert found.loc[("S1", "TN"), "reason"].startswith("方案未给出限值")
    assert found.loc[("S3", "NH3N"), "reason"].startswith("上下游单位未知")
    assert found["amount"].isna().tolist() == [False, True, True, True, True, True]


def test_good_water_is_paid_for_by_the_unit_downstream():
    scheme = _two_way(reward={"best_class": 2, "amount": 30})
    good, fair = {"NH3N": 0.3, "TP": 0.1}, {"NH3N": 0.8, "TP": 0.1}
    found = _found(scheme, [("S1", 2, good), ("S2", 3, fair)])
    paid = found[found["amount"] > 0]
    assert paid[["section_id", "from_unit", "to_unit", "amount"]].to_numpy().tolist() == [
        ["S1", "乙县", "甲县", 30.0]
    ]
    assert paid["factor"].tolist() == [""]


def test_a_section_with_an_item_not_measured_earns_no_reward():
    found = _found(_two_way(reward={"amount": 30}), [("S1", 2, {"NH3N": 0.3})])
    assert not (found["amount"] > 0).any()


def test_balances_hold_who_pays_and_who_is_paid():
    rows = [("S1", 6, {"NH3N": 3.0, "TP": 0.1}), ("S2", 4, {"NH3N": 1.2, "TP": 0.5})]
    sums = balance_units(_found(_two_way(), rows)).set_index("admin_unit")
    assert sums["paid"].to_dict() == {"丙县": 0, "乙县": 175, "甲县": 125}
    assert sums["received"].to_dict() == {"丙县": 175, "乙县": 125, "甲县": 0}
    assert sums["net"].to_dict() == {"丙县": 175, "乙县": -50, "甲县": -125}


def test_the_scheme_of_jiangsu_is_indicative_and_does_not_invent_the_reward():
    means = {"CODMn": 3.0, "NH3N": 0.3, "TP": 0.1}
    found = compute_transfers(
        "jiangsu_2021", load_scheme("jiangsu_2021"), _status([("S1", 2, means)]), LIMITS, REGISTER
    )
    assert found["indicative"].str.contains("分档界限").all()
    reward = found[found["factor"] == ""].iloc[0]
    assert (reward["from_unit"], reward["to_unit"]) == ("乙县", "甲县")
    assert pd.isna(reward["amount"])
    assert reward["reason"].startswith("金额未知")
    assert set(found["factor"]) == {"", "CODMn", "NH3N", "TP"}
    sums = balance_units(found)
    assert sums["unknown_transfers"].tolist() == [1, 1]
    assert sums["net"].tolist() == [0, 0]


def test_nitrogen_counts_in_the_basin_of_taihu_only():
    status = _status([("S1", 3, {"TN": 3.0}), ("S2", 3, {"TN": 3.0})]).assign(basin=["太湖流域", "长江"])
    found = compute_transfers("j", load_scheme("jiangsu_2021"), status, LIMITS, REGISTER)
    assert found.loc[found["factor"] == "TN", "section_id"].tolist() == ["S1"]


def _index(scale):
    """Means whose C/S of class III is 0.5 x scale for all four factors."""
    return {"COD": 10 * scale, "CODMn": 3 * scale, "NH3N": 0.5 * scale, "TP": 0.1 * scale}


@pytest.mark.parametrize(
    ("scale", "signed"),
    [(0.8, 100), (0.9, 50), (0.95, 50), (1.0, 50), (1.05, -100), (1.1, -100), (1.11, -200)],
)
def test_the_scheme_of_wuhan_pays_and_fines_by_the_change_against_the_control(scale, signed):
    found = _found(_wuhan(), [("S1", 3, _index(1.0)), ("S2", 3, _index(scale))])
    row = found[found["section_id"] == "S2"].iloc[0]
    units = ("武汉市级", "乙区") if signed > 0 else ("乙区", "武汉市级")
    assert (row["from_unit"], row["to_unit"], row["amount"]) == (*units, abs(signed))
    assert row["measure_value"] == pytest.approx(100 * (scale - 1))
    assert "加罚金额未知" in row["indicative"]


def test_a_section_without_its_control_or_a_factor_has_no_amount():
    lone = _found(_wuhan(), [("S2", 3, _index(1.0))]).iloc[0]
    assert pd.isna(lone["amount"])
    assert lone["reason"].startswith("无对照断面")
    partly = _found(_wuhan(), [("S1", 3, _index(1.0)), ("S2", 3, {"COD": 9.0})]).iloc[0]
    assert pd.isna(partly["amount"])
    assert partly["reason"].startswith("未监测")


def test_wuhan_settles_odd_months_only_and_only_its_own_sections():
    rows = [("S1", 3, _index(1.0)), ("S2", 3, _index(0.5)), ("别处", 3, _index(0.5))]
    assert _found(_wuhan(), rows, period="2024-06").empty
    assert _found(_wuhan(), rows, period="2024-05")["section_id"].tolist() == ["S2"]
    assert balance_units(_found(_wuhan(), rows, period="2024-06")).empty


def test_the_shipped_scheme_of_wuhan_names_no_sections_and_says_so_in_every_row():
    found = compute_transfers("w", load_scheme("wuhan_2017"), _status([("S1", 3, _index(1.0))]), LIMITS, None)
    assert found["amount"].isna().tolist() == [True]
    assert found["reason"].tolist() == [NO_CONTROL]


def test_the_shipped_scheme_of_wuhan_takes_controls_and_units_from_the_register():
    rows = [("S1", 3, _index(1.0)), ("S2", 3, _index(1.05)), ("S3", 3, _index(0.8))]
    register = REGISTER.assign(control=[None, "S1", "S1"], upstream_unit=["甲县", "乙县", "丙县"])
    found = compute_transfers("w", load_scheme("wuhan_2017"), _status(rows), LIMITS, register)
    assert found[["section_id", "from_unit", "to_unit", "amount"]].to_numpy().tolist() == [
        ["S2", "乙县", "武汉市级", 100.0], ["S3", "武汉市级", "丙县", 100.0],
    ]  # fmt: skip
    assert balance_units(found)["net"].sum() == 0


@pytest.mark.parametrize(("province", "settled"), [("江苏省", 1), ("江苏", 1), (None, 1), ("上海市", 0)])
def test_a_scheme_of_a_province_leaves_out_the_sections_of_others(province, settled):
    status = _status([("S1", 4, {"NH3N": 1.2})]).assign(province=province)
    found = compute_transfers(
        "试", _two_way(provinces=["江苏"], factors=[{"code": "NH3N"}]), status, LIMITS, REGISTER
    )
    assert len(found) == settled


_LEVELS = st.one_of(st.none(), st.floats(0, 50))
_UNITS = st.sampled_from(["甲", "乙", "丙", None])


@given(
    sections=st.lists(st.tuples(_LEVELS, _LEVELS, _UNITS, _UNITS, st.integers(1, 6)), min_size=1, max_size=8),
    amounts=st.lists(st.floats(0, 1e6), min_size=3, max_size=3),
    reward=st.one_of(st.none(), st.floats(0, 1e6)),
)
def test_balances_of_a_two_way_scheme_sum_to_zero(sections, amounts, reward):
    names = [f"S{number}" for number in range(len(sections))]
    rows = [
        (name, water, {"NH3N": ammonia, "TP": phosphorus})
        for name, (ammonia, phosphorus, _, _, water) in zip(names, sections, strict=True)
    ]
    register = pd.DataFrame(
        {
            "section_id": names,
            "upstream_unit": [section[2] for section in sections],
            "downstream_unit": [section[3] for section in sections],
        }
    )
    tiers = [{"up_to": up_to, "amount": a} for up_to, a in zip((0.5, 1.0, None), amounts, strict=True)]
    scheme = _two_way(tiers=tiers, reward={"amount": reward})
    found = compute_transfers("试", scheme, _status(rows), LIMITS, register)
    sums = balance_units(found)
    assert abs(sums["net"].sum()) <= 1e-9 * max(1.0, found["amount"].sum())
    assert (found["amount"].isna() == found["reason"].notna()).all()
    paid = found[found["amount"] > 0]
    assert paid[["from_unit", "to_unit"]].notna().all(axis=None)


def test_only_sections_that_a_scheme_may_settle_need_to_be_graded_for_it():
    """Those known to lie in another province are not its own; of those that nobody places it may be."""
    sections = pd.DataFrame({"section_id": ["S1", "S2", "S3"], "province": ["江苏省", "重庆市", None]})
    assert select_settled(_two_way(), sections).tolist() == [True, True, True]
    assert select_settled(_two_way(provinces=["江苏"]), sections).tolist() == [True, False, True]
    assert select_settled(_wuhan(), sections.replace("S1", "S9")).tolist() == [False, True, True]
