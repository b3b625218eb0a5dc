"""Print layouts of the QGIS project: one sheet for A4 and one for A3, with all that a map on a wall needs.

Title, map in a plane CRS, legend of what is on the map, scale bar, north arrow, line of sources; and a
stamp where the data are simulated. Sizes are those of A4 in mm; A3 is the same sheet, enlarged.
"""

import base64
import math
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from pipeline.outputs.markup import add_crs, add_options, escape_expressions, format_color

SHEETS = {"A4": 1.0, "A3": 420 / 297}
"""Sheets by name, with how much larger than A4 they are."""

_PAGE = (297.0, 210.0)
_MAP = (10.0, 30.0, 209.0, 152.0)
_FACE = "Noto Sans CJK SC"
_GREEN, _INK, _RED = "#1f5f4a", "#1d2b26", "#b3261e"
_KINDS = {"page": 65638, "map": 65639, "picture": 65640, "label": 65641, "legend": 65642, "scale": 65646}
_ARROW = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="-20 -4 40 78">'
    '<path d="M0 0L15 46L0 36L-15 46Z" fill="#1d2b26" stroke="#fff" stroke-width="2"/>'
    '<path d="M-9 72V52H-5L6 66V52H10V72H6L-5 58V72Z" fill="#1d2b26"/></svg>'
)
_NICE = (1, 2, 5)
_ROOM = 1.14
_BAR_SHARE = 0.2


@dataclass(frozen=True)
class PrintSheet:
    """What stands on a sheet.

    `layers` are the ids of the layers in the legend with their headings; `bounds` (left, bottom, right, top)
    are those of the area in `crs`, whose unit is metres; `stamp` is empty for observed data.
    """

    title: str
    subtitle: str
    legend_title: str
    layers: tuple[tuple[str, str], ...]
    notes: str
    stamp: str
    crs: str
    bounds: tuple[float, float, float, float]


def add_layouts(root: ET.Element, sheet: PrintSheet) -> None:
    """Add the layouts of a sheet to a project."""
    layouts = ET.SubElement(root, "Layouts")
    for name, larger in SHEETS.items():
        layouts.append(_Layout(name, larger).draw(sheet))


def fit_bounds(bounds: Sequence[float], across: float, down: float) -> tuple[float, float, float, float]:
    """The bounds widened to the shape of a map of that many mm, with some room around."""
    left, bottom, right, top = bounds
    width, height = max(right - left, 1.0) * _ROOM, max(top - bottom, 1.0) * _ROOM
    width, height = max(width, height * across / down), max(height, width * down / across)
    x, y = (left + right) / 2, (bottom + top) / 2
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def choose_bar_length_m(width_m: float) -> float:
    """The longest of 1, 2 or 5 times a power of ten that fits a fifth of a width twice."""
    room = width_m * _BAR_SHARE / 2
    power = 10 ** math.floor(math.log10(room))
    return float(max(factor * power for factor in _NICE if factor * power <= room))


