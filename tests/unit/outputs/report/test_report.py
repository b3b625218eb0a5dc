import html
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from pipeline.geodesy import project
from pipeline.legends import WATER_CLASS
from pipeline.outputs import embedding
from pipeline.outputs.clear_looks import count_clear_looks
from tests.deliveries import HOSTILE, small_delivery, written

LATER = {"manifest.json"}
"""What is written into a delivery once its report is."""


@pytest.fixture(scope="module")
def page(folder):
    return (folder / "report.html").read_text(encoding="utf-8")


class Parser(HTMLParser):
    def __init__(self):
        super().__init__()
        self.links, self.opened, self.text = [], [], []

    def handle_starttag(self, tag, attrs):
        self.opened.append((tag, attrs))
        self.links += [value for name, value in attrs if name in {"href", "src", "xlink:href"}]

    def handle_data(self, data):
        self.text.append(data)


def parsed(page):
    parser = Parser()
    parser.feed(page)
    return parser


def test_the_page_asks_nobody_for_anything(page, folder):
    anchors = set(re.findall(r'id="([\w-]+)"', page))
    for link in parsed(page).links:
        inside = link.startswith("#") and link[1:] in anchors
        assert inside or link.startswith("data:") or link in LATER or (folder / link).is_file()
    style = re.search(r"<style>.*?</style>", page, re.DOTALL).group()
    assert "@import" not in style
    assert not re.search(r"url\((?![\"']?data:)", style)


def test_every_file_of_the_delivery_is_a_link(page, folder):
    links = set(parsed(page).links)
    written = {path.relative_to(folder).as_posix() for path in folder.rglob("*.*") if not path.is_symlink()}
    own = {path for path in written if path.startswith(("tables/", "rasters/")) or "/" not in path}
    shown = {path for path in own if not path.endswith((".qml", ".aux.xml", ".html"))}
    assert shown <= links
    assert links >= LATER


def test_nothing_runs_but_the_scripts_that_the_policy_names(page):
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert scripts[:2] == [embedding.build_script(), embedding.START]
    policy = html.unescape(re.search(r'Content-Security-Policy" content="([^"]*)"', page).group(1))
    assert policy == embedding.build_policy(*scripts, worker=True)


def test_text_from_data_is_never_markup(page):
    found = parsed(page)
    kinds = [dict(attributes).get("type") for tag, attributes in found.opened if tag == "script"]
    assert set(filter(None, kinds)) == {"application/json", "text/plain"}
    assert kinds.count(None) == len(re.findall("<script>", page))
    assert HOSTILE in "".join(found.text)


def test_every_table_has_a_caption_and_every_picture_says_what_it_shows(page):
    found = parsed(page)
    tags = [tag for tag, _ in found.opened]
    assert tags.count("table") == tags.count("caption") > 5
    pictures = [dict(attributes) for tag, attributes in found.opened if dict(attributes).get("role") == "img"]
    assert len(pictures) >= 8
    assert all(picture["aria-label"] for picture in pictures)


def test_an_indicator_stands_beside_its_target(page):
    row = re.search(r"<tr><td>植被覆盖率（陆域，不含水面）</td>.*?</tr>", page, re.DOTALL).group()
    assert "<td>61.23%</td><td>60.00%</td><td>+1.23 个百分点</td>" in row
    assert '<i style="width:61.23%"></i><u style="left:60.0%"></u>' in row


def test_simulated_data_are_labelled_on_the_page_and_in_every_picture(page):
    assert '<aside class="banner" aria-label="模拟数据">模拟数据' in page
    assert page.count('class="mark"') == page.count("<figure>") == 5


def test_observed_data_carry_no_such_label(tmp_path):
    written(small_delivery(simulated=False), tmp_path)
    assert "模拟" not in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_every_map_has_a_north_arrow_a_scale_bar_and_a_legend(page):
    figures = re.findall(r"<figure>.*?</figure>", page, re.DOTALL)
    for figure in figures:
        assert 'class="north"' in figure
        assert " km</text>" in figure
        assert 'class="legend"' in figure or 'class="ramp"' in figure


def test_a_legend_names_only_the_classes_on_the_map(page):
    (change,) = (part for part in re.findall(r"<figure>.*?</figure>", page, re.DOTALL) if "未变化" in part)
    names = re.findall(r"</i>(.*?)</span>", change)
    assert names == ["未变化", "变为水体", "变为植被", "变为裸地", "变为建设用地"]


def test_sections_are_mapped_in_the_colour_of_their_class(page):
    (figure,) = (part for part in re.findall(r"<figure>.*?</figure>", page, re.DOTALL) if "<circle" in part)
    assert re.findall(r'<circle [^>]*fill="(#\w+)"', figure) == [
        WATER_CLASS.by_code()[code].color for code in (1, 3, 5)
    ]
    for name in ("北港桥", "东旺沙水闸", "西沙湾"):
        assert name in figure


def test_unknown_figures_show_a_dash_and_their_reason(page):
    row = re.search(r"<tr><td>=cmd.*?</tr>", page, re.DOTALL).group()
    assert "<td>—</td>" in row
    assert "时段内无有效观测" in row


def test_looks_are_counted_inside_the_area_only(folder, delivery):
    found = count_clear_looks(folder / "rasters" / "looks_2024.tif", delivery.grid, delivery)
    grid = delivery.grid
    inside = grid.mask_geometry(project(delivery.aoi.geometry, grid.crs), next(grid.blocks(10**6)))
    (looks,) = (raster.values.to_numpy() for raster in delivery.rasters if raster.name == "looks_2024")
    counted = np.sort(looks[inside])
    assert (found.least, found.most) == (counted[0], counted[-1])
    assert found.median == counted[(len(counted) - 1) // 2]
    assert found.share_unseen == pytest.approx(float((counted == 0).mean()))


def test_an_empty_delivery_still_has_a_report(tmp_path):
    full = small_delivery()
    names = ("inventory", "parcels", "sections", "change_patches", "findings")
    empty = {name: getattr(full, name).iloc[:0] for name in names}
    written(replace(full, **empty, tables={}, rasters=(), scenes=pd.DataFrame()), tmp_path)
    assert "核心指标" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_the_page_can_be_english(tmp_path):
    written(small_delivery(language="en"), tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert '<html lang="en">' in page
    assert "Headline indicators" in page
    assert not foreign(page, lambda text: any("\u4e00" <= letter <= "\u9fff" for letter in text))


def test_no_english_word_is_left_on_the_chinese_page(page):
    assert not foreign(page, lambda text: bool(re.search("[a-z]{4}", text)))


def foreign(page, is_foreign):
    """Headings, captions, column names and legends in the other language."""
    page = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    ours = re.findall(r"<(?:h[1-3]|th|caption|summary|dt)\b[^>]*>(.*?)</", page, re.DOTALL)
    ours += re.findall(r"</i>(.*?)</span>", page)
    return [words for words in ours if is_foreign(re.sub(r"\S+\.(?:csv|xlsx|gpkg)", "", words))]
