"""The map of a page in a real Chromium, without a network. Look at build/pictures/webmap_*.png."""

from dataclasses import replace

import geopandas as gpd
import pytest
import shapely
from axe import list_issues
from PIL import Image
from playwright.sync_api import expect
from playwright_browser import DESK, PHONE

from pipeline.geodesy import CGCS2000
from pipeline.outputs.embedding import build_policy
from pipeline.outputs.webmap.building import build_map
from tests.deliveries import HOSTILE, small_delivery, written

SWITCH = '<button id="unit-switch" aria-pressed="true">1</button>'
"""As the report has it, pressed: areas in mu."""
NAMES = {"zh": "地图", "en": "Map"}


def write_page(language, folder):
    """A page that is a map and a heading, under the policy of the report."""
    rivers = gpd.GeoDataFrame(
        {"body": ["b1"], "body_name": ["北港"], "health_class": ["2"]},
        geometry=[shapely.MultiLineString([[(121.84, 31.52), (121.95, 31.53)]])],
        crs=CGCS2000,
    )
    delivery = replace(small_delivery(language=language), layers={"water_lines": rivers})
    written(delivery, folder)
    part = build_map(delivery, folder / "rasters")
    policy = build_policy(*part.scripts, worker=True)
    scripts = "".join(f"<script>{script}</script>" for script in part.scripts)
    page = folder / "map.html"
    page.write_text(
        f'<!DOCTYPE html><html lang="{language}"><meta charset="utf-8"><title>{NAMES[language]}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}"><link rel="icon" href="data:,">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>body {{ margin: 0; font-family: sans-serif; }} {''.join(part.styles)}</style>"
        f"<main><h1>ecoledger</h1><h2>{NAMES[language]}</h2>{SWITCH}{part.html}{part.data}</main>{scripts}</html>",
        encoding="utf-8",
    )
    return page


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    return {language: write_page(language, tmp_path_factory.mktemp(language)) for language in ("zh", "en")}


@pytest.fixture
def open_map(open_page, pages):
    """Opens the page of a language, and waits until its map stands."""

    def open_one(language="zh", size=DESK):
        opened = open_page(pages[language], size=size)
        opened.page.wait_for_selector("[data-ready]")
        settle(opened.page)
        return opened

    return open_one


@pytest.fixture(scope="module")
def kept(keep_page, pages):
    """The page that most tests share, opened once."""
    opened = keep_page(pages["zh"])
    opened.page.wait_for_selector("[data-ready]")
    opened.page.evaluate("window.begun = structuredClone(ecomap.state)")
    return opened


@pytest.fixture
def desk(kept):
    """The shared page as it was when it was opened."""
    kept.page.emulate_media(media="screen")
    kept.page.fill(".eco-search input", "")
    kept.page.evaluate("""(async () => {
        ecomap.close();
        await ecomap.compare(null);
        await ecomap.update(structuredClone(begun));
        ecomap.pane.map.fitBounds(ecomap.config.bounds, { padding: 24, animate: false });
    })()""")
    settle(kept.page)
    return kept


def settle(page):
    """Wait until all is drawn."""
    page.evaluate("""new Promise((done) => {
        const panes = () => [ecomap.pane, ecomap.second].filter(Boolean);
        const isStill = ({ map }) => map.loaded() && map.areTilesLoaded() && !map.isMoving();
        const look = () => (panes().every(isStill) ? requestAnimationFrame(done) : setTimeout(look, 30));
        setTimeout(look, 30);
    })""")


def locate(opened, lon, lat):
    """Where a place is drawn, in pixels of the window."""
    return opened.page.evaluate(
        f"(() => {{ const {{ x, y }} = ecomap.pane.map.project([{lon}, {lat}]);"
        " const { left, top } = ecomap.pane.map.getCanvas().getBoundingClientRect();"
        " return [x + left, y + top]; })()"
    )


def tap(opened, lon, lat):
    """Click where a place is drawn."""
    opened.page.mouse.click(*locate(opened, lon, lat))
    opened.page.wait_for_selector(".eco-card:not([hidden])")


def count_drawn(opened):
    """How many parcels are drawn."""
    found = (
        "ecomap.pane.map.queryRenderedFeatures({layers: ['parcels:body']}).map((one) => one.properties.key)"
    )
    return len(set(opened.page.evaluate(found)))


def read_card(page):
    return page.inner_text(".eco-card")


