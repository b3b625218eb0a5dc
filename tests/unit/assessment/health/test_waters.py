"""Figures of the sections of a body: means over sections, trend, trophic level, shares; each by hand."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import standards
from pipeline.assessment.health.bodies import Body
from pipeline.assessment.health.waters import (
    classify_positions,
    compare_sides,
    list_sections,
    list_water_figures,
)

LIMITS = standards.table("water_limits")
QUARTERS = [f"2023Q{n}" for n in range(1, 5)] + [f"2024Q{n}" for n in range(1, 5)]


def body(kind="river"):
    return Body("R", "甲河", kind, frozenset({"甲河"}))


def status_of(*rows):
    """Graded sections: (section, side, period, class, means by code)."""
    table = pd.DataFrame(
        [
            {"body": "R", "section_id": name, "section": name, "side": side, "period": period,
             "water_class": graded, "target_class": 3, "register": "名录", "linked_by": "river",
             "samples": 3, "water_body": "river",
             "upstream_unit": f"{name}上", "downstream_unit": f"{name}下",
             "target_met": None if graded is None else graded <= 3,
             **{f"mean_{code}": value for code, value in means.items()}}
            for name, side, period, graded, means in rows
        ]
    )  # fmt: skip
    return table.astype({"water_class": "Int64", "target_class": "Int64", "target_met": "boolean"})


def figures_of(status, periods=("2024",), kind="river"):
    return {
        period: figures
        for _, period, figures in list_water_figures([body(kind)], status, list(periods), LIMITS)
    }


def test_the_position_of_a_body_is_that_of_its_worst_item_over_the_mean_of_its_sections():
    status = status_of(
        ("甲", "江苏", "2024", 2, {"CODMn": 3.0, "TP": 0.15, "DO": 8.0, "TN": 9.0}),
        ("乙", "上海", "2024", 4, {"CODMn": 9.0, "TP": 0.15, "DO": 6.0}),
    )
    figures = figures_of(status)["2024"]
    assert figures["water_class_position"].value == pytest.approx(3)
    assert figures["dissolved_oxygen"].value == 7
    assert "2 个断面" in figures["dissolved_oxygen"].inputs


def test_shares_of_sections_have_numerator_and_denominator():
    status = status_of(
        ("甲", "江苏", "2024", 2, {"CODMn": 3.0}),
        ("乙", "上海", "2024", 4, {"CODMn": 9.0}),
        ("丙", "上海", "2024", None, {}),
    )
    figures = figures_of(status)["2024"]
    for measure in ("section_target_share", "good_sections"):
        assert (figures[measure].value, figures[measure].numerator, figures[measure].denominator) == (
            0.5,
            1,
            2,
        )


def test_the_trend_is_the_rank_correlation_where_it_is_significant_and_0_where_it_is_not():
    falling = [4.2, 4.1, 4.0, 3.8, 3.7, 3.5, 3.2, 3.0]
    status = status_of(
        *(("甲", "江苏", label, 3, {"CODMn": value}) for label, value in zip(QUARTERS, falling, strict=True))
    )
    found = figures_of(status, QUARTERS)
    values = [found[label]["water_trend"].value for label in QUARTERS]
    assert np.isnan(values[:4]).all()
    assert values[4:] == [-1, -1, -1, -1]
    assert "时段少于" in found["2023Q1"]["water_trend"].reason
    uneven = status.assign(mean_CODMn=[4.0, 4.2, 3.9, 4.1, 4.0, 4.3, 3.9, 4.1])
    assert figures_of(uneven, QUARTERS)["2024Q4"]["water_trend"].value == 0


def test_a_lake_has_a_trophic_level_of_its_means_and_a_river_none():
    means = {"Chla": 0.012, "TP": 0.04, "TN": 1.1, "SD": 0.6, "CODMn": 4.4}
    status = status_of(("甲", "江苏", "2024", 3, means))
    levels = {
        "Chla": (10 * (2.5 + 1.086 * math.log(12)), 1), "TP": (10 * (9.436 + 1.624 * math.log(0.04)), 0.7056),
        "TN": (10 * (5.453 + 1.694 * math.log(1.1)), 0.6724),
        "SD": (10 * (5.118 - 1.94 * math.log(0.6)), 0.6889),
        "CODMn": (10 * (0.109 + 2.661 * math.log(4.4)), 0.6889),
    }  # fmt: skip
    expected = sum(level * square for level, square in levels.values()) / sum(
        square for _, square in levels.values()
    )
    assert figures_of(status, kind="lake")["2024"]["trophic_level"].value == pytest.approx(expected, abs=1e-3)
    assert "trophic_level" not in figures_of(status)["2024"]
    without = figures_of(status.drop(columns="mean_Chla"), kind="lake")["2024"]["trophic_level"]
    assert math.isnan(without.value)
    assert "叶绿素" in without.reason


def test_a_body_without_sections_or_items_says_which():
    none = figures_of(status_of(("甲", "江苏", "2024", 2, {"CODMn": 3.0})).iloc[:0])
    assert "没有断面" in none["2024"]["water_class_position"].reason
    bare = figures_of(status_of(("甲", "江苏", "2024", None, {"WT": 12.0})))["2024"]
    assert math.isnan(bare["water_class_position"].value)
    assert "没有参评项目" in bare["water_class_position"].reason


def test_sides_are_told_by_province_with_their_units_and_registers():
    status = status_of(
        ("甲", "江苏", "2024", 2, {"CODMn": 3.0}),
        ("乙", "江苏", "2024", 4, {"CODMn": 9.0}),
        ("丙", "上海", "2024", None, {"WT": 9.0}),
    )
    sides = compare_sides([body()], status, ["2024"], LIMITS).set_index("side")
    assert sides.loc["江苏", ["sections", "good_sections", "met_sections"]].tolist() == [2, 1, 1]
    assert (sides.loc["江苏", "water_class"], sides.loc["江苏", "decided_by"]) == (3, "CODMn")
    assert sides.loc["江苏", "class_position"] == pytest.approx(3)
    assert sides.loc["江苏", "units"] == "甲上；乙上；甲下；乙下"
    assert pd.isna(sides.loc["上海", "water_class"])
    assert "没有参评项目" in sides.loc["上海", "reason"]
    assert compare_sides([], status.iloc[:0], ["2024"], LIMITS).empty


def test_sections_are_listed_with_the_name_of_their_body():
    rows = list_sections([body()], status_of(("甲", "江苏", "2024", 2, {"CODMn": 3.0})))
    assert rows[["body_name", "section", "side", "water_class"]].to_numpy().tolist() == [
        ["甲河", "甲", "江苏", 2]
    ]


@pytest.mark.parametrize(
    ("position", "grade"), [(0, 1), (1, 1), (1.001, 2), (2, 2), (5, 5), (5.001, 6), (6, 6)]
)
def test_a_position_on_a_limit_is_of_the_better_class(position, grade):
    assert classify_positions(pd.Series([position, np.nan])).tolist() == [grade, pd.NA]


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.1, 30), st.floats(0.001, 1), st.floats(0.1, 14)), min_size=1, max_size=6)
)
def test_any_sections_give_the_position_of_a_plain_loop(readings):
    rows = [
        (f"断面{number}", "江苏", "2024", 3, {"CODMn": demand, "TP": phosphorus, "DO": oxygen})
        for number, (demand, phosphorus, oxygen) in enumerate(readings)
    ]
    demand, phosphorus, oxygen = (float(np.mean(values)) for values in zip(*readings, strict=True))
    places = [
        np.interp(demand, (0, 2, 4, 6, 10, 15, 30), range(7)),
        np.interp(phosphorus, (0, 0.02, 0.1, 0.2, 0.3, 0.4, 0.8), range(7)),
        np.interp(-oxygen, (-15, -7.5, -6, -5, -3, -2, 0), range(7)),
    ]
    assert figures_of(status_of(*rows))["2024"]["water_class_position"].value == pytest.approx(max(places))
