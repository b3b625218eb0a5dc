"""How QGIS draws and labels a layer: classes with their colours, and the style that holds them (QML)."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from xml.etree import ElementTree as ET

from pipeline.outputs.columns import Language, list_values
from pipeline.outputs.markup import (
    add_options,
    escape_expressions,
    format_color,
    quote_name,
    quote_text,
    serialise,
)
from pipeline.outputs.qgis.form_tabs import FORM_TABS
from pipeline.outputs.qgis.forms import add_form, choose_columns
from pipeline.outputs.qgis.looks import DOCTYPE, QGIS_VERSION, LayerStyle, StyledLayer
from pipeline.outputs.texts import find_text

_GREY = "#8c8c8c"
_AROUND_POINT = {
    "placement": "6",
    "predefinedPositionOrder": "TR,TL,BR,BL,R,L,TSR,BSR",
    "dist": "4",
    "distUnits": "MM",
    "priority": "9",
}
_INSIDE = {"placement": "1", "priority": "4"}
_OUTSIDE = {"placement": "8", "dist": "1.5", "distUnits": "MM", "priority": "7"}
_SYMBOLS = MappingProxyType(
    {
        "Point": ("marker", "SimpleMarker"),
        "MultiLineString": ("line", "SimpleLine"),
        "MultiPolygon": ("fill", "SimpleFill"),
    }
)
_CALLOUT = MappingProxyType(
    {
        "enabled": "1",
        "anchorPoint": "pole_of_inaccessibility",
        "labelAnchorPoint": "point_on_exterior",
        "drawToAllParts": "0",
        "minLength": "0",
        "minLengthUnit": "MM",
        "offsetFromAnchor": "0",
        "offsetFromLabel": "0.4",
        "lineSymbol": (
            '<symbol type="line" name="symbol" alpha="1"><layer class="SimpleLine" enabled="1">'
            '<prop k="line_color" v="48,48,48,255"/><prop k="line_width" v="0.3"/>'
            '<prop k="line_width_unit" v="MM"/></layer></symbol>'
        ),
    }
)
_PLAIN, _MULTIPLY = "0", "6"
_EARLIER = "-"
"""Stands for the class of rows of periods before the last, which are drawn on request."""
_LABELS = MappingProxyType(
    {
        "sections": 'array_to_string(array_filter(array("section", CASE WHEN "water_class" IS NOT NULL '
        "THEN represent_value(\"water_class\") END), @element IS NOT NULL), ' ')",
        "parcels": 'CASE WHEN length("parcel_no") IN (19, 28) THEN substr("parcel_no", 13, 7) '
        'ELSE "parcel_no" END',
    }
)
"""What names a row on the map, where it is more, or less, than a column: the class of a section, and of the
code of a parcel (GB/T 37346) its kind of right and number."""


@dataclass(frozen=True)
class _Category:
    value: str
    label: str
    color: str
    shown: bool = True


def build_layer_qml(layer: StyledLayer, language: Language) -> str:
    """Style of a layer: classes with colours, labels, forms, aliases in the reader's language, value lists.

    Of rows of several periods those of the last are drawn, and those before on request.
    """
    root = ET.Element("qgis", {"version": QGIS_VERSION, "styleCategories": "AllStyleCategories"})
    add_look(root, layer, language, chosen=False)
    add_form(root, layer, FORM_TABS.get(layer.name, ()), language)
    return DOCTYPE + serialise(root)


def add_look(root: ET.Element, layer: StyledLayer, language: Language, *, chosen: bool) -> None:
    """Add how a layer is drawn and labelled under an element.

    `chosen` says that its rows are of one period; else those of the last are chosen as they are drawn.
    """
    look = layer.style
    root.set("labelsEnabled", "1" if look.label else "0")
    if look.scale:
        scales = {"hasScaleBasedVisibilityFlag": "1", "minScale": str(look.scale), "maxScale": "0"}
        root.attrib.update(scales)
    _add_flags(root)
    newest = "" if chosen else _find_newest(layer)
    _add_renderer(root, layer, newest, language)
    if look.label:
        _add_labels(root, layer, newest, language)
    ET.SubElement(root, "layerOpacity").text = f"{look.layer_opacity:g}"
    ET.SubElement(root, "blendMode").text = _MULTIPLY if look.clear and not chosen else _PLAIN


def _find_newest(layer: StyledLayer) -> str:
    """What is true of the rows of the last period; nothing where all rows are of one."""
    if len(layer.moments) <= 1:
        return ""
    asked = zip(layer.moment_columns, layer.moments[-1], strict=True)
    return " AND ".join(f"{quote_name(column)} = {quote_text(value)}" for column, value in asked)


def _add_flags(root: ET.Element) -> None:
    flags = ET.SubElement(root, "flags")
    for flag in ("Identifiable", "Removable", "Searchable"):
        ET.SubElement(flags, flag).text = "1"


def _add_renderer(root: ET.Element, layer: StyledLayer, newest: str, language: Language) -> None:
    look = layer.style
    renderer = ET.SubElement(root, "renderer-v2", {"forceraster": "0", "symbollevels": "0"})
    if look.column is None:
        renderer.set("type", "singleSymbol")
        categories = [_Category("", layer.title, look.outline or _GREY)]
    else:
        renderer.set("type", "categorizedSymbol")
        column = quote_name(look.column)
        renderer.set(
            "attr", f"CASE WHEN {newest} THEN {column} ELSE '{_EARLIER}' END" if newest else look.column
        )
        categories = _list_categories(look.column, language, spoken=look.column in layer.spoken)
        if newest:
            categories.append(_Category(_EARLIER, find_text("legend.earlier", language), _GREY, shown=False))
        _add_categories(renderer, categories)
    symbols = ET.SubElement(renderer, "symbols")
    for number, category in enumerate(categories):
        _add_symbol(symbols, str(number), layer.geometry, look, category.color)


def _add_categories(renderer: ET.Element, categories: Sequence[_Category]) -> None:
    stock = ET.SubElement(renderer, "categories")
    for number, category in enumerate(categories):
        entry = {"symbol": str(number), "value": category.value}
        label = escape_expressions(category.label)
        shown = "true" if category.shown else "false"
        ET.SubElement(stock, "category", {**entry, "label": label, "render": shown})


def _list_categories(column: str, language: Language, *, spoken: bool) -> list[_Category]:
    known = [
        _Category(
            entry.name_zh if spoken else entry.code,
            entry.name(language),
            entry.color or _GREY,
        )
        for entry in list_values(column)
    ]
    return [*known, _Category("", find_text("legend.other", language), _GREY)]


def _add_symbol(stock: ET.Element, name: str, geometry: str, look: LayerStyle, color: str) -> None:
    point = geometry == "Point"
    kind, symbol_class = _SYMBOLS[geometry]
    symbol = ET.SubElement(stock, "symbol", {"type": kind, "name": name, "alpha": "1"})
    layer = ET.SubElement(symbol, "layer", {"class": symbol_class})
    layer.attrib.update({"enabled": "1", "pass": "0", "locked": "0"})
    if kind == "line":
        width = {"line_width": str(look.outline_mm), "line_width_unit": "MM", "joinstyle": "round"}
        dash = "dash" if look.dashes else "solid"
        add_options(layer, {"line_color": format_color(color), "line_style": dash, **width})
        return
    drawn = {
        "color": format_color(color, look.opacity),
        "outline_color": format_color(look.outline or color),
        "outline_style": "dash" if look.dashes else "solid",
        "outline_width": str(look.outline_mm),
        "outline_width_unit": "MM",
        "joinstyle": "round",
    }
    shape = {"name": "circle", "size": "4", "size_unit": "MM"} if point else {"style": _choose_fill(look)}
    add_options(layer, drawn | shape)


def _choose_fill(look: LayerStyle) -> str:
    return "solid" if look.opacity else "no"


def _add_labels(root: ET.Element, layer: StyledLayer, newest: str, language: Language) -> None:
    settings = ET.SubElement(ET.SubElement(root, "labeling", {"type": "simple"}), "settings")
    (column,) = choose_columns([layer.style.label or ""], language)
    words = _LABELS.get(layer.name) or quote_name(column)
    label = f"CASE WHEN {newest} THEN {words} END" if newest else words
    style = ET.SubElement(settings, "text-style", {"fieldName": label, "isExpression": "1"})
    point, scale = layer.geometry == "Point", layer.style.label_scale
    style.attrib.update({"fontSize": "9" if scale else "10" if point else "13", "fontSizeUnit": "Point"})
    style.attrib.update({"textColor": "30,30,30,255", "textOpacity": "1"})
    buffer = {"bufferDraw": "1", "bufferSize": "0.9", "bufferSizeUnits": "MM", "bufferOpacity": "1"}
    ET.SubElement(style, "text-buffer", buffer | {"bufferColor": "255,255,255,255"})
    ET.SubElement(settings, "placement", _AROUND_POINT if point else _INSIDE if scale else _OUTSIDE)
    rules = {"scaleVisibility": "1", "scaleMin": "0", "scaleMax": str(scale)} if scale else {}
    drawn = {"drawLabels": "1", "obstacle": "1", "limitNumLabels": "0"}
    ET.SubElement(settings, "rendering", drawn | rules)
    if point:
        _add_callout(settings)


def _add_callout(settings: ET.Element) -> None:
    """A line from a label to its point, so that none is taken for that of a neighbour."""
    settings.set("calloutType", "simple")
    callout = ET.SubElement(settings, "callout", {"type": "simple"})
    options = ET.SubElement(callout, "Option", {"type": "Map"})
    for name, value in _CALLOUT.items():
        ET.SubElement(options, "Option", {"name": name, "value": value, "type": "QString"})
