"""The print layouts of the project, printed by the real QGIS. Pictures stay in build/pictures."""

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
from matplotlib.image import imread

from pipeline.outputs.plane_maps import choose_ratio, describe_crs, find_zone
from tests.deliveries import HOSTILE, written
from tests.flow.test_qgis import PICTURES, PYTHON, environment
from tests.planted_facts import WATER, plant_facts

LIVE = "[% env('HOME') %]"
TITLE = f"河口湿地{LIVE} 2024 生态产品目录清单（模拟数据）"
PARTS = {"east": "东滩", "west": "西沙 & <沙洲>"}
SHEETS = 8
COMPLETED = "P006"


def told_delivery():
    plain = plant_facts()
    aoi = replace(plain.aoi, name_zh=f"河口湿地{LIVE}")
    kept = plain.inventory["parcel_id"].map({COMPLETED: f"已划入{LIVE}"}).astype(object)
    inventory = plain.inventory.assign(protection_status=kept.where(kept.notna(), None))
    return replace(plain, aoi=aoi, inventory=inventory, organisation=f"某市自然资源和规划局{LIVE}")


@pytest.fixture(scope="module")
def delivery():
    return told_delivery()


@pytest.fixture(scope="module")
def printed(delivery, tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    tried = [PYTHON, "-c", "import qgis.core"]
    if (
        not os.access(PYTHON, os.X_OK)
        or subprocess.run(tried, capture_output=True, check=False, env=environment(home)).returncode
    ):
        pytest.skip("QGIS is not installed (Debian: apt-get install qgis python3-qgis)")
    folder = tmp_path_factory.mktemp("delivery")
    written(delivery, folder)
    PICTURES.mkdir(parents=True, exist_ok=True)
    script = Path(__file__).with_name("qgis_print.py")
    arguments = [PYTHON, str(script), str(folder / delivery.name_file(".gpkg")), str(PICTURES), str(SHEETS)]
    seen = subprocess.run(
        arguments, capture_output=True, text=True, check=True, timeout=180, env=environment(home)
    )
    (line,) = (line for line in seen.stdout.splitlines() if line.startswith("LOOK "))
    return json.loads(line.removeprefix("LOOK "))


def list_pages(printed):
    return [page for pages in printed.values() for page in pages.values()]


def test_the_area_its_parts_and_its_parcels_have_layouts(printed):
    assert {name: list(pages) for name, pages in printed.items()} == {
        "A4": [""],
        "A3": [""],
        "A4 分片图集": list(PARTS),
        "A3 分片图集": list(PARTS),
        "一地一档图集": [f"P{number:03d}" for number in range(SHEETS)],
    }
    assert printed["A4"][""]["page"] == pytest.approx([297, 210])
    assert printed["A3"][""]["page"] == pytest.approx([420, 297], abs=0.05)


def test_every_page_says_its_round_scale_its_zone_by_name_and_who_compiled_it(printed):
    for page in list_pages(printed):
        left, right = page["extent"]
        assert (right - left) / page["wide_mm"] * 1000 == pytest.approx(page["scale"], rel=1e-6)
        assert f"{page['scale']:.0f}".rstrip("0") in {"1", "15", "2", "25", "3", "4", "5", "6", "8"}
        assert page["words"]["ratio"].startswith(f"1:{page['scale']:,.0f}　")
        assert page["words"]["ratio"].endswith(describe_crs(page["crs"]))
        assert page["words"]["imprint"].startswith(f"编制单位：某市自然资源和规划局{LIVE}\n审图号：＿")
        assert page["words"]["stamp"] == "模拟数据"
        assert page["crs"] == "EPSG:4550"


def test_no_expression_in_words_of_config_or_data_is_evaluated(printed):
    assert printed["A4"][""]["words"]["title"] == TITLE
    assert printed["A4 分片图集"]["west"]["words"]["title"] == f"{TITLE} · {PARTS['west']}"
    sheet = printed["一地一档图集"]["P000"]["words"]
    assert sheet["title"] == f"生态产品一地一档 · {TITLE}"


def test_each_part_fills_its_page(printed):
    for name in ("A4 分片图集", "A3 分片图集"):
        scales = [printed[name][part]["scale"] for part in PARTS]
        assert max(scales) < printed[name.partition(" ")[0]][""]["scale"]


def test_the_ratio_of_a_parcel_is_the_one_that_its_pdf_has(printed, delivery):
    shapes = delivery.parcels.set_index("parcel_id").geometry
    for parcel, page in printed["一地一档图集"].items():
        zone = find_zone(shapes[parcel].centroid.x)
        left, bottom, right, top = shapes[[parcel]].to_crs(zone).total_bounds
        assert page["crs"] == zone
        assert round(page["scale"]) == choose_ratio(right - left, top - bottom, 106, 106)


def test_a_fact_sheet_lists_what_is_known_of_its_parcel_alone(printed, delivery):
    rows = delivery.parcels.set_index("parcel_id")
    for parcel, page in printed["一地一档图集"].items():
        lines = dict(line.split("　", 1) for line in page["words"]["lines"].splitlines())
        assert page["words"]["parcel"] == parcel
        assert lines["权利人"] == rows.loc[parcel, "right_holder"]
        assert lines["所有权主体(类型)"] == {"1": "全民所有", "2": "集体所有"}[rows.loc[parcel, "owner_type"]]
        assert lines["椭球面积"] == f"{rows.loc[parcel, 'area_m2'] / 1e4:,.2f} 公顷"
        assert lines.get("保护情况") == (f"已划入{LIVE}" if parcel == COMPLETED else None)
        assert page["words"]["notes"].startswith("影像 sentinel-2 2 (2023-06-05 – 2024-11-28)")
        products = page["tables"]["products"]
        assert [row[2] for row in products] == ["2023", "2024"]
        assert {row[4] for row in products} == {"公顷"}


def test_products_sections_and_findings_are_those_of_the_parcel(printed, delivery):
    sheets = printed["一地一档图集"]
    sections = {row[0]: row for row in sheets[WATER]["tables"]["sections"]}
    assert sections["北港桥"] == ["北港桥", "2024", "Ⅰ类", "Ⅲ类"]
    assert sheets["P000"]["tables"]["sections"] == []
    (finding,) = sheets["P003"]["tables"]["findings"]
    assert finding == ["错误", "地块 P003 与 P004 重叠 12.5 平方米"]
    hostile = delivery.inventory[delivery.inventory["cat3_name"] == HOSTILE]["parcel_id"].iloc[0]
    if hostile in sheets:
        assert sheets[hostile]["tables"]["products"][0][1] == HOSTILE


def test_a_legend_lists_what_is_drawn(printed):
    sheet = printed["一地一档图集"]["P000"]
    assert sheet["legend"][-2:] == ["确权地块", "2024 地表覆盖"]
    assert not any("Band" in str(entry) for entry in sheet["classes"][-4:])
    assert len(printed["A4"][""]["legend"]) == len(printed["A4 分片图集"]["east"]["legend"])


def read_part(name, box, page):
    picture = imread(PICTURES / f"layout_{name}.png")[..., :3]
    height, width = picture.shape[:2]
    left, top, right, bottom = box
    return picture[
        int(top / page[1] * height) : int(bottom / page[1] * height),
        int(left / page[0] * width) : int(right / page[0] * width),
    ]


@pytest.mark.usefixtures("printed")
@pytest.mark.parametrize("name", ["A4", "A3", "A4_分片图集_east", "A3_分片图集_west"])
def test_a_sheet_shows_its_map_grid_legend_arrow_bar_and_stamp(name):
    page = (297, 210)
    drawn = read_part(name, (17, 50, 200, 155), page).reshape(-1, 3)
    assert len(np.unique(np.round(drawn, 1), axis=0)) > 8
    assert read_part(name, (10.5, 28, 14.5, 176), page).min() < 0.6, "northing beside the map"
    assert read_part(name, (15, 176.5, 218, 180), page).min() < 0.6, "easting below it"
    assert read_part(name, (223, 28, 262, 150), page).min() < 0.3, "the legend"
    assert read_part(name, (204, 32, 214, 54), page).min() < 0.3, "the arrow"
    assert read_part(name, (19, 160, 65, 172), page).min() < 0.3, "the scale bar"
    red = read_part(name, (166, 32, 200, 44), page)
    assert ((red[..., 0] > 0.6) & (red[..., 1] < 0.4)).sum() > 50, "the stamp"


def test_the_parcel_of_a_page_is_drawn_red_where_it_lies(printed, delivery):
    shape = delivery.parcels.set_index("parcel_id").to_crs("EPSG:4550").geometry["P003"]
    page = printed["一地一档图集"]["P003"]
    x, y = shapely.get_coordinates(shape.exterior.interpolate(0.3, normalized=True))[0]
    left, bottom, right, top = shape.bounds
    across = 15 + 53 + (x - (left + right) / 2) / page["scale"] * 1000
    down = 31 + 53 - (y - (bottom + top) / 2) / page["scale"] * 1000
    spot = read_part(
        "一地一档图集_P003", (across - 1.5, down - 1.5, across + 1.5, down + 1.5), (210, 297)
    ).reshape(-1, 3)
    assert ((spot[:, 0] > 0.6) & (spot[:, 1] < 0.35) & (spot[:, 2] < 0.35)).sum() > 8
