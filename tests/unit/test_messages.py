"""Messages: written in English where they arise, told in the language of their reader."""

import re
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import standards
from pipeline.errors import InputError, Problem, SettingsError
from pipeline.messages import Template, choose_language, tell_error, translate
from pipeline.settings import load_settings
from pipeline.settings.text import find_language

ROWS = [(row["en"], row["zh"]) for row in standards.read_rows("messages")]
SLOTTED = [row for row in ROWS if "{0}" in row[0].replace("{{", "").replace("}}", "")]
VALUES = st.text("甲乙ABxyz019_./-", min_size=1, max_size=12)
"""What users have in their files: names, numbers, paths."""


@pytest.fixture
def nowhere(monkeypatch):
    """An environment that says nothing of a language."""
    for name in ("ECOLEDGER_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.parametrize(
    ("environment", "stated", "chosen"),
    [
        ({}, None, "zh"),
        ({"LANG": "C"}, None, "zh"),
        ({"LANG": "zh_CN.UTF-8"}, None, "zh"),
        ({"LANG": "en_US.UTF-8"}, None, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_CN.UTF-8"}, None, "zh"),
        ({"LC_ALL": "en_GB", "LC_MESSAGES": "zh_CN"}, None, "en"),
        ({"LANG": "en_US.UTF-8"}, "zh", "zh"),
        ({"LANG": "zh_CN.UTF-8"}, "en", "en"),
        ({"ECOLEDGER_LANGUAGE": "en", "LANG": "zh_CN.UTF-8"}, "zh", "en"),
        ({"ECOLEDGER_LANGUAGE": "zh"}, "en", "zh"),
    ],
)
def test_the_variable_goes_before_the_config_and_the_config_before_the_locale(
    nowhere, environment, stated, chosen
):
    for name, value in environment.items():
        nowhere.setenv(name, value)
    assert choose_language(stated) == chosen


def test_a_language_that_is_not_known_is_refused_by_name(nowhere):
    nowhere.setenv("ECOLEDGER_LANGUAGE", "fr")
    with pytest.raises(SettingsError, match="ECOLEDGER_LANGUAGE: found 'fr'; expected zh or en"):
        choose_language()


def test_english_rows_are_in_order_and_have_their_chinese():
    assert [english for english, _ in ROWS] == sorted(english for english, _ in ROWS)
    assert all(english and chinese for english, chinese in ROWS)
    assert not [english for english, _ in ROWS if re.search("[一-鿿]", english)]


def find_slots(text: str) -> list[str]:
    return [slot for _, slot, _, _ in Formatter().parse(text) if slot is not None]


def test_slots_are_numbered_and_the_chinese_has_no_others():
    for english, chinese in SLOTTED:
        slots = find_slots(english)
        assert slots == [str(number) for number in range(len(slots))], english
        assert set(find_slots(chinese)) <= set(slots), chinese


def test_something_stands_between_two_slots_and_no_row_with_slots_has_brackets_which_cover_values():
    assert [english for english, _ in SLOTTED if re.search(r"\}\{(?!\{)|\{\{|\[", english)] == []


def test_every_row_translates_its_own_message():
    for english, chinese in ROWS:
        facts = [f"⟨{number}⟩" for number in range(len(find_slots(english)))]
        assert translate(english.format(*facts), "zh") == chinese.replace("!s}", "}").format(*facts)


@given(st.sampled_from(SLOTTED), st.lists(VALUES, min_size=6, max_size=6))
def test_what_users_wrote_stands_in_the_translation_as_they_wrote_it(row, values):
    english, chinese = row
    said = [repr(value) for value in values]
    told = translate(english.format(*said), "zh")
    assert all(said[int(slot)] in told for slot in find_slots(chinese))


@given(st.text(max_size=80))
def test_any_text_can_be_translated_and_english_stays_english(text):
    assert isinstance(translate(text, "zh"), str)
    assert re.search("[\u0080-\uffff]", text) or translate(text, "en") == text


@pytest.mark.parametrize("own", ["'a: b'", "'no column x; y'", "{'a': 'one row'}", "['one row', 'a file']"])
def test_what_stands_in_quotation_marks_is_nobodys_message(own):
    assert translate(own, "zh") == own
    assert translate(f"{own}: one row", "zh") == f"{own}：一行"


def test_messages_within_messages_are_translated_too():
    assert translate("notify: mail cannot be started: no feature", "zh") == "通知：mail 无法启动：没有要素"
    assert translate("a file; one row", "zh") == "文件；一行"


@pytest.mark.parametrize(
    ("written", "chinese", "english"),
    [
        ("没有此文件 / no such file", "没有此文件", "no such file"),
        ("甲 / a；乙 / b", "甲；乙", "a; b"),
        ("都不使用；改正其一 / neither is used; mend one", "都不使用；改正其一", "neither is used; mend one"),
        ("甲镇 / 乙镇", "甲镇 / 乙镇", "甲镇 / 乙镇"),
        ("缺少时间 (no time)", "缺少时间", "no time"),
        ("重庆 (Chongqing)", "重庆 (Chongqing)", "重庆 (Chongqing)"),
        ("空 nothing", "空", "nothing"),
        ("'x: 1': 缺少时间 (no time)", "'x: 1'：缺少时间", "'x: 1': no time"),
        ("广阳岛 / Guangyang Island · 2024 · GEP", "广阳岛 · 2024 · GEP", "Guangyang Island · 2024 · GEP"),
    ],
)
def test_of_words_in_two_languages_each_reader_has_a_half(written, chinese, english):
    assert (translate(written, "zh"), translate(written, "en")) == (chinese, english)


def test_an_error_is_told_line_by_line():
    error = InputError("A file of the config is missing", [Problem("a.yaml:3, aoi", "no feature", "a file")])
    assert tell_error(error, "en") == str(error)
    told = translate("A file of the config is missing", "zh")
    assert tell_error(error, "zh") == f"{told}\n  - a.yaml:3, aoi：发现 没有要素；应为 文件"


BROKEN = {
    "label": "2024.10",
    "aoi": "[]",
    "indices": "3",
    "foo": "1",
    "scenes": "{start: 2024-13-01, end: 2023-01-01, period: xx, missions: [a], provider: {a: b}}",
    "parcels": "{path: 1, area_unit: foot, crs: {name: 4490, grid: a, seven_parameters: 3}}",
    "samples": "[{path: a.csv, year: x}]",
    "vegetation": "{soil: 0.9, vegetation: 0.1}",
    "compute": "{memory: much, workers: 0, cluster: [a]}",
    "outputs": "{looks: maybe, headings: 3}",
    "notify": "{command: [], seconds: -1}",
}


@pytest.mark.parametrize("key", BROKEN)
def test_mistakes_of_the_schema_are_told_in_chinese(key, tmp_path):
    config = tmp_path / "c.yaml"
    config.write_text(f"{key}: {BROKEN[key]}\n", encoding="utf-8")
    with pytest.raises(SettingsError) as refused:
        load_settings(config)
    for problem in refused.value.problems:
        told = translate(problem.expected, "zh")
        assert not re.search(r"[A-Za-z]+ [a-z]+ [a-z]+", re.sub(r"'[^']*'|\[.*?\]", "", told)), told


def test_a_config_says_its_language_even_where_it_is_broken(tmp_path):

    config = tmp_path / "c.yaml"
    for written, language in [
        ("language: en\nlabel: [", "en"),
        ("label: language", None),
        ("a: {language: en}", None),
    ]:
        config.write_text(written, encoding="utf-8")
        assert find_language(config) == language
    assert find_language(config, ["language=zh"]) == "zh"
    assert find_language(tmp_path / "none.yaml") is None


def test_the_more_special_template_goes_first():
    assert Template.of("{0}, row {1}", "").length < Template.of("{0}, row {1}, column {2}", "").length
