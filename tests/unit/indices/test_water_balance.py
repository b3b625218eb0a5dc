"""Deficits of water: the sign is kept, and supply is none of them."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.indices.climate import count_hot_days
from pipeline.indices.water_balance import compute_deficit


@given(st.floats(0, 3000), st.floats(0, 3000), st.floats(0, 1))
def test_a_deficit_is_what_lies_below_zero_and_supply_and_deficit_are_the_balance(rain, evaporated, runoff):
    found = compute_deficit(*(np.array([[value]]) for value in (rain, evaporated, runoff)))[0, 0]
    balance = rain * (1 - runoff) - evaporated
    supply = max(balance, 0.0)
    assert np.isnan(found) == (balance >= 0)
    assert np.isclose(supply + np.nan_to_num(found), balance, rtol=1e-12, atol=1e-12)


def test_what_is_unknown_is_no_deficit():
    numbers = np.array([[100.0, np.nan, 100.0, 100.0]]), np.array([[200.0, 200.0, np.nan, 200.0]])
    runoff = np.array([[0.5, 0.5, 0.5, np.nan]])
    assert np.isnan(compute_deficit(*numbers, runoff)).tolist() == [[False, True, True, True]]


def test_hot_days_are_those_of_parts_above_the_threshold():
    temperature = np.array([10.0, 26.0, 26.1, 30.0])[:, None, None] + np.array([[0.0, 5.0, np.nan]])
    found = count_hot_days(temperature, days=(31, 28, 31, 30), threshold=26.0)
    assert found[0, :2].tolist() == [61, 89]
    assert np.isnan(found[0, 2])
