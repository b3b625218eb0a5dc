"""Targets are held against figures by a stated rule: at every limit, beside it, where nothing can be said."""

import math
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.assessment.figures import Figures
from pipeline.assessment.target_status import find_shortfall, reaches
from pipeline.assessment.target_summary import build_share_indicators, fill_targets, summarize_targets
from pipeline.assessment.targets import TargetRules, hold_targets, list_in_force
from pipeline.contracts import DIRECTIONS, INDICATORS, TARGET_STATUSES, Target
from pipeline.periods import Period, list_periods

CODE, AREA = "good_section_share", "area"
YEARS = tuple(list_periods(date(2022, 1, 1), date(2024, 12, 31), "year"))
QUARTERS = tuple(list_periods(date(2023, 1, 1), date(2024, 12, 31), "quarter"))
UNITS = {CODE: "share", "gep": "yuan", "count": "count", "changed_share": "share"}


def span(label):
    """A whole year or quarter."""
    kind = "quarter" if "Q" in label else "year"
    year = int(label[:4])
    return next(one for one in list_periods(date(year, 1, 1), date(year, 12, 31), kind) if one.label == label)


def end_of(year):
    """The end of a year, as 年末 is read."""
    return Period(date(year, 1, 1), date(year, 12, 31), f"{year}-12-31")


def plan(value=0.8, direction="at_least", period=None, **more):
    """A target of the area."""
    told = {
        "indicator": CODE, "place": AREA, "period": period or span("2024"), "at_end": False,
        "direction": direction, "value": value, "decimals": None, "weight": None, "baseline": None,
        "baseline_period": None, "tolerance": None, "unit_responsible": "局", "source": "方案",
        "written": "", "file": "a.xlsx", "sheet": "一", "row": 3,
    } | more  # fmt: skip
    return Target(**told)


def tell(figures, code=CODE, place=AREA, unit="share"):
    """INDICATORS of values by period."""
    rows = [
        dict.fromkeys(INDICATORS.columns)
        | {
            "indicator": code,
            "aoi": place,
            "period": label,
            "value": value,
            "unit": unit,
            "source": "planted",
        }
        | {"reason": "未知 unknown" if value is None else None}
        for label, value in figures.items()
    ]
    return pd.DataFrame(rows)


def hold(target, figures, periods=YEARS, **rules):
    """Rows of one target, by period."""
    indicators = figures if isinstance(figures, pd.DataFrame) else tell(figures, target.indicator)
    found = Figures.of(indicators, periods, UNITS)
    table = hold_targets([target], found, periods, TargetRules(**rules), names={AREA: "区"}, units=UNITS)
    return table.set_index("period")


@pytest.mark.parametrize(
    ("direction", "below", "at", "above"),
    [
        ("at_least", "failed", "met", "met"),
        ("more_than", "failed", "failed", "met"),
        ("at_most", "met", "met", "failed"),
        ("less_than", "met", "failed", "failed"),
        ("equal", "failed", "met", "failed"),
    ],
)
def test_a_target_that_is_due_is_met_or_failed_at_its_limit_and_beside_it(direction, below, at, above):
    for value, status in ((0.8 - 1e-6, below), (0.8, at), (0.8 + 1e-6, above)):
        row = hold(plan(direction=direction, tolerance=0.0), {"2024": value}).loc["2024"]
        assert (row["status"], row["due"]) == (status, True)
        assert row["gap"] == pytest.approx(value - 0.8, abs=1e-15)


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_what_floats_make_of_a_limit_is_the_limit(direction):
    value = 0.1 + 0.2  # 0.30000000000000004
    row = hold(plan(0.3, direction, tolerance=0.0), {"2024": value}).loc["2024"]
    assert row["status"] == ("failed" if direction in ("more_than", "less_than") else "met")


@pytest.mark.parametrize(("off", "status"), [(0.02, "met"), (0.02 + 1e-6, "failed"), (-0.02, "met")])
def test_equal_is_what_differs_by_no_more_than_the_tolerance(off, status):
    assert hold(plan(direction="equal", tolerance=0.02), {"2024": 0.8 + off})["status"].tolist() == [status]


