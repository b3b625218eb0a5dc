import hashlib
from dataclasses import replace

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from pipeline.outputs import shapefile
from pipeline.outputs.shapefile import launder_names, write_shapefiles
from tests.deliveries import HOSTILE

SIX = {"inventory", "parcels", "sections", "change_patches", "findings", "aoi"}
LONG = "滩涂" * 100


@pytest.fixture(scope="module")
def written(tmp_path_factory, delivery):
    folder = tmp_path_factory.mktemp("shapefile")
    given = replace(delivery, parcels=delivery.parcels.assign(use_status=LONG))
    write_shapefiles(given, folder)
    return folder


@pytest.fixture(scope="module")
def columns(written):
    return pd.read_csv(written / "columns.csv", encoding="utf-8-sig")


def test_every_layer_is_there_with_its_encoding_and_crs(written):
    for name in SIX:
        assert (written / f"{name}.cpg").read_text(encoding="ascii") == "UTF-8"
        assert gpd.read_file(written / f"{name}.shp").crs.to_epsg() == 4490


def test_what_was_given_comes_back_under_its_mapped_name(written, columns, delivery):
    names = columns[columns["layer"] == "parcels"].set_index("column")["shapefile_column"]
    read = gpd.read_file(written / "parcels.shp").rename(
        columns={ours: theirs for theirs, ours in names.items()}
    )
    given = delivery.parcels.sort_values("parcel_id", ignore_index=True)
    assert read["parcel_id"].tolist() == given["parcel_id"].tolist()
    assert read["area_m2"].tolist() == pytest.approx(given["area_m2"].tolist(), rel=1e-12)
    assert (read["area_registered_m2"].isna() == given["area_registered_m2"].isna()).all()
    assert HOSTILE in set(read["right_holder"])
    areas = [shapely.area(table.geometry.array).tolist() for table in (read, given)]
    assert areas[0] == pytest.approx(areas[1], rel=1e-9)


def test_a_long_text_is_cut_between_two_letters_and_the_mapping_says_so(written, columns):
    row = columns[(columns["layer"] == "parcels") & (columns["column"] == "use_status")].iloc[0]
    assert (row["values_cut"], row["longest_bytes"]) == (40, 600)
    texts = set(gpd.read_file(written / "parcels.shp")[row["shapefile_column"]])
    assert texts == {"滩涂" * 42}
    assert columns.loc[columns["column"] != "use_status", "values_cut"].eq(0).all()


def test_yes_and_no_are_one_and_zero_and_unknown_stays_unknown(written, columns, delivery):
    names = columns[columns["layer"] == "sections"].set_index("column")["shapefile_column"]
    read = gpd.read_file(written / "sections.shp")
    assert read[names["target_met"]].tolist() == [int(met) for met in delivery.sections["target_met"]]
    assert read[names["water_class"]].isna().sum() == 1


def test_a_long_layer_goes_on_in_further_files(tmp_path, delivery, monkeypatch):
    monkeypatch.setattr(shapefile, "MOST_BYTES", 50_000)
    write_shapefiles(delivery, tmp_path)
    parts = sorted(tmp_path.glob("inventory*.shp"))
    assert len(parts) > 5
    assert all(path.stat().st_size < 50_000 for path in [*tmp_path.glob("*.shp"), *tmp_path.glob("*.dbf")])
    ids = pd.concat([gpd.read_file(path) for path in parts])["product_id"]
    assert set(ids) == set(delivery.inventory["product_id"])
    assert len(ids) == len(delivery.inventory)


def test_the_same_delivery_gives_the_same_bytes_dated_by_its_data(tmp_path, written, delivery):
    given = replace(delivery, parcels=delivery.parcels.assign(use_status=LONG))
    write_shapefiles(given, tmp_path)
    sums = [
        {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
        for folder in (written, tmp_path)
    ]
    assert sums[0] == sums[1]
    assert (tmp_path / "parcels.dbf").read_bytes()[1:4] == bytes([124, 11, 28])


def test_empty_layers_are_written_with_their_columns(tmp_path, delivery):
    write_shapefiles(replace(delivery, findings=delivery.findings.iloc[:0]), tmp_path)
    read = gpd.read_file(tmp_path / "findings.shp")
    assert len(read) == 0
    assert {"finding_id", "severity"} <= set(read.columns)


@given(st.lists(st.text(min_size=1, max_size=30), unique=True, max_size=40))
def test_laundered_names_are_short_ascii_and_distinct_in_any_case(columns):
    names = list(launder_names(columns).values())
    assert len(names) == len(columns)
    assert all(name.isascii() and 0 < len(name) <= 10 for name in names)
    assert len({name.lower() for name in names}) == len(names)
