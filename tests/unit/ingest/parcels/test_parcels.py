import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

from pipeline.aoi import Aoi, Part
from pipeline.errors import InputError
from pipeline.geodesy import CGCS2000, measure_areas_m2
from pipeline.ingest.parcels import ATTRIBUTES, geoparquet, land_register, read_parcels, vectors
from pipeline.settings.parcels import ParcelFile
from tests.registers import parcels_in

EXTRACTS = Path(__file__).parents[5] / "shared" / "data" / "parcels"
OFFICIAL = [
    ("brpgewaspercelen_definitief_2023.gpkg", 100, "EPSG:32631"),
    ("referentiepercelen.gpkg", 100, "EPSG:32631"),
    ("lwb_nutzungsflaechen_v2_0_lv95.gpkg", 100, "EPSG:32631"),
    ("jp_field_polygons_2024.parquet", 100, "EPSG:32654"),
]


def aoi_of(bounds, crs="EPSG:32651"):
    outline = shapely.box(*bounds)
    return Aoi("island", "岛", "island", (Part("1", "岛", "island", outline, None),), crs, "drawn", "exact")


@pytest.fixture
def aoi():
    return aoi_of((121.80, 31.40, 121.90, 31.50))


def register(**columns):
    shapes = [
        shapely.box(121.81, 31.41, 121.82, 31.42),
        shapely.box(121.83, 31.43, 121.85, 31.44),
        shapely.box(122.50, 31.41, 122.51, 31.42),
    ]
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=CGCS2000)


def registry():
    return register(
        ZRZYDJDYH=["320682204000001", "320682204000002", "320682204000003"],
        djdymc=["东滩", " 西沙 ", ""],
        DLBM=["1105", "0301K", "0101"],
        SYQZTLX=["1", "2", "1"],
        QLR=["欧阳锋", None, "王"],
        MJ=[1055000.25, 2100000.0, 3.0],
        BSM=[310000000000000001, 310000000000000002, 310000000000000003],
        REMARK=["a", "b", "c"],
    )


@pytest.mark.parametrize("key", ['fi"d', "fi'd", "编号", "select", "a b"])
def test_rows_are_read_on_from_any_place_whatever_the_column_of_numbers_is_called(tmp_path, key):
    rows = register(BSM=[7, 8, 9])
    pyogrio.write_dataframe(rows, tmp_path / "r.gpkg", layer_options={"FID": key})
    layer = vectors.open_vector(tmp_path / "r.gpkg")
    read = vectors.read_cells(layer, ["BSM", key], np.array([2, 1]))
    assert read.to_dict("list") == {"BSM": [9, 8], key: [3, 2]}


@pytest.mark.parametrize("gone", ["1", "3"])
def test_rows_that_went_while_a_file_is_read_are_told(tmp_path, gone):
    register(BSM=[7, 8, 9]).to_file(tmp_path / "r.gpkg", layer="r")
    layer = vectors.open_vector(tmp_path / "r.gpkg")
    with closing(sqlite3.connect(tmp_path / "r.gpkg")) as file, file:
        for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            file.execute(f'DROP TRIGGER "{name}"')
        file.execute(f"DELETE FROM r WHERE fid = {gone}")
    with pytest.raises(InputError, match="features that changed their places"):
        vectors.read_cells(layer, ["BSM"], np.array([0, 2]))


def test_registry_columns_come_under_our_names_whatever_their_case(tmp_path, aoi):
    registry().to_file(tmp_path / "r.gpkg")
    read = read_parcels(ParcelFile(path=str(tmp_path / "r.gpkg")), aoi)
    parcels = parcels_in(read)
    assert list(parcels["unit_no"]) == ["320682204000001", "320682204000002"]
    assert list(parcels["unit_name"]) == ["东滩", "西沙"]
    assert list(parcels["dlbm"]) == ["1105", "0301K"]
    assert list(parcels["parcel_id"]) == ["310000000000000001", "310000000000000002"]
    assert parcels["area_registered_m2"].iloc[0] == 1055000.25
    assert parcels["planning_use"].isna().all()
    assert read.missing == tuple(
        name
        for name in ATTRIBUTES
        if name not in {"unit_no", "unit_name", "dlbm", "owner_type", "right_holder", "area_registered_m2"}
    )


def test_right_holders_keep_one_character_unless_the_config_says_otherwise(tmp_path, aoi):
    registry().to_file(tmp_path / "r.gpkg")
    file = ParcelFile(path=str(tmp_path / "r.gpkg"))
    masked = parcels_in(read_parcels(file, aoi))
    assert masked["right_holder"].iloc[0] == "欧＊＊"
    assert masked["right_holder"].isna().iloc[1]
    plain = parcels_in(read_parcels(file.model_copy(update={"mask_holders": False}), aoi))
    assert plain["right_holder"].iloc[0] == "欧阳锋"


