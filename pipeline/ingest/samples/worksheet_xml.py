"""What the XML of a workbook tells before its cells are read: how far sheets reach, which cells are errors.

It is looked through part by part for the few places that matter, and never held or parsed as a whole.
"""

import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import NamedTuple
from xml.etree.ElementTree import fromstring

_WORKBOOK = "xl/workbook.xml"
_RELATIONS = "xl/_rels/workbook.xml.rels"
_CONTENT = "content.xml"
_PART_BYTES = 2**22
_OVERLAP_BYTES = 2**16

_NEAR = (99_999, 26)
_FAR = re.compile(rb"""r=["']([A-Z]{2,}[0-9]*|[A-Z]?[0-9]{6,})["']""")
"""References to rows and columns beyond `_NEAR`."""
_IS_ERROR = re.compile(rb"""t=["']e["']""")
_ERROR = re.compile(
    rb"""<(?:\w+:)?c\s(?=[^>]*\bt=["']e["'])[^>]*\br=["']([A-Z]+)([0-9]+)["'][^>]*>"""
    rb"""(?:(?!</(?:\w+:)?c>).)*?<(?:\w+:)?v>([^<]*)<""",
    re.DOTALL,
)
_DOCUMENT_ERROR = re.compile(
    rb"""calcext:value-type="error"|(?<=>)<text:p>(?:#(?:DIV/0!|N/A|NAME\?|NULL!|NUM!|REF!|VALUE!)|Err:[0-9]+)<"""
)


class Extent(NamedTuple):
    """Rows and columns that a sheet has at most, and the texts of its errors by row and column from 0."""

    height: int
    width: int
    errors: Mapping[tuple[int, int], str]


def scan_open_xml(path: Path) -> dict[str, Extent]:
    """What each worksheet of an XLSX tells, by its name.

    KeyError, ParseError and BadZipFile where it is no such workbook.
    """
    with zipfile.ZipFile(path) as archive:
        relations = fromstring(archive.read(_RELATIONS)).findall("{*}Relationship")  # noqa: S314 sizes are bounded
        members = {one.get("Id"): _find_member(one.get("Target", "")) for one in relations}
        known = set(archive.namelist())
        sheets = fromstring(archive.read(_WORKBOOK)).findall("{*}sheets/{*}sheet")  # noqa: S314
        named = {sheet.get("name", ""): members.get(_find_relation(sheet.attrib)) for sheet in sheets}
        return {name: _scan(archive, member) for name, member in named.items() if member in known and member}


def _find_relation(attributes: Mapping[str, str]) -> str | None:
    return next((value for name, value in attributes.items() if name.endswith("}id")), None)


def _find_member(target: str) -> str:
    """Name in the archive of the target of a relation, which is told from the root or from xl."""
    return target.removeprefix("/") if target.startswith("/") else str(PurePosixPath("xl") / target)


def _scan(archive: zipfile.ZipFile, member: str) -> Extent:
    height, width = _NEAR
    errors: dict[tuple[int, int], str] = {}
    for part in _read_parts(archive, member):
        for reference in set(_FAR.findall(part)):
            letters = reference.rstrip(b"0123456789")
            width = max(width, _read_position(letters) + 1)
            height = max(height, int(reference[len(letters) :] or 0))
        if _IS_ERROR.search(part):
            found = _ERROR.findall(part)
            errors |= {(int(row) - 1, _read_position(column)): text.decode() for column, row, text in found}
    return Extent(height, width, errors)


def _read_position(letters: bytes) -> int:
    """Position of a column from 0: A, Z and AA are 0, 25 and 26."""
    number = 0
    for letter in letters:
        number = 26 * number + letter - ord("A") + 1
    return number - 1


def has_error(path: Path) -> bool:
    """Whether a cell of an ODS is an error; KeyError and BadZipFile where it is no such workbook."""
    with zipfile.ZipFile(path) as archive:
        return any(_DOCUMENT_ERROR.search(part) for part in _read_parts(archive, _CONTENT))


def _read_parts(archive: zipfile.ZipFile, member: str) -> Iterator[bytes]:
    """The content of a member, part by part, each with the end of the one before."""
    end = b""
    with archive.open(member) as stream:
        while part := stream.read(_PART_BYTES):
            yield end + part
            end = part[-_OVERLAP_BYTES:]
