"""The templates of bulletins that come with the program; `make generated` writes them."""

import io
from collections.abc import Sequence
from copy import copy
from datetime import datetime
from pathlib import Path

from docx import Document
from docx.document import Document as WordDocument
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.section import Section
from docx.shared import Cm, Mm, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.table import Table
from docx.text.paragraph import Paragraph

from pipeline.outputs.bulletin.rendering import settle_parts
from pipeline.outputs.columns import Language
from pipeline.outputs.texts import find_texts

FOLDER = Path(__file__).parent.parent / "templates"
_GREEN, _RED, _GREY = RGBColor(0x1F, 0x5F, 0x4A), RGBColor(0xB3, 0x26, 0x1E), RGBColor(0x55, 0x63, 0x5D)
_HEAD_FILL = "E3EEE8"
_CELL_PT, _DENSE_PT = 9, 7.5
"""Size of letters in tables whose columns are given widths, and in those that share the page."""
_LINE, _ROOM = "A9B8B0", "45"
_PAGE = Mm(210), Mm(297)
_TASKS = (
    *(("area", 1.7), ("task", 2.9), ("unit_responsible", 1.9), ("target", 2.5), ("value", 1.8)),
    *(("before", 1.8), ("year_ago", 1.8), ("progress", 2.0), ("status", 1.6), ("reason", 2.3)),
    *(("evidence", 2.2), ("problem", 2.0), ("next_step", 2.0)),
)
"""Columns of the dispatch form, with their widths in cm."""
_TARGET, _STATUS = ([name for name, _ in _TASKS].index(name) for name in ("target", "status"))
_ROWS = (
    *(("name", 4.2), ("value", 1.8), ("before", 1.8), ("change", 2.3), ("year_ago", 1.8)),
    *(("year_change", 2.3), ("course", 1.8)),
)


def draft_template(language: Language) -> bytes:
    """The template of a language; the same bytes at any time."""
    document, words = Document(), find_texts("bulletin.page", language)
    _set_styles(document, language)
    _write_front(document, words)
    _write_conclusions(document, words)
    _write_tasks(document, words)
    _write_charts(document, words)
    _write_areas(document, words)
    _write_notes(document, words)
    properties = document.core_properties
    properties.author, properties.title, properties.comments = "", words["template"], ""
    properties.created = properties.modified = datetime(2000, 1, 1)  # noqa: DTZ001 (as Word has it)
    packed = io.BytesIO()
    document.save(packed)
    return settle_parts(packed.getvalue())


def write_templates(folder: Path = FOLDER) -> None:
    """Write the templates of both languages."""
    languages: tuple[Language, ...] = ("zh", "en")
    for language in languages:
        (folder / f"bulletin_{language}.docx").write_bytes(draft_template(language))


def _set_styles(document: WordDocument, language: Language) -> None:
    """A4, and the faces of official documents: 仿宋 for text, 黑体 for headings."""
    section = document.sections[0]
    section.page_width, section.page_height = _PAGE
    section.left_margin, section.right_margin = Mm(25), Mm(25)
    section.top_margin, section.bottom_margin = Mm(26), Mm(24)
    text, heading = ("仿宋", "黑体") if language == "zh" else ("宋体", "黑体")
    latin = "Times New Roman" if language == "zh" else "Calibri"
    for name, face, points in (
        ("Normal", text, 11.5),
        ("Title", heading, 24),
        ("Heading 1", heading, 15),
        ("Heading 2", heading, 13),
        ("Heading 3", heading, 11.5),
        ("Caption", heading, 10),
        ("List Bullet", text, 11.5),
    ):
        style = document.styles[name]
        assert isinstance(style, ParagraphStyle)
        _set_face(style, latin, face, points)
        if name in {"Caption", "Heading 2", "Heading 3"}:
            style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(8), Pt(3)
    document.styles["Normal"].paragraph_format.space_after = Pt(4)
    _set_grid(document)
    line = document.styles["Title"].element.find(f".//{qn('w:pBdr')}/{qn('w:bottom')}")
    line.set(qn("w:color"), str(_GREEN))


def _set_grid(document: WordDocument) -> None:
    """Tables with thin grey lines, and room above and below what stands in their cells."""
    properties = document.styles["Table Grid"].element.find(qn("w:tblPr"))
    for line in properties.find(qn("w:tblBorders")):
        line.set(qn("w:color"), _LINE)
    margins = properties.find(qn("w:tblCellMar"))
    for side in ("top", "bottom"):
        margin = margins.find(qn(f"w:{side}"))
        margin.set(qn("w:w"), _ROOM)


