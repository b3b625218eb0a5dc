import json
from dataclasses import replace

import pystac
import pytest
from pystac.extensions.raster import RasterExtension
from pystac.validation import validate_dict

from tests.deliveries import small_delivery, written


def test_a_catalogue_reader_finds_every_raster(folder, delivery):
    catalog = pystac.Catalog.from_file(str(folder / "catalog.json"))
    items = {item.id: item for item in catalog.get_items()}
    assert set(items) == {raster.name for raster in delivery.rasters}
    for name, item in items.items():
        href = item.assets["data"].get_absolute_href()
        assert href == str(folder / "rasters" / f"{name}.tif")


def test_an_item_says_when_where_and_whether_simulated(folder):
    item = json.loads((folder / "items" / "fvc_2024.json").read_text(encoding="utf-8"))
    properties = item["properties"]
    assert properties["ecoledger:simulated"] is True
    assert properties["start_datetime"] == "2024-01-01T00:00:00Z"
    assert properties["created"] == "2024-11-28T02:31:09Z"
    assert properties["proj:code"] == "EPSG:32651"
    (band,) = item["assets"]["data"]["raster:bands"]
    assert (band["data_type"], band["nodata"], band["scale"]) == ("int16", -32768, 1e-4)
    assert item["bbox"] == pytest.approx([121.62, 31.42, 121.99, 31.59], abs=0.004)


def test_classes_are_listed_with_colours(folder):
    item = json.loads((folder / "items" / "land_cover_2024.json").read_text(encoding="utf-8"))
    classes = item["assets"]["data"]["classification:classes"]
    assert classes[0] == {
        "value": 1,
        "name": "water",
        "title": "水体",
        "description": "水体 / Water",
        "color_hint": "2B83BA",
    }


def test_everything_keeps_the_schema_of_stac_1_1(folder, monkeypatch):
    monkeypatch.setattr(pystac.StacIO, "read_text", lambda *_: pytest.fail("asked the network for a schema"))
    for path in [folder / "catalog.json", *(folder / "items").iterdir()]:
        content = json.loads(path.read_text(encoding="utf-8"))
        (schema, *_) = validate_dict({**content, "stac_extensions": []})
        assert "/v1.1.0/" in schema


def test_extensions_read_what_was_written(folder):
    item = pystac.Item.from_file(str(folder / "items" / "land_cover_2024.json"))
    assert item.ext.proj.epsg == 32651
    asset = item.assets["data"]
    (band,) = RasterExtension.ext(asset).bands
    assert (band.data_type, band.nodata, band.spatial_resolution) == ("uint8", 255, 60)
    first, *_ = asset.ext.classification.classes
    assert (first.value, first.name) == (1, "water")
    assert len(item.stac_extensions) == 3


def test_titles_are_in_the_language_of_the_delivery(tmp_path):
    written(replace(small_delivery(language="en"), tables={}), tmp_path)
    item = json.loads((tmp_path / "items" / "land_cover_2024.json").read_text(encoding="utf-8"))
    assert item["properties"]["title"] == "Land cover (simulated data)"
    assert item["assets"]["data"]["classification:classes"][0]["title"] == "Water"


def test_no_path_of_this_machine_is_written(folder):
    for path in [folder / "catalog.json", *(folder / "items").iterdir()]:
        assert str(folder) not in path.read_text(encoding="utf-8")
