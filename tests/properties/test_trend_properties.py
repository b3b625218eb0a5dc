"""What holds for the trend of any series."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from pipeline.indices.trend import KNOWN, TESTS, compute_trend

VALUES = st.one_of(st.just(np.nan), st.integers(-50, 50).map(float))
SERIES = st_numpy.arrays(np.float64, st.tuples(st.integers(1, 20), st.just(2), st.just(3)), elements=VALUES)
CYCLES = st.sampled_from([1, 4])
CORRECTED = st.sampled_from([("ar1", 1), ("hamed-rao", 1), ("hirsch-slack", 1), ("hirsch-slack", 4)])


def same(one, other):
    np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12, equal_nan=True)


@settings(max_examples=80)
@given(SERIES, CYCLES)
def test_the_mirrored_series_has_the_mirrored_trend(series, cycle):
    there, back = (compute_trend(values, cycle=cycle, least=3) for values in (series, -series))
    same(there.slope, -back.slope)
    same(there.z, -back.z)
    same(there.p_value, back.p_value)


@settings(max_examples=80)
@given(SERIES, CYCLES)
def test_the_score_knows_only_the_order_and_the_slope_the_size(series, cycle):
    plain, scaled, bent = (
        compute_trend(values, cycle=cycle, least=3) for values in (series, 4 * series + 8, np.cbrt(series))
    )
    same(scaled.slope, 4 * plain.slope)
    same(scaled.z, plain.z)
    same(bent.z, plain.z)


@settings(max_examples=80)
@given(SERIES, CYCLES)
def test_every_figure_is_null_together_and_within_its_bounds(series, cycle):
    found = compute_trend(series, cycle=cycle, least=3)
    known = np.isfinite(found.slope)
    assert (known == np.isfinite(found.z)).all()
    assert (known == np.isfinite(found.p_value)).all()
    assert not known[found.count < 3].any()
    assert ((found.p_value[known] >= 0) & (found.p_value[known] <= 1)).all()
    assert (found.slope[known] * found.z[known] >= 0).all()


@settings(max_examples=80)
@given(SERIES, CORRECTED)
def test_every_test_mirrors_and_says_what_it_does_not_know(series, chosen):
    test, cycle = chosen
    there, back = (compute_trend(values, cycle=cycle, test=test, least=3) for values in (series, -series))
    same(there.z, -back.z)
    assert (there.state == back.state).all()
    assert ((there.state == KNOWN) == np.isfinite(there.p_value)).all()
    same(there.slope, compute_trend(series, cycle=cycle, least=3).slope)


@settings(max_examples=40)
@given(SERIES, st.sampled_from(sorted(TESTS)), st.integers(0, 5), st.integers(0, 5))
def test_periods_without_a_value_before_and_after_change_nothing(series, test, before, after):
    unknown = np.full((6, 2, 3), np.nan)
    padded = np.concatenate([unknown[:before], series, unknown[:after]])
    one, other = (compute_trend(values, test=test, least=3) for values in (series, padded))
    same(one.p_value, other.p_value)
    same(one.slope, other.slope)
