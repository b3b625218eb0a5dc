"""Labelled samples of land cover."""

import sqlite3
from contextlib import closing

import geopandas as gpd
import pandas as pd
import pyarrow.parquet as pq
import pytest
import shapely

from pipeline.aoi import Aoi, Part
from pipeline.errors import InputError
from pipeline.ingest.labels import read_labels
from pipeline.settings.maps import LabelledSamples

OUTLINE = shapely.box(121.0, 31.0, 121.1, 31.1)
AOI = Aoi("a", "甲", "A", (Part("1", "甲", "A", OUTLINE, None),), "EPSG:32651", "drawn", "exact")
POINTS = [(121.01, 31.02), (121.05, 31.07), (121.2, 31.05)]


def written(folder, classes, shapes=None, name="samples.gpkg", crs=4490, column="class"):
    shapes = [] if not classes else shapes or [shapely.Point(place) for place in POINTS]
    path = folder / name
    frame = gpd.GeoDataFrame({column: classes}, geometry=shapes, crs=crs)
    frame.to_parquet(path) if name.endswith("parquet") else frame.to_file(path)
    return path


def read(path, **given):
    return read_labels(LabelledSamples(path=str(path), **given), AOI)


@pytest.mark.parametrize("name", ["samples.gpkg", "samples.geojson", "samples.parquet", "samples.shp"])
def test_samples_are_read_from_any_vector_file_and_those_elsewhere_are_counted(tmp_path, name):
    rows = read(written(tmp_path, ["water", "农田", "built"], name=name))
    assert rows["kind"].tolist() == ["water", "crop"]
    assert rows.index.tolist() == [1, 2]
    assert rows.attrs["outside"] == 1
    assert rows.crs == 4490


def test_own_names_and_numbers_are_mapped_to_kinds(tmp_path):
    path = written(tmp_path, [11.0, 12.0, 11.0], column="dl")
    assert read(path, column="dl", classes={"11": "forest", "12": "marsh"})["kind"].tolist() == [
        "forest",
        "marsh",
    ]


@pytest.mark.parametrize("spelled", ["11", "11.0", "１１", " 11 "])
def test_a_class_is_the_same_however_its_number_is_written(tmp_path, spelled):
    path = written(tmp_path, [spelled, "植被（未细分）", "植被(未细分)"])
    kinds = read(path, classes={"11": "forest"})["kind"].tolist()
    assert kinds == ["forest", "vegetation"]
    with pytest.raises(InputError, match="'011'"):
        read(written(tmp_path, ["011"] * 3), classes={"11": "forest"})


def test_points_polygons_and_other_coordinates_come_together(tmp_path):
    square = shapely.box(121.04, 31.06, 121.06, 31.08)
    shapes = [shapely.Point(121.01, 31.02), square, shapely.Point(121.09, 31.09)]
    frame = gpd.GeoDataFrame({"class": ["water"] * 3}, geometry=shapes, crs=4490).to_crs(32651)
    frame.to_parquet(tmp_path / "utm.parquet")
    rows = read(tmp_path / "utm.parquet")
    assert rows.geometry.geom_type.tolist() == ["Point", "Polygon", "Point"]
    assert rows.geometry.iloc[0].distance(shapes[0]) < 1e-8


def test_everything_that_is_wrong_is_said_at_once(tmp_path):
    bow = shapely.Polygon([(121.01, 31.01), (121.03, 31.03), (121.03, 31.01), (121.01, 31.03)])
    shapes = [None, shapely.LineString(POINTS), bow, *(shapely.Point(121.05, 31.05) for _ in range(8))]
    classes = ["water", "water", "water", *["lake"] * 7, None]
    frame = gpd.GeoDataFrame({"class": classes}, geometry=shapes, crs=4490)
    frame.to_parquet(tmp_path / "bad.parquet")
    with pytest.raises(InputError) as raised:
        read(tmp_path / "bad.parquet", classes={"sea": "ocean"})
    text = str(raised.value)
    for said in (
        "row 1: found no geometry",
        "row 2: found LineString",
        "row 3: found a polygon that is not valid",
        "row 4, 5, 6, 7, 8 and 2 more: found 'lake'",
        "row 11: found ''",
        "land_cover.samples.classes.sea: found 'ocean'",
    ):
        assert said in text


