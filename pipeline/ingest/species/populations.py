"""Dated estimates of populations, which waterbirds are held against."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import pandas as pd

from pipeline.ingest.rejects import Reject
from pipeline.ingest.samples.figures import read_numbers
from pipeline.ingest.samples.headings import fold
from pipeline.ingest.species import faults
from pipeline.ingest.species.entries import Entry, read_entries
from pipeline.ingest.species.names import KnownSpecies, SpeciesNames
from pipeline.ingest.species.words import load_species_words
from pipeline.ingest.statistics.figures import Unusable
from pipeline.settings.species import SpeciesTable

_TIMES = {"万": 10_000.0, "千": 1_000.0, "百": 100.0}
_YEARS = range(1950, 2100)
_APART = 2.0
_PER_CENT = 100


@dataclass(frozen=True)
class PopulationEstimate:
    """The population of a species, None where only 1 % of it is told, and that 1 %, in individuals."""

    species: KnownSpecies
    name: str | None
    population: float | None
    one_percent: float
    year: int
    source: str | None
    entry: Entry


def read_estimates(table: SpeciesTable, names: SpeciesNames) -> tuple[list[PopulationEstimate], list[Reject]]:
    """The latest estimate of each species, and rows that are not used.

    1 % is the table's own where it gives one, else a hundredth of the population. Not used are rows without a
    year or a number, those whose two numbers are more than twofold apart, older estimates, and those of
    species with several populations of one year. Raises InputError as `read_entries`.
    """
    entries = read_entries("populations", table, ["species"])
    read = [_try_entry(entry, names) for entry in entries]
    estimates = [one for one in read if isinstance(one, PopulationEstimate)]
    kept, lost = _choose_latest(estimates)
    return kept, [*(one for one in read if isinstance(one, Reject)), *lost]


def _try_entry(entry: Entry, names: SpeciesNames) -> PopulationEstimate | Reject:
    try:
        return _read_entry(entry, names)
    except Unusable as fault:
        return entry.reject(fault.role, fault.advice, **fault.facts)


def _read_entry(entry: Entry, names: SpeciesNames) -> PopulationEstimate:
    texts = entry.texts
    species = names.find(texts.get("species", ""), texts.get("latin", ""))
    year = texts.get("estimate_year", "").removesuffix("年").removesuffix(".0")
    if not (year.isdigit() and int(year) in _YEARS):
        raise Unusable(faults.UNDATED_ESTIMATE, role="estimate_year")
    population, told = (_read_individuals(entry, role) for role in ("population_estimate", "one_percent"))
    if population is None and told is None:
        raise Unusable(faults.NOT_AN_ESTIMATE, role="one_percent")
    one_percent = told if told is not None else (population or 0) / _PER_CENT
    if population is not None and not 1 / _APART <= one_percent * _PER_CENT / population <= _APART:
        raise Unusable(faults.ESTIMATES_DIFFER, role="one_percent", one_percent=f"{population / _PER_CENT:g}")
    return PopulationEstimate(
        species, texts.get("population_name"), population, one_percent, int(year), texts.get("source"), entry
    )


def _read_individuals(entry: Entry, role: str) -> float | None:
    """A number of individuals; None where there is none, Unusable where it is not above 0."""
    text = fold(entry.texts.get(role, ""))
    if not text:
        return None
    unit = entry.units.get(role, "")
    for word in sorted(load_species_words("individual"), key=len, reverse=True):
        text, unit = text.removesuffix(word), unit.removesuffix(word)
    times = _TIMES.get(unit, 1.0 if not unit else float("nan")) * _TIMES.get(text[-1:], 1.0)
    number = read_numbers(pd.Series([text.rstrip("".join(_TIMES))], dtype=str))["value"].iloc[0] * times
    if not number > 0:
        raise Unusable(faults.NOT_AN_ESTIMATE, role=role)
    return float(number)


def _choose_latest(estimates: Iterable[PopulationEstimate]) -> tuple[list[PopulationEstimate], list[Reject]]:
    kept: list[PopulationEstimate] = []
    lost: list[Reject] = []
    for _, group in groupby(sorted(estimates, key=lambda one: one.species), key=lambda one: one.species):
        rows = sorted(group, key=lambda one: one.year)
        latest = [one for one in rows if one.year == rows[-1].year]
        kept += latest if len(latest) == 1 else []
        lost += _reject_others(rows, latest)
    return kept, lost


def _reject_others(
    rows: Sequence[PopulationEstimate], latest: Sequence[PopulationEstimate]
) -> Iterator[Reject]:
    for one in rows:
        if one not in latest:
            yield one.entry.reject("estimate_year", faults.SUPERSEDED, place=latest[-1].entry.place)
        elif len(latest) > 1:
            other = latest[1] if one is latest[0] else latest[0]
            yield one.entry.reject("population_name", faults.SEVERAL_POPULATIONS, place=other.entry.place)
