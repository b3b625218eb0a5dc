"""Sections, changes, findings and layers of the assessment as layers of the map; and the outline."""

from typing import Any

import geopandas as gpd
import pandas as pd

from pipeline.contracts import Delivery
from pipeline.legends import WATER_CLASS
from pipeline.outputs.assessment.layers import find_style
from pipeline.outputs.assessment.layers import list_layers as list_feature_layers
from pipeline.outputs.columns import DATA_LABEL, Language, name_columns, name_values
from pipeline.outputs.layers import LAYERS, FeatureLayer, build_layer_rows, find_layer_title
from pipeline.outputs.texts import choose_words, find_text
from pipeline.outputs.webmap.packing import pack_shapes
from pipeline.outputs.webmap.shaping import (
    GEOMETRIES,
    M2_PER_HA,
    PERIOD,
    Field,
    build_fields,
    build_theme,
    list_filters,
    pack_table,
    spread_periods,
)

_GRADED = ("water_class", "decided_by", "exceedance", "samples", "reason")


def build_outline(delivery: Delivery) -> dict[str, Any]:
    """The area, a row per part."""
    parts = delivery.aoi.parts
    names = [part.name_zh if delivery.language == "zh" else part.name_en for part in parts]
    shapes = pack_shapes([part.geometry for part in parts], "polygon")
    return {"table": {"keys": [part.id for part in parts], "columns": {"name": names}, "shapes": shapes}}


def build_sections_layer(delivery: Delivery) -> dict[str, Any]:
    """Water sections, a point each, with their class in each period written beside."""
    language = delivery.language
    table = delivery.sections.sort_values(["section_id", "period"], kind="stable")
    rows = table.drop_duplicates("section_id").reset_index(drop=True)
    grades = {entry.code: entry.name(language) for entry in WATER_CLASS.classes}
    graded = pd.DataFrame(table).assign(water_class=table["water_class"].map(grades))
    spread = [spread_periods(graded, name, rows["section_id"], delivery.periods) for name in _GRADED]
    told = pd.DataFrame({"section": rows["section"], "target_class": rows["target_class"].map(grades)})
    columns = pd.concat([told, rows.filter(["river"]), *spread], axis=1)
    by_period = [Field(f"{name}@{PERIOD}", digits=0) for name in _GRADED]
    return {
        "id": "sections",
        "title": find_layer_title("sections", language),
        "geometry": "point",
        "source": {"table": pack_table(rows, rows["section_id"], columns, "Point")},
        "themes": [build_theme("water_class", columns, language)],
        "search": ["section", "river"],
        "title_column": "section",
        "label": ["section", f"water_class@{PERIOD}"],
        "card": [
            {"kind": "rows", "title": "", "fields": build_fields(["river", "target_class"], language)},
            {
                "kind": "periods",
                "title": find_text("webmap.through_time", language),
                "fields": build_fields(by_period, language),
            },
        ],
    }


def build_changes_layer(delivery: Delivery) -> dict[str, Any]:
    """Patches whose land cover changed, in the colour of what they became, in the period of the change."""
    language = delivery.language
    rows = delivery.change_patches.sort_values("patch_id", kind="stable", ignore_index=True)
    named = {name: name_values(name, rows[name], language) for name in ("from_class", "to_class")}
    kept = rows[["from_period", "to_period", "confidence"]]
    basis = rows["confidence_basis"].map(lambda text: choose_words(text, language), na_action="ignore")
    columns = pd.DataFrame(
        {**named, **kept, "confidence_basis": basis, "area_ha": rows["area_m2"] / M2_PER_HA}
    )
    fields = [
        "from_class",
        "to_class",
        "from_period",
        "to_period",
        "area_ha",
        "confidence",
        "confidence_basis",
    ]
    return {
        "id": "change_patches",
        "title": find_layer_title("change_patches", language),
        "geometry": "polygon",
        "source": {"table": pack_table(rows, rows["patch_id"], columns)},
        "look": {"fill": 0.85, "line": "#ffffff", "width": 1},
        "themes": [_build_change_theme(columns, language)],
        "filters": list_filters(["from_class"], columns, language),
        "period": "to_period",
        "search": ["from_class", "to_class"],
        "title_column": "",
        "card": [{"kind": "rows", "title": "", "fields": build_fields(fields, language)}],
    }


