"""Formats, encodings, CRSs, profiles, dictionaries and links of registers; names that must not leave them."""

import json
import shutil
import sqlite3
import zipfile
from contextlib import closing

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from pyproj import CRS

from pipeline import standards
from pipeline.aoi import Aoi, Part
from pipeline.errors import InputError
from pipeline.geodesy import CGCS2000, measure_area_m2
from pipeline.ingest.parcels import ATTRIBUTES, EXTRAS, read_parcels, read_restricting
from pipeline.ingest.parcels.encoding import find_encoding
from pipeline.ingest.parcels.holders import find_people, hide_people, mask_names
from pipeline.ingest.parcels.placement import explain_place, find_neighbour_zone
from pipeline.settings.parcels import ParcelFile, ParcelProfile, RestrictingFile
from pipeline.settings.rights_codes import load_rights_codes
from tests.registers import parcels_in

OUTLINE = shapely.box(121.80, 31.40, 121.90, 31.50)
AOI = Aoi(
    "island", "岛", "island", (Part("1", "岛", "island", OUTLINE, None),), "EPSG:32651", "drawn", "exact"
)
SHAPES = [shapely.box(121.81, 31.41, 121.82, 31.42), shapely.box(121.83, 31.43, 121.85, 31.44)]
ZONES = [*range(4513, 4534), *range(4534, 4555), *range(4491, 4502), *range(4502, 4513)]


def register(**columns):
    return gpd.GeoDataFrame({"BSM": ["a", "b"], **columns}, geometry=SHAPES, crs=CGCS2000)


def read(path, **options):
    return read_parcels(ParcelFile(path=str(path), **options), AOI)


def parcels_of(path, **options):
    return parcels_in(read(path, **options))


def test_a_geodatabase_is_read_as_a_folder_and_as_a_zip(tmp_path):
    register(DJDYMC=["东滩", "西沙"]).to_file(tmp_path / "r.gdb", driver="OpenFileGDB", layer="DLTB")
    shutil.make_archive(str(tmp_path / "r.gdb"), "zip", tmp_path, "r.gdb")
    for name in ("r.gdb", "r.gdb.zip"):
        parcels = parcels_of(tmp_path / name)
        assert parcels["unit_name"].tolist() == ["东滩", "西沙"]
        assert shapely.hausdorff_distance(parcels.geometry.to_numpy(), SHAPES).max() < 1e-8


def test_every_format_gives_the_same_register(tmp_path):
    frame = register(DLBM=["1105", "0301"], MJ=[12.5, 7.25], DJDYMC=["东滩", "西沙"])
    frame.to_file(tmp_path / "r.shp", encoding="UTF-8")
    frame.to_file(tmp_path / "r.gpkg")
    frame.to_file(tmp_path / "r.geojson")
    frame.to_parquet(tmp_path / "r.parquet")
    frame.to_file(tmp_path / "r.gdb", driver="OpenFileGDB")
    names = [f"r.{suffix}" for suffix in ("shp", "gpkg", "geojson", "parquet", "gdb")]
    tables = [parcels_of(tmp_path / name).reset_index(drop=True).drop(columns="geometry") for name in names]
    for table in tables[1:]:
        pd.testing.assert_frame_equal(table, tables[0])


@pytest.mark.parametrize(
    ("written", "cpg", "language", "read_as"),
    [
        ("GBK", "GBK", 0, "gbk"),
        ("GBK", "936", 0, "gb18030"),
        ("GBK", None, 0, "gb2312"),
        ("GBK", None, 0x4D, "gb18030"),
        ("GBK", "UTF-8", 0, "gb2312"),
        ("GBK", "ISO-8859-1", 0, "gb2312"),
        ("UTF-8", "UTF-8", 0, "utf-8"),
        ("UTF-8", None, 0, "utf-8"),
        ("UTF-8", "ISO-8859-1", 0, "utf-8"),
        ("UTF-8", None, 0x4D, "utf-8"),
    ],
)
def test_text_is_read_by_what_its_bytes_are_whatever_the_file_says(tmp_path, written, cpg, language, read_as):
    names = ["东滩湿地", "西沙明珠湖"]
    register(DJDYMC=names, 面积=[1.0, 2.0]).to_file(tmp_path / "r.shp", encoding=written)
    raw = bytearray((tmp_path / "r.dbf").read_bytes())
    raw[29] = language
    (tmp_path / "r.dbf").write_bytes(raw)
    (tmp_path / "r.cpg").unlink()
    if cpg:
        (tmp_path / "r.cpg").write_text(cpg)
    assert find_encoding(tmp_path / "r.shp") == read_as
    parcels = parcels_of(tmp_path / "r.shp", columns={"area_registered_m2": "面积"})
    assert parcels["unit_name"].tolist() == names
    assert parcels["area_registered_m2"].tolist() == [1.0, 2.0]
    assert parcels["doubts"].isna().all()


