"""The median of all clear looks."""

from importlib.util import find_spec
from itertools import product

import numpy as np
import pytest

from pipeline.contracts import REFLECTANCE_LIMIT, REFLECTANCE_NODATA
from pipeline.indices.composite import _sorting_network, median


@pytest.mark.parametrize("size", range(13))
def test_the_network_sorts_whatever_comes(size):
    """By the 0-1 principle a network that sorts all zeros and ones sorts everything."""
    values = np.array(list(product([0, 1], repeat=size)), dtype=np.int8).reshape(2**size, size)
    for upper, lower in _sorting_network(size):
        low, high = values[:, [upper, lower]].min(axis=1), values[:, [upper, lower]].max(axis=1)
        values[:, upper], values[:, lower] = low, high
    assert (np.diff(values, axis=1) >= 0).all()


def test_an_even_number_of_looks_gives_the_mean_of_the_middle_two_rounded_half_to_even():
    stack = np.array([[[1, 1, -1, 2, -5]], [[2, 4, -2, 5, -10]]], dtype=np.int16)
    assert median(stack).tolist() == [[2, 2, -2, 4, -8]]


def test_the_limits_are_values_and_only_nodata_is_nothing():
    stack = np.array([[[REFLECTANCE_LIMIT, -REFLECTANCE_LIMIT, REFLECTANCE_NODATA]]] * 3, dtype=np.int16)
    assert median(stack).tolist() == [[REFLECTANCE_LIMIT, -REFLECTANCE_LIMIT, REFLECTANCE_NODATA]]
    stack[0] = REFLECTANCE_NODATA
    assert median(stack).tolist() == [[REFLECTANCE_LIMIT, -REFLECTANCE_LIMIT, REFLECTANCE_NODATA]]


def test_no_date_at_all_is_nothing():
    assert (median(np.empty((0, 2, 3), dtype=np.int16)) == REFLECTANCE_NODATA).all()
    assert median(np.empty((2, 0, 3), dtype=np.int16)).shape == (0, 3)


def test_the_stack_is_left_as_it_was():
    stack = np.random.default_rng(1).integers(-9, 9, (5, 4, 3), dtype=np.int16)
    before = stack.copy()
    median(stack)
    assert (stack == before).all()


def test_numbagg_is_not_installed():
    assert find_spec("numbagg") is None, (
        "xarray prefers it, and its medians take six times as long as numpy's"
    )
