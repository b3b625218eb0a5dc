import base64
import gzip
import json
import re
from dataclasses import replace

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from pipeline.legends import LAND_COVER, WATER_CLASS
from pipeline.outputs.columns import list_values
from pipeline.outputs.texts import find_texts
from pipeline.outputs.webmap import building, parcels
from pipeline.outputs.webmap.building import build_config, build_map
from pipeline.outputs.webmap.parcels import find_towns
from tests.deliveries import HOSTILE, small_delivery


@pytest.fixture(scope="module")
def config(delivery, folder):
    return build_config(delivery, folder / "rasters")


@pytest.fixture(scope="module")
def layers(config):
    return {layer["id"]: layer for layer in config["layers"]}


def list_column(layer, column):
    table = layer["source"]["table"]
    return dict(zip(table["keys"], table["columns"][column], strict=True))


def test_the_map_has_every_parcel_section_change_and_finding_once(delivery, layers):
    assert list(layers) == ["parcels", "change_patches", "findings", "sections"]
    told = {name: layer["source"]["table"]["keys"] for name, layer in layers.items()}
    assert told["parcels"] == sorted(delivery.parcels["parcel_id"])
    assert told["sections"] == ["S0", "S1", "S2"]
    assert sorted(told["change_patches"]) == ["C1", "C2", "C3"]
    assert sorted(told["findings"]) == ["F1", "F2", "F3"]


def test_a_section_has_the_class_of_each_period_and_none_where_none_was_given(layers):
    names = {entry.code: entry.name_zh for entry in WATER_CLASS.classes}
    assert list_column(layers["sections"], "water_class@2023") == {"S0": names[2], "S1": None, "S2": names[6]}
    assert list_column(layers["sections"], "water_class@2024") == {
        "S0": names[1],
        "S1": names[3],
        "S2": names[5],
    }


def test_a_parcel_of_several_products_is_drawn_once_by_its_largest(delivery, folder):
    first, second = delivery.inventory.iloc[[0]], delivery.inventory.iloc[[0]].copy()
    second["ecosystem_l1"], second["area_ha"] = "荒漠", first["area_ha"] * 2
    more = replace(delivery, inventory=pd.concat([delivery.inventory, second], ignore_index=True))
    parcels = build_config(more, folder / "rasters")["layers"][0]
    key, period = first["parcel_id"].iloc[0], first["period"].iloc[0]
    assert list_column(parcels, f"ecosystem_l1@{period}")[key] == "荒漠"
    assert len(parcels["source"]["table"]["keys"]) == len(delivery.parcels)


def test_colours_of_the_map_are_those_of_the_house(layers):
    shown = {entry["name"]: entry["color"] for entry in layers["parcels"]["themes"][0]["legend"]["classes"]}
    house = {entry.name_zh: entry.color for entry in list_values("ecosystem_l1")}
    assert shown
    assert shown.items() <= house.items()
    grades = [entry["color"] for entry in layers["sections"]["themes"][0]["legend"]["classes"]]
    assert grades == [entry.color for entry in WATER_CLASS.classes if entry.color in grades], "in their order"


def test_products_and_findings_of_a_parcel_hang_on_its_row(delivery, layers):
    parcels = layers["parcels"]
    keys = parcels["source"]["table"]["keys"]
    products = parcels["lists"]["products"]
    held = {
        (keys[row], period) for row, period in zip(products["of"], products["columns"]["period"], strict=True)
    }
    assert held == set(zip(delivery.inventory["parcel_id"], delivery.inventory["period"], strict=True))
    of = dict(
        zip(parcels["lists"]["findings"]["of"], parcels["lists"]["findings"]["columns"]["rule"], strict=True)
    )
    assert of == {keys.index("P003"): "地块重叠", keys.index("P010"): "cover_contradicts_use"}


def test_what_is_unknown_is_null_and_never_0(layers):
    registered = list_column(layers["parcels"], "area_registered_ha")
    assert None in registered.values()
    assert 0 not in registered.values()


def test_areas_by_class_and_mean_cover_come_from_the_measures_of_the_period(delivery, folder):
    rows = [("P003", "2024", "class_area:water", 25_000.0), ("P003", "2024", "fvc_mean", 0.4375)]
    measures = pd.DataFrame(rows, columns=["parcel_id", "period", "measure", "value"])
    measures["unknown_area_m2"] = 1234.0
    more = replace(delivery, tables={**delivery.tables, "parcel_measures": measures})
    parcels = build_config(more, folder / "rasters")["layers"][0]
    assert list_column(parcels, "class_area:water@2024")["P003"] == 2.5
    assert list_column(parcels, "unknown_area_ha@2024")["P003"] == 0.1234
    assert list_column(parcels, "fvc_mean@2024")["P003"] == 0.4375
    assert list_column(parcels, "fvc_mean@2024")["P004"] is None
    assert "fvc_mean" in [theme["key"] for theme in parcels["themes"]]


