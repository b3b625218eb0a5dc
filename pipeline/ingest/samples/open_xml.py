"""What the XML of an XLSX tells beside its values, before its cells are read; strict or transitional alike.

A worksheet is looked through part by part for the few marks that matter, and never held as a whole; only one
that has such marks is parsed, as a stream.
"""

import re
import zipfile
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path, PurePosixPath
from typing import NamedTuple
from xml.etree.ElementTree import Element, XMLParser, fromstring

from pipeline.ingest.samples.dating import DAY_0, DAY_0_OF_1904
from pipeline.ingest.samples.notes import (
    FORMULA,
    YEAR_AND_TENTH,
    SheetNotes,
    WorkbookNotes,
    shows_percent,
    shows_two_decimals,
)

_WORKBOOK = "xl/workbook.xml"
_RELATIONS = "xl/_rels/workbook.xml.rels"
_STYLES = "xl/styles.xml"
_PART_BYTES = 2**22
_OVERLAP_BYTES = 2**16

_NEAR = (99_999, 26)
_FAR = re.compile(rb"""r=["']([A-Z]{2,}[0-9]*|[A-Z]?[0-9]{6,})["']""")
"""References to rows and columns beyond `_NEAR`."""
_MARKS = rb"""<(?:\w+:)?f[\s>/]|t=["']e["']|hidden=["'](?:1|true)["']|>(?:19|20)[0-9]{2}\.1<"""
"""Formulas, errors, what is hidden, and numbers that may be months."""
_MOST_COLUMNS = 2**14
_REFERENCE = re.compile(r"([A-Z]+)([0-9]+)")
_TRUE = frozenset({"1", "true"})
_FALSE = frozenset({"0", "false"})


def read_notes(path: Path) -> WorkbookNotes:
    """What an XLSX says of itself; KeyError, ParseError and BadZipFile where it is no such workbook."""
    with zipfile.ZipFile(path) as archive:
        workbook = fromstring(archive.read(_WORKBOOK))  # noqa: S314 sizes are bounded
        recalculates = _recalculates(workbook)
        styles = _Styles.of(archive)
        members = _find_members(archive, workbook)
        sheets = [_read_sheet(archive, member, styles, recalculates=recalculates) for member in members]
        return WorkbookNotes(sheets, _find_day_0(workbook))


def _find_members(archive: zipfile.ZipFile, workbook: Element) -> list[str]:
    """Names in the archive of what holds the sheets, in their order."""
    relations = fromstring(archive.read(_RELATIONS)).findall("{*}Relationship")  # noqa: S314
    members = {one.get("Id"): _find_member(one.get("Target", "")) for one in relations}
    known = {name.casefold(): name for name in archive.namelist()}
    sheets = workbook.findall("{*}sheets/{*}sheet")
    return [known[members[_find_relation(sheet.attrib)].casefold()] for sheet in sheets]


def _find_relation(attributes: Mapping[str, str]) -> str | None:
    return next((value for name, value in attributes.items() if name.endswith("}id")), None)


def _find_member(target: str) -> str:
    """Name in the archive of the target of a relation, which is told from the root or from xl."""
    plain = target.replace("\\", "/")
    return plain.removeprefix("/") if plain.startswith("/") else str(PurePosixPath("xl") / plain)


def _recalculates(workbook: Element) -> bool:
    """Whether a workbook says that its results do not hold: they are to be calculated as it is opened."""
    settings = workbook.find("{*}calcPr")
    if settings is None:
        return False
    return settings.get("fullCalcOnLoad") in _TRUE or settings.get("calcCompleted") in _FALSE


def _find_day_0(workbook: Element) -> date:
    properties = workbook.find("{*}workbookPr")
    is_1904 = properties is not None and properties.get("date1904") in _TRUE
    return DAY_0_OF_1904 if is_1904 else DAY_0


class _Styles(NamedTuple):
    """Styles of cells that show two decimals, and of those that show percents."""

    two_decimals: frozenset[int] = frozenset()
    percents: frozenset[int] = frozenset()

    @classmethod
    def of(cls, archive: zipfile.ZipFile) -> "_Styles":
        if _STYLES not in archive.namelist():
            return cls()
        styles = fromstring(archive.read(_STYLES))  # noqa: S314
        own = {
            int(form.get("numFmtId", -1)): form.get("formatCode", "")
            for form in styles.findall("{*}numFmts/{*}numFmt")
        }
        shown = [int(style.get("numFmtId", 0)) for style in styles.findall("{*}cellXfs/{*}xf")]
        return cls(
            *(
                frozenset(place for place, form in enumerate(shown) if shows(form, own.get(form)))
                for shows in (shows_two_decimals, shows_percent)
            )
        )

    @property
    def marks(self) -> re.Pattern[bytes]:
        """What a worksheet holds that is worth its parsing."""
        numbers = "|".join(map(str, sorted(self.percents))).encode()
        return re.compile(_MARKS + (rb"""|\ss=["'](?:%b)["']""" % numbers if numbers else b""))


