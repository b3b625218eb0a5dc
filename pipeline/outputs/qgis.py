"""What QGIS reads: layer styles and raster styles (QML).

Element and attribute names are those that QGIS 3.22 writes itself; later versions read them too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from xml.etree import ElementTree as ET

from pipeline.legends import Legend
from pipeline.outputs.columns import Language, ValueName, list_values, name_columns
from pipeline.outputs.markup import (
    add_options,
    escape_expressions,
    format_color,
    quote_name,
    quote_text,
    serialise,
)
from pipeline.outputs.ramps import Stops, format_amount
from pipeline.outputs.texts import find_text

QGIS_VERSION = "3.22.16-Białowieża"
_GREY = "#8c8c8c"
DOCTYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
_AROUND_POINT = {
    "placement": "6",
    "predefinedPositionOrder": "TR,TL,BR,BL,R,L,TSR,BSR",
    "dist": "2.4",
    "distUnits": "MM",
    "priority": "9",
}
_OUTSIDE = {"placement": "8", "dist": "1.5", "distUnits": "MM", "priority": "7"}
_SYMBOLS = MappingProxyType(
    {
        "Point": ("marker", "SimpleMarker"),
        "MultiLineString": ("line", "SimpleLine"),
        "MultiPolygon": ("fill", "SimpleFill"),
    }
)


@dataclass(frozen=True)
class LayerStyle:
    """How one layer is drawn: by the values of `column`, or all alike where it is None.

    `opacity` is that of the fill; `outline` None takes the class colour.
    """

    column: str | None
    opacity: float = 0.0
    outline: str | None = None
    outline_mm: float = 0.3
    dashes: bool = False
    label: str | None = None
    shown: bool = True


LAYER_STYLES: Mapping[str, LayerStyle] = MappingProxyType(
    {
        "sections": LayerStyle("water_class", 1.0, "#303030", 0.3, label="section"),
        "findings": LayerStyle("severity", 0.15, None, 0.6, dashes=True, shown=False),
        "aoi": LayerStyle(None, 0.0, "#202020", 0.7, dashes=True, label="name_zh"),
        "change_patches": LayerStyle("to_class", 0.85, "#ffffff", 0.2),
        "parcels": LayerStyle("owner_type", 0.0, None, 0.4),
        "inventory": LayerStyle("ecosystem_l1", 0.8, "#ffffff", 0.15),
    }
)
"""Layers from the top of the map to the bottom."""
_BENEATH = "change_patches"


FORM_TABS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "value": (
            *("cat1_name", "cat2_name", "cat3_name", "period", "quantity", "quantity_unit"),
            *("physical_value", "physical_unit", "eco_value_yuan", "econ_value_yuan", "change", "chg_reason"),
            *("param_set", "method", "evidence", "confidence", "data_source"),
        ),
        "place": (
            "product_id",
            "parcel_id",
            "region_code",
            "ecosystem_l1",
            "dlbm",
            "area_ha",
            "quality_grade",
        ),
    }
)
"""Tabs of the form of a product that has a value: what it comes to and rests on, what and where it is.

The columns that are in none of them stand in a last tab.
"""


@dataclass(frozen=True)
class StyledLayer:
    """What a style needs to know of a layer: its name, geometry type, title and columns in order.

    `newest` is the label of the last period: where a layer has one row per period, only those rows are
    labelled. `spoken` are coded columns that hold names already; `about` says what a row is,
    `rules` what the rules of findings are called. With `tabs` its form has what FORM_TABS says.
    `family` is that of the names of its columns, `own` the style of a layer that LAYER_STYLES does not know.
    """

    name: str
    geometry: str
    title: str
    columns: tuple[str, ...]
    newest: str
    spoken: frozenset[str] = frozenset()
    about: str = ""
    rules: tuple[ValueName, ...] = ()
    tabs: bool = False
    family: str = ""
    own: LayerStyle | None = None

    @property
    def style(self) -> LayerStyle:
        """How it is drawn."""
        return self.own or LAYER_STYLES[self.name]

    @property
    def shown(self) -> bool:
        """Whether the map begins with it; layers of parts are switched on by whoever asks for them."""
        return self.own is None and self.style.shown

    @property
    def place(self) -> float:
        """Where it lies on the map, the least on top; layers of parts between the area and its changes."""
        known = list(LAYER_STYLES)
        return known.index(self.name) if self.own is None else known.index(_BENEATH) - 0.5


@dataclass(frozen=True)
class _Category:
    value: str
    label: str
    color: str


def build_layer_qml(layer: StyledLayer, language: Language) -> str:
    """Style of a layer: classes with colours, labels, aliases in the reader's language, value lists."""
    root = ET.Element("qgis", {"version": QGIS_VERSION, "styleCategories": "AllStyleCategories"})
    add_style(root, layer, language)
    return _serialise_style(root)


