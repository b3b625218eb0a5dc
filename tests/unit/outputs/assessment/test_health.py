"""The section of rivers and lakes: the worst first, both sides of a body, zones that did not comply."""

from dataclasses import replace

import pandas as pd
import pytest

from pipeline import contracts
from pipeline.assessment.health.cards import BodyPeriod, build_cards
from pipeline.assessment.health.criteria import HealthFigure
from pipeline.contracts import check_table
from pipeline.outputs.assessment.health import build_health_section
from pipeline.settings.health_schemes import load_health_scheme
from tests.deliveries import small_delivery, written

RIVER = ("guide-2020-river", load_health_scheme("guide-2020-river"))
FIGURES = {
    "score:tidiness": 80.0, "fish_index": 0.75, "public_view": 86.0, "flood_share": 0.9, "supply_share": 0.85,
    "water_class_position": 3.5, "dissolved_oxygen": 6.0, "flow_share_wet": 0.4, "flow_share_dry": 0.1,
    "bank_cover": 0.6, "natural_bank": 0.5, "built_inside": 0.05,
}  # fmt: skip


def empty(schema):
    return check_table(pd.DataFrame(columns=list(schema.columns)), schema)


def rows_of(schema, *rows):
    return check_table(pd.DataFrame(rows, columns=list(schema.columns)), schema)


def side(period, name, water_class):
    return {
        "body": "R", "body_name": "甲河", "period": period, "side": name, "registers": "名录", "sections": 2,
        "sections_graded": 2, "good_sections": 2, "good_share": 1.0, "judged_sections": 0, "met_sections": 0,
        "water_class": water_class, "class_position": water_class - 0.5, "decided_by": "TP",
    }  # fmt: skip


def zone(period, name, variant, *, met):
    return {
        "zone": name, "zone_name": name, "period": period, "variant": variant, "sections": 1,
        "sections_sampled": 1, "rounds": 0 if met is None else 4, "rounds_met": 4 if met else 0,
        "least_rounds": 0.8, "met": met, "here": True, "indicative": True,
    }  # fmt: skip


def judge(period, figures):
    told = {name: HealthFigure(value, "table") for name, value in figures.items()}
    return BodyPeriod("R", "甲河", "river", period, told, 4, ("江苏", "上海"))


def deliver(language="zh"):
    delivery = small_delivery()
    before, last = (period.label for period in delivery.periods[-2:])
    unknown = BodyPeriod("B", "乙河", "river", last, {})
    bodies = [unknown, judge(before, FIGURES), judge(last, FIGURES | {"fish_index": 0.25})]
    made = build_cards(bodies, {"river": RIVER}, [before, last], 1, 0.6)
    zones = [
        zone(last, "一区", "two_factor", met=True),
        zone(last, "二区", "two_factor", met=False),
        zone(last, "一区", "full_factor", met=None),
    ]
    tables = {
        "health_cards": made.cards,
        "health_layers": made.layers,
        "health_criteria": made.criteria,
        "health_sides": rows_of(contracts.HEALTH_SIDES, side(last, "江苏", 2), side(last, "上海", 6)),
        "health_sections": empty(contracts.HEALTH_SECTIONS),
        "health_reaches": empty(contracts.HEALTH_REACHES),
        "zone_compliance": rows_of(contracts.ZONE_COMPLIANCE, *zones),
    }
    return replace(delivery, tables={**delivery.tables, **tables}, language=language)


def test_a_delivery_without_cards_has_no_section():
    assert build_health_section(small_delivery()) is None


def test_sentences_tell_score_class_change_and_what_is_left_out():
    delivery = deliver()
    card = delivery.tables["health_cards"].query("body == 'R'").iloc[-1]
    words = build_health_section(delivery).sentences
    said = next(text for text in words if text.startswith(f"{card['period']} 甲河（guide-2020-river）"))
    assert f"{card['score']:.1f} 分" in said
    assert card["class_zh"] in said
    assert f"{card['known_weight']:.1%}" in said
    assert any(f"{card['change']:+.1f}" in text and card["before_period"] in text for text in words)
    assert any(card["lowest"] in text and card["left_out"] in text for text in words)


def test_both_sides_of_a_body_stand_in_one_sentence():
    (said,) = [text for text in build_health_section(deliver()).sentences if "各侧" in text]
    assert "江苏 Ⅱ类（2 个断面）" in said
    assert "上海 劣V类（2 个断面）" in said


def test_zones_that_did_not_comply_are_named_and_open_ones_are_told():
    words = " ".join(build_health_section(deliver()).sentences)
    assert "达标 1/2 个（双因子），未达标：二区" in words
    assert "没有可评价的水功能区（全因子）" in words


def test_a_body_of_which_nothing_is_known_is_told_last_and_has_no_figure():
    section = build_health_section(deliver())
    assert [card.name.split()[0] for card in section.cards] == ["甲河", "乙河"]
    assert (section.cards[1].value, section.cards[1].state) == ("—", "unknown")
    assert any("乙河没有赋分" in text for text in section.sentences)


def test_tables_have_all_rows_of_the_delivered_ones_and_say_what_is_indicative():
    delivery = deliver()
    tables = {table.stem: table for table in build_health_section(delivery).tables}
    assert len(tables["health_cards"].rows) == len(delivery.tables["health_cards"])
    assert len(tables["zone_compliance"].rows) == 3
    assert "health_sections" not in tables
    assert any("参考" in words for row in tables["health_criteria"].rows for words, _ in row)


def test_every_word_is_there_in_english():
    section = build_health_section(deliver("en"))
    assert "water function zones" in section.title
    assert any("Class" in text and "points" in text for text in section.sentences)
    assert any("worse than class V" in text for text in section.sentences)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_report_holds_the_section(tmp_path, language):
    written(replace(deliver(language), assessed=("health_cards",)), tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert 'id="assessment-health"' in page
    assert "甲河" in page
