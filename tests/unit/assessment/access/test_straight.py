"""Homes are cut exactly where the limit runs, against circles, strips and a lattice of points."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.aoi import Aoi, Part
from pipeline.assessment.access.dividing import divide_shapes
from pipeline.assessment.access.plane import build_plane, find_scale, shrink
from pipeline.assessment.access.straight import QUADRANT_SEGMENTS, Nearness, find_straight
from pipeline.geodesy import ELLIPSOID, project_all

LIMIT = 300.0
CHORD = (math.pi / 2 / QUADRANT_SEGMENTS) ** 2 / 6
"""Share of a circle that lies between it and a polygon with so many corners."""


def shapes(*found):
    return np.array(found, dtype=object)


def test_a_strip_beside_a_park_is_served_as_far_as_the_limit():
    park = shapes(shapely.box(-50, -5000, 0, 5000))
    homes = shapes(shapely.box(0, 0, 1000, 400), shapely.box(250, 0, 450, 100), shapely.box(301, 0, 400, 9))
    found = find_straight(homes, park, LIMIT)
    assert found.share == pytest.approx([0.3, 0.25, 0], abs=1e-6)
    assert shapely.area(found.rest) == pytest.approx([280_000, 15_000, 891], abs=1e-3)
    assert found.nearest_m == pytest.approx([650, 375, 350.5], abs=1e-5)


def test_a_circle_about_a_point_is_served_but_for_its_chords():
    tiny = shapes(shapely.Point(0, 0).buffer(1e-4))
    (share,) = find_straight(shapes(shapely.box(-1000, -1000, 1000, 1000)), tiny, LIMIT).share
    whole = math.pi * LIMIT**2 / 2000**2
    assert whole * (1 - 1.001 * CHORD) <= share <= whole


def test_who_is_exactly_at_the_limit_is_served_and_who_is_a_centimetre_further_is_not():
    park = shapes(shapely.box(-50, -50, 0, 50))
    homes = shapes(shapely.Point(300, 0), shapely.Point(300.01, 0), shapely.Point(180, 50 + 240))
    found = find_straight(homes, park, LIMIT)
    assert found.share.tolist() == [1, 0, 1]
    assert found.nearest_m[1] == pytest.approx(300.01)
    assert shapely.is_empty(found.rest).tolist() == [True, False, True]


def test_a_home_that_only_touches_the_limit_is_not_served():
    found = find_straight(shapes(shapely.box(300, 0, 310, 10)), shapes(shapely.box(-9, -99, 0, 99)), LIMIT)
    assert found.share == pytest.approx([0], abs=1e-6)


def test_a_home_inside_of_a_park_is_served_and_one_without_any_park_is_not():
    home = shapes(shapely.box(0, 0, 10, 10))
    assert find_straight(home, shapes(shapely.box(-99, -99, 99, 99)), LIMIT).share.tolist() == [1]
    lonely = find_straight(home, shapes(), LIMIT)
    assert lonely.share.tolist() == [0]
    assert lonely.nearest.tolist() == [-1]
    assert np.isinf(lonely.nearest_m).all()


def test_no_home_is_no_trouble():
    assert len(find_straight(shapes(), shapes(shapely.box(0, 0, 1, 1)), LIMIT).share) == 0


def test_what_is_unknown_has_no_share_but_a_reason():
    home = shapes(shapely.box(0, 0, 10, 10))
    found = Nearness.unknown(home, "无图")
    assert np.isnan(found.share).all()
    assert found.reason.tolist() == ["无图"]


def test_the_nearest_place_is_named_by_its_number_however_it_is_divided():
    ring = shapely.Point(5000, 0).buffer(200, quad_segs=400)
    found = find_straight(
        shapes(shapely.box(4000, 0, 4010, 10)), shapes(shapely.box(0, 0, 9, 9), ring), LIMIT
    )
    assert found.nearest.tolist() == [1]
    assert found.nearest_m[0] == pytest.approx(795, abs=0.1)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(*[st.integers(0, 60)] * 2, *[st.integers(1, 20)] * 2), min_size=1, max_size=6),
    st.tuples(*[st.integers(0, 60)] * 2, *[st.integers(1, 40)] * 2),
    st.integers(1, 30),
)
def test_the_share_of_any_home_is_that_of_the_points_within_the_limit(boxes, home, limit):
    places = shapes(*(shapely.box(x, y, x + w, y + h) for x, y, w, h in boxes))
    x, y, width, height = home
    (share,) = find_straight(shapes(shapely.box(x, y, x + width, y + height)), places, float(limit)).share
    step = (np.arange(120) + 0.5) / 120
    px, py = (axis.ravel() for axis in np.meshgrid(x + width * step, y + height * step))
    away = [
        np.hypot(np.maximum(np.maximum(a - px, px - a - w), 0), np.maximum(np.maximum(b - py, py - b - h), 0))
        for a, b, w, h in boxes
    ]
    assert share == pytest.approx((np.min(away, axis=0) <= limit).mean(), abs=0.02)


@settings(max_examples=20, deadline=None)
@given(st.integers(3, 400), st.integers(0, 1000))
def test_a_shape_that_is_divided_is_the_same_ground(corners, seed):
    rng = np.random.default_rng(seed)
    angle = np.sort(rng.uniform(0, 2 * np.pi, corners))
    radius = rng.uniform(20, 500, corners)
    star = shapely.make_valid(
        shapely.Polygon(np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]))
    )
    tiles, owners = divide_shapes(shapes(star, shapely.box(900, 0, 901, 1)))
    assert shapely.get_num_coordinates(tiles).max() <= 64
    assert shapely.area(tiles[owners == 0]).sum() == pytest.approx(shapely.area(star), rel=1e-9)
    assert (owners == 1).sum() == 1


@pytest.mark.parametrize("east", [-0.8, 0.0, 0.2, 0.79])
def test_distances_in_the_plane_are_those_of_the_ellipsoid_to_a_millimetre(east):
    outline = shapely.box(119.6, 31.0, 121.2, 31.3)
    aoi = Aoi("a", "甲", "a", (Part("1", "甲", "a", outline, None),), "EPSG:32651", "drawn", "exact")
    start = 120.4 + east, 31.15
    for azimuth in (0, 37, 90, 200):
        lon, lat, _ = ELLIPSOID.fwd(*start, azimuth, LIMIT)
        here, there = project_all(shapes(shapely.Point(start), shapely.Point(lon, lat)), build_plane(aoi))
        found = find_straight(shapes(here), shapes(there.buffer(1e-6)), LIMIT)
        assert found.share.tolist() == [1]
        assert shrink(shapely.distance(here, there), here.x) == pytest.approx(LIMIT, abs=1e-3)


def test_the_limit_is_as_long_far_from_the_middle_of_a_wide_area():
    far = 76_000.0
    park = shapes(shapely.box(far - 50, -5000, far, 5000))
    (share,) = find_straight(shapes(shapely.box(far, 0, far + 1000, 400)), park, LIMIT).share
    assert share == pytest.approx(0.3 * find_scale(far), abs=1e-7)
    assert share > 0.3 + 2e-5


@pytest.mark.slow
def test_a_hundred_thousand_homes_take_seconds_and_little_memory():
    rng = np.random.default_rng(1)
    x, y = rng.uniform(0, 30_000, (2, 100_000))
    width, height = rng.uniform(8, 60, (2, 100_000))
    homes = shapely.box(x, y, x + width, y + height)
    parks = shapely.buffer(shapely.points(*rng.uniform(0, 30_000, (2, 800))), rng.uniform(30, 300, 800))
    found = find_straight(homes, parks, 500.0)
    assert 0.6 < found.share.mean() < 0.8
