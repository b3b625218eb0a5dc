"""Tables, whole and in parts, and JSON."""

from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from pipeline.geodesy import CGCS2000
from pipeline.storage import tables
from pipeline.storage.tables import (
    GroupedTable,
    LongTable,
    load_json,
    load_layer,
    load_table,
    read_layer_parts,
    read_parts,
    save_json,
    save_parts,
    save_tables,
    zip_parts,
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


def test_an_outline_that_stands_in_several_rows_is_read_in_each(tmp_path, layer):
    repeated = layer.take([1, 0, 1, 1, 0]).reset_index(drop=True)
    save_parts(tmp_path / "a.parquet", [repeated])
    read = load_layer(tmp_path, "a")
    assert shapely.equals(read.geometry.to_numpy(), repeated.geometry.to_numpy()).all()
    assert not shapely.equals(read.geometry.iloc[0], read.geometry.iloc[1])


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


def test_parts_have_the_types_of_the_whole_and_all_columns_where_none_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "PART_ROWS", 2)
    table = pd.DataFrame(
        {
            "name": ["甲", None, "乙", None, None],
            "count": pd.array([1, None, 3, None, None], dtype="Int64"),
            "share": [0.5, None, None, None, None],
            "known": [True, False, True, True, False],
        }
    )
    save_tables(tmp_path, {"table": table})
    parts = list(read_parts(tmp_path / "table.parquet"))
    assert [len(part) for part in parts] == [2, 2, 1]
    assert all((part.dtypes == table.dtypes).all() for part in parts)
    pd.testing.assert_frame_equal(pd.concat(parts, ignore_index=True), load_table(tmp_path, "table"))


def test_a_table_without_rows_is_one_part_that_tells_its_columns(tmp_path):
    save_tables(tmp_path, {"table": pd.DataFrame({"a": [1.0], "b": ["x"]}).iloc[:0]})
    (part,) = read_parts(tmp_path / "table.parquet", ["b"])
    assert part.empty
    assert list(part.columns) == ["b"]


def cut(table, sizes):
    """A table in parts of some sizes, the rest as the last."""
    ends = [0, *np.minimum(np.cumsum(sizes), len(table)), len(table)]
    return [table.iloc[start:end] for start, end in pairwise(ends)]


sizes = st.lists(st.integers(0, 7), max_size=8)


@given(counts=st.lists(st.integers(0, 4), max_size=20), of_first=sizes, of_second=sizes)
def test_rows_of_another_table_stand_beside_their_keys_however_both_are_cut(counts, of_first, of_second):
    keys = [f"p{number}" for number in range(len(counts))]
    first = pd.DataFrame({"parcel_id": pd.Series(keys, dtype=object)})
    second = pd.DataFrame({"parcel_id": np.repeat(np.array(keys, dtype=object), counts)})
    second["row"] = range(len(second))
    seen = []
    for part, (rows,) in zip_parts(cut(first, of_first), cut(second, of_second)):
        assert list(rows["parcel_id"]) == [
            key for key in part["parcel_id"] for _ in range(counts[int(key[1:])])
        ]
        seen += list(rows["row"])
    assert seen == list(range(len(second)))


def test_rows_in_another_order_than_their_keys_are_no_table_to_go_along():
    first = pd.DataFrame({"parcel_id": ["a", "b", "c"]})
    with pytest.raises(ValueError, match="another order"):
        list(zip_parts(cut(first, [1, 1]), [first.iloc[::-1]]))


def test_rows_that_come_in_turns_stand_group_by_group_and_nothing_else_is_left(tmp_path, layer):
    path = tmp_path / "layer.parquet"
    with GroupedTable(path, ["b", ("c", ""), "a"]) as table:
        for number, group in enumerate(["a", "b", "a", ("c", ""), "b"]):
            table.add(group, layer.iloc[[number]])
    read = load_layer(tmp_path, "layer")
    expected = layer.iloc[[1, 4, 3, 0, 2]]
    assert shapely.equals(read.geometry.to_numpy(), expected.geometry.to_numpy()).all()
    assert read["name"].fillna("").tolist() == expected["name"].fillna("").tolist()
    assert [found.name for found in tmp_path.iterdir()] == ["layer.parquet"]


def test_groups_that_cannot_be_finished_leave_no_table(tmp_path, layer):
    def add_all():
        with GroupedTable(tmp_path / "layer.parquet", ["a"]) as table:
            table.add("a", layer)
            table.add("b", layer)

    with pytest.raises(KeyError):
        add_all()
    assert not list(tmp_path.iterdir())
