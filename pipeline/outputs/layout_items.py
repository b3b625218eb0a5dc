"""Items of QGIS print layouts as XML: page, labels, map with grid, legend, north, scale, tables, atlas.

Boxes are left, top, width, height in mm of the page as it was drawn; all of them grow with `larger`. Words of
a label, a heading or a legend are drawn as they stand; an expression is given as such.
"""

import base64
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from pipeline.outputs.markup import add_crs, add_options, escape_expressions, format_color

GREEN, INK, RED, FAINT = "#1f5f4a", "#1d2b26", "#b3261e", "#55635d"
_FACE = "Noto Sans CJK SC"
_KINDS = {
    "page": 65638,
    "map": 65639,
    "picture": 65640,
    "label": 65641,
    "legend": 65642,
    "scale": 65646,
    "frame": 65647,
    "table": 65649,
}
_ARROW = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="-20 -4 40 78">'
    '<path d="M0 0L15 46L0 36L-15 46Z" fill="#1d2b26" stroke="#fff" stroke-width="2"/>'
    '<path d="M-9 72V52H-5L6 66V52H10V72H6L-5 58V72Z" fill="#1d2b26"/></svg>'
)
_BESIDE = {"left": "1", "bottom": "0"}
"""Sides of a map that the metres of its grid stand at, and which way they are written."""
_SHOW, _HIDE = "0", "3"
_BY_EXPRESSION = "3"
_IN_PAGE = "3"
_LEGEND_STYLES = {
    "title": (13, 0, True),
    "group": (11, 3, True),
    "subgroup": (10.5, 3.5, True),
    "symbol": (9.5, 1.6, False),
    "symbolLabel": (9.5, 1.6, False),
}
"""Size in points, room above in mm, whether bold."""

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Ground:
    """What a map shows: bounds (left, bottom, right, top) in a plane CRS; `driven` by an atlas it follows.

    `scale` and `crs_expression` are QGIS expressions of the feature of an atlas, empty for a map that stays.
    """

    crs: str
    bounds: Box
    scale: str = ""
    crs_expression: str = ""


@dataclass(frozen=True)
class TableColumn:
    """A column of a table on a layout: its heading, the expression of its cells, its width in mm."""

    heading: str
    expression: str
    width_mm: float
    right: bool = False


@dataclass(frozen=True)
class LegendLayer:
    """A layer in a legend by its id, its heading, and how many classes it has if it is a raster."""

    id: str
    heading: str
    classes: int = 0


