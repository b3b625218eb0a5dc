import geopandas as gpd
import numpy as np
import pytest
import shapely

from pipeline.rights_registry.shapes import PackedShapes, ParcelShapes, split_places


@pytest.fixture
def shapes():
    """A lattice of boxes in no order, and among them a polygon with a hole, and one of two parts."""
    x, y = (1e-3 * axis.ravel() for axis in np.meshgrid(np.arange(32), np.arange(32)))
    boxes = np.random.default_rng(2).permutation(shapely.box(121 + x, 31 + y, 121.001 + x, 31.001 + y))
    boxes[3] = boxes[3].difference(shapely.centroid(boxes[3]).buffer(1e-4))
    boxes[700] = shapely.MultiPolygon([boxes[5], boxes[900]])
    return boxes


def test_shapes_come_back_bit_by_bit_in_the_order_that_is_asked_for(shapes):
    packed = PackedShapes.concat([PackedShapes.of(part) for part in np.array_split(shapes, 7)])
    places = np.array([1023, 3, 700, 3, 0, 512])
    assert shapely.equals_identical(packed.at(places), shapes[places]).all()
    assert shapely.equals_identical(packed.all(), shapes).all()
    some = packed.take(places)
    assert shapely.equals_identical(some.all(), shapes[places]).all()
    np.testing.assert_array_equal(some.bounds, shapely.bounds(shapes[places]))


def test_nothing_can_be_packed_too():
    nothing = PackedShapes.concat([])
    assert len(nothing) == len(PackedShapes.of(np.empty(0, dtype=object))) == 0
    assert nothing.group_neighbours() == []
    assert len(nothing.all()) == len(nothing.query((0, 0, 1, 1))) == 0
    assert len(ParcelShapes.concat([])) == 0


def test_shapes_that_meet_bounds_are_those_whose_bounds_do(shapes):
    packed = PackedShapes.of(shapes)
    box = (121.0105, 31.0205, 121.0125, 31.0215)
    expected = np.flatnonzero(shapely.intersects(shapely.box(*box), shapely.envelope(shapes)))
    np.testing.assert_array_equal(packed.query(box), expected)


def test_neighbourhoods_hold_every_shape_once_and_neighbours_together(shapes):
    shapes[700] = shapes[5]
    packed = PackedShapes.of(shapes)
    parts = packed.group_neighbours(64)
    assert sorted(np.concatenate(parts)) == list(range(1024))
    assert max(map(len, parts)) <= 64
    extent = [shapely.area(shapely.box(*shapely.total_bounds(shapes[part]))) for part in parts]
    assert sum(extent) < 4 * shapely.area(shapely.box(*shapely.total_bounds(shapes)))


def test_the_order_along_the_curve_is_that_of_geopandas(shapes):
    order = np.argsort(gpd.GeoSeries(shapes).hilbert_distance().to_numpy(), kind="stable")
    np.testing.assert_array_equal(np.concatenate(PackedShapes.of(shapes).group_neighbours(100)), order)


def test_parcels_keep_ids_and_areas_with_their_shapes(shapes):
    table = gpd.GeoDataFrame(
        {"parcel_id": [f"P{number}" for number in range(1024)], "area_m2": np.arange(1024.0)}, geometry=shapes
    )
    halves = [ParcelShapes.of(table.iloc[:400]), ParcelShapes.of(table.iloc[400:])]
    parcels = ParcelShapes.concat(halves).take(np.array([900, 2]))
    assert parcels.ids.tolist() == ["P900", "P2"]
    assert parcels.areas_m2.tolist() == [900.0, 2.0]
    assert shapely.equals_identical(parcels.shapes.all(), shapes[[900, 2]]).all()


def test_parts_leave_nothing_out():
    assert [part.tolist() for part in split_places(np.arange(7), 3)] == [[0, 1, 2], [3, 4, 5], [6]]