def test_a_character_cut_at_the_end_of_a_full_field_drops_off(tmp_path):
    register(DJDYMC=["滩" * 84, "沙"]).to_file(tmp_path / "r.shp", encoding="UTF-8")
    raw = (tmp_path / "r.dbf").read_bytes()
    whole, cut = ("滩" * 84).encode(), ("ab" + "滩" * 83).encode() + "滩".encode()[:1]
    assert len(whole) == len(cut) == 252
    (tmp_path / "r.dbf").write_bytes(raw.replace(whole, cut))
    parcels = parcels_of(tmp_path / "r.shp")
    assert parcels["unit_name"].tolist() == ["ab" + "滩" * 83, "沙"]


@pytest.mark.parametrize("code", ZONES)
def test_every_zone_takes_its_own_coordinates_and_refuses_those_with_or_without_the_prefix(code):
    crs = CRS.from_epsg(code)
    params = {entry.name: entry.value for entry in crs.coordinate_operation.params}
    easting, other = params["False easting"], 500_000.0 if params["False easting"] > 1e6 else 40_500_000.0
    northing = (crs.area_of_use.south + crs.area_of_use.north) / 2 * 111_000
    assert explain_place("here", crs, (easting + 30_000, northing)) is None
    problem = explain_place("here", crs, (other + 30_000, northing))
    assert problem is not None
    assert "zone" in problem.found


@pytest.mark.parametrize("code", [4490, 4326, 28992, 2056, 3857, 6668])
def test_coordinates_where_a_crs_is_used_are_taken(code):
    area = CRS.from_epsg(code).area_of_use
    lon, lat = 0.4 * area.west + 0.6 * area.east, 0.4 * area.south + 0.6 * area.north
    point = gpd.GeoSeries([shapely.Point(lon, lat)], crs="EPSG:4326").to_crs(code)[0]
    assert explain_place("here", CRS.from_epsg(code), (point.x, point.y)) is None


@pytest.mark.parametrize(
    ("crs", "centre", "word"),
    [
        ("EPSG:4490", (31.4, 121.8), "latitude first"),
        ("EPSG:4490", (29.6, 89.9), "latitude first"),
        ("EPSG:4490", (40_512_345.0, 3_480_000.0), "zone 40"),
        ("EPSG:4549", (121.8, 31.4), "degrees"),
        ("EPSG:4549", (3_480_000.0, 512_345.0), "northings before eastings"),
        ("EPSG:4528", (41_512_345.0, 3_480_000.0), "zone 41"),
        ("EPSG:28992", (5.0, 52.0), "degrees"),
        ("EPSG:28992", (512_345.0, 3_480_000.0), "far from where it is used"),
        ("EPSG:6668", (43.0, 141.0), "latitude first"),
    ],
)
def test_coordinates_of_another_crs_are_named_for_what_they_look_like(crs, centre, word):
    assert word in explain_place("here", CRS(crs), centre).found


def test_a_prj_of_esri_is_held_against_the_coordinates_too():
    crs = CRS.from_wkt(CRS("EPSG:4528").to_wkt("WKT1_ESRI"))
    assert explain_place("here", crs, (40_512_345.0, 3_480_000.0)) is None
    assert explain_place("here", crs, (512_345.0, 3_480_000.0)) is not None


