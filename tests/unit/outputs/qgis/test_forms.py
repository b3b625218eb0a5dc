import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from pipeline.outputs.qgis.form_tabs import DISPLAY, FORM_TABS, GROUND_TABS, TIPS
from pipeline.outputs.qgis.forms import add_form, build_display, build_tip, choose_decimals, name_fields
from pipeline.outputs.qgis.looks import LAYER_STYLES, LayerStyle, StyledLayer

COLUMNS = ("product_id", "parcel_id", "owner_type", "area_ha", "eco_value_yuan", "method", "of_nobody")
HOSTILE = "mean_[% env('HOME') %]<b>"


def styled(name="inventory", columns=COLUMNS, figures=("area_ha", "eco_value_yuan")):
    return StyledLayer(name, "MultiPolygon", name, columns, figures=frozenset(figures))


def formed(layer, tabs, language="zh", **told):
    root = ET.Element("maplayer")
    add_form(root, layer, tabs, language, **told)
    return root


def tabs_of(root):
    return {
        box.get("name"): [part.get("name") for part in box] for box in root.iter("attributeEditorContainer")
    }


def test_every_column_of_a_product_is_in_one_tab_in_the_order_of_reading():
    root = formed(styled(), FORM_TABS["inventory"])
    assert root.findtext("editorlayout") == "tablayout"
    assert tabs_of(root) == {
        "数量与价值": ["eco_value_yuan"],
        "产品与地块": ["product_id", "parcel_id", "area_ha"],
        "权属与利用": ["owner_type"],
        "方法与证据": ["method"],
        "其他": ["of_nobody"],
    }
    places = {field.get("name"): int(field.get("index")) for field in root.iter("attributeEditorField")}
    assert places == {column: number for number, column in enumerate(COLUMNS, start=1)}
    shown = [column.get("name") for column in root.iter("column") if column.get("hidden") == "0"]
    assert shown[0] == "eco_value_yuan"
    assert sorted(shown) == sorted((*COLUMNS, "fid"))


def test_a_parcel_that_stands_for_its_products_shows_nothing_of_one_of_them():
    root = formed(styled(), GROUND_TABS, relations={"inventory": "to_products"}, whole=False)
    assert tabs_of(root) == {
        "地块": ["parcel_id", "area_ha"],
        "权属与利用": ["owner_type"],
        "生态产品": ["to_products"],
    }
    hidden = {column.get("name") for column in root.iter("column") if column.get("hidden") == "1"}
    assert {"eco_value_yuan", "product_id"} <= hidden


def test_figures_are_read_with_their_unit_and_decimals_and_nothing_is_written():
    root = formed(styled(), ())
    widgets = {field.get("name"): field.find("editWidget") for field in root.iter("field") if len(field)}
    assert {name for name, widget in widgets.items() if widget.get("type") == "Range"} == {
        "area_ha",
        "eco_value_yuan",
    }
    told = {option.get("name"): option.get("value") for option in widgets["area_ha"].iter("Option")}
    assert told["Precision"] == "2"
    assert {field.get("editable") for field in root.find("editable")} == {"0"}
    assert {field.get("name") for field in root.find("editable")} == {"fid", *COLUMNS}


@pytest.mark.parametrize(
    ("column", "decimals"),
    [("area_ha", 2), ("area_m2", 1), ("eco_value_yuan", 2), ("lon", 6), ("mean_TP", 3), ("of_nobody", 3)],
)
def test_decimals_follow_the_unit(column, decimals):
    assert choose_decimals(column) == decimals


@pytest.mark.parametrize(("language", "words"), [("zh", "人次"), ("en", "visit")])
def test_units_of_quantities_are_read_in_words(language, words):
    root = formed(styled(columns=("quantity", "quantity_unit"), figures=("quantity",)), (), language)
    (field,) = (field for field in root.iter("field") if field.get("name") == "quantity_unit" and len(field))
    units = {
        option.get("value"): option.get("name") for option in field.iter("Option") if option.get("value")
    }
    assert units["visit"] == words


def test_rows_without_a_product_stand_last_in_the_table():
    root = formed(styled(), FORM_TABS["inventory"])
    assert root.find("attributetableconfig").get("sortExpression").startswith("coalesce(\"cat2_code\", '~')")


def test_a_name_tells_its_unit_once():
    names = name_fields(styled(columns=("area_m2", "chg_water_ha", "parcel_id")), "zh")
    assert names["area_m2"] == "椭球面积（m²）"
    assert names["chg_water_ha"].count("公顷") + names["chg_water_ha"].count("ha") == 1
    assert names["parcel_id"] == "地块标识"


def test_a_product_is_called_by_its_kind_its_name_and_its_period():
    layer = styled(columns=("cat2_name", "cat3_name", "period"))
    assert build_display(layer, "zh") == (
        'array_to_string(array_filter(array(CASE WHEN "cat2_name" IS NOT NULL THEN '
        'represent_value("cat2_name") '
        'END, CASE WHEN "cat3_name" IS NOT NULL THEN represent_value("cat3_name") END, "period"), '
        "@element IS NOT NULL), ' · ')"
    )


@pytest.mark.parametrize(("language", "column"), [("zh", "message_zh"), ("en", "message_en")])
def test_a_finding_is_told_in_the_language_of_the_reader(language, column):
    columns = ("finding_id", "severity", "rule", "message_zh", "message_en", "period")
    layer = styled("findings", columns, ())
    told = build_display(layer, language) + build_tip(layer, name_fields(layer, language), language)
    assert re.findall(r"message_\w\w", told) == [column] * len(re.findall(r"message_\w\w", told))


def test_a_map_tip_escapes_words_and_values_and_leaves_out_names_that_would_end_its_expression():
    layer = replace(styled("unknown", ("site", HOSTILE), ()), own=LayerStyle(None))
    tip = build_tip(layer, {"site": "<b>[% env('HOME') %]", HOSTILE: "x"}, "zh")
    assert HOSTILE not in tip
    assert "<td>&lt;b&gt;[% '[%' %] env(&#x27;HOME&#x27;) %]&nbsp;</td>" in tip
    value = "replace(replace(to_string(coalesce(\"site\", '—')), '&', '&amp;'), '<', '&lt;')"
    assert f"<td>[% {value} %]</td>" in tip


@pytest.mark.parametrize("name", LAYER_STYLES)
def test_every_layer_has_a_name_for_its_rows_and_a_map_tip(name):
    assert DISPLAY[name]
    assert TIPS[name]


@pytest.mark.parametrize("name", FORM_TABS)
def test_no_column_is_in_two_tabs(name):
    columns = [column for tab in FORM_TABS[name] for column in tab.columns]
    assert len(columns) == len(set(columns))
