"""A shift that the config gives is the one that was planted, or is refused."""

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from pyproj import CRS, Transformer

from pipeline.datum import find_transformer
from pipeline.errors import Problem
from pipeline.settings.crs import GivenCrs, list_grids
from pipeline.settings.placing import parse_crs, settle_shift

PLACE = (121.5, 31.4)
IAG_75, GRS_80 = (6378140.0, 298.257), (6378137.0, 298.257223563)


def to_space(lon, lat, ellipsoid):
    """Geocentric coordinates of a place on an ellipsoid."""
    a, rf = ellipsoid
    e2 = (2 - 1 / rf) / rf
    lon, lat = np.radians([lon, lat])
    n = a / np.sqrt(1 - e2 * np.sin(lat) ** 2)
    return np.array(
        [n * np.cos(lat) * np.cos(lon), n * np.cos(lat) * np.sin(lon), n * (1 - e2) * np.sin(lat)]
    )


def shift_by_hand(lon, lat, parameters, rotation):
    """Where seven parameters bring a place of Xian 1980: by matrices, and back to degrees by pyproj."""
    sign = 1 if rotation == "position_vector" else -1
    rx, ry, rz = (sign * np.radians(angle / 3600) for angle in parameters[3:6])
    turn = np.array([[1, -rz, ry], [rz, 1, -rx], [-ry, rx, 1]])
    there = np.array(parameters[:3]) + (1 + parameters[6] * 1e-6) * turn @ to_space(lon, lat, IAG_75)
    return Transformer.from_crs("EPSG:4978", "EPSG:4326", always_xy=True).transform(*there)[:2]


def xian(parameters, rotation="position_vector", name="EPSG:4610", accuracy_m=0.5):
    names = ["dx_m", "dy_m", "dz_m", "rx_arcsec", "ry_arcsec", "rz_arcsec", "scale_ppm"]
    seven = dict(zip(names, parameters, strict=True), rotation=rotation)
    return GivenCrs(name=name, seven_parameters=seven, accuracy_m=accuracy_m, source="测绘院 2019")


@given(
    st.lists(st.floats(-150, 150), min_size=3, max_size=3),
    st.lists(st.floats(-3, 3), min_size=4, max_size=4),
    st.sampled_from(["position_vector", "coordinate_frame"]),
)
@settings(max_examples=15)
def test_seven_parameters_move_a_place_to_where_matrices_move_it(shift, rest, rotation):
    given_crs = xian([*shift, *rest], rotation)
    crs = parse_crs("r.gpkg", given_crs)
    way = find_transformer(crs, PLACE)
    lon, lat = shift_by_hand(*PLACE, [*shift, *rest], rotation)
    assert way.transform(*PLACE) == pytest.approx((lon, lat), abs=1e-9)
    told = settle_shift("r.gpkg", crs, given_crs, PLACE)
    assert isinstance(told, Problem) or (told.accuracy_m, told.note) == (0.5, "测绘院 2019")


def test_a_projected_register_of_xian_1980_takes_the_same_way():
    parameters = [-10.0, 20.0, 30.0, 1.0, -0.5, 2.0, 3.0]
    east, north = Transformer.from_crs("EPSG:4610", "EPSG:2385", always_xy=True).transform(*PLACE)
    crs = parse_crs("r.gpkg", xian(parameters, name="EPSG:2385"))
    found = find_transformer(crs).transform(east, north)
    assert found == pytest.approx(shift_by_hand(*PLACE, parameters, "position_vector"), abs=1e-9)


@pytest.mark.parametrize("slip", [[0.1, 0.2, 0.3, 1000, 0, 0, 0], [15e3, 0, 0, 0, 0, 0, 0]])
def test_parameters_in_other_units_are_refused_by_how_far_they_move(slip):
    given_crs = xian(slip)
    told = settle_shift("r.gpkg", parse_crs("r.gpkg", given_crs), given_crs, PLACE)
    assert isinstance(told, Problem)
    assert "Xian 1980" in told.found
    assert "units" in told.todo