def test_a_file_without_crs_is_refused_with_the_likely_one_and_read_when_the_config_names_it(tmp_path):
    frame = register(DLBM=["1105", "0301"]).to_crs("EPSG:4529")
    frame.to_file(tmp_path / "r.shp")
    (tmp_path / "r.prj").unlink()
    with pytest.raises(InputError, match="EPSG:4529"):
        read(tmp_path / "r.shp")
    parcels = parcels_of(tmp_path / "r.shp", crs="EPSG:4529")
    assert shapely.hausdorff_distance(parcels.geometry.to_numpy(), SHAPES).max() < 1e-8
    with pytest.raises(InputError, match="zone 41"):
        read(tmp_path / "r.shp", crs="EPSG:4549")


def test_a_register_in_the_zone_next_door_is_told_which_would_fit(tmp_path):
    wrong = register().to_crs("EPSG:4550").set_crs("EPSG:4549", allow_override=True)
    wrong.to_file(tmp_path / "r.gpkg")
    where = read(tmp_path / "r.gpkg").elsewhere
    assert (where.count, where.likely) == (2, "EPSG:4550")
    assert where.lon == pytest.approx(118.83, abs=0.01)
    assert find_neighbour_zone(CRS("EPSG:4529"), (41_400_000.0, 3_480_000.0), OUTLINE.bounds) == ""


def test_one_parcel_far_out_does_not_move_the_register(tmp_path):
    frame = register()
    far = pd.concat([frame, frame.iloc[[0]].set_geometry([shapely.box(3e6, 4e6, 3.1e6, 4.1e6)])])
    gpd.GeoDataFrame(far, crs=CGCS2000).to_file(tmp_path / "r.gpkg")
    assert len(parcels_of(tmp_path / "r.gpkg")) == 2


@pytest.mark.parametrize("profile", standards.table("parcel_columns")["profile"].unique())
def test_every_profile_reads_its_own_columns(tmp_path, profile):
    assert profile in ParcelProfile.__args__
    table = standards.table("parcel_columns").query("profile == @profile")
    frame = gpd.GeoDataFrame({name: ["1", "2"] for name in table["theirs"]}, geometry=SHAPES, crs=CGCS2000)
    frame.to_file(tmp_path / "r.gpkg")
    parcels = parcels_of(tmp_path / "r.gpkg", profile=profile)
    named = set(table["ours"]) - {"area_unit"}
    assert not parcels[sorted(named)].isna().any(axis=None)
    assert named <= {"parcel_id", *ATTRIBUTES, *EXTRAS}


def test_a_named_profile_leaves_the_columns_of_others_alone(tmp_path):
    register(DLBM=["1105", "0301"], QLR=["甲乙", "丙丁"]).to_file(tmp_path / "r.gpkg")
    read_as = read(tmp_path / "r.gpkg", profile="dltb")
    assert parcels_in(read_as)["dlbm"].tolist() == ["1105", "0301"]
    assert "right_holder" in read_as.missing


def test_kinds_of_resources_become_land_classes_of_the_registry(tmp_path):
    frame = register(ZRZYDJDYH=["3" * 15] * 2, SDLX=["6", "8"], ZMJ=[1.5, 2.5]).drop(columns="BSM")
    frame.to_file(tmp_path / "r.gpkg", layer="ZRZY_SD")
    parcels = parcels_of(tmp_path / "r.gpkg", area_unit="ha")
    assert parcels["resource_kind"].tolist() == ["SD6", "SD8"]
    assert parcels["area_registered_m2"].tolist() == [15_000, 25_000]


def test_the_unit_of_an_area_is_that_of_its_column_its_row_or_the_config(tmp_path):
    register(ZDMJ=[2.0, 3.0], MJDW=["2", "9"]).to_file(tmp_path / "a.gpkg")
    areas = parcels_of(tmp_path / "a.gpkg")["area_registered_m2"]
    assert areas.iloc[0] == pytest.approx(2 * 10_000 / 15)
    assert np.isnan(areas.iloc[1])
    register(TBMJ=[2.0, 3.0]).to_file(tmp_path / "b.gpkg")
    assert parcels_of(tmp_path / "b.gpkg", area_unit="ha")["area_registered_m2"].tolist() == [2, 3]


