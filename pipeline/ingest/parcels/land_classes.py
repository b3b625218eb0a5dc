"""Land class codes of a register, read by the whole column: of which survey they are, zeros that are lost.

The third survey (TD/T 1055-2019) has four digits (0101 水田, 05H1), or two of a group without classes (09);
the second (GB/T 21010-2007) has three (011 水田, 101 铁路用地). Codes that have been numbers lost their first
zero: 101 is then 水田 of the one and 铁路用地 of the other, and only the rest of the column tells which.
"""

import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache

import pandas as pd

from pipeline import standards
from pipeline.errors import Problem
from pipeline.ingest.parcels.values import build_nulls, split_code, spread_values
from pipeline.settings.parcels import LandClassEdition

STRAY_SHARE = 0.01
"""Codes of so few rows are slips and do not make a second edition; proposal of this project."""

_TABLES: dict[LandClassEdition, str] = {"third": "land_classes", "second": "land_classes_2007"}
_DIGITS: dict[LandClassEdition, int] = {"third": 4, "second": 3}
_CODE = re.compile(r"(\d{1,2}H\d|\d+)([A-Z]*)")
_GROUP = 2
_NAMED = 8
_EXPECTED = "codes of the third survey (0101) or of the second (011), as one of them writes them"
_TODO = (
    "Name the edition by parcels.land_class_edition (third or second), "
    "or another column by parcels.columns.dlbm"
)


@dataclass(frozen=True)
class ColumnReading:
    """How a column of land classes is read: the code of each spelling, and what has to be said of it.

    `restored` are spellings that got a leading zero back; `unclear` are codes that stay without a class: of
    another edition than the column, of either, or beside a name that is not theirs. `mixed` tells whether
    codes of both editions are read.
    """

    codes: Mapping[str, str]
    restored: Mapping[str, str]
    unclear: AbstractSet[str]
    mixed: bool

    def apply(self, texts: pd.Series) -> tuple[pd.Series, pd.Series]:
        """Codes of texts, null where unclear, and which these are; what is no code stays as it is."""
        places, unique = pd.factorize(texts)
        unclear = spread_values([text in self.unclear for text in unique], places, texts.index).eq(other=True)
        codes = spread_values([self.codes.get(text, text) for text in unique], places, texts.index)
        return codes.where(~unclear, build_nulls(texts.index)), unclear


@dataclass(frozen=True)
class _Spelling:
    """What a spelling can mean: its code in each edition, and where that needs a zero that is not there."""

    text: str
    rows: int
    codes: Mapping[LandClassEdition, str]
    lost: AbstractSet[LandClassEdition]
    unusable: bool

    @property
    def keeps_zero(self) -> bool:
        """Whether a leading zero stands in it."""
        return any(code[0] == "0" for side, code in self.codes.items() if side not in self.lost)

    def speaks_for(self, edition: LandClassEdition, *, lost: bool) -> bool:
        """Whether only this edition has it, as it stands or (`lost`) with a zero before it."""
        return [*self.codes] == [edition] and (edition in self.lost) == lost


def read_column(
    counts: Mapping[str, int], edition: LandClassEdition | None = None, *, place: str
) -> ColumnReading | Problem:
    """How a column is read, from how many rows have each spelling; a Problem where nothing tells.

    Codes that only one edition has decide, first as they stand, else with a zero before them; an `edition`
    goes before them. Where both editions are there, a code that both have stays unclear, as it does where
    zeros stand before some codes and none seems lost. A column without a code that decides is refused, and
    one with codes of the planning classification, in which the same codes mean other land.
    """
    if planning := _find_planning(counts):
        return _refuse(place, f"{list_some(planning)}, codes of the planning classification")
    spellings = [_interpret(text, rows) for text, rows in counts.items()]
    if edition:
        return _collect(spellings, {spelling.text: edition for spelling in spellings})
    sides = {lost: _find_sides(spellings, lost=lost) for lost in (False, True)}
    shared = [spelling.text for spelling in spellings if len(spelling.codes) > 1]
    if not sides[False] and len(sides[True]) != 1 and (shared or sides[True]):
        found = f"{list_some([*counts])}, codes of either survey if leading zeros are lost"
        return _refuse(place, found)
    return _collect(spellings, _choose(spellings, sides[False], sides[True]))


