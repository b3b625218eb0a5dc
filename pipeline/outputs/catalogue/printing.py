"""The catalogue as a sheet that offices print: A3, headings and number on every page, all columns on one."""

from collections.abc import Iterator, Sequence
from itertools import groupby, islice
from math import ceil
from typing import Any

import pandas as pd
import xlsxwriter

from pipeline.outputs.accounts.amounts import choose_money
from pipeline.outputs.catalogue.columns import SheetColumn, list_sheet_columns, name_printed_column
from pipeline.outputs.catalogue.lines import Line, list_lines, list_remarks
from pipeline.outputs.catalogue.listing import Listing
from pipeline.outputs.catalogue.looks import Looks
from pipeline.outputs.cells import measure_words, to_cell
from pipeline.outputs.texts import find_text, find_texts

_A3 = 8
_TITLE, _TERMS, _GROUPS, _HEADS, _FIRST = range(5)
_LINE_POINTS = 12
_MOST_LINES = 30
"""Of text in one cell: a row can be 409 points high."""


def write_catalogue(book: xlsxwriter.Workbook, listing: Listing, name: str, most_rows: int) -> None:
    """Add the sheet `name`, and further ones where its lines are more than `most_rows`."""
    looks = Looks(book, listing.delivery.language)
    parts = list(_cut_lines(list_lines(listing), most_rows))
    for number, part in enumerate(parts, start=1):
        sheet = book.add_worksheet(f"{name}{number if number > 1 else ''}")
        printed = _PrintedSheet(sheet, looks, listing)
        printed.write_lines(part)
        if number == len(parts):
            printed.write_remarks(_FIRST + len(part))


def _cut_lines(lines: Iterator[Line], most: int) -> Iterator[list[Line]]:
    """Lines sheet by sheet; one sheet is there although nothing is listed."""
    part = list(islice(lines, most))
    yield part
    while part := list(islice(lines, most)):
        yield part


