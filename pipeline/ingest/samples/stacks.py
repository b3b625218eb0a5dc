"""Tables one below the other in a sheet, and side by side: every row of headings begins another one."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from pipeline.ingest.samples.batches import Batch, SampleTable
from pipeline.ingest.samples.headings import Name
from pipeline.ingest.samples.layouts import (
    KEYS,
    ROWS_ABOVE,
    SheetLayout,
    find_layout,
    names_key,
    read_layouts,
    read_names,
)
from pipeline.ingest.samples.sheets import Sheet
from pipeline.ingest.samples.unit_lines import UnitLine, may_state_unit, read_unit_line

_HAS_LETTER = re.compile(r"[^\W\d_]")
_LONGEST_HEADING = 80
_ROWS_BELOW = 3


@dataclass(frozen=True)
class TablePart:
    """Rows of a table that are read by one layout; `layout` is None below headings that lack something."""

    table: SampleTable
    heading_row: int
    layout: SheetLayout | None

    @property
    def first_row(self) -> int:
        """Number of its first row below the headings."""
        return self.layout.first_row if self.layout else self.heading_row + 1


def split_tables(table: SampleTable, mapping: Mapping[str, str]) -> list[list[TablePart]]:
    """The tables of a sheet, each as the parts that have the same columns and units; empty without headings.

    Headings that come again, as on every page, go on with the table that has them.
    """
    groups: list[list[TablePart]] = []
    for part in _divide_sheet(table, mapping) if isinstance(table, Sheet) else _take(table, mapping):
        same = (group for group in groups if part.layout and part.layout.has_columns_of(group[0].layout))
        group = next(same, None)
        if group is None:
            groups.append([part])
        else:
            group.append(part)
    return groups


def needs_whole(batch: Batch, layout: SheetLayout, mapping: Mapping[str, str]) -> bool:
    """Whether a batch holds headings, a line of units, or commas in numbers: the whole table decides then."""
    if batch.find_marks(layout.number_positions).told:
        return True
    texts = [text for text in batch.list_texts(batch.cells) if _may_be_heading(text)]
    places = [layout.position(role) for role in KEYS]
    own = batch.list_texts(place for place in places if place is not None)
    return (
        any(name and name.means in KEYS for name in read_names(texts, mapping))
        or any(read_names(list(filter(_may_be_heading, own)), mapping))
        or any(may_state_unit(text) and read_unit_line([text]) for text in texts)
    )


def _take(table: SampleTable, mapping: Mapping[str, str]) -> Iterator[TablePart]:
    first = find_layout(table.head, mapping)
    for layout in read_layouts(table.head, first.heading_row, mapping) if first else []:
        yield TablePart(table, layout.heading_row, layout)


def _divide_sheet(sheet: Sheet, mapping: Mapping[str, str]) -> Iterator[TablePart]:
    heading_rows, unit_rows = _find_marked_rows(sheet, mapping)
    behind = [row for row in unit_rows if not heading_rows or row > heading_rows[-1]]
    lines = (read_unit_line(_list_texts(sheet, row, row)[0]) for row in behind)
    known = next((line for line in lines if line), None)
    first = find_layout(sheet.head, mapping, known)
    if first is None:
        return
    starts = list(_find_starts(sheet, mapping, first, heading_rows, known))
    ends = [row - 1 for row, _ in starts[1:]] + [len(sheet.cells)]
    for (row, layouts), last_row in zip(starts, ends, strict=True):
        part = replace(sheet, cells=sheet.cells.loc[:last_row])
        # headings right below headings say the same once more
        if not layouts:
            yield TablePart(part, row, None)
        elif layouts[0].first_row <= last_row or len(starts) == 1:
            yield from (TablePart(part, row, layout) for layout in layouts)


def _find_starts(
    sheet: Sheet,
    mapping: Mapping[str, str],
    first: SheetLayout,
    heading_rows: list[int],
    known: UnitLine | None,
) -> Iterator[tuple[int, list[SheetLayout]]]:
    """Rows of headings, and the layouts of the tables below each; none where they lack something."""
    free = first.heading_row
    for row in sorted({first.heading_row, *heading_rows}):
        if row < free:
            continue
        top = max(1, row - ROWS_ABOVE)
        window = _list_texts(sheet, top, row + _ROWS_BELOW)
        layouts = [layout.shift(top - 1) for layout in read_layouts(window, row - top + 1, mapping, known)]
        yield row, layouts
        free = layouts[0].first_row if layouts else row + 1
        known = (layouts[0].unit_line if layouts else None) or known


def _list_texts(sheet: Sheet, first_row: int, last_row: int) -> list[list[str]]:
    texts: list[list[str]] = sheet.cells.loc[first_row:last_row].to_numpy(dtype=object).tolist()
    return texts


def _find_marked_rows(sheet: Sheet, mapping: Mapping[str, str]) -> tuple[list[int], list[int]]:
    """Rows that can only be headings, and rows that may say units; each distinct text is looked at once."""
    is_named = np.zeros(len(sheet.cells), dtype=np.int64)
    says_unit = np.zeros(len(sheet.cells), dtype=bool)
    known: dict[str, Name | None] = {}
    for position in sheet.cells.columns:
        codes, texts = pd.factorize(sheet.cells[position].to_numpy(dtype=object))
        new = [text for text in texts if text not in known and _may_be_heading(text)]
        known |= dict(zip(new, read_names(new, mapping), strict=True))
        is_named += np.array([known.get(text) is not None for text in texts], dtype=bool)[codes]
        says_unit |= np.array([may_state_unit(text) for text in texts], dtype=bool)[codes]
    several = sheet.cells[is_named > 1]
    headings = [
        int(row)
        for row, texts in zip(several.index, several.to_numpy(dtype=object).tolist(), strict=True)
        if names_key([known.get(text) for text in texts])
    ]
    return headings, [int(row) for row in sheet.cells.index[says_unit]]


def _may_be_heading(text: str) -> bool:
    return len(text) <= _LONGEST_HEADING and _HAS_LETTER.search(text) is not None
