"""Units that a table states apart from its headings: in a line above them, or in a row of units."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from pipeline.ingest.samples.headings import (
    Name,
    find_divisor,
    fold,
    is_unit,
    load_divisors,
    load_parameter_codes,
    read_heading,
)

_STATES_UNIT = re.compile(r"单位|units?\b")
_LOOKS_LIKE_UNIT = re.compile(r"[^\s0-9]\s*/\s*[0-9]*[a-zμ升]|[·•]\s*l|pp[bm]|%|‰|℃|°c|无量纲")
_WORDS = (
    "以外", "之外", "除外", "其余", "其他", "其它", "均为", "项目", "指标", "单位", "浓度", "数据", "备注",
    "说明", "附注", "计量", "结果", "测定", "监测", "表中", "所有", "全部",
    "除", "外", "均", "为", "以", "计", "和", "及", "与", "各", "值", "的", "注",
)  # fmt: skip
_OUTSIDE = frozenset({"以外", "之外", "除外", "外"})
_PUNCTUATION = frozenset(",;:、。()[]|.")
_SHORTEST_UNIT = 2
_LONGEST_LINE = 200
_MEASURED = re.compile(r"\s*[<＜]?\s*[+-]?\.?[0-9]|未检出|n\.?d\.?$|l$", re.IGNORECASE)
_BRACKETS = "()（）[]【】 　"
_KEYS = frozenset({"section_id", "section", "time", "year", "month", "day", "clock", "parameter", "value"})
_UNIT_WORDS = frozenset({"单位", "计量单位", "浓度单位", "unit", "units"})
_NO_UNIT = frozenset({"", "-", "--", "/", "—", "——"})


@dataclass(frozen=True)
class UnitLine:
    """What a line such as `单位：μg/L（pH无量纲）` says: the unit of all, and those of single parameters.

    `exempt` are parameters of which it only says that they have another; `is_read` is false of a line that
    cannot be understood as a whole, which says nothing of any.
    """

    text: str
    general: str | None = None
    special: Mapping[str, str] = field(default_factory=dict)
    exempt: frozenset[str] = frozenset()
    is_read: bool = True

    def find_unit(self, code: str) -> str | None:
        """The unit of a parameter, None where it is not told or, as mg/L of pH, cannot be its."""
        if code in self.special:
            return self.special[code]
        fits = code not in self.exempt and find_divisor(code, self.general) is not None
        return self.general if fits else None


def read_unit_line(texts: Sequence[str]) -> UnitLine | None:
    """What the cells of a row say of units, None where they say nothing of them.

    A cell says 单位 with what follows in it or in the next cell; the name of an office is no unit. A unit
    alone in its row, in brackets or not, is that of all.
    """
    filled = list(dict.fromkeys(text for text in texts if text.strip()))
    if len(filled) == 1 and is_unit(filled[0].strip(_BRACKETS)):
        return UnitLine(filled[0], fold(filled[0].strip(_BRACKETS)))
    lines = [
        _parse(text, statement)
        for text, following in pairwise([*filled, ""])
        for statement in _list_statements(text, following)
    ]
    return next((line for line in lines if line.is_read), lines[0] if lines else None)


def may_state_unit(text: str) -> bool:
    """Whether a text holds a word that lines of units hold."""
    return _STATES_UNIT.search(text.casefold()) is not None


def _list_statements(text: str, following: str) -> Iterator[str]:
    """What each word 单位 of a cell says of which parameters, where a unit seems to follow it."""
    plain = unicodedata.normalize("NFKC", text[:_LONGEST_LINE]).casefold()
    for found in _STATES_UNIT.finditer(plain):
        rest = plain[found.end() :].strip(" :)]") or unicodedata.normalize("NFKC", following).casefold()
        if _LOOKS_LIKE_UNIT.search(rest):
            yield f"{_find_subject(plain[: found.start()])}:{rest}"


def _find_subject(before: str) -> str:
    """What a unit is said to be of, by the text before the word 单位; a title before that is left out."""
    subject = re.split(r"[\s(\[。;|]", before)[-1]
    is_title = any(kind == "stranger" for kind, _ in _split(fold(subject))) and not set("除外") & set(subject)
    return subject.rpartition(",")[2] if is_title else subject


def read_unit_row(
    texts: Sequence[str], headings: Sequence[str], names: Sequence[Name | None]
) -> dict[int, str]:
    """Units by position where a row beside the headings holds units of parameters and no reading.

    In the columns of section and time only the word 单位 or the heading again may stand. A text that is no
    known unit is given as well: its column cannot be read.
    """
    codes = set(load_parameter_codes().values())
    units: dict[int, str] = {}
    for position, (text, name) in enumerate(zip(texts, names, strict=True)):
        plain = fold(text).strip(":")
        if plain in _NO_UNIT or plain == fold(headings[position]):
            continue
        if _MEASURED.match(text) or (name and name.means in _KEYS and plain not in _UNIT_WORDS):
            return {}
        if name and name.means in codes:
            units[position] = text.strip(_BRACKETS)
    return units if any(is_unit(unit) for unit in units.values()) else {}


def read_upper_units(texts: Sequence[str], names: Sequence[Name | None]) -> dict[int, str]:
    """Units by position where a row names the same parameters as the headings below, in another language."""
    upper = [read_heading(text) for text in texts]
    return {
        position: above.unit
        for position, (above, name) in enumerate(zip(upper, names, strict=True))
        if above and above.unit and name and above.means == name.means
    }


def _parse(text: str, statement: str) -> UnitLine:
    general: str | None = None
    special: dict[str, str] = {}
    exempt: set[str] = set()
    pending: list[str] = []
    for kind, word in _split(fold(statement)):
        if kind == "code":
            pending.append(word)
        elif kind == "unit" and pending:
            special |= dict.fromkeys(pending, word)
            pending = []
        elif kind == "unit" and general is None:
            general = word
        elif kind == "word" and word in _OUTSIDE:
            exempt |= set(pending)
            pending = []
        elif kind != "word":
            return UnitLine(text, is_read=False)
    if pending or not (general or special):
        return UnitLine(text, is_read=False)
    return UnitLine(text, general, special, frozenset(exempt))


def _split(text: str) -> Iterator[tuple[str, str]]:
    """Units, parameters and words of a text in their order; a `stranger` where it holds anything else."""
    known = {
        **dict.fromkeys(_WORDS, "word"),
        **dict.fromkeys(load_parameter_codes(), "code"),
        **{unit: "unit" for unit in load_divisors() if len(unit) >= _SHORTEST_UNIT},
    }
    longest = sorted(known, key=len, reverse=True)
    while text:
        if text[0] in _PUNCTUATION:
            text = text[1:]
            continue
        word = next((word for word in longest if text.startswith(word)), None)
        if word is None:
            yield "stranger", text
            return
        yield known[word], load_parameter_codes()[word] if known[word] == "code" else word
        text = text[len(word) :]
