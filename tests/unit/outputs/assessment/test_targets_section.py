"""Targets are the first thing of the report, what failed first; GDP and GEP stand side by side."""

import re
from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from pipeline.assessment import gdp_gep
from pipeline.assessment.figures import Figures
from pipeline.assessment.target_summary import summarize_targets
from pipeline.assessment.targets import TargetRules, hold_targets
from pipeline.contracts import INDICATORS, REJECTED, Target
from pipeline.outputs.assessment.gdp_gep import build_gdp_gep_section
from pipeline.outputs.assessment.targets import build_targets_section
from pipeline.periods import Period
from tests.deliveries import PERIODS, small_delivery, written

AREA = small_delivery().aoi
UNITS = {"good_section_share": "share", "mean_fvc_land": "share", "gep": "yuan", "rsei_mean": "1"}
CHINESE = re.compile("[\u3400-\u9fff，。；：（）]")


def plan(indicator, value, direction="at_least", row=1, **more):
    told = {
        "period": PERIODS[1], "at_end": False, "decimals": None, "weight": 25.0, "baseline": None,
        "baseline_period": None, "tolerance": None, "unit_responsible": None, "source": "plan", "written": "",
        "file": "a.xlsx", "sheet": "s", "place": AREA.id,
    } | more  # fmt: skip
    return Target(indicator=indicator, value=value, direction=direction, row=row, **told)


def tell(**figures):
    rows = [
        dict.fromkeys(INDICATORS.columns)
        | {"indicator": code, "aoi": AREA.id, "period": period.label, "value": value, "unit": UNITS[code]}
        | {"source": "planted"}
        for code, values in figures.items()
        for period, value in zip(PERIODS, values, strict=True)
    ]
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def tables():
    later = Period(date(2026, 1, 1), date(2026, 12, 31), "2026-12-31")
    course = {"period": later, "at_end": True, "baseline": 0.5, "baseline_period": PERIODS[0]}
    targets = [
        plan("mean_fvc_land", 0.5, row=1),
        plan("good_section_share", 0.9, row=2, unit_responsible="Office"),
        plan("rsei_mean", 0.5, row=3),
        plan("mean_fvc_land", 0.9, row=4, tolerance=0.01, **course),
        plan("gep", 5e8, "at_most", row=5, period=PERIODS[0]),
    ]
    indicators = tell(mean_fvc_land=(0.55, 0.6), good_section_share=(0.85, 0.8), gep=(4e8, 6e8))
    figures = Figures.of(indicators, PERIODS, UNITS)
    held = hold_targets(
        targets, figures, PERIODS, TargetRules(), names={AREA.id: AREA.name_zh}, units=UNITS
    ).assign(evidence="tables/indicators.csv")
    rejected = pd.DataFrame(columns=list(REJECTED.columns))
    return {"targets": held, "targets_summary": summarize_targets(held), "targets_rejected": rejected}


def build(tables, language="zh"):
    delivery = small_delivery()
    return replace(delivery, language=language, tables={**delivery.tables, **tables})


def test_a_delivery_without_targets_has_no_section_of_them():
    assert build_targets_section(small_delivery()) is None
    assert build_gdp_gep_section(small_delivery()) is None


def test_what_failed_stands_first_then_what_is_behind_unknown_on_course_met(tables):
    section = build_targets_section(build(tables))
    (first, *_) = section.tables
    assert section.leads
    assert [row[0][0] for row in first.rows] == ["未达标", "滞后", "无法判定", "已达标", "已达标"]
    assert [row[1][0] for row in first.rows][:3] == [
        "水质优良断面比例",
        "平均植被覆盖度（陆域，不含水面）",
        "遥感生态指数均值（陆域）",
    ]
    assert [card.value for card in section.cards] == ["1 / 5", "1 / 5", "1 / 5", "2 / 5"]
    assert [card.state for card in section.cards] == ["bad", "fair", "unknown", "good"]


def test_a_row_has_value_target_arrow_unit_responsible_and_a_link_to_its_evidence(tables):
    (table, *_) = build_targets_section(build(tables)).tables
    row = dict(zip(table.headers, table.rows[0], strict=True))
    assert row["数值"][0] == "80.00%"
    assert row["目标值"][0] == "不低于 90.00%"
    assert row["较上期"] == ("↓ -5.00 个百分点 (2023)", "#c0392b")
    assert row["责任单位"][0] == "Office"
    assert row["证据"][0] == "tables/indicators.csv"
    assert row["状态"] == ("未达标", "#c0392b")
    fvc = dict(zip(table.headers, table.rows[1], strict=True))
    assert fvc["较上期"] == ("↑ +5.00 个百分点 (2023)", "#1e8449")


