"""Files at the doors that lie, never end or lead elsewhere: refused by name or read, within bounds."""

# ruff: noqa: E501  a row of a table is a line

import contextlib
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from tests.faults.commands import try_command
from tests.faults.configs import RING, write_config
from tests.faults.watching import watch_files

KIND = "a hostile file"
MIB = 2**20
HEAD = "断面,监测时间,溶解氧\n"
SQUARE = shapely.Polygon(RING)

pytestmark = pytest.mark.slow


def text(content: str) -> Callable[[Path], None]:
    return lambda path: path.write_text(content, encoding="utf-8")


def raw(content: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(content)


def sparse(size: int, head: bytes = b"") -> Callable[[Path], None]:
    """A file that says to be of so many bytes, nothing but NULs behind its head; it takes no room."""

    def write(path: Path) -> None:
        with path.open("wb") as file:
            file.write(head)
            file.truncate(size)

    return write


def long_line(path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(HEAD)
        for _ in range(100):
            file.write("9" * MIB)


def parquet_with(change: Callable[[bytearray], None]) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        rows = {"断面": ["甲"] * 50, "监测时间": ["2024-05-01"] * 50, "溶解氧": [8.1] * 50}
        pd.DataFrame(rows).to_parquet(path)
        content = bytearray(path.read_bytes())
        change(content)
        path.write_bytes(content)

    return write


def lie_of_footer(size: int) -> Callable[[bytearray], None]:
    def change(content: bytearray) -> None:
        content[-8:-4] = size.to_bytes(4, "little")

    return change


def scramble(first: int, last: int) -> Callable[[bytearray], None]:
    def change(content: bytearray) -> None:
        content[first:last] = bytes(255 - byte for byte in content[first:last])

    return change


TABLES: dict[str, tuple[str, Callable[[Path], None], set[int]]] = {
    "a line of 100 MiB": ("water.csv", long_line, {0, 3}),
    "a quotation that never closes": ("water.csv", text(HEAD + '甲,2024-05-01,"8.1\n' + "甲,2024-05-02,8\n" * 300_000), {0, 3}),
    "NULs": ("water.csv", raw(HEAD.encode() + b"\0" * 100_000), {0, 3}),
    "bytes that are no text": ("water.csv", raw(bytes(range(128, 256)) * 1000), {3}),
    "a hundred thousand columns": ("water.csv", text(",".join(f"c{n}" for n in range(100_000)) + "\n1\n"), {3}),
    "rows of many lengths": ("water.csv", text(HEAD + "甲,2024-05-01,8.1,,,,,\n甲\n,,,,\n"), {0, 3}),
    "headings alone": ("water.csv", text(HEAD), {0, 3}),
    "nothing": ("water.csv", raw(b""), {3}),
    "numbers beyond all measure": ("water.csv", text(HEAD + "甲,2024-05-01,1e999\n甲,2024-05-02,-1e999\n"), {0, 3}),
    "a number of a million digits": ("water.csv", text(HEAD + f"甲,2024-05-01,{'9' * MIB}\n"), {0, 3}),
    "years beyond all calendars": ("water.csv", text(HEAD + "甲,99999-01-01,8\n甲,-0001-01-01,8\n甲,0000-00-00,8\n"), {0, 3}),
    "JSON that nests without end": ("water.json", raw(b"[" * 1_000_000), {3}),
    "JSON cut short": ("water.json", text('[{"断面": "甲", "监测时间": "2024'), {3}),
    "JSON of one number": ("water.json", text("7"), {3}),
    "JSON of NaN and Infinity": ("water.json", text('[{"断面": "甲", "监测时间": "2024-05-01", "溶解氧": NaN}]'), {0, 3}),
    "JSON of a number of 5000 digits": ("water.json", text('[{"断面": "甲", "监测时间": "2024-05-01", "溶解氧": ' + "9" * 5000 + "}]"), {0, 3}),
    "a footer of Parquet that is larger than its file": ("water.parquet", parquet_with(lie_of_footer(2**31 - 1)), {3}),
    "a footer of Parquet of nothing": ("water.parquet", parquet_with(lie_of_footer(0)), {3}),
    "a footer of Parquet turned round": ("water.parquet", parquet_with(scramble(-900, -8)), {3}),
    "pages of Parquet turned round": ("water.parquet", parquet_with(scramble(4, 200)), {3}),
    "Parquet cut short": ("water.parquet", parquet_with(lambda content: content.__delitem__(slice(-300, None))), {3}),
    "XLS of noise": ("water.xls", raw(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(range(256)) * 20), {3}),
    "XLS whose sectors form a ring": ("water.xls", raw(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(68) + bytes(436) + (0).to_bytes(4, "little") * 400), {3}),
    "a web page": ("water.csv", text("<!DOCTYPE html><html><body>登录已过期</body></html>"), {3}),
    "a table that is a folder": ("water.csv", lambda path: path.mkdir(), {2, 3}),
    "a link to itself": ("water.csv", lambda path: path.symlink_to(path.name), {2, 3}),
    "100 GB of nothing": ("water.csv", sparse(100 * 2**30, HEAD.encode()), {3}),
}  # fmt: skip


@pytest.mark.parametrize("what", TABLES)
def test_a_hostile_table_is_refused_by_name_or_read_within_bounds(what, tmp_path, fault):
    name, write, codes = TABLES[what]
    write(tmp_path / name)
    config = write_config(tmp_path, samples=[{"path": name}])
    must = f"exit {' or '.join(map(str, sorted(codes)))}, named, below 2 GB"
    with fault(f"samples: {what}", door="samples", must=must) as seen:
        done = try_command(["validate", config], cwd=tmp_path, seconds=120)
        seen.happened = done.tell()
        assert done.code in codes
        assert done.code == 0 or name in done.err
        assert done.peak < 2000 * MIB


def geojson(geometry: object, **more: object) -> Callable[[Path], None]:
    feature = {"type": "Feature", "properties": {"id": "pond"}, "geometry": geometry}
    return text(json.dumps({"type": "FeatureCollection", "features": [feature], **more}))


def polygon(*ring: tuple[float, float]) -> dict[str, object]:
    return {"type": "Polygon", "coordinates": [list(ring)]}


def package_with(*statements: str) -> Callable[[Path], None]:
    """A GeoPackage of one area on which statements were executed."""

    def write(path: Path) -> None:
        gpd.GeoDataFrame({"id": ["pond"]}, geometry=[SQUARE], crs="EPSG:4490").to_file(path, layer="area")
        with contextlib.closing(sqlite3.connect(path)) as file:
            for statement in statements:
                file.executescript(statement)

    return write


def package_of(*ring: tuple[float, float], crs: str = "EPSG:4326") -> Callable[[Path], None]:
    """A GeoPackage of one area with such vertices."""

    def write(path: Path) -> None:
        with np.errstate(invalid="ignore"):
            shape = shapely.Polygon(ring)
        gpd.GeoDataFrame({"id": ["pond"]}, geometry=[shape], crs=crs).to_file(path, layer="area")

    return write


def scrambled_package(path: Path) -> None:
    package_with()(path)
    content = bytearray(path.read_bytes())
    content[4096:40_000] = bytes(255 - byte for byte in content[4096:40_000])
    path.write_bytes(content)


def cut_package(path: Path) -> None:
    package_with()(path)
    path.write_bytes(path.read_bytes()[:30_000])


def shapefile_without(*ends: str, upper: bool = False) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        table = gpd.GeoDataFrame({"id": ["pond"]}, geometry=[SQUARE], crs="EPSG:4490")
        table.to_file(path)
        for one in sorted(path.parent.glob(f"{path.stem}.*")):
            if one.suffix in ends:
                one.unlink()
            elif upper and one.suffix != ".shp":
                one.rename(one.with_suffix(one.suffix.upper()))

    return write


def shapefile_of_lies(path: Path) -> None:
    """Its header and its only record say that they are much longer than the file."""
    shapefile_without()(path)
    content = bytearray(path.read_bytes())
    content[24:28] = (2**31 - 1).to_bytes(4, "big")
    content[104:108] = (2**31 - 1).to_bytes(4, "big")
    path.write_bytes(content)


def shapefile_of_many_points(path: Path) -> None:
    """Its only record says that it has two thousand million points."""
    shapefile_without()(path)
    content = bytearray(path.read_bytes())
    content[148:152] = (2**31 - 1).to_bytes(4, "little")
    path.write_bytes(content)


VRT = '<OGRVRTDataSource><OGRVRTLayer name="a"><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'
GML = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "ha">{entities}]>'
    '<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark><name>{use}</name></Placemark></Document></kml>'
)
BOMB = GML.format(
    entities="".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12)), use="&a11;"
)
OUTSIDE = GML.format(entities='<!ENTITY b SYSTEM "file:///etc/passwd">', use="&b;")