def _read_position(letters: str) -> int:
    """Position of a column from 0: A, Z and AA are 0, 25 and 26."""
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - ord("A") + 1
    return number - 1


def _read_parts(archive: zipfile.ZipFile, member: str) -> Iterator[bytes]:
    """The content of a member, part by part, each with the end of the one before."""
    end = b""
    with archive.open(member) as stream:
        while part := stream.read(_PART_BYTES):
            yield end + part
            end = part[-_OVERLAP_BYTES:]


def _read_sheet(archive: zipfile.ZipFile, member: str, styles: _Styles, *, recalculates: bool) -> SheetNotes:
    extent, is_marked = _scan(archive, member, styles.marks)
    reader = _Worksheet(SheetNotes(extent), styles, recalculates=recalculates)
    if is_marked:
        parser = XMLParser(target=reader)  # noqa: S314 sizes are bounded, and a document type is refused
        with archive.open(member) as stream:
            while part := stream.read(_PART_BYTES):
                parser.feed(part)
        parser.close()
    return reader.notes


def _scan(archive: zipfile.ZipFile, member: str, marks: re.Pattern[bytes]) -> tuple[tuple[int, int], bool]:
    """Rows and columns that a worksheet has at most, and whether it has marks that are worth its parsing."""
    height, width = _NEAR
    is_marked = False
    for part in _read_parts(archive, member):
        is_marked = is_marked or bool(marks.search(part))
        for reference in set(_FAR.findall(part)):
            letters = reference.rstrip(b"0123456789")
            width = max(width, _read_position(letters.decode()) + 1)
            height = max(height, int(reference[len(letters) :] or 0))
    return (height, width), is_marked


class _Worksheet:
    """The target of a parser that takes notes of a worksheet as its elements pass."""

    def __init__(self, notes: SheetNotes, styles: _Styles, *, recalculates: bool) -> None:
        self.notes = notes
        self._styles, self._recalculates = styles, recalculates
        self._row, self._column = -1, -1
        self._kind, self._style = "", -1
        self._formula: str | None = None
        self._value = ""
        self._inside = ""

    def doctype(self, *_: object) -> None:
        """Refuse what could make entities grow: no worksheet has it."""
        raise ValueError("a document type in a worksheet")

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Begin an element."""
        name = tag.rpartition("}")[2]
        if name == "row":
            self._begin_row(attributes)
        elif name == "c":
            self._begin_cell(attributes)
        elif name == "f":
            self._formula = ""
        elif name == "col" and attributes.get("hidden") in _TRUE:
            columns = range(int(attributes["min"]) - 1, min(int(attributes["max"]), _MOST_COLUMNS))
            self.notes.hidden_columns.update(columns)
        self._inside = name

    def data(self, text: str) -> None:
        """Take text of the element."""
        if self._inside == "f" and self._formula is not None:
            self._formula += text
        elif self._inside == "v":
            self._value += text

    def end(self, tag: str) -> None:
        """End an element."""
        self._inside = ""
        if tag.rpartition("}")[2] != "c":
            return
        if (text := self._find_text()) is not None:
            self.notes.texts[self._row, self._column] = text
        if self._kind == "n" and self._value and self._style in self._styles.percents:
            self.notes.percents.add((self._row, self._column))

    def close(self) -> None:
        """End the worksheet."""

    def _begin_row(self, attributes: Mapping[str, str]) -> None:
        self._row = int(attributes.get("r", self._row + 2)) - 1
        self._column = -1
        if attributes.get("hidden") in _TRUE:
            self.notes.hidden_rows.add(self._row)

    def _begin_cell(self, attributes: Mapping[str, str]) -> None:
        reference = _REFERENCE.fullmatch(attributes.get("r", ""))
        self._column = _read_position(reference[1]) if reference else self._column + 1
        self._kind, self._style = attributes.get("t", "n"), int(attributes.get("s", 0))
        self._formula, self._value = None, ""

    def _find_text(self) -> str | None:
        """What a cell says, where its value does not say it."""
        if self._formula is not None:
            # a formula may well give an empty text, but no empty number
            if self._recalculates or not (self._value or self._kind == "str"):
                return FORMULA + self._formula
            self.notes.stored += 1
        if self._kind == "e":
            return self._value
        is_month = self._kind == "n" and self._style in self._styles.two_decimals
        return f"{self._value}0" if is_month and YEAR_AND_TENTH.fullmatch(self._value) else None
