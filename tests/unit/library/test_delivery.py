"""A delivery as analysts open it: by any way to its place, nothing read too early, what is wrong by name."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
import rasterio

import pipeline
from pipeline.errors import InputError, SettingsError
from tests.deliveries import parcels, small_aoi


@pytest.fixture
def delivery():
    return pipeline.open_delivery("delivery/delta/2024")


@pytest.mark.parametrize(
    "asked",
    [
        {"place": "delivery/delta/2024"},
        {"place": "delivery/delta/latest"},
        {"place": "delivery/delta"},
        {"place": Path("delivery"), "aoi": "delta"},
        {"place": "delivery", "aoi": "delta", "label": "2024"},
    ],
    ids=str,
)
def test_every_way_to_a_delivery_leads_to_it(asked):
    found = pipeline.open_delivery(**asked)
    assert (found.aoi, found.label, found.periods) == ("delta", "2024", ["2023", "2024"])
    assert found.simulated
    assert found.name == "河口湿地"


def test_a_place_without_a_delivery_is_refused_by_name(tmp_path):
    with pytest.raises(SettingsError, match=r"nowhere.*manifest\.json"):
        pipeline.open_delivery(tmp_path / "nowhere")


def test_opening_a_delivery_opens_no_file_of_it_but_the_manifest(monkeypatch):
    opened = []
    monkeypatch.setattr(rasterio, "open", lambda path, *_, **__: opened.append(path))
    monkeypatch.setattr("pyogrio.read_dataframe", lambda path, **_: opened.append(path))
    monkeypatch.setattr("pandas.read_csv", lambda path, **_: opened.append(path))
    delivery = pipeline.open_delivery("delivery/delta/latest")
    assert (len(delivery.tables), repr(delivery.accounts), opened) == (3, "<Tables: >", [])


def test_layers_are_the_planted_ones_in_cgcs2000(delivery):
    planted = parcels(small_aoi()).set_index("parcel_id")
    found = delivery.parcels.set_index("parcel_id")
    pd.testing.assert_series_equal(found["area_m2"].sort_index(), planted["area_m2"].sort_index())
    layers = (delivery.inventory, delivery.parcels, delivery.sections, delivery.patches, delivery.findings)
    assert {layer.crs.to_epsg() for layer in (*layers, delivery.outline)} == {4490}
    assert [len(layer) for layer in layers[2:]] == [6, 3, 3]
    assert set(delivery.layers) == {"inventory", "parcels", "sections", "change_patches", "findings", "aoi"}


def test_a_layer_that_is_not_there_is_refused_with_those_that_are(delivery):
    with pytest.raises(InputError, match=r"layer rivers.*sections"):
        delivery.read_layer("rivers")


def test_the_index_of_a_table_is_the_line_of_its_file(delivery):
    table = delivery.tables["area_balance"]
    lines = (delivery.folder / "tables" / "area_balance.csv").read_text("utf-8-sig").splitlines()
    assert table.index.name == "line"
    items = [line.split(",")[2] for line in lines]
    assert {line: items[line - 1] for line in table.index} == table["item"].to_dict()
    assert table is delivery.tables["area_balance"]
    with pytest.raises(KeyError, match="no_such_table"):
        delivery.tables["no_such_table"]


def test_a_table_that_was_changed_since_is_refused(out, tmp_path):
    folder = tmp_path / "delivery"
    shutil.copytree(out, folder, symlinks=True)
    with (folder / "delta" / "2024" / "tables" / "indicators.csv").open("a") as file:
        file.write("more\n")
    with pytest.raises(InputError, match=r"indicators\.csv"):
        _ = pipeline.open_delivery(folder, aoi="delta").indicators


def test_what_is_read_is_read_once(delivery):
    assert delivery.inventory is delivery.inventory
    assert delivery.tables is delivery.tables
