"""The report opened by a real browser, its network cut off. Look at its pictures in build/pictures."""

import re
from dataclasses import replace

import pandas as pd
import pytest
from axe import list_issues
from matplotlib.image import imread
from playwright_browser import DESK, PHONE

from pipeline.outputs.csv_tables import write_csv
from tests.books import with_accounts
from tests.deliveries import small_delivery, written
from tests.series import with_series

TIP = """
(() => { const seen = []; const walk = root => { for (const node of root.querySelectorAll('*')) {
  if (node.classList.contains('bk-Tooltip') || node.classList.contains('bk-tooltip-content'))
    seen.push((node.shadowRoot ?? node).textContent);
  if (node.shadowRoot) walk(node.shadowRoot); } };
  walk(document); return seen.join(' '); })()
"""
DRAWN = """
() => { const charts = document.querySelectorAll("script.chart").length;
  return Bokeh.documents.length == charts && Bokeh.documents.every(one => one.is_idle); }
"""


def with_fall(delivery):
    """All sections good, and fewer of them at their target than in the period before."""
    shares = {"good_section_share": (3, 5), "target_met_share": (3, 2)}
    rows = [
        {"indicator": code, "aoi": "delta", "period": period.label, "value": met / 5, "unit": "share"}
        | {"numerator": float(met), "denominator": 5.0, "source": "planted"}
        for code, counts in shares.items()
        for period, met in zip(delivery.periods, counts, strict=True)
    ]
    table = pd.concat([delivery.tables["indicators"], pd.DataFrame(rows)], ignore_index=True)
    return replace(delivery, tables={**delivery.tables, "indicators": table})


