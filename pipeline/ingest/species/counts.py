"""What a cell says of how many were seen: a number, a bound, about so many, some, none, or not surveyed."""

import math
import re
from dataclasses import dataclass, replace

from pipeline.ingest.samples.cells import NOTHING, narrow
from pipeline.ingest.samples.headings import fold
from pipeline.ingest.species.numerals import write_digits
from pipeline.ingest.species.words import is_count_unit, load_species_words

_NUMBER = r"(?P<number>[0-9]+(?:\.[0-9]+)?)(?P<times>[十百千万])?"
_SPAN = re.compile(r"(?P<number>[0-9]+)(?:-|~|～|—|–|至|到)+(?P<most>[0-9]+)(?P<unit>(?:[^0-9].*)?)")
_BEFORE = (
    r"(?P<before>约为|大约|约|近|~|≈|ca\.?|不少于|不低于|至少|超过|大于|多于|逾|上|>=|≥|>|"
    r"少于|不足|小于|不到|不超过|至多|<=|≤|<)?"
)
_BEHIND = r"(?P<behind>左右|上下|以上|余|多|\+|以下)?"
_FIGURE = re.compile(
    rf"{_BEFORE}{_NUMBER}{_BEHIND}(?P<unit>(?:[^0-9.].*?)?)(?P<last>左右|上下|以上|以下|余|\+)?"
)
_SEVERAL = re.compile(r"(?:数|几|上)(?P<times>[十百千万])(?P<unit>[^0-9]*)")
_THOUSANDS = re.compile(r"(?<=[0-9]),(?=[0-9]{3}(?![0-9]))")
_PARTED = re.compile(r"[0-9]\s+[0-9]")
_TIMES = {"十": 10, "百": 100, "千": 1000, "万": 10_000}
_ABOUT = frozenset({"约为", "大约", "约", "近", "~", "≈", "ca", "ca.", "左右", "上下"})
_MORE = frozenset({"超过", "大于", "多于", "逾", ">"})
_AT_LEAST = frozenset({"不少于", "不低于", "至少", "上", ">=", "≥", "以上", "余", "多", "+"})
_FEWER = frozenset({"少于", "不足", "小于", "不到", "<"})
_AT_MOST = frozenset({"不超过", "至多", "<=", "≤", "以下"})
_PAIR = 2


@dataclass(frozen=True)
class Count:
    """Individuals from `low` to `high`, both 0 where a species was looked for and not found.

    `is_about` marks a number that is told as about; `is_counted` is false where it is only told that there
    were some, at least one.
    """

    low: float
    high: float
    is_about: bool = False
    is_counted: bool = True


NONE = Count(0, 0)
SOME = Count(1, math.inf, is_counted=False)
NOT_SURVEYED = "not surveyed"
NOTHING_TOLD = "nothing told"
OTHER_UNIT = "other unit"


def read_count(text: str, unit: str = "") -> Count | str | None:
    """The count of a cell, in the unit of its heading or column where it names none itself.

    `NOTHING_TOLD` of a blank cell and `NOT_SURVEYED` of one that says so: neither is 0. What is counted in
    another unit, such as nests or per cent of cover, is there and not counted; `OTHER_UNIT` of 0 in such a
    unit. None where it cannot be read.
    """
    if _PARTED.search(narrow(text)):
        return None
    plain = _THOUSANDS.sub("", fold(narrow(text)))
    if plain in load_species_words("absent"):
        return NONE
    if plain in load_species_words("present"):
        return SOME
    if plain in load_species_words("not_surveyed"):
        return NOT_SURVEYED
    if plain in NOTHING:
        return NOTHING_TOLD
    return _read_figure(plain, fold(unit)) or _read_figure(_write_numerals(plain), fold(unit))


def _write_numerals(text: str) -> str:
    """Numerals in digits, but for the words 数十, 几百, 上千, and 万 and the like behind digits."""
    return text if _SEVERAL.fullmatch(text) or re.search("[0-9]", text) else write_digits(text)


def _read_figure(text: str, unit: str) -> Count | str | None:
    for pattern, bound in ((_SPAN, _limit_span), (_SEVERAL, _limit_several), (_FIGURE, _limit_figure)):
        parts = pattern.fullmatch(text)
        if parts:
            count = bound(parts)
            return count and _scale(count, parts["unit"] or unit)
    return None


def _limit_span(parts: re.Match[str]) -> Count | None:
    low, high = float(parts["number"]), float(parts["most"])
    return Count(low, high) if low <= high else None


def _limit_several(parts: re.Match[str]) -> Count:
    return Count(_TIMES[parts["times"]], math.inf)


def _limit_figure(parts: re.Match[str]) -> Count | None:
    number = round(float(parts["number"]) * _TIMES.get(parts["times"] or "", 1), 6)
    words = {parts["before"], parts["behind"], parts["last"]} - {None}
    if len(words) > 1:
        return None
    word = words.pop() if words else ""
    if word in _MORE:
        return Count(number + 1, math.inf)
    if word in _AT_LEAST:
        return Count(number, math.inf)
    if word in _FEWER:
        return Count(1, number - 1) if number > 1 else None
    if word in _AT_MOST:
        return Count(1, number) if number >= 1 else None
    return Count(number, number, is_about=word in _ABOUT)


def _scale(count: Count, unit: str) -> Count | str | None:
    """The count in individuals, which are whole; a pair is two of them."""
    plain = unit.strip("()")
    if plain in load_species_words("other_unit"):
        return SOME if count.low else OTHER_UNIT
    if count.low % 1 or (plain and not is_count_unit(plain)):
        return None
    times = _PAIR if plain in load_species_words("pair") else 1
    return replace(count, low=count.low * times, high=count.high * times)
