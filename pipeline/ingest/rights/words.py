"""What headings, units and words in registers of rights mean, by the tables of the standards."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

from pipeline import standards
from pipeline.ingest.samples.headings import BRACKETED, fold

_YEAR_BEFORE = re.compile(r"((?:19|20)[0-9]{2})年?度?(?P<rest>[^0-9].*)")
_YEAR = re.compile(r"((?:19|20)[0-9]{2})年?度?")
_BRACKETS = "()[]"

AMOUNTS = ("granted", "used", "traded", "bought", "sold")
"""What an amount may be; a resource stands behind it, or in a column of its own."""


@dataclass(frozen=True)
class RightsHeading:
    """What a column is of by our name; the unit and the year that its heading tells.

    `ours` is None where nothing is known of it; `note` is what else stands in brackets.
    """

    ours: str | None
    unit: str | None = None
    year: int | None = None
    note: str = ""


@cache
def load_fields(kind: str) -> Mapping[str, str]:
    """Our names by theirs, those of a kind of register before those of all."""
    rows = standards.read_rows("rights_fields")
    of_all, own = ([row for row in rows if row["kind"] == name] for name in ("*", kind))
    return {fold(row["theirs"]): row["ours"] for row in [*of_all, *own]}


@cache
def load_right_words(means: str) -> frozenset[str]:
    """Words that mean the same."""
    rows = standards.read_rows("rights_words")
    return frozenset(fold(row["alias"]) for row in rows if row["means"] == means)


@cache
def _load_factors() -> Mapping[str, Mapping[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for row in standards.read_rows("rights_units"):
        found.setdefault(fold(row["alias"]), {})[row["unit"]] = float(row["factor"])
    return found


def is_amount_unit(text: str) -> bool:
    """Whether a text is the name of a unit."""
    return fold(text).strip(_BRACKETS) in _load_factors()


def find_conversion(unit: str, told: str) -> float | None:
    """What amounts in a unit that is told are multiplied by to be in another; None where they cannot be."""
    return _load_factors().get(fold(told).strip(_BRACKETS), {}).get(unit)


@cache
def load_resources() -> Mapping[str, Mapping[str, str]]:
    """Rows of `rights_resources` by resource."""
    return {row["resource"]: row for row in standards.read_rows("rights_resources")}


@cache
def index_resources() -> Mapping[str, str]:
    """Resources by the names that columns of pollutants have."""
    rows = load_resources().values()
    return {fold(alias): row["resource"] for row in rows for alias in row["aliases"].split(";") if alias}


def find_amount_unit(ours: str) -> str:
    """The unit that a column is kept in: of an area, of money, of the resource behind an amount."""
    plain = {"area": "m2", "total": "yuan"}
    return plain.get(ours) or load_resources()[ours.partition(".")[2]]["unit"]


@cache
def read_rights_heading(kind: str, text: str, given: tuple[tuple[str, str], ...] = ()) -> RightsHeading:
    """What a heading says in a register of some kind; `given` are theirs and ours by the config."""
    known = {**load_fields(kind), **{fold(theirs): ours for theirs, ours in given}}
    return _read(fold(text), known)


def _read(text: str, known: Mapping[str, str]) -> RightsHeading:
    if text in known:
        return RightsHeading(known[text])
    if before := _YEAR_BEFORE.fullmatch(text):
        rest = _read(before["rest"], known)
        return replace(rest, year=rest.year or int(before[1])) if rest.ours else rest
    if parts := BRACKETED.fullmatch(text):
        return _read_brackets(parts["base"], parts["inner"], known)
    return _split_bare_unit(text, known) or RightsHeading(None)


def _read_brackets(base: str, inner: str, known: Mapping[str, str]) -> RightsHeading:
    """What stands before brackets, with the unit or year inside; or both together: 有效期（起）."""
    if base + inner in known:
        return RightsHeading(known[base + inner])
    rest = _read(base, known)
    if year := _YEAR.fullmatch(inner):
        return replace(rest, year=int(year[1]))
    if is_amount_unit(inner):
        return replace(rest, unit=inner)
    return replace(rest, note=inner)


def _split_bare_unit(text: str, known: Mapping[str, str]) -> RightsHeading | None:
    """A name and the unit at its end: 取水量/万m3, 面积亩."""
    for unit in sorted(_load_factors(), key=len, reverse=True):
        base = text.removesuffix(unit).rstrip("/,_:;")
        if text.endswith(unit) and base in known:
            return RightsHeading(known[base], unit)
    return None
