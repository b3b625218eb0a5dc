"""Tables, whole and in parts, and JSON."""

import geopandas as gpd
import pandas as pd
import pyarrow.parquet as pq
import pytest
import shapely

from pipeline.geodesy import CGCS2000
from pipeline.storage import tables
from pipeline.storage.tables import (
    LongTable,
    load_json,
    load_layer,
    load_table,
    read_layer_parts,
    save_json,
    save_parts,
    save_tables,
)


@pytest.fixture
def layer():
    shapes = [shapely.box(x, 31, x + 0.5, 31.5) for x in range(7)]
    words = [None, None, None, "东滩", None, "西沙", None]
    return gpd.GeoDataFrame(
        {"name": pd.Series(words, dtype=object), "area": [1.5, None, 2, 3, 4, 5, 6]},
        geometry=shapes,
        crs=CGCS2000,
    )


def test_a_layer_written_in_parts_is_read_as_one_though_its_first_part_has_no_text(tmp_path, layer):
    save_parts(tmp_path / "layer.parquet", [layer.iloc[:3], layer.iloc[3:3], layer.iloc[3:]])
    read = load_layer(tmp_path, "layer")
    assert read["name"].isna().tolist() == layer["name"].isna().tolist()
    assert read["name"].dropna().tolist() == ["东滩", "西沙"]
    rest = ["area", "geometry"]
    pd.testing.assert_frame_equal(pd.DataFrame(read[rest]), pd.DataFrame(layer[rest]))
    assert read.crs == CGCS2000
    assert pq.ParquetFile(tmp_path / "layer.parquet").num_row_groups >= 2


def test_a_layer_is_read_so_many_rows_at_a_time_with_the_columns_that_are_asked_for(
    tmp_path, layer, monkeypatch
):
    monkeypatch.setattr(tables, "PART_ROWS", 3)
    save_parts(tmp_path / "layer.parquet", [layer])
    parts = list(read_layer_parts(tmp_path / "layer.parquet", ["area"]))
    assert [len(part) for part in parts] == [3, 3, 1]
    whole = pd.concat(parts, ignore_index=True)
    pd.testing.assert_frame_equal(pd.DataFrame(whole), pd.DataFrame(layer[["area", "geometry"]]))


def test_a_layer_without_rows_is_a_layer(tmp_path, layer):
    save_parts(tmp_path / "layer.parquet", [layer.iloc[:0]])
    assert load_layer(tmp_path, "layer").empty
    assert sum(len(part) for part in read_layer_parts(tmp_path / "layer.parquet", ["area"])) == 0


def test_a_table_without_geometry_is_a_plain_one(tmp_path):
    table = pd.DataFrame({"name": ["a", None], "count": [1, 2]})
    save_parts(tmp_path / "table.parquet", [table, table])
    read = load_table(tmp_path, "table")
    pd.testing.assert_frame_equal(read, pd.concat([table, table], ignore_index=True))


def test_the_same_parts_give_the_same_bytes(tmp_path, layer):
    for name in ("one", "two"):
        save_parts(tmp_path / name, [layer.iloc[:4], layer.iloc[4:]])
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_no_part_gives_no_file(tmp_path):
    with LongTable(tmp_path / "none.parquet"):
        pass
    assert not (tmp_path / "none.parquet").exists()


def test_tables_layers_and_json_come_back_as_they_were(tmp_path):
    table = pd.DataFrame(
        {"a": [1, 2], "名": ["甲", None], "when": pd.to_datetime(["2024-01-01", None], utc=True)}
    )
    layer = gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(1, 2)], crs="EPSG:4490")
    save_tables(tmp_path, {"table": table, "layer": layer})
    pd.testing.assert_frame_equal(load_table(tmp_path, "table"), table)
    assert load_layer(tmp_path, "layer").crs.to_epsg() == 4490
    save_json(tmp_path / "a.json", {"b": "甲", "a": [1.5, None]})
    assert load_json(tmp_path / "a.json") == {"a": [1.5, None], "b": "甲"}