def build_ramp_qml(stops: Stops, unit: str = "") -> str:
    """Style of a raster of measures: colours of some values and between them, in the `unit` of its legend."""
    low, high = str(stops[0][0]), str(stops[-1][0])
    root = ET.Element("qgis", {"version": QGIS_VERSION, "styleCategories": "AllStyleCategories"})
    renderer = ET.SubElement(ET.SubElement(root, "pipe"), "rasterrenderer")
    renderer.attrib.update({"type": "singlebandpseudocolor", "band": "1", "opacity": "1", "alphaBand": "-1"})
    renderer.attrib.update({"classificationMin": low, "classificationMax": high})
    shader = ET.SubElement(ET.SubElement(renderer, "rastershader"), "colorrampshader")
    shader.attrib.update({"colorRampType": "INTERPOLATED", "classificationMode": "1", "clip": "0"})
    shader.attrib.update({"minimumValue": low, "maximumValue": high})
    for value, color in stops:
        label = f"{value:g}" if not unit else f"{format_amount(value)} {unit}"
        item = {"value": str(value), "label": label, "color": color, "alpha": "255"}
        ET.SubElement(shader, "item", item)
    return _serialise_style(root)


def build_classes_qml(legend: Legend, language: Language) -> str:
    """Style of a class raster: the legend's classes with their names, and nothing else."""
    root = ET.Element("qgis", {"version": QGIS_VERSION, "styleCategories": "AllStyleCategories"})
    pipe = ET.SubElement(root, "pipe")
    renderer = ET.SubElement(pipe, "rasterrenderer", {"type": "paletted", "band": "1", "opacity": "1"})
    palette = ET.SubElement(renderer, "colorPalette")
    for entry in legend.classes:
        item = {"value": str(entry.code), "label": entry.name(language), "color": entry.color, "alpha": "255"}
        ET.SubElement(palette, "paletteEntry", item)
    return _serialise_style(root)


def _serialise_style(root: ET.Element) -> str:
    return DOCTYPE + serialise(root)


def add_style(root: ET.Element, layer: StyledLayer, language: Language) -> None:
    """Add the whole style of a layer under an element."""
    look = layer.style
    root.set("labelsEnabled", "1" if look.label else "0")
    _add_flags(root)
    _add_renderer(root, layer, look, language)
    if look.label:
        _add_labels(root, layer, look.label)
    ET.SubElement(root, "layerOpacity").text = "1"
    _add_fields(root, layer, language)
    if layer.tabs:
        _add_tabs(root, layer, language)
    aliases = ET.SubElement(root, "aliases")
    names = name_columns(layer.columns, language, layer.family)
    for index, column in enumerate(("fid", *layer.columns)):
        alias = {"index": str(index), "field": column, "name": names.get(column, "")}
        ET.SubElement(aliases, "alias", alias)
    display = look.label or layer.columns[0]
    ET.SubElement(root, "previewExpression").text = quote_name(display)


def _add_flags(root: ET.Element) -> None:
    flags = ET.SubElement(root, "flags")
    for flag in ("Identifiable", "Removable", "Searchable"):
        ET.SubElement(flags, flag).text = "1"


