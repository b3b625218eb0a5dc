"""The site in both languages: built without a warning, nothing fetched, read by everybody, searched."""

import io
import re
from pathlib import Path

import pytest
from axe import list_issues
from babel.messages.pofile import read_po
from playwright_browser import PHONE

from tests.pages import DOCS
from tests.site import build_site, list_builds

SOURCES = {
    path.relative_to(DOCS).with_suffix("") for kind in ("md", "rst") for path in DOCS.rglob(f"*.{kind}")
}
LOADED = re.compile(r"""<(?:script|img|link)\b[^>]*(?:src|href)=["'](?:https?:)?//""")
IMPORTED = re.compile(r"""(?:@import|url\()\s*["']?(?:https?:)?//""")
OUTSIDE = re.compile(r'<a class="reference external" href="([^"]+)"')
SEEN = ("index", "guide/readers", "methods/vegetation", "reference/legends", "search")
LOCALE = DOCS / "locale" / "zh_CN" / "LC_MESSAGES"
AS_WRITTEN = re.compile("changelog$|notebooks/")
LANGUAGES = {"zh": "", "en": "en/"}


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    return build_site(tmp_path_factory.mktemp("site"))


def list_pages(folder: Path) -> set[Path]:
    return {path.relative_to(folder).with_suffix("") for path in folder.rglob("*.html")}


def test_every_warning_of_the_builder_is_an_error():
    assert [("-W" in words, words[-1]) for words in list_builds("docs")] == [
        (True, "build/site"),
        (True, "build/site/en"),
    ]


def test_every_source_is_a_page_in_both_languages(site):
    english = list_pages(site / "en")
    chinese = {page for page in list_pages(site) if page.parts[0] != "en"}
    assert chinese == english
    assert chinese >= SOURCES


def test_the_site_fetches_nothing(site):
    assert [path.name for path in site.rglob("*.html") if LOADED.search(path.read_text("utf-8"))] == []
    assert [path.name for path in site.rglob("*.css") if IMPORTED.search(path.read_text("utf-8"))] == []


def test_links_that_leave_the_site_are_few_and_encrypted(site):
    links = {link for path in site.rglob("*.html") for link in OUTSIDE.findall(path.read_text("utf-8"))}
    print(*sorted(links), sep="\n")
    assert links
    assert [link for link in links if not link.startswith("https://")] == []


def test_every_page_leads_to_itself_in_the_other_language(site):
    for page in site.rglob("*.html"):
        (address,) = re.findall(
            r'<nav class="language-switch"[^>]*>\s*<a href="([^"]+)"', page.read_text("utf-8")
        )
        other = (page.parent / address).resolve()
        assert other.is_file(), (page, address)
        assert (site / "en" in other.parents) != (site / "en" in page.parents)


def test_every_message_has_its_chinese_and_no_chinese_is_left_over(site):
    asked, kept = read_messages(site.parent / "gettext", "pot"), read_messages(LOCALE, "po")
    asked = {page: told for page, told in asked.items() if not AS_WRITTEN.match(page)}
    wanted = {(page, one.id) for page, messages in asked.items() for one in messages}
    told = {(page, one.id) for page, ones in kept.items() for one in ones if one.string and not one.fuzzy}
    assert wanted - told == set()
    assert told - wanted == set()


def read_messages(folder: Path, kind: str) -> dict[str, list]:
    """The messages of every page of a folder of catalogues."""
    return {
        path.relative_to(folder).with_suffix("").as_posix(): [
            message for message in read_po(io.BytesIO(path.read_bytes())) if message.id
        ]
        for path in folder.rglob(f"*.{kind}")
    }


def test_a_reader_changes_the_language_and_stays_on_the_page(site, open_page):
    opened = open_page(site / "methods" / "change.html")
    opened.page.get_by_role("link", name="English").click()
    assert opened.page.locator("html").get_attribute("lang") == "en"
    assert opened.page.get_by_role("heading", level=1).inner_text().startswith("Change")
    opened.page.get_by_role("link", name="中文").click()
    assert opened.page.locator("html").get_attribute("lang") == "zh-CN"


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", SEEN)
def test_a_page_is_read_by_everybody(site, open_page, name, language):
    opened = open_page(site / f"{LANGUAGES[language]}{name}.html")
    opened.take_picture(f"site_{language}_{name.replace('/', '_')}")
    assert (opened.complaints, opened.list_strangers()) == ([], [])
    assert list_issues(opened.page, grave_only=False) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", [*SEEN, "reference/config", "reference/library"])
def test_a_phone_shows_a_page_without_moving_it_sideways(site, open_page, name):
    opened = open_page(site / f"{name}.html", size=PHONE)
    opened.take_picture(f"site_phone_{name.replace('/', '_')}")
    assert opened.measure_overflow() == 0


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_is_read_in_the_dark(site, open_page, language):
    opened = open_page(site / f"{LANGUAGES[language]}methods/vegetation.html")
    opened.page.emulate_media(color_scheme="dark")
    opened.page.wait_for_timeout(500)
    opened.take_picture(f"site_{language}_dark")
    assert list_issues(opened.page, grave_only=False) == []


@pytest.mark.parametrize(
    ("query", "page"),
    [
        ("植被覆盖率", "methods/vegetation.html"),
        ("最小上图面积", "methods/change.html"),
        ("vegetation.cover_threshold", "reference/config.html"),
        ("单因子评价", "methods/water_quality.html"),
    ],
)
def test_a_word_of_chinese_is_found(site, open_page, query, page):
    opened = open_page(site / "search.html")
    opened.page.goto(f"{opened.page.url}?q={query}")
    results = opened.page.locator("ul.search li a")
    results.first.wait_for(timeout=10_000)
    found = results.evaluate_all("links => links.map(link => link.getAttribute('href'))")
    assert page in {re.split("[?#]", link)[0] for link in found}
    assert opened.complaints == []


def test_what_nobody_wrote_is_not_found(site, open_page):
    opened = open_page(site / "search.html")
    opened.page.goto(f"{opened.page.url}?q=鼯鼠")
    told = opened.page.locator(".search-summary")
    told.get_by_text(re.compile(".")).or_(told).wait_for()
    assert opened.page.locator("ul.search li").count() == 0


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_read_by_everybody(site, open_page, scheme):
    opened = open_page(site / "index.html")
    opened.page.emulate_media(color_scheme=scheme)
    issues = {}
    for path in sorted(site.rglob("*.html")):
        opened.page.goto(path.as_uri(), wait_until="load")
        if found := list_issues(opened.page, grave_only=False):
            issues[path.relative_to(site)] = found
    assert issues == {}