def test_equal_without_a_tolerance_is_met_by_the_same_figure_and_unknown_by_any_other():
    target = plan(5.0, "equal", indicator="count")
    same, other = (hold(target, tell({"2024": v}, "count", unit="count")).loc["2024"] for v in (5.0, 6.0))
    assert (same["status"], other["status"]) == ("met", "unknown")
    assert "允许偏差" in other["reason"]
    assert "tolerance" in other["reason"]


COURSE = {"baseline": 0.6, "baseline_period": span("2022"), "period": span("2024")}
"""0.6 at the end of 2022 and 0.8 at the end of 2024: 0.7 at the end of 2023, but for the leap day."""
HALFWAY = 0.6 + 0.2 * 365 / 731


@pytest.mark.parametrize(
    ("value", "status"),
    [
        (HALFWAY, "on_course"),
        (HALFWAY - 0.01, "on_course"),
        (HALFWAY - 0.01 - 1e-6, "behind"),
        (HALFWAY + 0.05, "on_course"),
        (0.8 - 1e-6, "on_course"),
        (0.8, "met"),
        (0.5, "behind"),
    ],
)
def test_before_it_is_due_a_target_is_held_against_the_line_from_its_baseline(value, status):
    row = hold(plan(**COURSE, tolerance=0.01), {"2023": value, "2024": 0.9}).loc["2023"]
    assert (row["status"], row["due"]) == (status, False)
    assert row["course_value"] == pytest.approx(HALFWAY)
    assert row["progress"] == pytest.approx((value - 0.6) / 0.2)


@pytest.mark.parametrize("value", [0.9, 0.89, 0.9 + 1e-6])
def test_a_course_may_lead_down(value):
    told = {"baseline": 1.0, "baseline_period": span("2022"), "period": span("2024"), "direction": "at_most"}
    course = 1.0 - 0.2 * 365 / 731
    row = hold(plan(**told, tolerance=0.9 - course + 5e-7), {"2023": value}).loc["2023"]
    assert row["status"] == ("behind" if value > 0.9 else "on_course")


@pytest.mark.parametrize(
    ("value", "status"),
    [(HALFWAY, "on_course"), (HALFWAY - 0.011, "behind"), (0.79, "met"), (0.811, "behind"), (0.801, "met")],
)
def test_what_must_be_equal_is_behind_on_either_side(value, status):
    row = hold(plan(**COURSE, direction="equal", tolerance=0.0105), {"2023": value}).loc["2023"]
    assert row["status"] == status


def test_what_must_stay_as_it_is_is_behind_once_it_is_farther_off_than_the_tolerance():
    told = COURSE | {"baseline": 0.8}
    for value, status in ((0.7, "behind"), (0.9, "behind"), (0.81, "met")):
        assert (
            hold(plan(**told, direction="equal", tolerance=0.02), {"2023": value})["status"].iloc[0] == status
        )


@pytest.mark.parametrize(
    ("told", "word"),
    [
        ({"tolerance": 0.01}, "baseline"),
        ({"baseline": 0.6, "tolerance": 0.01}, "baseline"),
        ({"baseline_period": span("2022"), "tolerance": 0.01}, "baseline"),
        ({"baseline": 0.6, "baseline_period": span("2022")}, "tolerance"),
    ],
    ids=["neither", "no time", "no figure", "no tolerance"],
)
def test_nothing_is_said_of_a_course_that_is_not_told(told, word):
    later = plan(0.9, period=end_of(2026), at_end=True, **told)
    row = hold(later, {"2023": 0.7, "2024": 0.71}).loc["2024"]
    assert row["status"] == "unknown"
    assert word in row["reason"]
    assert hold(later, {"2024": 0.95})["status"]["2024"] == "met"


def test_the_config_may_tell_the_baseline_and_the_tolerance():
    later = plan(0.9, period=end_of(2026), at_end=True)
    rules = {"baseline": YEARS[1], "tolerance": {CODE: 0.03}}
    rows = hold(later, {"2023": 0.7, "2024": 0.75}, **rules)
    assert rows.index.tolist() == ["2024"]
    assert rows["baseline_value"].tolist() == [0.7]
    assert rows["course_value"].iloc[0] == pytest.approx(0.7 + 0.2 * 366 / 1096)
    assert rows["status"].tolist() == ["on_course"]
    assert hold(later, {"2023": 0.7, "2024": 0.73}, **rules)["status"].tolist() == ["behind"]


