"""Ways along streets, against a graph drawn by hand and a Dijkstra of plain Python."""

import heapq
import math
from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipeline.assessment.access.places import assign_gates
from pipeline.assessment.access.streets import build_network, count_crossings
from pipeline.assessment.access.walking import (
    NO_STREET,
    NO_WAY,
    find_along_streets,
    find_gates,
    find_middles,
    find_open_entries,
)

REACH = 20.0


def lines(*paths):
    return np.array([shapely.LineString(path) for path in paths], dtype=object)


def shapes(*found):
    return np.array(found, dtype=object)


@pytest.fixture
def town():
    """A high street, a lane from its middle, an alley that ends just short of it, a bridge, a track."""
    return build_network(
        lines(
            [(0, 0), (100, 0), (200, 0)],
            [(100, 0), (100, 100)],
            [(50, 0.5), (50, 80)],
            [(0, 50), (80, 50)],
            [(500, 0), (600, 0)],
        ),
        join_m=1.0,
    )


PARK = shapes(shapely.box(90, 110, 110, 130))
HOMES = {
    (0, 10): 10 + 100 + 100 + 10,
    (200, 0): 100 + 100 + 10,
    (150, -20): 20 + 50 + 100 + 10,
    (50, 80): 79.5 + 0.5 + 50 + 100 + 10,
    (100, 60): 40 + 10,
}


def find(homes, entries, network, limit_m=220.0):
    return find_along_streets(
        shapes(*map(shapely.Point, homes)), entries, network, limit_m=limit_m, reach_m=REACH
    )


def test_ways_are_those_that_one_walks_by_hand(town):
    entries = find_open_entries(PARK, np.array([7]), town, REACH)
    found = find(HOMES, entries, town)
    assert found.nearest_m == pytest.approx(list(HOMES.values()), abs=1e-6)
    assert found.share.tolist() == [1, 1, 1, 0, 1]
    assert found.nearest.tolist() == [7] * 5


def test_a_home_exactly_at_the_limit_is_served_and_one_beyond_it_is_not(town):
    entries = find_open_entries(PARK, np.array([0]), town, REACH)
    assert find([(0, 10)], entries, town, 220.0).share.tolist() == [1]
    assert find([(0, 10)], entries, town, 219.98).share.tolist() == [0]


def test_a_street_over_another_does_not_meet_it(town):
    found = find([(0, 50)], find_open_entries(PARK, np.array([0]), town, REACH), town)
    assert np.isnan(found.share).all()
    assert found.reason.tolist() == [NO_WAY]
    assert count_crossings(town) == 1


def test_who_is_on_no_street_or_on_one_that_leads_nowhere_is_unknown_and_not_unserved(town):
    entries = find_open_entries(PARK, np.array([0]), town, REACH)
    found = find([(550, 5), (550, 300), (200, 20), (200, 20.02)], entries, town)
    assert np.isnan(found.share).tolist() == [True, True, False, True]
    assert found.reason.tolist() == [NO_WAY, NO_STREET, None, NO_STREET]
    assert np.isnan(found.nearest_m).tolist() == [True, True, False, True]


def test_a_park_with_a_gate_is_entered_there_alone(town):
    gates = shapes(shapely.Point(200, 5), shapely.Point(5000, 0))
    entries = find_gates(gates, np.array([3, 3]), town, REACH)
    found = find([(0, 0)], entries, town)
    assert found.nearest_m == pytest.approx([205], abs=1e-6)
    assert found.nearest.tolist() == [3]


def test_a_street_inside_of_a_park_needs_no_leg(town):
    park = shapes(shapely.box(120, -10, 180, 10))
    found = find([(0, 0), (150, 0), (200, 0)], find_open_entries(park, np.array([0]), town, REACH), town)
    assert found.nearest_m == pytest.approx([120, 30, 20])


def test_a_street_that_is_drawn_twice_is_one():
    twice = build_network(lines([(0, 0), (100, 0), (0, 0)], [(100, 0), (0, 0)]), join_m=1.0)
    assert len(twice.ends) == 1
    entries = find_gates(shapes(shapely.Point(60, 0)), np.array([0]), twice, REACH)
    assert find([(50, 0)], entries, twice).nearest_m == pytest.approx([10], abs=1e-6)


def test_without_any_place_no_way_is_known(town):
    nothing = find_open_entries(shapes(), np.empty(0, dtype=int), town, REACH)
    assert find([(0, 0)], nothing, town).reason.tolist() == [NO_WAY]


def test_gates_belong_to_the_nearest_park_within_reach():
    parks = shapes(shapely.box(0, 0, 10, 10), shapely.box(30, 0, 40, 10))
    gates = shapes(shapely.Point(12, 5), shapely.Point(29, 5), shapely.Point(500, 5))
    assert assign_gates(gates, parks, REACH).tolist() == [0, 1, -1]
    assert assign_gates(gates[:0], parks, REACH).tolist() == []


