"""What may be opened as a vector file, and which layer of it is meant."""

import json
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import pyogrio
import pytest
import shapely
from pyogrio.raw import open_arrow

from pipeline import vector_files
from pipeline.aoi import load_aoi
from pipeline.errors import InputError, Problem
from pipeline.ingest.labels import read_labels
from pipeline.ingest.parcels.vectors import open_vector
from pipeline.settings.maps import LabelledSamples
from pipeline.vector_files import FEATURE_DRIVERS, choose_layer, find_named_crs, refuse_driver, refuse_pointer
from tests.mutated_registers import AOI

ELSEWHERE = {
    *(
        "ADBC",
        "AmigoCloud",
        "CSW",
        "Carto",
        "EEDA",
        "Elasticsearch",
        "GDALG",
        "GPSBabel",
        "HTTP",
        "MEM",
        "NGW",
    ),
    *("OAPIF", "OGCAPI", "OGR_PDS", "OGR_VRT", "PDF", "PDS4", "PGDUMP", "PLSCENES", "VICAR", "WFS"),
}
"""Drivers that ask a service, run a program, read another file, or hold no features."""

PIPELINE = "gdal vector pipeline ! read /vsicurl/http://192.0.2.1/a.geojson"
POINTERS = {
    "a.vrt": '<OGRVRTDataSource><OGRVRTLayer name="a"><SrcDataSource>/etc/a</SrcDataSource></OGRVRTLayer>',
    "a.gpkg": '<OGRVRTDataSource><OGRVRTLayer name="a"><SrcDataSource>a.shp</SrcDataSource></OGRVRTLayer>',
    "a.gdalg.json": json.dumps({"type": "gdal_streamed_alg", "command_line": PIPELINE}),
    "a.xml": "<OGRWFSDataSource><URL>http://192.0.2.1/wfs</URL></OGRWFSDataSource>",
    "a.geojson": '{"type": "FeatureCollection", "features": [], "crs": {"type": "link", "properties": {}}}',
    "b.geojson": '{"crs": {"properties": {"url": "http://192.0.2.1/"}, "type": "URL"}, "features": []}',
    "b.xml": '<?xml version="1.0"?><wfs:WFS_Capabilities xmlns:wfs="http://www.opengis.net/wfs/2.0"/>',
}


def write_pointer(folder: Path, name: str, *, zipped: bool) -> Path:
    if not zipped:
        (folder / name).write_text(POINTERS[name])
        return folder / name
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        archive.writestr("readme.txt", "")
        archive.writestr(name, POINTERS[name])
    return folder / "a.zip"


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("name", POINTERS)
@pytest.mark.parametrize(
    "door",
    [
        refuse_pointer,
        open_vector,
        lambda path: load_aoi(str(path), relative_to=path.parent),
        lambda path: read_labels(LabelledSamples(path=str(path)), AOI),
    ],
    ids=["door", "register", "aoi", "labels"],
)
def test_a_file_that_says_where_features_are_is_refused_unopened(tmp_path, monkeypatch, door, name, zipped):
    monkeypatch.setattr(pyogrio, "list_layers", lambda _: pytest.fail("opened"))
    path = write_pointer(tmp_path, name, zipped=zipped)
    with pytest.raises(InputError, match="a file that holds its features") as caught:
        door(path)
    assert caught.value.problems[0].place == str(path)


def test_a_torn_archive_is_left_to_its_reader(tmp_path):
    path = write_pointer(tmp_path, "a.vrt", zipped=True)
    path.write_bytes(path.read_bytes().replace(b"<OGRVRT", b"<OGRXXX"))
    refuse_pointer(path)


def test_every_driver_of_the_library_holds_features_or_is_refused(tmp_path):
    drivers = set(pyogrio.list_drivers())
    assert drivers - ELSEWHERE == FEATURE_DRIVERS & drivers
    for driver in ELSEWHERE:
        with pytest.raises(InputError, match=driver):
            refuse_driver(tmp_path / "a", driver)
    for driver in FEATURE_DRIVERS:
        refuse_driver(tmp_path / "a", driver)


def test_a_file_of_features_that_names_addresses_is_read_without_them(tmp_path):
    schema = "http://a http://192.0.2.1/ows?SERVICE=WFS&amp;REQUEST=DescribeFeatureType&amp;TYPENAME=a:b"
    (tmp_path / "a.gml").write_text(
        '<wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs" xmlns:gml="http://www.opengis.net/gml"'
        ' xmlns:a="http://a" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        f' xsi:schemaLocation="{schema}"><gml:featureMember><a:b fid="b.1"><a:x>1</a:x></a:b>'
        "</gml:featureMember></wfs:FeatureCollection>"
    )
    with open_arrow(tmp_path / "a.gml", use_pyarrow=True) as (_, reader):
        assert reader.read_all().column("x").to_pylist() == [1]


KINDS = {"XZQ": "Polygon", "DLTB": "Polygon", "注记": "Point", "dltb_old": "MultiPolygon"}
AREAS = ["XZQ", "DLTB", "dltb_old"]


