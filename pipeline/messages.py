"""Messages in the language of their reader: written in English where they arise, shown in it at the door.

An error, a warning or a title is English in the code, in `str(error)` and in what programs read. Whoever
shows it to people calls `translate` or `tell_error`; the table `messages` of the standards has a row for
each, with numbered slots, `{0}` for what is translated in its turn and `{0!s}` for what stays as it is.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from string import Formatter
from typing import Literal, Self

from pipeline import standards
from pipeline.errors import PipelineError, Problem, SettingsError

Language = Literal["zh", "en"]

VARIABLE = "ECOLEDGER_LANGUAGE"
"""The variable of the environment that goes before all else: zh or en."""

SEPARATOR = " · "
"""What stands between the words of a title, each of them a message."""

FRAME = "{0}: found {1}; expected {2}"
"""The row of the table that says how a mistake is told."""

_LOCALES = ("LC_ALL", "LC_MESSAGES", "LANG")
_ALTERNATIVES = ("; or ", "；或")
_LISTS = (("; ", "；"), (", ", "，"))
_BESIDE = re.compile(
    r"(?P<zh>[^\x00-\x7f]+) (?P<behind>[a-z][A-Za-z ,.'-]*)"
    r"|(?P<zh_>.*[\u4e00-\u9fff].*) \((?P<beside>[a-z].* .*|[A-Z].*(?: .*){3,})\)"
)
_KEPT = 4096
_SENTENCE = re.compile("[a-z]+ [a-z]+ [a-z]+")
_TELLING = 10
"""Letters of a template below which it takes nothing apart of which a sentence would stay English."""
_QUOTED = re.compile(r"(?<![^\s(\[{=,:（：，；])'(?:[^'\\]|\\.)*'(?![^\s)\]},.;:）：，；。])")
_BRACKETED = re.compile(r"\[[^\[\]]*\]|\{[^{}]*\}")


def choose_language(stated: Language | None = None) -> Language:
    """`ECOLEDGER_LANGUAGE`, else what is stated by a config, else the locale; Chinese where none tells.

    SettingsError where the variable names another language.
    """
    if asked := os.environ.get(VARIABLE):
        known: dict[str, Language] = {"zh": "zh", "en": "en"}
        if asked not in known:
            raise SettingsError("Unknown language", [Problem(VARIABLE, repr(asked), "zh or en")])
        return known[asked]
    return stated or read_locale()


def read_locale() -> Language:
    """English where the locale of the environment is English, else Chinese."""
    told = next((value for name in _LOCALES if (value := os.environ.get(name))), "")
    return "en" if told.lower().startswith("en") else "zh"


def tell_error(error: PipelineError, language: Language) -> str:
    """What an error says, a line for each mistake, in the language."""
    lines = (f"  - {tell_problem(problem, language)}" for problem in error.problems)
    return "\n".join([translate(error.message, language), *lines])


def tell_problem(problem: Problem, language: Language) -> str:
    """A mistake in the language: where, what was found, what was expected, what to do."""
    parts = [
        translate(part, language) for part in (problem.place, problem.found, problem.expected, problem.todo)
    ]
    if language == "en":
        return str(Problem(*parts))
    told = _load_messages().frame.format(*parts[:3])
    return f"{told}。{parts[3]}" if parts[3] else told


@lru_cache(maxsize=_KEPT)
def translate(text: str, language: Language) -> str:
    """A message in the language; what the table does not know stays as it is.

    Of words of a delivery that say `中文 / English`, the half of the language.
    """
    if "\n" in text:
        return "\n".join(translate(line, language) for line in text.split("\n"))
    if SEPARATOR in text:
        return SEPARATOR.join(translate(word, language) for word in text.split(SEPARATOR))
    return _say_in_english(text) if language == "en" else _say_in_chinese(text)


def _say_in_english(text: str) -> str:
    """The English half of what is said in both languages, as of a reason behind what it is the reason of."""
    before, colon, _ = _cover_values(text).partition(": ")
    begin = len(before) + len(colon)
    if not colon or _is_chinese(before) or not _is_chinese(text[begin:]):
        return choose_half(text, "en")
    return text[:begin] + _say_in_english(text[begin:])


def _say_in_chinese(text: str) -> str:
    messages = _load_messages()
    if text in messages.exact:
        return messages.exact[text]
    covered = _cover_values(text)
    if _ALTERNATIVES[0] in covered:
        return _say_list(text, covered, [_ALTERNATIVES])
    for template in messages.templates:
        if (slots := template.match(text, covered)) is not None:
            told = template.fill(slots)
            if template.length >= _TELLING or not _SENTENCE.search(_cover_values(told)):
                return told
    half = choose_half(text, "zh")
    return half if half != text else _say_list(text, covered, _LISTS)


def _cover_values(text: str) -> str:
    """The text with NUL for all that stands in quotation marks or brackets, which is somebody's own."""
    covered = _QUOTED.sub(_cover, text)
    while (further := _BRACKETED.sub(_cover, covered)) != covered:
        covered = further
    return covered


