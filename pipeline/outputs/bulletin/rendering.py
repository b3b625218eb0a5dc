"""A bulletin as a Word document: the fields of a template filled in; the same fields give the same bytes."""

import io
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any, get_type_hints

from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.shared import Mm
from docxtpl import DocxTemplate, InlineImage, RichText
from jinja2 import ChainableUndefined, Undefined
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup
from PIL import Image

from pipeline.outputs.bulletin.content import Content
from pipeline.outputs.bulletin.graphs import Graph, pack_graph
from pipeline.outputs.bulletin.maps import MapLegend, MapPicture

_PARTS = ("/word/charts/bulletin{}.xml", "/word/embeddings/bulletin{}.xlsx")
_CLOCK, _UNIX = (1980, 1, 1, 0, 0, 0), 3
_MAP_MM, _GRAPH_MM = (130, 78), (150, 70)
"""Widths and heights: at most, of maps; of graphs."""
_EMU = 36_000
"""Units of a drawing in a millimetre."""
_DRAWING = (
    "</w:t></w:r><w:r><w:drawing>"
    '<wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent cx="{cx}" cy="{cy}"/>'
    '<wp:docPr id="1" name="Chart {number}"/><wp:cNvGraphicFramePr/>'
    '<a:graphic xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main">'
    '<a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/chart">'
    '<c:chart xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" r:id="{key}"/>'
    '</a:graphicData></a:graphic></wp:inline></w:drawing></w:r><w:r><w:t xml:space="preserve">'
)
_SWATCH = "■ "


def render_document(content: Content, template: Path, as_of: datetime) -> bytes:
    """The document that a template becomes; `as_of` stands for the times in it.

    Raises what the template makes jinja, or python-docx, raise; `check_template` says it in words.
    """
    document = FieldsDocument(template)
    document.fill({name: getattr(content, name) for name in get_type_hints(Content)})
    properties = document.docx.core_properties
    properties.title, properties.author = f"{content.title} {content.period}", content.office
    properties.created = properties.modified = as_of.replace(tzinfo=None)
    packed = io.BytesIO()
    document.docx.save(packed)
    return settle_parts(packed.getvalue())


class FieldsDocument(DocxTemplate):  # type: ignore[misc]
    """A template in whose fields pictures, legends and graphs are placed.

    `unknown` lists the fields that it asks for and that are not there, which are left empty.
    """

    def __init__(self, template: Path) -> None:
        super().__init__(template)
        self.unknown: list[str] = []
        self._graphs = 0

    def fill(self, fields: dict[str, Any]) -> None:
        """Fill in the fields."""
        self.render(fields, self._build_environment())

    def build_body(self, fields: dict[str, Any]) -> str:
        """The XML of the body with its fields filled in, as it is before anything in it is mended."""
        self.render_init()
        return str(self.build_xml(fields, self._build_environment()))

    def _build_environment(self) -> SandboxedEnvironment:
        return SandboxedEnvironment(
            undefined=_watch_strangers(self.unknown), finalize=self._place, autoescape=True
        )

    def _place(self, value: Any) -> Any:
        match value:
            case MapPicture():
                return InlineImage(self, io.BytesIO(value.png), width=Mm(_fit_width(value)))
            case MapLegend():
                return _color_legend(value)
            case Graph():
                return Markup(self._place_graph(value))  # noqa: S704 (all of it is ours)
        return value

    def _place_graph(self, graph: Graph) -> str:
        self._graphs += 1
        package, packed = self.docx.part.package, pack_graph(graph)
        chart, book = (PackURI(path.format(self._graphs)) for path in _PARTS)
        part = Part(chart, CONTENT_TYPE.DML_CHART, packed.chart, package)
        part.relate_to(
            Part(book, CONTENT_TYPE.SML_SHEET, packed.workbook, package), RELATIONSHIP_TYPE.PACKAGE
        )
        key = self.current_rendering_part.relate_to(part, RELATIONSHIP_TYPE.CHART)
        cx, cy = (size * _EMU for size in _GRAPH_MM)
        return _DRAWING.format(cx=cx, cy=cy, number=self._graphs, key=key)


def _watch_strangers(unknown: list[str]) -> type[Undefined]:
    """What stands for a field that is not there: nothing, whose name is listed."""

    class Watched(ChainableUndefined):
        def __init__(self, *words: Any, **more: Any) -> None:
            super().__init__(*words, **more)
            if self._undefined_name is not None:
                unknown.append(str(self._undefined_name))

    return Watched


def _fit_width(picture: MapPicture) -> float:
    """The width in mm of a picture that is neither too wide nor too tall."""
    width, height = Image.open(io.BytesIO(picture.png)).size
    return min(_MAP_MM[0], _MAP_MM[1] * width / height)


def _color_legend(legend: MapLegend) -> RichText:
    """A square in its colour before each name."""
    text = RichText()
    for color, name in legend.entries:
        text.add(_SWATCH, color=color)
        text.add(f"{name}    ")
    return text


def settle_parts(packed: bytes) -> bytes:
    """A zipped document whose parts tell neither when nor on what system they were written."""
    settled = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(packed)) as old,
        zipfile.ZipFile(settled, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            part = zipfile.ZipInfo(name, _CLOCK)
            part.compress_type, part.create_system = zipfile.ZIP_DEFLATED, _UNIX
            new.writestr(part, old.read(name))
    return settled.getvalue()