VECTORS: dict[str, tuple[str, Callable[[Path], None], set[int]]] = {
    "a VRT by the name of a GeoJSON": ("area.geojson", text(VRT), {3}),
    "a VRT behind 100 kB of spaces": ("area.geojson", text(" " * 100_000 + VRT), {3}),
    "a VRT in UTF-16": ("area.geojson", lambda path: path.write_text(VRT, encoding="utf-16"), {3}),
    "a WFS by the name of a GML": ("area.gml", text("<OGRWFSDataSource><URL>http://127.0.0.2:1/</URL></OGRWFSDataSource>"), {3}),
    "a WFS by its address in a file": ("area.geojson", text("WFS:http://127.0.0.2:1/"), {3}),
    "an address in a file": ("area.geojson", text("http://127.0.0.2:1/area.geojson"), {3}),
    "a virtual raster": ("area.geojson", text("<VRTDataset rasterXSize='1' rasterYSize='1'></VRTDataset>"), {3}),
    "an application schema that GMLAS fetches": ("area.xml", text('<a xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="http://127.0.0.2:1/a.xsd"/>'), {3}),
    "a bomb of entities in a KML": ("area.kml", text(BOMB), {3}),
    "an entity of this machine in a KML": ("area.kml", text(OUTSIDE), {3}),
    "GeoJSON that nests without end": ("area.geojson", raw(b'{"type":"FeatureCollection","features":' + b"[" * 1_000_000), {3}),
    "GeoJSON cut short": ("area.geojson", text('{"type": "FeatureCollection", "features": [{"type": "Feat'), {3}),
    "GeoJSON without features": ("area.geojson", text('{"type": "FeatureCollection", "features": []}'), {3}),
    "GeoJSON of one point": ("area.geojson", geojson({"type": "Point", "coordinates": [120.5, 32.0]}), {3}),
    "coordinates of infinity": ("area.geojson", text('{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":[[[1e999,32],[121,32],[121,33],[1e999,32]]]}}]}'), {3}),
    "coordinates of NaN": ("area.geojson", text('{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":[[[NaN,32],[121,32],[121,33],[NaN,32]]]}}]}'), {3}),
    "coordinates that are text": ("area.geojson", geojson({"type": "Polygon", "coordinates": [["a", "b"]]}), {3}),
    "a ring of two points": ("area.geojson", geojson(polygon((120, 32), (121, 32))), {3}),
    "a ring that crosses itself": ("area.geojson", geojson(polygon((120, 32), (121, 33), (121, 32), (120, 33), (120, 32))), {3}),
    "no geometry": ("area.geojson", geojson(None), {3}),
    "the whole Earth": ("area.geojson", geojson(polygon((-180, -90), (180, -90), (180, 90), (-180, 90), (-180, -90))), {2, 3}),
    "collections that nest": ("area.geojson", text('{"type":"GeometryCollection","geometries":[' * 5000), {3}),
    "a GeoPackage with a trigger": ("area.gpkg", package_with("CREATE TRIGGER t AFTER INSERT ON area BEGIN DELETE FROM area; END;"), {0}),
    "a GeoPackage with a view that never ends": ("area.gpkg", package_with("CREATE VIEW v AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT i FROM n; INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) VALUES ('v','features','v',4490); INSERT INTO gpkg_geometry_columns VALUES ('v','i','POLYGON',4490,0,0);"), {0, 3}),
    "a GeoPackage that loads an extension": ("area.gpkg", package_with("CREATE VIEW w AS SELECT load_extension('/tmp/x.so') AS id; INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) VALUES ('w','attributes','w',4490);"), {0, 3}),
    "a GeoPackage whose layer is not there": ("area.gpkg", package_with("DROP TABLE area;"), {3}),
    "a GeoPackage with geometries of noise": ("area.gpkg", package_with("DROP TRIGGER IF EXISTS rtree_area_geom_update6; DROP TRIGGER IF EXISTS rtree_area_geom_update7; DROP TRIGGER IF EXISTS rtree_area_geom_update2; DROP TRIGGER IF EXISTS rtree_area_geom_update3; DROP TRIGGER IF EXISTS rtree_area_geom_update4; DROP TRIGGER IF EXISTS rtree_area_geom_update5; DROP TRIGGER IF EXISTS rtree_area_geom_update1; UPDATE area SET geom = x'00FF00FF00FF';"), {3}),
    "a GeoPackage with a vertex at infinity": ("area.gpkg", package_of((120, 32), (121, 32), (float("inf"), 33)), {3}),
    "a GeoPackage with a vertex at infinity in metres": ("area.gpkg", package_of((120, 32), (121, 32), (float("inf"), 33), crs="EPSG:4549"), {3}),
    "a GeoPackage with a vertex of NaN": ("area.gpkg", package_of((120, 32), (121, 32), (121, 33), (float("nan"), 33), (120, 32)), {3}),
    "a GeoPackage with a vertex of NaN in metres": ("area.gpkg", package_of((5e5, 4e6), (6e5, 4e6), (6e5, 5e6), (float("nan"), 5e6), (5e5, 4e6), crs="EPSG:4549"), {3}),
    "a GeoPackage that crosses itself around the Earth": ("area.gpkg", package_of((-170, -10), (170, 10), (170, -10), (-170, 10)), {3}),
    "a GeoPackage turned round": ("area.gpkg", scrambled_package, {3}),
    "a GeoPackage cut short": ("area.gpkg", cut_package, {3}),
    "SQLite of nothing": ("area.gpkg", raw(b"SQLite format 3\0" + bytes(84)), {3}),
    "a Shapefile without SHX": ("area.shp", shapefile_without(".shx"), {0, 3}),
    "a Shapefile without DBF": ("area.shp", shapefile_without(".dbf"), {0, 3}),
    "a Shapefile without PRJ": ("area.shp", shapefile_without(".prj"), {3}),
    "a Shapefile with ends in capitals": ("area.shp", shapefile_without(upper=True), {0}),
    "a Shapefile that says to be 4 GB": ("area.shp", shapefile_of_lies, {0, 3}),
    "a Shapefile of two thousand million points": ("area.shp", shapefile_of_many_points, {3}),
    "a raster": ("area.tif", raw(b"II*\x00\x08\x00\x00\x00" + bytes(400)), {3}),
    "100 GB of nothing": ("area.geojson", sparse(100 * 2**30, b'{"type": "FeatureCollection"'), {3}),
}  # fmt: skip