def list_some(texts: Iterable[str]) -> str:
    """The first of some texts, and how many more there are."""
    every = [*texts]
    more = len(every) - _NAMED
    return ", ".join(every[:_NAMED]) + (f" (+{more})" if more > 0 else "")


def _choose(
    spellings: list[_Spelling], standing: AbstractSet[LandClassEdition], hinted: AbstractSet[LandClassEdition]
) -> dict[str, LandClassEdition]:
    """The edition by which each spelling is read that can be read."""
    sides = standing or hinted
    if len(sides) != 1:
        return {s.text: side for s in spellings for side in sides if s.speaks_for(side, lost=False)}
    (side,) = sides
    zeros = any(s.keeps_zero for s in spellings)
    sure = (side == "second" or side in hinted) if zeros else hinted <= sides
    mended = not (zeros and side == "second")
    return {
        s.text: side
        for s in spellings
        if s.speaks_for(side, lost=False)
        or (mended and s.speaks_for(side, lost=True))
        or (sure and len(s.codes) > 1)
    }


def _collect(spellings: list[_Spelling], chosen: Mapping[str, LandClassEdition]) -> ColumnReading:
    known = {s.text: (s, chosen[s.text]) for s in spellings if chosen.get(s.text) in s.codes}
    return ColumnReading(
        codes={text: s.codes[side] for text, (s, side) in known.items()},
        restored={text: s.codes[side] for text, (s, side) in known.items() if side in s.lost},
        unclear={s.text for s in spellings if s.text not in known and (s.codes or s.unusable)},
        mixed=len({side for _, side in known.values()}) > 1,
    )


def _find_sides(spellings: list[_Spelling], *, lost: bool) -> set[LandClassEdition]:
    """Editions that have codes of their own in a column, in more than a stray share of such rows."""
    rows = {side: sum(s.rows for s in spellings if s.speaks_for(side, lost=lost)) for side in _TABLES}
    return {side for side, count in rows.items() if count > STRAY_SHARE * sum(rows.values())}


def _interpret(text: str, rows: int) -> _Spelling:
    code, name = split_code(text)
    found = _CODE.fullmatch(code)
    if found is None:
        return _Spelling(text, rows, {}, frozenset(), unusable=False)
    read = {side: _read_code(found[1], found[2], side) for side in _TABLES}
    codes = {side: reading for side, reading in read.items() if reading}
    named = {side for side in _TABLES if name in _load_names(side).values()}
    fitting = {side: full for side, full in codes.items() if not named or _name_of(full, side) == name}
    lost = frozenset(side for side, full in fitting.items() if full != code)
    contradicted = len(codes) > len(fitting) == 0
    too_long = not codes and len(found[1]) > _DIGITS["third"]
    return _Spelling(text, rows, fitting, lost, unusable=contradicted or too_long)


def _read_code(base: str, suffix: str, edition: LandClassEdition) -> str:
    """A code as an edition writes it, with a zero put before it if one is lost; empty if it has none such."""
    names, digits = _load_names(edition), _DIGITS[edition]
    for zero in ("", "0" if not base.startswith("0") else ""):
        full = zero + base
        whole = len(full) == digits or (edition == "third" and len(full) >= _GROUP and len(full) % 2 == 0)
        if whole and (full[:digits] in names or full[:_GROUP] in names):
            return full + suffix
    return ""


def _name_of(code: str, edition: LandClassEdition) -> str:
    names = _load_names(edition)
    return names.get(code[: _DIGITS[edition]]) or names.get(code[:_GROUP], "")


@cache
def _load_names(edition: LandClassEdition) -> dict[str, str]:
    table = standards.table(_TABLES[edition])
    return dict(zip(table["code"], table["name_zh"], strict=True))


def _find_planning(counts: Mapping[str, int]) -> list[str]:
    """Codes that only the planning classification has, where more than a stray share of rows have them."""
    known = set(standards.table("land_classes_planning")["code"])
    found = {text: rows for text, rows in counts.items() if split_code(text)[0] in known}
    return [*found] if sum(found.values()) > STRAY_SHARE * sum(counts.values()) else []


def _refuse(place: str, found: str) -> Problem:
    return Problem(place, found, _EXPECTED, _TODO)
