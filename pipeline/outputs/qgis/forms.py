"""Forms, tables and map tips of layers in QGIS: what is shown first, in which unit, with how many decimals.

Everything is for reading: a correction belongs into the register or the supplement, whence the next run
takes it.
"""

import html
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from xml.etree import ElementTree as ET

from pipeline.outputs.columns import Language, ValueName, describe_column, list_values, name_columns
from pipeline.outputs.markup import escape_expressions, quote_name
from pipeline.outputs.qgis.form_tabs import DISPLAY, SORTING, TIPS, FormTab
from pipeline.outputs.qgis.looks import StyledLayer
from pipeline.outputs.texts import find_text, find_texts, name_unit

_DECIMALS = MappingProxyType({"ha": 2, "m2": 1, "CNY": 2, "m": 1, "%": 1})
_DECIMALS_OF = MappingProxyType({"lon": 6, "lat": 6, "quantity": 2, "physical_value": 2})
_OTHERWISE = 3
_UNIT_COLUMNS = ("quantity_unit", "physical_unit")
_ENDS = 1e18
_END = "%]"
_LANGUAGE_COLUMNS = MappingProxyType({"message_zh": "message_en", "name_zh": "name_en"})


def add_form(
    root: ET.Element,
    layer: StyledLayer,
    tabs: Sequence[FormTab],
    language: Language,
    relations: Mapping[str, str] = MappingProxyType({}),
    *,
    whole: bool = True,
) -> None:
    """Add under an element how rows are read: fields, form, table, map tip and the name of a row.

    `relations` are the ids of relations by the layer to which they lead; without them a form has no lists.
    Columns that are in no tab stand in a last one where the form is `whole`, else nowhere.
    """
    shown = _complete_tabs(layer, tabs, relations, whole=whole)
    order = [column for tab in shown for column in tab.columns]
    names = name_fields(layer, language)
    _add_fields(root, layer, language)
    aliases = ET.SubElement(root, "aliases")
    for index, column in enumerate(("fid", *layer.columns)):
        alias = {"index": str(index), "field": column, "name": names.get(column, "")}
        ET.SubElement(aliases, "alias", alias)
    if len(shown) > 1:
        _add_tabs(root, layer, shown, relations, language)
    _add_table(root, layer, order)
    _add_editable(root, layer)
    ET.SubElement(root, "previewExpression").text = build_display(layer, language)
    ET.SubElement(root, "mapTip").text = build_tip(layer, names, language)


def name_fields(layer: StyledLayer, language: Language) -> dict[str, str]:
    """Names of the columns of a layer, with their unit where the name does not tell it."""
    names = name_columns(layer.columns, language, layer.family)
    return {column: _add_unit(column, name, layer, language) for column, name in names.items()}


def build_display(layer: StyledLayer, language: Language) -> str:
    """The expression for what a row is called in lists."""
    known = DISPLAY.get(layer.name) or ((layer.style.label or layer.columns[0]),)
    columns = [column for column in choose_columns(known, language) if column in layer.columns]
    if len(columns) <= 1:
        return quote_name(columns[0] if columns else layer.columns[0])
    parts = ", ".join(_build_words(column) for column in columns)
    return f"array_to_string(array_filter(array({parts}), @element IS NOT NULL), ' · ')"


def build_tip(layer: StyledLayer, names: Mapping[str, str], language: Language) -> str:
    """The map tip of a layer as HTML; text from data is escaped by QGIS as it fills it in.

    Columns are left out whose names would end the expression that they stand in.
    """
    asked = choose_columns(TIPS.get(layer.name, layer.columns[:6]), language)
    rows = "".join(
        f"<tr><td>{escape_expressions(html.escape(names[column]))}&nbsp;</td>"
        f"<td>[% {_build_cell(column, layer)} %]</td></tr>"
        for column in asked
        if column in layer.columns and _END not in column
    )
    head = _escape_value(f"coalesce({build_display(layer, language)}, '')")
    return f"<b>[% {head} %]</b><table>{rows}</table>"


def choose_columns(columns: Sequence[str], language: Language) -> list[str]:
    """Columns, those with a sister of the reader's language by that."""
    return [_LANGUAGE_COLUMNS.get(column, column) if language == "en" else column for column in columns]


def _build_words(column: str) -> str:
    """What a value is called, null where it is unknown."""
    name = quote_name(column)
    if not list_values(column) and column not in ("rule", *_UNIT_COLUMNS):
        return name
    return f"CASE WHEN {name} IS NOT NULL THEN represent_value({name}) END"


def _build_cell(column: str, layer: StyledLayer) -> str:
    if column in layer.figures:
        words = f"format_number({quote_name(column)}, {choose_decimals(column, layer.family)})"
    else:
        words = _build_words(column)
    return _escape_value(f"coalesce({words}, '—')")


def _escape_value(expression: str) -> str:
    return f"replace(replace(to_string({expression}), '&', '&amp;'), '<', '&lt;')"


def choose_decimals(column: str, family: str = "") -> int:
    """With how many decimals people read a figure, by its unit."""
    unit = describe_column(column, family).unit
    return _DECIMALS_OF.get(column, _DECIMALS.get(unit, _OTHERWISE))