@pytest.fixture(params=["tif", "gsb"])
def grid_file(request, tmp_path):
    """A grid around 121 E, 32 N that moves by 3.6 seconds north and 1.8 west, which NTv2 counts positive."""
    path = tmp_path / f"xian80.{request.param}"
    about = {
        "height": 21,
        "width": 21,
        "dtype": "float32",
        "transform": rasterio.transform.from_origin(119.95, 33.05, 0.1, 0.1),
    }
    if request.param == "gsb":
        with rasterio.open(path, "w", driver="NTv2", count=4, **about) as grid:
            grid.write(fill(3.6, 1.8, 0, 0))
        return path
    with rasterio.open(path, "w", driver="GTiff", count=2, crs="EPSG:4610", **about) as grid:
        grid.write(fill(3.6, -1.8))
        grid.update_tags(TYPE="HORIZONTAL_OFFSET")
        for band, axis in enumerate(["latitude_offset", "longitude_offset"], start=1):
            grid.set_band_description(band, axis)
            grid.update_tags(band, UNITTYPE="arc-second", **({"positive_value": "east"} if band == 2 else {}))
        grid.units = ("arc-second", "arc-second")
    return path


def fill(*values):
    """Bands that are the same everywhere."""
    return np.stack([np.full((21, 21), value, dtype="float32") for value in values])


def test_a_grid_moves_a_place_by_what_stands_in_it_and_not_beyond_its_edge(grid_file):
    given_crs = GivenCrs(name="EPSG:4610", grid=str(grid_file), accuracy_m=0.1, source="x")
    crs = parse_crs("r.gpkg", given_crs)
    told = settle_shift("r.gpkg", crs, given_crs, PLACE)
    assert find_transformer(crs).transform(*PLACE) == pytest.approx((121.4995, 31.401), abs=1e-7)
    assert told.moved_m == pytest.approx(121, abs=1)
    assert not told.doubtful
    assert str(grid_file) in told.definition
    beyond = settle_shift("r.gpkg", crs, given_crs, (100.0, 30.0))
    assert isinstance(beyond, Problem)
    assert "does not reach" in beyond.found
    assert list_grids(given_crs, None, "EPSG:4490") == [grid_file]


def test_a_grid_that_is_not_there_or_none_is_named(tmp_path):
    lost = GivenCrs(name="EPSG:4610", grid=str(tmp_path / "no.gsb"), accuracy_m=0.1, source="x")
    assert "no.gsb" in parse_crs("r.gpkg", lost).found
    (tmp_path / "no.gsb").write_bytes(b"not a grid")
    told = settle_shift("r.gpkg", parse_crs("r.gpkg", lost), lost, PLACE)
    assert isinstance(told, Problem)
    assert "grid" in told.place


def test_a_given_crs_has_one_way_and_says_how_exact_it_is_and_whose():
    for wrong in [
        {"accuracy_m": 1, "source": "x"},
        {"grid": "a.gsb", "source": "x"},
        {"grid": "a.gsb", "accuracy_m": 1},
        {
            "grid": "a.gsb",
            "accuracy_m": 1,
            "source": "x",
            "seven_parameters": {"dx_m": 1, "dy_m": 1, "dz_m": 1},
        },
    ]:
        with pytest.raises(ValidationError):
            GivenCrs(name="EPSG:4610", **wrong)


def test_a_name_that_is_no_crs_and_one_without_a_datum_are_refused():
    assert "Nowhere 1980" in parse_crs("r.gpkg", "Nowhere 1980").found
    local = xian([0.0] * 7, name='LOCAL_CS["county grid",UNIT["metre",1]]')
    assert "county grid" in parse_crs("r.gpkg", local).found
    assert isinstance(parse_crs("r.gpkg", CRS("EPSG:4490")), CRS)
