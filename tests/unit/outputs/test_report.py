import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from pipeline.geodesy import project
from pipeline.outputs.delivery import write
from pipeline.outputs.report import looks_of
from tests.deliveries import HOSTILE, small_delivery


@pytest.fixture(scope="module")
def page(folder):
    return (folder / "report.html").read_text(encoding="utf-8")


class Parser(HTMLParser):
    def __init__(self):
        super().__init__()
        self.links, self.tags, self.text = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in {"href", "src", "xlink:href"}]

    def handle_data(self, data):
        self.text.append(data)


def parsed(page):
    parser = Parser()
    parser.feed(page)
    return parser


def test_the_page_asks_nobody_for_anything(page, folder):
    for link in parsed(page).links:
        assert link.startswith("data:") or (folder / link).is_file()
    assert "@import" not in page
    assert "url(" not in page


def test_text_from_data_is_never_markup(page):
    found = parsed(page)
    assert "script" not in found.tags
    assert HOSTILE in "".join(found.text)


def test_simulated_data_are_labelled_on_the_page_and_in_every_picture(page):
    assert '<div class="banner">模拟数据' in page
    assert page.count('class="mark"') == page.count("<figure>") == 4


def test_observed_data_carry_no_such_label(tmp_path):
    write(small_delivery(simulated=False), tmp_path)
    assert "模拟" not in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_every_map_has_a_north_arrow_a_scale_bar_and_a_legend(page):
    figures = re.findall(r"<figure>.*?</figure>", page, re.DOTALL)
    for figure in figures:
        assert 'class="north"' in figure
        assert " km</text>" in figure
        assert 'class="legend"' in figure or 'class="ramp"' in figure


def test_a_legend_names_only_the_classes_on_the_map(page):
    assert "建设用地→水体" not in page
    assert "未变化" in page


def test_unknown_figures_show_a_dash_and_their_reason(page):
    row = re.search(r"<tr><td>=cmd.*?</tr>", page, re.DOTALL).group()
    assert "<td>—</td>" in row
    assert "时段内无有效观测" in row


def test_looks_are_counted_inside_the_area_only(folder, delivery):
    found = looks_of(folder / "rasters" / "looks_2024.tif", delivery.grid, delivery)
    grid = delivery.grid
    inside = grid.touched(project(delivery.aoi.geometry, grid.crs), next(grid.blocks(10**6)))
    (looks,) = (raster.values.to_numpy() for raster in delivery.rasters if raster.name == "looks_2024")
    counted = np.sort(looks[inside])
    assert (found.least, found.most) == (counted[0], counted[-1])
    assert found.median == counted[(len(counted) - 1) // 2]
    assert found.share_unseen == pytest.approx(float((counted == 0).mean()))


def test_an_empty_delivery_still_has_a_report(tmp_path):
    full = small_delivery()
    names = ("inventory", "parcels", "sections", "change_patches", "findings")
    empty = {name: getattr(full, name).iloc[:0] for name in names}
    write(replace(full, **empty, tables={}, rasters=(), scenes=pd.DataFrame()), tmp_path)
    assert "核心指标" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_the_page_can_be_english(tmp_path):
    write(small_delivery(language="en"), tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert '<html lang="en">' in page
    assert "Headline indicators" in page
