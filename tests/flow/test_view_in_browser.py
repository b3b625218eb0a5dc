"""The view opened by a real browser: from files and served, its network cut off. Look at build/pictures."""

import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from axe import list_issues
from playwright_browser import DESK, PHONE

from pipeline.commands.view import build_view, write_view
from tests.views import TOWN, publish_view

PLACE = "#/delta/2024/2024"


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """Two labels of an area, and a delivery that was damaged; the user's cache is a folder of its own."""
    folder = publish_view(tmp_path_factory.mktemp("out"))
    shutil.copytree(folder / "delta" / "2024", folder / "delta" / "damaged", symlinks=True)
    (folder / "delta" / "damaged" / "tables" / "indicators.csv").write_bytes(b"")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield folder


@pytest.fixture(scope="module")
def sites(out):
    """The view in both languages."""
    return {language: build_view(out, language=language) for language in ("zh", "en")}


@pytest.fixture(scope="module")
def folders(sites, tmp_path_factory):
    """The same as folders."""
    root = tmp_path_factory.mktemp("共享 share")
    for language, view in sites.items():
        write_view(view, root / language)
    return {language: root / language / "index.html" for language in sites}


@pytest.fixture
def address(out):
    """Where the real program serves it; it ends well when it is told to stop."""
    program = Path(sys.executable).with_name("ecoledger")
    command = [program, "view", out, "--no-browser", "--quiet"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        yield re.search(r"http://127\.0\.0\.1:\d+/", process.stdout.readline())[0]
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=30)
    assert process.returncode == 0, told
    assert "damaged" in told


def wait(opened):
    """Until the map stands and all that it asked for has come."""
    opened.page.wait_for_selector("#map[data-ready]")
    rest = "new Promise(done => map.loaded() ? done() : map.once('idle', done))"
    opened.page.evaluate("(() => { const { map } = ecoView.map.pane; return " + rest + "; })()")
    return opened


@pytest.fixture
def show(open_page, folders):
    def show_page(language="zh", place=PLACE, **how):
        return wait(open_page(folders[language].as_uri() + place, **how))

    return show_page


def count_drawn(opened, layer="parcels"):
    """How many features of a layer the map shows."""
    shown = f"ecoView.map.pane.map.queryRenderedFeatures({{layers: ['{layer}:body']}})"
    return opened.page.evaluate(f"new Set({shown}.map(feature => feature.properties.key)).size")


@pytest.mark.parametrize(
    ("language", "size"),
    [
        ("zh", DESK),
        *(
            pytest.param(*case, marks=pytest.mark.slow)
            for case in (("zh", PHONE), ("en", DESK), ("en", PHONE))
        ),
    ],
)
def test_from_files_all_is_drawn_without_a_request_outside_or_a_complaint(show, sites, language, size):
    opened = show(language, size=size)
    assert count_drawn(opened) > 20
    assert count_drawn(opened, "sections") == 3
    assert not opened.complaints
    assert not opened.list_strangers()
    assert opened.measure_overflow() == 0
    assert not list_issues(opened.page)
    opened.take_picture(f"view_{language}_{size[0]}")
    assert len(sites[language].shown) == 2


def test_served_it_is_the_same_page(open_page, address):
    opened = wait(open_page(address + PLACE))
    assert count_drawn(opened) > 20
    assert not opened.complaints
    assert not opened.list_strangers()


def test_what_could_not_be_shown_is_named_on_the_page(show):
    told = show().page.inner_text("#problems")
    assert "未能展示的交付 (1)" in told


@pytest.mark.slow
def test_the_slider_goes_through_the_moments_and_changes_what_is_drawn(show):
    page = show().page
    paint = "JSON.stringify(ecoView.map.pane.map.getPaintProperty('parcels:body', 'fill-color'))"
    assert "ecosystem_l1@2024" in page.evaluate(paint)
    page.focus("#time")
    titles = [page.inner_text("#times output")]
    for _ in range(2):
        page.keyboard.press("ArrowLeft")
        titles.append(page.inner_text("#times output"))
    assert titles == ["时段 2024 · 批次 2024", "时段 2023 · 批次 2024-复核", "时段 2023 · 批次 2024"]
    assert "ecosystem_l1@2023" in page.evaluate(paint)
    assert page.url.endswith("#/delta/2024/2023")
    box = page.locator("#time").bounding_box()
    height = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 4, height)
    page.mouse.down()
    for share in (0.3, 0.7, 1):
        page.mouse.move(box["x"] + share * box["width"], height)
        page.wait_for_timeout(100)
    page.mouse.up()
    assert page.inner_text("#times output") == "时段 2024 · 批次 2024-复核"


