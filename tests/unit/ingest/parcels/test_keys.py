"""Keys of parcels, digit by digit, whatever the format, the gaps and the numbers of features."""

import json
import sqlite3
from contextlib import closing
from functools import partial

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

from pipeline.errors import InputError
from pipeline.geodesy import CGCS2000
from pipeline.ingest.parcels import read_parcels
from pipeline.ingest.parcels.vectors import find_places, open_vector, read_features
from pipeline.rights_registry.identifiers import identify_parcels
from pipeline.settings.parcels import ParcelFile
from tests.mutated_registers import AOI
from tests.registers import parcels_in

LONG = 3207241234567890121
SHAPES = [shapely.box(121.81 + 0.01 * n, 31.41, 121.815 + 0.01 * n, 31.42) for n in range(3)]
WRITERS = {
    "gpkg": {},
    "shp": {},
    "geojson": {},
    "fgb": {"driver": "FlatGeobuf"},
    "gdb": {"driver": "OpenFileGDB", "TARGET_ARCGIS_VERSION": "ARCGIS_PRO_3_2_OR_LATER"},
    "gml": {"driver": "GML"},
    "tab": {"driver": "MapInfo File"},
    "sqlite": {"driver": "SQLite"},
}


def plant(values, shapes=SHAPES, dtype="Int64"):
    return gpd.GeoDataFrame({"BSM": pd.array(values, dtype=dtype)}, geometry=shapes, crs=CGCS2000)


def keys_of(path, **options):
    register = read_parcels(ParcelFile(path=str(path), **options), AOI)
    ids = parcels_in(register)["parcel_id"].tolist()
    keys = register.keys["parcel_id"]
    assert ids == keys.astype(object).where(keys.notna(), None).tolist()
    return ids


def edit(path, *statements):
    with closing(sqlite3.connect(path)) as package, package:
        for statement in statements:
            package.execute(statement)


@pytest.mark.parametrize("suffix", [*WRITERS, "parquet"])
def test_keys_of_nineteen_digits_are_exact_also_where_one_is_null(tmp_path, suffix):
    path = tmp_path / f"r.{suffix}"
    if suffix == "parquet":
        plant([LONG, None, LONG + 1]).to_parquet(path)
    else:
        pyogrio.write_dataframe(plant([LONG, None, LONG + 1]), path, **WRITERS[suffix])
    lacking = "0" if suffix == "tab" else None  # a number cannot be null there
    assert {*keys_of(path)} == {str(LONG), lacking, str(LONG + 1)}


def test_keys_that_are_the_numbers_of_features_are_keys(tmp_path):
    plant([1, 2, 3]).to_file(tmp_path / "r.gpkg")
    pyogrio.write_dataframe(
        gpd.GeoDataFrame({"DLBM": ["0301"] * 2}, geometry=SHAPES[:2], crs=CGCS2000),
        tmp_path / "f.gpkg",
        FID="BSM",
        SPATIAL_INDEX="NO",
    )
    edit(tmp_path / "f.gpkg", f"UPDATE f SET BSM = {LONG} + BSM")
    assert keys_of(tmp_path / "f.gpkg") == [str(LONG + 1), str(LONG + 2)]
    assert keys_of(tmp_path / "r.gpkg", columns={"parcel_id": "fid"}) == ["1", "2", "3"]


@pytest.mark.parametrize("low", [1, 2**31 - 2, 2**32 + 5, 2**53 + 1, 320724000000000101])
def test_features_of_any_number_are_read_with_their_own_outlines(tmp_path, low):
    path = tmp_path / "r.gpkg"
    pyogrio.write_dataframe(plant([7, 8, 9]), path, SPATIAL_INDEX="NO")
    edit(path, "UPDATE r SET fid = -fid", f"UPDATE r SET fid = {low} - fid")
    layer = open_vector(path)
    rows = read_features(layer, ["BSM"], np.array([2, 0]))
    assert rows.index.tolist() == [low + 3, low + 1]
    assert rows["BSM"].tolist() == [9, 7]
    assert shapely.equals(rows.geometry.to_numpy(), [SHAPES[2], SHAPES[0]]).all()