def find_color(opened, name, lon, lat):
    """The colour of the picture at a place."""
    x, y = locate(opened, lon, lat)
    with Image.open(opened.take_picture(name)) as picture:
        return picture.convert("RGB").getpixel((int(x), int(y)))


@pytest.mark.parametrize(("language", "size"), [("zh", DESK), ("en", DESK), ("zh", PHONE)])
def test_the_map_stands_offline_without_a_complaint_a_request_or_a_grave_issue(open_map, language, size):
    opened = open_map(language, size)
    name = f"webmap_{language}_{size[0]}"
    opened.take_picture(name)
    assert opened.complaints == []
    assert opened.list_strangers() == []
    assert opened.measure_overflow() == 0
    assert list_issues(opened.page) == []
    opened.page.evaluate("ecomap.select('parcels', 'P003')")
    settle(opened.page)
    opened.take_picture(f"{name}_card")
    assert list_issues(opened.page) == []
    assert opened.complaints == []


def test_a_tap_tells_of_the_section_and_of_what_lies_under_it(desk):
    tap(desk, 121.86, 31.50)
    card = read_card(desk.page)
    assert card.splitlines()[1] == "北港桥"
    assert "模拟数据" in card
    desk.page.click(".eco-also button:has-text('确权地块')")
    desk.page.wait_for_selector(".eco-card h3:has-text('P')")
    assert "湿地洪水调蓄" in read_card(desk.page)


def test_a_search_by_code_holder_or_class_leads_to_the_parcel(desk):
    held = small_delivery().parcels.iloc[5]
    for words, hits in (
        ("p007", 1),
        (f"{held.right_holder} {held.parcel_id}", 1),
        ("北港桥", 1),
        ("无此地块", 0),
    ):
        desk.page.fill(".eco-search input", words)
        expect(desk.page.locator(".eco-search p")).to_have_text(f"找到 {hits}")
        assert desk.page.locator(".eco-hits li").count() == hits
    desk.page.fill(".eco-search input", "权利人")
    count = desk.page.locator(".eco-hits li button:not(.eco-more)")
    assert count.count() == 20
    desk.page.click(".eco-more")
    assert count.count() > 20, "nothing is cut without a way to the rest"
    desk.page.fill(".eco-search input", "P007")
    desk.page.press(".eco-search input", "Enter")
    desk.page.wait_for_selector(".eco-card h3:has-text('P007')")


def test_a_class_of_the_legend_is_taken_off_the_map_and_a_filter_keeps_one_value(desk):
    shown = desk.page.locator(".eco-layer:has(.eco-tick:has-text('确权地块')) .eco-quiet")
    total = int(shown.inner_text().split("/")[1])
    kinds = desk.page.evaluate("ecomap.findLayer('parcels').source.table.columns['ecosystem_l1@2024']")
    forests = kinds.count("森林")
    assert 0 < forests < total
    desk.page.click(".eco-legend button:has-text('森林')")
    assert shown.inner_text() == f"显示 {total - forests} / {total}"
    settle(desk.page)
    assert count_drawn(desk) == total - forests
    desk.page.click(".eco-legend button:has-text('森林')")
    owners = desk.page.locator(".eco-field:has-text('集体所有') select")
    owners.select_option("集体所有")
    settle(desk.page)
    kept = int(shown.inner_text().split()[1])
    assert 0 < kept < total
    assert count_drawn(desk) == kept


def test_two_periods_lie_side_by_side_and_the_bar_between_them_is_drawn(desk):
    page = desk.page
    page.locator(".eco-times select").nth(-1).select_option("2023")
    page.wait_for_selector(".eco-swipe")
    settle(page)
    assert page.locator(".eco-swipe b").all_inner_texts() == ["2023", "2024"], "the earlier is on the left"
    bar = page.locator(".eco-swipe")
    bar.focus()
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    assert bar.get_attribute("aria-valuenow") == "30"
    box = page.locator(".eco-frame").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 200)
    page.mouse.up()
    assert bar.get_attribute("aria-valuenow") == "60"
    labels = "[ecomap.pane, ecomap.second].map((one) => one.look(one.map.project([121.86, 31.5]))[0].key)"
    assert page.evaluate(labels) == ["S0", "S0"]
    desk.take_picture("webmap_swipe")
    page.locator(".eco-times select").nth(-1).select_option("")
    assert page.locator(".eco-swipe").count() == 0
    assert desk.complaints == []