def _build_change_theme(columns: pd.DataFrame, language: Language) -> dict[str, Any]:
    """What the ground became, said as such: a class alone would read as the whole map of it."""
    theme = build_theme("to_class", columns, language)
    became = find_text("legend.became", language)
    classes = [{**entry, "name": f"{became}{entry['name']}"} for entry in theme["legend"]["classes"]]
    return {**theme, "legend": {**theme["legend"], "classes": classes}}


def tell_findings(delivery: Delivery) -> pd.DataFrame:
    """Findings in words, by their ids: rule, severity, parcel, period, message, basis."""
    language = delivery.language
    rows = delivery.findings.sort_values("finding_id", kind="stable", ignore_index=True)
    rules = {key: names[0 if language == "zh" else 1] for key, names in delivery.rules.items()}
    return pd.DataFrame(
        {
            "rule": rows["rule"].map(lambda rule: rules.get(rule, rule)),
            "severity": name_values("severity", rows["severity"], language),
            "parcel_id": rows["parcel_id"],
            "period": rows["period"],
            "message": rows[f"message_{language}"],
            "basis": rows["basis"].map(lambda text: choose_words(text, language), na_action="ignore"),
        }
    )


def build_findings_layer(delivery: Delivery) -> dict[str, Any]:
    """What checks found, in the colour of how grave it is; the map begins without it."""
    language = delivery.language
    rows = delivery.findings.sort_values("finding_id", kind="stable", ignore_index=True)
    columns = tell_findings(delivery)
    fields: list[Field | str] = ["severity", "parcel_id", "period", Field("message", f"message_{language}")]
    return {
        "id": "findings",
        "title": find_layer_title("findings", language),
        "geometry": "polygon",
        "numbered": True,
        "shown": False,
        "source": {"table": pack_table(rows, rows["finding_id"], columns)},
        "look": {"fill": 0.15, "width": 2, "dash": [2, 1.5]},
        "themes": [build_theme("severity", columns, language)],
        "filters": list_filters(["rule"], columns, language),
        "period": "period",
        "search": ["rule", "parcel_id"],
        "title_column": "rule",
        "card": [{"kind": "rows", "title": "", "fields": build_fields([*fields, "basis"], language)}],
    }


def list_part_layers(delivery: Delivery) -> list[dict[str, Any]]:
    """The layers that parts of the assessment made, drawn as QGIS draws them; the map begins without them."""
    own = list_feature_layers(delivery)[len(LAYERS) :]
    built = [(layer, build_layer_rows(layer, delivery)) for layer in own]
    return [_build_part_layer(layer, rows, delivery) for layer, rows in built if len(rows)]


def _build_part_layer(layer: FeatureLayer, rows: gpd.GeoDataFrame, delivery: Delivery) -> dict[str, Any]:
    language, style = delivery.language, find_style(layer.name)
    table = pd.DataFrame(rows.drop(columns=[rows.geometry.name, DATA_LABEL], errors="ignore"))
    columns = table.apply(lambda cells: name_values(str(cells.name), cells, language))
    names = name_columns([str(name) for name in columns], language)
    keys = pd.Series(range(len(rows)))
    coloured = style.column is not None and style.column in columns
    plain: dict[str, Any] = {
        "key": layer.name,
        "title": "",
        "property": "",
        "color": style.outline,
        "legend": {},
    }
    return {
        "id": layer.name,
        "title": find_layer_title(layer.name, language),
        "geometry": GEOMETRIES[layer.geometry],
        "numbered": True,
        "shown": False,
        "source": {"table": pack_table(rows, keys, columns, layer.geometry)},
        "look": {
            "fill": style.opacity,
            "line": style.outline or "",
            "width": 2 if layer.geometry == "MultiLineString" else 1,
        },
        "themes": [build_theme(str(style.column), columns, language) if coloured else plain],
        "search": [name for name in (style.label, *layer.order) if name in columns],
        "title_column": style.label if style.label in columns else layer.order[0],
        "card": [
            {
                "kind": "rows",
                "title": "",
                "fields": build_fields([Field(key, title=name) for key, name in names.items()], language),
            }
        ],
    }
