from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from bokeh.models import BoxAnnotation, GlyphRenderer, Span, Tabs

from pipeline.legends import LAND_COVER, WATER_CLASS
from pipeline.outputs import section_charts
from pipeline.outputs.charts import draw_charts
from tests.series import with_series

MOVES = pd.DataFrame(
    [("water", "water", 7.5e6), ("water", "bare", 0.0), ("bare", "built", 2.5e4), ("unknown", "built", 40.0)],
    columns=["from", "to", "area_m2"],
)


def with_table(delivery, **tables):
    return replace(delivery, tables={**delivery.tables, **tables})


def columns_of(chart):
    return [renderer.data_source.data for renderer in chart.renderers]


def test_only_what_has_figures_is_drawn(delivery):
    assert set(draw_charts(delivery)) == {"cover", "owners", "rules"}
    empty = replace(
        delivery, inventory=delivery.inventory.iloc[:0], findings=delivery.findings.iloc[:0], tables={}
    )
    assert draw_charts(empty) == {}


def test_bars_of_cover_have_the_values_of_the_indicators_and_a_mark_at_the_target(delivery):
    chart = draw_charts(delivery)["cover"].drawing
    land, mark, mean = columns_of(chart)
    assert land["top"] == [0.6123456789012345]
    assert land["value"] == ["61.23%"]
    assert mark["y"] == [0.6]
    assert mean["top"] == [0.481]
    assert (chart.y_range.start, chart.y_range.end) == (0, 1)


def test_classes_of_a_period_are_stacked_to_their_sum_in_the_colours_of_the_legend(delivery):
    keys = [entry.key for entry in LAND_COVER.classes]
    rows = [("2024", f"class:{key}", 1e4 * 3**number) for number, key in enumerate(keys)]
    balance = pd.DataFrame([*rows, ("2024", "unknown", 5e3)], columns=["period", "item", "value_m2"])
    chart = draw_charts(with_table(delivery, area_balance=balance))["classes"].drawing
    ends = [data["end"][0] for data in columns_of(chart)]
    assert ends == pytest.approx([1, 4, 13, 40, 40.5])
    assert [data["start"][0] for data in columns_of(chart)] == pytest.approx([0, *ends[:-1]])
    colors = [renderer.glyph.fill_color for renderer in chart.renderers]
    assert colors[:4] == [entry.color for entry in LAND_COVER.classes]


def test_transitions_stand_in_their_cell_and_only_change_is_coloured(delivery):
    chart = draw_charts(with_table(delivery, transitions_2023_2024=MOVES))["transitions"].drawing
    (cells,) = columns_of(chart)
    found = {(a, b): amount for a, b, amount in zip(cells["from"], cells["to"], cells["amount"], strict=True)}
    assert found == {
        ("水体", "水体"): "750.0000 公顷",
        ("裸地", "建设用地"): "2.5000 公顷",
        ("未知", "建设用地"): "0.0040 公顷",
    }
    assert len(set(cells["color"])) == 2
    assert cells["label"][2] == "<0.1"


def test_every_two_periods_have_a_tab(delivery):
    chart = draw_charts(with_table(delivery, transitions_2022_2023=MOVES, transitions_2023_2024=MOVES))
    tabs = chart["transitions"].drawing
    assert isinstance(tabs, Tabs)
    assert [panel.title for panel in tabs.tabs] == ["2022 → 2023", "2023 → 2024"]


def test_a_parcel_counts_once_among_the_owners(delivery):
    twice = pd.concat([delivery.inventory, delivery.inventory.assign(product_id="other")])
    chart = draw_charts(replace(delivery, inventory=twice))["owners"].drawing
    total = sum(np.array(data["end"]) - np.array(data["start"]) for data in columns_of(chart)).sum()
    newest = delivery.inventory.query("period == '2024'")
    assert total == pytest.approx(newest["area_ha"].sum())


