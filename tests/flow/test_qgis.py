"""The GeoPackage and the rasters opened by the real QGIS. Pictures stay in build/pictures to be looked at."""

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from matplotlib.image import imread

from pipeline.legends import CHANGE, LAND_COVER, WATER_CLASS
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
    plain = small_delivery(resolution_m=30)
    delivery = replace(plain, aoi=replace(plain.aoi, name_zh=NAME), layers={"survey_sites": SITES})
    files = written(delivery, folder)
    PICTURES.mkdir(parents=True, exist_ok=True)
    script = Path(__file__).with_name("qgis_look.py")
    package = folder / delivery.name_file(".gpkg")
    arguments = [PYTHON, str(script), str(package), str(folder / "rasters"), str(PICTURES)]
    seen = subprocess.run(
        arguments, capture_output=True, text=True, check=True, timeout=120, env=environment(home)
    )
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
        ("inventory", "ecosystem_l1"),
        ("parcels", "owner_type"),
        ("sections", "water_class"),
        ("change_patches", "to_class"),
        ("findings", "severity"),
    ],
)
def test_every_layer_loads_its_classes_by_itself(look, name, attribute):
    layer = look["layers"][name]
    assert layer["renderer"] == "categorizedSymbol"
    assert layer["attribute"] == attribute
    assert len(set(layer["colors"])) == len(layer["colors"])


def test_the_area_is_an_outline(look):
    assert look["layers"]["aoi"]["renderer"] == "singleSymbol"


def test_sections_wear_the_colours_and_names_of_their_class(look):
    layer = look["layers"]["sections"]
    assert layer["labels"]
    expected = [(entry.name_zh, entry.color) for entry in WATER_CLASS.classes]
    names = [label for _, label in layer["classes"]]
    assert list(zip(names, layer["colors"], strict=True))[:-1] == expected


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
    titles = [*TITLES.values(), *PARTS.values()]
    assert sorted(project["names"]) == sorted(f"{title}（模拟数据）" for title in titles)
    assert project["group"] == "生态产品目录清单"


def test_parcels_lead_to_their_products_and_findings(look):
    found = ["parcels_findings", "parcels_inventory", "parcels_survey_sites"]
    assert look["project"]["relations"] == found
    assert look["project"]["relations_valid"]


def test_both_sheets_are_exported_with_all_that_a_map_needs(look):
    layouts = look["project"]["layouts"]
    assert {name: layout["page"] for name, layout in layouts.items()} == {
        "A4": pytest.approx([297, 210]),
        "A3": pytest.approx([420, 297], abs=0.05),
    }
    for layout in layouts.values():
        assert layout["result"] == 0
        assert set(layout["items"]) == {
            *("page", "map", "title", "subtitle", "legend", "north", "scale", "notes", "stamp")
        }
        assert layout["drawn"]["title"] == TITLE, "no expression in a name is evaluated"
        assert layout["texts"]["stamp"] == "模拟数据"
        assert "sentinel-2 2 (2023-06-05 – 2024-11-28)" in layout["texts"]["notes"]
        assert "测试手绘范围" in layout["texts"]["notes"]
        assert layout["crs"] == "EPSG:32651"
        assert layout["bar"] == [2, "km"]
        assert len(layout["legend"]) == 5
    assert layouts["A4"]["scale"] / layouts["A3"]["scale"] == pytest.approx(420 / 297, rel=1e-4)


@pytest.mark.usefixtures("look")
@pytest.mark.parametrize("name", ["A4", "A3"])
def test_a_sheet_shows_its_map_legend_arrow_and_stamp(name):
    picture = imread(PICTURES / f"layout_{name}.png")[..., :3]
    height, width = picture.shape[:2]

    def part(left, top, right, bottom):
        return picture[
            int(top / 210 * height) : int(bottom / 210 * height),
            int(left / 297 * width) : int(right / 297 * width),
        ]

    assert len(np.unique(np.round(part(12, 50, 215, 165).reshape(-1, 3), 1), axis=0)) > 8
    assert part(222, 30, 260, 150).min() < 0.3, "the legend"
    assert part(204, 34, 214, 56).min() < 0.3, "the arrow"
    assert part(14, 168, 60, 180).min() < 0.3, "the scale bar"
    red = part(166, 34, 200, 46)
    assert ((red[..., 0] > 0.6) & (red[..., 1] < 0.4)).sum() > 50, "the stamp"


def test_every_layer_says_what_it_rests_on_and_what_it_may_be_used_for(look):
    metadata = look["project"]["metadata"]
    assert len(metadata) == len(TITLES) + len(PARTS)
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
    for name in ("project", "near", "fvc_2024", "land_cover_2024"):
        assert (PICTURES / f"{name}.png").stat().st_size > 5000
