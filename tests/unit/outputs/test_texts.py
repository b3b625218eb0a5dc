import re
from pathlib import Path

from pipeline.outputs import texts

SOURCES = Path(texts.__file__).parent


def test_every_text_that_the_code_asks_for_is_written_in_both_languages():
    asked = set()
    for path in SOURCES.glob("*.py"):
        asked |= set(re.findall(r'text\("([\w.]+)"', path.read_text(encoding="utf-8")))
    assert asked
    for key in asked:
        assert texts.find_text(key, "zh")
        assert texts.find_text(key, "en")


def test_every_word_of_the_report_is_written():
    page = (SOURCES / "templates" / "report.html").read_text(encoding="utf-8")
    used = set(re.findall(r"\bwords\.(\w+)", page))
    assert used <= set(texts.find_texts("report", "zh"))
