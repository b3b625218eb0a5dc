"""The atlas of fact sheets 一地一档 in the QGIS project: an A4 page a parcel, filled by expressions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from pipeline.outputs.columns import Language, name_columns
from pipeline.outputs.layout_items import FAINT, GREEN, RED, Ground, LayoutPage, LegendLayer, TableColumn
from pipeline.outputs.markup import add_options, escape_expressions, format_color, quote_name, quote_text
from pipeline.outputs.plane_maps import build_ratio_expression, build_zone_expression
from pipeline.outputs.texts import find_text, find_texts, name_unit

MAP_BOX = (15.0, 31.0, 106.0, 106.0)
"""Where the map stands on the page, in mm."""
_PAGE = (210.0, 297.0)
_LINES = (
    *("parcel_no", "unit_no", "unit_name", "unit_type", "land_class", "planning_use"),
    *("owner_type", "owner_subject", "represent_subject", "agent_subject", "exercise_mode"),
    *("right_type", "right_holder"),
)
_COMPLETED = ("protection_status", "use_status")
_AREAS = ("area_m2", "area_registered_m2")
_OF_PARCEL = "\"parcel_id\" = attribute(@atlas_feature, 'parcel_id')"
_TABLES = {
    "products": (10.0, 149.0, 190.0, 72.0),
    "sections": (10.0, 223.0, 190.0, 22.0),
    "findings": (10.0, 247.0, 190.0, 28.0),
}
"""Where the tables stand on the page, in mm."""
_ORDERS = {
    "products": 'to_string(strpos(\'MRC\', "cat1_code")) || "cat2_code" || "period"',
    "sections": '"section" || "period"',
    "findings": '"rule"',
}


@dataclass(frozen=True)
class _Outline:
    """How parcels are drawn that a condition is true of."""

    key: str
    condition: str
    color: str
    width_mm: str


_OUTLINES = (
    _Outline("parcel", "$id = @atlas_featureid", RED, "0.9"),
    _Outline("neighbours", "ELSE", "#5a6660", "0.2"),
)


@dataclass(frozen=True)
class ParcelSheet:
    """What a fact sheet needs to know of the project: title, stamp (empty for observed data), sources.

    `layers` are the ids of layers by their names; `periods` the labels of the newest, whose products are
    listed; `legend` the layers of the map with their headings, from its top to its bottom.
    """

    title: str
    stamp: str
    notes: str
    language: Language
    layers: dict[str, str]
    periods: tuple[str, ...]
    legend: tuple[LegendLayer, ...]


def draw_parcel_layout(name: str, sheet: ParcelSheet, imprint: str, still: Ground) -> LayoutPage:
    """The layout; `still` is what its map shows while no parcel is chosen."""
    page = LayoutPage(name, _PAGE)
    crs = build_zone_expression()
    ground = Ground(still.crs, still.bounds, build_ratio_expression(crs, *MAP_BOX[2:]), crs)
    _show_layers(page.add_map(ground, MAP_BOX), sheet)
    page.add_label("title", sheet.title, (10, 7, 190, 8), points=11, color=FAINT)
    page.add_label(
        "parcel",
        '[% "parcel_id" %]',
        (10, 15, 190, 10),
        points=16,
        color=GREEN,
        bold=True,
        evaluated=True,
    )
    page.add_label("lines", "".join(_list_lines(sheet)), (127, 30, 73, 62), points=7, evaluated=True)
    page.add_legend("", sheet.legend, (125, 91, 60, 25), 0.72)
    page.add_north((110, 33, 9, 17))
    page.add_scale((18, 123, 50, 11))
    page.add_label("ratio", RATIO, (15, 141, 106, 5), points=7.5, middle=True, evaluated=True)
    _add_tables(page, sheet)
    page.add_label("imprint", imprint, (10, 276, 98, 10), points=8)
    page.add_label("notes", sheet.notes, (10, 286, 175, 9), points=6, color=FAINT)
    pages = "[% @atlas_featurenumber || ' / ' || @atlas_totalfeatures %]"
    page.add_label("more", find_text("layout.more", sheet.language), (110, 276, 66, 9), points=6, color=FAINT)
    page.add_label("number", pages, (178, 276, 22, 6), points=8, evaluated=True)
    if sheet.stamp:
        page.add_stamp(sheet.stamp, (166, 7, 34, 11))
    page.add_atlas(sheet.layers["parcels"], order='"parcel_id"', name='"parcel_id"')
    return page


RATIO = (
    "[% '1:' || format_number(item_variables('map')['map_scale'], 0) %]　"
    "[% item_variables('map')['map_crs_description'] %] ([% item_variables('map')['map_crs'] %])"
)
"""Scale and CRS of the map of a page, as a label evaluates them."""


def _list_lines(sheet: ParcelSheet) -> list[str]:
    """Name and value, as the form of the parcel shows it, of what is known: an expression a line."""
    names = name_columns((*_LINES, *_COMPLETED, *_AREAS), sheet.language)
    unit = quote_text(f" {name_unit('ha', sheet.language)}")
    values = {key: f"represent_value({quote_name(key)})" for key in _LINES}
    values |= {key: _find_completed(key, sheet.layers["inventory"]) for key in _COMPLETED}
    areas = {key: f"format_number({quote_name(key)} / 10000, 2) || {unit}" for key in _AREAS}
    return [
        f"[% coalesce({quote_text(names[key] + '　')} || nullif(to_string({expression}), '') || '\\n', '') %]"
        for key, expression in {**values, **areas}.items()
    ]


def _find_completed(column: str, layer: str) -> str:
    """What the rows of products say of their parcel, as staff completed it, else the register."""
    ours = "\"parcel_id\" = attribute(@parent, 'parcel_id')"
    found = f"aggregate({quote_text(layer)}, 'max', {quote_name(column)}, {ours})"
    return f"coalesce({found}, {quote_name(column)})"


def _add_tables(page: LayoutPage, sheet: ParcelSheet) -> None:
    """Products of the newest periods, sections of the last, and findings: those of the parcel.

    A part of a register has no sections and no findings of its own.
    """
    periods = ", ".join(map(quote_text, sheet.periods))
    products = f'{_OF_PARCEL} AND "period" IN ({periods}) AND "cat2_code" IS NOT NULL'
    chosen = {
        "products": ("inventory", products),
        "sections": ("sections", f'{_OF_PARCEL} AND "period" = {quote_text(sheet.periods[-1])}'),
        "findings": ("findings", _OF_PARCEL),
    }
    for key, (layer, only) in chosen.items():
        if layer not in sheet.layers:
            continue
        columns = _COLUMNS[key](sheet.language)
        page.add_table(key, sheet.layers[layer], columns, _TABLES[key], only=only, order=_ORDERS[key])


def _list_product_columns(language: Language) -> list[TableColumn]:
    names = find_texts("unit", language).items()
    units = ", ".join(f"{quote_text(unit)}, {quote_text(name)}" for unit, name in names)
    told = {
        key: find_text(f"fact_sheet.{key}", language) for key in ("category", "product", "unit", "quantity")
    }
    value = f"{find_text('fact_sheet.value', language)} ({name_unit('yuan', language)})"
    return [
        TableColumn(told["category"], '"cat1_name"', 22),
        TableColumn(told["product"], 'coalesce("cat3_name", "cat2_name")', 46),
        TableColumn(find_text("fact_sheet.name.period", language), '"period"', 17),
        TableColumn(told["quantity"], 'format_number("quantity", 2)', 29, right=True),
        TableColumn(told["unit"], f'coalesce(map_get(map({units}), "quantity_unit"), "quantity_unit")', 15),
        TableColumn(find_text("fact_sheet.quality", language), '"quality_grade"', 16),
        TableColumn(value, 'format_number("eco_value_yuan", 0)', 31, right=True),
    ]


def _list_section_columns(language: Language) -> list[TableColumn]:
    named = name_columns(("section", "water_class", "target_class"), language)
    return [
        TableColumn(named["section"], '"section"', 78),
        TableColumn(find_text("fact_sheet.name.period", language), '"period"', 22),
        TableColumn(named["water_class"], 'represent_value("water_class")', 41),
        TableColumn(named["target_class"], 'represent_value("target_class")', 41),
    ]


def _list_finding_columns(language: Language) -> list[TableColumn]:
    severity = name_columns(("severity",), language)["severity"]
    return [
        TableColumn(severity, 'represent_value("severity")', 17),
        TableColumn(find_text("fact_sheet.message", language), quote_name(f"message_{language}"), 168),
    ]


_COLUMNS: Mapping[str, Callable[[Language], list[TableColumn]]] = {
    "products": _list_product_columns,
    "sections": _list_section_columns,
    "findings": _list_finding_columns,
}


def _show_layers(item: ET.Element, sheet: ParcelSheet) -> None:
    """Have the map show its own layers, the parcel of the page in another colour than its neighbours."""
    item.attrib.update({"keepLayerSet": "true"})
    shown = ET.SubElement(item, "LayerSet")
    for layer in sheet.legend:
        ET.SubElement(shown, "Layer").text = layer.id
    styles = ET.SubElement(item, "LayerStyles")
    style = ET.SubElement(styles, "LayerStyle", {"layerid": sheet.layers["parcels"]})
    root = ET.SubElement(style, "qgis", {"styleCategories": "Symbology", "labelsEnabled": "0"})
    renderer = ET.SubElement(root, "renderer-v2", {"type": "RuleRenderer", "symbollevels": "1"})
    rules = ET.SubElement(renderer, "rules", {"key": "rules"})
    symbols = ET.SubElement(renderer, "symbols")
    for number, outline in enumerate(_OUTLINES):
        label = escape_expressions(find_text(f"fact_sheet.{outline.key}", sheet.language))
        rule = {"key": outline.key, "filter": outline.condition, "label": label, "symbol": str(number)}
        ET.SubElement(rules, "rule", rule)
        _add_outline(symbols, outline, number)


def _add_outline(symbols: ET.Element, outline: _Outline, number: int) -> None:
    """The symbol of an outline; the first is drawn last."""
    symbol = ET.SubElement(symbols, "symbol", {"type": "fill", "name": str(number), "alpha": "1"})
    place = {"enabled": "1", "pass": str(len(_OUTLINES) - number), "locked": "0"}
    width = {"outline_width": outline.width_mm, "outline_width_unit": "MM"}
    look = {"style": "no", "joinstyle": "round", "outline_color": format_color(outline.color)}
    add_options(ET.SubElement(symbol, "layer", {"class": "SimpleFill", **place}), look | width)
