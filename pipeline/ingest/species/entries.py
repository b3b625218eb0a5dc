"""Rows of the tables that stand beside surveys: names, populations, sites, habitats."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import InputError, Problem
from pipeline.ingest.rejects import Advice, Reject
from pipeline.ingest.samples.cells import tidy_name
from pipeline.ingest.samples.headings import fold
from pipeline.ingest.samples.layouts import HEADING_ROWS
from pipeline.ingest.samples.opening import find_paths, read_sheets
from pipeline.ingest.samples.sheets import Sheet
from pipeline.ingest.species.words import load_headings, split_heading
from pipeline.settings.species import SpeciesTable


@dataclass(frozen=True)
class Entry:
    """A row of a table: texts by role, without those of blank cells, and the headings and units of roles."""

    file: str
    sheet: str
    row: int
    texts: Mapping[str, str]
    headings: Mapping[str, str]
    units: Mapping[str, str]

    @property
    def place(self) -> str:
        """Where it stands, as a message names it."""
        return ", ".join(part for part in (self.file, self.sheet, f"row {self.row}") if part)

    def find_problem(self, role: str, expected: str, todo: str = "") -> Problem:
        """That what stands in a column is not what should."""
        column = self.headings.get(role, role)
        return Problem(f"{self.place}, {column}", self.texts.get(role) or "nothing", expected, todo)

    def reject(self, role: str, advice: Advice, **facts: object) -> Reject:
        """Why it is not used."""
        column = self.headings.get(role, role)
        return Reject(self.file, self.sheet, self.row, column, self.texts.get(role, ""), advice).fill(**facts)


def read_entries(kind: str, table: SpeciesTable, needed: Sequence[str]) -> list[Entry]:
    """Rows of a kind of table in all its files and sheets, whose headings must name the roles `needed`.

    Columns are found by the headings that `table.columns` gives, else by those of `species_headings`. Points
    of a vector file are `lon` and `lat`. Raises InputError, with every mistake, for a path that leads nowhere
    and files without such headings.
    """
    paths = find_paths(table.path)
    if not paths:
        missing = Problem(f"species.{kind}", f"{table.path} does not exist", "a file")
        raise InputError("A table of species cannot be found", [missing])
    entries: list[Entry] = []
    problems: list[Problem] = []
    for path in paths:
        found = [part for sheet in read_sheets(path) if (part := _read_sheet(kind, sheet, table, needed))]
        entries += [entry for part in found for entry in part]
        problems += [] if found else [_explain_headings(kind, path, needed)]
    if problems:
        raise InputError("A table of species has no headings", problems)
    return entries


def _explain_headings(kind: str, path: Path, needed: Sequence[str]) -> Problem:
    known = [(heading, role) for heading, role in load_headings(kind).items() if not heading.isascii()]
    usual = {role: heading for heading, role in reversed(known)}
    told = ", ".join(f"{role} ({usual[role]})" for role in needed)
    expected = f"a row of headings with {told}"
    return Problem(path.name, "none", expected, f"Write headings, or name them in species.{kind}.columns")


def _read_sheet(kind: str, sheet: Sheet, table: SpeciesTable, needed: Sequence[str]) -> list[Entry]:
    """Entries of a sheet; none where it is hidden or has not the headings."""
    roles = {**load_headings(kind), **{fold(theirs): ours for ours, theirs in table.columns.items()}}
    own = ["lon", "lat"] if sheet.points is not None else []
    for row, texts in enumerate(sheet.head[:HEADING_ROWS], 1):
        headings = [split_heading(text) for text in texts]
        named = [
            roles.get(fold(text)) or roles.get(base) for text, (base, _) in zip(texts, headings, strict=True)
        ]
        if not sheet.traits.is_hidden and set(needed) <= {*named, *own}:
            places = {role: place for place, role in reversed(list(enumerate(named))) if role}
            return [*_list_entries(sheet, row, places, texts)]
    return []


def _list_entries(
    sheet: Sheet, heading_row: int, places: Mapping[str, int], row: Sequence[str]
) -> Iterator[Entry]:
    headings = {role: row[place] for role, place in places.items()}
    units = {role: split_heading(heading)[1] for role, heading in headings.items()}
    body = sheet.cells.loc[heading_row + 1 :]
    for number, cells in zip(body.index, body.to_numpy(dtype=object).tolist(), strict=True):
        texts = {role: tidy for role, place in places.items() if (tidy := tidy_name(str(cells[place])))}
        if sheet.points is not None and "lon" not in places:
            texts |= {axis: repr(float(sheet.points[axis][number])) for axis in ("lon", "lat")}
        if texts:
            yield Entry(sheet.file, sheet.name, int(number), texts, headings, units)
