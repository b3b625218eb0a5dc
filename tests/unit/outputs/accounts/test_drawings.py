from dataclasses import replace

import pandas as pd
import pytest
from bokeh.models import Tabs

from pipeline.outputs.accounts import drawings
from pipeline.outputs.accounts.book import find_book
from pipeline.outputs.accounts.drawings import draw_account_charts


def columns_of(chart):
    return [renderer.data_source.data for renderer in chart.renderers]


def without(book, *stems):
    tables = {name: table for name, table in book.delivery.tables.items() if name not in stems}
    return find_book(replace(book.delivery, tables=tables))


def test_all_four_charts_are_drawn_and_only_what_has_figures(book):
    assert list(draw_account_charts(book)) == [
        "account_services",
        "account_regions",
        "account_bridge",
        "account_gdp",
    ]
    assert "account_bridge" not in draw_account_charts(without(book, "account_bridge"))


def test_bars_of_indicators_are_their_values_of_the_newest_year_in_ten_thousand_yuan(book):
    found = {
        name: end
        for data in columns_of(draw_account_charts(book)["account_services"].drawing)
        for name, end in zip(data["bar"], data["end"], strict=True)
    }
    rows = book.totals.query("region == 'delta' and period == '2024' and basis == 'registered'")
    known = rows[rows["service"].isin(["REG-01", "REG-06a"])].set_index("service")["value_yuan"]
    assert found["水源涵养"] == pytest.approx(known["REG-01"] / 1e4)
    assert found["固碳"] == pytest.approx(known["REG-06a"] / 1e4)
    assert "旅游康养" not in found


def test_what_has_no_bar_of_its_own_is_in_one_so_that_nothing_is_lost(book, monkeypatch):
    monkeypatch.setattr(drawings, "MOST_SERVICES", 2)
    chart = draw_account_charts(book)["account_services"].drawing
    assert list(chart.y_range.factors) == ["其余 (3)", "农林牧渔产品 · 稻谷", "水源涵养"]
    total = sum(end for data in columns_of(chart) for end in data["end"])
    assert total * 1e4 == pytest.approx(book.find_whole("2024")["value_yuan"])


def test_the_axis_has_room_for_the_whole_of_every_interval(book):
    chart = draw_account_charts(book)["account_services"].drawing
    highest = book.list_services("2024")["value_high"].max() / 1e4
    assert chart.x_range.start == 0
    assert chart.x_range.end > highest


def test_towns_are_ranked_the_greatest_on_top_and_stacked_to_their_sum(book):
    chart = draw_account_charts(book)["account_regions"].drawing
    assert chart.y_range.factors[-1] == "东滩镇"
    top = max(data["end"][list(data["bar"]).index("东滩镇")] for data in columns_of(chart))
    assert top * 1e4 == pytest.approx(book.find_whole("2024", region="T01")["value_yuan"])


def test_the_bridge_goes_from_before_to_after_without_a_gap(book):
    (data,) = columns_of(draw_account_charts(book)["account_bridge"].drawing)
    assert data["start"][2:-1] == pytest.approx(data["end"][1:-2])
    assert data["start"][1] == pytest.approx(data["end"][0])
    assert data["end"][-1] == pytest.approx(data["end"][-2])
    assert data["words"][1].startswith("+")


def test_what_is_deducted_as_from_outside_is_a_step_so_that_the_bridge_ends_at_the_sum(book):
    bridge = book.table("bridge")
    whole = bridge["service"] == "total"
    outside = bridge[whole].assign(
        service="outside", opening_yuan=-2e6, closing_yuan=-5e6, intensity_yuan=-3e6,
        extent_yuan=0.0, price_yuan=0.0, method_yuan=0.0, scope_yuan=0.0,
    )  # fmt: skip
    total = bridge.copy()
    for name in ("opening_yuan", "intensity_yuan", "closing_yuan"):
        total.loc[whole, name] += outside[name]
    both = pd.concat([total, outside], ignore_index=True)
    deducted = find_book(replace(book.delivery, tables={**book.delivery.tables, "account_bridge": both}))
    (data,) = columns_of(draw_account_charts(deducted)["account_bridge"].drawing)
    (before,) = columns_of(draw_account_charts(book)["account_bridge"].drawing)
    steps, plain = (dict(zip(one["bar"], one["words"], strict=True)) for one in (data, before))
    assert steps["区外输入扣除"] == "-300.00"
    assert {name: steps[name] for name in list(plain)[1:-1]} == {
        name: plain[name] for name in list(plain)[1:-1]
    }
    row = book.select_bridge().iloc[0]
    assert data["end"][0] == pytest.approx((row["opening_yuan"] - 2e6) / 1e4)
    assert data["end"][-1] == pytest.approx((row["closing_yuan"] - 5e6) / 1e4)
    assert data["end"][-2] == pytest.approx(data["end"][-1])


def test_a_cut_axis_says_so(book):
    chart = draw_account_charts(book)["account_bridge"].drawing
    assert chart.x_range.start > 0
    assert "不从0起" in chart.xaxis.axis_label


def test_three_years_have_a_tab_for_each_two(book):
    rows = book.table("bridge")
    later = rows.assign(from_period="2024", to_period="2025")
    both = pd.concat([rows, later], ignore_index=True)
    tables = {**book.delivery.tables, "account_bridge": both}
    chart = draw_account_charts(find_book(replace(book.delivery, tables=tables)))["account_bridge"].drawing
    assert isinstance(chart, Tabs)
    assert [panel.title for panel in chart.tabs] == ["2023 → 2024", "2024 → 2025"]


def test_gdp_stands_beside_the_sum_of_its_year_and_a_partial_sum_is_not_called_gep(book):
    chart = draw_account_charts(book)["account_gdp"].drawing
    assert list(chart.y_range.factors) == ["2024 GDP", "2024 部分合计 4/5", "2023 GDP", "2023 部分合计 4/5"]
    gdp = next(data for data in columns_of(chart) if data["kind"][0] == "GDP")
    ends = dict(zip(gdp["bar"], gdp["end"], strict=True))
    assert ends["2024 GDP"] == pytest.approx(4.4e4)


def test_without_gdp_the_sums_are_drawn_alone(book):
    chart = draw_account_charts(without(book, "account_statistics"))["account_gdp"].drawing
    assert list(chart.y_range.factors) == ["2024 部分合计 4/5", "2023 部分合计 4/5"]


def test_a_long_name_gives_way_to_that_of_its_item_before_it_is_cut():
    assert drawings._shorten("Products of farming, forestry and fishing · rice") == "rice"
    assert drawings._shorten("水源涵养") == "水源涵养"
    assert drawings._shorten("a name that is too long for any phone") == "a name that is too long f…"


def test_english_charts_are_in_million_yuan(english):
    charts = draw_account_charts(english)
    assert charts["account_services"].drawing.xaxis.axis_label == "million yuan"
