import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from xml.etree import ElementTree as ET

import geopandas as gpd
import pyogrio
import pytest
import shapely

from pipeline.outputs.geopackage import write_geopackage
from tests.deliveries import HOSTILE, small_delivery

SIX = {"inventory", "parcels", "sections", "change_patches", "findings", "aoi"}


@pytest.fixture(scope="module")
def package(tmp_path_factory, delivery):
    path = tmp_path_factory.mktemp("package") / "inventory.gpkg"
    write_geopackage(delivery, path)
    return path


def rows_of(path, query):
    with closing(sqlite3.connect(path)) as file:
        return file.execute(query).fetchall()


def test_the_six_layers_are_there_in_cgcs2000(package):
    layers = {name for name, kind in pyogrio.list_layers(package) if kind}
    assert layers == SIX
    assert {pyogrio.read_info(package, layer=name)["crs"] for name in SIX} == {"EPSG:4490"}


def test_what_was_given_comes_back(package, delivery):
    read = gpd.read_file(package, layer="parcels").set_index("parcel_id")
    given = delivery.parcels.set_index("parcel_id").sort_index()
    assert (read["area_m2"] == given["area_m2"]).all()
    assert (read["area_registered_m2"].isna() == given["area_registered_m2"].isna()).all()
    assert HOSTILE in set(read["right_holder"])
    off = shapely.symmetric_difference(read.geometry.array, given.geometry.array)
    assert shapely.area(off).max() < 1e-18


def test_unknown_whole_numbers_stay_null(package):
    read = gpd.read_file(package, layer="sections")
    assert read["water_class"].isna().sum() == 1
    assert read["target_class"].tolist() == [3] * 6


def test_feature_ids_follow_the_ids(package):
    ids = rows_of(package, "SELECT parcel_id FROM parcels ORDER BY fid")
    assert ids == sorted(ids)
    assert rows_of(package, "SELECT min(fid), max(fid) FROM parcels") == [(1, len(ids))]


def test_feature_ids_that_a_table_brings_are_kept(delivery, tmp_path):
    numbers = [2**51 + 7 * number for number in range(len(delivery.parcels))]
    given = delivery.parcels.assign(fid=numbers)
    write_geopackage(replace(delivery, parcels=given), tmp_path / "inventory.gpkg")
    rows = rows_of(tmp_path / "inventory.gpkg", "SELECT parcel_id, fid FROM parcels")
    assert dict(rows) == dict(zip(given["parcel_id"], numbers, strict=True))
    assert pyogrio.read_info(tmp_path / "inventory.gpkg", layer="parcels")["fid_column"] == "fid"


def test_an_empty_delivery_has_all_six_layers_with_their_columns(tmp_path):
    full = small_delivery()
    names = ("inventory", "parcels", "sections", "change_patches", "findings")
    empty = replace(full, **{name: getattr(full, name).iloc[:0] for name in names})
    path = tmp_path / "inventory.gpkg"
    write_geopackage(empty, path)
    for name in names:
        info = pyogrio.read_info(path, layer=name)
        assert info["features"] == 0
        assert info["geometry_type"] == ("Point" if name == "sections" else "MultiPolygon")
        columns = set(getattr(full, name).columns) - {"geometry"}
        assert columns <= set(info["fields"])


def test_every_column_has_a_chinese_alias(package):
    aliases = rows_of(package, "SELECT table_name, column_name, name, title FROM gpkg_data_columns")
    named = {(table, column) for table, column, _, _ in aliases}
    for layer in SIX:
        assert {(layer, column) for column in pyogrio.read_info(package, layer=layer)["fields"]} <= named
    assert ("parcels", "owner_type", "所有权主体(类型)", "所有权主体(类型)") in aliases


def test_every_layer_has_one_default_style_that_is_well_formed(package):
    styles = rows_of(package, "SELECT f_table_name, useAsDefault, styleQML, update_time FROM layer_styles")
    assert {name for name, *_ in styles} == SIX
    for _, default, style, stamp in styles:
        assert default == 1
        assert stamp == "2024-11-28T02:31:09.000Z"
        assert ET.fromstring(style).tag == "qgis"


def test_titles_and_metadata_say_that_the_data_are_simulated(package):
    titles = rows_of(package, "SELECT identifier FROM gpkg_contents WHERE data_type = 'features'")
    assert all(title.endswith("（模拟数据）") for (title,) in titles)
    ((metadata,),) = rows_of(
        package, "SELECT metadata FROM gpkg_metadata WHERE mime_type = 'application/json'"
    )
    assert json.loads(metadata)["simulated"] is True


def test_every_layer_carries_its_own_metadata(package):
    rows = rows_of(
        package,
        "SELECT table_name, metadata FROM gpkg_metadata_reference JOIN gpkg_metadata ON id = md_file_id "
        "WHERE reference_scope = 'table'",
    )
    assert {name for name, _ in rows} == SIX
    for name, metadata in rows:
        root = ET.fromstring(metadata)
        assert root.findtext("identifier") == f"inventory.gpkg/{name}"
        assert "数据截至 2024-11-28" in root.findtext("abstract")
        assert root.findtext("license") == "模拟数据，仅供演示和测试，不反映真实状况"


def test_real_scenes_are_credited(tmp_path):
    path = tmp_path / "inventory.gpkg"
    write_geopackage(small_delivery(simulated=False, language="en"), path)
    query = "SELECT metadata FROM gpkg_metadata WHERE mime_type = 'text/xml'"
    licences = {ET.fromstring(metadata).findtext("license") for (metadata,) in rows_of(path, query)}
    (licence,) = licences
    assert licence.startswith("Contains modified Copernicus Sentinel data; A monitoring product")


def test_observed_data_carry_no_such_mark(tmp_path):
    path = tmp_path / "inventory.gpkg"
    write_geopackage(small_delivery(simulated=False), path)
    titles = rows_of(path, "SELECT identifier FROM gpkg_contents")
    assert not any("模拟" in title for (title,) in titles)


def test_the_file_needs_no_other_file_and_reading_leaves_none(package):
    assert rows_of(package, "PRAGMA journal_mode") == [("delete",)]
    for name in SIX:
        gpd.read_file(package, layer=name)
    assert [path.name for path in package.parent.iterdir()] == ["inventory.gpkg"]


def test_the_file_keeps_the_rules_of_geopackage(package):
    assert rows_of(package, "PRAGMA application_id") == [(0x47504B47,)]
    assert rows_of(package, "PRAGMA user_version") == [(10300,)]
    assert rows_of(package, "PRAGMA foreign_key_check") == []
    extended = rows_of(package, "SELECT table_name FROM gpkg_extensions WHERE column_name IS NULL")
    assert {"gpkg_data_columns", "gpkg_metadata"} <= {name for (name,) in extended}


def test_english_is_a_switch(tmp_path):
    path = tmp_path / "inventory.gpkg"
    write_geopackage(small_delivery(language="en"), path)
    names = dict(rows_of(path, "SELECT column_name, name FROM gpkg_data_columns WHERE table_name='parcels'"))
    assert names["owner_type"] == "owner kind"
