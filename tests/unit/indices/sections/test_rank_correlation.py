"""Rank correlation and its p-value against scipy, and against all arrangements one by one."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from pipeline.indices.sections.rank_correlation import DRAWN, EXACT, correlate_ranks

series = st.lists(st.sampled_from([0.1, 0.2, 0.35, 0.5, 0.9]), min_size=3, max_size=6).filter(
    lambda values: len(set(values)) > 1
)


@settings(max_examples=25)
@given(series)
def test_the_exact_p_value_is_the_share_of_all_arrangements(values):
    order = range(len(values))
    seen = spearmanr(order, values).statistic
    all_of_them = [abs(spearmanr(order, one).statistic) for one in set(permutations(values))]
    found = correlate_ranks(values)
    assert found.rs == pytest.approx(seen, abs=1e-12)
    assert found.p_method == EXACT
    assert found.p_value == pytest.approx(np.mean(np.array(all_of_them) >= abs(seen) - 1e-12))


@pytest.mark.parametrize(
    ("number", "rs", "one_side"), [(5, 0.9, 5 / 120), (7, 1.0, 1 / 5040), (10, 1.0, 1 / 3628800)]
)
def test_the_textbook_shares_are_found(number, rs, one_side):
    values = list(range(number))
    if rs < 1:
        values[-2:] = values[:-3:-1]
    found = correlate_ranks(values)
    assert found.rs == pytest.approx(rs)
    assert found.p_value == pytest.approx(2 * one_side)


@pytest.mark.parametrize("number", [11, 24, 60])
def test_longer_series_are_judged_by_the_same_arrangements_every_time_and_as_scipy_does(number):
    values = np.random.default_rng(number).normal(size=number) + np.linspace(0, 1.5, number)
    found, expected = correlate_ranks(values), spearmanr(range(number), values)
    assert found.p_method == DRAWN
    assert found.rs == pytest.approx(expected.statistic)
    assert found.p_value == pytest.approx(expected.pvalue, abs=0.02)
    assert correlate_ranks(values) == found


def test_equal_values_have_no_correlation():
    found = correlate_ranks([0.3] * 8)
    assert np.isnan([found.rs, found.p_value]).all()
    assert found.p_method is None


def test_the_sign_is_that_of_the_course():
    assert correlate_ranks([3, 3, 2, 1, 1]).rs < 0 < correlate_ranks([1, 1, 2, 3, 3]).rs
