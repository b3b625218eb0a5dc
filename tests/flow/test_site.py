"""The site in both languages: built without a warning, nothing fetched, each page with its counterpart."""

import re
from pathlib import Path

import pytest

from tests.pages import DOCS
from tests.site import build_site, list_builds

SOURCES = {
    path.relative_to(DOCS).with_suffix("") for path in DOCS.rglob("*.*") if path.suffix in {".md", ".rst"}
}
LOADED = re.compile(r"""<(?:script|img|link)\b[^>]*(?:src|href)=["'](?:https?:)?//""")
IMPORTED = re.compile(r"""(?:@import|url\()\s*["']?(?:https?:)?//""")


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    return build_site(tmp_path_factory.mktemp("site"))


def list_pages(folder: Path) -> set[Path]:
    return {path.relative_to(folder).with_suffix("") for path in folder.rglob("*.html")}


def test_every_warning_of_the_builder_is_an_error():
    assert [("-W" in words, words[-1]) for words in list_builds()] == [
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


def test_every_page_leads_to_itself_in_the_other_language(site):
    for page in site.rglob("*.html"):
        (address,) = re.findall(
            r'<nav class="language-switch"[^>]*>\s*<a href="([^"]+)"', page.read_text("utf-8")
        )
        other = (page.parent / address).resolve()
        assert other.is_file(), (page, address)
        assert (site / "en" in other.parents) != (site / "en" in page.parents)
