"""What the XML of an ODS tells beside its values; it is parsed, as a stream, where it has marks of that."""

import re
import zipfile
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from xml.etree.ElementTree import XMLParser

from pipeline.ingest.samples.dating import DAY_0
from pipeline.ingest.samples.notes import ERROR, FORMULA, YEAR_AND_TENTH, Place, SheetNotes, WorkbookNotes

_CONTENT = "content.xml"
_PART_BYTES = 2**22
_OVERLAP_BYTES = 2**10
_MARKS = re.compile(
    rb"""formula=|-spanned=|visibility=["'](?:collapse|filter)|null-date|=["'](?:19|20)[0-9]{2}\.1["']|"""
    rb""":value-type=["'](?:error|percentage)|>(?:#[A-Z0-9/]+[!?A]|Err:[0-9]+)<"""
)
"""Formulas, merges, what is hidden, another calendar, numbers that may be months, errors, percents."""
_CALC = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"
_HIDDEN = frozenset({"collapse", "filter"})
_CELLS = frozenset({"table-cell", "covered-table-cell"})
_MOST_ROWS, _MOST_COLUMNS = 2**20, 2**14


def read_notes(path: Path) -> WorkbookNotes:
    """What an ODS says of itself, without sheets where it has no marks of anything.

    KeyError, ParseError and BadZipFile where it is no such workbook.
    """
    with zipfile.ZipFile(path) as archive:
        if not any(_MARKS.search(part) for part in _read_parts(archive)):
            return WorkbookNotes([])
        document = _Document()
        parser = XMLParser(target=document)  # noqa: S314 sizes are bounded, and a document type is refused
        with archive.open(_CONTENT) as stream:
            while part := stream.read(_PART_BYTES):
                parser.feed(part)
        parser.close()
    return WorkbookNotes(document.sheets, document.day_0)


def _read_parts(archive: zipfile.ZipFile) -> Iterator[bytes]:
    end = b""
    with archive.open(_CONTENT) as stream:
        while part := stream.read(_PART_BYTES):
            yield end + part
            end = part[-_OVERLAP_BYTES:]


class _Document:
    """The target of a parser that takes notes of the sheets of a document as its elements pass."""

    def __init__(self) -> None:
        self.sheets: list[SheetNotes] = []
        self.day_0 = DAY_0
        self._rows, self._columns, self._listed = range(0), range(0), range(0)
        self._cell: dict[str, str] = {}
        self._is_error = False
        self._shown: str | None = None
        self._inside: list[str] = []

    def doctype(self, *_: object) -> None:
        """Refuse what could make entities grow: no document has it."""
        raise ValueError("a document type in a workbook")

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Begin an element."""
        name = tag.rpartition("}")[2]
        self._inside.append(name)
        plain = {key.rpartition("}")[2]: value for key, value in attributes.items() if _CALC not in key}
        if name == "table":
            self.sheets.append(SheetNotes())
            self._rows, self._listed = range(0), range(0)
        elif name == "null-date":
            self.day_0 = date.fromisoformat(plain.get("date-value", DAY_0.isoformat()))
        elif name == "table-column":
            self._listed = _follow(self._listed, plain.get("number-columns-repeated"), _MOST_COLUMNS)
            if plain.get("visibility") in _HIDDEN:
                self.sheets[-1].hidden_columns.update(self._listed)
        elif name == "table-row":
            self._begin_row(plain)
        elif name in _CELLS:
            self._begin_cell(plain, is_error=attributes.get(f"{_CALC}value-type") == "error")
        elif name == "p" and self._is_shown():
            self._shown = self._shown or ""

    def data(self, text: str) -> None:
        """Take text of the cell, not of its notes."""
        if self._shown is not None and self._is_shown():
            self._shown += text

    def end(self, tag: str) -> None:
        """End an element."""
        self._inside.pop()
        if tag.rpartition("}")[2] in _CELLS and self.sheets:
            self._end_cell()

    def close(self) -> None:
        """End the document."""

    def _is_shown(self) -> bool:
        return bool(self._cell) and "p" in self._inside[-3:] and "annotation" not in self._inside

    def _begin_row(self, attributes: Mapping[str, str]) -> None:
        self._rows = _follow(self._rows, attributes.get("number-rows-repeated"), _MOST_ROWS)
        self._columns = range(0)
        if attributes.get("visibility") in _HIDDEN:
            self.sheets[-1].hidden_rows.update(self._rows)

    def _begin_cell(self, attributes: dict[str, str], *, is_error: bool) -> None:
        self._columns = _follow(self._columns, attributes.get("number-columns-repeated"), _MOST_COLUMNS)
        self._cell, self._is_error, self._shown = attributes, is_error, None
        height, width = (int(attributes.get(f"number-{axis}-spanned", 1)) for axis in ("rows", "columns"))
        if height * width > 1:
            top, left = self._rows.start, self._columns.start
            self.sheets[-1].merges.append(((top, left), (top + height - 1, left + width - 1)))

    def _end_cell(self) -> None:
        text = self._find_text()
        if text is not None:
            self.sheets[-1].texts.update(dict.fromkeys(self._list_places(), text))
        if self._cell.get("value-type") == "percentage":
            self.sheets[-1].percents.update(self._list_places())
        self._cell = {}

    def _list_places(self) -> Iterator[Place]:
        return ((row, column) for row in self._rows for column in self._columns)

    def _find_text(self) -> str | None:
        """What a cell says, where its value does not say it."""
        shown, formula = self._shown or "", self._cell.get("formula")
        if self._is_error or ERROR.fullmatch(shown):
            return shown or "#VALUE!"
        if formula is not None:
            if not self._has_result():
                return FORMULA + formula.partition("=")[2]
            self.sheets[-1].stored += 1
        value = self._cell.get("value", "")
        return shown if YEAR_AND_TENTH.fullmatch(value) and shown == f"{value}0" else None

    def _has_result(self) -> bool:
        """Whether a formula has a result: a value, or a text, which may well be empty."""
        kind = self._cell.get("value-type")
        if kind is None or kind == "string":
            return self._shown is not None or "string-value" in self._cell
        return any(key in self._cell for key in ("value", f"{kind}-value"))


def _follow(before: range, repeated: str | None, most: int) -> range:
    """The rows or columns that an element stands for, after those before it."""
    return range(min(before.stop, most), min(before.stop + int(repeated or 1), most))
