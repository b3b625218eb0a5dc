"""The sections of EI and EQI: every figure in words is one of a table, what is not known is told."""

from dataclasses import replace

import pandas as pd
import pytest

from pipeline.assessment import ecological_evaluation as evaluation
from pipeline.assessment.amounts import Amount
from pipeline.assessment.ecological_index import LandAreas
from pipeline.assessment.ecological_quality import (
    QualitySources,
    QualityYear,
    build_quality_rows,
    evaluate_quality,
)
from pipeline.assessment.ecological_tables import Year, build_index_rows, build_input_rows
from pipeline.outputs.assessment.ecological_index import build_ecological_index_section, list_rejects
from pipeline.outputs.assessment.ecological_quality import build_ecological_quality_section
from pipeline.settings.ecological_index import QualityIndex, load_quality_scheme
from tests.deliveries import small_delivery, written

AREAS = LandAreas({"closed_forest": 60e6, "paddy": 40e6}, 100e6)


def evaluate(year, ndvi, level=None):
    water = {"river_length": 40.0, "lake_area": 3.0, "water_resources": 50.0}
    stress = ("erosion_severe_area", "erosion_moderate_area", "built_area", "other_stress_area")
    load = (
        "discharge_cod",
        "discharge_nh3n",
        "emission_so2",
        "emission_dust",
        "emission_nox",
        "solid_waste_dumped",
    )
    found = (
        evaluation.evaluate_biology(AREAS, "ordinary", "registered", "s", 0.9),
        evaluation.evaluate_vegetation(ndvi, (), 0.0121165124),
        evaluation.evaluate_water(
            {key: Amount(value, "s") for key, value in water.items()}, Amount(50.0, "s"), 100.0
        ),
        evaluation.evaluate_stress(dict.fromkeys(stress, Amount(2.0, "s")), 100.0, "registered", "s"),
        evaluation.evaluate_load(dict.fromkeys(load, Amount(9.0, "s")), Amount(1100.0, "s"), 100.0),
    )
    return Year(str(year), year, found, evaluation.total_year(found, level))


def deliver(years, language="zh"):
    tables = {
        "ecological_index": build_index_rows(years, "delta"),
        "ecological_index_inputs": build_input_rows(years, "delta"),
    }
    return replace(small_delivery(), tables={**small_delivery().tables, **tables}, language=language)


KNOWN = (evaluate(2023, Amount(0.66, "s")), evaluate(2024, Amount(0.60, "s"), level=1))
PARTLY = (
    evaluate(2023, Amount(None, "s", "7 月没有看到 / July was not seen")),
    Year("2024Q1", None, (), None, "不是整年"),
)


def test_a_delivery_without_the_tables_has_no_section():
    assert build_ecological_index_section(small_delivery()) is None
    assert build_ecological_quality_section(small_delivery()) is None


@pytest.mark.parametrize(("language", "grade"), [("zh", "良"), ("en", "good")])
def test_the_newest_year_is_said_first_with_its_grade_and_its_change(language, grade):
    section = build_ecological_index_section(deliver(KNOWN, language))
    assert "2024" in section.sentences[0]
    assert grade in section.sentences[0]
    assert "-1.825" in section.sentences[1]
    assert len(section.cards) == 6
    assert [chart.id for chart in section.charts] == ["chart-ecological-index"]
    assert all(table.rows for table in section.tables)


def test_what_moved_the_index_most_downwards_stands_first():
    section = build_ecological_index_section(deliver(KNOWN))
    moved = section.sentences[2]
    assert moved.index("植被覆盖指数 -1.825") < moved.index("生物丰度指数 +0")


def test_the_words_have_no_figure_that_is_not_in_the_table():
    delivery = deliver(KNOWN)
    section = build_ecological_index_section(delivery)
    total = delivery.tables["ecological_index"].iloc[-1]
    assert f"{total['value']:.3f}".rstrip("0") in section.sentences[0]
    assert f"{total['before_change']:.3f}".rstrip("0") in section.sentences[1]
    assert section.cards[0].value in section.sentences[0]


def test_a_year_without_an_index_has_its_reason_and_no_figure():
    section = build_ecological_index_section(deliver(PARTLY))
    assert "2024Q1 没有生态环境状况指数：不是整年" in section.sentences[0]
    assert "植被覆盖指数" in section.sentences[1]
    assert section.cards[0].value == "—"


def test_an_environmental_limit_is_said_with_the_value_before_it():
    section = build_ecological_index_section(deliver((evaluate(2024, Amount(0.66, "s"), level=2),)))
    assert section.sentences[1].startswith("环境限制为 2 级")


def test_the_quality_index_is_said_with_its_class():
    scheme = load_quality_scheme(QualityIndex())
    values = {"pattern": 61.0, "function": 66.0, "biodiversity": 52.0, "stress": 31.0}
    told = QualitySources(
        lambda key: Amount(values.get(key), "s", f"没有 {key}"), lambda _: Amount(None, "s", "没有")
    )
    years = [
        QualityYear("2023", 2023, evaluate_quality(scheme, told)),
        QualityYear("2024Q1", None, None, "不是整年"),
    ]
    tables = {"ecological_quality": build_quality_rows(years, scheme, "delta")}
    section = build_ecological_quality_section(
        replace(small_delivery(), tables={**small_delivery().tables, **tables})
    )
    assert "没有生态质量指数：不是整年" in section.sentences[0]
    assert "61.84，属二类" in section.sentences[1]
    assert [card.value for card in section.cards] == ["61.84", "61.00", "66.00", "52.00", "31.00"]


@pytest.mark.parametrize("stem", ["ecological_index", "ecological_quality"])
def test_what_of_the_statistics_is_not_used_stands_with_its_place(stem):
    row = {
        "file": "环境统计.xlsx", "sheet": "表1", "row": 7, "column": "数值", "found": "三百",
        "expected": "一个数 / a number", "todo": "改成数字 / write a number",
    }  # fmt: skip
    delivery = replace(small_delivery(), tables={f"{stem}_rejected": pd.DataFrame([row])})
    (table,) = list_rejects(stem, delivery)
    assert (table.stem, len(table.rows)) == (f"{stem}_rejected", 1)
    assert {"环境统计.xlsx", "7", "三百"} <= {words for words, _ in table.rows[0]}
    assert not list(list_rejects(stem, small_delivery()))


def test_sections_stand_in_the_page_and_tables_in_the_workbook(tmp_path):
    written(deliver(KNOWN), tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert 'id="assessment-ecological_index"' in page
    assert 'href="tables/ecological_index.csv"' in page