def _add_unit(column: str, name: str, layer: StyledLayer, language: Language) -> str:
    unit = describe_column(column, layer.family).unit
    words = name_unit(unit, language)
    if not words or any(f"{opening}{told}" in name for told in (unit, words) for opening in "(（"):
        return name
    return f"{name}（{words}）" if language == "zh" else f"{name} ({words})"


def _complete_tabs(
    layer: StyledLayer, tabs: Sequence[FormTab], relations: Mapping[str, str], *, whole: bool
) -> list[FormTab]:
    named = {column for tab in tabs for column in tab.columns}
    rest = tuple(column for column in layer.columns if column not in named)
    every = [*tabs, *([FormTab("rest", rest)] if whole else [])]
    fitting = [
        FormTab(
            tab.key,
            tuple(column for column in tab.columns if column in layer.columns),
            tuple(child for child in tab.children if child in relations),
        )
        for tab in every
    ]
    return [tab for tab in fitting if tab.columns or tab.children]


def _add_fields(root: ET.Element, layer: StyledLayer, language: Language) -> None:
    fields = ET.SubElement(root, "fieldConfiguration")
    for column in layer.columns:
        values = _list_choices(layer, column)
        widget = ET.SubElement(ET.SubElement(fields, "field", {"name": column}), "editWidget")
        config = ET.SubElement(ET.SubElement(widget, "config"), "Option", {"type": "Map"})
        widget.set("type", "ValueMap" if values else "Range" if column in layer.figures else "TextEdit")
        if column in layer.figures and not values:
            _add_range(config, choose_decimals(column, layer.family))
        if values:
            listed = ET.SubElement(config, "Option", {"name": "map", "type": "List"})
            for entry in values:
                pair = ET.SubElement(listed, "Option", {"type": "Map"})
                choice = {"name": entry.name(language), "value": entry.code, "type": "QString"}
                ET.SubElement(pair, "Option", choice)


def _list_choices(layer: StyledLayer, column: str) -> Sequence[ValueName]:
    """The values of a coded column with their names."""
    if column == "rule":
        return layer.rules
    if column in _UNIT_COLUMNS:
        english = find_texts("unit", "en")
        return [ValueName(unit, words, english[unit]) for unit, words in find_texts("unit", "zh").items()]
    return () if column in layer.spoken else list_values(column)


def _add_range(config: ET.Element, decimals: int) -> None:
    """A figure with so many decimals, in forms and tables; the file keeps all of them."""
    settings = {
        "AllowNull": ("bool", "true"),
        "Min": ("double", f"{-_ENDS:.0f}"),
        "Max": ("double", f"{_ENDS:.0f}"),
        "Precision": ("int", str(decimals)),
        "Step": ("double", "1"),
        "Style": ("QString", "SpinBox"),
    }
    for name, (kind, value) in settings.items():
        ET.SubElement(config, "Option", {"name": name, "type": kind, "value": value})


def _add_tabs(
    root: ET.Element,
    layer: StyledLayer,
    tabs: Sequence[FormTab],
    relations: Mapping[str, str],
    language: Language,
) -> None:
    ET.SubElement(root, "editorlayout").text = "tablayout"
    form = ET.SubElement(root, "attributeEditorForm")
    for tab in tabs:
        told = {"name": find_text(f"form.{tab.key}", language), "columnCount": "1", "groupBox": "0"}
        box = ET.SubElement(form, "attributeEditorContainer", told | {"showLabel": "1"})
        for column in tab.columns:
            place = {"name": column, "index": str(1 + layer.columns.index(column)), "showLabel": "1"}
            ET.SubElement(box, "attributeEditorField", place)
        for child in tab.children:
            relation = {"name": relations[child], "relation": relations[child], "showLabel": "1"}
            kind = {"relationWidgetTypeId": "relation_editor", "label": "", "forceSuppressFormPopup": "0"}
            ET.SubElement(box, "attributeEditorRelation", relation | kind)


def _add_table(root: ET.Element, layer: StyledLayer, order: Sequence[str]) -> None:
    """Columns of the attribute table in the order of the form; those that it does not show are hidden."""
    table = ET.SubElement(root, "attributetableconfig")
    table.attrib.update({"actionWidgetStyle": "dropDown", "sortOrder": "0"})
    table.set("sortExpression", SORTING.get(layer.name, ""))
    columns = ET.SubElement(table, "columns")
    others = [column for column in layer.columns if column not in order]
    for column in (*order, "fid", *others):
        hidden = "1" if column in others else "0"
        ET.SubElement(columns, "column", {"type": "field", "name": column, "hidden": hidden, "width": "-1"})
    ET.SubElement(columns, "column", {"type": "actions", "hidden": "1", "width": "-1"})


def _add_editable(root: ET.Element, layer: StyledLayer) -> None:
    editable = ET.SubElement(root, "editable")
    for column in ("fid", *layer.columns):
        ET.SubElement(editable, "field", {"name": column, "editable": "0"})
