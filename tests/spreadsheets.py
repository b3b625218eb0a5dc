"""Spreadsheets as files hold them, for tests: XLS of Excel 97, ODS, XLSX with its XML changed."""

import struct
import zipfile
from pathlib import Path
from typing import NamedTuple

NAMESPACES = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
)


class Formula(NamedTuple):
    """A cell of an XLS with a formula and its result: a number, an error by its code, an empty text."""

    number: float | None = None
    error: int | None = None


class Shown(NamedTuple):
    """A number of an XLS that is shown with two decimals."""

    number: float


class Percent(NamedTuple):
    """A number of an XLS that is shown as a percent."""

    number: float


def change_open_xml(path: Path, changes: dict[str, str]) -> Path:
    """An XLSX with texts of its XML replaced, wherever they stand."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            for old, new in changes.items():
                content = content.replace(old.encode(), new.encode())  # noqa: PLW2901
            archive.writestr(name, content)
    return path


def write_open_document(path: Path, *rows, settings: str = "", hidden_rows=()) -> Path:
    """An ODS of rows, each a list of (attributes, text) of its cells; no text at all where it is None."""
    cells = [
        "".join(
            f"<table:table-cell {kind}/>"
            if text is None
            else f"<table:table-cell {kind}><text:p>{text}</text:p></table:table-cell>"
            for kind, text in row
        )
        for row in rows
    ]
    seen = [' table:visibility="collapse"' if place in hidden_rows else "" for place in range(len(rows))]
    body = "".join(
        f"<table:table-row{kind}>{row}</table:table-row>" for kind, row in zip(seen, cells, strict=True)
    )
    content = (
        f'<?xml version="1.0"?><office:document-content {NAMESPACES} office:version="1.2"><office:body>'
        f'<office:spreadsheet>{settings}<table:table table:name="一">{body}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", f"<?xml version='1.0'?><manifest {NAMESPACES}/>")
        archive.writestr("content.xml", content)
    return path


def write_excel_97(path: Path, rows, *, is_1904=False, is_calculated=True, hidden_rows=(), merges=()) -> Path:
    """An XLS with one sheet 一: a compound file of one stream of BIFF8 records."""
    begin, end = _record(0x809, struct.pack("<HHHHII", 0x600, 5, 0, 1997, 0, 6)), _record(0x0A, b"")
    hidden = b"".join(
        _record(0x208, struct.pack("<HHHHHHI", row, 0, 9, 255, 0, 0, 0x20)) for row in hidden_rows
    )
    cells = b"".join(
        _write_cell(row, column, value) for row, line in enumerate(rows) for column, value in enumerate(line)
    )
    ranges = b"".join(struct.pack("<HHHH", top, bottom, left, right) for top, left, bottom, right in merges)
    if merges:
        cells += _record(0xE5, struct.pack("<H", len(merges)) + ranges)
    name = struct.pack("<BBB", 0, 1, 1) + "一".encode("utf-16-le")
    styles = b"".join(_record(0xE0, struct.pack("<HH16x", 0, form)) for form in (0, 2, 9))
    calculated = _record(0x1C1, struct.pack("<HHI", 0x1C1, 0, 191029)) if is_calculated else b""
    head = begin + _record(0x22, struct.pack("<H", is_1904)) + styles + calculated
    bound = _record(0x85, struct.pack("<IB", len(head) + 4 + 5 + len(name) + len(end), 0) + name)
    sheet = begin.replace(b"\x05\x00\x00\x00", b"\x10\x00\x00\x00") + hidden + cells + end
    path.write_bytes(_compound(head + bound + end + sheet))
    return path


def _record(number, content):
    return struct.pack("<HH", number, len(content)) + content


def _write_cell(row, column, value):
    place = struct.pack("<HHH", row, column, 0)
    if isinstance(value, Formula):
        special = struct.pack("<BxBxxxH", 3 if value.error is None else 2, value.error or 0, 0xFFFF)
        result = special if value.number is None else struct.pack("<d", value.number)
        return _record(0x06, place + result + struct.pack("<HIH", 0, 0, 0))
    if isinstance(value, Shown):
        return _record(0x203, struct.pack("<HHHd", row, column, 1, value.number))
    if isinstance(value, Percent):
        return _record(0x203, struct.pack("<HHHd", row, column, 2, value.number))
    if isinstance(value, str):
        return _record(0x204, place + struct.pack("<HB", len(value), 1) + value.encode("utf-16-le"))
    return _record(0x203, place + struct.pack("<d", value)) if value is not None else b""


def _compound(stream):
    stream = stream.ljust(max(4096, -(-len(stream) // 512) * 512), b"\0")
    sectors = len(stream) // 512
    chain = [0xFFFFFFFD, 0xFFFFFFFE, *range(3, 2 + sectors), 0xFFFFFFFE]
    table = struct.pack("<128I", *chain, *[0xFFFFFFFF] * (128 - len(chain)))
    directory = _entry("Root Entry", 5, 1, 0xFFFFFFFE, 0) + _entry("Workbook", 2, 0xFFFFFFFF, 2, len(stream))
    header = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    header += struct.pack("<109I", 0, *[0xFFFFFFFF] * 108)
    return header + table + directory.ljust(512, b"\0") + stream


def _entry(title, kind, child, first, size):
    text = title.encode("utf-16-le").ljust(64, b"\0")
    links = struct.pack("<HBBIII", 2 * len(title) + 2, kind, 1, 0xFFFFFFFF, 0xFFFFFFFF, child)
    return text + links + bytes(36) + struct.pack("<IQ", first, size)
