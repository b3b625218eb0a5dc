"""Which points to label."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from pipeline.indices.sample_design import allocate_points, compute_sample_size, draw_points

STRATA_M2 = np.array([200_000, 150_000, 3_200_000, 6_450_000]) * 900.0


def test_the_published_example_of_the_sample_size_comes_back():
    """Olofsson et al. 2014, 5.1.1: 641 points."""
    assert compute_sample_size(STRATA_M2, np.array([0.7, 0.6, 0.9, 0.95])) == 641


def test_rare_classes_get_the_least_and_the_others_the_rest_by_area():
    """The 75, 75, 165, 325 of the published example, which are rounded."""
    counts = allocate_points(STRATA_M2, 640, least=75)
    assert counts.tolist() == [75, 75, 162, 328]


@given(
    st_numpy.arrays(np.float64, st.integers(1, 8), elements=st.floats(1, 1e9)),
    st.integers(0, 2000),
    st.integers(0, 100),
)
def test_every_point_is_given_and_every_class_has_its_least(strata, points, least):
    counts = allocate_points(strata, points, least=least)
    assert (counts >= least).all()
    assert counts.sum() == max(points, least * len(strata))


def test_a_class_without_area_gets_no_point():
    assert allocate_points(np.array([0.0, 4.0, 8.0]), 30, least=5).tolist() == [0, 10, 20]


def planted():
    return np.random.default_rng(1).choice(np.array([1, 2, 3], dtype=np.uint8), (40, 60), p=[0.01, 0.3, 0.69])


def test_points_lie_in_their_class_once_each_as_many_as_asked_for_or_as_there_are():
    classes = planted()
    points = draw_points(classes, {3: 50, 2: 20, 1: 500, 9: 5}, seed=4)
    assert (classes[points["row"], points["col"]] == points["code"]).all()
    assert not points.duplicated(["row", "col"]).any()
    there = int((classes == 1).sum())
    assert points["code"].value_counts().to_dict() == {3: 50, 2: 20, 1: there}


def test_the_seed_decides_which_points_and_the_order_of_classes_does_not():
    classes = planted()
    once = draw_points(classes, {2: 20, 3: 50}, seed=4)
    again = draw_points(classes, {3: 50, 2: 20}, seed=4)
    other = draw_points(classes, {2: 20, 3: 50}, seed=5)
    assert once.equals(again)
    assert not once.equals(other)
    assert not once["code"].is_monotonic_increasing


def test_every_pixel_of_a_class_is_as_likely():
    classes = np.zeros((3, 4), dtype=np.uint8)
    hits = np.zeros(classes.shape)
    for seed in range(400):
        points = draw_points(classes, {0: 3}, seed=seed)
        hits[points["row"], points["col"]] += 1
    assert hits / 400 == pytest.approx(np.full(classes.shape, 0.25), abs=0.08)


def test_nothing_asked_for_gives_an_empty_table():
    points = draw_points(planted(), {}, seed=0)
    assert list(points.columns) == ["code", "row", "col"]
    assert points.empty