def lay(what, folder, stranger):
    """Write a hostile file that asks the stranger, where it asks anybody; its name, and the codes that are right."""
    name, write, codes = VECTORS[what]
    path = folder / name
    write(path)
    if path.stat().st_size < MIB:
        path.write_bytes(path.read_bytes().replace(b"http://127.0.0.2:1", stranger.url.encode()))
    return name, codes


@pytest.mark.parametrize("what", VECTORS)
def test_a_hostile_outline_is_refused_by_name_or_read_and_leads_nowhere(what, tmp_path, stranger, fault):
    name, codes = lay(what, tmp_path, stranger)
    config = write_config(tmp_path, aoi=[name])
    must = f"exit {' or '.join(map(str, sorted(codes)))}, named, nobody asked"
    with fault(f"aoi: {what}", door="aoi", must=must) as seen:
        with watch_files(tmp_path) as seen.lost:
            done = try_command(["validate", config], cwd=tmp_path, seconds=120)
        seen.happened = done.tell()
        assert done.code in codes
        assert done.code == 0 or name in done.err
        assert "root:" not in done.err + done.out
        assert done.peak < 2000 * MIB


@pytest.mark.parametrize("what", VECTORS)
def test_a_hostile_register_is_refused_by_name_or_read_and_leads_nowhere(what, tmp_path, stranger, fault):
    name, _ = lay(what, tmp_path, stranger)
    config = write_config(tmp_path, parcels={"path": name, "columns": {"parcel_id": "id"}})
    with fault(f"parcels: {what}", door="parcels", must="exit 0, 2 or 3, named, nobody asked") as seen:
        with watch_files(tmp_path) as seen.lost:
            done = try_command(["validate", config], cwd=tmp_path, seconds=120)
        seen.happened = done.tell()
        assert done.code in {0, 2, 3}
        assert done.code == 0 or name in done.err
        assert done.peak < 2000 * MIB