def _cover(found: re.Match[str]) -> str:
    return "\0" * len(found[0])


def _say_list(text: str, covered: str, marks: Sequence[tuple[str, str]]) -> str:
    """Each member of a list that is joined by a mark; the text itself where none of them is known."""
    for mark, chinese in marks:
        if mark in covered:
            members = list(_split(text, covered, mark))
            told = [_say_in_chinese(one) if " " in one else one for one in members]
            if told != members:
                return chinese.join(told)
    return text


def _split(text: str, covered: str, mark: str) -> Iterator[str]:
    begin = 0
    for member in covered.split(mark):
        yield text[begin : begin + len(member)]
        begin += len(member) + len(mark)


def choose_half(text: str, language: Language) -> str:
    """The words of one language where a text says `中文 / English`, once or several times after `；`.

    So too of `中文 (in English)` and `中文 english`, as reasons and headings have them; else the text itself.
    """
    if found := _BESIDE.fullmatch(text):
        return (found["zh"] or found["zh_"]) if language == "zh" else found["behind"] or found["beside"]
    parts = [text] if text.count(" / ") == 1 else text.split("；")
    pairs = [part.partition(" / ") for part in parts]
    if not all(_is_chinese(chinese) and english[:1].isascii() and english for chinese, _, english in pairs):
        return text
    if language == "zh":
        return "；".join(chinese for chinese, _, _ in pairs)
    return "; ".join(english for _, _, english in pairs)


def _is_chinese(text: str) -> bool:
    return any("\u4e00" <= letter <= "\u9fff" for letter in text)


@dataclass(frozen=True)
class Template:
    """A message with slots: `marks` are the texts before, between and behind them.

    `chinese` are the texts of its translation, each with the slot behind it and whether that is translated;
    the last has none.
    """

    marks: tuple[str, ...]
    slots: tuple[str, ...]
    chinese: tuple[tuple[str, str | None, bool], ...]

    @classmethod
    def of(cls, english: str, chinese: str) -> Self:
        """The template of a row of the table."""
        marks, slots = zip(*((mark, slot) for mark, slot, _ in _parse(english)), strict=True)
        return cls(marks, tuple(slot for slot in slots if slot is not None), tuple(_parse(chinese)))

    @property
    def length(self) -> int:
        """How much of it is written out, so that the more special one goes first."""
        return sum(map(len, self.marks))

    def match(self, text: str, covered: str) -> Mapping[str, str] | None:
        """What stands in the slots of a text of this form, each as short as it can be; None for others.

        Marks are looked for where the text is not covered.
        """
        first, *inner, last = self.marks
        if not covered.startswith(first) or not covered.endswith(last):
            return None
        found, begin, end = [], len(first), len(text) - len(last)
        for mark in inner:
            at = covered.find(mark, begin, end)
            if at < 0:
                return None
            found.append(text[begin:at])
            begin = at + len(mark)
        return dict(zip(self.slots, [*found, text[begin:end]], strict=True)) if begin <= end else None

    def fill(self, slots: Mapping[str, str]) -> str:
        """The Chinese of it with what stands in its slots."""
        return "".join(self._list_words(slots))

    def _list_words(self, slots: Mapping[str, str]) -> Iterator[str]:
        for mark, slot, translated in self.chinese:
            yield mark
            if slot is not None:
                yield _say_in_chinese(slots[slot]) if translated else slots[slot]


def _parse(text: str) -> Iterator[tuple[str, str | None, bool]]:
    """Its texts, each with the slot behind it and whether that is translated; the last has none."""
    written = ""
    for mark, slot, _, kept in Formatter().parse(text):
        written += mark
        if slot is not None:
            yield written, slot, kept != "s"
            written = ""
    yield written, None, False


@dataclass(frozen=True)
class Messages:
    """The table, ready to be asked: what has no slots, and what has, the most special first."""

    exact: Mapping[str, str]
    templates: Sequence[Template]
    frame: str


@cache
def _load_messages() -> Messages:
    rows = {row["en"]: row["zh"] for row in standards.read_rows("messages")}
    templates = [Template.of(*row) for row in rows.items()]
    exact = {one.marks[0]: one.chinese[0][0] for one in templates if not one.slots}
    slotted = sorted((one for one in templates if one.slots), key=lambda one: -one.length)
    return Messages(exact, slotted, rows[FRAME])