@pytest.mark.parametrize(
    ("candidates", "empty", "wanted", "known", "expected"),
    [
        (["XZQ"], {"XZQ"}, None, (), "XZQ"),
        (AREAS, {"XZQ", "dltb_old"}, None, (), "DLTB"),
        (AREAS, set(), None, ("dltb",), "DLTB"),
        (AREAS, {"DLTB"}, None, ("dltb",), "2 layers that may be meant: XZQ, dltb_old"),
        (AREAS, set(), None, ("dltb", "xzq"), "3 layers that may be meant: XZQ, DLTB, dltb_old"),
        (AREAS, set(), None, (), "3 layers that may be meant: XZQ, DLTB, dltb_old"),
        (AREAS, set(), "XZQ", ("dltb",), "XZQ"),
        (
            AREAS,
            set(),
            "注记",
            ("dltb",),
            "XZQ (Polygon), DLTB (Polygon), 注记 (Point), dltb_old (MultiPolygon)",
        ),
        (AREAS, set(AREAS), None, (), "XZQ (Polygon), DLTB (Polygon), 注记 (Point), dltb_old (MultiPolygon)"),
        ([], set(), None, (), "XZQ (Polygon), DLTB (Polygon), 注记 (Point), dltb_old (MultiPolygon)"),
    ],
)
def test_a_layer_is_the_one_that_is_named_known_or_alone_else_none(
    candidates, empty, wanted, known, expected
):
    path = Path("a.gdb")
    found = choose_layer(
        path,
        KINDS,
        candidates,
        lambda name: name not in empty,
        wanted=wanted,
        expected="polygons",
        known=known,
    )
    assert (found.found if isinstance(found, Problem) else found) == expected


@pytest.mark.parametrize("name", ["Xian 1980 / zone 40", "urn:ogc:def:crs:EPSG::99999"])
@pytest.mark.parametrize(
    "door",
    [
        open_vector,
        lambda path: load_aoi(str(path), relative_to=path.parent),
        lambda path: read_labels(LabelledSamples(path=str(path)), AOI),
    ],
    ids=["register", "aoi", "labels"],
)
def test_a_named_crs_that_nobody_knows_is_never_taken_for_wgs_84(tmp_path, door, name):
    path = tmp_path / "a.geojson"
    frame = gpd.GeoDataFrame({"class": ["water"]}, geometry=[shapely.box(121.81, 31.41, 121.82, 31.42)])
    content = json.loads(frame.to_json())
    path.write_text(json.dumps(content | {"crs": {"type": "name", "properties": {"name": name}}}))
    with pytest.raises(InputError, match="a CRS that PROJ knows") as caught:
        door(path)
    assert caught.value.problems[0].found == name


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize(
    ("name", "found"),
    [("urn:ogc:def:crs:EPSG::4549", "urn:ogc:def:crs:EPSG::4549"), ("urn:ogc:def:crs:OGC:1.3:CRS84", None)],
)
def test_the_crs_of_geojson_is_found_wherever_it_stands(tmp_path, first, name, found):
    crs = {"crs": {"type": "name", "properties": {"name": name}}}
    body = {"features": [{"properties": {"name": "东滩" * 9000}}] * 9}
    (tmp_path / "a.geojson").write_text(json.dumps({**crs, **body} if first else {**body, **crs}))
    assert find_named_crs(tmp_path / "a.geojson") == found


def test_what_is_no_json_names_its_crs_in_its_own_way(tmp_path):
    frame = gpd.GeoDataFrame({"class": ["water"]}, geometry=[shapely.box(121.81, 31.41, 121.82, 31.42)])
    frame.set_crs("EPSG:4490").to_parquet(tmp_path / "a.parquet")
    frame.set_crs("EPSG:4490").to_file(tmp_path / "a.gpkg")
    assert find_named_crs(tmp_path / "a.parquet") is None
    assert find_named_crs(tmp_path / "a.gpkg") is None
    assert find_named_crs(tmp_path) is None


VIEWS = {
    "counts without end": ("with n(i) as (select 1 union all select i + 1 from n) select i from n", True),
    "joins without end": ("select 1 from area a, area b, area c, area d, area e, area f, area g", True),
    "is a part of a table": ("select * from area where i < 5", False),
    "calls what SQLite does not know": ("select ST_Nowhere(i) from area", False),
}


@pytest.mark.parametrize("what", VIEWS)
def test_a_view_that_does_not_come_to_an_end_is_refused_by_its_name(tmp_path, monkeypatch, what):
    monkeypatch.setattr(vector_files, "_VIEW_SECONDS", 0.3)
    query, endless = VIEWS[what]
    path = tmp_path / "area#1?.gpkg"
    with closing(sqlite3.connect(path)) as file:
        file.execute("create table area (i integer)")
        file.executemany("insert into area values (?)", [(i,) for i in range(1000)])
        file.execute(f'create view "a ""view" as {query}')
        file.commit()
    if not endless:
        refuse_pointer(path)
        return
    with pytest.raises(InputError) as caught:
        refuse_pointer(path)
    assert 'layer a "view' in caught.value.problems[0].place
    assert not path.with_name(f"{path.name}-journal").exists()