def test_the_mapping_of_the_config_goes_before_recognition(tmp_path, aoi):
    registry().to_file(tmp_path / "r.gpkg")
    file = ParcelFile(path=str(tmp_path / "r.gpkg"), columns={"planning_use": "REMARK", "dlbm": "REMARK"})
    read = read_parcels(file, aoi)
    assert list(parcels_in(read)["planning_use"]) == ["a", "b"]
    assert list(parcels_in(read)["dlbm"]) == ["a", "b"]
    assert "planning_use" not in read.missing


def test_parcel_no_and_owner_are_accepted_as_they_are(tmp_path, aoi):
    register(parcel_no=["1", "2", "3"], owner=["甲村", "乙村", "丙村"]).to_file(tmp_path / "r.geojson")
    parcels = parcels_in(read_parcels(ParcelFile(path=str(tmp_path / "r.geojson")), aoi))
    assert list(parcels["parcel_no"]) == ["1", "2"]
    assert list(parcels["owner_subject"]) == ["甲村", "乙村"]


def test_rows_keep_their_number_in_the_file_and_those_away_from_the_area_stay_out(tmp_path, aoi):
    frame = registry().iloc[[2, 0, 1]].reset_index(drop=True)
    frame.to_file(tmp_path / "r.gpkg")
    parcels = parcels_in(read_parcels(ParcelFile(path=str(tmp_path / "r.gpkg")), aoi))
    assert list(parcels.index) == [2, 3]


def test_parcels_without_a_geometry_are_kept_so_that_they_can_be_reported(tmp_path, aoi):
    frame = registry()
    frame.loc[0, "geometry"] = None
    frame.to_file(tmp_path / "r.gpkg")
    parcels = parcels_in(read_parcels(ParcelFile(path=str(tmp_path / "r.gpkg")), aoi))
    assert list(parcels["parcel_id"]) == ["310000000000000001", "310000000000000002"]
    assert list(parcels.geometry.isna()) == [True, False]


@pytest.mark.parametrize("crs", ["EPSG:4550", "EPSG:4529", "EPSG:32651", "EPSG:3857", "EPSG:4326"])
def test_any_crs_arrives_in_cgcs2000(tmp_path, aoi, crs):
    truth = registry().iloc[:2]
    truth.to_crs(crs).to_file(tmp_path / "r.gpkg")
    parcels = parcels_in(read_parcels(ParcelFile(path=str(tmp_path / "r.gpkg")), aoi))
    assert parcels.crs.to_epsg() == 4490
    assert shapely.equals_exact(
        shapely.normalize(parcels.geometry.to_numpy()), shapely.normalize(truth.geometry.to_numpy()), 1e-8
    ).all()


@pytest.mark.parametrize(("written", "declared"), [("GBK", False), ("UTF-8", False), ("GBK", True)])
def test_a_shapefile_is_read_in_utf8_or_gbk_with_and_without_cpg(tmp_path, aoi, written, declared):
    registry()[["DLBM", "djdymc", "geometry"]].to_file(tmp_path / "r.shp", encoding=written)
    if not declared:
        (tmp_path / "r.cpg").unlink()
    parcels = parcels_in(read_parcels(ParcelFile(path=str(tmp_path / "r.shp")), aoi))
    assert list(parcels["unit_name"]) == ["东滩", "西沙"]


def test_text_in_the_wrong_encoding_is_an_input_error(tmp_path, aoi):
    registry()[["djdymc", "geometry"]].to_file(tmp_path / "r.shp", encoding="GBK")
    (tmp_path / "r.cpg").unlink()
    for wrong in ("UTF-8", "no-such-encoding"):
        with pytest.raises(InputError, match=wrong):
            read_parcels(ParcelFile(path=str(tmp_path / "r.shp"), encoding=wrong), aoi)


@pytest.mark.parametrize(
    ("numbers", "codes"), [([1105, 101, 301], ["1105", "0101"]), ([115, 11, 31], ["115", "011"])]
)
def test_land_class_codes_kept_as_numbers_get_their_leading_zeros_back(tmp_path, aoi, numbers, codes):
    register(DLBM=numbers).to_file(tmp_path / "r.gpkg")
    parcels = parcels_in(read_parcels(ParcelFile(path=str(tmp_path / "r.gpkg")), aoi))
    assert list(parcels["dlbm"]) == codes


