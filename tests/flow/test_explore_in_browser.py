"""The map of a notebook in a real Chromium, in its frame, without a network. Look at explore.png."""

import geopandas as gpd
import pytest
import shapely
from axe import list_issues
from playwright.sync_api import expect
from playwright_browser import PICTURES

import pipeline


@pytest.fixture(scope="module")
def page(keep_page, tmp_path_factory):
    fields = gpd.GeoDataFrame(
        {"parcel_id": ["a", "b"], "ecosystem_l1": ["湿地", "森林"], "data_label": "模拟数据"},
        geometry=[shapely.box(121.8, 31.4, 121.81, 31.41), shapely.box(121.82, 31.4, 121.83, 31.41)],
        crs="EPSG:4490",
    )
    shown = pipeline.explore(fields, title="地块")
    file = tmp_path_factory.mktemp("explore") / "notebook.html"
    file.write_text(
        '<!DOCTYPE html><html lang="zh"><meta charset="utf-8"><title>笔记本</title>'
        f'<link rel="icon" href="data:,"><main><h1>笔记本</h1>{shown._repr_html_()}</main></html>',
        encoding="utf-8",
    )
    opened = keep_page(file)
    opened.page.frame_locator("iframe").locator("[data-ready]").wait_for()
    return opened


def test_a_map_stands_in_the_frame_of_a_notebook_and_asks_nobody(page):
    frame = page.page.frame_locator("iframe")
    expect(frame.get_by_text("确权地块").first).to_be_visible()
    expect(frame.get_by_text("湿地").first).to_be_visible()
    expect(frame.get_by_text("模拟数据").first).to_be_visible()
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.page.screenshot(path=PICTURES / "explore.png")
    assert page.complaints == []
    assert page.list_strangers() == []


def test_a_click_on_a_feature_tells_its_columns(page):
    frame = page.page.frames[-1]
    frame.evaluate("ecomap.select('layer0', 'b', {})")
    card = page.page.frame_locator("iframe").locator(".eco-card")
    expect(card).to_contain_text("森林")


def test_the_page_with_the_map_has_no_barrier(page):
    assert list_issues(page.page) == []
