"""Spearman's rank trend against scipy and the critical values of the table."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from pipeline import standards
from pipeline.indices.sections.trend import compute_trends


def _status(values):
    return pd.DataFrame(
        {
            "section_id": "S1", "section": "甲", "water_body": "river",
            "period": [str(2000 + number) for number in range(len(values))], "mean_TP": values,
        }
    )  # fmt: skip


def _trend(values):
    order = [str(2000 + number) for number in range(len(values))]
    return compute_trends(_status(values), order).iloc[0]


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
    status = _status([1.0, 2.0, 3.0, 4.0, 5.0]).assign(period=labels)
    row = compute_trends(status.iloc[::-1], labels).iloc[0]
    assert row["rs"] == pytest.approx(1.0)
    assert row[["first_period", "last_period"]].tolist() == ["2024-winter", "2025-winter"]