def test_whole_numbers_with_gaps_stay_whole(tmp_path, aoi):
    register(QLLX=pd.array([9, None, 3], dtype="Int64")).to_parquet(tmp_path / "r.parquet")
    parcels = parcels_in(read_parcels(ParcelFile(path=str(tmp_path / "r.parquet")), aoi))
    assert parcels["right_type"].iloc[0] == "9"
    assert parcels["right_type"].isna().iloc[1]


def test_of_several_layers_of_polygons_none_is_taken_that_is_not_named(tmp_path, aoi):
    path = tmp_path / "r.gpkg"
    points = gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(121.81, 31.41)], crs=CGCS2000)
    points.to_file(path, layer="points")
    registry().to_file(path, layer="first")
    assert len(parcels_in(read_parcels(ParcelFile(path=str(path)), aoi))) == 2
    registry().iloc[[1]].to_file(path, layer="second")
    with pytest.raises(InputError, match=r"2 layers that may be meant: first, second"):
        read_parcels(ParcelFile(path=str(path)), aoi)
    assert len(parcels_in(read_parcels(ParcelFile(path=str(path), layer="second"), aoi))) == 1
    for wrong in ("points", "third"):
        with pytest.raises(InputError, match=r"points \(Point\), first \(Polygon\)") as caught:
            read_parcels(ParcelFile(path=str(path), layer=wrong), aoi)
        assert wrong in caught.value.problems[0].place


def test_all_wrong_columns_are_reported_at_once_with_those_that_are_there(tmp_path, aoi):
    registry().to_file(tmp_path / "r.gpkg")
    columns = {"dlbm": "LANDUSE", "unit_no": "UNIT", "colour": "REMARK"}
    with pytest.raises(InputError) as caught:
        read_parcels(ParcelFile(path=str(tmp_path / "r.gpkg"), columns=columns), aoi)
    assert [problem.place.rsplit(", ", 1)[1] for problem in caught.value.problems] == [
        "column LANDUSE",
        "column UNIT",
        "colour",
    ]
    assert "ZRZYDJDYH" in caught.value.problems[0].found


def test_what_is_no_land_register_is_an_input_error(tmp_path, aoi):
    (tmp_path / "text.gpkg").write_text("no database")
    (tmp_path / "text.parquet").write_text("no table")
    (tmp_path / "table.csv").write_text("a,b\n1,2\n")
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "plain.parquet")
    registry()[["DLBM", "geometry"]].to_file(tmp_path / "nowhere.shp")
    (tmp_path / "nowhere.prj").unlink()
    for name in ("gone.gpkg", "text.gpkg", "text.parquet", "table.csv", "plain.parquet", "nowhere.shp"):
        with pytest.raises(InputError) as caught:
            read_parcels(ParcelFile(path=str(tmp_path / name)), aoi)
        assert name in caught.value.problems[0].place


