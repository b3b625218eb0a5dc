from functools import partialmethod
from itertools import combinations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.geodesy import CGCS2000, measure_area_m2
from pipeline.rights_registry import topology
from pipeline.rights_registry.rules.rule import LEAST_SHARED_M2
from pipeline.rights_registry.shapes import PackedShapes, ParcelShapes

LEFT, BOTTOM, STEP = 121.82, 31.41, 0.004


def box(col, row, cols=1.0, rows=1.0):
    x, y = LEFT + col * STEP, BOTTOM + row * STEP
    return shapely.box(x, y, x + cols * STEP, y + rows * STEP)


def gaps(parcels):
    shapes = ParcelShapes.of(parcels)
    return topology.find_gaps(shapes, topology.find_lie(shapes.shapes))


def overlaps(parcels):
    shapes = ParcelShapes.of(parcels)
    return topology.find_overlaps(shapes, topology.find_lie(shapes.shapes))


def union(shapes):
    return topology.unite(PackedShapes.of(shapes))


def table(*shapes):
    ids = [f"P{number}" for number in range(len(shapes))]
    return gpd.GeoDataFrame({"parcel_id": ids, "area_m2": 1.0}, geometry=list(shapes), crs=CGCS2000)


def ring_of_eight():
    return [box(col, row) for row in range(3) for col in range(3) if (col, row) != (1, 1)]


def test_a_gap_is_told_beside_the_first_parcel_that_touches_it_with_its_area_and_place():
    (gap,) = gaps(table(*ring_of_eight())).itertuples()
    assert gap.gap_m2 == pytest.approx(measure_area_m2(box(1, 1)), rel=1e-6)
    assert shapely.intersects_xy(box(1, 1), gap.lon, gap.lat)
    assert (gap.parcel_id, gap.key) == ("P0", 1)
    assert gap.geometry.equals(box(0, 0))


def test_a_parcel_alone_in_a_gap_leaves_the_rest_of_it():
    inner = shapely.box(LEFT + 1.4 * STEP, BOTTOM + 1.4 * STEP, LEFT + 1.6 * STEP, BOTTOM + 1.6 * STEP)
    (gap,) = gaps(table(*ring_of_eight(), inner)).itertuples()
    assert gap.gap_m2 == pytest.approx(measure_area_m2(box(1, 1)) - measure_area_m2(inner), rel=1e-6)


def test_what_is_open_to_the_outside_and_what_is_rounding_are_no_gaps():
    open_bay = [box(0, 0), box(1, 0), box(0, 1), box(0, 2), box(1, 2)]
    assert gaps(table(*open_bay)).empty
    shaken = [shapely.transform(shape, lambda points: points + 3e-14) for shape in ring_of_eight()[::2]]
    assert len(gaps(table(*shaken, *ring_of_eight()[1::2]))) == 1
    assert gaps(table()).empty


def test_the_union_is_that_of_shapely_for_parcels_that_fit_and_that_do_not():
    shapes = np.array([*ring_of_eight(), box(0.5, 0.5), box(5, 5)], dtype=object)
    assert measure_area_m2(union(shapes)) == pytest.approx(
        measure_area_m2(shapely.union_all(shapes)), rel=1e-9
    )
    assert union(shapes[:0]).is_empty


def test_shapes_that_only_rounding_brings_together_are_neighbours_wherever_the_register_is_cut():
    near, long = box(2, 0, 2.0, 0.5), box(4, 0, 0.5, 1.0)
    assert near.bounds[2] < long.bounds[0]
    packed = PackedShapes.of(np.array([near, long], dtype=object))
    whole = topology.find_lie(packed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PackedShapes, "group_neighbours", partialmethod(PackedShapes.group_neighbours, 1))
        parts = topology.find_lie(packed)
    assert measure_area_m2(parts.ground) == pytest.approx(measure_area_m2(whole.ground), rel=1e-12)


boxes = st.tuples(
    st.integers(0, 4), st.integers(0, 4), st.sampled_from([0.5, 1.0, 2.0]), st.sampled_from([0.5, 1.0, 2.0])
)
triangles = st.lists(st.tuples(st.floats(0, 4), st.floats(0, 4)), min_size=3, max_size=3)


@given(st.lists(boxes, max_size=7), st.lists(triangles, max_size=4))
@settings(max_examples=60)
def test_overlaps_are_those_that_every_pair_tried_would_give(cells, corners):
    """Cells on a lattice share edges, corners, halves and all; triangles cut across them."""
    free = [shapely.Polygon([(LEFT + x * STEP, BOTTOM + y * STEP) for x, y in three]) for three in corners]
    shapes = [
        shape for shape in [*(box(*cell) for cell in cells), *free] if shape.is_valid and shape.area > 1e-9
    ]
    found = {(row.parcel_id, row.other_id): row.overlap_m2 for row in overlaps(table(*shapes)).itertuples()}
    tried = {
        (f"P{one}", f"P{two}"): measure_area_m2(shapely.intersection(shapes[one], shapes[two]))
        for one, two in combinations(range(len(shapes)), 2)
    }
    expected = {pair: area for pair, area in tried.items() if area > LEAST_SHARED_M2}
    assert found == pytest.approx(expected)


@given(st.lists(boxes, max_size=9), st.lists(triangles, max_size=4), st.integers(1, 4))
@settings(max_examples=60)
def test_neighbourhood_by_neighbourhood_is_the_same_as_all_at_once(cells, corners, size):
    free = [shapely.Polygon([(LEFT + x * STEP, BOTTOM + y * STEP) for x, y in three]) for three in corners]
    shapes = [
        shape for shape in [*(box(*cell) for cell in cells), *free] if shape.is_valid and shape.area > 1e-9
    ]
    whole, parcels = topology.find_lie(PackedShapes.of(np.array(shapes, dtype=object))), table(*shapes)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PackedShapes, "group_neighbours", partialmethod(PackedShapes.group_neighbours, size))
        parts = topology.find_lie(PackedShapes.of(np.array(shapes, dtype=object)))
        assert measure_area_m2(union(parcels.geometry.to_numpy())) == pytest.approx(
            measure_area_m2(whole.ground), rel=1e-6
        )
    np.testing.assert_array_equal(parts.pairs, whole.pairs)
    assert shapely.area(shapely.symmetric_difference(parts.ground, whole.ground)) < 1e-12
