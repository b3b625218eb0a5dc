"""Surveys of species with the tables beside them: records of an area, its sites, estimates, habitats."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from pipeline.aoi import Aoi
from pipeline.errors import InputError, Problem, SettingsError
from pipeline.ingest import rejects as said
from pipeline.ingest.parcels.holders import mask_persons
from pipeline.ingest.rejects import Reject, explain_rejects, tabulate_rejects
from pipeline.ingest.samples.opening import find_paths, read_sheets
from pipeline.ingest.samples.sheets import Sheet
from pipeline.ingest.species import faults
from pipeline.ingest.species.entries import read_entries
from pipeline.ingest.species.facts import SurveyFacts, SurveyWords
from pipeline.ingest.species.layouts import find_survey_tables
from pipeline.ingest.species.names import SpeciesNames, read_species_names
from pipeline.ingest.species.populations import PopulationEstimate, read_estimates
from pipeline.ingest.species.records import Record, read_survey_records
from pipeline.ingest.species.repeats import join_repeats
from pipeline.ingest.species.sites import Site, Sites, read_sites
from pipeline.ingest.species.titles import find_year
from pipeline.ingest.statistics.figures import Unusable
from pipeline.settings.species import Species, SpeciesTable, SurveyFile

_NEEDED = ("surveys", "names", "sites")
_RECORD_COLUMNS = [
    "species", "latin", "species_group", "surveyed_group", "site_id", "site", "site_complex", "first_day",
    "last_day", "survey_date", "count_low", "count_high", "count_about", "counted", "survey_method",
    "observers", "file", "sheet", "row",
]  # fmt: skip
_RECORD_TYPES = {"count_low": float, "count_high": float, "count_about": bool, "counted": bool, "row": int}


class SpeciesTables(NamedTuple):
    """What surveys tell of an area.

    `records` (contracts.SPECIES_RECORDS without periods), `sites` of the area, `estimates` of populations,
    None where no table gives any, `habitats` with `site_id` and `parcel` and where they stand, and `rejects`.
    """

    records: pd.DataFrame
    sites: pd.DataFrame
    estimates: pd.DataFrame | None
    habitats: pd.DataFrame
    rejects: list[Reject]


def read_species(block: Species, aoi: Aoi) -> SpeciesTables:
    """Records of the sites of an area from tables of any form, and the tables beside them.

    Raises SettingsError for tables that the block does not name, InputError with every problem for files that
    are not there, tables of names or sites with mistakes, and surveys of which no record can be used.
    """
    _refuse_gaps(block)
    assert block.names
    assert block.sites
    names, sites = read_species_names(block.names), read_sites(block.sites)
    own = sites.list_of(aoi)
    records, lost = _read_surveys(block.surveys, names, sites)
    here = {site.site_id for site in own}
    estimates, undone = read_estimates(block.populations, names) if block.populations else ([], [])
    habitats, unplaced = _read_habitats(block.habitats, sites, here)
    return SpeciesTables(
        _tabulate_records([one for one in records if one.site.site_id in here]),
        _tabulate_sites(own),
        _tabulate_estimates(estimates) if block.populations else None,
        habitats,
        [*lost, *undone, *unplaced],
    )


def _refuse_gaps(block: Species) -> None:
    problems = [
        Problem(f"species.{name}", "nothing", "a file", "docs/species.md")
        for name in _NEEDED
        if not getattr(block, name)
    ]
    if problems:
        raise SettingsError("Surveys of species lack tables", problems)


def _read_surveys(
    files: Sequence[SurveyFile], names: SpeciesNames, sites: Sites
) -> tuple[list[Record], list[Reject]]:
    missing = [
        Problem("species.surveys", f"{file.path} does not exist", "a file or pattern")
        for file in files
        if not find_paths(file.path)
    ]
    if missing:
        raise InputError("Surveys cannot be found", missing)
    records: list[Record] = []
    lost: list[Reject] = []
    for file in files:
        for path in find_paths(file.path):
            read, more = _read_file(path, file, names, sites)
            records += read
            lost += more
    if not records:
        found = explain_rejects(tabulate_rejects(lost))
        raise InputError("No record of the surveys can be used", found)
    kept, more = join_repeats(records)
    return kept, [*lost, *more]


def _read_file(
    path: Path, file: SurveyFile, names: SpeciesNames, sites: Sites
) -> tuple[list[Record], list[Reject]]:
    try:
        sheets = read_sheets(path)
    except InputError as error:
        found = "; ".join(f"{problem.found}, not {problem.expected}" for problem in error.problems)
        return [], [Reject(path.name, "", 0, "", found, said.UNREADABLE)]
    records: list[Record] = []
    lost: list[Reject] = []
    for sheet in sheets:
        words = SurveyWords(names, sites, file, file.year or _find_year(path, sheet))
        for read, more in _read_sheet(sheet, file, words):
            records += read
            lost += more
    return records, lost


def _find_year(path: Path, sheet: Sheet) -> int | None:
    """The year of a sheet by its first rows and its name, else by the name of its file."""
    first = [text for row in sheet.head[:3] for text in row]
    return find_year(first) or find_year([sheet.name]) or find_year([path.stem])


def _read_sheet(
    sheet: Sheet, file: SurveyFile, words: SurveyWords
) -> Iterator[tuple[list[Record], list[Reject]]]:
    """Records and rejects of each table of a sheet, after what its workbook says of it."""
    if sheet.is_empty:
        return
    if sheet.traits.is_hidden:
        yield [], [Reject(sheet.file, sheet.name, 0, "", sheet.name, said.HIDDEN)]
        return
    yield (
        [],
        [_reject_sheet(sheet, f"{remark}: {found}", said.SAID) for found, remark in sheet.traits.remarks],
    )
    layouts = find_survey_tables(sheet, words)
    if not layouts:
        yield [], [_reject_sheet(sheet, " ".join(sheet.head[0])[:60], faults.NO_HEADINGS)]
    given = SurveyFacts(
        site=file.site or "", method=file.method or "", species_group=file.species_group or ""
    )
    for layout in layouts:
        yield read_survey_records(sheet, layout, words, given)


def _reject_sheet(sheet: Sheet, found: str, advice: said.Advice) -> Reject:
    return Reject(sheet.file, sheet.name, 0, "", found, advice)


def _read_habitats(
    table: SpeciesTable | None, sites: Sites, here: set[str]
) -> tuple[pd.DataFrame, list[Reject]]:
    """Pairs of a site of the area and a parcel as the table writes it, with file, sheet and row."""
    rows, lost = [], []
    for entry in read_entries("habitats", table, ["site", "parcel"]) if table else []:
        try:
            site = sites.find(entry.texts.get("site", ""))
        except Unusable as fault:
            lost.append(entry.reject("site", fault.advice, **fault.facts))
            continue
        if site.site_id in here:
            rows.append([site.site_id, entry.texts.get("parcel", ""), entry.file, entry.sheet, entry.row])
    return pd.DataFrame(rows, columns=["site_id", "parcel", "file", "sheet", "row"]), lost


def _tabulate_records(records: Sequence[Record]) -> pd.DataFrame:
    rows = [
        {
            "species": one.species.name if one.species else None,
            "latin": one.species.latin if one.species else None,
            "species_group": one.species.group if one.species else one.group,
            "surveyed_group": one.group,
            "site_id": one.site.site_id,
            "site": one.site.name,
            "site_complex": one.site.complex_name,
            "first_day": one.days.first,
            "last_day": one.days.last,
            "survey_date": str(one.days),
            "count_low": one.count.low,
            "count_high": one.count.high,
            "count_about": one.count.is_about,
            "counted": one.count.is_counted,
            "survey_method": one.method or None,
            "observers": one.observers or None,
            "file": one.file,
            "sheet": one.sheet,
            "row": one.row,
        }
        for one in records
    ]
    table = pd.DataFrame(rows, columns=_RECORD_COLUMNS).astype(_RECORD_TYPES)
    masked = np.array([one.source.mask_observers for one in records], dtype=bool)
    hidden = table["observers"].mask(masked, mask_persons(table["observers"]))
    nulls = {name: table[name].astype(object) for name in ("species", "latin", "survey_method")}
    texts = {**nulls, "observers": hidden.astype(object)}
    return table.assign(**{name: text.where(text.notna(), None) for name, text in texts.items()})


def _tabulate_sites(sites: Sequence[Site]) -> pd.DataFrame:
    rows = [(one.site_id, one.name, one.complex_name, one.lon, one.lat) for one in sites]
    table = pd.DataFrame(rows, columns=["site_id", "site", "site_complex", "lon", "lat"])
    return table.astype({"lon": float, "lat": float})


def _tabulate_estimates(estimates: Sequence[PopulationEstimate]) -> pd.DataFrame:
    rows = [
        (one.species.name, one.one_percent, one.name, one.population, one.year, one.source)
        for one in estimates
    ]
    names = ["species", "one_percent", "population_name", "population_estimate", "estimate_year", "source"]
    return pd.DataFrame(rows, columns=names)