def test_an_open_ring_is_closed_and_the_repair_recorded(tmp_path, aoi):
    ring = [[121.81, 31.41], [121.82, 31.41], [121.82, 31.42], [121.81, 31.42]]
    feature = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    (tmp_path / "r.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    parcels = parcels_in(read_parcels(ParcelFile(path=str(tmp_path / "r.geojson")), aoi))
    assert shapely.area(parcels.geometry.iloc[0]) == pytest.approx(1e-4)
    assert "ring closed" in parcels["repairs"].iloc[0]


def test_a_datum_without_a_published_way_to_cgcs2000_is_refused(tmp_path, aoi):
    registry().set_crs("EPSG:4610", allow_override=True).to_file(tmp_path / "xian1980.gpkg")
    with pytest.raises(InputError, match="Xian 1980"):
        read_parcels(ParcelFile(path=str(tmp_path / "xian1980.gpkg")), aoi)


def test_a_register_without_parcels_here_gives_none(tmp_path):
    registry().to_file(tmp_path / "r.gpkg")
    parcels = parcels_in(read_parcels(ParcelFile(path=str(tmp_path / "r.gpkg")), aoi_of((10, 50, 11, 51))))
    assert len(parcels) == 0
    assert set(ATTRIBUTES) <= set(parcels.columns)


@pytest.mark.skipif(not EXTRACTS.is_dir(), reason="the official extracts are not beside the project")
@pytest.mark.parametrize(("name", "count", "crs"), OFFICIAL)
def test_official_extracts_are_read_whole_and_their_areas_agree_with_their_own_projection(name, count, crs):
    path = EXTRACTS / name
    truth = gpd.read_parquet(path) if name.endswith("parquet") else gpd.read_file(path)
    left, bottom, right, top = truth.to_crs(CGCS2000).total_bounds
    read = read_parcels(ParcelFile(path=str(path)), aoi_of((left, bottom, right, top), crs))
    parcels = parcels_in(read)
    assert len(parcels) == count
    assert read.missing == ATTRIBUTES
    degrees = truth.to_crs("EPSG:4326")
    dense = degrees.set_geometry(shapely.segmentize(degrees.geometry.to_numpy(), 1e-5))
    equal_area = dense.to_crs("EPSG:6933").area.to_numpy()
    assert np.allclose(
        measure_areas_m2(shapely.segmentize(parcels.geometry.to_numpy(), 1e-5)),
        equal_area,
        rtol=1e-6,
        atol=1e-3,
    )


@pytest.mark.parametrize("crs", [None, "EPSG:4549"])
@pytest.mark.parametrize("name", ["r.gpkg", "r.geojson", "r.shp", "r.parquet"])
def test_a_register_read_in_batches_is_the_register(tmp_path, aoi, monkeypatch, name, crs):
    """Across batches: names to be hidden, codes that lost their zeros, and rows of another area between."""
    count = 11
    places = np.random.default_rng(4).permutation(count)
    shapes = np.array([shapely.box(121.80 + p / 50, 31.41, 121.81 + p / 50, 31.42) for p in places])
    frame = gpd.GeoDataFrame(
        {
            "BSM": [f"b{number}" for number in range(count)],
            "DLBM": [101.0, 303.0, None, *[1104.0] * (count - 3)],
            "QLR": [None] * (count - 1) + ["欧阳锋"],
            "ZLDWMC": ["欧阳锋的田", *["东滩"] * (count - 1)],
            "MJ": np.arange(count) + 0.5,
        },
        geometry=list(shapes),
        crs=CGCS2000,
    )
    frame = frame if crs is None else frame.to_crs(crs)
    path = tmp_path / name
    frame.to_parquet(path, row_group_size=3) if name.endswith("parquet") else frame.to_file(path)
    file = ParcelFile(path=str(path), columns={"unit_name": "ZLDWMC"})
    whole = parcels_in(read_parcels(file, aoi))
    assert whole["dlbm"].dropna().isin(["0101", "0303", "1104"]).all()
    assert len(whole) == 6
    assert "欧阳锋" not in whole.to_csv()
    monkeypatch.setattr(vectors, "BATCH_ROWS", 4)
    monkeypatch.setattr(land_register, "PARCELS_AT_ONCE", 3)
    monkeypatch.setattr(geoparquet, "_BATCH_ROWS", 2)
    read = read_parcels(file, aoi)
    assert [len(batch) for batch in read.batches()] == [3, 1, 2]
    assert list(read.keys["parcel_id"]) == list(whole["parcel_id"])
    pd.testing.assert_frame_equal(parcels_in(read), whole)


def test_rows_of_a_format_that_finds_none_by_number_are_the_same(tmp_path):
    registry().to_file(tmp_path / "r.gpkg")
    layer = vectors.open_vector(tmp_path / "r.gpkg")
    assert layer.by_number
    for places in (np.array([0, 2]), np.array([1]), np.array([], dtype=np.int64)):
        expected = vectors.read_features(layer, ["DLBM"], places)
        found = vectors.read_features(replace(layer, by_number=False), ["DLBM"], places)
        pd.testing.assert_frame_equal(pd.DataFrame(found), pd.DataFrame(expected))


@pytest.mark.parametrize("crs", ["EPSG:4549", "EPSG:4528", "EPSG:32651"])
def test_places_in_another_crs_are_those_whose_bounds_meet_in_degrees(tmp_path, aoi, crs):
    """A tilted edge: boxes along the outline's bounds, some just inside and some just outside."""
    left, bottom, right, _ = aoi.geometry.bounds
    along = np.linspace(left - 0.01, right + 0.01, 60)
    low = np.where(np.arange(60) % 2, bottom - 0.0021, bottom - 0.0015)
    shapes = [shapely.box(x, y, x + 0.001, y + 0.002) for x, y in zip(along, low, strict=True)]
    frame = gpd.GeoDataFrame({"BSM": range(60)}, geometry=shapes, crs=CGCS2000).to_crs(crs)
    frame.to_file(tmp_path / "r.gpkg", layer="r")
    layer = vectors.open_vector(tmp_path / "r.gpkg")
    edges = frame.to_crs(CGCS2000).bounds
    meets = (edges["maxx"] >= left) & (edges["minx"] <= right) & (edges["maxy"] >= bottom)
    assert 0 < meets.sum() < 30
    assert vectors.find_places(layer, aoi.geometry.bounds).tolist() == np.flatnonzero(meets).tolist()
