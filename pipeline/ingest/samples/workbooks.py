"""Worksheets of workbooks (XLSX, XLSM, XLS, ODS), their cells as Excel shows them; hidden ones as well.

calamine reads them. It holds all cells from the first to the farthest, and takes one with an error for an
empty one: `worksheet_xml` says before how far a sheet reaches, and where errors stand. Of an XLS, whose
sheets are small, it cannot; there a cell with an error is empty.
"""

import zipfile
import zlib
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum

from pipeline.errors import InputError, Problem
from pipeline.ingest.samples.batches import Mask
from pipeline.ingest.samples.cells import to_text
from pipeline.ingest.samples.sheets import Sheet
from pipeline.ingest.samples.worksheet_xml import Extent, has_error, scan_open_xml
from pipeline.ingest.zip_files import MOST_WORKBOOK_BYTES, refuse_bomb

WORKBOOK_SUFFIXES = frozenset({".xlsx", ".xlsm", ".xls", ".ods"})

_OPEN_XML = frozenset({".xlsx", ".xlsm"})
_MOST_CELLS = 50_000_000
_MOST_EXACT = 2**53
_MIDNIGHT = " 00:00:00"
_FAULTS = (CalamineError, zipfile.BadZipFile, zlib.error, KeyError, ValueError, ParseError, RuntimeError)


def read_workbook(path: Path) -> list[Sheet]:
    """The worksheets of a workbook in their order; InputError for what is none, or reaches too far."""
    refuse_bomb(path, MOST_WORKBOOK_BYTES)
    try:
        extents = scan_open_xml(path) if path.suffix.lower() in _OPEN_XML else {}
        for name, extent in extents.items():
            _refuse_size(path, name, extent.height, extent.width)
        if path.suffix.lower() == ".ods" and has_error(path):
            todo = "Mend their formulas, or save it as .xlsx"
            raise _unreadable(path, "cells with an error such as #DIV/0!", "values", todo)
        with CalamineWorkbook.from_path(path) as workbook:
            return [
                _read_worksheet(path, workbook.get_sheet_by_index(number), extents)
                for number, known in enumerate(workbook.sheets_metadata)
                if known.typ == SheetTypeEnum.WorkSheet
            ]
    except _FAULTS as error:
        found = str(error) or type(error).__name__
        raise _unreadable(path, found, "a workbook of Excel or LibreOffice") from error


def _unreadable(path: Path, found: str, expected: str, todo: str = "") -> InputError:
    return InputError(f"{path.name} cannot be read", [Problem(path.name, found, expected, todo)])


def _refuse_size(path: Path, name: str, height: int, width: int) -> None:
    if height * width > _MOST_CELLS:
        found = f"sheet {name}: {height} rows and {width} columns"
        todo = "Delete the empty rows and columns behind the table, in which something was once typed"
        raise _unreadable(path, found, f"at most {_MOST_CELLS} cells", todo)


def _read_worksheet(path: Path, worksheet: CalamineSheet, extents: Mapping[str, Extent]) -> Sheet:
    rows = worksheet.to_python(skip_empty_area=False)
    merges = worksheet.merged_cell_ranges or []
    height = max([len(rows), *(last[0] + 1 for _, last in merges)])
    width = max([*(len(row) for row in rows[:1]), *(last[1] + 1 for _, last in merges)], default=0)
    _refuse_size(path, worksheet.name, height, width)
    cells = np.full((height, width), "", dtype=object)
    for place, row in enumerate(rows):
        cells[place, : len(row)] = [_text_of(value) for value in row]
    extent = extents.get(worksheet.name)
    for (row_number, position), text in (extent.errors if extent else {}).items():
        if row_number < height and position < width:
            cells[row_number, position] = text
    repeats = _fill_merges(cells, merges) if merges else None
    return Sheet.of(path, worksheet.name, pd.DataFrame(cells, dtype=str), repeats)


def _fill_merges(cells: NDArray[np.object_], merges: list[Any]) -> Mask:
    """Repeat the first cell of each merge in its others, and tell which these are."""
    repeats = np.zeros(cells.shape, dtype=bool)
    for (top, left), (bottom, right) in merges:
        covered = np.s_[top : bottom + 1, left : right + 1]
        cells[covered] = cells[top, left]
        repeats[covered] = True
        repeats[top, left] = False
    return repeats


def _text_of(value: object) -> str:
    """A cell as a person typed it: whole numbers, which calamine gives as floats, without a point."""
    if type(value) is str:
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < _MOST_EXACT:
        return str(int(value))
    if isinstance(value, date) and not isinstance(value, datetime):
        return f"{value}{_MIDNIGHT}"
    return to_text(value)
