"""Sections of the assessment: each in its place of the report, every table with a way to all its rows."""

import re
from dataclasses import replace

import pandas as pd
import pytest

from pipeline.outputs.assessment import registry
from pipeline.outputs.assessment.section import (
    MOST_LISTED,
    Section,
    SectionCard,
    build_section_table,
)
from pipeline.outputs.charts import draw_charts
from tests.deliveries import small_delivery, written

ROWS = pd.DataFrame(
    {
        "indicator": ["vegetation_cover_share_land", "mean_fvc_land", "gep_density"],
        "period": ["2024"] * 3,
        "value": [0.8214, None, 12.5],
        "unit": ["share", "share", "m2"],
        "severity": ["error", "warning", "info"],
        "area_m2": [12_345.0, 0.0, None],
        "indicative": [True, False, None],
        "reason": [None, None, None],
    }
)


@pytest.fixture(scope="module")
def sections():
    delivery = small_delivery()
    many = pd.concat([ROWS] * 20, ignore_index=True)
    lead = Section(
        "aims",
        "目标<试验>",
        ("1 项未达标。",),
        (SectionCard("植被覆盖率", "82.14 %", "目标 90 %", "bad"),),
        (build_section_table("各项目标", "aims", many, delivery, percent=["value"], shown=5),),
        leads=True,
    )
    chart = replace(draw_charts(delivery)["owners"], id="chart-toy")
    return [lead, Section("toy", "试验部分", charts=(chart,), notes=("依据试验。",))]


@pytest.fixture(scope="module")
def page(tmp_path_factory, sections):
    folder = tmp_path_factory.mktemp("assessed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "BUILDERS", tuple(lambda _, one=section: one for section in sections))
        written(replace(small_delivery(), tables={**small_delivery().tables, "aims": ROWS}), folder)
    return (folder / "report.html").read_text(encoding="utf-8")


def test_a_section_that_leads_stands_next_to_the_first_page_and_so_among_the_contents(page):
    assert re.findall(r"<section id=\"([\w-]+)\"", page)[:2] == ["lead", "assessment-aims"]
    (contents,) = re.findall(r"<nav.*?</nav>", page, re.DOTALL)
    listed = re.findall(r"<a href=\"#[\w-]+\">(.*?)</a>", contents)
    assert listed[:2] == ["一页速览", "目标&lt;试验&gt;"]


def test_other_sections_stand_in_the_chapter_of_the_assessment(page):
    chapter = page[page.index('<section id="assessment"') : page.index('<section id="maps"')]
    assert '<section id="assessment-toy">' in chapter
    assert "依据试验。" in chapter
    assert 'id="chart-toy"' in chapter
    assert '<a href="#assessment">考核评价</a>' in page


def test_rows_beyond_the_first_stand_behind_a_click_and_the_file_has_all(page):
    rows = re.findall(r"<section id=\"assessment-aims\".*?</section>", page, re.DOTALL)[0]
    opened, hidden = rows.split('<details class="further">')
    assert (opened.count("<tr>"), hidden.count("<tr>")) == (6, 56)
    assert "展开其余 55 行" in hidden
    assert 'href="tables/aims.csv"' in hidden


def test_codes_have_their_names_and_colours_shares_are_percents_and_areas_hectares():
    table = build_section_table("表", "aims", ROWS, small_delivery(), percent=["value"])
    words = pd.DataFrame([[cell for cell, _ in row] for row in table.rows], columns=table.headers)
    indicator, _, value, unit, severity, area, indicative = table.headers
    assert words[indicator].iloc[0] == "植被覆盖率（陆域，不含水面）"
    assert list(words[value]) == ["82.14%", "—", "12.50"]
    assert list(words[unit]) == ["%", "%", "m²"]
    assert list(words[severity]) == ["错误", "警告", "提示"]
    assert area.endswith("(公顷)")
    assert [re.sub("<[^>]+>", "", said) for said in words[area]] == ["1.23", "0.00", "—"]
    assert list(words[indicative]) == ["参考", "", ""]
    colors = [dict(zip(table.headers, row, strict=True))[severity][1] for row in table.rows]
    assert len(set(colors)) == 3
    assert all(color.startswith("#") for color in colors)


def test_no_row_is_left_out_without_its_number():
    many = pd.DataFrame({"period": [str(year) for year in range(MOST_LISTED + 7)]})
    table = build_section_table("表", "aims", many, small_delivery())
    assert (len(table.rows), table.left_out) == (MOST_LISTED, 7)


def test_a_delivery_without_parts_has_no_chapter_of_them(folder):
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert 'id="assessment' not in page
    assert "#assessment" not in page


def test_reasons_are_said_in_the_language_of_the_delivery_where_their_halves_are_told_apart():
    reasons = ["未调查 / not surveyed", "甲 / a；乙 / b", "五月 / May; 九月 / September", None]
    rows = pd.DataFrame({"period": ["2024"] * 4, "reason": reasons})
    for language, expected in (
        ("zh", ["未调查", "甲；乙", reasons[2], "—"]),
        ("en", ["not surveyed", "a; b", reasons[2], "—"]),
    ):
        table = build_section_table("表", "toy", rows, small_delivery(language=language))
        assert [row[1][0] for row in table.rows] == expected
