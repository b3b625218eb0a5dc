"""Templates of the office, looked through before they are filled in: what is wrong is said with its place."""

import difflib
import re
import zipfile
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

from docx import Document
from docx.document import Document as WordDocument
from docx.opc.exceptions import PackageNotFoundError
from docx.opc.oxml import parse_xml
from docx.oxml.ns import qn
from jinja2 import TemplateError

from pipeline.errors import InputError, Problem
from pipeline.outputs.bulletin.content import Content
from pipeline.outputs.bulletin.graphs import Graph
from pipeline.outputs.bulletin.maps import MapLegend, MapPicture
from pipeline.outputs.bulletin.rendering import FieldsDocument
from pipeline.zip_files import MOST_WORKBOOK_BYTES, refuse_bomb

_SPECIMEN = "x"
_PLACED = (Graph, MapLegend, MapPicture)
_UNREADABLE = (PackageNotFoundError, zipfile.BadZipFile, KeyError, ValueError, OSError, SyntaxError)
_WRONG = (TemplateError, TypeError, ValueError, ArithmeticError, SyntaxError)
"""What the expressions of a template may raise; the parser of XML raises a SyntaxError."""
_TODO = "For the fields see docs/bulletin.md"
_MOST_SHOWN = 60


def check_template(template: Path) -> None:
    """InputError for a template that cannot be filled in; nothing for one that can.

    It is filled in with a word in every field and two rows in every list, then with none, so that what is
    wrong shows whatever a period has to say. All fields that are not known are said at once.
    """
    refuse_bomb(template, MOST_WORKBOOK_BYTES)
    paragraphs = list(_list_paragraphs(_open_template(template)))
    document = FieldsDocument(template)
    try:
        for rows in (0, 2):
            parse_xml(document.build_body(build_specimen(rows)))
        document.fill(build_specimen(2))
    except _WRONG as error:
        raise _build_refusal([_explain_error(template, error)]) from error
    unknown = dict.fromkeys(document.unknown)
    if unknown:
        raise _build_refusal([_explain_stranger(template, name, paragraphs) for name in unknown])


def build_specimen(rows: int) -> dict[str, Any]:
    """All fields with a word in each, and so many rows in every list."""
    return {name: _fill_kind(kind, rows) for name, kind in get_type_hints(Content).items()}


def list_template_fields(kind: Any = Content, start: str = "") -> Iterator[str]:
    """The names of all fields, those of rows after the name of their list and a dot."""
    for name, held in get_type_hints(kind).items():
        yield f"{start}{name}"
        inner = next(iter(get_args(held)), held)
        if is_dataclass(inner) and inner not in _PLACED:
            yield from list_template_fields(inner, f"{start}{name}.")


def _fill_kind(kind: Any, rows: int) -> Any:
    inner = get_args(kind)
    if inner:
        return (_fill_kind(inner[0], rows),) * rows
    if is_dataclass(kind) and kind not in _PLACED:
        hints = get_type_hints(kind)
        return kind(**{field.name: _fill_kind(hints[field.name], rows) for field in fields(kind)})  # type: ignore[operator]
    return _SPECIMEN


def _open_template(template: Path) -> WordDocument:
    try:
        return Document(str(template))
    except _UNREADABLE as error:
        found = "no such file" if not template.is_file() else f"{type(error).__name__}: {error}"
        todo = "Save it as .docx in Word"
        raise _build_refusal([Problem(str(template), found, "a Word document", todo)]) from error


def _list_paragraphs(document: WordDocument) -> Iterator[tuple[str, str]]:
    """Where each paragraph stands, and its words: body with tables, then headers and footers."""
    yield from _number_paragraphs(document.element.body, "paragraph")
    for number, section in enumerate(document.sections, start=1):
        yield from _number_paragraphs(section.header._element, f"section {number}, header")  # noqa: SLF001
        yield from _number_paragraphs(section.footer._element, f"section {number}, footer")  # noqa: SLF001


def _number_paragraphs(element: Any, place: str) -> Iterator[tuple[str, str]]:
    for number, paragraph in enumerate(element.iter(qn("w:p")), start=1):
        yield f"{place} {number}", "".join(text.text or "" for text in paragraph.iter(qn("w:t")))


def _explain_stranger(template: Path, name: str, paragraphs: list[tuple[str, str]]) -> Problem:
    at = [(place, words) for place, words in paragraphs if re.search(rf"\{{.*\b{re.escape(name)}\b", words)]
    place, words = at[0] if at else ("", "")
    known = list(dict.fromkeys(field.rpartition(".")[2] for field in list_template_fields()))
    near = difflib.get_close_matches(name, known) or known
    found = f"{name}（{words[:_MOST_SHOWN]}）" if words else name
    return Problem(f"{template}, {place}".rstrip(", "), found, ", ".join(near), _TODO)


def _explain_error(template: Path, error: Exception) -> Problem:
    lines = [line.strip() for line in getattr(error, "docx_context", ())]
    near = " ".join(line for line in lines if "{" in line)[:_MOST_SHOWN]
    place = f"{template}: {near}" if near else str(template)
    return Problem(
        place,
        f"{type(error).__name__}: {error}",
        "whole fields, tags in pairs",
        _TODO,
    )


def _build_refusal(problems: list[Problem]) -> InputError:
    return InputError("The template cannot be used", problems)
