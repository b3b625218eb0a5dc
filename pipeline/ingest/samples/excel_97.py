"""What the records of an XLS tell beside its values; formats by [MS-CFB] and [MS-XLS]."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from pipeline.ingest.samples.dating import DAY_0, DAY_0_OF_1904
from pipeline.ingest.samples.notes import (
    FORMULA,
    YEAR_AND_TENTH,
    SheetNotes,
    WorkbookNotes,
    shows_percent,
    shows_two_decimals,
)

_SIGNATURE = bytes.fromhex("d0cf11e0a1b11ae1")
_LAST_SECTOR = 0xFFFFFFFA
_ENTRY_BYTES = 128
_HEADER_TABLES = 109
_NAMES = frozenset({"Workbook", "Book"})

_BOF, _EOF, _BOUNDSHEET, _DATEMODE, _XF, _FORMAT = 0x809, 0x0A, 0x85, 0x22, 0xE0, 0x41E
_FORMULA, _BOOLERR, _ROW, _COLINFO, _UNCALCED = 0x06, 0x205, 0x208, 0x7D, 0x5E
_NUMBER, _RK, _MULRK, _RECALCID = 0x203, 0x27E, 0xBD, 0x1C1
_IS_OF_97 = 0x600
_NO_NUMBER, _ERROR_RESULT = 0xFFFF, 2
_ROW_IS_HIDDEN = 0x20
_ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
}


class _Record(NamedTuple):
    kind: int
    content: bytes


def read_notes(path: Path) -> WorkbookNotes:
    """What an XLS says of itself; ValueError where it is no such workbook."""
    try:
        stream = _read_stream(path.read_bytes())
        listed = list(_iterate_records(stream, 0))
        styles = _Styles.of(listed)
        recalculates = not any(_is_calculated(record) for record in listed)
        starts = [struct.unpack_from("<I", content)[0] for kind, content in listed if kind == _BOUNDSHEET]
        sheets = [_Sheet(styles, recalculates).read(_iterate_records(stream, start)) for start in starts]
    except (struct.error, IndexError) as error:
        raise ValueError(f"records that end too soon ({error})") from error
    is_1904 = any(content[:1] == b"\1" for kind, content in listed if kind == _DATEMODE)
    return WorkbookNotes(sheets, DAY_0_OF_1904 if is_1904 else DAY_0)


def _read_stream(content: bytes) -> bytes:
    """The stream of records out of a compound file."""
    if not content.startswith(_SIGNATURE):
        raise ValueError("no workbook of Excel 97 to 2003")
    size = 1 << struct.unpack_from("<H", content, 30)[0]
    first_entry, _, least = struct.unpack_from("<III", content, 48)
    table = _read_table(content, size)
    sectors = memoryview(content)[size:]
    entries = list(_list_entries(_join(sectors, size, table, first_entry)))
    _, start, length = next(entry for entry in entries if entry[0] in _NAMES)
    if length >= least:
        return _join(sectors, size, table, start)[:length]
    first_small, small_size = struct.unpack_from("<I", content, 60)[0], 1 << content[32]
    small_table = _to_integers(_join(sectors, size, table, first_small))
    small = memoryview(_join(sectors, size, table, entries[0][1]))
    return _join(small, small_size, small_table, start)[:length]


def _read_table(content: bytes, size: int) -> list[int]:
    """Which sector follows each."""
    numbers = list(struct.unpack_from(f"<{_HEADER_TABLES}I", content, 76))
    further = struct.unpack_from("<I", content, 68)[0]
    while further < _LAST_SECTOR and len(numbers) * size < len(content):
        *more, further = _to_integers(content[(further + 1) * size : (further + 2) * size])
        numbers += more
    parts = (
        content[(number + 1) * size : (number + 2) * size] for number in numbers if number < _LAST_SECTOR
    )
    return [number for part in parts for number in _to_integers(part)]


def _to_integers(content: bytes) -> list[int]:
    return list(struct.unpack(f"<{len(content) // 4}I", content[: len(content) // 4 * 4]))


def _join(sectors: memoryview, size: int, table: list[int], first: int) -> bytes:
    """The content of a chain of sectors; ValueError where it leads in a circle."""
    parts: list[memoryview] = []
    while first < _LAST_SECTOR:
        if len(parts) > len(table):
            raise ValueError("sectors that lead in a circle")
        parts.append(sectors[first * size : (first + 1) * size])
        first = table[first]
    return b"".join(parts)


def _list_entries(directory: bytes) -> Iterator[tuple[str, int, int]]:
    """Name, first sector and length of what a compound file holds."""
    for place in range(0, len(directory) - _ENTRY_BYTES + 1, _ENTRY_BYTES):
        length = struct.unpack_from("<H", directory, place + 64)[0]
        name = directory[place : place + max(length - 2, 0)].decode("utf-16-le", "replace")
        yield name, *struct.unpack_from("<II", directory, place + 116)


def _iterate_records(stream: bytes, place: int) -> Iterator[_Record]:
    """The records of one part of a workbook, without those of charts within it."""
    depth = 0
    while place + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, place)
        depth += (kind == _BOF) - (kind == _EOF)
        if depth <= 0:
            return
        if depth == 1:
            yield _Record(kind, stream[place + 4 : place + 4 + length])
        place += 4 + length


def _is_calculated(record: _Record) -> bool:
    """Whether a record names the program that calculated the workbook; other writers store 0 or nothing."""
    return record.kind == _RECALCID and record.content[4:8] not in {b"", bytes(4)}


class _Styles(NamedTuple):
    """Styles of cells that show two decimals, and of those that show percents."""

    two_decimals: frozenset[int]
    percents: frozenset[int]

    @classmethod
    def of(cls, listed: list[_Record]) -> "_Styles":
        is_of_97 = struct.unpack_from("<H", listed[0].content)[0] == _IS_OF_97
        own = dict(_read_format(content, is_of_97) for kind, content in listed if kind == _FORMAT)
        shown = [struct.unpack_from("<H", content, 2)[0] for kind, content in listed if kind == _XF]
        return cls(
            *(
                frozenset(place for place, form in enumerate(shown) if shows(form, own.get(form)))
                for shows in (shows_two_decimals, shows_percent)
            )
        )


def _read_format(content: bytes, is_of_97: bool) -> tuple[int, str]:
    number = struct.unpack_from("<H", content)[0]
    if not is_of_97:
        return number, content[3:].decode("latin-1")
    return number, content[5:].decode("utf-16-le" if content[4] & 1 else "latin-1", "replace")


class _Sheet:
    """Takes notes of a worksheet as its records pass."""

    def __init__(self, styles: _Styles, recalculates: bool) -> None:
        self.notes = SheetNotes()
        self._styles, self._recalculates = styles, recalculates

    def read(self, records: Iterator[_Record]) -> SheetNotes:
        """The notes, when all records have passed."""
        for kind, content in records:
            if kind in _READERS:
                _READERS[kind](self, content)
        return self.notes

    def take_uncalculated(self, _: bytes) -> None:
        """The sheet was stored without being calculated: no result holds."""
        self._recalculates = True

    def take_formula(self, content: bytes) -> None:
        """A formula with its stored result: a number, an error, or something else."""
        row, column, style = struct.unpack_from("<HHH", content)
        is_number = struct.unpack_from("<H", content, 12)[0] != _NO_NUMBER
        if self._recalculates:
            self.notes.texts[row, column] = FORMULA
            return
        self.notes.stored += 1
        if is_number:
            self._take_value(row, column, style, struct.unpack_from("<d", content, 6)[0])
        elif content[6] == _ERROR_RESULT:
            self.notes.texts[row, column] = _ERRORS.get(content[8], "#VALUE!")

    def take_error(self, content: bytes) -> None:
        """A truth value or an error."""
        row, column, _, value, is_error = struct.unpack_from("<HHHBB", content)
        if is_error:
            self.notes.texts[row, column] = _ERRORS.get(value, "#VALUE!")

    def take_row(self, content: bytes) -> None:
        """What is said of a row: whether it is hidden."""
        if struct.unpack_from("<H", content, 12)[0] & _ROW_IS_HIDDEN:
            self.notes.hidden_rows.add(struct.unpack_from("<H", content)[0])

    def take_columns(self, content: bytes) -> None:
        """What is said of some columns: whether they are hidden."""
        first, last, _, _, options = struct.unpack_from("<HHHHH", content)
        if options & 1:
            self.notes.hidden_columns.update(range(first, last + 1))

    def take_number(self, content: bytes) -> None:
        """A number of 64 bits."""
        self._take_value(*struct.unpack_from("<HHHd", content))

    def take_short_number(self, content: bytes) -> None:
        """A number of 32 bits."""
        row, column, style, packed = struct.unpack_from("<HHHI", content)
        self._take_value(row, column, style, _unpack(packed))

    def take_short_numbers(self, content: bytes) -> None:
        """Several numbers of 32 bits, one beside the other."""
        row, first = struct.unpack_from("<HH", content)
        for column, (style, packed) in enumerate(struct.iter_unpack("<HI", content[4:-2]), first):
            self._take_value(row, column, style, _unpack(packed))

    def _take_value(self, row: int, column: int, style: int, value: float) -> None:
        text = f"{value:.15g}"
        if style in self._styles.two_decimals and YEAR_AND_TENTH.fullmatch(text):
            self.notes.texts[row, column] = f"{text}0"
        if style in self._styles.percents:
            self.notes.percents.add((row, column))


def _unpack(packed: int) -> float:
    """A number that is stored in 30 bits: an integer or the first half of a float, perhaps of hundredths."""
    if packed & 2:
        value = float(struct.unpack("<i", struct.pack("<I", packed))[0] >> 2)
    else:
        value = struct.unpack("<d", struct.pack("<II", 0, packed & 0xFFFFFFFC))[0]
    return value / 100 if packed & 1 else value


_READERS = {
    _UNCALCED: _Sheet.take_uncalculated,
    _FORMULA: _Sheet.take_formula,
    _BOOLERR: _Sheet.take_error,
    _ROW: _Sheet.take_row,
    _COLINFO: _Sheet.take_columns,
    _NUMBER: _Sheet.take_number,
    _RK: _Sheet.take_short_number,
    _MULRK: _Sheet.take_short_numbers,
}