def test_a_view_whose_numbers_repeat_is_read_row_by_row(tmp_path):
    path = tmp_path / "r.gpkg"
    pyogrio.write_dataframe(plant([7, 8, 9]), path, layer="plots", SPATIAL_INDEX="NO")
    pyogrio.write_dataframe(
        pd.DataFrame({"plot": [7, 7, 8, 9], "QLR": list("甲乙丙丁")}), path, layer="owners"
    )
    edit(
        path,
        "CREATE VIEW both AS SELECT p.fid AS OGC_FID, p.geom, p.BSM, o.QLR FROM plots p"
        " JOIN owners o ON o.plot = p.BSM ORDER BY p.fid, o.fid",
        "INSERT INTO gpkg_contents (table_name, identifier, data_type, srs_id)"
        " SELECT 'both', 'both', 'features', srs_id FROM gpkg_contents WHERE table_name = 'plots'",
        "INSERT INTO gpkg_geometry_columns SELECT 'both', column_name, geometry_type_name, srs_id, z, m"
        " FROM gpkg_geometry_columns WHERE table_name = 'plots'",
    )
    register = read_parcels(ParcelFile(path=str(path), layer="both", mask_holders=False), AOI)
    parcels = parcels_in(register)
    assert parcels["right_holder"].tolist() == list("甲乙丙丁")
    assert shapely.equals(parcels.geometry.to_numpy(), [SHAPES[n] for n in (0, 0, 1, 2)]).all()
    assert identify_parcels(register.keys)["parcel_id"].tolist() == ["7", "7-2", "8", "9"]


def test_features_without_an_id_are_told_apart_by_their_places(tmp_path):
    features = [
        {
            "type": "Feature",
            "id": number,
            "properties": {"BSM": key},
            "geometry": shapely.geometry.mapping(shape),
        }
        for number, key, shape in zip([None, 0, None], "abc", SHAPES, strict=True)
    ]
    (tmp_path / "r.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    assert keys_of(tmp_path / "r.geojson") == ["a", "b", "c"]


@pytest.mark.parametrize("suffix", ["gpkg", "parquet", "gdb", "geojson"])
def test_keys_that_are_doubles_are_refused_where_their_digits_are_not_exact(tmp_path, suffix):
    good, bad = tmp_path / f"good.{suffix}", tmp_path / f"bad.{suffix}"
    for path, top in ((good, 2**53 - 1), (bad, 2**53)):
        table = plant([float(top), None, 5.0], dtype="float64")
        write = table.to_parquet if suffix == "parquet" else partial(pyogrio.write_dataframe, table)
        write(path, **WRITERS.get(suffix, {}))
    assert keys_of(good) == [str(2**53 - 1), None, "5"]
    with pytest.raises(InputError, match="column BSM: found doubles such as 9007199254740992"):
        keys_of(bad)


def test_numbers_beyond_64_bits_are_refused(tmp_path):
    content = json.loads(plant([1, 2, 3]).to_json())
    content["features"][1]["properties"]["BSM"] = 10 * LONG
    (tmp_path / "r.geojson").write_text(json.dumps(content))
    with pytest.raises(InputError, match=r"column BSM: found doubles such as 32072412345678"):
        keys_of(tmp_path / "r.geojson", crs=CGCS2000)


@pytest.mark.filterwarnings("ignore:Field r.bsm")
@pytest.mark.parametrize("suffix", ["gpkg", "sqlite"])
def test_keys_in_a_column_that_is_declared_for_smaller_numbers_are_refused(tmp_path, suffix):
    path = tmp_path / f"r.{suffix}"
    pyogrio.write_dataframe(plant([7, 8, None], dtype="Int32"), path, SPATIAL_INDEX="NO")
    assert keys_of(path) == ["7", "8", None]
    edit(path, f"UPDATE r SET BSM = -{LONG} WHERE BSM = 8")
    with pytest.raises(InputError, match=rf"(BSM|bsm): found {LONG}, in a column .* int32"):
        keys_of(path)


@pytest.mark.parametrize("suffix", ["gpkg", "shp", "parquet"])
def test_rows_are_the_same_however_few_are_asked_for(tmp_path, monkeypatch, suffix):
    monkeypatch.setattr("pipeline.ingest.parcels.vectors.BATCH_ROWS", 7)
    count = 40
    shapes = [shapely.box(121.8 + 0.001 * n, 31.41, 121.8005 + 0.001 * n, 31.42) for n in range(count)]
    table = plant([LONG + n if n % 5 else None for n in range(count)], shapes)
    path = tmp_path / f"r.{suffix}"
    table.to_parquet(path) if suffix == "parquet" else table.to_file(path)
    layer = open_vector(path)
    everything = read_features(layer, ["BSM"], np.arange(count))
    wanted = find_places(layer, (121.81, 31.4, 121.82, 31.5))
    some = read_features(layer, ["BSM"], wanted)
    assert 8 < len(some) < 13
    pd.testing.assert_frame_equal(pd.DataFrame(some), pd.DataFrame(everything.iloc[wanted]))


def test_a_file_without_layers_is_not_read_for_one_of_them(tmp_path):
    plant([1, 2, 3]).to_parquet(tmp_path / "r.parquet")
    with pytest.raises(InputError, match=r"layer DLTB: found a file without layers"):
        read_parcels(ParcelFile(path=str(tmp_path / "r.parquet"), layer="DLTB"), AOI)