def test_the_middle_of_a_home_lies_on_it():
    horseshoe = shapely.box(0, 0, 30, 30) - shapely.box(5, 5, 25, 30)
    middles = find_middles(shapes(shapely.box(0, 0, 10, 20), horseshoe, shapely.Point(3, 4)))
    assert middles[0].equals(shapely.Point(5, 10))
    assert horseshoe.intersects(middles[1])
    assert middles[2].equals(shapely.Point(3, 4))


def lies_on(corner, start, end):
    """Whether a corner of whole numbers lies on a piece, its ends among them."""
    (x, y), (ax, ay), (bx, by) = corner, start, end
    straight = (x - ax) * (by - ay) == (y - ay) * (bx - ax)
    return straight and min(ax, bx) <= x <= max(ax, bx) and min(ay, by) <= y <= max(ay, by)


def walk(paths, homes, gates):
    """Shortest ways by a heap, on corners and feet of perpendiculars that are found without any library."""
    drawn = [piece for path in paths for piece in pairwise(path) if piece[0] != piece[1]]
    corners = {corner for piece in drawn for corner in piece}
    split = [
        tuple(sorted(part))
        for start, end in drawn
        for part in pairwise(sorted(c for c in corners if lies_on(c, start, end)))
    ]
    pieces = list(dict.fromkeys(split))

    def foot(point):
        best = []
        for number, ((ax, ay), (bx, by)) in enumerate(pieces):
            along = ((point[0] - ax) * (bx - ax) + (point[1] - ay) * (by - ay)) / (
                (bx - ax) ** 2 + (by - ay) ** 2
            )
            along = min(1.0, max(0.0, along))
            spot = ax + along * (bx - ax), ay + along * (by - ay)
            best.append((math.dist(point, spot), number, along))
        first, *others = sorted(best)
        near = [other for other in others if other[0] < first[0] + 1e-6]
        return first, near

    edges = {}
    spots = {}
    ambiguous = False
    for name, point in {
        **{("home", n): p for n, p in enumerate(homes)},
        **{("gate", n): p for n, p in enumerate(gates)},
    }.items():
        (leg, number, along), near = foot(point)
        at = np.add(pieces[number][0], along * np.subtract(pieces[number][1], pieces[number][0]))
        for other in near:
            there = np.add(
                pieces[other[1]][0], other[2] * np.subtract(pieces[other[1]][1], pieces[other[1]][0])
            )
            ambiguous |= math.dist(at, there) > 1e-9
        spots[name] = leg, number, along
    for number, (start, end) in enumerate(pieces):
        own = sorted((along, name) for name, (_, piece, along) in spots.items() if piece == number)
        chain = [(0.0, start), *own, (1.0, end)]
        for (a, one), (b, other) in pairwise(chain):
            length = (b - a) * math.dist(start, end)
            edges.setdefault(one, []).append((other, length))
            edges.setdefault(other, []).append((one, length))
    ways = {}
    heap = [(spots["gate", n][0], n, ("gate", n)) for n in range(len(gates))]
    order = len(heap)
    heapq.heapify(heap)
    while heap:
        way, _, name = heapq.heappop(heap)
        if name in ways:
            continue
        ways[name] = way
        for other, length in edges[name]:
            order += 1
            heapq.heappush(heap, (way + length, order, other))
    return [ways.get(("home", n), math.inf) + spots["home", n][0] for n in range(len(homes))], ambiguous


spot = st.tuples(st.integers(0, 12), st.integers(0, 12))


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.lists(spot, min_size=2, max_size=5), min_size=1, max_size=8),
    st.lists(st.tuples(st.floats(0, 12), st.floats(0, 12)), min_size=1, max_size=5),
    st.lists(st.tuples(st.floats(0, 12), st.floats(0, 12)), min_size=1, max_size=3),
)
def test_ways_over_any_streets_are_those_of_a_plain_dijkstra(paths, homes, gates):
    assume(all(any(a != b for a, b in pairwise(path)) for path in paths))
    expected, ambiguous = walk(paths, homes, gates)
    assume(not ambiguous)
    network = build_network(lines(*paths), join_m=1e-9)
    entries = find_gates(shapes(*map(shapely.Point, gates)), np.arange(len(gates)), network, 50.0)
    found = find_along_streets(
        shapes(*map(shapely.Point, homes)), entries, network, limit_m=9.0, reach_m=50.0
    )
    known = np.isfinite(expected)
    assert np.isfinite(found.nearest_m).tolist() == known.tolist()
    assert found.nearest_m[known] == pytest.approx(np.array(expected)[known], abs=1e-6)
    sure = known & (np.abs(np.array(expected) - 9.005) > 1e-6)
    assert found.share[sure].tolist() == (np.array(expected)[sure] <= 9.005).tolist()
