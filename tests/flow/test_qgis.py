"""The GeoPackage and the rasters opened by the real QGIS. Pictures stay in build/pictures to be looked at."""

import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from pipeline.legends import CHANGE, LAND_COVER, WATER_CLASS
from pipeline.outputs.columns import list_values
from tests.deliveries import small_delivery, written

PROJECT = Path(__file__).resolve().parents[2]
PICTURES = PROJECT / "build" / "pictures"
PYTHON = "/usr/bin/python3"
SITES = gpd.GeoDataFrame(
    {"site_id": ["N1"], "site": ["东滩"], "parcel_id": ["P001"]},
    geometry=[shapely.Point(121.86, 31.49)],
    crs="EPSG:4490",
)
PARTS = {"survey_sites": "物种调查样点"}
PARCEL = 12
NAME = "河口湿地[% env('HOME') %]"
TITLE = f"{NAME} 2024 生态产品目录清单（模拟数据）"
TITLES = {
    "inventory": "生态产品目录清单",
    "parcels": "确权地块",
    "sections": "水质断面",
    "change_patches": "地表覆盖变化图斑",
    "findings": "核查问题",
    "aoi": "试点范围",
}


def environment(home):
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": str(home),
        "XDG_RUNTIME_DIR": str(home),
        "QT_QPA_PLATFORM": "offscreen",
        "LANG": "C.UTF-8",
    }


def told_delivery():
    """The small delivery with two products a parcel; one parcel was something else the year before."""
    plain = small_delivery(resolution_m=30)
    products = plain.inventory.assign(product_id=plain.inventory["product_id"] + "-2", cat3_name="固碳")
    rows = pd.concat([plain.inventory, products], ignore_index=True)
    parcel = rows["parcel_id"] == plain.parcels["parcel_id"][PARCEL]
    rows.loc[parcel, "ecosystem_l1"] = np.where(rows.loc[parcel, "period"] == "2023", "城镇", "森林")
    sections = plain.sections.copy()
    crowded = sections["section_id"] == "S1"
    sections.loc[crowded, "geometry"] = shapely.Point(121.863, 31.502)  # a symbol's width beside S0
    return replace(
        plain,
        sections=sections,
        aoi=replace(plain.aoi, name_zh=NAME),
        layers={"survey_sites": SITES},
        inventory=gpd.GeoDataFrame(rows, geometry="geometry", crs=plain.inventory.crs),
    )


