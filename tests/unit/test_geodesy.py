import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import Transformer

from pipeline.errors import InputError
from pipeline.geodesy import (
    CGCS2000,
    ELLIPSOID,
    measure_area_m2,
    measure_areas_m2,
    project,
    project_all,
    to_cgcs2000,
    unproject,
    unproject_all,
)
from tests.hairs import draw_hairs

SQUARE = shapely.box(121.8, 31.4, 121.8005, 31.4008)


def test_an_area_is_that_of_the_geodesic_polygon_where_edges_are_short():
    area, _ = ELLIPSOID.geometry_area_perimeter(SQUARE)
    assert measure_area_m2(SQUARE) == pytest.approx(abs(area), rel=1e-12)


def test_long_edges_are_straight_in_degrees():
    wide = shapely.box(121, 31, 122, 32)
    dense = gpd.GeoSeries([shapely.segmentize(wide, 1e-4)], crs="EPSG:4326").to_crs("EPSG:6933").area.iloc[0]
    assert measure_area_m2(wide) == pytest.approx(dense, rel=1e-7)


def test_holes_count_off_parts_add_up_and_the_rest_is_nothing():
    hole = shapely.box(121.8001, 31.4001, 121.8002, 31.4002)
    far = shapely.box(110, 30, 110.001, 30.001)
    shapes = [
        shapely.difference(SQUARE, hole),
        shapely.MultiPolygon([SQUARE, far]),
        shapely.GeometryCollection([SQUARE, shapely.Point(121, 31)]),
        shapely.Polygon(),
        shapely.LineString([(121, 31), (122, 32)]),
    ]
    square, small, other = (measure_area_m2(shape) for shape in (SQUARE, hole, far))
    assert measure_areas_m2(shapes).tolist() == pytest.approx(
        [square - small, square + other, square, 0, 0], abs=1e-4
    )


def test_a_needle_that_rounding_makes_invalid_keeps_its_area():
    """shapely.segmentize turns this polygon into slivers: it lost 73 of 73 hectares."""
    corners = [(121.8, 31.4), (121.806, 31.41), (121.811, 31.408), (121.81174410397414, 31.402419220194002)]
    needle = [(121.80523540071178, 31.400218141696325), (121.812, 31.4005)]
    polygon = shapely.Polygon([*corners, *needle])
    assert measure_area_m2(polygon) == pytest.approx(
        measure_area_m2(shapely.Polygon([*corners, needle[0]])), rel=1e-4
    )
    there = project(polygon, "EPSG:32651")
    assert there.area == pytest.approx(measure_area_m2(polygon), rel=2e-3)


def test_projecting_many_gives_what_projecting_one_gives_and_there_is_a_way_back():
    shapes = np.array(
        [SQUARE, shapely.force_3d(SQUARE, 4.0), shapely.box(121, 31, 121.2, 31.1)], dtype=object
    )
    there = project_all(shapes, "EPSG:32651")
    for one, many in zip(shapes, there, strict=True):
        assert project(one, "EPSG:32651").equals(many)
    assert len(shapely.get_coordinates(there[2])) > 500
    back = unproject_all(there, "EPSG:32651")
    assert np.allclose(shapely.area(back), shapely.area(shapes), rtol=1e-9)
    assert unproject(there[0], "EPSG:32651").equals_exact(SQUARE, 1e-9, normalize=True)
    assert project_all(np.array([], dtype=object), "EPSG:32651").size == 0


def test_a_foreign_datum_goes_by_its_published_way_not_by_a_guess():
    """Amersfoort in the Dutch grid: 52.1551744 N, 5.3872035 E in WGS 84 (not 52.15616, 5.38764)."""
    lon, lat = to_cgcs2000("EPSG:28992").transform(155_000, 463_000)
    assert lon == pytest.approx(5.3872035, abs=1e-5)
    assert lat == pytest.approx(52.1551744, abs=1e-5)


def test_a_datum_without_a_published_way_is_refused():
    with pytest.raises(InputError, match="Xian 1980"):
        to_cgcs2000("EPSG:4610")


def test_degrees_of_cgcs2000_stay_as_they_are():
    assert to_cgcs2000(CGCS2000).transform(121.5, 31.5) == (121.5, 31.5)


def test_a_hair_that_crosses_itself_in_the_plane_is_no_ground_and_leaves_the_parcel_valid():
    hairs = draw_hairs(400)
    corners = shapely.get_coordinates(hairs)
    moved = np.column_stack(
        Transformer.from_crs(CGCS2000, "EPSG:32651", always_xy=True).transform(*corners.T)
    )
    crossing = ~shapely.is_valid(shapely.set_coordinates(hairs.copy(), moved))
    assert crossing.sum() > 10
    projected = project_all(hairs, "EPSG:32651")
    assert shapely.is_valid(projected).all()
    np.testing.assert_allclose(shapely.area(projected), 60 * 45, rtol=1e-6)