def test_the_town_of_a_parcel_is_the_one_that_most_of_it_lies_in(delivery):
    rows = [("P1", "10", 5.0), ("P1", "11", 4.0), ("P1", "11", 3.0), ("P2", "10", 1.0)]
    units = pd.DataFrame(rows, columns=["parcel_id", "region", "area_m2"]).assign(
        kind="parcel", period="2024"
    )
    regions = pd.DataFrame({"region": ["10", "11"], "name": ["甲镇", "乙镇"]})
    told = replace(delivery, tables={"account_sums": units, "account_regions": regions})
    assert find_towns(told).to_dict() == {"P1": "乙镇", "P2": "甲镇"}
    assert find_towns(delivery).empty


def test_water_is_water_on_the_map_of_vegetation_cover(config):
    grounds = {ground["id"]: ground for ground in config["grounds"]}
    water = LAND_COVER.by_code()[LAND_COVER.code("water")]
    assert list(grounds) == ["land_cover", "fvc"]
    assert [entry["name"] for entry in grounds["fvc"]["legend"]["classes"]] == [water.name_zh]
    assert grounds["fvc"]["legend"]["stops"]
    assert list(grounds["fvc"]["images"]) == ["2023", "2024"]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_same_delivery_gives_the_same_bytes_and_words_of_one_language(folder, language):
    delivery = small_delivery(language=language)
    part = build_map(delivery, folder / "rasters")
    assert part == build_map(small_delivery(language=language), folder / "rasters")
    packed = re.fullmatch(r'<script type="text/plain" id="ecomap-data">([\w+/=]+)</script>', part.data)[1]
    config = json.loads(gzip.decompress(base64.b64decode(packed)))
    assert config["words"] == find_texts("webmap", language)
    titles = [layer["title"] for layer in config["layers"]]
    assert all(title.isascii() == (language == "en") for title in titles), titles


def test_layers_of_the_assessment_follow_in_the_look_that_qgis_gives_them(delivery, folder):
    rivers = gpd.GeoDataFrame(
        {"body": ["b1"], "body_name": ["北港"], "health_class": ["healthy"]},
        geometry=[shapely.MultiLineString([[(121.8, 31.45), (121.95, 31.5)]])],
        crs=delivery.parcels.crs,
    )
    points = gpd.GeoDataFrame(
        {"right_id": ["r1", "r2"], "number": ["取水1", "取水2"], "state": ["in_force", None]},
        geometry=[shapely.Point(121.85, 31.48), None],
        crs=delivery.parcels.crs,
    )
    more = replace(delivery, layers={"water_lines": rivers, "licence_points": points})
    found = {layer["id"]: layer for layer in build_config(more, folder / "rasters")["layers"]}
    assert list(found)[:3] == ["parcels", "water_lines", "licence_points"], "above parcels, below the rest"
    assert [found[name]["geometry"] for name in ("water_lines", "licence_points")] == ["line", "point"]
    assert not found["water_lines"]["shown"]
    assert found["licence_points"]["source"]["table"]["shapes"]["parts"][1] is None
    assert list_column(found["licence_points"], "number") == {"0": "取水1", "1": "取水2"}
    (known,) = (entry for entry in list_values("state") if entry.code == "in_force")
    legend = found["licence_points"]["themes"][0]["legend"]
    assert legend["classes"] == [{"value": known.name_zh, "name": known.name_zh, "color": known.color}]
    assert "other" in legend


def test_what_is_more_than_a_page_carries_is_left_out_and_told(delivery, folder, monkeypatch):
    assert build_config(delivery, folder / "rasters")["notes"] == []
    monkeypatch.setattr(building, "MOST_FEATURES", len(delivery.parcels) - 1)
    config = build_config(delivery, folder / "rasters")
    assert [layer["id"] for layer in config["layers"]] == ["change_patches", "findings", "sections"]
    (note,) = config["notes"]
    assert "确权地块" in note
    assert str(len(delivery.parcels) - 1) in note


def test_of_too_many_products_the_last_periods_are_listed(delivery, folder, monkeypatch):
    monkeypatch.setattr(parcels, "MOST_PRODUCTS", len(delivery.inventory) - 1)
    config = build_config(delivery, folder / "rasters")
    held = config["layers"][0]["lists"]["products"]["columns"]["period"]
    assert set(held) == {"2024"}
    assert len(held) == len(delivery.parcels)
    assert "1 期" in config["notes"][0]
    monkeypatch.setattr(parcels, "MOST_PRODUCTS", 0)
    assert parcels.choose_product_periods(delivery) == []


def test_text_that_wants_to_be_code_leaves_as_text(delivery, folder):
    part = build_map(delivery, folder / "rasters")
    assert HOSTILE in json.dumps(build_config(delivery, folder / "rasters"), ensure_ascii=False)
    assert HOSTILE not in part.html + part.data
    assert "alert(1)" not in "".join(part.scripts)
