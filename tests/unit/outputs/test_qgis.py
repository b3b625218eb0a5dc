from dataclasses import replace
from xml.etree import ElementTree as ET

from pipeline.legends import CHANGE
from pipeline.outputs.qgis import StyledLayer, build_classes_qml, build_layer_qml, build_ramp_qml
from pipeline.outputs.ramps import RAMPS


def styled(
    name="parcels", columns=("parcel_id", "owner_type"), *, spoken=(), title="确权地块", newest="2024"
):
    geometry = "Point" if name == "sections" else "MultiPolygon"
    return StyledLayer(name, geometry, title, columns, newest, frozenset(spoken))


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


def test_only_the_newest_period_is_labelled():
    qml = build_layer_qml(styled("sections", ("section", "period", "water_class"), newest="it's 2024"), "zh")
    label = next(ET.fromstring(qml).iter("text-style")).get("fieldName")
    assert label == "CASE WHEN \"period\" = 'it''s 2024' THEN \"section\" END"


def test_every_class_of_a_legend_is_in_the_palette():
    entries = list(ET.fromstring(build_classes_qml(CHANGE, "zh")).iter("paletteEntry"))
    assert [(int(entry.get("value")), entry.get("label")) for entry in entries] == [
        (entry.code, entry.name_zh) for entry in CHANGE.classes
    ]


def test_ramps_rise():
    for stops in RAMPS.values():
        values = [float(item.get("value")) for item in ET.fromstring(build_ramp_qml(stops)).iter("item")]
        assert values == sorted(set(values)) == [value for value, _ in stops]


def test_the_form_of_a_product_with_a_value_has_every_column_in_one_tab():
    columns = ("product_id", "parcel_id", "owner_type", "eco_value_yuan", "method")
    layer = replace(styled("inventory", columns), tabs=True)
    form = ET.fromstring(build_layer_qml(layer, "zh"))
    assert form.findtext("editorlayout") == "tablayout"
    tabs = {
        box.get("name"): [(field.get("name"), int(field.get("index"))) for field in box]
        for box in form.iter("attributeEditorContainer")
    }
    assert tabs == {
        "数量与价值": [("eco_value_yuan", 4), ("method", 5)],
        "产品与地块": [("product_id", 1), ("parcel_id", 2)],
        "权属及其他": [("owner_type", 3)],
    }
    assert "attributeEditorForm" not in build_layer_qml(styled("inventory", columns), "zh")