def _set_face(style: ParagraphStyle, latin: str, east_asian: str, points: float) -> None:
    style.font.name, style.font.size, style.font.italic = latin, Pt(points), False
    style.font.color.rgb = None if style.name in {"Normal", "List Bullet"} else _GREEN
    faces = style.element.get_or_add_rPr().get_or_add_rFonts()
    for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        faces.attrib.pop(qn(f"w:{theme}"), None)
    faces.set(qn("w:eastAsia"), east_asian)


def _write_front(document: WordDocument, words: dict[str, str]) -> None:
    header = document.sections[0].header.paragraphs[0]
    header.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    mark = header.add_run("{{ simulated }}")
    mark.font.size, mark.font.bold, mark.font.color.rgb = Pt(9), True, _RED
    _number_pages(document.sections[0].footer.paragraphs[0])
    title = document.add_paragraph("{{ title }}", "Title")
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    period = document.add_paragraph("{{ period }}", "Heading 1")
    period.alignment = WD_ALIGN_PARAGRAPH.CENTER
    made = document.add_paragraph(words["made"])
    made.alignment = WD_ALIGN_PARAGRAPH.CENTER
    made.runs[0].font.color.rgb = _GREY


def _number_pages(paragraph: Paragraph) -> None:
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run = paragraph.add_run()
    for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
        field = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            field.set(qn("w:fldCharType"), kind)
        field.text = text or None
        run._element.append(field)  # noqa: SLF001 (python-docx has no fields)


def _write_conclusions(document: WordDocument, words: dict[str, str]) -> None:
    document.add_heading(words["conclusions"])
    _repeat(document, "line", "summary", "{{ line }}")
    _repeat(document, "line", "conclusions", "{{ line }}", "List Bullet")
    document.add_paragraph("{%p if absent %}")
    document.add_heading(words["absent"], 2)
    _repeat(document, "line", "absent", "{{ line }}", "List Bullet")
    document.add_paragraph("{%p endif %}")


def _write_tasks(document: WordDocument, words: dict[str, str]) -> None:
    """The dispatch form on pages across, of which there are none without targets."""
    document.add_paragraph("{%p if tasks %}")
    across = _add_section(document, WD_ORIENT.LANDSCAPE)
    across.left_margin = across.right_margin = Mm(16)
    document.add_heading(words["tasks"])
    widths = [width for _, width in _TASKS]
    table = _add_table(document, [words[f"tasks.{name}"] for name, _ in _TASKS], widths)
    cells = [f"{{{{ task.{name} }}}}" for name, _ in _TASKS]
    cells[_STATUS] = "{% cellbg task.color %}" + cells[_STATUS]
    cells[_TARGET] += "\n{{ task.target_period }}"
    _fill_rows(table, "task in tasks", cells, widths)
    document.add_paragraph(words["tasks.note"], "Caption")
    upright = _add_section(document, WD_ORIENT.PORTRAIT)
    upright.left_margin = upright.right_margin = Mm(25)
    document.add_paragraph("{%p else %}")
    document.add_heading(words["tasks"])
    document.add_paragraph("{{ no_tasks }}")
    document.add_paragraph("{%p endif %}")


def _add_section(document: WordDocument, orientation: WD_ORIENT) -> Section:
    """A section on new pages, with header and footer of its own, as the one before it may be left out."""
    first: Section = document.sections[0]
    section: Section = document.add_section(WD_SECTION.NEW_PAGE)
    section.orientation = orientation
    section.page_width, section.page_height = (
        _PAGE if orientation == WD_ORIENT.PORTRAIT else (_PAGE[1], _PAGE[0])
    )
    kept = [copy(part) for part in first._sectPr.findall(qn("w:headerReference"))]  # noqa: SLF001
    kept += [copy(part) for part in first._sectPr.findall(qn("w:footerReference"))]  # noqa: SLF001
    for place, part in enumerate(kept):
        section._sectPr.insert(place, part)  # noqa: SLF001 (python-docx would make new ones)
    return section


def _write_charts(document: WordDocument, words: dict[str, str]) -> None:
    document.add_heading(words["charts"])
    document.add_paragraph("{%p for chart in charts %}")
    document.add_paragraph("{{ chart.title }}", "Caption").paragraph_format.keep_with_next = True
    document.add_paragraph("{{ chart.graph }}")
    document.add_paragraph("{%p endfor %}")


