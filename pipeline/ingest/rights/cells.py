"""What cells of a register of rights say: days, terms, places, codes, amounts."""

import re
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

import pandas as pd

from pipeline.ingest.rights.words import is_amount_unit, load_right_words
from pipeline.ingest.samples.cells import NOTHING, ZONE, narrow, read_moment
from pipeline.ingest.samples.dating import DAY_0
from pipeline.ingest.samples.figures import DecimalMarks, read_numbers
from pipeline.ingest.samples.headings import fold

DAY = r"[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{4}年[0-9]{1,2}月[0-9]{1,2}[日号]|[0-9]{8}"
_WHOLE_DAY = re.compile(rf"(?:{DAY})(?:[T ].*)?")
_SERIAL = re.compile(r"[2-7][0-9]{4}(?:\.0*)?")
_NUMBER_AND_UNIT = re.compile(r"(?P<number>[+-]?[0-9][0-9.,\s]*)(?P<unit>[^0-9.,\s].*)")
_KEPT = 2**16
"""So many texts are known to be blank or not; a column repeats few."""
_DECIMALS = re.compile(r"[+-]?[0-9]*(?:[.](?P<decimals>[0-9]*))?")


@lru_cache(_KEPT)
def is_blank(text: str) -> bool:
    """Whether a cell says nothing."""
    plain = fold(text)
    return plain in NOTHING or plain in load_right_words("nothing")


def read_day(text: str, day_0: date = DAY_0) -> date | None:
    """The whole day that a cell tells, in any of the usual forms; None where it tells none.

    A month alone is no day. `day_0` is what serial numbers of a workbook are counted from.
    """
    plain = narrow(text)
    if _SERIAL.fullmatch(plain):
        return day_0 + timedelta(days=int(float(plain)))
    found = read_moment(plain) if _WHOLE_DAY.fullmatch(plain) else None
    return found.astimezone(ZONE).date() if isinstance(found, datetime) else None


class WrittenFigure(NamedTuple):
    """A number as it is written, the unit in its cell (empty if none), half of its last place."""

    value: float
    unit: str
    rounding: float


def read_written_figures(texts: pd.Series) -> dict[str, WrittenFigure]:
    """By distinct text its figure; NaN for what is no number."""
    known = [str(text) for text in pd.unique(texts)]
    parts = [_part_unit(text) for text in known]
    numerals = pd.Series([number for number, _ in parts], dtype=str)
    read = read_numbers(numerals, DecimalMarks.of(numerals))
    sure = read["reason"].isna() & read["unit"].isna() & ~read["censored"] & ~read["blank"]
    values = read["value"].where(sure)
    return {
        text: WrittenFigure(float(value), unit, _find_rounding(number))
        for text, value, (number, unit) in zip(known, values, parts, strict=True)
    }


def _part_unit(text: str) -> tuple[str, str]:
    found = _NUMBER_AND_UNIT.fullmatch(narrow(text))
    return (found["number"], found["unit"]) if found and is_amount_unit(found["unit"]) else (text, "")


def _find_rounding(number: str) -> float:
    parts = _DECIMALS.match(narrow(number).replace(",", ""))
    return 0.5 * 10.0 ** -len((parts and parts["decimals"]) or "")
