"""Areas, scales and coordinates against pyproj and the closed formula of the ellipsoid."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod
from shapely.affinity import rotate

from pipeline.errors import InputError
from pipeline.geodesy import (
    MAX_EDGE_DEG,
    compute_areal_scale,
    measure_area_m2,
    measure_areas_m2,
    project,
    project_all,
    to_cgcs2000,
    unproject,
    unproject_all,
)

A, F = 6378137.0, 1 / 298.257222101
E = math.sqrt(F * (2 - F))
CGCS2000 = Geod(a=A, rf=298.257222101)
ISLAND = rotate(shapely.box(121.7, 31.4, 122.1, 31.6), 23).difference(shapely.box(121.85, 31.45, 121.9, 31.5))


def zone_area_m2(south: float, north: float, width_deg: float) -> float:
    """Closed formula of the area between two parallels (Snyder 1987, equation 3-12)."""

    def q(latitude: float) -> float:
        s = math.sin(math.radians(latitude))
        return (1 - E**2) * (s / (1 - E**2 * s**2) - math.log((1 - E * s) / (1 + E * s)) / (2 * E))

    return A**2 / 2 * math.radians(width_deg) * (q(north) - q(south))


@pytest.mark.parametrize(
    "frame", [(121.5, 31.3, 122.0, 31.7), (106.6, 29.5, 106.7, 29.6), (-70, -40, -69, -39.5)]
)
def test_a_rectangle_of_degrees_has_the_area_of_the_closed_formula(frame):
    west, south, east, north = frame
    assert measure_area_m2(shapely.box(*frame)) == pytest.approx(
        zone_area_m2(south, north, east - west), rel=1e-6
    )


@pytest.mark.parametrize("geometry", [ISLAND, shapely.box(106.6, 29.5, 106.7, 29.6)])
def test_the_area_is_that_of_pyproj_over_the_densified_edges(geometry):
    dense = shapely.segmentize(geometry, MAX_EDGE_DEG)
    theirs, _ = CGCS2000.geometry_area_perimeter(shapely.geometry.polygon.orient(dense))
    assert measure_area_m2(geometry) == pytest.approx(abs(theirs), rel=1e-9)


def test_the_course_of_the_vertices_does_not_matter():
    assert measure_area_m2(shapely.reverse(ISLAND)) == pytest.approx(measure_area_m2(ISLAND), rel=1e-12)
    assert measure_area_m2(shapely.normalize(ISLAND)) == pytest.approx(measure_area_m2(ISLAND), rel=1e-12)


def test_what_is_not_a_polygon_has_no_area():
    mixed = shapely.GeometryCollection(
        [ISLAND, shapely.Point(1, 1), shapely.MultiPolygon([shapely.box(0, 0, 1, 1)])]
    )
    assert measure_area_m2(mixed) == pytest.approx(
        measure_area_m2(ISLAND) + measure_area_m2(shapely.box(0, 0, 1, 1)), rel=1e-12
    )
    for nothing in (shapely.Polygon(), shapely.Point(1, 2), shapely.LineString([(0, 0), (1, 1)])):
        assert measure_area_m2(nothing) == 0
    assert measure_areas_m2([]).shape == (0,)


@settings(max_examples=30, deadline=None)
@given(st.floats(-0.2, 0.2), st.floats(-0.2, 0.2), st.floats(0, 180), st.floats(0.01, 0.3))
def test_parts_and_rest_add_up_to_the_whole(east, north, angle, size):
    cutter = rotate(shapely.box(121.9 + east, 31.5 + north, 121.9 + east + size, 31.5 + north + size), angle)
    parts = measure_areas_m2([ISLAND.intersection(cutter), ISLAND.difference(cutter)])
    assert parts.sum() == pytest.approx(measure_area_m2(ISLAND), rel=1e-9)


@pytest.mark.parametrize("crs", ["EPSG:32651", "EPSG:4550", "EPSG:4549", "EPSG:3857"])
def test_there_and_back_again_is_the_same_place(crs):
    there = project(ISLAND, crs)
    back = unproject(there, crs)
    dense = shapely.segmentize(ISLAND, MAX_EDGE_DEG)
    assert np.abs(shapely.get_coordinates(back) - shapely.get_coordinates(dense)).max() < 1e-9
    (together,) = unproject_all(project_all(np.array([ISLAND]), crs), crs)
    assert together.equals_exact(back, 0)


def test_an_edge_keeps_its_course_when_it_is_projected():
    far = shapely.box(120.1, 31.0, 122.9, 31.9)
    middle = shapely.Point(121.5, 31.9)
    assert project(far, "EPSG:32651").distance(project(middle, "EPSG:32651")) < 0.05


@pytest.mark.parametrize("crs", ["EPSG:32651", "EPSG:4550"])
def test_the_areal_scale_is_that_of_finite_differences(crs):
    lon, lat = np.array([121.6, 122.0, 121.9]), np.array([31.3, 31.6, 31.45])
    step = 1e-3
    (x, y) = np.array([project(shapely.Point(*at), crs).coords[0] for at in zip(lon, lat, strict=True)]).T
    by_map = [
        project(shapely.box(*at - step / 2, *at + step / 2), crs).area for at in np.column_stack([lon, lat])
    ]
    on_ground = [zone_area_m2(north - step / 2, north + step / 2, step) for north in lat]
    np.testing.assert_allclose(compute_areal_scale(crs, x, y), np.divide(by_map, on_ground), rtol=1e-7)


def test_a_datum_without_a_published_way_is_refused_and_named():
    with pytest.raises(InputError, match="Xian 1980"):
        to_cgcs2000("EPSG:4610")
