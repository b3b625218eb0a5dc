"""Chapters as nodes of a page. What is known in both languages is no message to translate."""

import re

from docutils import nodes
from translation import keep_as_written

from pipeline.messages import choose_half
from reference.chapters import Cell, Chapter, Code, Color, English, Lines, Row, Said

_CODE = "code"
"""Where words come from that are to be translated."""
_WORDS = re.compile("[a-z]{3,} [a-z]{2,}")


def build_chapter(chapter: Chapter, *, english: bool) -> nodes.section:
    """A chapter as a section of the page."""
    title = nodes.title("", "", *_build_cell(chapter.title, english=english))
    section = nodes.section("", title, ids=[chapter.anchor], names=[chapter.anchor])
    section += _build_lines(chapter.sentence, english=english)
    section += _build_table(chapter, english=english)
    for node in section.findall():
        if node.source != _CODE:
            keep_as_written(node)
    return section


def _build_table(chapter: Chapter, *, english: bool) -> nodes.container:
    count = len(chapter.heads)
    group = nodes.tgroup("", *(nodes.colspec(colwidth=1) for _ in range(count)), cols=count)
    group += nodes.thead("", _build_row(chapter.heads, english=english))
    group += nodes.tbody("", *(_build_row(row, english=english) for row in chapter.rows))
    return nodes.container("", nodes.table("", group, classes=["generated"]), classes=["wide"])


def _build_row(cells: Row, *, english: bool) -> nodes.row:
    entries = [nodes.entry("", *_build_lines(one, english=english)) for one in cells]
    entries[0]["ids"] = [one.anchor for one in _list_lines(cells[0]) if isinstance(one, Code) and one.anchor]
    return nodes.row("", *entries)


def _build_lines(cell: Cell, *, english: bool) -> list[nodes.paragraph]:
    built = [_build_line(one, english=english) for one in _list_lines(cell)]
    return [paragraph for paragraph in built if paragraph.children]


def _build_line(cell: Cell, *, english: bool) -> nodes.paragraph:
    if isinstance(cell, English):
        return _build_message(cell.text)
    return nodes.paragraph("", "", *_build_cell(cell, english=english))


def _build_message(text: str) -> nodes.paragraph:
    paragraph = nodes.paragraph(text, "", *_split_code(text))
    paragraph.source, paragraph.line = _CODE, 0
    return paragraph


def _list_lines(cell: Cell) -> tuple[Cell, ...]:
    return cell.lines if isinstance(cell, Lines) else (cell,)


def _build_cell(cell: Cell, *, english: bool) -> list[nodes.Node]:
    if isinstance(cell, Code):
        return [nodes.literal(text=cell.text)] if cell.text else []
    if isinstance(cell, Color):
        return [_build_swatch(cell.code), nodes.Text(f" {cell.code}")]
    if isinstance(cell, Said):
        return _split_code(cell.en if english else cell.zh)
    return _split_code(_take_half(cell, english=english))


def _take_half(text: str, *, english: bool) -> str:
    """The words of one language of a text in both; sources in either are quoted as they stand."""
    if _WORDS.search(choose_half(text, "zh")):
        return text
    return choose_half(text, "en" if english else "zh")


def _build_swatch(code: str) -> nodes.raw:
    return nodes.raw("", f'<span class="swatch" style="background:{code}"></span>', format="html")


def _split_code(text: str) -> list[nodes.Node]:
    """A text whose words in backticks are code."""
    parts = re.split(r"`([^`]+)`", text)
    return [nodes.literal(text=part) if at % 2 else nodes.Text(part) for at, part in enumerate(parts) if part]