def test_sentences_say_how_many_then_each_that_is_not_well(tables):
    sentences = build_targets_section(build(tables)).sentences
    assert sentences[0] == "2024：5 个目标，未达标 1，滞后 1，无法判定 1，进展正常 0，已达标 2。"
    said = "\n".join(sentences)
    assert "加权达标率 50.00%（25 / 50）；无法判定的计入后在 33.33% 至 66.67% 之间" in said
    assert "未达标：水质优良断面比例（河口湿地，2024）80.00%，目标不低于 90.00%；责任单位：Office。" in said
    assert said.index("未达标：") < said.index("滞后：") < said.index("无法判定：")


def test_in_english_nothing_is_left_in_chinese(tables):
    section = build_targets_section(build(tables, "en"))
    words = [section.title, *section.sentences, *section.notes, *(card.name for card in section.cards)]
    for table in section.tables:
        words += [table.caption, *table.headers, *(said for row in table.rows for said, _ in row)]
    assert [word for word in words if CHINESE.search(word)] == []
    assert "this run does not make this indicator here" in "\n".join(words)


def test_the_page_begins_with_the_targets_and_links_the_evidence(tables, tmp_path):
    written(build(tables), tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    sections = re.findall(r"<section id=\"([\w-]+)\"", page)
    assert sections[:2] == ["lead", "assessment-targets"]
    lead = page[page.index('<section id="lead"') : page.index('<section id="assessment-targets"')]
    assert "未达标" in re.search(r'<li class="bad">.*?</li>', lead).group()
    assert '<a href="tables/indicators.csv">indicators.csv</a>' in page
    assert (tmp_path / "tables" / "targets.csv").exists()
    # a bar does not tell whether more or less than the target is asked for
    assert 'class="bar"' not in page


def test_rejected_places_are_said_and_listed(tables):
    lost = {
        "file": "a.xlsx",
        "sheet": "s",
        "row": 9,
        "column": "指标",
        "found": "蓝天",
        "expected": "e",
        "todo": "t",
    }
    section = build_targets_section(build({**tables, "targets_rejected": pd.DataFrame([lost])}))
    assert section.sentences[-1] == "目标表中 1 处未使用，见下表。"
    assert "蓝天" in [said for said, _ in section.tables[-1].rows[0]]


@pytest.fixture(scope="module")
def compared():
    names = {AREA.id: AREA.name_zh, "t1": "T1", "t2": "T2", "t3": "T3"}
    figures = {("t1", 2023): 10, ("t2", 2023): 20, ("t1", 2024): 9, ("t2", 2024): 22, ("t3", 2024): 5}
    rows = [
        {"region": region, "year": year, "item": item, "value": value * times, "source": "planted"}
        | {"file": "a.xlsx", "row": 1}
        for (region, year), value in figures.items()
        for item, times in (("gdp", 1e8), ("gep", 3e8))
    ]
    told = pd.DataFrame(rows)
    gep = gdp_gep.name_statistic_gep(gdp_gep.find_statistic(told, "gep", "GEP"))
    gdp = gdp_gep.find_statistic(told, "gdp", "GDP")
    return {"gdp_gep": gdp_gep.compare_gdp_gep(gdp, gep, names, PERIODS, aoi_id=AREA.id)}


def test_gdp_and_gep_say_what_fell_first_then_who_leads(compared):
    section = build_gdp_gep_section(build(compared))
    assert section.sentences[:3] == (
        "2024：双不降 1 个，仅 GDP 不降 0 个，仅 GEP 不降 0 个，双降 1 个。",
        "双降：T1。",
        "2024：GDP 最高 T2，GEP 最高 T2（3 个镇村中）。",
    )
    (table,) = section.tables
    assert len(table.rows) == 8
    assert [row[1][0] for row in table.rows][:4] == ["2024"] * 4


def test_gdp_and_gep_are_complete_in_english(compared):
    section = build_gdp_gep_section(build(compared, "en"))
    words = [section.title, *section.sentences, *section.notes, *section.tables[0].headers]
    words += [said for row in section.tables[0].rows for said, _ in row]
    assert [word for word in words if CHINESE.search(word)] == []
