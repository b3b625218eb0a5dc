"""Nothing is said that has no Chinese: the source is read for its messages, the table asked for each."""

import re

import pytest

from pipeline import standards
from pipeline.aoi import PROJECT_ROOT
from tests.sayings import Sayings

DELIVERED = {"indices/trend.py", "ingest/layers/heights.py", "maps/look_ndvi.py"}
"""What of these comes into messages too is text of a delivery, in both languages."""

TOLD = {row["en"]: row["zh"] for row in standards.read_rows("messages")}
SAID = Sayings(PROJECT_ROOT / "pipeline").find()


def test_every_message_has_its_chinese():
    lacking = {one.text: f"{one.file}:{one.line}" for one in SAID if one.has_words and one.text not in TOLD}
    assert lacking == {}, "each needs a row in pipeline/standards/messages.csv, in the order of its English"


def test_what_is_said_in_two_languages_says_so_for_each_reader():
    mixed = re.compile("[\u4e00-\u9fff：；，。）] [a-z]{2,}( [a-z]+)+|[a-z]{2,} [a-z]{2,} [\u4e00-\u9fff]")
    said = [one for one in SAID if mixed.search(one.text) and one.file not in DELIVERED]
    assert [f"{one.file}:{one.line}" for one in said if not re.search(r" / | \(", one.text)] == []


PLANTED = '''
from errors import Problem, InputError

_TODO = "mend it by hand"
_KINDS = {"a": "one kind here", "b": "another kind there"}

def refuse(path, rows):
    found, expected = "no such row", f"one of {rows}"
    more = f" and {len(rows)} more" if rows else ""
    for reason in _list_reasons(path):
        yield Problem(f"{path}, row {rows}{more}", reason, expected or found, _TODO)

def _list_reasons(path):
    return [f"{path}: {_name(path, 'too wide a cell')}", _KINDS[path]]

def _name(path, words):
    return words if path else (said := "nothing at all")

class Reader:
    def read(self, path):
        """A docstring is nobody's message."""
        try:
            self.tell(3, "a number of its own")
        except OSError as error:
            raise InputError("The file cannot be read", [self.problem]) from error
        log.warning("%s; asked again", path)
        unsaid = "words that go nowhere"

    def tell(self, row, expected):
        self.problems.append(Problem(str(row), "x", expected))

    @property
    def problem(self):
        return Problem("place", "{braces} in it", "a file; or a folder there", todo=self.hint)

    @property
    def hint(self):
        return "look at " + "the other side"
'''
EXPECTED = {
    "mend it by hand", "one kind here", "another kind there", "no such row", "one of {0}", " and {0} more",
    "{0}, row {1}", "{0}: {1}", "too wide a cell", "nothing at all", "a number of its own",
    "The file cannot be read", "{0}; asked again", "{{braces}} in it", "a file", "a folder there", "look at ",
    "the other side",
}  # fmt: skip


def test_the_words_that_are_planted_are_found_and_no_others(tmp_path):
    (tmp_path / "room.py").write_text(PLANTED, encoding="utf-8")
    found = {one.text for one in Sayings(tmp_path).find() if " " in one.text}
    assert found == EXPECTED


@pytest.mark.parametrize(
    ("text", "has_words"),
    [("no such row", True), ("{0}, row {1}", True), ("scenes.period", False), ("EPSG:{0} {1}", False),
     ("没有 / no such row", False), ("--to {0}", False), ("nothing", False)],
)  # fmt: skip
def test_names_and_keys_need_no_chinese(text, has_words):
    said = next(iter(SAID))
    assert type(said)(text, "a.py", 1).has_words == has_words
