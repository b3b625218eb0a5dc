"""What headings and cells of tables about rivers and lakes mean: roles, measures, units, names of bodies."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

import pandas as pd

from pipeline import standards
from pipeline.ingest.samples.cells import narrow
from pipeline.ingest.samples.figures import read_numbers
from pipeline.ingest.samples.headings import BRACKETED, fold

_AMOUNT = re.compile(r"(?P<number>[^a-z%‰㎡\u4e00-\u9fff]*[0-9])\s*(?P<unit>\D.*)", re.IGNORECASE)
SCORE = "score"
"""The unit of a figure that is a score itself."""


@dataclass(frozen=True)
class HealthWords:
    """Names of bodies, measures and criteria by what is written, folded.

    `bodies` are ids; a name that several have is not in it. `criteria` are keys of criteria, for what is told
    as a score.
    """

    bodies: Mapping[str, str]
    criteria: Mapping[str, str]

    @classmethod
    def of(cls, bodies: Iterable[tuple[str, Iterable[str]]], criteria: Mapping[str, str]) -> "HealthWords":
        """From ids with their names, and names of criteria by key."""
        said: dict[str, set[str]] = {}
        for body, names in bodies:
            for name in {fold(body), *map(fold, names)}:
                said.setdefault(name, set()).add(body)
        single = {name: next(iter(ids)) for name, ids in said.items() if len(ids) == 1}
        return cls(single, {fold(name): key for name, key in criteria.items()})

    def find_measure(self, text: str, unit: str | None) -> str | None:
        """The measure that a text names; of a score that of its criterion, `score:` before its key."""
        plain = fold(text)
        if unit is not None and is_score(unit):
            key = self.criteria.get(plain)
            return f"{SCORE}:{key}" if key else None
        return load_measure_names().get(plain)


def split_unit(text: str) -> tuple[str, str | None]:
    """A heading and the unit in brackets behind it, None without one."""
    parts = BRACKETED.fullmatch(fold(text))
    if parts and fold(text) not in load_measure_names() and _is_unit(parts["inner"]):
        return parts["base"], parts["inner"]
    return text, None


def read_amount(text: str) -> tuple[float | None, str | None]:
    """Number and own unit of a cell such as `82%` or `12.5 km2`, each None where there is none."""
    plain = narrow(text)
    parts = _AMOUNT.fullmatch(plain)
    known = parts is not None and _is_unit(parts["unit"])
    bare = parts["number"] if parts and known else plain
    cell = read_numbers(pd.Series([bare.strip()], dtype=str)).iloc[0]
    is_number = not (pd.isna(cell["value"]) or cell["censored"] or cell["unit"])
    return (float(cell["value"]) if is_number else None), (parts["unit"] if parts and known else None)


def is_score(unit: str) -> bool:
    """Whether a unit says that a figure is a score."""
    return (SCORE, fold(unit)) in _load_factors()


def find_unit_factor(unit: str, given: str) -> float | None:
    """What values in a given unit are multiplied by to be in `unit`; None where they cannot be."""
    return _load_factors().get((unit, fold(given)))


def list_unit_names(unit: str) -> list[str]:
    """The names under which values of a unit are read."""
    return [name for known, name in _load_factors() if known == unit]


@cache
def load_measure_names() -> Mapping[str, str]:
    """Measures by what is written, folded."""
    rows = standards.read_rows("health_measures")
    named = {fold(alias): row["measure"] for row in rows for alias in row["aliases"].split(";")}
    own = {fold(row[name]): row["measure"] for row in rows for name in ("measure", "name_zh", "name_en")}
    return {**named, **own}


@cache
def load_roles(table: str) -> Mapping[str, tuple[str, str]]:
    """Role and unit of the columns of a kind of table by heading, folded; no unit is an empty text."""
    rows = standards.read_rows("health_headings")
    return {fold(row["alias"]): (row["role"], row["unit"]) for row in rows if row["table"] == table}


def _is_unit(text: str) -> bool:
    return any(name == fold(text) for _, name in _load_factors())


@cache
def _load_factors() -> Mapping[tuple[str, str], float]:
    rows = standards.read_rows("health_units")
    return {(row["unit"], fold(row["alias"])): float(row["factor"]) for row in rows}
