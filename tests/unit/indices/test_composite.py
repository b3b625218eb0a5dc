"""The median of all clear looks, and the one look that stands for all."""

from importlib.util import find_spec
from itertools import product

import numpy as np
import pytest

from pipeline.contracts import REFLECTANCE_LIMIT, REFLECTANCE_NODATA
from pipeline.indices.composite import (
    _build_sorting_network,
    choose_greenest_look,
    choose_medoid_look,
    compute_median,
    count_looks,
    take_looks,
)

NOTHING = REFLECTANCE_NODATA


@pytest.mark.parametrize("size", range(13))
def test_the_network_sorts_whatever_comes(size):
    """By the 0-1 principle a network that sorts all zeros and ones sorts everything."""
    values = np.array(list(product([0, 1], repeat=size)), dtype=np.int8).reshape(2**size, size)
    for upper, lower in _build_sorting_network(size):
        low, high = values[:, [upper, lower]].min(axis=1), values[:, [upper, lower]].max(axis=1)
        values[:, upper], values[:, lower] = low, high
    assert (np.diff(values, axis=1) >= 0).all()


def test_an_even_number_of_looks_gives_the_mean_of_the_middle_two_rounded_half_to_even():
    stack = np.array([[[1, 1, -1, 2, -5]], [[2, 4, -2, 5, -10]]], dtype=np.int16)
    assert compute_median(stack).tolist() == [[2, 2, -2, 4, -8]]


def test_the_limits_are_values_and_only_nodata_is_nothing():
    stack = np.array([[[REFLECTANCE_LIMIT, -REFLECTANCE_LIMIT, REFLECTANCE_NODATA]]] * 3, dtype=np.int16)
    assert compute_median(stack).tolist() == [[REFLECTANCE_LIMIT, -REFLECTANCE_LIMIT, REFLECTANCE_NODATA]]
    stack[0] = REFLECTANCE_NODATA
    assert compute_median(stack).tolist() == [[REFLECTANCE_LIMIT, -REFLECTANCE_LIMIT, REFLECTANCE_NODATA]]


def test_no_date_at_all_is_nothing():
    assert (compute_median(np.empty((0, 2, 3), dtype=np.int16)) == REFLECTANCE_NODATA).all()
    assert compute_median(np.empty((2, 0, 3), dtype=np.int16)).shape == (0, 3)


def test_the_stack_is_left_as_it_was():
    stack = np.random.default_rng(1).integers(-9, 9, (5, 4, 3), dtype=np.int16)
    before = stack.copy()
    compute_median(stack)
    assert (stack == before).all()


def one_pixel(*bands):
    """Stacks (band, date, 1, 1) of the values of each band."""
    return np.array(bands, dtype=np.int16)[:, :, None, None]


def test_the_looks_are_the_dates_with_an_owner():
    owner = np.array([[[0, 1, 2]], [[0, 0, 3]], [[0, 1, 1]]], dtype=np.uint8)
    assert count_looks(owner).tolist() == [[0, 2, 3]]
    assert count_looks(owner).dtype == np.uint16
    assert count_looks(owner[:0]).tolist() == [[0, 0, 0]]


def test_the_medoid_is_a_look_that_was_seen_and_haze_does_not_move_it():
    red, nir = [300, 310, 320, 4000, 5000], [2000, 2010, 2030, 4500, 5200]
    stacks = one_pixel(red, nir)
    assert choose_medoid_look(stacks, ("red", "nir")).item() == 2
    assert take_looks(stacks[1], choose_medoid_look(stacks, ("red", "nir"))).item() == 2030


def test_of_equal_looks_the_first_is_chosen():
    assert choose_medoid_look(one_pixel([10, 20], [5, 5]), ("red", "nir")).item() == 0
    assert choose_medoid_look(one_pixel([0, 30, 10, 20], [0, 0, 0, 0]), ("red", "nir")).item() == 2
    assert choose_greenest_look(one_pixel([100, 200, 300], [300, 600, 900]), ("red", "nir")).item() == 0


def test_a_look_that_lacks_a_band_that_others_have_is_not_chosen():
    stacks = one_pixel([NOTHING, 500, 900], [800, 700, 600])
    assert choose_medoid_look(stacks, ("red", "nir")).item() == 1
    assert choose_greenest_look(stacks, ("red", "nir")).item() == 1
    lacking = one_pixel([NOTHING, NOTHING, NOTHING], [800, 700, 760])
    assert choose_medoid_look(lacking, ("red", "nir")).item() == 2
    assert choose_greenest_look(lacking, ("red", "nir")).item() == -1


def test_where_there_is_no_look_nothing_is_taken():
    stacks = np.full((2, 3, 1, 2), NOTHING, dtype=np.int16)
    for chosen in (choose_medoid_look(stacks, ("red", "nir")), choose_greenest_look(stacks, ("red", "nir"))):
        assert chosen.tolist() == [[-1, -1]]
        assert take_looks(stacks[0], chosen).tolist() == [[NOTHING, NOTHING]]
    empty = np.empty((2, 0, 1, 2), dtype=np.int16)
    assert take_looks(empty[0], choose_medoid_look(empty, ("red", "nir"))).tolist() == [[NOTHING, NOTHING]]
    assert choose_greenest_look(stacks, ("red", "blue")).tolist() == [[-1, -1]]


def test_a_look_without_an_ndvi_comes_after_all_that_have_one():
    stacks = one_pixel([-300, 400, -50], [200, 100, 40])
    assert choose_greenest_look(stacks, ("red", "nir")).item() == 1
    assert choose_greenest_look(stacks[:, ::2], ("red", "nir")).item() == 0


@pytest.mark.parametrize(("red", "nir"), [(-50, 100), (-100, 3000), (0, 399), (200, -1)])
def test_a_look_at_dark_water_is_never_the_greenest(red, nir):
    stacks = one_pixel([red, 900, red], [nir, 700, nir])
    assert choose_greenest_look(stacks, ("red", "nir")).item() == 1


def test_numbagg_is_not_installed():
    assert find_spec("numbagg") is None, (
        "xarray prefers it, and its medians take six times as long as numpy's"
    )