@pytest.fixture(scope="module")
def look(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    tried = [PYTHON, "-c", "import qgis.core"]
    if (
        not os.access(PYTHON, os.X_OK)
        or subprocess.run(tried, capture_output=True, check=False, env=environment(home)).returncode
    ):
        pytest.skip("QGIS is not installed (Debian: apt-get install qgis python3-qgis)")
    folder = tmp_path_factory.mktemp("delivery")
    delivery = told_delivery()
    files = written(delivery, folder)
    package = folder / delivery.name_file(".gpkg")
    other = tmp_path_factory.mktemp("other")
    written(small_delivery(resolution_m=90), other)
    beside = shutil.copy(package, other / "ours.gpkg")
    alone = shutil.copy(package, tmp_path_factory.mktemp("alone") / "renamed.gpkg")
    PICTURES.mkdir(parents=True, exist_ok=True)
    script = Path(__file__).with_name("qgis_look.py")
    places = {"parcel": [*delivery.parcels.geometry[PARCEL].representative_point().coords[0]]}
    arguments = [PYTHON, str(script), str(package), str(folder / "rasters"), str(PICTURES)]
    arguments += [json.dumps(places), str(beside), str(alone)]
    seen = subprocess.run(
        arguments, capture_output=True, text=True, check=False, timeout=120, env=environment(home)
    )
    assert seen.returncode == 0, seen.stderr
    (line,) = (line for line in seen.stdout.splitlines() if line.startswith("LOOK "))
    left = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return {**json.loads(line.removeprefix("LOOK ")), "littered": left != files, "warnings": seen.stderr}


@pytest.mark.parametrize("name", TITLES)
def test_every_layer_opens_in_cgcs2000(look, name):
    layer = look["layers"][name]
    assert layer["valid"]
    assert layer["rows"] > 0
    assert layer["crs"] == "EPSG:4490"


@pytest.mark.parametrize(
    ("name", "attribute"),
    [
        ("inventory", "CASE WHEN \"period\" = '2024' THEN \"ecosystem_l1\" ELSE '-' END"),
        ("parcels", "owner_type"),
        ("sections", "CASE WHEN \"period\" = '2024' THEN \"water_class\" ELSE '-' END"),
        ("change_patches", "to_class"),
        ("findings", "severity"),
    ],
)
def test_every_layer_loads_its_classes_by_itself(look, name, attribute):
    layer = look["layers"][name]
    assert layer["renderer"] == "categorizedSymbol"
    assert layer["attribute"] == attribute
    known = [
        color for color, (value, _) in zip(layer["colors"], layer["classes"], strict=True) if value != "-"
    ]
    assert len(set(known)) == len(known)


def test_layers_lie_in_the_file_as_they_are_loaded_by_a_double_click_with_products_under_all(look):
    assert look["order"] == [
        *("sections", "findings", "aoi", "survey_sites", "change_patches", "parcels", "inventory")
    ]


def test_products_hide_nothing_in_whatever_order_layers_are_loaded(look):
    multiplied = {name for name, layer in look["layers"].items() if layer["multiplied"]}
    assert multiplied == {"inventory"}


def test_the_area_is_an_outline(look):
    assert look["layers"]["aoi"]["renderer"] == "singleSymbol"


def test_sections_wear_the_colours_and_names_of_their_class(look):
    layer = look["layers"]["sections"]
    assert layer["labels"]
    expected = [(entry.name_zh, entry.color) for entry in WATER_CLASS.classes]
    names = [label for _, label in layer["classes"]]
    assert list(zip(names, layer["colors"], strict=True))[:-2] == expected


@pytest.mark.parametrize("name", TITLES)
def test_every_column_is_shown_in_chinese(look, name):
    aliases = look["layers"][name]["aliases"]
    without = {
        column
        for column, alias in aliases.items()
        if column != "fid" and not any(ord(letter) > 0x2E80 for letter in alias)
    }
    assert not without


def test_coded_columns_offer_their_values(look):
    assert {"owner_type", "unit_type", "right_type"} <= set(look["layers"]["parcels"]["value_maps"])
    assert "to_class" in look["layers"]["change_patches"]["value_maps"]
    assert {"rule", "severity"} <= set(look["layers"]["findings"]["value_maps"])


def test_the_project_inside_the_file_opens(look):
    project = look["project"]
    assert project["opened"]
    assert project["valid"]
    assert project["crs"] == "EPSG:4490"
    assert project["title"] == TITLE
    assert project["groups"][0] == TITLE
    assert project["on_the_map"] == TITLE
    assert all(name.endswith("（模拟数据）") or "（模拟数据）（" in name for name in project["names"])


def test_the_map_begins_with_the_last_year_and_the_others_are_a_click_away(look):
    project = look["project"]
    assert project["shown"] == [
        *("ecoledger_sections_2024", "ecoledger_change_patches", "ecoledger_aoi", "ecoledger_parcels"),
        "ecoledger_inventory_ground_2024",
    ]
    assert project["choices"]["水质断面（模拟数据）"] == [
        "2024 水质断面（模拟数据）",
        "2023 水质断面（模拟数据）",
    ]
    views = project["views"]
    assert {views[f"ecoledger_inventory_ground_{year}"]["rows"] for year in ("2023", "2024")} == {40}
    assert views["ecoledger_inventory"]["rows"] == 160
    assert [views[f"ecoledger_sections_{year}"]["rows"] for year in ("2023", "2024")] == [3, 3]


def test_a_parcel_of_many_products_and_years_has_the_colour_that_the_legend_gives_its_last(look):
    forest = next(entry for entry in list_values("ecosystem_l1") if entry.name_zh == "森林")
    own = np.array([*bytes.fromhex(forest.color[1:])])
    seen = np.array([*bytes.fromhex(look["project"]["seen"]["parcel"][1:])])
    assert np.abs(seen - (0.8 * own + 0.2 * 255)).max() <= 2


def test_the_line_of_every_label_ends_at_its_own_point_where_points_are_crowded(look):
    ties = look["project"]["ties"]
    assert len(ties) == 3
    assert max(ties.values()) < 1


def test_parts_that_lie_far_apart_are_one_click_away(look):
    marks = look["project"]["bookmarks"]
    assert set(marks) == {"东滩", "西沙 & <沙洲>"}
    assert marks["东滩"] == pytest.approx([121.80, 31.42, 121.99, 31.56])


@pytest.mark.parametrize("number", [0, 1])
def test_of_a_file_that_is_not_its_own_a_project_draws_nothing_and_says_so(look, number):
    seen = list(look["others"].values())[number]
    assert seen["title"] == TITLE
    assert seen["rows"] == 0
    assert seen["colors"] == 1, "neither its layers nor its rasters"
    assert seen["on_the_map"].startswith("⚠ 找不到本工程的数据：delta_2024.gpkg")
    assert seen["on_the_map"].endswith(TITLE)


def test_sets_of_layers_stand_ready_and_vegetation_cover_lies_under_water(look):
    themes = look["project"]["themes"]
    assert set(themes) == {"生态产品", "水环境", "变化与核查", "权属", "植被覆盖", "地表覆盖"}
    water, cover = "ecoledger_raster_land_cover_2024_water", "ecoledger_raster_fvc_2024"
    assert {water, cover} <= set(themes["植被覆盖"])
    order = look["project"]["layers"]
    assert order.index(water) < order.index(cover)


def test_a_row_is_told_in_words_with_its_figures_rounded(look):
    views = look["project"]["views"]
    product = views["ecoledger_inventory"]
    assert product["display"] == "洪水调蓄 · 湿地洪水调蓄 · 2023"
    assert product["tabs"]["产品与地块"][:2] == ["product_id", "parcel_id"]
    assert product["decimals"]["area_ha"] == 2
    assert product["table"][:4] == ["cat1_name", "cat2_name", "cat3_name", "period"]
    section = views["ecoledger_sections_2024"]
    assert section["label"] == "北港桥 Ⅰ类"
    assert section["display"] == "北港桥 · Ⅰ类 · 2024"
    assert section["tied"]
    assert views["ecoledger_parcels"]["scale"] == [250_000, 10_000]
    assert views["ecoledger_parcels"]["tabs"]["生态产品"] == ["parcels_inventory"]
    assert views["ecoledger_inventory_ground_2024"]["tabs"]["生态产品"] == [
        "ecoledger_inventory_ground_2024_inventory"
    ]
    assert "<td>椭球面积（m²）&nbsp;</td>" in views["ecoledger_parcels"]["tip"]
    assert all(view["read_only"] for view in views.values())


def test_parcels_lead_to_their_products_and_findings(look):
    assert look["project"]["relations"] == [
        "ecoledger_inventory_ground_2023_inventory",
        "ecoledger_inventory_ground_2024_inventory",
        *("parcels_findings", "parcels_inventory", "parcels_survey_sites"),
    ]
    assert look["project"]["relations_valid"]


def test_every_layer_says_what_it_rests_on_and_what_it_may_be_used_for(look):
    metadata = look["project"]["metadata"]
    assert set(metadata) == set(look["project"]["views"])
    for layer in metadata.values():
        assert layer["title"].startswith(f"{NAME} 2024")
        assert "数据截至 2024-11-28" in layer["abstract"]
        assert layer["licences"] == ["模拟数据，仅供演示和测试，不反映真实状况"]
        assert layer["period"] == ["2023-01-01", "2024-12-31"]


def test_class_rasters_are_paletted_with_chinese_names(look):
    for name, legend in (("land_cover_2024", LAND_COVER), ("change_2023_2024", CHANGE)):
        raster = look["rasters"][name]
        assert raster["renderer"] == "paletted"
        assert raster["classes"] == [[entry.code, entry.name_zh] for entry in legend.classes]


def test_cover_is_drawn_with_a_graded_ramp(look):
    raster = look["rasters"]["fvc_2024"]
    assert raster["renderer"] == "singlebandpseudocolor"
    assert [value for value, _ in raster["ramp"]][::6] == [0, 1]


def test_qgis_leaves_nothing_in_the_delivery_and_complains_of_nothing(look):
    assert not look["littered"]
    assert not look["warnings"]


@pytest.mark.usefixtures("look")
def test_the_maps_are_drawn():
    for name in ("project", "near", "theme_植被覆盖", "fvc_2024", "land_cover_2024"):
        assert (PICTURES / f"{name}.png").stat().st_size > 5000