@pytest.mark.slow
def test_parcels_of_two_labels_stand_side_by_side_each_with_its_own(show):
    """The later label lacks P001, and only there."""
    opened = show()
    page = opened.page
    page.evaluate("ecoView.map.compare('2024-复核/2024')")
    page.wait_for_selector(".eco-swipe")
    page.wait_for_timeout(500)
    keys = "[...new Set(map.queryRenderedFeatures({layers: ['parcels:body']}).map(f => f.properties.key))]"
    rest = "new Promise(done => map.loaded() ? done() : map.once('idle', done))"
    panes = (
        "[ecoView.map.pane, ecoView.map.second].map(async ({map}) => { await " + rest + f"; return {keys} }})"
    )
    both = page.evaluate(f"Promise.all({panes})")
    assert set(both[0]) ^ set(both[1]) == {"P001"}
    assert not opened.complaints
    assert not list_issues(page)
    opened.take_picture("view_swipe")


def test_a_word_of_a_town_or_a_code_leads_to_the_parcel_and_its_sheet(show):
    opened = show()
    page = opened.page
    for word in ("p010", TOWN, f"权利人 {TOWN}"):
        page.fill("input[type=search]", word)
        page.wait_for_selector("text=找到 1")
        assert page.inner_text(".eco-hits button") == "P010"
    page.click(".eco-hits button")
    page.wait_for_selector(".eco-card:not([hidden])")
    card = page.inner_text(".eco-card")
    assert "P010" in card
    assert TOWN in card
    opened.take_picture("view_search")
    page.click(".eco-card a")
    page.wait_for_selector("#sheet[data-ready=P010]")
    sheet = page.inner_text("#sheet")
    for told in ("一地一档 P010", TOWN, "0.12 公顷", "0.34 公顷", "75.0 %", "81.3 %", "模拟数据"):
        assert told in sheet
    assert page.evaluate("document.getElementById('map').inert")
    assert not opened.complaints
    assert not list_issues(page)
    opened.take_picture("view_fact_sheet")
    assert opened.print_paper("view_fact_sheet").stat().st_size > 20_000
    page.keyboard.press("Escape")
    assert page.is_hidden("#sheet")
    assert not page.evaluate("document.getElementById('map').inert")


@pytest.mark.slow
def test_an_address_leads_to_a_sheet_and_one_that_is_not_there_says_so(show):
    page = show(place=f"{PLACE}/P003").page
    page.wait_for_selector("#sheet[data-ready=P003]")
    assert "全期无晴空" in page.inner_text("#sheet")
    page.evaluate("location.hash = '#/delta/2024/2024/P999'")
    page.wait_for_selector("text=此批次没有这个地块")
    page.evaluate("location.hash = '#/nowhere/a/b'")
    page.wait_for_selector("#sheet", state="hidden")


@pytest.mark.slow
def test_vegetation_cover_lies_beneath_in_the_colours_of_its_legend(show):
    opened = show()
    page = opened.page
    page.evaluate("ecoView.map.update({ground: 'fvc', shown: {...ecoView.map.state.shown, parcels: false}})")
    page.evaluate("new Promise(done => ecoView.map.pane.map.once('idle', done))")
    assert page.evaluate("ecoView.map.pane.map.getLayer('ground') !== undefined")
    assert "水体" in page.inner_text(".eco-panel")
    assert not opened.complaints
    opened.take_picture("view_cover")


@pytest.mark.slow
def test_every_file_of_every_delivery_can_be_had(show, folders):
    opened = show()
    page = opened.page
    page.click("#deliveries-open")
    links = page.eval_on_selector_all(
        "#deliveries a", "all => all.map(a => decodeURIComponent(a.getAttribute('href')))"
    )
    files = [path for path in (folders["zh"].parent / "files").rglob("*") if path.is_file()]
    assert sorted(links) == sorted(path.relative_to(folders["zh"].parent).as_posix() for path in files)
    assert not list_issues(page)
    opened.take_picture("view_deliveries")


@pytest.mark.slow
def test_text_of_the_data_does_not_run_and_is_shown_as_it_stands(show):
    opened = show()
    page = opened.page
    page.fill("input[type=search]", "calc")
    page.click(".eco-hits button")
    page.wait_for_selector(".eco-card:not([hidden])")
    assert "<script>alert(1)</script>" in page.inner_text(".eco-card")
    assert not opened.complaints


@pytest.mark.slow
def test_without_webgl_it_says_so_and_files_can_still_be_had(open_page, folders):
    opened = open_page(folders["zh"].as_uri() + PLACE, webgl=False)
    opened.page.wait_for_selector("text=没有 WebGL")
    opened.page.evaluate(f"location.hash = '{PLACE}/P010'")
    opened.page.wait_for_selector("text=一地一档 P010")
    opened.page.keyboard.press("Escape")
    opened.page.click("#deliveries-open")
    assert opened.page.locator("#deliveries a").count() > 10
    assert not opened.complaints