class _PrintedSheet:
    """One sheet with its titles and headings, to which lines are written from the top."""

    def __init__(self, sheet: Any, looks: Looks, listing: Listing) -> None:
        self._sheet = sheet
        self._looks = looks
        self._listing = listing
        self._language = listing.delivery.language
        self._places = list_sheet_columns(listing)
        self._widths = _choose_widths(self._places, listing)
        self._scale = choose_money(self._language)[0]
        keys = [place.column.key for place in self._places]
        self._remark_place = keys.index("area") + 1
        self._set_up_page()
        self._write_titles()
        self._write_headings()

    def _set_up_page(self) -> None:
        sheet, delivery = self._sheet, self._listing.delivery
        sheet.set_landscape()
        sheet.set_paper(_A3)
        sheet.set_margins(left=0.4, right=0.4, top=0.45, bottom=0.45)
        sheet.fit_to_pages(1, 0)
        sheet.center_horizontally()
        sheet.repeat_rows(_GROUPS, _HEADS)
        sheet.freeze_panes(_FIRST, 2)
        sheet.outline_settings(visible=True, symbols_below=False, symbols_right=False, auto_style=False)
        mark = find_text("simulated.label", self._language) if delivery.simulated else ""
        sheet.set_header(f"&C&8{mark}", {"margin": 0.15})
        sheet.set_footer(f"&C&8{find_text('catalogue.page', self._language)}", {"margin": 0.15})
        for number, width in enumerate(self._widths):
            sheet.set_column(number, number, width)

    def _write_titles(self) -> None:
        words, delivery = find_texts("catalogue", self._language), self._listing.delivery
        area = delivery.aoi.name_zh if self._language == "zh" else delivery.aoi.name_en
        mark = find_text("simulated.mark", self._language) if delivery.simulated else ""
        title = words["title"].format(area=area, mark=mark)
        self._sheet.set_row(_TITLE, 27)
        last = len(self._places) - 1
        self._merge(_TITLE, 0, last, title, self._looks.find_plain(size=16, bold=True, align="center"))
        day, between = delivery.as_of, find_text("report.and", self._language)
        terms = {
            "left": words["organisation"].format(name=delivery.organisation or words["blank"]),
            "center": words["periods"].format(names=between.join(self._listing.periods)),
            "right": words["date"].format(year=day.year, month=day.month, day=day.day),
        }
        self._sheet.set_row(_TERMS, 16)
        third = len(self._places) // 3
        edges = (0, third, 2 * third, len(self._places))
        for (align, text), first, end in zip(terms.items(), edges[:-1], edges[1:], strict=True):
            self._merge(_TERMS, first, end - 1, text, self._looks.find_plain(align=align))

    def _write_headings(self) -> None:
        """Headings on two rows: what is told by period stands above its periods."""
        for row in (_GROUPS, _HEADS):
            self._sheet.set_row(row, 13)
        first = 0
        for column, group in groupby(self._places, key=lambda place: place.column):
            end = first + len(list(group))
            name = name_printed_column(column, self._language) if column.by_period else ""
            self._merge(_GROUPS, first, end - 1, name, self._looks.find_head(is_open=not column.by_period))
            first = end
        for number, place in enumerate(self._places):
            name = place.period or name_printed_column(place.column, self._language)
            self._sheet.write_string(_HEADS, number, name, self._looks.find_head(is_lower=not place.period))

    def write_lines(self, lines: Sequence[Line]) -> None:
        """Write lines below the headings; those of products fold away below their kind."""
        for number, line in enumerate(lines, start=_FIRST):
            if line.kind == "row":
                self._sheet.set_row(number, self._measure_height(line), None, {"level": 1})
                self._write_cells(number, line, len(self._places))
            else:
                self._sheet.set_row(number, _LINE_POINTS + 1)
                self._write_cells(number, line, self._remark_place)
                style = self._looks.find_cell(line.kind, "text")
                self._merge(number, self._remark_place, len(self._places) - 1, line.remark, style)

    def _write_cells(self, number: int, line: Line, end: int) -> None:
        for place, value in enumerate(line.cells[:end]):
            form = self._places[place].column.form
            style = self._looks.find_cell(line.kind, form, is_indicative=place in line.indicative)
            if value is None:
                self._sheet.write_blank(number, place, None, style)
            elif isinstance(value, str):
                self._sheet.write_string(number, place, to_cell(value), style)
            else:
                scale = self._scale if form == "money" else 1.0
                self._sheet.write_number(number, place, float(value) / scale, style)

    def _measure_height(self, line: Line) -> float:
        texts = ((cell, width) for cell, width in zip(line.cells, self._widths, strict=True))
        most = max(ceil((measure_words(cell) + 2) / width) for cell, width in texts if isinstance(cell, str))
        return float(_LINE_POINTS * min(most, _MOST_LINES))

    def write_remarks(self, row: int) -> None:
        """Write what is to be said below the last line, and who signs."""
        language = self._language
        texts = [find_text("catalogue.notes", language), *list_remarks(self._listing)]
        for number, text in enumerate([*texts, find_text("catalogue.signatures", language)], start=row):
            self._sheet.set_row(number, _LINE_POINTS + 2)
            self._sheet.write_string(number, 0, text, self._looks.find_plain())

    def _merge(self, row: int, first: int, last: int, text: str, style: Any) -> None:
        if last > first:
            self._sheet.merge_range(row, first, row, last, to_cell(text), style)
        else:
            self._sheet.write_string(row, first, to_cell(text), style)


def _choose_widths(places: Sequence[SheetColumn], listing: Listing) -> list[float]:
    """As wide as what stands there, within what each column may be."""
    return [
        float(min(max(width, place.column.widths[0]), place.column.widths[1]))
        for place, width in zip(places, _measure_columns(places, listing), strict=True)
    ]


def _measure_columns(places: Sequence[SheetColumn], listing: Listing) -> Iterator[int]:
    for place in places:
        if place.source in listing.products and place.column.form in ("text", "word"):
            rows = pd.concat([listing.products[place.source], listing.others[place.source]])
            texts = rows.dropna().astype(str).unique()
            yield max((measure_words(text) + 2 for text in texts), default=0)
        else:
            yield 0
