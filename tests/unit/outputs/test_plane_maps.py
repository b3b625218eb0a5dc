"""Maps in a plane CRS: the zone of a place, a round ratio that its ground fits, a round grid."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS

from pipeline.outputs.plane_maps import choose_ratio, choose_step, describe_crs, find_zone


@given(st.floats(73.6, 135.05))
def test_the_meridian_of_the_zone_is_the_nearest(longitude):
    zone = CRS(find_zone(longitude))
    (meridian,) = (
        one.value for one in zone.coordinate_operation.params if one.name == "Longitude of natural origin"
    )
    assert abs(meridian - longitude) <= 1.5
    assert zone.name == f"CGCS2000 / 3-degree Gauss-Kruger CM {meridian:.0f}E"


def test_a_crs_is_told_by_name_and_code():
    assert describe_crs("EPSG:4549") == "CGCS2000 / 3-degree Gauss-Kruger CM 120E (EPSG:4549)"


@given(across=st.floats(0, 1e6), down=st.floats(0, 1e6), width=st.floats(10, 500), height=st.floats(10, 500))
def test_the_ground_fits_the_map_and_would_not_at_half_the_ratio(across, down, width, height):
    ratio = choose_ratio(across, down, width, height)
    assert across * 1000 / ratio <= width
    assert down * 1000 / ratio <= height
    assert max(across * 1000 / ratio / width, down * 1000 / ratio / height) > 0.5 or ratio <= 200
    assert f"{ratio:g}".rstrip("0") in {"1", "15", "2", "25", "3", "4", "5", "6", "8"} or ratio >= 1_000_000


@given(st.floats(1, 1e7))
def test_a_few_lines_of_the_grid_fit_a_width(width):
    step = choose_step(width)
    assert 3 <= width / step <= 7.6
    assert f"{step:e}"[0] in "125"


@pytest.mark.parametrize(
    ("longitude", "code"), [(120.5, "EPSG:4549"), (121.93, "EPSG:4550"), (106.7, "EPSG:4545")]
)
def test_zones_of_the_three_areas(longitude, code):
    assert find_zone(longitude) == code
