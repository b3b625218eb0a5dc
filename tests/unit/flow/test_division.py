"""A register in parts: every row once, the same figures as of the whole, each book a whole of its parcels."""

from dataclasses import replace

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
from bokeh.models import GlyphRenderer
from hypothesis import given
from hypothesis import strategies as st

from pipeline.flow import division
from pipeline.flow.division import RegisterFiles, add_register, cut_parts
from pipeline.flow.feature_numbers import FormerNumbers
from pipeline.outputs.charts import draw_charts
from pipeline.outputs.layers import INVENTORY_LAYER, build_layer_parts
from pipeline.outputs.report.chapters import list_totals
from pipeline.outputs.shapefile import write_shapefiles
from pipeline.outputs.totals import sum_totals
from pipeline.outputs.webmap import building
from pipeline.outputs.webmap.building import list_map_layers, list_notes
from pipeline.storage.tables import save_parts, save_tables
from tests.deliveries import plant_towns, written
from tests.pages import ROOT

MOST = 40


def plant_register():
    """Parcels of three towns, without findings."""
    delivery = plant_towns()
    return replace(delivery, findings=delivery.findings.iloc[:0])


def _read_owners(delivery):
    """The figures that the chart of owners draws."""
    drawn = draw_charts(delivery)["owners"].drawing.select({"type": GlyphRenderer})
    tables = [renderer.data_source.to_df() for renderer in drawn]
    return sorted(value for table in tables for value in table.select_dtypes("number").to_numpy().ravel())


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("artifacts")
    delivery = plant_register()
    save_parts(folder / "parcels.parquet", [delivery.parcels])
    save_tables(folder, {"inventory": delivery.inventory})
    return RegisterFiles(folder, folder, FormerNumbers({}, {}))


@pytest.fixture(scope="module")
def divided(files):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(division, "ROWS_HELD", MOST)
        patch.setattr(division, "ROWS_OF_PART", MOST)
        return add_register(plant_register(), files)


@pytest.fixture(scope="module")
def whole(files):
    return add_register(plant_register(), files)


@pytest.fixture(scope="module")
def folders(divided, whole, tmp_path_factory):
    places = {}
    for name, delivery in {"divided": divided, "whole": whole}.items():
        places[name] = tmp_path_factory.mktemp(name)
        written(delivery, places[name])
    return places


def test_a_delivery_that_is_no_larger_than_may_be_held_is_whole(whole):
    assert whole.divided is None
    assert len(list(whole.parts("inventory"))) == 1


def test_parts_end_with_towns_and_hold_no_more_rows_than_may_be_held(divided):
    parts = list(divided.parts("inventory", "parcels"))
    assert len(parts) > 2
    assert all(len(part.inventory) <= MOST for part in parts)
    towns = [set(part.parcels["parcel_id"].str[:9]) for part in parts]
    assert sum(map(len, towns)) == len(set().union(*towns)), "no town is in two parts"
    for part in parts:
        assert set(part.inventory["parcel_id"]) == set(part.parcels["parcel_id"])


@pytest.mark.parametrize("layer", ["inventory", "parcels"])
def test_the_geopackage_has_every_feature_as_in_the_whole(folders, whole, layer):
    key = {"inventory": "product_id", "parcels": "parcel_id"}[layer]
    read = [
        pyogrio.read_dataframe(folder / whole.name_file(".gpkg"), layer=layer).sort_values(
            key, ignore_index=True
        )
        for folder in folders.values()
    ]
    pd.testing.assert_frame_equal(*map(pd.DataFrame, read))


@pytest.mark.parametrize("suffix", [".parquet", "_parcels.parquet"])
def test_geoparquet_is_one_file_with_bounds_of_all_parts(folders, whole, suffix):
    key = "product_id" if suffix == ".parquet" else "parcel_id"
    paths = [folder / whole.name_file(suffix) for folder in folders.values()]
    divided, at_once = (gpd.read_parquet(path).sort_values(key, ignore_index=True) for path in paths)
    pd.testing.assert_frame_equal(
        pd.DataFrame(divided.drop(columns="fid")), pd.DataFrame(at_once.drop(columns="fid"))
    )
    assert divided.crs == at_once.crs
    west, south, east, north = at_once.total_bounds
    window = (west, south, (west + east) / 2, north)
    kept = [gpd.read_parquet(path, bbox=window) for path in paths]
    assert sorted(kept[0][key]) == sorted(kept[1][key])


