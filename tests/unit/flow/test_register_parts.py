"""A register that no GeoPackage holds: its parts are openable alone and have every row once."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest

from pipeline.commands.diff import load_delivery
from pipeline.errors import InputError
from pipeline.flow import division
from pipeline.flow.division import RegisterFiles, add_findings, add_register
from pipeline.flow.feature_numbers import FormerNumbers, find_last_numbers, read_former_numbers
from pipeline.library.delivery import Delivery
from pipeline.outputs import tables
from pipeline.outputs.charts import draw_charts
from pipeline.outputs.fact_sheets.reading import check_geopackage
from pipeline.outputs.layers import FINDINGS_LAYER, find_layer_title
from pipeline.outputs.published import Published
from pipeline.outputs.report.chapters import list_totals, tabulate_findings
from pipeline.outputs.webmap import building
from pipeline.outputs.webmap.building import list_map_layers, list_notes
from pipeline.storage.cause import sha256_of_file
from pipeline.storage.tables import save_parts, save_tables
from tests.deliveries import plant_towns, written

MOST = 40
TOWN = "310151002"
KEYS = {"inventory": "product_id", "parcels": "parcel_id"}


def plant_register():
    """Parcels of three towns, with findings of one kind several times."""
    delivery = plant_towns()
    told = delivery.findings
    again = [told.iloc[:1].assign(finding_id=f"again{number}") for number in range(4)]
    return replace(delivery, findings=pd.concat([told, *again], ignore_index=True))


def save_register(folder, delivery):
    folder.mkdir()
    save_parts(folder / "parcels.parquet", [delivery.parcels])
    save_parts(folder / "findings.parquet", [delivery.findings])
    save_tables(folder, {"inventory": delivery.inventory})
    return folder


def divide(folder, former=None, **constants):
    """The delivery of a register in a folder, under smaller constants."""
    files = RegisterFiles(folder, folder, former or FormerNumbers({}, {}))
    held = {"ROWS_HELD": MOST, "ROWS_OF_PART": MOST, "MOST_LAYER_ROWS": MOST, "MOST_OF_KIND": 2}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (held | constants).items():
            patch.setattr(division, name, value)
        return add_findings(add_register(plant_register(), files), folder)


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory):
    return save_register(tmp_path_factory.mktemp("register") / "made", plant_register())


@pytest.fixture(scope="module")
def packed(artifacts, tmp_path_factory):
    """The folder of a delivery whose parts have GeoPackages."""
    folder = tmp_path_factory.mktemp("packed")
    written(divide(artifacts), folder)
    return folder


@pytest.fixture(scope="module")
def whole(artifacts):
    return divide(artifacts, ROWS_HELD=10_000, MOST_LAYER_ROWS=10_000)


@pytest.mark.parametrize("layer", KEYS)
def test_geopackages_of_parts_have_each_feature_once_with_the_values_of_the_whole(packed, whole, layer):
    paths = sorted((packed / "parts").glob("*.gpkg"))
    assert len(paths) > 2
    read = pd.concat(
        [pyogrio.read_dataframe(path, layer=layer, fid_as_index=True).reset_index() for path in paths]
    )
    expected = getattr(whole, layer)
    assert sorted(read[KEYS[layer]]) == sorted(expected[KEYS[layer]])
    shown = gpd.read_parquet(
        packed / whole.name_file({"inventory": ".parquet", "parcels": "_parcels.parquet"}[layer])
    )
    both = [
        pd.DataFrame(table).sort_values(KEYS[layer], ignore_index=True)[list(shown.columns)].astype(object)
        for table in (read, shown)
    ]
    pd.testing.assert_frame_equal(*(table.where(table.notna(), None) for table in both))
    area = {"inventory": "area_ha", "parcels": "area_m2"}[layer]
    assert read[area].sum() == pytest.approx(expected[area].sum(), rel=1e-12)


def test_the_geopackage_of_the_delivery_lists_the_parts_and_has_no_register(packed, whole):
    path = packed / whole.name_file(".gpkg")
    layers = {name for name, _ in pyogrio.list_layers(path)}
    assert not layers & set(KEYS)
    assert {"sections", "change_patches", "findings", "aoi", "register_parts"} <= layers
    parts = pyogrio.read_dataframe(path, layer="register_parts")
    assert parts["parcel_count"].sum() == len(whole.parcels)
    assert parts["inventory_rows"].sum() == len(whole.inventory)
    assert parts["area_ha"].sum() == pytest.approx(whole.parcels["area_m2"].sum() / 1e4, rel=1e-12)
    for row in parts.itertuples():
        land = pyogrio.read_dataframe(packed / row.file, layer="parcels")
        assert tuple(land.total_bounds) == pytest.approx(row.geometry.bounds)
        assert (land["parcel_id"].str[:9].min(), land["parcel_id"].str[:9].max()) == (
            row.first_code,
            row.last_code,
        )


def test_each_part_is_styled_and_has_a_project_of_its_own(packed):
    for path in (packed / "parts").glob("*.gpkg"):
        with closing(sqlite3.connect(path)) as file:
            styled = {name for (name,) in file.execute("SELECT f_table_name FROM layer_styles")}
            (projects,) = file.execute("SELECT COUNT(*) FROM qgis_projects").fetchone()
        assert styled == set(KEYS)
        assert projects == 1
        assert path.with_suffix(".xlsx").is_file()


def test_there_is_no_csv_of_the_inventory_and_the_workbook_says_where_the_rows_are(packed, whole):
    assert not (packed / whole.name_file(".csv")).exists()
    about = dict(
        pd.read_excel(packed / whole.name_file(".xlsx"), sheet_name="说明", engine="openpyxl").to_numpy()
    )
    assert whole.name_file(".parquet") in about["分册"]
    assert "outputs.parts" in about["分册"]


def test_findings_are_whole_as_parquet_counted_whole_and_shown_in_part(artifacts, packed, whole):
    delivery = divide(artifacts)
    everything = plant_register().findings
    assert delivery.count_findings()["count"].sum() == len(everything)
    assert delivery.findings.groupby(["severity", "rule"]).size().max() == 2
    assert set(delivery.findings["rule"]) == set(everything["rule"])
    read = gpd.read_parquet(packed / whole.name_file("_findings.parquet"))
    assert sorted(read["finding_id"]) == sorted(everything["finding_id"])


def test_the_library_reads_the_whole_and_what_needs_one_geopackage_refuses(packed, whole):
    files = {path.name: {"sha256": sha256_of_file(path)} for path in packed.iterdir() if path.is_file()}
    published = Published(packed, {"files": files}, None)
    for layer in KEYS:
        read = Delivery(published).read_layer(layer)
        assert sorted(read[KEYS[layer]]) == sorted(getattr(whole, layer)[KEYS[layer]])
    assert sorted(Delivery(published).findings["finding_id"]) == sorted(whole.findings["finding_id"])
    for read in (lambda: check_geopackage(published), lambda: load_delivery(packed)):
        with pytest.raises(InputError, match="A register in parts is not read as a whole") as refused:
            read()
        assert "parts/" in str(refused.value)


def test_the_map_of_the_page_shows_all_findings_or_none_and_says_where_they_are(artifacts, monkeypatch):
    delivery = divide(artifacts)
    everything = delivery.count_findings()["count"].sum()
    assert len(delivery.findings) < everything
    for most in (everything - 1, everything):
        monkeypatch.setattr(building, "MOST_FEATURES", most)
        assert not any(layer["id"] == "findings" for layer in list_map_layers(delivery))
        title = find_layer_title("findings", "zh")
        told = [note for note in list_notes(delivery) if title in note.partition("：")[0]]
        assert len(told) == 1
        assert ("_findings.parquet" if most < everything else "说明") in told[0]


def test_the_page_counts_the_findings_that_it_leaves_out_of_all(artifacts, whole, monkeypatch):
    monkeypatch.setattr(tables, "MOST_LISTED", 1)
    assert tabulate_findings(divide(artifacts)).left_out == tabulate_findings(whole).left_out > 1


def test_totals_of_the_report_are_those_of_the_whole(artifacts, whole, tmp_path):
    written(divide(artifacts), tmp_path, parts="none")
    text = (tmp_path / whole.name_file(".html")).read_text("utf-8")
    for _, table in list_totals(whole):
        for row in table.rows:
            assert str(row[-1]) in text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_whoever_sees_some_findings_is_told_which_file_has_all(artifacts, packed, whole, language):
    delivery, file = divide(artifacts), whole.name_file("_findings.parquet")
    assert file in draw_charts(replace(delivery, language=language))["rules"].about
    assert file in FINDINGS_LAYER.about(replace(delivery, language=language))
    assert file not in draw_charts(replace(whole, language=language))["rules"].about
    assert file not in FINDINGS_LAYER.about(replace(whole, language=language))
    with closing(sqlite3.connect(packed / whole.name_file(".gpkg"))) as package:
        told = package.execute("SELECT description FROM gpkg_contents WHERE table_name = 'findings'")
        assert file in told.fetchone()[0]


@pytest.mark.parametrize(("asked", "some"), [("none", False), ([TOWN], True), (["99"], False)])
def test_parts_that_are_not_asked_for_are_listed_without_a_file(artifacts, tmp_path, whole, asked, some):
    written(divide(artifacts), tmp_path, parts=asked)
    listed = pyogrio.read_dataframe(tmp_path / whole.name_file(".gpkg"), layer="register_parts")
    named = listed[listed["file"].notna()]
    assert len(listed) > 2
    assert bool(len(named)) == some
    assert sorted(f"parts/{path.name}" for path in (tmp_path / "parts").glob("*.gpkg")) == sorted(
        named["file"]
    )
    for row in named.itertuples():
        assert row.first_code <= TOWN <= row.last_code
    assert len(gpd.read_parquet(tmp_path / whole.name_file(".parquet"))) == len(whole.inventory)


def test_numbers_are_kept_from_one_divided_delivery_to_the_next(artifacts, tmp_path):
    first = tmp_path / "area" / "2023"
    first.mkdir(parents=True)
    delivery = divide(artifacts)
    written(delivery, first, parts="none")
    package = first / delivery.name_file(".gpkg")
    told = FormerNumbers({}, {}).describe(**find_last_numbers(package))
    manifest = {"aoi": "area", "label": "2023", "config": {}, "files": {package.name: {}}}
    (first / "manifest.json").write_text(json.dumps(manifest | {"feature_ids": told}), encoding="utf-8")
    (tmp_path / "area" / "latest").write_text("2023\n", encoding="utf-8")

    planted = plant_register()
    gone, new = planted.parcels["parcel_id"].iloc[3], "310151002001GB99999W00000000"
    rows = planted.inventory.replace({"parcel_id": {gone: new}})
    renamed = rows["parcel_id"] == new
    rows.loc[renamed, "product_id"] = rows.loc[renamed, "product_id"] + "-new"
    land = planted.parcels.replace({"parcel_id": {gone: new}})
    folder = save_register(tmp_path / "changed", replace(planted, parcels=land, inventory=rows))
    former = read_former_numbers(tmp_path / "area" / "2024")
    second = tmp_path / "area" / "2024"
    second.mkdir()
    written(divide(folder, former), second)

    assert "reason" not in former.sources[0]
    for layer, key in KEYS.items():
        end = {"inventory": ".parquet", "parcels": "_parcels.parquet"}[layer]
        before, after = (
            gpd.read_parquet(one / delivery.name_file(end)).set_index(key)["fid"] for one in (first, second)
        )
        both = before.index.intersection(after.index)
        assert 0 < len(both) < len(after)
        pd.testing.assert_series_equal(before[both], after[both])
        fresh = after.drop(both)
        assert fresh.min() > before.max()
        assert after.is_unique
        parts = [
            pyogrio.read_dataframe(path, layer=layer, fid_as_index=True, read_geometry=False)
            for path in sorted((second / "parts").glob("*.gpkg"))
        ]
        given = {name: fid for part in parts for fid, name in part[key].items()}
        assert given == after.to_dict()
