import math

import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.outputs.spots import place_spots

COORDINATE = st.integers(20, 980).map(lambda tenth: tenth / 10)
NAME = st.text("甲乙丙丁戊abc1", min_size=1, max_size=12)


def place(points, names, tall=60.0):
    return place_spots(points, ["#00ff00"] * len(points), names, tall)


def box_of(spot):
    """Where a name stands, its letters as large as a phone shows them."""
    long = sum(3.4 * (0.55 if letter.isascii() else 1) for letter in spot.name)
    left = spot.x + spot.across - (long if spot.ends else 0)
    return shapely.box(left, spot.y + spot.down - 3, left + long, spot.y + spot.down + 1)


@settings(max_examples=30)
@given(st.lists(st.tuples(COORDINATE, COORDINATE, NAME), min_size=1, max_size=12))
def test_no_name_can_be_taken_for_that_of_another_point(places):
    points = [(x, y * 0.6) for x, y, _ in places]
    spots = place(points, [name for *_, name in places])
    assert [(spot.x, spot.y) for spot in spots] == points
    named = [spot for spot in spots if spot.is_named]
    dots = [shapely.Point(point) for point in points]
    for spot in named:
        box, own = box_of(spot), shapely.Point(spot.x, spot.y)
        others = [dot for other, dot in zip(spots, dots, strict=True) if other is not spot]
        assert shapely.box(-0.01, -0.01, 100.01, 60.01).contains(box)
        assert all(box.distance(dot) > 1.19 for dot in dots)
        if spot.leader is None:
            assert all(box.distance(dot) > box.distance(own) + 1 for dot in others)
        else:
            line = shapely.LineString([own, spot.leader]).difference(own.buffer(1.2))
            assert all(line.distance(dot) > 1.09 for dot in others)
            assert box.distance(shapely.Point(spot.leader)) < 0.5
        assert not any(box.intersection(box_of(other)).area > 0.01 for other in named if other is not spot)


def test_between_two_points_side_by_side_a_name_stands_at_its_own():
    """Names to the right of the left point would stand beside the right one."""
    left, right = place([(50.0, 30.0), (53.0, 30.0)], ["甲断面", "乙断面"])
    assert left.is_named
    assert right.is_named
    assert left.ends
    assert not right.ends


def test_points_of_one_place_have_their_names_at_the_ends_of_lines():
    spots = place([(50.0, 30.0)] * 3, ["甲", "乙", "丙"])
    assert all(spot.is_named and spot.leader is not None for spot in spots)
    assert len({spot.leader for spot in spots}) == 3
    assert all(math.dist((50, 30), spot.leader) >= 5.9 for spot in spots)


def test_a_name_without_a_free_place_is_kept_to_be_told_elsewhere():
    spots = place([(50.0, 3.0)] * 40, ["断面"] * 40, 6.0)
    assert len(spots) == 40
    assert sum(not spot.is_named for spot in spots) > 0
    assert {spot.name for spot in spots} == {"断面"}


def test_a_point_that_is_nowhere_is_left_out_and_the_arrow_keeps_its_place():
    (spot,) = place([None, (95.0, 5.0)], ["甲", "己己己"])
    assert (spot.x, spot.y) == (95.0, 5.0)
    assert not box_of(spot).intersects(shapely.box(91, 0, 100, 11)) or not spot.is_named
    assert place([None], ["甲"]) == []