class LayoutPage:
    """One layout of a page in mm, built item by item from the ground to the top."""

    def __init__(self, name: str, page: tuple[float, float], larger: float = 1.0) -> None:
        self._name, self._larger, self._above = name, larger, 0
        self.root = ET.Element("Layout", {"name": name, "units": "mm", "printResolution": "300"})
        pages = ET.SubElement(self.root, "PageCollection")
        add_fill(pages, "#ffffff")
        self._add_item(pages, "page", "page", (0, 0, *page), background="true")

    def add_label(
        self,
        key: str,
        words: str,
        box: Box,
        *,
        points: float = 9,
        color: str = INK,
        bold: bool = False,
        middle: bool = False,
        evaluated: bool = False,
        **settings: str,
    ) -> ET.Element:
        """A label; `evaluated` are words of this program that hold expressions."""
        text = words if evaluated else escape_expressions(words)
        item = self._add_item(self.root, "label", key, box, labelText=text, **settings)
        item.attrib.update({"halign": "4" if middle else "1", "valign": "128" if middle else "32"})
        item.attrib.update({"htmlState": "0", "marginX": "0", "marginY": "0"})
        ET.SubElement(item, "LabelFont", {"description": self._build_font(points, bold=bold), "style": ""})
        _add_color(item, "FontColor", color)
        return item

    def add_stamp(self, words: str, box: Box) -> None:
        """Words in a red frame."""
        item = self.add_label("stamp", words, box, points=15, color=RED, bold=True, middle=True, frame="true")
        item.attrib.update({"background": "true", "opacity": "0.9", "outlineWidthM": "0.8,mm"})
        _add_color(item, "FrameColor", RED)
        _add_color(item, "BackgroundColor", "#ffffff")

    def add_map(self, ground: Ground, box: Box, step_m: float = 0) -> ET.Element:
        """The map, with crosses of a grid every so many metres, by the page for 0, its metres at the edge."""
        item = self._add_item(self.root, "map", "map", box, frame="true", background="true")
        item.attrib.update({"drawCanvasItems": "true", "keepLayerSet": "false", "followPreset": "false"})
        item.attrib.update({"mapRotation": "0", "labelMargin": "1,mm", "mapFlags": "0"})
        _add_color(item, "FrameColor", INK)
        _add_color(item, "BackgroundColor", "#f4f8fa")
        moved = {"dataDefinedMapScale": ground.scale, "dataDefinedCrs": ground.crs_expression}
        _add_definitions(item, {key: words for key, words in moved.items() if words})
        names = ("xmin", "ymin", "xmax", "ymax")
        sides = {name: repr(side) for name, side in zip(names, ground.bounds, strict=True)}
        ET.SubElement(item, "Extent", sides)
        add_crs(ET.SubElement(item, "crs"), ground.crs)
        self._add_grid(item, step_m)
        if ground.scale:
            ET.SubElement(item, "AtlasMap", {"atlasDriven": "1", "scalingMode": "2", "margin": "0.1"})
        return item

    def add_legend(self, title: str, layers: Iterable[LegendLayer], box: Box, size: float = 1.0) -> None:
        """The legend of what is on the map, so many times as large as usual."""
        item = self._add_item(self.root, "legend", "legend", box, title=escape_expressions(title))
        item.attrib.update({"map_uuid": self._build_uuid("map"), "legendFilterByMap": "1"})
        item.attrib.update({"columnCount": "1", "resizeToContents": "1", "fontColor": INK, "wrapChar": ""})
        item.attrib.update({"titleAlignment": "1"})
        larger = self._larger * size
        sizes = {"symbolWidth": 6 * larger, "symbolHeight": 3.6 * larger, "boxSpace": 1, "lineSpacing": 1}
        item.attrib.update({name: f"{size:.2f}" for name, size in sizes.items()})
        self._add_legend_styles(item, larger)
        tree = ET.SubElement(item, "layer-tree-group")
        for layer in layers:
            known = {"id": layer.id, "name": layer.heading, "expanded": "1"}
            node = ET.SubElement(tree, "layer-tree-layer", known)
            own = ET.SubElement(ET.SubElement(node, "customproperties"), "Option", {"type": "Map"})
            told = dict.fromkeys(("cached_name", "legend/title-label"), escape_expressions(layer.heading))
            if layer.classes:  # a raster has the name of its band before its classes
                told["legend/node-order"] = ",".join(map(str, range(1, layer.classes + 1)))
            for key, value in told.items():
                ET.SubElement(own, "Option", {"name": key, "value": value, "type": "QString"})

    def add_north(self, box: Box) -> None:
        """An arrow to the north of the map's grid."""
        packed = base64.b64encode(_ARROW.encode()).decode("ascii")
        item = self._add_item(self.root, "picture", "north", box, file=f"base64:{packed}")
        item.attrib.update({"mode": "0", "resizeMode": "0", "anchorPoint": "4", "northMode": "0"})
        item.attrib.update({"mapUuid": self._build_uuid("map"), "northOffset": "0", "pictureRotation": "0"})

    def add_scale(self, box: Box, metres: float = 0) -> None:
        """A bar of two lengths of so many metres; of a length that suits the map for 0."""
        unit, factor = ("km", 1000) if metres >= 1000 else ("m", 1)  # noqa: PLR2004 (metres in a kilometre)
        item = self._add_item(self.root, "scale", "scale", box, background="true", opacity="0.9")
        item.attrib.update({"mapUuid": self._build_uuid("map"), "style": "Single Box", "unitLabel": unit})
        item.attrib.update({"unitType": {"km": "km", "m": "meters"}[unit], "numSegments": "2"})
        item.attrib.update({"numSegmentsLeft": "0", "numUnitsPerSegment": f"{metres / factor:g}"})
        item.attrib.update({"numMapUnitsPerScaleBarUnit": "1", "alignment": "0"})
        item.attrib.update({"segmentSizeMode": "0" if metres else "1"})
        item.attrib.update(
            {"minBarWidth": f"{10 * self._larger:.1f}", "maxBarWidth": f"{51 * self._larger:.1f}"}
        )
        sizes = {"height": 2 * self._larger, "labelBarSpace": 1.5 * self._larger, "boxContentSpace": 1.5}
        item.attrib.update({name: f"{size:.2f}" for name, size in sizes.items()})
        _add_color(item, "BackgroundColor", "#ffffff")
        self._add_text_style(item, 9)
        for name, color in (("fillSymbol1", INK), ("fillSymbol2", "#ffffff")):
            add_fill(ET.SubElement(item, name), color)

    def add_table(
        self, key: str, layer: str, columns: Sequence[TableColumn], box: Box, *, only: str, order: str
    ) -> None:
        """A table of the rows of a layer that an expression is true of, sorted by another."""
        table = ET.SubElement(self.root, "LayoutMultiFrame", {"type": str(_KINDS["table"]), "source": "0"})
        ids = {name: self._build_uuid(f"{key}/table") for name in ("uuid", "templateUuid")}
        table.attrib.update({**ids, "vectorLayer": layer, "filterFeatures": "true", "featureFilter": only})
        table.attrib.update(
            {"maxFeatures": "200", "headerMode": "0", "emptyTableMode": "1", "cellMargin": "0.6"}
        )
        table.attrib.update(
            {"resizeMode": "0", "wrapBehavior": "1", "showGrid": "1", "gridStrokeWidth": "0.1"}
        )
        table.attrib.update(
            {"gridColor": format_color("#9aa8a1"), "horizontalGrid": "1", "verticalGrid": "0"}
        )
        child = {name: self._build_uuid(key) for name in ("uuid", "templateUuid")}
        ET.SubElement(table, "childFrame", child)
        self._add_text_style(ET.SubElement(table, "headerTextFormat"), 7)
        self._add_text_style(ET.SubElement(table, "contentTextFormat"), 7)
        shown = ET.SubElement(table, "displayColumns")
        for column in columns:
            side = {"hAlignment": "2" if column.right else "1", "vAlignment": "128"}
            told = {"heading": column.heading, "attribute": column.expression}
            ET.SubElement(shown, "column", side | told | {"width": f"{column.width_mm * self._larger:.1f}"})
        sorting = {"attribute": order, "sortByRank": "1", "sortOrder": "0", "width": "0"}
        ET.SubElement(ET.SubElement(table, "sortColumns"), "column", sorting)
        whole = {"multiFrame": ids["uuid"], "multiFrameTemplateUuid": ids["uuid"]}
        section = {"sectionX": "0", "sectionY": "0", "hidePageIfEmpty": "0", "hideBackgroundIfEmpty": "0"}
        self._add_item(self.root, "frame", key, box, **whole, **section)

    def add_atlas(self, layer: str, *, order: str, name: str) -> None:
        """A page for each feature of a layer, in the order of one expression, named by another."""
        atlas = {"enabled": "1", "coverageLayer": layer, "hideCoverage": "0", "filterFeatures": "0"}
        pages = {"sortFeatures": "1", "sortAscending": "1", "sortKey": order, "pageNameExpression": name}
        ET.SubElement(self.root, "Atlas", atlas | pages | {"filenamePattern": name})

    def _add_item(self, parent: ET.Element, kind: str, key: str, box: Box, **settings: str) -> ET.Element:
        left, top, width, height = (f"{value * self._larger:.3f}" for value in box)
        self._above += 1
        item = ET.SubElement(parent, "LayoutItem", {"type": str(_KINDS[kind]), "id": key})
        item.set("uuid", self._build_uuid(key))
        item.set("templateUuid", self._build_uuid(key))
        item.set("position", f"{left},{top},mm")
        item.set("positionOnPage", f"{left},{top},mm")
        item.set("size", f"{width},{height},mm")
        item.attrib.update({"referencePoint": "0", "visibility": "1", "opacity": "1", "itemRotation": "0"})
        item.attrib.update({"zValue": str(self._above), "frame": "false", "background": "false"})
        item.attrib.update({"excludeFromExports": "0", "positionLock": "false", "blendMode": "0"})
        item.attrib.update({"frameJoinStyle": "miter", "outlineWidthM": "0.3,mm", "groupUuid": ""})
        item.attrib.update(settings)
        return item

    def _build_uuid(self, key: str) -> str:
        return f"{{{uuid.uuid5(uuid.NAMESPACE_URL, f'ecoledger/{self._name}/{key}')}}}"

    def _build_font(self, points: float, *, bold: bool = False) -> str:
        return f"{_FACE},{points * self._larger:.1f},-1,5,{75 if bold else 50},0,0,0,0,0"

    def _add_text_style(self, parent: ET.Element, points: float, color: str = INK) -> None:
        style = {"fontFamily": _FACE, "fontSize": f"{points * self._larger:.1f}", "fontSizeUnit": "Point"}
        ET.SubElement(parent, "text-style", style | {"textColor": format_color(color), "textOpacity": "1"})

    def _add_legend_styles(self, item: ET.Element, larger: float) -> None:
        styles = ET.SubElement(item, "styles")
        for name, (points, above, bold) in _LEGEND_STYLES.items():
            style = ET.SubElement(styles, "style", {"name": name, "indent": "0", "alignment": "1"})
            style.set("marginTop", f"{above * larger:.2f}")
            style.set("marginBottom", f"{2.5 * larger:.2f}" if name == "title" else "0")
            style.set("marginLeft", f"{2 * larger:.2f}" if name == "symbolLabel" else "0")
            font = {"description": self._build_font(points * larger / self._larger, bold=bold), "style": ""}
            ET.SubElement(style, "styleFont", font)

    def _add_grid(self, item: ET.Element, step_m: float) -> None:
        grid = ET.SubElement(item, "ComposerMapGrid", {"name": "grid", "uuid": self._build_uuid("grid")})
        step = f"{step_m:g}"
        grid.attrib.update(
            {"show": "1", "position": "3", "gridStyle": "1", "crossLength": "3", "blendMode": "0"}
        )
        grid.attrib.update({"intervalX": step, "intervalY": step, "unit": "0" if step_m else _IN_PAGE})
        grid.attrib.update(
            {"minimumIntervalWidth": "20", "maximumIntervalWidth": "45", "gridFrameStyle": "0"}
        )
        grid.attrib.update({"offsetX": "0", "offsetY": "0", "showAnnotation": "1", "annotationFormat": "0"})
        grid.attrib.update(
            {"annotationPrecision": "0", "annotationExpression": "", "frameAnnotationDistance": "0.8"}
        )
        for side in ("left", "right", "top", "bottom"):
            shown = {"Display": _SHOW if side in _BESIDE else _HIDE, "Position": "1"}
            shown["Direction"] = _BESIDE.get(side, "0")
            grid.attrib.update({f"{side}Annotation{key}": value for key, value in shown.items()})
            grid.set(f"{side}FrameDivisions", "0")
        line = ET.SubElement(
            ET.SubElement(grid, "lineStyle"), "symbol", {"type": "line", "name": "", "alpha": "1"}
        )
        layer = ET.SubElement(
            line, "layer", {"class": "SimpleLine", "enabled": "1", "pass": "0", "locked": "0"}
        )
        add_options(layer, {"line_color": format_color(INK), "line_width": "0.12", "line_width_unit": "MM"})
        self._add_text_style(grid, 6, FAINT)


