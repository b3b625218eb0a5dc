"""One language at a time, from sentences that say a thing in both."""

import re

import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pipeline.aoi import PROJECT_ROOT
from pipeline.outputs.columns import list_values, name_values
from pipeline.outputs.languages import keep_language, say
from pipeline.outputs.texts import find_texts

HAN = re.compile("[\u3400-\u9fff]")
CHINESE = st.text("河湖未知无数据该区1，", min_size=1, max_size=8).filter(HAN.search)
ENGLISH = st.text("abc xyz,1", min_size=3, max_size=12).map(lambda words: f"no {words.strip() or 'x'}")


@pytest.mark.parametrize(
    ("both", "chinese", "english"),
    [
        ("无数据 / no data", "无数据", "no data"),
        ("甲；乙 / one; two；丙 / three", "甲；乙；丙", "one; two; three"),
        ("HJ 192-2015; 未提供 / none told", "HJ 192-2015; 未提供", "HJ 192-2015; none told"),
        ("未核实 (from knowledge, unconfirmed)", "未核实", "from knowledge, unconfirmed"),
        ("13 景 landsat-8（模拟 simulated）", "13 景 landsat-8（模拟）", "13 scenes landsat-8 (simulated)"),
        ("实物量 quantity = a·b；单价 price = c", "实物量 = a·b；单价 = c", "quantity = a·b; price = c"),
        ("端元 NDVI 0.11 / 0.89", "端元 NDVI 0.11 / 0.89", "端元 NDVI 0.11 / 0.89"),
        ("没有数据：岸线 / no data: 岸线", "没有数据：岸线", "no data: 岸线"),
        (
            "两期均可见 99.0%：植被+8.90 公顷、裸地-8.90 公顷；质量等级 低→中高",
            "两期均可见 99.0%：植被+8.90 公顷、裸地-8.90 公顷；质量等级 低→中高",
            "seen in both periods 99.0%: vegetation +8.90 ha, bare ground -8.90 ha; grade low to fairly high",
        ),
    ],
)
def test_each_reader_is_told_in_one_language(both, chinese, english):
    assert say(both, "zh") == chinese
    assert say(both, "en") == english


@given(st.lists(st.tuples(CHINESE, ENGLISH), min_size=1, max_size=4))
def test_of_any_pairs_each_language_keeps_its_own_halves(pairs):
    both = "；".join(f"{chinese} / {english}" for chinese, english in pairs)
    assert say(both, "zh") == "；".join(chinese for chinese, _ in pairs)
    assert say(both, "en") == "; ".join(english for _, english in pairs)


@given(st.text("abc 1.9/;()-", max_size=30))
def test_words_without_chinese_stay_as_they_are_in_english(text):
    assert say(text, "en") == text


def test_every_phrase_is_said_in_both_languages_with_the_same_holes():
    chinese, english = find_texts("phrase", "zh"), find_texts("phrase", "en")
    for key in chinese:
        assert set(re.findall(r"\{\w+\}", chinese[key])) == set(re.findall(r"\{\w+\}", english[key]))
        assert HAN.search(chinese[key])
        assert not HAN.search(english[key])


def test_names_are_never_taken_apart_and_sentences_are():
    values = pd.Series(["某公司 / Some Company", None])
    assert name_values("right_holder", values, "zh").tolist() == values.tolist()
    assert name_values("reason", values, "zh").tolist()[0] == "某公司"


def test_of_two_columns_that_say_the_same_the_one_of_the_language_stays():
    columns = ["name_zh", "name_en", "class_zh", "value"]
    assert keep_language(columns, "zh") == ["name_zh", "class_zh", "value"]
    assert keep_language(columns, "en") == ["name_en", "class_zh", "value"]


@pytest.mark.parametrize(
    "column", ["cat1_name", "cat2_name", "cat3_name", "function_feature", "quality_grade", "chg_quality"]
)
def test_all_words_of_the_product_catalogue_have_english_names(column):
    assert all(HAN.search(entry.name_zh) and not HAN.search(entry.name_en) for entry in list_values(column))


@pytest.mark.parametrize(
    ("column", "told", "english"),
    [
        ("unit_type", "湿地", "Wetland"),
        ("unit_type", "50", "Wetland"),
        ("dlbm", "0301", "0301 Arbor forest"),
        ("right_type", "21", "Exploration of minerals"),
        ("cat3_name", "森林水源涵养", "Water retention by forest"),
        ("cat3_name", "崇明大米", "崇明大米"),
        ("class_word", "轻度污染", "lightly polluted"),
    ],
)
def test_codes_and_the_words_of_registers_are_named_in_english(column, told, english):
    assert name_values(column, pd.Series([told]), "en").tolist() == [english]
    assert HAN.search(name_values(column, pd.Series([told]), "zh").tolist()[0])


def test_the_catalogue_that_is_shipped_is_named_in_english_whole():
    products = yaml.safe_load((PROJECT_ROOT / "configs" / "products.yaml").read_text(encoding="utf-8"))
    listed = [product for own in products["ecosystems"].values() for product in own]
    for key, column in (
        ("cat2_name", "cat2_name"),
        ("cat3_name", "cat3_name"),
        ("functions", "function_feature"),
    ):
        told = {product[key] for product in listed}
        assert told <= {entry.code for entry in list_values(column)}
