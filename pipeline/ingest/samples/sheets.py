"""Sheets of CSV, Excel, JSON and vector files as grids of text, rows numbered as a spreadsheet counts."""

import csv
import io
import warnings
import zipfile
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from xml.etree.ElementTree import ParseError

import numpy as np
import pandas as pd

from pipeline.errors import InputError, Problem
from pipeline.ingest.samples.objects import JSON_SUFFIXES, POINT_SUFFIXES, Grid, json_grid, layer_grids
from pipeline.ingest.zip_files import MOST_WORKBOOK_BYTES, refuse_bomb

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

TEXT_SUFFIXES = frozenset({".csv", ".txt", ".tsv"})
EXCEL_SUFFIXES = frozenset({".xlsx", ".xlsm"})

ENCODINGS = ("utf-8-sig", "gb18030")
_DELIMITERS = ",\t;"
_EXCEL_DIGITS = 15
_MOST_CELLS = 50_000_000
_FIRST_RECORD = 2


@dataclass(frozen=True)
class Sheet:
    """One sheet: `cells` are texts, indexed by row number from 1; an empty cell is an empty text.

    Cells under a merge repeat its text; `merged` marks those repetitions. `name` is empty for text files.
    `points` are `lon` and `lat` of the rows of a vector file, NaN without a place, None for other files.
    """

    file: str
    name: str
    cells: pd.DataFrame
    merged: pd.DataFrame
    points: pd.DataFrame | None = None


def read_sheets(path: Path) -> list[Sheet]:
    """All sheets of a CSV file (UTF-8 with or without BOM, GB18030), a workbook, a JSON release or points.

    What is no spreadsheet has its headings in row 1 and its first record in row 2.

    Raises InputError where the file cannot be opened as what its suffix says.
    """
    suffix = path.suffix.lower()
    try:
        if suffix in TEXT_SUFFIXES:
            return [_text_sheet(path)]
        if suffix in EXCEL_SUFFIXES:
            return _excel_sheets(path)
        if suffix in JSON_SUFFIXES | POINT_SUFFIXES:
            return _object_sheets(path)
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error), "a readable file") from error
    raise _unreadable(
        path, f"the suffix {suffix!r}", "CSV, XLSX, Parquet, JSON or GPKG", "Save it as .xlsx or .csv"
    )


def _unreadable(path: Path, found: str, expected: str, todo: str = "") -> InputError:
    return InputError(f"{path.name} cannot be read", [Problem(path.name, found, expected, todo)])


def _object_sheets(path: Path) -> list[Sheet]:
    try:
        is_json = path.suffix.lower() in JSON_SUFFIXES
        grids = {"": json_grid(path)} if is_json else layer_grids(path)
    except ValueError as error:
        raise _unreadable(path, "something else", f"a table ({error})") from error
    return [_record_sheet(path, name, grid) for name, grid in grids.items()]


def _record_sheet(path: Path, name: str, grid: Grid) -> Sheet:
    sheet = _sheet(path, name, grid.cells, grid.cells.isna())
    if grid.points is None:
        return sheet
    rows = range(_FIRST_RECORD, _FIRST_RECORD + len(grid.points))
    return replace(sheet, points=grid.points.set_axis(rows))


def _text_sheet(path: Path) -> Sheet:
    text = _decoded(path)
    delimiter = max(_DELIMITERS, key=lambda mark: sum(line.count(mark) for line in islice(_lines(text), 50)))
    try:
        cells = _quoted(text, delimiter)
    except (csv.Error, pd.errors.ParserError, pd.errors.ParserWarning):
        # a quotation mark that is never closed is a character like any other
        width = max((line.count(delimiter) for line in _lines(text)), default=0) + 1
        cells = _split(text, delimiter, width, csv.QUOTE_NONE)
    return _sheet(path, "", cells, cells.isna())


def _lines(text: str) -> io.StringIO:
    # str.splitlines would also split at separators that CSV knows nothing of
    return io.StringIO(text, newline=None)


def _quoted(text: str, delimiter: str) -> pd.DataFrame:
    """Cells of a text whose cells may be quoted and then hold delimiters and line ends."""
    width = max((line.count(delimiter) for line in _lines(text)), default=0) + 1
    if '"' in text:
        records = csv.reader(_lines(text), delimiter=delimiter)
        width = max(width, *(len(record) for record in records))
    with warnings.catch_warnings():
        # pandas only warns when it drops cells beyond the width
        warnings.simplefilter("error", pd.errors.ParserWarning)
        return _split(text, delimiter, width, csv.QUOTE_MINIMAL)


def _decoded(path: Path) -> str:
    content = path.read_bytes()
    for encoding in ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _unreadable(path, "bytes that are neither", "UTF-8 or GB18030 (GBK)", "Save it as CSV UTF-8")


def _split(text: str, delimiter: str, width: int, quoting: Literal[0, 3]) -> pd.DataFrame:
    return pd.read_csv(
        io.StringIO(text),
        sep=delimiter,
        quoting=quoting,
        header=None,
        names=range(width),
        dtype=str,
        keep_default_na=False,
        skip_blank_lines=False,
        index_col=False,
    )


def _excel_sheets(path: Path) -> list[Sheet]:
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    refuse_bomb(path, MOST_WORKBOOK_BYTES)
    try:
        with warnings.catch_warnings():
            # what openpyxl cannot keep (styles, validation lists) is not read here
            warnings.filterwarnings("ignore", module="openpyxl")
            workbook = openpyxl.load_workbook(path, data_only=True)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, TypeError, ParseError) as error:
        raise _unreadable(path, str(error) or type(error).__name__, "an Excel workbook") from error
    return [_excel_sheet(path, worksheet) for worksheet in workbook.worksheets]


def _excel_sheet(path: Path, worksheet: "Worksheet") -> Sheet:
    shape = (worksheet.max_row, worksheet.max_column)
    if shape[0] * shape[1] > _MOST_CELLS:
        found = f"sheet {worksheet.title}: {shape[0]} rows and {shape[1]} columns"
        todo = "Delete the empty rows and columns behind the table, in which something was once typed"
        raise _unreadable(path, found, f"at most {_MOST_CELLS} cells", todo)
    cells = pd.DataFrame(
        [[_text(value) for value in row] for row in worksheet.iter_rows(values_only=True)],
        index=range(shape[0]),
        columns=range(shape[1]),
        dtype=str,
    ).to_numpy(dtype=object)
    merged = np.zeros(shape, dtype=bool)
    for area in worksheet.merged_cells.ranges:
        window = np.s_[area.min_row - 1 : area.max_row, area.min_col - 1 : area.max_col]
        cells[window] = cells[area.min_row - 1, area.min_col - 1]
        merged[window] = True
        merged[area.min_row - 1, area.min_col - 1] = False
    return _sheet(path, worksheet.title, pd.DataFrame(cells, dtype=str), pd.DataFrame(merged))


def _text(value: object) -> str:
    """A cell as Excel shows it: numbers to 15 digits, moments as ISO 8601."""
    match value:
        case None:
            return ""
        case bool():
            return str(value)
        case float():
            return format(value, f".{_EXCEL_DIGITS}g")
        case datetime():
            return value.isoformat(sep=" ")
        case _:
            return str(value)


def _sheet(path: Path, name: str, cells: pd.DataFrame, merged: pd.DataFrame) -> Sheet:
    rows = range(1, len(cells) + 1)
    return Sheet(path.name, name, cells.fillna("").set_axis(rows), merged.set_axis(rows))
