import html
import re

import pytest
from markupsafe import Markup

from pipeline.outputs import embedding
from pipeline.outputs.embedding import MapPart
from pipeline.outputs.report.page import render_report

MAP = MapPart(
    html=Markup('<div id="eco-map" role="region" aria-label="地图"></div>'),
    data=Markup('<script type="application/json" id="eco-map-data">{}</script>'),
    scripts=("var library = {};", "var map = library;"),
    styles=(".eco-map { height: 60vh; }",),
)


@pytest.fixture(scope="module")
def page(delivery, folder):
    return render_report(delivery, folder, MAP)


def read_policy(page):
    return html.unescape(re.search(r'Content-Security-Policy" content="([^"]*)"', page).group(1))


def test_a_map_that_moves_has_a_chapter_of_its_own_and_a_place_among_the_contents(page):
    assert '<a href="#map">互动地图</a>' in page
    chapter = re.search(r'<section id="map">.*?</section>', page, re.DOTALL).group()
    assert MAP.html in chapter
    assert MAP.data in chapter
    assert MAP.styles[0] in re.search(r"<style>.*?</style>", page, re.DOTALL).group()


def test_what_a_map_runs_stands_behind_the_page_and_its_policy_names_each_script(page):
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert scripts[:2] == [embedding.build_script(), embedding.START]
    assert tuple(scripts[-2:]) == MAP.scripts
    assert read_policy(page) == embedding.build_policy(*scripts, worker=True)


def test_the_page_may_start_workers_of_what_it_holds_and_ask_no_server(page):
    policy = dict(rule.strip().split(" ", 1) for rule in read_policy(page).split(";"))
    assert policy["worker-src"] == "blob:"
    assert set(policy["connect-src"].split()) == {"data:", "blob:"}
    assert policy["default-src"] == "'none'"
    assert "unsafe-eval" not in policy["script-src"]