def test_findings_are_counted_under_the_names_of_their_rules(delivery):
    chart = draw_charts(delivery)["rules"].drawing
    assert set(chart.y_range.factors) == {"地块重叠", "从未清晰观测", "cover_contradicts_use"}
    counts = {data["kind"][0]: sum(map(float, data["amount"])) for data in columns_of(chart)}
    assert counts == {"错误": 1, "警告": 1, "提示": 1}


def test_series_have_a_tab_a_parameter_the_worst_first_and_those_without_limits_last(delivery):
    tabs = draw_charts(with_series(delivery))["sections"].drawing
    titles = [panel.title for panel in tabs.tabs]
    assert (titles[0], titles[-1]) == ("总磷", "电导率")
    assert set(titles[1:3]) == {"溶解氧", "pH"}


def test_a_month_without_data_breaks_its_line(delivery):
    panel = draw_charts(with_series(delivery))["sections"].drawing.tabs[0]
    lines = [part.data_source.data["y"] for part in panel.child.renderers[::2]]
    assert [len(values) for values in lines] == [24, 24, 24]
    assert [int(np.isnan(values).sum()) for values in lines] == [0, 1, 0]


def test_marks_have_the_colour_of_the_class_of_their_month(delivery):
    given = with_series(delivery)
    panel = draw_charts(given)["sections"].drawing.tabs[0]
    marks = panel.child.renderers[1].data_source.data
    series = given.tables["section_series"]
    rows = series[(series["section_id"] == "S0") & (series["parameter"] == "TP")]
    colors = {entry.code: entry.color for entry in WATER_CLASS.classes}
    assert marks["color"] == [colors[grade] for grade in rows["water_class"]]
    assert panel.title == "总磷"


def annotations(delivery, title):
    tabs = draw_charts(delivery)["sections"].drawing.tabs
    (panel,) = (panel for panel in tabs if panel.title == title)
    return [part for part in panel.child.center if isinstance(part, (BoxAnnotation, Span))]


def test_bands_are_the_limits_of_the_standard(delivery):
    given = with_series(delivery)
    phosphorus = annotations(given, "总磷")
    assert [band.top for band in phosphorus[:5]] == [0.02, 0.1, 0.2, 0.3, 0.4]
    assert [band.bottom for band in phosphorus[1:]] == [0.02, 0.1, 0.2, 0.3, 0.4]
    assert [band.fill_color for band in phosphorus] == [entry.color for entry in WATER_CLASS.classes]
    oxygen = annotations(given, "溶解氧")
    assert [band.bottom for band in oxygen[:5]] == [7.5, 6, 5, 3, 2]
    assert [band.top for band in oxygen[1:]] == [7.5, 6, 5, 3, 2]
    assert [line.location for line in annotations(given, "pH")] == [6, 9]
    assert not annotations(given, "电导率")


def test_rivers_and_lakes_together_have_no_common_limits_of_phosphorus(delivery):
    mixed = delivery.sections.assign(water_body=["river", "river", "lake", "lake", "river", "river"])
    assert not annotations(with_series(replace(delivery, sections=mixed)), "总磷")


def test_of_many_sections_the_worst_are_drawn(delivery, monkeypatch):
    monkeypatch.setattr(section_charts, "SHOWN_SECTIONS", 2)
    assert section_charts.choose_sections(with_series(delivery)) == ["S2", "S1"]


def test_words_of_the_data_are_never_a_formula_to_typeset(delivery):
    given = with_series(delivery)
    series = given.tables["section_series"].assign(section="$$x^2$$ \\(y\\)")
    tabs = draw_charts(with_table(given, section_series=series))["sections"].drawing.tabs
    labels = {item.label.value for panel in tabs for item in panel.child.legend[0].items}
    assert labels == {"＄＄x^2＄＄ ＼(y＼)"}
    assert all(isinstance(part, GlyphRenderer) for part in tabs[0].child.renderers)