def test_shapefiles_of_all_parts_have_every_row(divided, whole, tmp_path):
    read = {}
    for name, delivery in {"divided": divided, "whole": whole}.items():
        (folder := tmp_path / name).mkdir()
        write_shapefiles(delivery, folder)
        paths = sorted(folder.glob("inventory*.shp"))
        read[name] = pd.concat([gpd.read_file(path) for path in paths]).drop(columns="fid")
        assert len(paths) == (1 if name == "whole" else len(list(divided.parts("inventory"))))
    columns = [(tmp_path / name / "columns.csv").read_bytes() for name in read]
    assert columns[0] == columns[1]
    tables = [table.sort_values("product_id", ignore_index=True) for table in read.values()]
    pd.testing.assert_frame_equal(*map(pd.DataFrame, tables))


def test_csv_has_one_heading_and_every_row(folders, whole):
    lines = [
        set((folder / whole.name_file(".csv")).read_text("utf-8-sig").splitlines())
        for folder in folders.values()
    ]
    drop = [{line.partition(",")[2] for line in found} for found in lines]
    assert drop[0] == drop[1]


def test_totals_of_parts_are_those_of_the_whole(divided, whole):
    found = [
        sum_totals(build_layer_parts(INVENTORY_LAYER, delivery), delivery) for delivery in (divided, whole)
    ]
    pd.testing.assert_frame_equal(*found, rtol=1e-14)


def test_each_book_is_a_whole_of_its_parcels_and_the_cover_lists_them_all(folders, whole):
    folder = folders["divided"]
    cover = pd.read_excel(folder / whole.name_file(".xlsx"), sheet_name=None, engine="openpyxl")
    listed = cover["分册"]
    assert listed["地块数"].sum() == len(whole.parcels)
    assert listed["清单行数"].sum() == len(whole.inventory)
    assert listed["面积（公顷）"].sum() == pytest.approx(whole.parcels["area_m2"].sum() / 1e4, rel=1e-12)
    products = []
    for name in listed["文件"]:
        products += pd.read_excel(folder / name, sheet_name="清单明细", engine="openpyxl")[
            "生态产品编码"
        ].tolist()
        assert (folder / name.replace(".xlsx", "_supplement.xlsx")).is_file()
    assert sorted(products) == sorted(whole.inventory["product_id"])
    about = dict(cover["说明"].to_numpy())
    assert f"{len(whole.inventory):,}" in about["分册"]


def test_the_report_tells_the_totals_of_all_parts_and_what_its_map_leaves_out(divided, whole, monkeypatch):
    told = [list_totals(delivery) for delivery in (divided, whole)]
    assert told[0] == told[1]
    assert _read_owners(divided) == pytest.approx(_read_owners(whole))
    monkeypatch.setattr(building, "MOST_FEATURES", len(whole.parcels) - 1)
    (note,) = list_notes(divided)
    assert "地块" in note
    assert not any(layer["id"] == "parcels" for layer in list_map_layers(divided))


@given(
    towns=st.lists(st.integers(1, 4), min_size=0, max_size=30),
    sizes=st.lists(st.integers(1, 7), min_size=1, max_size=12),
    most=st.integers(1, 9),
)
def test_however_a_register_lies_no_row_is_lost_and_no_part_is_too_large(towns, sizes, most):
    ids = [f"31015100{town}001GB{n:05d}" for n, town in enumerate(towns)]
    table, first, pieces = pd.DataFrame({"parcel_id": ids}, dtype=object), 0, []
    for size in sizes:
        pieces.append(table.iloc[first : first + size])
        first += size
    pieces.append(table.iloc[first:])
    parts = list(cut_parts(pieces, most))
    assert [one for part in parts for one in part["parcel_id"]] == ids
    assert max(map(len, parts)) <= most


def test_the_pages_say_from_how_many_rows_on_a_register_is_in_parts():
    said = {name: (ROOT / name).read_text("utf-8") for name in ("README.md", "README.zh-CN.md")}
    for rows in (division.ROWS_HELD, division.MOST_LAYER_ROWS):
        assert f" {rows:,} " in said["README.md"]
        assert f"超过 {rows // 10_000} 万行" in said["README.zh-CN.md"]
    bounds = (division.ROWS_HELD, division.ROWS_OF_PART, division.MOST_TABLE_ROWS, division.MOST_LAYER_ROWS)
    page = (ROOT / "docs" / "machine_readable.md").read_text("utf-8")
    for number in (*bounds, division.MOST_OF_KIND, building.MOST_FEATURES):
        assert f"{number:,}" in page