def write_page(delivery, folder):
    written(delivery, folder)
    write_csv(pd.DataFrame(), folder / "manifest.json")
    return folder / delivery.name_file(".html")


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The report in both languages."""
    return {
        language: write_page(with_series(with_fall(small_delivery(language=language))), folder)
        for language in ("zh", "en")
        if (folder := tmp_path_factory.mktemp(language))
    }


@pytest.fixture(scope="module")
def accounted(tmp_path_factory):
    return write_page(with_accounts(small_delivery()), tmp_path_factory.mktemp("accounted"))


@pytest.fixture
def open_report(open_page):
    """A function that opens a report and waits until its charts stand."""

    def open_one(path, size=DESK):
        opened = open_page(path, size=size)
        opened.page.wait_for_function(DRAWN)
        return opened

    return open_one


@pytest.mark.parametrize(("language", "size"), [("zh", PHONE), ("zh", DESK), ("en", DESK)])
def test_the_report_opens_offline_without_a_request_a_complaint_or_an_issue(
    open_report, pages, language, size
):
    opened = open_report(pages[language], size)
    assert opened.list_strangers() == []
    assert opened.complaints == []
    assert opened.page.locator(".drawn").count() == 4
    assert opened.measure_overflow() == 0
    assert list_issues(opened.page) == []
    picture = opened.take_picture(f"report_{language}_{size[0]}")
    red, green, blue = imread(picture)[10, 4, :3]
    assert red > 0.6, "the banner of simulated data"
    assert max(green, blue) < 0.3


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_first_screen_tells_that_fewer_sections_meet_their_target_beside_the_good_ones(
    open_report, pages, language
):
    page = open_report(pages[language]).page
    told = {"zh": "↓ 20.00 个百分点 变差", "en": "↓ 20.00 percentage points Worse"}[language]
    fallen, risen = page.get_by_text(told), page.locator("#lead b", has_text="100.00%")
    ends = [one.bounding_box()["y"] + one.bounding_box()["height"] for one in (fallen, risen)]
    assert max(ends) < DESK[1]
    assert page.locator("#lead .bad").first.bounding_box()["y"] < risen.bounding_box()["y"]


def test_the_contents_stay_in_sight_and_lead_below_themselves(open_report, pages):
    page = open_report(pages["zh"], PHONE).page
    page.evaluate("document.documentElement.style.scrollBehavior = 'auto'")
    page.locator("nav a", has_text="数据文件").click()
    bar, title = page.locator(".top").bounding_box(), page.locator("#files h2").bounding_box()
    assert bar["y"] == 0
    assert bar["height"] < PHONE[1] / 6
    assert bar["y"] + bar["height"] <= title["y"] + 1 < PHONE[1]


def test_every_row_of_a_table_can_be_reached(open_report, pages):
    page = open_report(pages["zh"]).page
    for summary in page.locator("details.further > summary").all():
        summary.click()
    hidden = page.locator("main tbody tr:visible").count() - page.locator("main tbody tr").count()
    assert hidden == 0


def test_areas_are_read_in_mu_and_in_hectares_again(open_report, pages):
    page = open_report(pages["zh"]).page
    read = "[...document.querySelectorAll('data.ha')].map(one => [one.value, one.textContent])"
    before = page.evaluate(read)
    heads = page.locator("th", has_text="公顷").count()
    assert len(before) > 10
    page.get_by_role("button", name="面积以亩计").click()
    for (exact, _), (_, said) in zip(before, page.evaluate(read), strict=True):
        assert float(said.replace(",", "")) == pytest.approx(float(exact) * 15, abs=0.00501)
    assert page.locator("th", has_text="亩").count() == heads > 0
    page.get_by_role("button", name="面积以亩计").click()
    assert page.evaluate(read) == before
    assert page.locator("th", has_text="公顷").count() == heads


def test_what_a_mark_stands_for_is_said_where_the_mouse_is(open_report, pages):
    page = open_report(pages["zh"]).page
    page.evaluate(
        "document.getElementById('chart-cover').scrollIntoView({behavior: 'instant', block: 'center'})"
    )
    box = page.locator("#chart-cover").bounding_box()
    assert "61.23%" not in page.evaluate(TIP)
    for step in (0.22, 0.25, 0.28, 0.31, 0.34, 0.37):
        page.mouse.move(box["x"] + box["width"] * step, box["y"] + 210)
        page.wait_for_timeout(150)
        if "61.23%" in page.evaluate(TIP):
            break
    assert "植被覆盖率（陆域，不含水面）" in page.evaluate(TIP)


def test_nothing_that_came_from_data_runs(open_report, pages):
    page = open_report(pages["zh"]).page
    assert page.evaluate("document.body.textContent.includes('<script>alert(1)</script>')")
    planted = (
        "<img src='data:,' onerror='window.ran = 1'><a id='bait' href='javascript:window.ran = 1'>bait</a>"
    )
    page.evaluate("planted => document.body.insertAdjacentHTML('beforeend', planted)", planted)
    page.locator("#bait").click()
    page.wait_for_timeout(300)
    assert page.evaluate("window.ran") is None


def test_the_map_that_moves_is_drawn_when_it_comes_into_view(open_report, pages):
    opened = open_report(pages["zh"])
    opened.page.locator("#map").scroll_into_view_if_needed()
    opened.page.wait_for_selector("#map canvas")
    opened.page.wait_for_timeout(1500)
    assert opened.complaints == []
    assert opened.list_strangers() == []
    opened.take_picture("report_map")


def test_the_first_page_fills_one_sheet_upright_and_no_chart_is_wider_than_its_paper(open_report, pages):
    opened = open_report(pages["zh"])
    paper = opened.print_paper("report").read_bytes()
    boxes = re.findall(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", paper)
    lying = [float(width) > float(height) for width, height in boxes]
    assert lying[0] is False
    assert len(lying) > 3
    assert all(lying[1:]), "the first page would go on upright"
    opened.page.emulate_media(media="print")
    paper_px = (297 - 24) / 25.4 * 96
    for chart in opened.page.locator("div.chart").all():
        assert chart.bounding_box()["width"] <= paper_px / 2
        assert chart.evaluate("one => one.scrollWidth <= one.clientWidth + 1")


@pytest.mark.parametrize("size", [PHONE, DESK])
def test_the_chapter_of_the_accounts_fits_a_phone_and_a_desk(open_report, accounted, size):
    opened = open_report(accounted, size)
    assert opened.list_strangers() == []
    assert opened.complaints == []
    assert opened.measure_overflow() == 0
    assert opened.page.locator("#accounts div.chart").count() == 4
    opened.take_picture(f"accounts_{size[0]}", whole=True)


def test_three_clicks_in_the_browser_lead_from_a_parcel_to_its_layers(open_report, accounted):
    page = open_report(accounted).page
    parcel = page.locator("details.parcel").first
    parcel.locator("summary").click()
    assert parcel.locator("table").is_visible()
    parcel.locator('a[href="#method-REG-01"]').first.click()
    assert page.locator(".proof:target h4").text_content() == "水源涵养 REG-01"
    assert page.locator(".proof:target table").first.is_visible()
    raster = page.locator(".proof:target a").first.get_attribute("href")
    assert (accounted.parent / raster).is_file()
