"""Endmembers by percentile against numpy, over all populations."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.indices.vegetation import RATIO_STEPS, count_ndvi, find_percentile_endmembers


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.integers(-RATIO_STEPS, RATIO_STEPS), min_size=1, max_size=300),
    st.integers(0, 49),
    st.integers(51, 100),
)
def test_percentiles_of_the_histogram_are_those_of_numpy(ndvi, low, high):
    values = np.array(ndvi, dtype=np.int16)
    pair = find_percentile_endmembers(count_ndvi(values, np.ones(len(values), dtype=bool)), low, high)
    ordered = np.sort(values)
    soil, vegetation = (ordered[max(0, -(-share * len(values) // 100) - 1)] for share in (low, high))
    if vegetation <= soil:
        assert pair is None
    else:
        assert pair is not None
        assert (round(pair.soil * RATIO_STEPS), round(pair.vegetation * RATIO_STEPS)) == (soil, vegetation)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 400), st.sampled_from([0.5, 1, 2.5, 5, 12.5, 25]))
def test_the_percentile_is_the_inverted_cdf_of_numpy(count, low):
    values = np.random.default_rng(count).integers(-RATIO_STEPS, RATIO_STEPS, count).astype(np.int16)
    pair = find_percentile_endmembers(count_ndvi(values, np.ones(count, dtype=bool)), low, 100 - low)
    soil, vegetation = np.percentile(values, [low, 100 - low], method="inverted_cdf")
    if vegetation > soil:
        assert pair is not None
        assert (round(pair.soil * RATIO_STEPS), round(pair.vegetation * RATIO_STEPS)) == (soil, vegetation)
