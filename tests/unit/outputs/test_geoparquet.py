"""GeoParquet as readers of the format expect it: bounds in a column, rows of one place together."""

import json

import geopandas as gpd
import numpy as np
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.geodesy import CGCS2000
from pipeline.outputs import geoparquet
from pipeline.outputs.geoparquet import write_geoparquet, write_geoparquet_parts
from pipeline.storage.tables import PART_ROWS

EDGE = 0.001


def squares(count, seed=3):
    """Small squares in no order over a county, numbered."""
    lon, lat = np.random.default_rng(seed).uniform((121.0, 31.0), (122.0, 32.0), (count, 2)).T
    boxes = shapely.box(lon, lat, lon + EDGE, lat + EDGE)
    return gpd.GeoDataFrame({"key": np.arange(count)}, geometry=boxes, crs=CGCS2000)


def test_the_file_says_what_it_is_and_covers_its_geometries(tmp_path):
    write_geoparquet(squares(30), tmp_path / "rows.parquet")
    about = json.loads(pq.read_schema(tmp_path / "rows.parquet").metadata[b"geo"])
    column = about["columns"]["geometry"]
    assert about["version"] == "1.1.0"
    assert column["encoding"] == "WKB"
    assert column["crs"]["id"] == {"authority": "EPSG", "code": 4490}
    assert column["covering"]["bbox"]["xmin"] == ["bbox", "xmin"]


@given(
    window=st.tuples(*(st.floats(120.9, 122.1), st.floats(30.9, 32.1), st.floats(0, 0.4), st.floats(0, 0.4)))
)
@settings(max_examples=25, deadline=None)
def test_a_window_holds_the_rows_that_meet_it_and_no_others(tmp_path_factory, window):
    left, bottom, width, height = window
    rows, box = squares(60), (left, bottom, left + width, bottom + height)
    path = tmp_path_factory.mktemp("window") / "rows.parquet"
    write_geoparquet(rows, path)
    expected = rows["key"][shapely.intersects(rows.geometry.to_numpy(), shapely.box(*box))]
    assert set(gpd.read_parquet(path, bbox=box)["key"]) == set(expected)


def test_a_reader_that_knows_only_parquet_skips_the_ground_that_it_was_not_asked_for(tmp_path):
    rows = squares(6 * PART_ROWS)
    write_geoparquet(rows, tmp_path / "rows.parquet")
    west = ds.field(("bbox", "xmin")) < 121.02
    corner = west & (ds.field(("bbox", "ymin")) < 31.02)
    (file,) = ds.dataset(tmp_path / "rows.parquet").get_fragments()
    touched = [part for part in file.split_by_row_group() if part.subset(corner).row_groups]
    found = file.to_table(filter=corner, columns=["key"])["key"].to_numpy()
    bounds = rows.bounds
    assert set(found) == set(rows["key"][(bounds["minx"] < 121.02) & (bounds["miny"] < 31.02)])
    assert len(list(file.split_by_row_group())) == 6
    assert len(touched) == 1


@pytest.mark.parametrize("empty", [None, shapely.MultiPolygon()])
def test_rows_without_a_geometry_are_kept_and_stand_last(tmp_path, empty):
    rows = squares(5)
    rows.loc[1, "geometry"] = empty
    write_geoparquet(rows, tmp_path / "rows.parquet")
    read = gpd.read_parquet(tmp_path / "rows.parquet")
    assert sorted(read["key"]) == [0, 1, 2, 3, 4]
    assert read["key"].iloc[-1] == 1
    assert read.geometry.iloc[-1] is None or read.geometry.iloc[-1].is_empty


def test_a_layer_without_rows_is_a_file_too(tmp_path):
    write_geoparquet(squares(5).iloc[:0], tmp_path / "rows.parquet")
    assert len(gpd.read_parquet(tmp_path / "rows.parquet")) == 0


def test_rows_of_one_place_stay_in_their_order_and_the_bytes_repeat(tmp_path):
    rows = squares(4)
    twice = gpd.GeoDataFrame(rows.loc[[0, 1, 2, 3] * 3].reset_index(drop=True))
    twice["year"] = np.arange(12)
    for name in ("one", "two"):
        write_geoparquet(twice, tmp_path / name)
    read = gpd.read_parquet(tmp_path / "one")
    assert all(years.is_monotonic_increasing for _, years in read.groupby("key")["year"])
    assert (read["key"].diff().fillna(1) != 0).sum() == 4
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_layer_in_parts_says_what_it_covers_and_one_without_rows_covers_nothing(tmp_path):
    rows, none = squares(30), squares(0)
    for name, parts in {"some": [none, rows[:7], rows[7:]], "none": [none, none]}.items():
        write_geoparquet_parts(parts, tmp_path / name)
        said = json.loads(pq.read_metadata(tmp_path / name).metadata[b"geo"])["columns"]["geometry"]
        read = gpd.read_parquet(tmp_path / name)
        assert sorted(read["key"]) == list(range(30 if name == "some" else 0))
        assert said.get("bbox") == (rows.total_bounds.tolist() if name == "some" else None)


def test_what_ends_the_writing_of_a_layer_is_what_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(geoparquet, "list_distinct", _fill_disk)
    with pytest.raises(OSError, match="No space left"):
        write_geoparquet_parts([squares(3)], tmp_path / "rows.parquet")


def _fill_disk(*_args, **_options):
    raise OSError(28, "No space left on device")
