import pytest
from pyproj import CRS
from shapely import Point

from pipeline.datum import describe_shift, explain_no_shift, find_transformer, to_lon_lat
from pipeline.errors import InputError
from pipeline.geodesy import project, to_cgcs2000, unproject

SHANGHAI, TOKYO, URUMQI = (121.5, 31.4), (139.0, 35.0), (87.6, 43.8)
ON_EARTH = [
    "EPSG:4490",
    "EPSG:4326",
    "EPSG:4549",
    "EPSG:32651",
    "EPSG:3857",
    "EPSG:2437",
    "EPSG:4301",
    "EPSG:4258",
]
NOWHERE = {
    "Xian 1980": "EPSG:2385",
    "local": 'LOCAL_CS["county grid",UNIT["metre",1]]',
    "engineering": 'ENGCRS["Undefined SRS",EDATUM["x"],CS[Cartesian,2],AXIS["x",east],AXIS["y",north],'
    'LENGTHUNIT["metre",1]]',
    "undefined": 'GEOGCS["Undefined geographic SRS",DATUM["unknown",SPHEROID["unknown",6378137,298.257]],'
    'PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]]',
    "unknown datum": "+proj=tmerc +lon_0=120 +x_0=500000 +ellps=krass",
}


def test_degrees_of_cgcs2000_are_left_alone_and_wgs_84_is_taken_for_them_within_a_metre():
    own, wgs = (describe_shift(CRS(code), SHANGHAI) for code in ("EPSG:4490", "EPSG:4326"))
    assert own.changes_nothing
    assert own.accuracy_m == 0
    assert (wgs.moved_m, wgs.accuracy_m, wgs.doubtful) == (0, 1, False)
    assert "1 m" in wgs.note


def test_a_projection_of_cgcs2000_is_exact():
    shift = describe_shift(CRS("EPSG:4549"), SHANGHAI)
    assert (shift.accuracy_m, shift.moved_m, shift.doubtful, shift.note) == (0, 0, False, "")
    assert not shift.changes_nothing


@pytest.mark.parametrize("code", ["EPSG:4480", "EPSG:4490+5737", "EPSG:4549+5737"])
def test_heights_beside_cgcs2000_change_nothing_of_the_plane(code):
    shift = describe_shift(CRS(code), SHANGHAI)
    assert (shift.accuracy_m, shift.moved_m, shift.doubtful, shift.note) == (0, 0, False, "")


def test_beijing_1954_is_known_to_15_m_and_said_to_be_of_the_yellow_sea():
    at_sea, inland = (describe_shift(CRS("EPSG:2437"), place) for place in (SHANGHAI, URUMQI))
    assert at_sea.accuracy_m == 15
    assert "Yellow Sea" in at_sea.area_of_use
    assert 60 < at_sea.moved_m < 80
    assert (at_sea.inside_area_of_use, inland.inside_area_of_use) == (True, False)
    assert at_sea.doubtful
    assert inland.doubtful


def test_of_several_operations_the_most_exact_that_is_meant_for_the_place_is_taken():
    japan, korea = (describe_shift(CRS("EPSG:4301"), place) for place in (TOKYO, (127.0, 37.5)))
    assert (japan.accuracy_m, korea.accuracy_m) == (9, 4)
    assert japan.operation != korea.operation
    assert describe_shift(CRS("EPSG:4301"), URUMQI).inside_area_of_use is False


def test_an_operation_whose_accuracy_nobody_tells_is_in_doubt():
    told = CRS("+proj=longlat +ellps=krass +towgs84=15.8,-154.4,-82.3,0,0,0,0")
    shift = describe_shift(told, SHANGHAI)
    assert shift.accuracy_m is None
    assert shift.doubtful
    assert shift.moved_m > 1


@pytest.mark.parametrize("name", NOWHERE)
def test_where_nothing_is_published_nothing_is_guessed(name):
    crs = CRS(NOWHERE[name])
    assert find_transformer(crs) is None
    assert find_transformer(crs, back=True) is None
    assert describe_shift(crs, SHANGHAI) is None
    problem = explain_no_shift("r.gpkg", crs)
    assert crs.name in problem.found
    assert "crs" in problem.todo
    for move in (unproject, project):
        with pytest.raises(InputError, match="cannot be brought to CGCS2000"):
            move(Point(1, 1), crs.to_wkt())


@pytest.mark.parametrize("code", ON_EARTH)
@pytest.mark.parametrize("near", [SHANGHAI, (120.0, 32.0), (122.5, 36.5)])
def test_a_place_comes_back_from_every_crs_to_where_it_was(code, near):
    there = project(Point(near), code, near)
    back = unproject(there, code, near)
    assert back.distance(Point(near)) < 1e-7
    own = to_lon_lat(CRS(code), there.x, there.y)
    assert own is not None
    assert Point(own).distance(Point(near)) < 0.02
    assert to_cgcs2000(code, near) is to_cgcs2000(code, near)


def test_proj_is_asked_once_for_a_shift_that_many_files_ask_for():
    describe_shift.cache_clear()
    told = [describe_shift(CRS("EPSG:4214"), (121.5, 31.2)) for _ in range(3)]
    assert told[0] is not None
    assert told == [told[0]] * 3
    assert describe_shift.cache_info().misses == 1
