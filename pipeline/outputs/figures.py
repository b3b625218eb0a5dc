"""Figures as people read them, and how one went since an earlier period: better, worse, or not to be told."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Literal

from pipeline import standards
from pipeline.outputs.accounts.amounts import write_money
from pipeline.outputs.columns import Language
from pipeline.outputs.tables import format_cell
from pipeline.outputs.texts import find_text, name_unit

Course = Literal["worse", "better", "unclear", "same", "plain", "unknown"]
"""`unclear` is a change where the intervals of both figures meet, `plain` one that nobody calls good or bad,
`unknown` what has nothing to be compared with."""

_MONEY = {"yuan", "CNY"}
_PERCENT = 100
_DECIMALS = 2
_LEAST_BASE = 1e-12


@dataclass(frozen=True)
class KnownFigure:
    """A known figure in its unit, with the interval around it (NaN for none)."""

    value: float
    unit: str
    low: float = float("nan")
    high: float = float("nan")

    def overlaps(self, other: "KnownFigure") -> bool:
        """Whether two intervals meet; one that is not known, or has no width, is no interval."""
        if not all(one.high > one.low for one in (self, other)):
            return False
        return self.low <= other.high and other.low <= self.high


def write_figure(value: float, unit: str, language: Language) -> str:
    """A figure with its unit: shares in percent, two decimals."""
    if unit == "share":
        return f"{value:.{_DECIMALS}%}"
    if unit == "percent":
        return f"{value:.{_DECIMALS}f}%"
    if unit in _MONEY:
        return write_money(value, language)
    return f"{format_cell(float(value))} {name_unit(unit, language)}".strip()


def write_amount(value: float, unit: str, language: Language) -> str:
    """The size of a difference: of shares in percentage points."""
    if unit in {"share", "percent"}:
        points = value * (_PERCENT if unit == "share" else 1)
        return f"{points:.{_DECIMALS}f}{find_text('bulletin.points', language)}"
    return write_figure(value, unit, language)


def is_nothing(value: float, unit: str) -> bool:
    """Whether a difference shows no digit but 0 as it is printed."""
    return not any(digit in "123456789" for digit in write_amount(abs(value), unit, "zh").partition("e")[0])


def find_better(indicator: str) -> str:
    """Whether an indicator is better `higher` or `lower`; empty where nobody calls it good or bad."""
    return _load_directions().get(indicator, "")


def judge_course(now: KnownFigure | None, then: KnownFigure | None, better: str) -> Course:
    """How an indicator went from one period to another."""
    if now is None or then is None:
        return "unknown"
    change = now.value - then.value
    if is_nothing(change, now.unit):
        return "same"
    if not better:
        return "plain"
    if now.overlaps(then):
        return "unclear"
    return "better" if (change > 0) == (better == "higher") else "worse"


def measure_setback(now: KnownFigure | None, then: KnownFigure | None, better: str) -> float:
    """By how much an indicator got worse: of shares in shares, else of what it was."""
    if now is None or then is None or not better:
        return 0.0
    change = now.value - then.value
    base = 1.0 if now.unit == "share" else max(abs(then.value), _LEAST_BASE)
    return change / base * (-1 if better == "higher" else 1)


@cache
def _load_directions() -> Mapping[str, str]:
    rows = standards.read_rows("indicator_directions")
    return MappingProxyType({row["indicator"]: row["better"] for row in rows})
