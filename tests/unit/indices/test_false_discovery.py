"""The limit of p-values that bounds the share of false discoveries, against scipy and planted truth."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from pipeline.indices.trend import compute_trend, find_discovery_limit

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=60)


def limit_of(p_values, rate):
    ordered = np.sort(p_values)
    return find_discovery_limit(
        lambda limit: int(np.searchsorted(ordered, limit, side="right")), len(ordered), rate=rate
    )


@given(P_VALUES, st.sampled_from([0.01, 0.05, 0.2]), st.integers(0, 40))
def test_what_is_not_above_the_limit_is_what_scipy_keeps(p_values, rate, strong):
    values = np.array([*p_values, *np.linspace(0, 1e-3, strong)])
    adjusted = false_discovery_control(values)
    kept = values <= limit_of(values, rate)
    clear = np.abs(adjusted - rate) > 1e-12
    np.testing.assert_array_equal(kept[clear], (adjusted <= rate)[clear])


def test_nothing_tested_and_nothing_found_have_no_discovery():
    assert limit_of([], 0.05) == 0
    assert limit_of([0.04, 0.9, 0.6], 0.05) == 0


def test_of_planted_trends_in_noise_the_share_of_false_ones_is_kept_where_each_by_itself_is_not():
    rng = np.random.default_rng(8)
    true = np.arange(4000) < 800
    series = rng.normal(0, 0.05, (15, 1, 4000)) + 0.02 * np.arange(15)[:, None, None] * true
    p_value = compute_trend(series).p_value[0]
    each, together = p_value < 0.05, p_value <= limit_of(p_value, 0.05)
    assert (each & ~true).sum() / each.sum() == pytest.approx(0.15, abs=0.03)
    assert (together & ~true).sum() / together.sum() < 0.05
    assert together[true].mean() > 0.9