def test_dictionaries_of_the_config_go_before_ours(tmp_path):
    register(QLLX=[1, 2], SYQZTLX=["2", "1"]).to_file(tmp_path / "r.gpkg")
    plain = parcels_of(tmp_path / "r.gpkg")
    assert plain["right_type"].tolist() == ["1", "2"]
    swapped = {
        "right_type": {"1": "集体土地所有权", "2": "国家土地所有权"},
        "owner_type": {"1": "集体所有", "2": "全民所有"},
    }
    parcels = parcels_of(tmp_path / "r.gpkg", dictionaries=swapped)
    assert parcels["right_type"].tolist() == ["2", "1"]
    assert parcels["owner_type"].tolist() == ["1", "2"]
    with pytest.raises(InputError) as caught:
        read(tmp_path / "r.gpkg", dictionaries={"right_type": {"1": "租赁权"}, "colour": {}})
    assert [problem.found for problem in caught.value.problems] == ["colour", "租赁权"]


def test_every_code_of_the_shipped_dictionaries_is_one_of_ours():
    owners = set(standards.table("rights").query("dictionary == 'owner_type'")["code"])
    for entry in load_rights_codes().values():
        known = owners if entry.ours == "owner_type" else {"m2", "ha", "mu"}
        assert set(entry.codes.values()) <= known
        assert entry.source


def test_values_that_cannot_be_used_are_noted_with_their_column(tmp_path):
    frame = register(SYQZTLX=["7", "1"], TBMJ=["约三亩", "1,234.5"], DJDYMC=["a" * 2000, "=1+1"])
    frame.to_file(tmp_path / "r.geojson")
    parcels = parcels_of(tmp_path / "r.geojson")
    assert parcels["doubts"].iloc[0] == "DJDYMC=" + "a" * 40 + "；SYQZTLX=7；TBMJ=约三亩"
    assert parcels["doubts"].isna().iloc[1]
    assert parcels["suspects"].tolist() == [None, "DJDYMC==1+1"]
    assert parcels["area_registered_m2"].iloc[1] == 1234.5
    assert parcels["unit_name"].str.len().tolist() == [1000, 4]


def with_links(path, kinds=("1", "3", "2", "3"), rights=(9, 9, 14)):
    frame = register(ZRZYDJDYH=["3" * 15, "4" * 15], GHYT=[None, "农业"])
    frame.to_file(path, layer="ZRZY_DJDY")
    controls = {
        "ZRZYDJDYH": ["3" * 15, "3" * 15, "4" * 15, "3" * 15],
        "GGGZYSLX": [*kinds],
        "GGGZNR": ["东滩红线", "鸟类保护区", "农业空间", "欧阳锋看护"],
    }
    linked = {
        "ZRZYDJDYH": ["3" * 15] * 3,
        "QLLX": [*rights],
        "QLR": ["欧阳锋", "郭靖、黄蓉", None],
        "MJ": [10_000.0, 5_000.0, None],
    }
    pyogrio.write_dataframe(pd.DataFrame(controls), path, layer="ZRZY_GGGZGLXX")
    pyogrio.write_dataframe(pd.DataFrame(linked), path, layer="ZRZY_BDCQLGLXX")


@pytest.mark.parametrize(
    "spelled",
    [
        {},
        {"kinds": ("01", "3.0", "2 国土空间规划分区", "３"), "rights": ("09", "9.0", "14")},
        {"kinds": (1, 3, 2, 3), "rights": ("９", "土地承包经营权（9）", "14 ")},
    ],
)
def test_controls_and_rights_are_joined_by_the_unit_and_holders_stay_behind(tmp_path, spelled):
    with_links(tmp_path / "r.gpkg", **spelled)
    read_as = read(tmp_path / "r.gpkg", layer="ZRZY_DJDY")
    first, second = parcels_in(read_as).to_dict("records")
    assert first["red_line"] == "东滩红线"
    assert first["special_protection"] == "鸟类保护区；欧＊＊看护"
    assert first["linked_rights"] == "水域滩涂养殖权 1 宗；土地承包经营权 2 宗，1.50 公顷"
    assert second["planning_use"] == "农业"
    assert second["linked_rights"] is None
    assert "special_protection" not in read_as.missing


