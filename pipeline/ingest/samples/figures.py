"""What a cell says as a number: a value, the limit of what was not detected, nothing; and its own unit."""

import math
import re
from collections.abc import Iterable
from typing import NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.ingest.samples.cells import NO_RESULT, NOTHING, narrow
from pipeline.ingest.samples.headings import is_unit
from pipeline.ingest.samples.notes import FORMULA

NOT_A_NUMBER = "不是数值 (not a number)"
COMMA_UNCLEAR = "逗号或点是小数点还是千分位不明 (comma or point: a decimal mark, or thousands?)"

_NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_NUMERAL = rf"(?:{_NUMBER}|[+-]?[0-9][0-9.,]*[0-9])"
_UNIT = r"(?:\(?(?P<unit>[^\s0-9<>(),.+-][^<>(),]*)\)?)?"
_NOT_DETECTED = r"(?:未检出|n\.?d\.?)"
_MEASURED = re.compile(rf"(?P<number>{_NUMERAL}){_UNIT}", re.IGNORECASE)
_BELOW = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?P<number>{_NUMERAL})l",
        rf"<(?P<number>{_NUMERAL})l?{_UNIT}",
        rf"{_NOT_DETECTED}\(?<?(?P<number>{_NUMERAL})l?{_UNIT}\)?",
    )
)
_UNQUANTIFIED = re.compile(rf"{_NOT_DETECTED}|未检测出|低于检出限|<dl|<mdl|l", re.IGNORECASE)

_GROUPS = r"[1-9][0-9]{0,2}"
_EITHER = re.compile(rf"[+-]?{_GROUPS},[0-9]{{3}}")
_THOUSANDS = re.compile(rf"[+-]?{_GROUPS}(?:(?:,[0-9]{{3}})+\.[0-9]+|(?:,[0-9]{{3}}){{2,}})")
_DECIMAL_COMMA = re.compile(rf"[+-]?(?:[0-9]+|{_GROUPS}(?:\.[0-9]{{3}})+),[0-9]+")
_EITHER_POINT = re.compile(rf"[+-]?{_GROUPS}\.[0-9]{{3}}")
_HAS_POINT = re.compile(rf"(?!{_EITHER_POINT.pattern}$)(?=[^.]*\.){_NUMBER}")
_POINTS = re.compile(rf"[+-]?{_GROUPS}(?:\.[0-9]{{3}}){{2,}}")
_PARTED = re.compile(r"[0-9]+(?:\s+[0-9]+)+")
_BLANK_GROUPS = re.compile(rf"{_GROUPS}(?:\s[0-9]{{3}})+")


class DecimalMarks(NamedTuple):
    """Which decimal marks a table is sure to use: the comma (0,35), the point (0.35); both, or neither.

    `told` says whether a comma stands in any of its numbers; without one nothing is in doubt.
    """

    told: bool = False
    comma: bool = False
    point: bool = False

    @classmethod
    def of(cls, texts: Iterable[str]) -> "DecimalMarks":
        """From the texts of its cells, of which those that may be read either way tell nothing."""
        known = list(texts)
        if not any("," in text or "，" in text for text in known):
            return cls()
        numerals = [found["number"] for text in known for found in [_find_numeral(text)] if found]
        return cls(
            any("," in one for one in numerals),
            any(_DECIMAL_COMMA.fullmatch(one) and not _EITHER.fullmatch(one) for one in numerals),
            any(_THOUSANDS.fullmatch(one) or _HAS_POINT.fullmatch(one) for one in numerals),
        )

    def read(self, numeral: str) -> float | None:
        """The number that is written; None where it may be another, NaN where it is none."""
        if _THOUSANDS.fullmatch(numeral):
            return float(numeral.replace(",", ""))
        if _EITHER.fullmatch(numeral):
            return (
                None if self.comma == self.point else float(numeral.replace(",", "." if self.comma else ""))
            )
        if _DECIMAL_COMMA.fullmatch(numeral):
            return None if self.point else float(numeral.replace(".", "").replace(",", "."))
        if _POINTS.fullmatch(numeral) or (self.comma and _EITHER_POINT.fullmatch(numeral)):
            return None if self.comma else float("nan")
        return float(numeral) if re.fullmatch(_NUMBER, numeral) else float("nan")


NO_MARKS = DecimalMarks()


def _compact(text: str) -> str:
    """A text without blanks, but for those that part two numbers."""
    tidy = narrow(text)
    is_parted = any(not _BLANK_GROUPS.fullmatch(found[0]) for found in _PARTED.finditer(tidy))
    return tidy if is_parted else re.sub(r"\s+", "", tidy)


def _find_numeral(text: str) -> re.Match[str] | None:
    """The number of a cell and its unit, if there is one and it is known."""
    compact = _compact(text)
    matches = (pattern.fullmatch(compact) for pattern in (_MEASURED, *_BELOW))
    return next((found for found in matches if found and _has_known_unit(found)), None)


def _has_known_unit(parts: re.Match[str]) -> bool:
    unit = parts.groupdict().get("unit")
    return unit is None or is_unit(unit)


def read_numbers(texts: pd.Series, marks: DecimalMarks = NO_MARKS) -> pd.DataFrame:
    """Numbers of cells: `value`, `censored`, `blank`, `reason`, `unit`.

    `blank` cells hold no value. A `censored` value is the detection limit, NaN where the cell does not tell
    it. `unit` is the one that stands in the cell itself, null for none. `reason` says why a cell is not a
    number, null otherwise; `marks` decide what commas mean where that is not sure of itself.
    """
    plain = texts.str.fullmatch(_NUMBER).astype(bool)
    if marks.comma:
        plain &= ~texts.str.fullmatch(_EITHER_POINT.pattern).astype(bool)
    found = pd.DataFrame(
        {"value": float("nan"), "censored": False, "blank": False, "reason": None, "unit": None},
        index=texts.index,
    ).astype({"reason": object, "unit": object})
    found.loc[plain, "value"] = pc.cast(pa.array(texts[plain], pa.string()), pa.float64()).to_numpy()
    if not plain.all():
        meanings = {text: _read_mark(text, marks) for text in texts[~plain].unique()}
        rows = [meanings[text] for text in texts[~plain]]
        marked = pd.DataFrame(rows, columns=found.columns, index=texts.index[~plain], dtype=object)
        found.loc[~plain, found.columns] = marked.astype(found.dtypes)
    return found


def _read_mark(text: str, marks: DecimalMarks) -> tuple[float, bool, bool, str | None, str | None]:
    """Value, censored, blank, reason and unit of a cell that is not written as a plain number."""
    nothing = float("nan")
    compact = _compact(text)
    if compact.casefold() in NOTHING:
        return nothing, False, True, None, None
    if _UNQUANTIFIED.fullmatch(compact):
        return nothing, True, False, None, None
    if compact.startswith(FORMULA):
        return nothing, False, False, NO_RESULT, None
    parts = _find_numeral(text)
    if parts is None:
        return nothing, False, False, NOT_A_NUMBER, None
    value = marks.read(parts["number"])
    if value is None or math.isnan(value):
        return nothing, False, False, COMMA_UNCLEAR if value is None else NOT_A_NUMBER, None
    return value, parts.re is not _MEASURED, False, None, parts.groupdict().get("unit")