def test_a_target_of_a_year_is_on_its_way_in_quarters_and_due_in_none():
    figures = {period.label: 0.7 for period in QUARTERS}
    rows = hold(plan(**{**COURSE, "baseline_period": span("2023")}, tolerance=0.15), figures, QUARTERS)
    assert rows.index.tolist() == ["2024Q1", "2024Q2", "2024Q3", "2024Q4"]
    assert not rows["due"].any()
    assert rows["status"].tolist() == ["on_course"] * 4
    assert "2024Q4" in rows["reason"]["2024Q4"]


def test_the_end_of_a_year_is_due_in_its_last_quarter_and_failed_there():
    figures = {period.label: 0.7 for period in QUARTERS}
    rows = hold(plan(period=end_of(2024), at_end=True), figures, QUARTERS)
    assert rows["due"].tolist() == [False, False, False, True]
    assert rows["status"].tolist() == ["unknown"] * 3 + ["failed"]


def test_a_year_that_the_run_has_in_part_is_not_due():
    cut = list_periods(date(2024, 3, 1), date(2024, 12, 31), "year")
    row = hold(plan(), {"2024": 0.7}, cut).loc["2024"]
    assert (row["status"], row["due"]) == ("unknown", False)


@pytest.mark.parametrize(
    ("period", "periods", "word"),
    [
        (span("2020"), YEARS, "scenes.start"),
        (span("2024Q2"), YEARS, "scenes.period"),
        (span("2022Q4"), QUARTERS, "scenes.start"),
    ],
)
def test_a_target_that_no_period_can_judge_has_one_row_that_says_why(period, periods, word):
    rows = hold(plan(period=period), {"2024": 0.9}, periods)
    assert rows.index.tolist() == [period.label]
    assert rows["status"].tolist() == ["unknown"]
    assert word in rows["reason"].iloc[0]
    assert math.isnan(rows["value"].iloc[0])


def test_a_figure_that_is_not_known_leaves_the_status_unknown_with_its_own_reason():
    assert hold(plan(), {"2024": None}).loc["2024", ["status", "reason"]].tolist() == [
        "unknown",
        "未知 unknown",
    ]
    other = hold(plan(), tell({"2024": 0.9}, place="elsewhere")).loc["2024"]
    assert (other["status"], "does not make" in other["reason"]) == ("unknown", True)
    of_2023 = hold(plan(), {"2023": 0.9}).loc["2024"]
    assert (of_2023["status"], "other periods" in of_2023["reason"]) == ("unknown", True)


def test_a_figure_in_another_unit_is_not_held_against_a_target():
    row = hold(plan(), tell({"2024": 90.0}, unit="percent")).loc["2024"]
    assert row["status"] == "unknown"
    assert "percent" in row["reason"]


def test_two_figures_of_one_thing_that_differ_are_none():
    twice = pd.concat([tell({"2024": 0.9}), tell({"2024": 0.7})])
    row = hold(plan(), twice).loc["2024"]
    assert (row["status"], "two figures" in row["reason"]) == ("unknown", True)
    same = pd.concat([tell({"2024": 0.9}), tell({"2024": 0.9})])
    assert hold(plan(), same)["status"].tolist() == ["met"]


def test_every_figure_stands_beside_the_last_period_and_the_same_quarter_of_last_year():
    figures = {period.label: 0.5 + number / 100 for number, period in enumerate(QUARTERS)}
    rows = hold(plan(period=end_of(2024), at_end=True, baseline_period=span("2023Q1")), figures, QUARTERS)
    third = rows.loc["2024Q3"]
    assert third[["before_period", "year_ago_period"]].tolist() == ["2024Q2", "2023Q3"]
    assert third["before_change"] == pytest.approx(0.01)
    assert third["year_ago_change"] == pytest.approx(0.04)
    assert pd.isna(third["compared_reason"])
    second = rows.loc["2023Q2"]
    assert second["before_change"] == pytest.approx(0.01)
    assert math.isnan(second["year_ago_change"])
    assert "2023Q1" in second["compared_reason"]
    assert "scenes.start" in second["compared_reason"]