def test_names_of_holders_are_masked_one_by_one():
    names = pd.Series(["欧阳锋", "郭靖、黄蓉", "Anna Li", None, "王"], dtype=object)
    assert mask_names(names).tolist() == ["欧＊＊", "郭＊、黄＊", "A＊＊＊ L＊", None, "王"]


def test_a_name_is_hidden_in_every_column_and_row_but_a_public_body_stays_a_subject():
    names = pd.Series(["欧阳锋", "自然资源部", "郭靖、黄蓉"])
    table = pd.DataFrame(
        {
            "use_status": ["黄蓉经营", "由欧阳锋承包", "自然资源部"],
            "owner_subject": ["欧阳锋", "自然资源部", None],
            "parcel_no": ["310151", "310152", "郭靖、黄蓉"],
        }
    )
    found = hide_people(table, find_people(names), list(table))
    assert found["use_status"].tolist() == ["黄＊经营", "由欧＊＊承包", "自＊＊＊＊"]
    assert found["owner_subject"].tolist() == ["欧＊＊", "自然资源部", None]
    assert found["parcel_no"].tolist() == ["310151", "310152", "郭＊＊＊＊"]


def test_restricting_layers_of_a_kind_are_one_shape_inside_the_area(tmp_path):
    one = gpd.GeoDataFrame({"a": [1, 2]}, geometry=[SHAPES[0], SHAPES[0].buffer(0.002)], crs=CGCS2000)
    two = gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.box(121.89, 31.49, 121.95, 31.55)], crs=CGCS2000)
    one.to_crs("EPSG:4550").to_file(tmp_path / "one.gpkg")
    two.to_file(tmp_path / "two.geojson")
    files = [
        RestrictingFile(path=str(tmp_path / "one.gpkg"), kind="ecological_red_line"),
        RestrictingFile(path=str(tmp_path / "two.geojson"), kind="ecological_red_line"),
        RestrictingFile(path=str(tmp_path / "two.geojson"), kind="permanent_farmland"),
    ]
    layers = read_restricting(files, AOI).set_index("kind").geometry
    corner = measure_area_m2(shapely.box(121.89, 31.49, 121.90, 31.50))
    assert measure_area_m2(layers["permanent_farmland"]) == pytest.approx(corner, rel=1e-9)
    both = corner + measure_area_m2(SHAPES[0].buffer(0.002))
    assert measure_area_m2(layers["ecological_red_line"]) == pytest.approx(both, rel=1e-6)
    with pytest.raises(InputError, match=r"gone\.gpkg"):
        read_restricting([files[0].model_copy(update={"path": str(tmp_path / "gone.gpkg")})], AOI)


def test_without_restricting_layers_there_is_no_row():
    assert read_restricting([], AOI).empty


@pytest.mark.parametrize("known", [True, False])
def test_the_plots_of_a_survey_are_found_whatever_stands_before_them(tmp_path, known):
    path, name = tmp_path / "r.gdb", "DLTB" if known else "TB"
    townships = gpd.GeoDataFrame({"BSM": ["x"]}, geometry=[OUTLINE], crs=CGCS2000)
    townships.to_file(path, driver="OpenFileGDB", layer="XZQ")
    register(DLBM=["0301", "0101"]).to_file(path, driver="OpenFileGDB", layer=name)
    if known:
        assert parcels_of(path)["parcel_id"].tolist() == ["a", "b"]
        assert parcels_of(path, layer="XZQ")["parcel_id"].tolist() == ["x"]
        return
    with pytest.raises(InputError, match="2 layers that may be meant: XZQ, TB"):
        read(path)
    assert parcels_of(path, layer="TB")["parcel_id"].tolist() == ["a", "b"]


def zipped(folder, inside):
    path = folder.parent / "r.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, f"{inside}{file.name}")
    return path


