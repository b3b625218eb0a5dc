"""Figures of tables in the periods that they hold for, and flows by Tennant's method."""

import math
from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.assessment.health.scores import score_values
from pipeline.assessment.health.told import list_told_figures
from pipeline.periods import Period, list_periods
from pipeline.settings.health_schemes import load_health_scheme

YEAR = Period(date(2024, 1, 1), date(2024, 12, 31), "2024")
QUARTERS = list_periods(date(2024, 1, 1), date(2024, 12, 31), "quarter")


def build(*rows):
    columns = ["measure", "value", "first", "last", "side", "place"]
    table = pd.DataFrame([[*row, None, "a.xlsx, row 2"][:6] for row in rows], columns=columns)
    return table.assign(**{name: pd.to_datetime(table[name]) for name in ("first", "last")})


def months_of(flows):
    """Rows of discharges by month of 2024."""
    return [
        ("flow", flow, date(2024, month, 1), (pd.Period(f"2024-{month:02d}", "M").end_time).date())
        for month, flow in flows.items()
    ]


def test_a_figure_of_a_year_holds_for_its_quarters_and_no_other_year():
    rows = build(("fish_index", 0.8, date(2024, 1, 1), date(2024, 12, 31)))
    for period in [YEAR, *QUARTERS]:
        assert list_told_figures(rows, period)["fish_index"].value == 0.8
    other = Period(date(2023, 1, 1), date(2023, 12, 31), "2023")
    assert "fish_index" not in list_told_figures(rows, other)


def test_a_figure_of_a_quarter_is_none_of_its_year_and_goes_before_that_of_the_year():
    rows = build(
        ("fish_index", 0.8, date(2024, 1, 1), date(2024, 12, 31)),
        ("fish_index", 0.6, date(2024, 4, 1), date(2024, 6, 30)),
    )
    values = [list_told_figures(rows, period)["fish_index"].value for period in [YEAR, *QUARTERS]]
    assert values == [0.8, 0.8, 0.6, 0.8, 0.8]


def test_sides_that_tell_the_same_figure_count_alike():
    rows = build(
        ("public_view", 80.0, date(2024, 1, 1), date(2024, 12, 31), "江苏省"),
        ("public_view", 90.0, date(2024, 1, 1), date(2024, 12, 31), "上海市"),
    )
    figure = list_told_figures(rows, YEAR)["public_view"]
    assert figure.value == 85
    assert "江苏省 80" in figure.inputs
    assert "上海市 90" in figure.inputs


@pytest.mark.parametrize(
    ("wet", "dry", "word"),
    [(40, 20, "good"), (39.99, 20, "fair"), (30, 10, "fair"), (29.99, 10, "poor"), (10, 10, "poor"),
     (9.99, 10, "severe"), (40, 9.99, "severe"), (60, 30, "good")],
)  # fmt: skip
def test_classes_of_tennant_at_and_beside_each_of_his_shares(wet, dry, word):
    """ChinaXiv-202104.00039V1 table 2: dry and wet season good 20 and 40 %, fair 10 and 30 %, poor 10 %."""
    scheme = load_health_scheme("tennant-river")
    rows = build(("mean_flow", 100.0, None, None), *months_of({7: wet, 1: dry}))
    figures = list_told_figures(rows, YEAR)
    ((_, criterion),) = scheme.list_criteria()
    score = min(float(score_values(figures[part.measure].value, part.scoring)) for part in criterion.parts)
    names = {one.at_least: one.key for one in scheme.classes.bounds}
    assert next(names[bound] for bound in sorted(names, reverse=True) if score >= bound) == word


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(0.1, 500), min_size=12, max_size=12), st.floats(1, 500))
def test_shares_of_flow_are_the_least_of_each_season_over_the_mean(flows, mean):
    by_month = dict(enumerate(flows, start=1))
    figures = list_told_figures(build(("mean_flow", mean, None, None), *months_of(by_month)), YEAR)
    wet = min(flow for month, flow in by_month.items() if 4 <= month <= 9)
    dry = min(flow for month, flow in by_month.items() if not 4 <= month <= 9)
    assert figures["flow_share_wet"].value == pytest.approx(wet / mean)
    assert figures["flow_share_dry"].value == pytest.approx(dry / mean)
    assert (figures["flow_share_dry"].numerator, figures["flow_share_dry"].denominator) == (dry, mean)


def test_a_quarter_of_summer_tells_nothing_of_the_dry_season():
    rows = build(("mean_flow", 100.0, None, None), *months_of({7: 50.0, 8: 30.0, 9: 60.0, 1: 5.0}))
    figures = list_told_figures(rows, QUARTERS[2])
    assert figures["flow_share_wet"].value == 0.3
    assert math.isnan(figures["flow_share_dry"].value)
    assert "10—3月" in figures["flow_share_dry"].reason


def test_flows_without_a_mean_of_many_years_are_no_share():
    figures = list_told_figures(build(*months_of({7: 50.0})), YEAR)
    assert math.isnan(figures["flow_share_wet"].value)
    assert "多年平均" in figures["flow_share_wet"].reason
    assert list_told_figures(build(), YEAR) == {}


def test_a_share_that_is_told_goes_before_one_of_discharges():
    told = ("flow_share_wet", 0.45, date(2024, 1, 1), date(2024, 12, 31))
    rows = build(told, ("mean_flow", 100.0, None, None), *months_of({7: 50.0}))
    assert list_told_figures(rows, YEAR)["flow_share_wet"].value == 0.45