def test_an_earlier_figure_that_is_not_known_is_not_compared():
    row = hold(plan(), {"2023": None, "2024": 0.9}).loc["2024"]
    assert math.isnan(row["before_change"])
    assert "not known" in row["compared_reason"]


def test_a_change_between_periods_is_the_figure_of_the_later_one():
    figures = {"2022/2023": 0.1, "2023/2024": 0.2, "2022/2024": 0.3}
    rows = hold(plan(0.25, "at_most", indicator="changed_share"), figures)
    assert rows["value"].tolist() == [0.2]
    assert rows["before_value"].tolist() == [0.1]
    alone = hold(plan(0.25, "at_most", indicator="changed_share"), {"2022/2024": 0.3})
    assert alone["value"].tolist() == [0.3]


@pytest.mark.parametrize(
    ("value", "full", "rounded"),
    [
        (11 / 12, "failed", "met"),
        (0.917, "met", "met"),
        (0.9164, "failed", "failed"),
        (0.9165, "failed", "failed"),
    ],
)
def test_figures_are_rounded_to_the_decimals_of_a_target_only_where_the_config_says_so(value, full, rounded):
    target = plan(0.917, decimals=3)
    as_is, to_decimals = (
        hold(target, {"2024": value}, comparison=comparison).loc["2024"] for comparison in ("full", "rounded")
    )
    assert (as_is["status"], to_decimals["status"]) == (full, rounded)
    assert ("GB/T 8170" in str(as_is["reason"])) == (full != rounded)


def test_what_rests_on_an_unconfirmed_parameter_is_marked():
    indicators = tell({"2023": 0.7, "2024": 0.9}).assign(indicative=[None, True])
    assert hold(plan(), indicators)["indicative"].tolist() == [True]
    assert hold(plan(period=span("2023")), indicators)["indicative"].tolist() == [False]


RATIOS = st.floats(0, 1)


@given(value=RATIOS, target=RATIOS, tolerance=st.floats(0, 0.2), direction=st.sampled_from(DIRECTIONS))
def test_what_meets_a_target_agrees_with_plain_arithmetic(value, target, tolerance, direction):
    arrays = [np.array([one]) for one in (value, target)]
    found = reaches(*arrays, np.array([direction], dtype=object), np.array([tolerance]))[0]
    if abs(abs(value - target) - (tolerance if direction == "equal" else 0)) < 1e-8:
        return
    plain = {
        "at_least": value >= target,
        "more_than": value > target,
        "at_most": value <= target,
        "less_than": value < target,
        "equal": abs(value - target) <= tolerance,
    }
    assert found == plain[direction]


@settings(max_examples=40)
@given(
    value=RATIOS, target=RATIOS, baseline=RATIOS, days=st.integers(1, 999), upward=st.booleans(),
    tolerance=st.floats(0, 0.1),
)  # fmt: skip
def test_a_course_agrees_with_a_calculation_by_hand(value, target, baseline, days, upward, tolerance):
    since = date(2022, 12, 31)
    end = since + timedelta(days=1000)
    told = plan(
        target, "at_least" if upward else "at_most", Period(since, end, end.isoformat()), at_end=True,
        baseline=baseline, baseline_period=Period(date(2022, 1, 1), since, "2022"), tolerance=tolerance,
    )  # fmt: skip
    period = Period(since + timedelta(days=1), since + timedelta(days=days), "2023")
    row = hold(told, {"2023": value}, (period,)).loc["2023"]
    line = baseline + (target - baseline) * days / 1000
    short = line - value if upward else value - line
    is_met = value >= target if upward else value <= target
    if min(abs(value - target), abs(short - tolerance)) < 1e-8:
        return
    assert row["status"] == ("met" if is_met else "on_course" if short <= tolerance else "behind")


@given(target=RATIOS, baseline=RATIOS, share=st.floats(0, 1))
def test_a_value_on_its_course_is_not_short_of_it(target, baseline, share):
    course = baseline + (target - baseline) * share
    arrays = [np.array([one]) for one in (course, target, course, baseline)]
    for direction in DIRECTIONS:
        if direction == "equal" and target == baseline != course:
            continue
        short = find_shortfall(*arrays, np.array([direction], dtype=object))[0]
        assert short <= 1e-12