def _add_renderer(root: ET.Element, layer: StyledLayer, look: LayerStyle, language: Language) -> None:
    renderer = ET.SubElement(root, "renderer-v2", {"forceraster": "0", "symbollevels": "0"})
    if look.column is None:
        renderer.set("type", "singleSymbol")
        categories = [_Category("", layer.title, look.outline or _GREY)]
    else:
        renderer.set("type", "categorizedSymbol")
        renderer.set("attr", look.column)
        categories = _list_categories(look.column, language, spoken=look.column in layer.spoken)
        stock = ET.SubElement(renderer, "categories")
        for number, category in enumerate(categories):
            entry = {"symbol": str(number), "value": category.value}
            label = escape_expressions(category.label)
            ET.SubElement(stock, "category", {**entry, "label": label, "render": "true"})
    symbols = ET.SubElement(renderer, "symbols")
    for number, category in enumerate(categories):
        _add_symbol(symbols, str(number), layer.geometry, look, category.color)
    if "period" in layer.columns:
        renderer.set("enableorderby", "1")
        clause = ET.SubElement(ET.SubElement(renderer, "orderby"), "orderByClause")
        clause.attrib.update({"asc": "1", "nullsFirst": "1"})
        clause.text = '"period"'


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


def _add_labels(root: ET.Element, layer: StyledLayer, column: str) -> None:
    settings = ET.SubElement(ET.SubElement(root, "labeling", {"type": "simple"}), "settings")
    label = quote_name(column)
    if "period" in layer.columns:
        label = f'CASE WHEN "period" = {quote_text(layer.newest)} THEN {label} END'
    style = ET.SubElement(settings, "text-style", {"fieldName": label, "isExpression": "1"})
    point = layer.geometry == "Point"
    style.attrib.update({"fontSize": "10" if point else "13", "fontSizeUnit": "Point"})
    style.attrib.update({"textColor": "30,30,30,255", "textOpacity": "1"})
    buffer = {"bufferDraw": "1", "bufferSize": "0.9", "bufferSizeUnits": "MM", "bufferOpacity": "1"}
    ET.SubElement(style, "text-buffer", buffer | {"bufferColor": "255,255,255,255"})
    ET.SubElement(settings, "placement", _AROUND_POINT if point else _OUTSIDE)
    ET.SubElement(settings, "rendering", {"drawLabels": "1", "obstacle": "1", "limitNumLabels": "0"})


def _add_fields(root: ET.Element, layer: StyledLayer, language: Language) -> None:
    fields = ET.SubElement(root, "fieldConfiguration")
    for column in layer.columns:
        values = layer.rules if column == "rule" else () if column in layer.spoken else list_values(column)
        widget = ET.SubElement(ET.SubElement(fields, "field", {"name": column}), "editWidget")
        widget.set("type", "ValueMap" if values else "")
        config = ET.SubElement(ET.SubElement(widget, "config"), "Option", {"type": "Map"})
        if values:
            listed = ET.SubElement(config, "Option", {"name": "map", "type": "List"})
            for entry in values:
                pair = ET.SubElement(listed, "Option", {"type": "Map"})
                choice = {"name": entry.name(language), "value": entry.code, "type": "QString"}
                ET.SubElement(pair, "Option", choice)


def _add_tabs(root: ET.Element, layer: StyledLayer, language: Language) -> None:
    named = {column for columns in FORM_TABS.values() for column in columns}
    rest = tuple(column for column in layer.columns if column not in named)
    ET.SubElement(root, "editorlayout").text = "tablayout"
    form = ET.SubElement(root, "attributeEditorForm")
    for key, columns in {**FORM_TABS, "rest": rest}.items():
        tab = {"name": find_text(f"form.{key}", language), "columnCount": "1", "groupBox": "0"}
        box = ET.SubElement(form, "attributeEditorContainer", tab | {"showLabel": "1"})
        for column in columns:
            if column in layer.columns:
                place = {"name": column, "index": str(1 + layer.columns.index(column)), "showLabel": "1"}
                ET.SubElement(box, "attributeEditorField", place)