def _write_areas(document: WordDocument, words: dict[str, str]) -> None:
    document.add_heading(words["areas"])
    document.add_paragraph("{%p for area in areas %}")
    document.add_heading("{{ area.name }}", 2)
    document.add_paragraph(words["area.made"], "Caption")
    _repeat(document, "line", "area.waters", "{{ line }}")
    widths = [width for _, width in _ROWS]
    table = _add_table(document, [words[f"rows.{name}"] for name, _ in _ROWS], widths)
    cells = [f"{{{{ row.{name} }}}}" for name, _ in _ROWS]
    cells[-1] = "{% cellbg row.color %}" + cells[-1]
    _fill_rows(table, "row in area.rows", cells, widths)
    document.add_paragraph("{{ area.left_out }}", "Caption")
    _write_themes(document)
    document.add_paragraph("{%p for map in area.maps %}")
    document.add_paragraph("{{ map.title }}", "Caption").paragraph_format.keep_with_next = True
    document.add_paragraph("{{ map.picture }}").paragraph_format.keep_with_next = True
    legend = document.add_paragraph("{{r map.legend }}")
    legend.paragraph_format.keep_with_next = True
    document.add_paragraph("{{ map.scale }}", "Caption")
    document.add_paragraph("{%p endfor %}")
    document.add_paragraph("{%p endfor %}")


def _write_themes(document: WordDocument) -> None:
    """Tables of as many columns as they have."""
    document.add_paragraph("{%p for table in area.tables %}")
    document.add_heading("{{ table.title }}", 3)
    table = document.add_table(4, 3, "Table Grid")
    _fill_cells(
        table, 0, ["{%tc for header in table.headers %}", "{{ header }}", "{%tc endfor %}"], fill=_HEAD_FILL
    )
    _repeat_heads(table)
    _fill_cells(table, 1, ["{%tr for row in table.rows %}", "", ""])
    _fill_cells(table, 2, ["{%tc for cell in row %}", "{{ cell }}", "{%tc endfor %}"])
    _fill_cells(table, 3, ["{%tr endfor %}", "", ""])
    document.add_paragraph("{{ table.left_out }}", "Caption")
    document.add_paragraph("{%p endfor %}")


def _write_notes(document: WordDocument, words: dict[str, str]) -> None:
    document.add_heading(words["notes"])
    _repeat(document, "line", "notes", "{{ line }}", "List Bullet")


def _repeat(document: WordDocument, name: str, fields: str, text: str, style: str = "Normal") -> None:
    document.add_paragraph(f"{{%p for {name} in {fields} %}}")
    document.add_paragraph(text, style)
    document.add_paragraph("{%p endfor %}")


def _add_table(document: WordDocument, heads: Sequence[str], widths: Sequence[float]) -> Table:
    """A table of a row that is repeated, under heads that stand on every page."""
    table: Table = document.add_table(4, len(heads), "Table Grid")
    table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Cm(width)
    _fill_cells(table, 0, heads, widths, fill=_HEAD_FILL)
    _repeat_heads(table)
    return table


def _repeat_heads(table: Table) -> None:
    """Have the first row on every page of a table, and every row on one page."""
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))  # noqa: SLF001 (no such setting)
    for row in table.rows:
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))  # noqa: SLF001 (no such setting)


def _fill_rows(table: Table, loop: str, cells: Sequence[str], widths: Sequence[float]) -> None:
    rest = [""] * (len(cells) - 1)
    _fill_cells(table, 1, [f"{{%tr for {loop} %}}", *rest], widths)
    _fill_cells(table, 2, cells, widths)
    _fill_cells(table, 3, ["{%tr endfor %}", *rest], widths)


def _fill_cells(
    table: Table, row: int, texts: Sequence[str], widths: Sequence[float] = (), fill: str = ""
) -> None:
    for number, (cell, text) in enumerate(zip(table.rows[row].cells, texts, strict=True)):
        run = cell.paragraphs[0].add_run(text)
        run.font.size, run.font.bold = Pt(_CELL_PT if widths else _DENSE_PT), bool(fill)
        cell.paragraphs[0].paragraph_format.space_after = Pt(0)
        cell.paragraphs[0].paragraph_format.keep_with_next = bool(fill)
        if widths:
            cell.width = Cm(widths[number])
        if fill:
            shade = OxmlElement("w:shd")
            shade.set(qn("w:val"), "clear")
            shade.set(qn("w:fill"), fill)
            cell._tc.get_or_add_tcPr().append(shade)  # noqa: SLF001 (python-docx has no shades)


if __name__ == "__main__":
    write_templates()