def test_targets_are_summed_up_by_weight_with_the_unknown_as_a_range():
    targets = [
        plan(0.5, weight=40.0, row=1),
        plan(0.95, weight=30.0, row=2),
        plan(0.5, weight=20.0, indicator="changed_share", row=3),
        plan(0.6, weight=10.0, row=4),
    ]
    found = Figures.of(tell({"2024": 0.9}), YEARS, UNITS)
    table = hold_targets(targets, found, YEARS, TargetRules(), names={AREA: "区"}, units=UNITS)
    assert table["status"].tolist() == ["met", "failed", "unknown", "met"]
    (row,) = summarize_targets(table).to_dict("records")
    assert {status: row[f"targets_{status}"] for status in TARGET_STATUSES} == {
        "failed": 1, "behind": 0, "unknown": 1, "on_course": 0, "met": 2,
    }  # fmt: skip
    assert (row["of"], row["weight_met"], row["weight_known"], row["weight_sum"]) == (4, 50, 80, 100)
    assert row["share_met"] == pytest.approx(50 / 80)
    assert (row["share_met_low"], row["share_met_high"]) == (pytest.approx(0.5), pytest.approx(0.7))
    assert row["reason"] is None


@pytest.mark.parametrize(
    ("weights", "share", "word"),
    [
        ([None, None], 0.5, "weigh the same"),
        ([0.6, 0.4], 0.6, None),
        ([60.0, 30.0], 60 / 90, "90"),
        ([60.0, None], 1.0, "1 targets have no weight"),
        ([0.6, 0.4 + 1e-3], 0.6 / 1.001, "1.001"),
    ],
)
def test_weights_that_lack_or_do_not_sum_are_said(weights, share, word):
    targets = [plan(0.5, weight=weights[0], row=1), plan(0.95, weight=weights[1], row=2)]
    found = Figures.of(tell({"2024": 0.9}), YEARS, UNITS)
    table = hold_targets(targets, found, YEARS, TargetRules(), names={}, units=UNITS)
    (row,) = summarize_targets(table).to_dict("records")
    assert row["share_met"] == pytest.approx(share)
    assert (row["reason"] is None) if word is None else (word in row["reason"])


def test_the_share_met_is_an_indicator_of_the_targets_that_are_due_first():
    targets = [plan(0.5), plan(0.95, period=end_of(2026), at_end=True)]
    found = Figures.of(tell({"2024": 0.9}), YEARS, UNITS)
    table = hold_targets(targets, found, YEARS, TargetRules(), names={}, units=UNITS)
    shares = build_share_indicators(summarize_targets(table), ["2022", "2023", "2024"])
    assert shares[["indicator", "aoi", "period", "value"]].to_numpy().tolist() == [
        ["targets_met_share", AREA, "2024", 1.0]
    ]
    assert shares[["numerator", "denominator"]].to_numpy().tolist() == [[1.0, 1.0]]


def test_indicators_get_the_target_that_is_due_first_and_changes_that_of_the_figure_held():
    indicators = pd.concat(
        [
            tell({"2023": 0.8, "2024": 0.9}),
            tell({"2023/2024": 0.2, "2022/2024": 0.3}, "changed_share"),
            tell({"2024": 0.9}, place="town"),
        ],
        ignore_index=True,
    )
    targets = [
        plan(0.95, period=end_of(2026), at_end=True),
        plan(0.85),
        plan(0.25, "at_most", indicator="changed_share"),
    ]
    found = Figures.of(indicators, YEARS, UNITS)
    held = hold_targets(targets, found, YEARS, TargetRules(), names={}, units=UNITS)
    filled = fill_targets(indicators, held)["target"]
    assert filled.replace(np.nan, None).tolist() == [None, 0.85, 0.25, None, None]
    assert fill_targets(indicators, None) is indicators


def test_the_newest_period_is_held_against_a_target_of_a_time_to_come():
    (force,) = list_in_force(plan(period=span("2026")), YEARS, TargetRules())
    assert (force.period, force.due) == (YEARS[-1], False)
