"""Areas of interest: shipped ones, and files as staff have them."""

import json
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import fiona
import geopandas as gpd
import pyogrio
import pytest
import shapely
from pyproj import CRS

from pipeline.aoi import list_aois, list_waters, load_aoi
from pipeline.errors import InputError, SettingsError
from pipeline.geodesy import find_centre, measure_area_m2, project, unproject

FIELD = shapely.box(121.8, 31.45, 121.82, 31.47)
GRIDS = {"chongming_wetlands": "EPSG:32651", "guangyang_island": "EPSG:32648", "longyou_bay": "EPSG:32651"}
SHEETS = {
    "chongming_wetlands": {"东滩": "EPSG:4550", "西沙": "EPSG:4549"},
    "guangyang_island": {"广阳岛": "EPSG:4545"},
    "longyou_bay": {"龙游湾": "EPSG:4549"},
}


def written(path: Path, geometries, crs="EPSG:4490", **columns) -> str:
    gpd.GeoDataFrame(columns, geometry=geometries, crs=crs).to_file(path, engine="fiona")
    return str(path)


def geojson(path: Path, *geometries, **properties) -> str:
    features = [
        {"type": "Feature", "properties": properties, "geometry": geometry} for geometry in geometries
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return str(path)


def refused(path: str) -> InputError:
    with pytest.raises(InputError) as caught:
        load_aoi(path, relative_to=Path("/"))
    return caught.value


def test_the_three_areas_are_shipped():
    assert list_aois() == sorted(GRIDS)


@pytest.mark.parametrize("name", GRIDS)
def test_a_shipped_area_is_whole(name):
    aoi = load_aoi(name, relative_to=Path("/nowhere"))
    assert aoi.id == name
    assert aoi.grid_crs == GRIDS[name]
    assert aoi.geometry.is_valid
    assert aoi.area_m2 == pytest.approx(measure_area_m2(aoi.geometry))
    assert 1e5 < aoi.area_m2 < 1e9
    assert all("\u4e00" <= sign <= "\u9fff" for sign in aoi.name_zh)
    assert aoi.name_en.isascii()
    assert len(aoi.source) > 10
    assert len(aoi.accuracy) > 3


@pytest.mark.parametrize("name", GRIDS)
def test_every_part_of_a_shipped_area_has_its_names_and_its_own_sheet_zone(name):
    parts = load_aoi(name, relative_to=Path("/")).parts
    for place, crs in SHEETS[name].items():
        (zone,) = {part.layout_crs for part in parts if place in part.name_zh}
        assert zone == crs
    for part in parts:
        assert part.name_en.isascii()
        centre = CRS(part.layout_crs).coordinate_operation.params[1].value
        assert abs(part.geometry.centroid.x - centre) <= 1.5
        assert part.geometry.is_valid
    assert len({part.id for part in parts}) == len(parts)


@pytest.mark.parametrize("vertex", ["1e999", "-1e999", "NaN"])
def test_coordinates_that_are_no_numbers_are_refused(tmp_path, vertex):
    text = Path(geojson(tmp_path / "a.geojson", shapely.geometry.mapping(FIELD))).read_text("utf-8")
    (tmp_path / "a.geojson").write_text(text.replace("121.82", vertex), encoding="utf-8")
    assert "a.geojson, feature 0" in refused(str(tmp_path / "a.geojson")).problems[0].place


@pytest.mark.parametrize("suffix", ["geojson", "gpkg", "shp"])
def test_a_file_without_properties_is_named_by_its_stem(tmp_path, suffix):
    aoi = load_aoi(written(tmp_path / f"我的地块.{suffix}", [FIELD], crs="EPSG:4326"), relative_to=tmp_path)
    assert (aoi.id, aoi.name_zh, aoi.name_en) == ("我的地块", "我的地块", "我的地块")
    assert aoi.grid_crs == "EPSG:32651"
    assert aoi.area_m2 == pytest.approx(measure_area_m2(FIELD), rel=1e-9)


def test_id_and_name_of_a_file_are_its_properties_and_features_are_parts(tmp_path):
    path = written(
        tmp_path / "a.gpkg",
        [FIELD, shapely.box(121.9, 31.45, 121.91, 31.46)],
        id=["bay", "bay"],
        name=["海湾", "海湾"],
        part_name=["东", "西"],
    )
    aoi = load_aoi(path, relative_to=tmp_path)
    assert (aoi.id, aoi.name_zh) == ("bay", "海湾")
    assert [(part.id, part.name_zh, part.layout_crs) for part in aoi.parts] == [
        ("1", "东", None),
        ("2", "西", None),
    ]


def test_a_name_defaults_to_the_id(tmp_path):
    aoi = load_aoi(written(tmp_path / "a.gpkg", [FIELD], id=[7]), relative_to=tmp_path)
    assert (aoi.id, aoi.name_zh) == ("7", "7")


def test_a_relative_path_starts_at_the_given_folder(tmp_path):
    written(tmp_path / "a.gpkg", [FIELD])
    assert load_aoi("a.gpkg", relative_to=tmp_path).id == "a"


def test_a_file_in_another_crs_is_brought_to_degrees(tmp_path):
    square = shapely.box(390000, 3480000, 391000, 3481000)
    aoi = load_aoi(written(tmp_path / "a.gpkg", [square], crs="EPSG:32651"), relative_to=tmp_path)
    assert aoi.area_m2 == pytest.approx(1e6, rel=1e-3)
    assert aoi.grid_crs == "EPSG:32651"


def test_heights_are_dropped(tmp_path):
    aoi = load_aoi(written(tmp_path / "a.gpkg", [shapely.force_3d(FIELD, 5.0)]), relative_to=tmp_path)
    assert not aoi.geometry.has_z


def test_an_unknown_name_lists_the_known_ones(tmp_path):
    with pytest.raises(SettingsError) as caught:
        load_aoi("atlantis", relative_to=tmp_path)
    assert all(name in str(caught.value) for name in GRIDS)


def test_every_broken_outline_of_a_file_is_told_with_its_number(tmp_path):
    bowtie = shapely.Polygon([(121, 31), (121.1, 31.1), (121.1, 31), (121, 31.1)])
    path = geojson(
        tmp_path / "a.geojson",
        shapely.geometry.mapping(FIELD),
        shapely.geometry.mapping(bowtie),
        shapely.geometry.mapping(shapely.LineString([(121, 31), (121.1, 31)])),
        None,
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon", "coordinates": [[[121, 31], [121.1, 31]]]},
    )
    problems = refused(path).problems
    assert [problem.place for problem in problems] == [
        f"{path}, feature {number}" for number in (1, 2, 3, 4, 5)
    ]
    assert "Self-intersection" in problems[0].found
    assert "LineString" in problems[1].found


def test_a_file_without_a_feature_is_refused(tmp_path):
    path = geojson(tmp_path / "a.geojson")
    assert refused(path).problems[0].place == path
    path = tmp_path / "a.gpkg"
    schema = {"geometry": "Polygon", "properties": {}}
    with fiona.open(path, "w", driver="GPKG", schema=schema, crs="EPSG:4490"):
        pass
    assert "no feature" in refused(str(path)).problems[0].found


@pytest.mark.parametrize("content", [b"", b"not a map", b'{"type": "FeatureCollection"', b"\x00" * 100])
def test_a_file_that_is_no_map_is_refused_with_its_name(tmp_path, content):
    path = tmp_path / "a.geojson"
    path.write_bytes(content)
    assert refused(str(path)).problems[0].place.startswith(str(path))


@pytest.mark.parametrize(
    "outline",
    [
        shapely.box(31.45, 121.8, 31.47, 121.82),
        shapely.box(390000, 3480000, 391000, 3481000),
        shapely.box(179, 20, 200, 21),
    ],
    ids=["latitude first", "metres", "far over the date line"],
)
def test_coordinates_that_are_no_longitude_and_latitude_are_refused(tmp_path, outline):
    path = geojson(tmp_path / "a.geojson", shapely.geometry.mapping(outline))
    assert "longitude" in str(refused(path))


@pytest.mark.parametrize(
    "outline",
    [
        shapely.box(179.95, -16.9, 180.03, -16.8),
        shapely.box(-180.05, -16.9, -179.97, -16.8),
        shapely.box(179.95, -16.9, -179.97, -16.8),
        shapely.MultiPolygon(
            [shapely.box(179.95, -16.9, 180, -16.8), shapely.box(-180, -16.9, -179.97, -16.8)]
        ),
    ],
    ids=["past 180", "past -180", "the long way round", "cut"],
)
def test_an_outline_over_180_degrees_is_one_area_however_it_is_written(tmp_path, outline):
    path = geojson(tmp_path / "a.geojson", shapely.geometry.mapping(outline))
    aoi = load_aoi(path, relative_to=tmp_path)
    elsewhere = shapely.box(20.0, -16.9, 20.08, -16.8)
    assert aoi.area_m2 == pytest.approx(measure_area_m2(elsewhere), rel=1e-9)
    assert aoi.grid_crs == "EPSG:32760"
    assert find_centre(aoi.geometry) == pytest.approx((179.99, -16.85))
    assert aoi.geometry.bounds == pytest.approx((-180, -16.9, 180, -16.8))
    there = project(aoi.geometry, aoi.grid_crs)
    assert there.bounds[2] - there.bounds[0] < 10_000
    assert measure_area_m2(unproject(there, aoi.grid_crs)) == pytest.approx(aoi.area_m2, rel=1e-9)


def test_a_shapefile_without_prj_in_metres_is_refused(tmp_path):
    path = tmp_path / "a.shp"
    written(path, [shapely.box(390000, 3480000, 391000, 3481000)], crs=None)
    assert "longitude" in str(refused(str(path)))


@pytest.mark.parametrize("name", ["../up", "a/b", "..", ".hidden", "work", "a\\b"])
def test_an_id_that_cannot_name_the_folder_of_a_delivery_is_refused(tmp_path, name):
    path = geojson(tmp_path / "a.geojson", shapely.geometry.mapping(FIELD), id=name)
    assert "id" in refused(path).problems[0].place


@pytest.mark.parametrize("sign", ["\x1b[31m", "\n", "\r", "\t", "\x7f", "\u202e", "\u2028", "\x85"])
@pytest.mark.parametrize("key", ["name", "name_en", "part", "part_name", "part_name_en"])
def test_a_name_with_a_sign_that_does_not_show_is_refused(tmp_path, key, sign):
    path = geojson(tmp_path / "a.geojson", shapely.geometry.mapping(FIELD), **{key: f"东滩{sign}湿地"})
    told = refused(path).problems
    assert f"{key}: " in " ".join(problem.found for problem in told)
    assert all(sign not in problem.found for problem in told)


def kml(path: Path, *folders: tuple[str, str]) -> str:
    marks = "".join(
        f"<Folder><name>{name}</name><Placemark><name>{name}</name>{shape}</Placemark></Folder>"
        for name, shape in folders
    )
    path.write_text(
        f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{marks}</Document></kml>', "utf-8"
    )
    return str(path)


def ring(shape: shapely.Polygon) -> str:
    corners = " ".join(f"{x},{y}" for x, y in shape.exterior.coords)
    outline = f"<LinearRing><coordinates>{corners}</coordinates></LinearRing>"
    return f"<Polygon><outerBoundaryIs>{outline}</outerBoundaryIs></Polygon>"


POINT = "<Point><coordinates>121.8,31.4</coordinates></Point>"


def test_an_outline_drawn_on_a_globe_is_read_whatever_points_lie_beside_it(tmp_path):
    path = kml(tmp_path / "a.kml", ("营地", POINT), ("试验区", ring(FIELD)))
    aoi = load_aoi(path, relative_to=tmp_path)
    assert (aoi.id, aoi.name_zh) == ("a", "试验区")
    assert aoi.area_m2 == pytest.approx(measure_area_m2(FIELD), rel=1e-9)


@pytest.mark.parametrize("suffix", ["gpkg", "kml"])
def test_of_several_layers_with_outlines_the_one_that_is_named_is_the_area(tmp_path, suffix):
    path, other = tmp_path / f"a.{suffix}", shapely.box(121.9, 31.45, 121.91, 31.46)
    if suffix == "kml":
        kml(path, ("核心区", ring(FIELD)), ("缓冲区", ring(other)))
    else:
        for layer, shape in (("核心区", FIELD), ("缓冲区", other)):
            gpd.GeoDataFrame(geometry=[shape], crs="EPSG:4490").to_file(path, layer=layer)
    assert "核心区, 缓冲区" in refused(str(path)).problems[0].found
    for layer, shape in (("核心区", FIELD), ("缓冲区", other)):
        aoi = load_aoi(str(path), relative_to=tmp_path, layer=layer)
        assert aoi.area_m2 == pytest.approx(measure_area_m2(shape), rel=1e-9)
    with pytest.raises(InputError, match="layer 试点"):
        load_aoi(str(path), relative_to=tmp_path, layer="试点")


def test_a_folder_of_shapefiles_is_not_the_first_of_them(tmp_path):
    written(tmp_path / "one.shp", [FIELD])
    assert load_aoi(str(tmp_path), relative_to=tmp_path).area_m2 > 0
    written(tmp_path / "two.shp", [FIELD.buffer(0.01)])
    problem = refused(str(tmp_path)).problems[0]
    assert {"one", "two"} <= set(problem.found.replace(",", "").split())


@pytest.mark.parametrize("number", [0, -1])
def test_an_undefined_crs_is_none_and_one_that_the_config_names_stands_in_for_it(tmp_path, number):
    path = tmp_path / "a.gpkg"
    pyogrio.write_dataframe(gpd.GeoDataFrame(geometry=[FIELD], crs="EPSG:4490"), path)
    with closing(sqlite3.connect(path)) as package, package:
        package.execute(f"UPDATE gpkg_contents SET srs_id = {number}")
        package.execute(f"UPDATE gpkg_geometry_columns SET srs_id = {number}")
    problem = refused(str(path)).problems[0]
    assert "no coordinate reference system" in problem.found
    assert "crs" in problem.todo
    aoi = load_aoi(str(path), relative_to=tmp_path, crs="EPSG:4490")
    assert aoi.area_m2 == pytest.approx(measure_area_m2(FIELD), rel=1e-9)
    with pytest.raises(InputError, match="a CRS that PROJ knows"):
        load_aoi(str(path), relative_to=tmp_path, crs="EPSG:none")


def test_a_shapefile_without_prj_is_not_taken_to_be_in_degrees(tmp_path):
    path = written(tmp_path / "a.shp", [FIELD], crs=None)
    assert "no coordinate reference system" in refused(path).problems[0].found
    assert load_aoi(path, relative_to=tmp_path, crs="EPSG:4490").area_m2 > 0


def test_an_outline_in_an_archive_is_read_as_alone(tmp_path):
    written(tmp_path / "b.shp", [FIELD])
    kml(tmp_path / "doc.kml", ("营地", POINT), ("试验区", ring(FIELD)))
    for name, pattern in (("a.zip", "b.*"), ("a.kmz", "doc.kml")):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            for path in tmp_path.glob(pattern):
                archive.write(path, f"成果/{path.name}")
        aoi = load_aoi(str(tmp_path / name), relative_to=tmp_path)
        assert aoi.area_m2 == pytest.approx(measure_area_m2(FIELD), rel=1e-9)


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("taipu_river", 8, 14), ("dianshan_lake", 61, 63), ("yuandang_lake", 12.5, 13.5)],
)
def test_shipped_waters_are_areas_by_their_ids_and_say_that_they_are_approximate(name, low, high):
    water = load_aoi(name, relative_to=Path())
    assert water.id == name
    assert low < water.area_m2 / 1e6 < high
    assert "待官方边界替换" in water.source
    assert "1 km" in water.accuracy


def test_waters_are_not_among_the_areas_that_are_always_known():
    assert set(list_waters()) == {"taipu_river", "dianshan_lake", "yuandang_lake"}
    assert not set(list_waters()) & set(list_aois())
