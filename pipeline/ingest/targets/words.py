"""What the headings of a table of targets say, by the tables of words and units."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from functools import cache

from pipeline import standards
from pipeline.contracts import DIRECTIONS
from pipeline.ingest.samples.headings import BRACKETED, fold
from pipeline.ingest.targets.spans import TargetSpan, read_target_span
from pipeline.settings.targets import TARGET_COLUMNS

LONGEST_HEADING = 40


@dataclass(frozen=True)
class TargetHeading:
    """What a heading says: what its column is of, for which time, in which unit, in which direction."""

    role: str | None = None
    span: TargetSpan | None = None
    unit: str | None = None
    direction: str | None = None

    def join(self, other: "TargetHeading") -> "TargetHeading | None":
        """What both say together; None where they contradict each other."""
        both = {
            one.name: {getattr(self, one.name), getattr(other, one.name)} - {None} for one in fields(self)
        }
        if any(len(values) > 1 for values in both.values()):
            return None
        return TargetHeading(**{name: next(iter(values), None) for name, values in both.items()})


def read_target_heading(text: str, columns: Mapping[str, str]) -> TargetHeading | None:
    """What a heading says, None where that is nothing known; `columns` maps theirs, folded, to ours."""
    plain = fold(text)
    if not plain or len(plain) > LONGEST_HEADING:
        return None
    if plain in columns:
        return TargetHeading(role=columns[plain])
    parts = BRACKETED.fullmatch(plain)
    outer = _read_bare(parts["base"] if parts else plain)
    if parts is None or outer is None:
        return outer
    return outer.join(_read_inner(parts["inner"])) or outer


def find_direction(text: str) -> str | None:
    """The direction that a text names."""
    means = load_target_words().get(fold(text))
    return means if means in DIRECTIONS else None


def names_total(text: str) -> bool:
    """Whether a text names a sum of rows above it."""
    return load_target_words().get(fold(text)) == "total"


def names_whole(text: str) -> bool:
    """Whether a text names the whole of an area without saying which."""
    return load_target_words().get(fold(text)) == "whole"


def find_unit_factor(unit: str, alias: str) -> Decimal | None:
    """What figures in a unit of that name are multiplied by to be in `unit`; None where it is none of it."""
    return Decimal(1) if fold(alias) == fold(unit) else _load_factors().get(unit, {}).get(fold(alias))


def list_aliases(unit: str) -> list[str]:
    """Names of units that can be brought to a unit."""
    return [alias for alias in _load_factors().get(unit, {}) if alias]


@cache
def load_target_words() -> Mapping[str, str]:
    """What each word of `target_words` means."""
    return {fold(row["alias"]): row["means"] for row in standards.read_rows("target_words")}


def _read_bare(text: str) -> TargetHeading | None:
    """A role, a time, or a role behind a time: 2025年目标值."""
    if role := _find_role(text):
        return TargetHeading(role=role)
    for end in range(len(text), 0, -1):
        span = read_target_span(text[:end])
        role = _find_role(text[end:].removeprefix("年").removeprefix("的"))
        if span and (role or end == len(text)):
            return TargetHeading(role=role, span=span)
    return None


def _read_inner(text: str) -> TargetHeading:
    """What stands in brackets behind a heading: a time, a direction, a unit, or a note."""
    if span := read_target_span(text):
        return TargetHeading(span=span)
    if direction := find_direction(text):
        return TargetHeading(direction=direction)
    return TargetHeading(unit=text) if names_known_unit(text) else TargetHeading()


def names_known_unit(text: str) -> bool:
    """Whether a text is the name of a unit."""
    return bool(text) and any(fold(text) in factors for factors in _load_factors().values())


def _find_role(text: str) -> str | None:
    means = load_target_words().get(text)
    return means if means in TARGET_COLUMNS else None


@cache
def _load_factors() -> Mapping[str, Mapping[str, Decimal]]:
    """By unit, what figures in units of other names are multiplied by."""
    found: dict[str, dict[str, Decimal]] = {}
    for name in ("statistic_units", "target_units"):
        for row in standards.read_rows(name):
            found.setdefault(row["unit"], {})[fold(row["alias"])] = Decimal(row["factor"])
    return found
