"""The report opened by a real browser, its network cut off. Look at its pictures in build/pictures."""

from pathlib import Path

import pytest
from browser import PROGRAM, Browser
from matplotlib.image import imread

from tests.books import with_accounts
from tests.deliveries import small_delivery, written
from tests.series import with_series

PICTURES = Path(__file__).resolve().parents[2] / "build" / "pictures"
TIP = """
(() => { const seen = []; const walk = root => { for (const node of root.querySelectorAll('*')) {
  if (node.classList.contains('bk-Tooltip') || node.classList.contains('bk-tooltip-content'))
    seen.push((node.shadowRoot ?? node).textContent);
  if (node.shadowRoot) walk(node.shadowRoot); } };
  walk(document); return seen.join(' '); })()
"""


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """The report in both languages."""
    made = {language: tmp_path_factory.mktemp(language) for language in ("zh", "en")}
    for language, folder in made.items():
        written(with_series(small_delivery(language=language, resolution_m=60)), folder)
    return made


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    if PROGRAM is None:
        pytest.skip("no Chromium is installed (Debian: apt-get install chromium)")
    PICTURES.mkdir(parents=True, exist_ok=True)
    browser = Browser(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.mark.parametrize(("language", "width"), [("zh", 390), ("zh", 1440), ("en", 1440)])
def test_the_report_opens_offline_without_a_request_or_a_complaint(browser, folders, language, width):
    page = folders[language] / "report.html"
    browser.open(page, width=width)
    assert browser.requests() == [page.as_uri()]
    assert not browser.complaints()
    assert (
        browser.ask("Bokeh.documents.length")
        == browser.ask("document.querySelectorAll('.drawn').length")
        == 4
    )
    assert browser.ask("document.documentElement.scrollWidth") == width
    browser.picture(PICTURES / f"report_{language}_{width}.png")
    red, green, blue = imread(PICTURES / f"report_{language}_{width}.png")[10, 4, :3]
    assert red > 0.6, "the banner of simulated data"
    assert max(green, blue) < 0.3


def test_what_a_mark_stands_for_is_said_where_the_mouse_is(browser, folders):
    browser.open(folders["zh"] / "report.html", width=1440)
    browser.ask(
        "document.getElementById('chart-cover').scrollIntoView({behavior: 'instant', block: 'center'})"
    )
    box = browser.ask(
        "JSON.parse(JSON.stringify(document.getElementById('chart-cover').getBoundingClientRect()))"
    )
    assert "61.23%" not in browser.ask(TIP)
    for step in (0.22, 0.25, 0.28, 0.31):
        browser.point_at(box["x"] + box["width"] * step, box["y"] + 210)
        browser.ask("new Promise(done => setTimeout(done, 150))")
    said = browser.ask(TIP)
    assert "植被覆盖率（陆域，不含水面）" in said
    assert "61.23%" in said
    browser.picture(PICTURES / "report_hover.png", whole=False)


def test_nothing_that_came_from_data_runs(browser, folders):
    page = folders["zh"] / "report.html"
    browser.open(page, width=1440)
    assert browser.ask("[...document.querySelectorAll('script:not(.chart)')].length") == 2
    assert browser.ask("document.body.textContent.includes('<script>alert(1)</script>')")
    blocked = "try { new Function('return 1')(); 'ran' } catch (error) { 'refused' }"
    assert browser.ask(blocked) == "refused"


def test_the_report_can_be_printed(browser, folders):
    browser.open(folders["zh"] / "report.html", width=1240)
    browser.printed(PICTURES / "report.pdf")
    assert (PICTURES / "report.pdf").read_bytes().startswith(b"%PDF")


@pytest.fixture(scope="module")
def accounted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("accounted")
    written(with_accounts(small_delivery(resolution_m=60)), folder)
    return folder / "report.html"


@pytest.mark.parametrize("width", [390, 1440])
def test_the_chapter_of_the_accounts_fits_a_phone_and_a_desk_and_its_charts_a_printed_page(
    browser, accounted, width
):
    browser.open(accounted, width=width)
    assert browser.requests() == [accounted.as_uri()]
    assert not browser.complaints()
    assert browser.ask("document.documentElement.scrollWidth") == width
    widths = "[...document.querySelectorAll('#accounts div.chart')].map(e => e.getBoundingClientRect().width)"
    assert len(browser.ask(widths)) == 4
    assert max(browser.ask(widths)) <= 660, "A4 less its margins"
    browser.picture(PICTURES / f"accounts_{width}.png")


def test_three_clicks_in_the_browser_lead_from_a_parcel_to_its_layers(browser, accounted):
    browser.open(accounted, width=1440)
    browser.ask("document.querySelector('details.parcel summary').click()")
    assert browser.ask("document.querySelector('details.parcel table').checkVisibility()")
    browser.ask("document.querySelector('details.parcel a[href=\"#method-REG-01\"]').click()")
    assert browser.ask("document.querySelector('.proof:target h4').textContent") == "水源涵养 REG-01"
    assert browser.ask("document.querySelector('.proof:target table').checkVisibility()")
    raster = browser.ask("document.querySelector('.proof:target a').getAttribute('href')")
    assert (accounted.parent / raster).is_file()