def test_a_section_has_the_colour_and_the_words_of_its_class_in_the_period_that_is_shown(desk):
    colors = {}
    for period in ("2023", "2024"):
        desk.page.evaluate(f"ecomap.setPeriod('{period}')")
        settle(desk.page)
        colors[period] = find_color(desk, f"webmap_{period}", 121.93, 31.47)
    legend = desk.page.evaluate("ecomap.findLayer('sections').themes[0].legend")
    known = {entry["name"]: tuple(bytes.fromhex(entry["color"][1:])) for entry in legend["classes"]}
    assert colors["2024"] == known["Ⅲ类"]
    assert colors["2023"] == tuple(bytes.fromhex(legend["other"]["color"][1:])), "it was not graded"


def test_water_is_drawn_as_water_on_the_map_of_vegetation_cover(desk):
    desk.page.evaluate("ecomap.update({shown: {}}), ecomap.setGround('fvc'), ecomap.act.setOpacity(1)")
    settle(desk.page)
    with Image.open(desk.take_picture("webmap_fvc")) as picture:
        counts = {color: count for count, color in picture.convert("RGB").getcolors(1 << 24)}
    assert counts.get((0x2B, 0x83, 0xBA), 0) > 1000, "the colour of water in the legend"


def test_areas_are_told_in_hectares_or_in_mu_as_the_switch_of_the_page_says(desk):
    desk.page.evaluate("ecomap.select('parcels', 'P003')")
    desk.page.wait_for_selector(".eco-card:not([hidden])")
    area = desk.page.locator(".eco-card dt:has-text('面积') + dd").first
    mu = area.inner_text()
    desk.page.evaluate("document.getElementById('unit-switch').setAttribute('aria-pressed', 'false')")
    desk.page.click("#unit-switch")
    expect(area).to_contain_text("公顷")
    hectares = area.inner_text()
    number = [float(text.split()[0].replace(",", "")) for text in (hectares, mu)]
    assert hectares.endswith("公顷")
    assert mu.endswith("亩")
    assert number[1] == pytest.approx(number[0] * 15, abs=0.1)


def test_a_layer_of_the_assessment_is_drawn_when_it_is_asked_for(desk):
    found = "ecomap.pane.look(ecomap.pane.map.project([121.895, 31.525])).map((one) => one.layer)"
    assert desk.page.evaluate(found) == ["parcels"]
    desk.page.check(".eco-tick:has-text('河流中心线') input")
    settle(desk.page)
    assert desk.page.evaluate(found) == ["water_lines", "parcels"]
    tap(desk, 121.895, 31.525)
    assert "二类" in read_card(desk.page)
    desk.take_picture("webmap_lines")


def test_the_map_is_used_by_keys_alone(desk):
    desk.page.evaluate("ecomap.pane.map.jumpTo({center: [121.86, 31.5], zoom: 12})")
    settle(desk.page)
    desk.page.focus("canvas")
    desk.page.keyboard.press("Enter")
    desk.page.wait_for_selector(".eco-card h3:has-text('北港桥')")
    assert desk.page.evaluate("document.activeElement.tagName") == "H3"
    desk.page.keyboard.press("Escape")
    assert desk.page.locator(".eco-card").is_hidden()
    assert desk.page.evaluate("document.activeElement.tagName") == "CANVAS"


def test_text_of_the_data_is_shown_as_text(desk):
    key = desk.page.evaluate(
        "(() => { const { table } = ecomap.findLayer('parcels').source;"
        f" return table.keys[table.columns.right_holder.indexOf({HOSTILE!r})]; }})()"
    )
    desk.page.evaluate(f"ecomap.select('parcels', '{key}')")
    desk.page.wait_for_selector(".eco-card:not([hidden])")
    assert HOSTILE in read_card(desk.page)
    assert desk.page.locator(".eco-card script").count() == 0
    assert desk.complaints == []


def test_without_webgl_the_page_says_so_and_nothing_fails(open_page, pages):
    opened = open_page(pages["zh"], webgl=False)
    opened.page.wait_for_selector(".eco-absent[role=status]")
    assert "WebGL" in opened.page.inner_text(".eco-absent")
    assert opened.complaints == []


def test_the_map_gives_way_on_paper(desk):
    desk.page.emulate_media(media="print")
    assert desk.page.locator(".eco-map").is_hidden()