@pytest.mark.parametrize(
    ("make", "given", "said"),
    [
        (lambda folder: folder / "none.gpkg", {}, "no such file"),
        (lambda folder: written(folder, ["water"] * 3, column="kind"), {}, r"a column 'class'"),
        (lambda folder: written(folder, ["water"] * 3), {"layer": "other"}, "other"),
        (lambda folder: written(folder, ["water"] * 3, name="a.parquet", crs=None), {}, "no coordinate"),
        (
            lambda folder: written(folder, ["water"] * 3, name="a.parquet", crs=None),
            {"crs": "EPSG:x"},
            "EPSG:x",
        ),
        (lambda folder: written(folder, ["water"] * 3, [shapely.Point(120, 30)] * 3), {}, "none inside a"),
        (lambda folder: written(folder, [], [], name="a.parquet"), {}, "no row"),
    ],
)
def test_a_file_that_holds_no_samples_is_refused_with_its_place(tmp_path, make, given, said):
    with pytest.raises(InputError, match=said):
        read(make(tmp_path), **given)


def test_a_table_without_geometry_or_no_vector_file_is_refused(tmp_path):
    (tmp_path / "samples.csv").write_text("class\nwater\n", encoding="utf-8")
    (tmp_path / "samples.gpkg").write_bytes(b"nothing")
    pd.DataFrame({"class": ["water"]}).to_parquet(tmp_path / "plain.parquet")
    for name in ("samples.csv", "samples.gpkg", "plain.parquet"):
        with pytest.raises(InputError, match="labelled samples"):
            read(tmp_path / name)


def test_geoparquet_with_a_broken_footer_or_crs_is_refused(tmp_path):
    path = written(tmp_path, ["water"], [shapely.Point(121.01, 31.02)], name="s.parquet")
    whole, table = path.read_bytes(), pq.read_table(path)
    geo = table.schema.metadata[b"geo"].replace(b"inverse_flattening", b"none").replace(b"EPSG", b"none")
    pq.write_table(table.replace_schema_metadata({b"geo": geo}), path)
    for broken in (path.read_bytes(), whole[:-8] + bytes(4) + b"PAR1"):
        path.write_bytes(broken)
        with pytest.raises(InputError, match=r"s\.parquet"):
            read(path, column="class")


def test_rows_without_a_label_are_left_out_where_that_is_asked_for_and_columns_are_taken_along(tmp_path):
    shapes = [shapely.Point(121.01, 31.02), shapely.Point(121.05, 31.07), shapely.Point(121.06, 31.07)]
    frame = gpd.GeoDataFrame(
        {"class": ["water", None, "built"], "stratum": [1, 2, 4]}, geometry=shapes, crs=4490
    )
    frame.to_parquet(tmp_path / "points.parquet")
    given = LabelledSamples(path=str(tmp_path / "points.parquet"))
    rows = read_labels(given, AOI, keep=("stratum", "other"), blank=True)
    assert rows.index.tolist() == [1, 3]
    assert rows["stratum"].tolist() == [1, 4]
    with pytest.raises(InputError, match="row 2: found ''"):
        read_labels(given, AOI)


def test_of_several_layers_the_one_with_the_column_holds_the_samples(tmp_path):
    path = written(tmp_path, ["water", "crop", "built"])
    frame = gpd.GeoDataFrame({"note": ["a"]}, geometry=[shapely.Point(121.0, 31.0)], crs=4490)
    frame.to_file(path, layer="before")
    assert len(read(path)) == 2
    frame.rename(columns={"note": "class"}).to_file(path, layer="after")
    with pytest.raises(InputError, match="2 layers that may be meant: samples, after"):
        read(path)
    assert len(read(path, layer="samples")) == 2


@pytest.mark.parametrize("number", [0, -1])
def test_samples_in_an_undefined_crs_are_refused_until_the_config_names_one(tmp_path, number):
    path = written(tmp_path, ["water", "crop", "built"])
    with closing(sqlite3.connect(path)) as package, package:
        package.execute(f"UPDATE gpkg_contents SET srs_id = {number}")
        package.execute(f"UPDATE gpkg_geometry_columns SET srs_id = {number}")
    with pytest.raises(InputError, match="no coordinate reference system"):
        read(path)
    assert len(read(path, crs="EPSG:4490")) == 2


def test_a_layer_of_a_file_without_layers_is_refused(tmp_path):
    with pytest.raises(InputError, match="a file without layers"):
        read(written(tmp_path, ["water"] * 3, name="samples.parquet"), layer="a")
