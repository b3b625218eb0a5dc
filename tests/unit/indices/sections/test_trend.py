"""Spearman's rank trend against scipy and the critical values of the table; ties, and values below limits."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from pipeline import standards
from pipeline.indices.sections.rank_correlation import correlate_ranks
from pipeline.indices.sections.trend import compute_trends


def _items(values, limits=None):
    periods = [str(2000 + number) for number in range(len(values))]
    return pd.DataFrame(
        {
            "section_id": "S1", "section": "甲", "parameter": "TP", "period": periods, "mean": values,
            "limit": np.full(len(values), np.nan) if limits is None else limits,
        }
    )  # fmt: skip


def _trend(values, limits=None):
    order = [str(2000 + number) for number in range(len(values))]
    return compute_trends(_items(values, limits), order).iloc[0]


@pytest.mark.parametrize("number", [5, 8, 12, 30])
def test_the_coefficient_is_that_of_scipy_where_no_values_are_equal(number):
    values = np.random.default_rng(7).permutation(number) + 0.5
    row = _trend(values)
    assert row["rs"] == pytest.approx(spearmanr(range(number), values).statistic)
    table = standards.table("spearman_critical").set_index("periods")["critical"].astype(float)
    assert row["critical"] == table[str(number)]


@pytest.mark.parametrize(
    ("values", "rs", "word"),
    [
        ([1, 2, 3, 4, 5], 1.0, "上升"),
        ([5, 4, 3, 2, 1], -1.0, "下降"),
        ([1, 2, 3, 5, 4], 0.9, "上升"),
        ([2, 1, 3, 5, 4], 0.8, "无显著趋势"),
    ],
)
def test_a_trend_is_significant_from_the_critical_value_on(values, rs, word):
    row = _trend([float(value) for value in values])
    assert row["rs"] == pytest.approx(rs)
    assert row["trend"] == word
    assert row["indicative"].startswith("秩相关临界值未核实")


def test_four_periods_show_no_trend_and_say_so():
    row = _trend([1.0, np.nan, 2.0, 3.0, 4.0])
    assert row["periods"] == 4
    assert row[["rs", "critical", "trend"]].isna().all()
    assert row["reason"].startswith("有数据的时段少于5个")


def test_between_two_tabled_numbers_the_stricter_value_holds():
    assert _trend([float(value) for value in range(11)])["critical"] == 0.564
    assert _trend([float(value) for value in range(40)])["critical"] == 0.306


def test_order_comes_from_the_periods_and_not_from_the_labels():
    labels = ["2024-winter", "2024-spring", "2024-summer", "2024-autumn", "2025-winter"]
    items = _items([1.0, 2.0, 3.0, 4.0, 5.0]).assign(period=labels)
    row = compute_trends(items.iloc[::-1], labels).iloc[0]
    assert row["rs"] == pytest.approx(1.0)
    assert row[["first_period", "last_period"]].tolist() == ["2024-winter", "2025-winter"]


@pytest.mark.parametrize("value", [0.0, 0.05])
def test_what_is_always_the_same_has_no_trend_and_no_coefficient(value):
    row = _trend([value] * 12)
    assert row["trend"] == "无显著趋势"
    assert np.isnan(row["rs"])
    assert np.isnan(row["p_value"])
    assert row["reason"].startswith("各时段值相等")


def test_means_below_the_highest_limit_of_the_series_are_ties_at_it():
    """Half the limit, while the limit falls from year to year, is no improvement of the water."""
    limits = [0.10, 0.08, 0.06, 0.05, 0.04, 0.02]
    row = _trend([limit / 2 for limit in limits], limits)
    assert row["trend"] == "无显著趋势"
    assert row["periods_at_limit"] == 6
    assert row["reason"].startswith("各时段值相等或均低于检出限")
    seen = _trend([0.05, 0.03, 0.2, 0.3, 0.4, 0.5], [0.1, 0.06, *[np.nan] * 4])
    assert seen["rs"] == pytest.approx(spearmanr(range(6), [1, 1, 2, 3, 4, 5]).statistic)
    assert seen["periods_at_limit"] == 2
    assert seen["trend"] == "上升"


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
@pytest.mark.parametrize("number", [6, 8, 12])
def test_without_a_trend_few_are_found_however_many_values_are_below_the_limit(share, number):
    rng = np.random.default_rng(11)
    parts = []
    for section in range(250):
        values = np.where(rng.random(number) < share, 0.005, rng.lognormal(-3, 0.5, number) + 0.02)
        limits = np.where(values == 0.005, 0.01, np.nan)
        parts.append(_items(values, limits).assign(section_id=f"S{section}"))
    words = compute_trends(pd.concat(parts), [str(2000 + place) for place in range(number)])["trend"]
    assert len(words) == 250
    assert (words != "无显著趋势").mean() <= 0.13


@pytest.mark.parametrize("row", standards.read_rows("spearman_critical"), ids=lambda row: row["periods"])
def test_the_critical_values_leave_one_twentieth_on_either_side(row):
    """Counted or drawn: the share of arrangements at or beyond the critical value, both sides together."""
    number, critical = int(row["periods"]), float(row["critical"])
    rng = np.random.default_rng(3)
    found = min(
        (correlate_ranks(rng.permutation(number) + 0.4 * drift * np.arange(number))
         for drift in np.linspace(0, 2, 60)),
        key=lambda one: abs(one.rs - critical) if one.rs >= critical else np.inf,
    )  # fmt: skip
    assert found.p_value <= 0.11


def test_no_items_have_no_trends():
    found = compute_trends(pd.DataFrame(), ["2000"])
    assert found.empty
    assert {"rs", "p_value", "trend", "reason"} <= set(found)
