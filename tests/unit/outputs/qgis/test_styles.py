import re
from xml.etree import ElementTree as ET

from pipeline.legends import CHANGE
from pipeline.outputs.qgis.looks import LAYER_STYLES, StyledLayer
from pipeline.outputs.qgis.raster_styles import build_classes_qml, build_ramp_qml
from pipeline.outputs.qgis.styles import build_layer_qml
from pipeline.outputs.ramps import RAMPS


def styled(name="parcels", columns=("parcel_id", "owner_type"), *, spoken=(), title="确权地块", moments=()):
    geometry = "Point" if name == "sections" else "MultiPolygon"
    return StyledLayer(name, geometry, title, columns, moments, frozenset(spoken))


def categories(qml):
    return {entry.get("value"): entry.get("label") for entry in ET.fromstring(qml).iter("category")}


def test_codes_are_drawn_under_their_names():
    found = categories(build_layer_qml(styled(), "zh"))
    assert found == {"1": "全民所有", "2": "集体所有", "": "其他或未评定"}


def test_a_column_of_names_is_drawn_by_names_and_has_no_value_list():
    qml = build_layer_qml(styled(spoken=["owner_type"]), "zh")
    assert set(categories(qml)) == {"全民所有", "集体所有", ""}
    assert "ValueMap" not in qml
    assert "ValueMap" in build_layer_qml(styled(), "zh")


SECTIONS = ("section", "period", "water_class")
TWO = (("2023",), ("it's \\2024",))


def test_only_the_newest_period_is_labelled_and_drawn():
    root = ET.fromstring(build_layer_qml(styled("sections", SECTIONS, moments=TWO), "zh"))
    newest = "\"period\" = 'it''s \\\\2024'"
    assert next(root.iter("text-style")).get("fieldName").startswith(f"CASE WHEN {newest} THEN ")
    assert root.find("renderer-v2").get("attr") == f"CASE WHEN {newest} THEN \"water_class\" ELSE '-' END"
    shown = {entry.get("label"): entry.get("render") for entry in root.iter("category")}
    assert shown.pop("以前各期") == "false"
    assert set(shown.values()) == {"true"}


def test_rows_of_one_period_are_all_drawn_by_their_class():
    root = ET.fromstring(build_layer_qml(styled("sections", SECTIONS, moments=TWO[:1]), "zh"))
    assert root.find("renderer-v2").get("attr") == "water_class"
    assert "以前各期" not in {entry.get("label") for entry in root.iter("category")}


def test_products_of_a_parcel_that_lie_over_each_other_have_the_colour_of_the_legend():
    qml = build_layer_qml(styled("inventory", ("parcel_id", "ecosystem_l1", "period"), moments=TWO), "zh")
    root = ET.fromstring(qml)
    colors = [option.get("value") for option in root.iter("Option") if option.get("name") == "color"]
    assert {color.rpartition(",")[2] for color in colors} == {"255"}, "rows cover each other"
    assert root.findtext("blendMode") == "6", (
        "what lies under products, when dragged in, is seen through them"
    )
    assert float(root.findtext("layerOpacity")) == LAYER_STYLES["inventory"].layer_opacity < 1


def test_every_label_of_a_point_is_tied_to_it_by_a_line():
    settings = ET.fromstring(build_layer_qml(styled("sections", SECTIONS), "zh")).find("labeling/settings")
    assert settings.get("calloutType") == "simple"
    options = {option.get("name"): option.get("value") for option in settings.iter("Option")}
    assert options["enabled"] == "1"
    assert re.search(r"line_width\W+v=\W0.3", options["lineSymbol"])


def test_an_area_is_labelled_by_its_name_in_the_language_of_the_reader():
    layer = styled("aoi", ("id", "name_zh", "name_en"), title="范围")
    for language, column in (("zh", "name_zh"), ("en", "name_en")):
        (style,) = ET.fromstring(build_layer_qml(layer, language)).iter("text-style")
        assert style.get("fieldName") == f'"{column}"'


def test_every_class_of_a_legend_is_in_the_palette():
    entries = list(ET.fromstring(build_classes_qml(CHANGE, "zh")).iter("paletteEntry"))
    assert [(int(entry.get("value")), entry.get("label")) for entry in entries] == [
        (entry.code, entry.name_zh) for entry in CHANGE.classes
    ]


def test_ramps_rise():
    for stops in RAMPS.values():
        values = [float(item.get("value")) for item in ET.fromstring(build_ramp_qml(stops)).iter("item")]
        assert values == sorted(set(values)) == [value for value, _ in stops]