def add_fill(parent: ET.Element, color: str) -> None:
    """A plain fill, with a thin edge but on a page."""
    symbol = ET.SubElement(parent, "symbol", {"type": "fill", "name": "", "alpha": "1"})
    layer = ET.SubElement(
        symbol, "layer", {"class": "SimpleFill", "enabled": "1", "pass": "0", "locked": "0"}
    )
    edge = {"outline_style": "solid" if parent.tag != "PageCollection" else "no", "outline_width": "0.2"}
    look = {"color": format_color(color), "outline_color": format_color(INK), "style": "solid"}
    add_options(layer, look | edge)


def _add_color(item: ET.Element, name: str, color: str) -> None:
    parts = zip(("red", "green", "blue"), bytes.fromhex(color.removeprefix("#")), strict=True)
    ET.SubElement(item, name, {part: str(value) for part, value in parts} | {"alpha": "255"})


def _add_definitions(item: ET.Element, expressions: Mapping[str, str]) -> None:
    """Properties of an item that expressions decide."""
    stock = ET.SubElement(ET.SubElement(item, "LayoutObject"), "dataDefinedProperties")
    whole = ET.SubElement(stock, "Option", {"type": "Map"})
    ET.SubElement(whole, "Option", {"type": "QString", "name": "name", "value": ""})
    properties = ET.SubElement(whole, "Option", {"type": "Map", "name": "properties"})
    for key, expression in expressions.items():
        one = ET.SubElement(properties, "Option", {"type": "Map", "name": key})
        ET.SubElement(one, "Option", {"type": "bool", "name": "active", "value": "true"})
        ET.SubElement(one, "Option", {"type": "QString", "name": "expression", "value": expression})
        ET.SubElement(one, "Option", {"type": "int", "name": "type", "value": _BY_EXPRESSION})
    ET.SubElement(whole, "Option", {"type": "QString", "name": "type", "value": "collection"})