class _Layout:
    """One layout; all of its sizes grow with `larger`."""

    def __init__(self, name: str, larger: float) -> None:
        self._name, self._larger, self._above = name, larger, 0
        self._root = ET.Element("Layout", {"name": name, "units": "mm", "printResolution": "300"})

    def draw(self, sheet: PrintSheet) -> ET.Element:
        """The layout with everything on it, from the ground to the top."""
        pages = ET.SubElement(self._root, "PageCollection")
        _add_fill(pages, "#ffffff")
        self._add_item(pages, "page", "page", (0, 0, *_PAGE), background="true")
        self._add_map(sheet)
        self._add_label(
            "title", sheet.title, (10, 7, 277, 13), points=21, color=_GREEN, bold=True, middle=True
        )
        self._add_label("subtitle", sheet.subtitle, (10, 20, 277, 8), points=11, color=_INK, middle=True)
        self._add_legend(sheet)
        self._add_north()
        self._add_scale(sheet)
        self._add_label("notes", sheet.notes, (10, 185, 277, 18), points=8, color="#55635d")
        if sheet.stamp:
            self._stamp(sheet.stamp)
        return self._root

    def _add_item(
        self, parent: ET.Element, kind: str, key: str, box: Sequence[float], **settings: str
    ) -> ET.Element:
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

    def _add_map(self, sheet: PrintSheet) -> None:
        item = self._add_item(self._root, "map", "map", _MAP, frame="true", background="true")
        item.attrib.update({"drawCanvasItems": "true", "keepLayerSet": "false", "followPreset": "false"})
        item.attrib.update({"mapRotation": "0", "labelMargin": "1,mm", "mapFlags": "0"})
        _add_color(item, "FrameColor", _INK)
        _add_color(item, "BackgroundColor", "#f4f8fa")
        names = ("xmin", "ymin", "xmax", "ymax")
        sides = fit_bounds(sheet.bounds, *_MAP[2:])
        ET.SubElement(item, "Extent", {name: repr(side) for name, side in zip(names, sides, strict=True)})
        add_crs(ET.SubElement(item, "crs"), sheet.crs)

    def _add_label(
        self,
        key: str,
        words: str,
        box: Sequence[float],
        *,
        points: float,
        color: str,
        bold: bool = False,
        middle: bool = False,
        **settings: str,
    ) -> ET.Element:
        item = self._add_item(self._root, "label", key, box, labelText=escape_expressions(words), **settings)
        item.attrib.update({"halign": "4" if middle else "1", "valign": "128" if middle else "32"})
        item.attrib.update({"htmlState": "0", "marginX": "0", "marginY": "0"})
        ET.SubElement(item, "LabelFont", {"description": self._build_font(points, bold=bold), "style": ""})
        _add_color(item, "FontColor", color)
        return item

    def _build_font(self, points: float, *, bold: bool = False) -> str:
        return f"{_FACE},{points * self._larger:.1f},-1,5,{75 if bold else 50},0,0,0,0,0"

    def _add_legend(self, sheet: PrintSheet) -> None:
        item = self._add_item(
            self._root, "legend", "legend", (222, 30, 65, 60), title=escape_expressions(sheet.legend_title)
        )
        item.attrib.update(
            {"map_uuid": self._build_uuid("map"), "legendFilterByMap": "1", "columnCount": "1"}
        )
        item.attrib.update(
            {"resizeToContents": "1", "fontColor": _INK, "wrapChar": "", "titleAlignment": "1"}
        )
        larger = self._larger
        sizes = {"symbolWidth": 6 * larger, "symbolHeight": 3.6 * larger, "boxSpace": 1, "lineSpacing": 1}
        item.attrib.update({name: f"{size:.2f}" for name, size in sizes.items()})
        styles = ET.SubElement(item, "styles")
        for name, (points, above, bold) in _LEGEND_STYLES.items():
            style = ET.SubElement(styles, "style", {"name": name, "indent": "0", "alignment": "1"})
            style.set("marginTop", f"{above * larger:.2f}")
            style.set("marginBottom", f"{2.5 * larger:.2f}" if name == "title" else "0")
            style.set("marginLeft", f"{2 * larger:.2f}" if name == "symbolLabel" else "0")
            ET.SubElement(
                style, "styleFont", {"description": self._build_font(points, bold=bold), "style": ""}
            )
        tree = ET.SubElement(item, "layer-tree-group")
        for layer, heading in sheet.layers:
            node = ET.SubElement(tree, "layer-tree-layer", {"id": layer, "name": heading, "expanded": "1"})
            own = ET.SubElement(ET.SubElement(node, "customproperties"), "Option", {"type": "Map"})
            for key in ("cached_name", "legend/title-label"):
                ET.SubElement(
                    own, "Option", {"name": key, "value": escape_expressions(heading), "type": "QString"}
                )

    def _add_north(self) -> None:
        packed = base64.b64encode(_ARROW.encode()).decode("ascii")
        item = self._add_item(self._root, "picture", "north", (203, 33, 12, 23), file=f"base64:{packed}")
        item.attrib.update({"mode": "0", "resizeMode": "0", "anchorPoint": "4", "northMode": "0"})
        item.attrib.update({"mapUuid": self._build_uuid("map"), "northOffset": "0", "pictureRotation": "0"})

    def _add_scale(self, sheet: PrintSheet) -> None:
        left, _, right, _ = fit_bounds(sheet.bounds, *_MAP[2:])
        metres = choose_bar_length_m(right - left)
        unit, factor = ("km", 1000) if metres >= 1000 else ("m", 1)  # noqa: PLR2004 (metres in a kilometre)
        item = self._add_item(
            self._root, "scale", "scale", (13, 168, 60, 12), background="true", opacity="0.9"
        )
        item.attrib.update({"mapUuid": self._build_uuid("map"), "style": "Single Box", "unitLabel": unit})
        item.attrib.update({"unitType": {"km": "km", "m": "meters"}[unit], "numSegments": "2"})
        item.attrib.update({"numSegmentsLeft": "0", "numUnitsPerSegment": f"{metres / factor:g}"})
        item.attrib.update({"numMapUnitsPerScaleBarUnit": "1", "segmentSizeMode": "0", "alignment": "0"})
        sizes = {"height": 2 * self._larger, "labelBarSpace": 1.5 * self._larger, "boxContentSpace": 1.5}
        item.attrib.update({name: f"{size:.2f}" for name, size in sizes.items()})
        _add_color(item, "BackgroundColor", "#ffffff")
        style = {"fontFamily": _FACE, "fontSize": f"{9 * self._larger:.1f}", "fontSizeUnit": "Point"}
        ET.SubElement(item, "text-style", style | {"textColor": format_color(_INK), "textOpacity": "1"})
        for name, color in (("fillSymbol1", _INK), ("fillSymbol2", "#ffffff")):
            _add_fill(ET.SubElement(item, name), color)

    def _stamp(self, words: str) -> None:
        box = (166, 34, 34, 12)
        item = self._add_label(
            "stamp", words, box, points=15, color=_RED, bold=True, middle=True, frame="true"
        )
        item.attrib.update({"background": "true", "opacity": "0.9", "outlineWidthM": "0.8,mm"})
        _add_color(item, "FrameColor", _RED)
        _add_color(item, "BackgroundColor", "#ffffff")


_LEGEND_STYLES = {
    "title": (13, 0, True),
    "group": (11, 3, True),
    "subgroup": (10.5, 3.5, True),
    "symbol": (9.5, 1.6, False),
    "symbolLabel": (9.5, 1.6, False),
}
"""Size in points, room above in mm, whether bold."""


def _add_color(item: ET.Element, name: str, color: str) -> None:
    parts = zip(("red", "green", "blue"), bytes.fromhex(color.removeprefix("#")), strict=True)
    ET.SubElement(item, name, {part: str(value) for part, value in parts} | {"alpha": "255"})


def _add_fill(parent: ET.Element, color: str) -> None:
    symbol = ET.SubElement(parent, "symbol", {"type": "fill", "name": "", "alpha": "1"})
    layer = ET.SubElement(
        symbol, "layer", {"class": "SimpleFill", "enabled": "1", "pass": "0", "locked": "0"}
    )
    edge = {"outline_style": "solid" if parent.tag != "PageCollection" else "no", "outline_width": "0.2"}
    add_options(
        layer, {"color": format_color(color), "outline_color": format_color(_INK), "style": "solid"} | edge
    )