@pytest.mark.parametrize("inside", [None, "", "第三次调查/DLTB/"])
@pytest.mark.parametrize("encoding", ["GBK", "UTF-8"])
def test_shapefiles_in_a_folder_or_an_archive_are_read_as_alone(tmp_path, inside, encoding):
    folder, names = tmp_path / "shapes", ["东滩湿地", "西沙明珠湖"]
    folder.mkdir()
    register(DJDYMC=names).to_file(folder / "plots.shp", encoding=encoding)
    (folder / "plots.cpg").unlink()
    path = folder if inside is None else zipped(folder, inside)
    parcels = parcels_of(path)
    assert parcels["unit_name"].tolist() == names
    assert parcels["parcel_id"].tolist() == ["a", "b"]
    register().to_file(folder / "others.shp")
    path = folder if inside is None else zipped(folder, inside)
    with pytest.raises(InputError, match="2 layers that may be meant"):
        read(path)
    assert parcels_of(path, layer="plots")["unit_name"].tolist() == names


def test_an_archive_with_shapefiles_in_several_folders_is_refused_by_their_names(tmp_path):
    register().to_file(tmp_path / "a.shp")
    with zipfile.ZipFile(tmp_path / "r.zip", "w") as archive:
        for name in ("东/a", "西/a"):
            for suffix in (".shp", ".shx", ".dbf", ".prj"):
                archive.write(tmp_path / f"a{suffix}", name + suffix)
    with pytest.raises(InputError, match="datasets in several places: 东, 西"):
        read(tmp_path / "r.zip")


def test_restricting_polygons_in_several_layers_are_never_those_of_the_first(tmp_path):
    path = tmp_path / "redline.gpkg"
    for layer, shape in zip(("海洋", "陆域"), SHAPES, strict=True):
        gpd.GeoDataFrame({"a": [1]}, geometry=[shape], crs=CGCS2000).to_file(path, layer=layer)
    file = RestrictingFile(path=str(path), kind="ecological_red_line")
    with pytest.raises(InputError, match="2 layers that may be meant: 海洋, 陆域"):
        read_restricting([file], AOI)
    both = [file.model_copy(update={"layer": layer}) for layer in ("海洋", "陆域")]
    (shape,) = read_restricting(both, AOI).geometry
    assert measure_area_m2(shape) == pytest.approx(sum(map(measure_area_m2, SHAPES)), rel=1e-9)


def test_geoparquet_whose_metadata_name_no_crs_or_column_is_refused(tmp_path):
    path = tmp_path / "r.parquet"
    gpd.GeoDataFrame({"k": [1]}, geometry=[shapely.box(121, 31, 121.1, 31.1)], crs="EPSG:4490").to_parquet(
        path
    )
    content = path.read_bytes()
    at = content.index(b'"primary_column')
    lies = {
        b"inverse_flattening": b"inverse_flattenXXX",
        b'"name": "China': b'"name": "C{ina',
        b"geometry": b"geemetry",
    }
    for true, lie in lies.items():
        path.write_bytes(content[:at] + content[at:].replace(true, lie))
        with pytest.raises(InputError, match=r"r\.parquet"):
            read(path)


@pytest.mark.parametrize("number", [0, -1])
def test_an_undefined_crs_is_none_until_the_config_names_one(tmp_path, number):
    path = tmp_path / "r.gpkg"
    pyogrio.write_dataframe(register(), path)
    with closing(sqlite3.connect(path)) as package, package:
        package.execute(f"UPDATE gpkg_contents SET srs_id = {number}")
        package.execute(f"UPDATE gpkg_geometry_columns SET srs_id = {number}")
    with pytest.raises(InputError, match="likely EPSG:4490"):
        read(path)
    assert parcels_of(path, crs="EPSG:4490")["parcel_id"].tolist() == ["a", "b"]


@pytest.mark.parametrize("kinds", [(1, 2), (True, False), (10**12, 3), (1, "b")])
def test_ids_of_a_geojson_that_are_numbers_are_read_though_the_library_numbers_rows_by_them(tmp_path, kinds):
    features = [
        {"type": "Feature", "properties": {"id": kind}, "geometry": shapely.geometry.mapping(shape)}
        for kind, shape in zip(kinds, SHAPES, strict=True)
    ]
    path = tmp_path / "r.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    parcels = parcels_of(path, columns={"parcel_id": "id"})
    assert len(set(parcels["parcel_id"])) == len(parcels) == 2
