"""Registers and restrictions in files of several layers, with odd keys and numbers, up to what is told."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

from pipeline.errors import InputError
from pipeline.flow.inputs import find_inputs
from pipeline.flow.parcels import make_parcels
from pipeline.geodesy import CGCS2000, measure_area_m2
from pipeline.settings.parcels import ParcelFile, RestrictingFile

LONG = 3207241234567890121


@pytest.fixture
def halves(planted):
    """The western quarter and the rest of a rectangle within the area."""
    left, bottom, right, top = shapely.box(
        *planted.aoi.geometry.representative_point().buffer(0.002).bounds
    ).bounds
    middle = left + (right - left) / 4
    return [shapely.box(left, bottom, middle, top), shapely.box(middle, bottom, right, top)]


@pytest.fixture
def make(run, planted):
    """Makes parcels of a register and of layers that restrict use: parcels, findings and pieces."""

    def make(path, *layers, **options):
        changes = {"parcels": ParcelFile(path=str(path), **options), "restricting": list(layers)}
        study = replace(planted, settings=planted.settings.model_copy(update=changes))
        folder = make_parcels(run, study, find_inputs(run, study)).path
        tables = (gpd.read_parquet(folder / f"{name}.parquet") for name in ("parcels", "findings", "pieces"))
        parcels, findings, pieces = tables
        return parcels.set_index("parcel_id"), findings.set_index("rule"), pieces

    return make


def frame(shapes, **columns):
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=CGCS2000)


def test_a_red_line_in_two_layers_is_refused_and_the_one_that_is_named_restricts(make, halves, tmp_path):
    frame(halves, BSM=["W", "E"], DLBM=["0301", "0101"]).to_file(tmp_path / "parcels.gpkg")
    for layer, shape in zip(("海洋生态保护红线", "陆域生态保护红线"), halves, strict=True):
        frame([shape], a=[1]).to_file(tmp_path / "redline.gpkg", layer=layer)
    file = RestrictingFile(path=str(tmp_path / "redline.gpkg"), kind="ecological_red_line")
    with pytest.raises(InputError, match=r"redline\.gpkg: found .*海洋生态保护红线, 陆域生态保护红线"):
        make(tmp_path / "parcels.gpkg", file)
    _, _, pieces = make(tmp_path / "parcels.gpkg", file.model_copy(update={"layer": "陆域生态保护红线"}))
    areas = pieces.assign(area=pieces.geometry.map(measure_area_m2)).groupby("parcel_id")["area"].sum()
    assert areas[areas > 1].to_dict() == {"E": pytest.approx(measure_area_m2(halves[1]), rel=1e-6)}


def test_long_keys_beside_a_null_are_exact_and_no_duplicates(make, halves, tmp_path):
    shapes = [part for half in halves for part in shapely.ops.split(half, cross(half)).geoms]
    keys = pd.array([LONG, LONG + 1, LONG + 2, None], dtype="Int64")
    frame(shapes, BSM=keys, DLBM=["0301"] * 4).to_file(tmp_path / "parcels.gpkg")
    parcels, findings, _ = make(tmp_path / "parcels.gpkg")
    assert {str(LONG), str(LONG + 1), str(LONG + 2)} < set(parcels.index)
    assert len(parcels) == 4
    assert "code_duplicate" not in findings.index


def cross(shape):
    left, bottom, right, top = shape.bounds
    return shapely.LineString([(left - 1, (bottom + top) / 2), (right + 1, (bottom + top) / 2)])


def test_the_plots_of_a_survey_are_read_and_their_layer_is_told(make, halves, tmp_path):
    path = tmp_path / "parcels.gdb"
    frame([shapely.union_all(halves)], XZQDM=["320724"]).to_file(path, driver="OpenFileGDB", layer="XZQ")
    plots = frame(halves, BSM=["W", "E"], DLBM=["0301", "0101"])
    plots.to_file(path, driver="OpenFileGDB", layer="DLTB")
    parcels, findings, _ = make(path)
    assert parcels["dlbm"].to_dict() == {"W": "0301", "E": "0101"}
    told = findings.loc["register_layer"]
    assert all(word in told["message_zh"] for word in ("parcels.gdb", "DLTB", "XZQ"))
    _, findings, _ = make(path, layer="DLTB")
    assert "register_layer" not in findings.index


def test_a_view_that_joins_owners_has_each_of_its_rows_and_says_that_numbers_repeat(make, halves, tmp_path):
    path = tmp_path / "parcels.gpkg"
    pyogrio.write_dataframe(
        frame(halves, parcel_id=["W", "E"], DLBM=["0301", "0101"]), path, layer="plots", SPATIAL_INDEX="NO"
    )
    pyogrio.write_dataframe(
        pd.DataFrame({"plot": list("WWE"), "QLR": ["甲公司", "乙公司", "丙公司"]}), path, layer="owners"
    )
    with closing(sqlite3.connect(path)) as package, package:
        package.execute(
            "CREATE VIEW parcels_owners AS SELECT p.fid AS OGC_FID, p.geom, p.parcel_id, p.DLBM, o.QLR"
            " FROM plots p JOIN owners o ON o.plot = p.parcel_id"
        )
        package.execute(
            "INSERT INTO gpkg_contents (table_name, identifier, data_type, srs_id) SELECT 'parcels_owners',"
            " 'parcels_owners', 'features', srs_id FROM gpkg_contents WHERE table_name = 'plots'"
        )
        package.execute(
            "INSERT INTO gpkg_geometry_columns SELECT 'parcels_owners', column_name, geometry_type_name,"
            " srs_id, z, m FROM gpkg_geometry_columns WHERE table_name = 'plots'"
        )
    parcels, findings, _ = make(path, layer="parcels_owners")
    assert sorted(parcels.index) == ["E", "W", "W-2"]
    assert "parcels_owners" in findings.loc["register_rows_repeat", "message_en"]


def test_a_key_that_is_the_number_of_the_feature_is_the_key(make, halves, tmp_path):
    path = tmp_path / "parcels.gpkg"
    pyogrio.write_dataframe(frame(halves, DLBM=["0301", "0101"]), path, FID="BSM", SPATIAL_INDEX="NO")
    with closing(sqlite3.connect(path)) as package, package:
        package.execute("UPDATE parcels SET BSM = BSM + 320724000000000100")
    parcels, _, _ = make(path)
    areas = parcels.geometry.map(measure_area_m2)
    assert areas.to_dict() == {
        "320724000000000101": pytest.approx(measure_area_m2(halves[0]), rel=1e-9),
        "320724000000000102": pytest.approx(measure_area_m2(halves[1]), rel=1e-9),
    }


def test_features_of_which_some_have_no_id_are_all_there(make, halves, tmp_path):
    content = json.loads(frame(halves * 2, BSM=["W1", "E1", "W2", "E2"], DLBM=["0301", "0101"] * 2).to_json())
    for feature, number in zip(content["features"], [None, 0, None, 1], strict=True):
        feature["id"] = number
    (tmp_path / "parcels.geojson").write_text(json.dumps(content))
    parcels, _, _ = make(tmp_path / "parcels.geojson")
    assert parcels["dlbm"].to_dict() == {"W1": "0301", "E1": "0101", "W2": "0301", "E2": "0101"}
    assert np.isfinite(parcels.geometry.bounds).all(axis=None)
