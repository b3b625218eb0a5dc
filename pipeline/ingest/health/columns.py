"""Tables about rivers and lakes: the sheets of their files, the row of headings, what each column is."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import InputError, Problem
from pipeline.ingest import rejects
from pipeline.ingest.health.words import load_roles, split_unit
from pipeline.ingest.rejects import Reject, explain_rejects, tabulate_rejects
from pipeline.ingest.samples.cells import NOTHING
from pipeline.ingest.samples.headings import fold
from pipeline.ingest.samples.opening import find_paths, read_sheets
from pipeline.ingest.samples.sheets import Sheet

_HEADING_ROWS = 12
_LEAST_NAMED = 2


@dataclass(frozen=True)
class Column:
    """A column of a table: its heading, the unit in it or of it, and the role that it has, None for none."""

    place: int
    heading: str
    role: str | None
    unit: str | None


@dataclass(frozen=True)
class TableRow:
    """A row of a table: where it stands, and its texts by column."""

    file: str
    sheet: str
    number: int
    texts: Mapping[int, str]

    @property
    def place(self) -> str:
        """File, sheet and row, as people look for it."""
        named = f"{self.file}, {self.sheet}" if self.sheet else self.file
        return f"{named}, row {self.number}"


@dataclass(frozen=True)
class HeadedTable:
    """A sheet with its columns and the rows below its headings."""

    sheet: Sheet
    columns: tuple[Column, ...]
    first_row: int

    def find(self, role: str) -> Column | None:
        """The first column of a role."""
        return next((column for column in self.columns if column.role == role), None)

    def rows(self) -> Iterator[TableRow]:
        """Rows that hold anything."""
        for number, texts in self.sheet.cells.loc[self.first_row :].iterrows():
            row = {int(str(place)): str(text).strip() for place, text in texts.items()}
            if any(fold(text) not in NOTHING for text in row.values()):
                yield TableRow(self.sheet.file, self.sheet.name, int(str(number)), row)


def open_tables(
    pattern: str, table: str, given: Mapping[str, str], counts: Callable[[str], bool]
) -> tuple[list[HeadedTable], list[Reject]]:
    """The tables of the files of a pattern, and what of them cannot be read.

    `table` is the kind of table in `health_headings`, `given` maps roles to their headings; `counts` says of
    a heading without a role whether it names what is measured. InputError where no file fits or can be read.
    """
    paths = find_paths(pattern)
    if not paths:
        problem = Problem(
            pattern,
            "no such file",
            "a file, or a pattern that one fits",
        )
        raise InputError("Tables of the health of rivers and lakes cannot be found", [problem])
    found: list[HeadedTable] = []
    lost: list[Reject] = []
    for path in paths:
        tables, more = _open_file(path, table, given, counts)
        found += tables
        lost += more
    if all(one.advice == rejects.UNREADABLE for one in lost) and len(lost) == len(paths):
        raise InputError(
            "Tables of the health of rivers and lakes cannot be read", explain_rejects(tabulate_rejects(lost))
        )
    return found, lost


def _open_file(
    path: Path, table: str, given: Mapping[str, str], counts: Callable[[str], bool]
) -> tuple[list[HeadedTable], list[Reject]]:
    try:
        sheets = read_sheets(path)
    except InputError as error:
        said = "; ".join(f"{problem.found}, not {problem.expected}" for problem in error.problems)
        return [], [Reject(path.name, "", 0, "", said, rejects.UNREADABLE)]
    found, lost = [], []
    for sheet in sheets:
        if sheet.is_empty:
            continue
        if sheet.traits.is_hidden:
            lost.append(Reject(sheet.file, sheet.name, 0, "", sheet.name, rejects.HIDDEN))
        elif opened := _find_table(sheet, table, given, counts):
            doubled = _find_duplicates(opened)
            found += [] if doubled else [opened]
            lost += doubled
        else:
            said = " ".join(sheet.head[0])[:60]
            lost.append(Reject(sheet.file, sheet.name, 0, "", said, rejects.NO_HEADINGS))
    return found, lost


def _find_table(
    sheet: Sheet, table: str, given: Mapping[str, str], counts: Callable[[str], bool]
) -> HeadedTable | None:
    roles = load_roles(table)
    own = {fold(theirs): role for role, theirs in given.items()}
    for number, texts in enumerate(sheet.head[:_HEADING_ROWS], start=1):
        columns = tuple(_read_column(place, text, roles, own) for place, text in enumerate(texts))
        known = [column for column in columns if column.role or counts(split_unit(column.heading)[0])]
        if len({column.heading for column in known}) >= _LEAST_NAMED:
            return HeadedTable(sheet, columns, number + 1)
    return None


def _find_duplicates(table: HeadedTable) -> list[Reject]:
    """Columns that have a role which another one has as well, notes left alone."""
    roles = [column.role for column in table.columns if column.role and column.role != "note"]
    return [
        Reject(
            table.sheet.file,
            table.sheet.name,
            table.first_row - 1,
            column.heading,
            str(column.role),
            rejects.DOUBLED,
        )
        for column in table.columns
        if column.role and roles.count(column.role) > 1
    ]


def _read_column(
    place: int, text: str, roles: Mapping[str, tuple[str, str]], own: Mapping[str, str]
) -> Column:
    base, unit = split_unit(text)
    if fold(text) in own:
        return Column(place, text, own[fold(text)], unit)
    role, implied = roles.get(fold(text)) or roles.get(fold(base)) or (None, "")
    return Column(place, text, role, unit or implied or None)
