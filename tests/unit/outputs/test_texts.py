import re
from pathlib import Path

from pipeline.outputs import texts

SOURCES = Path(texts.__file__).parent


def test_every_text_that_the_code_asks_for_is_written_in_both_languages():
    asked = set()
    for path in SOURCES.rglob("*.py"):
        asked |= set(re.findall(r'find_text\("([\w.]+)"', path.read_text(encoding="utf-8")))
    assert asked
    for key in asked:
        assert texts.find_text(key, "zh")
        assert texts.find_text(key, "en")


def test_every_text_is_written_once():
    lines = (SOURCES / "texts.csv").read_text(encoding="utf-8").splitlines()
    keys = [line.partition(",")[0] for line in lines]
    assert sorted({key for key in keys if keys.count(key) > 1}) == []


def test_every_word_of_the_report_is_written():
    pages = [path.read_text(encoding="utf-8") for path in (SOURCES / "templates" / "report").glob("*.html")]
    used = {word for page in pages for word in re.findall(r"(?<!\.)\bwords\.(\w+)", page)}
    assert used <= set(texts.find_texts("report", "zh"))


def test_no_key_is_written_twice():
    keys = [
        line.partition(",")[0] for line in (SOURCES / "texts.csv").read_text(encoding="utf-8").splitlines()
    ]
    assert len(keys) == len(set(keys))
