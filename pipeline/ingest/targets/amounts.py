"""The number of a cell, with the unit and the direction about it: ≥82%, 不低于 1,200 万元, 0.5以下."""

import re
import unicodedata
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from pipeline.ingest import rejects
from pipeline.ingest.targets import advice
from pipeline.ingest.targets.advice import UnusableTarget
from pipeline.ingest.targets.words import find_direction, find_unit_factor, list_aliases

_CELL = re.compile(
    r"(?P<before>[^0-9.,+-]*)(?P<number>[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)?(?:[.][0-9]+)?)(?P<after>[^0-9]*)"
)
_NAMED_UNITS = 4


class Written(NamedTuple):
    """A number as it is written, the unit behind it (empty where none is), the direction about it."""

    number: Decimal
    unit: str
    direction: str | None


class TargetAmount(NamedTuple):
    """A number in the unit of its indicator, and how many decimals it is written with in that unit."""

    value: float
    decimals: int | None


def read_target_amount(text: str) -> Written | None:
    """Number, unit and direction of a cell; None where it holds anything else, or no number, or several."""
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).replace("−", "-").replace("–", "-")
    parts = _CELL.fullmatch(plain)
    if parts is None or not any(sign.isdigit() for sign in parts["number"]):
        return None
    unit, behind = _part_direction(parts["after"])
    before = find_direction(parts["before"]) if parts["before"] else None
    if (parts["before"] and not before) or (before and behind and before != behind):
        return None
    return Written(Decimal(parts["number"].replace(",", "")), unit, before or behind)


def convert_amount(written: Written, unit: str, stated: Sequence[str], role: str) -> TargetAmount:
    """The number in `unit`, by the unit of its cell and what else is stated of it.

    Raises UnusableTarget where no unit is stated, an unknown one, or several that differ.
    """
    told = [text for text in (written.unit, *stated) if text] or [""]
    factors = {find_unit_factor(unit, text) for text in told}
    found = ", ".join(dict.fromkeys(told))
    if None in factors and told == [""]:
        names = ", ".join(list_aliases(unit)[:_NAMED_UNITS])
        raise UnusableTarget(advice.NO_UNIT, f"{written.number}", role, units=names or unit)
    if None in factors:
        raise UnusableTarget(advice.WRONG_UNIT, found, role, unit=unit)
    if len(factors) > 1:
        raise UnusableTarget(rejects.TWO_UNITS, found, role)
    factor = next(one for one in factors if one is not None)
    exact = written.number * factor
    return TargetAmount(float(exact), _count_decimals(written.number, factor))


def _part_direction(text: str) -> tuple[str, str | None]:
    """What stands behind a number without the direction at its end: %以上, 个以内."""
    for start in range(len(text)):
        if direction := find_direction(text[start:]):
            return text[:start], direction
    return text, None


def _count_decimals(number: Decimal, factor: Decimal) -> int | None:
    """Decimals of a number that is written and multiplied; None unless the factor is a power of ten."""
    shift = factor.adjusted()
    if factor != Decimal(1).scaleb(shift):
        return None
    return -int(number.as_tuple().exponent) - shift
