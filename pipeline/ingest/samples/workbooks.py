"""Worksheets of workbooks (XLSX, XLSM, XLS, ODS), their cells as Excel shows them; hidden ones as well.

calamine reads them. It holds all cells from the first to the farthest, and takes one with an error, or with a
formula that has no result, for an empty one: `notes` say how far a sheet reaches, and what calamine does not.
"""

import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from pipeline.errors import InputError, Problem
from pipeline.ingest.samples import excel_97, open_document, open_xml
from pipeline.ingest.samples.batches import Mask, Traits
from pipeline.ingest.samples.cells import to_text
from pipeline.ingest.samples.notes import SheetNotes, WorkbookNotes
from pipeline.ingest.samples.sheets import Sheet
from pipeline.zip_files import MOST_WORKBOOK_BYTES, refuse_bomb

_READERS_OF_NOTES = {
    ".xlsx": open_xml.read_notes,
    ".xlsm": open_xml.read_notes,
    ".xls": excel_97.read_notes,
    ".ods": open_document.read_notes,
}
WORKBOOK_SUFFIXES = frozenset(_READERS_OF_NOTES)

_MOST_CELLS = 50_000_000
_MOST_EXACT = 2**53
_MIDNIGHT = " 00:00:00"
_FAULTS = (CalamineError, zipfile.BadZipFile, zlib.error, KeyError, ValueError, ParseError, RuntimeError)


def read_workbook(path: Path) -> list[Sheet]:
    """The worksheets of a workbook in their order; InputError for what is none, or reaches too far."""
    refuse_bomb(path, MOST_WORKBOOK_BYTES)
    try:
        notes = _READERS_OF_NOTES[path.suffix.lower()](path)
        with CalamineWorkbook.from_path(path) as workbook:
            return list(_read_worksheets(path, workbook, notes))
    except _FAULTS as error:
        found = str(error) or type(error).__name__
        raise _unreadable(path, found, "a workbook of Excel or LibreOffice") from error


def _read_worksheets(path: Path, workbook: CalamineWorkbook, notes: WorkbookNotes) -> Iterator[Sheet]:
    known = workbook.sheets_metadata
    sheets = list(zip(known, notes.sheets or [SheetNotes() for _ in known], strict=True))
    for metadata, own in sheets:
        _refuse_size(path, metadata.name, *own.extent)
    for number, (metadata, own) in enumerate(sheets):
        if metadata.typ == SheetTypeEnum.WorkSheet:
            cells, repeats, percents = _read_cells(path, workbook.get_sheet_by_index(number), own)
            is_hidden = metadata.visible != SheetVisibleEnum.Visible
            traits = Traits(is_hidden, notes.day_0, tuple(own.list_remarks(*cells.shape)))
            table = pd.DataFrame(cells, dtype=str)
            yield Sheet.of(path, metadata.name, table, repeats, traits=traits, percents=percents)


def _unreadable(path: Path, found: str, expected: str, todo: str = "") -> InputError:
    return InputError(f"{path.name} cannot be read", [Problem(path.name, found, expected, todo)])


def _refuse_size(path: Path, name: str, height: int, width: int) -> None:
    if height * width > _MOST_CELLS:
        found = f"sheet {name}: {height} rows and {width} columns"
        todo = "Delete the empty rows and columns behind the table, in which something was once typed"
        raise _unreadable(path, found, f"at most {_MOST_CELLS} cells", todo)


def _read_cells(
    path: Path, worksheet: CalamineSheet, notes: SheetNotes
) -> tuple[NDArray[np.object_], Mask | None, Mask | None]:
    """Texts of the cells as its format or its formula has them, which repeat a merge, which show percents."""
    rows = worksheet.to_python(skip_empty_area=False)
    merges = [*(worksheet.merged_cell_ranges or []), *notes.merges]
    ends = [(len(rows) - 1, len(rows[0]) - 1)] if rows else []
    ends += [*notes.texts, *notes.percents, *(last for _, last in merges)]
    height, width = (max((end[axis] + 1 for end in ends), default=0) for axis in (0, 1))
    _refuse_size(path, worksheet.name, height, width)
    cells = np.full((height, width), "", dtype=object)
    for number, row in enumerate(rows):
        cells[number, : len(row)] = [_text_of(value) for value in row]
    for place, text in notes.texts.items():
        cells[place] = text
    percents = np.zeros(cells.shape, dtype=bool)
    for place in notes.percents:
        percents[place] = True
    repeats = _fill_merges(cells, percents, merges) if merges else None
    return cells, repeats, percents if notes.percents else None


def _fill_merges(cells: NDArray[np.object_], percents: Mask, merges: list[Any]) -> Mask:
    """Repeat the first cell of each merge in its others, and tell which these are."""
    repeats = np.zeros(cells.shape, dtype=bool)
    for (top, left), (bottom, right) in merges:
        covered = np.s_[top : bottom + 1, left : right + 1]
        cells[covered] = cells[top, left]
        percents[covered] = percents[top, left]
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
