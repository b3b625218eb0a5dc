"""Parcels, sections, changes and findings as layers of the map: shapes, columns, themes, cards."""

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from pipeline.contracts import Delivery
from pipeline.legends import WATER_CLASS
from pipeline.outputs.columns import Language, describe_column, name_values
from pipeline.outputs.layers import find_layer_title, to_multipolygons
from pipeline.outputs.ramps import RAMPS
from pipeline.outputs.texts import find_text, name_unit
from pipeline.outputs.webmap.keys import key_stops, key_values
from pipeline.outputs.webmap.packing import list_cells, pack_shapes

M2_PER_HA = 1e4
_PERIOD = "{period}"


def list_layers(delivery: Delivery) -> list[dict[str, Any]]:
    """The layers from the lowest to the topmost; those without a row are left out."""
    layers = (
        (delivery.parcels, _build_parcels),
        (delivery.change_patches, _build_patches),
        (delivery.findings, _build_findings),
        (delivery.sections, _build_sections),
    )
    return [build(delivery) for rows, build in layers if len(rows)]


def build_outline(delivery: Delivery) -> dict[str, Any]:
    """The area, a row per part."""
    parts = delivery.aoi.parts
    names = [part.name_zh if delivery.language == "zh" else part.name_en for part in parts]
    shapes = pack_shapes([part.geometry for part in parts], points=False)
    return {"table": {"keys": [part.id for part in parts], "columns": {"name": names}, "shapes": shapes}}


def _build_table(
    rows: gpd.GeoDataFrame, key: str, columns: pd.DataFrame, *, points: bool = False
) -> dict[str, Any]:
    shapes = np.asarray(rows.geometry.array)
    return {
        "keys": rows[key].astype(str).tolist(),
        "columns": {str(name): list_cells(columns[name]) for name in columns},
        "shapes": pack_shapes(shapes if points else to_multipolygons(shapes), points=points),
    }


def _build_parcels(delivery: Delivery) -> dict[str, Any]:
    language = delivery.language
    rows = delivery.parcels.sort_values("parcel_id", kind="stable", ignore_index=True)
    texts = ("right_holder", "unit_name", "owner_type", "right_type", "land_class", "parcel_no")
    columns = pd.DataFrame({name: name_values(name, rows[name], language) for name in texts})
    columns["area_ha"] = rows["area_m2"] / M2_PER_HA
    columns["area_registered_ha"] = rows["area_registered_m2"] / M2_PER_HA
    found = [columns, *_spread_parcels(delivery, rows["parcel_id"])]
    columns = pd.concat(found, axis=1)
    return {
        "id": "parcels",
        "title": find_layer_title("parcels", language),
        "geometry": "polygon",
        "source": {"table": _build_table(rows, "parcel_id", columns)},
        "look": {"fill": 0.75, "line": "#ffffff", "width": 0.7},
        "themes": _list_parcel_themes(columns, delivery),
        "filters": [_build_filter(name, columns[name], language) for name in ("owner_type", "land_class")],
        "search": ["parcel_no", "right_holder", "unit_name", "land_class"],
        "title_column": "",
        "card": [
            {
                "kind": "rows",
                "title": "",
                "fields": _list_fields([*texts, "area_ha", "area_registered_ha"], language),
            },
            {
                "kind": "periods",
                "title": find_text("webmap.through_time", language),
                "fields": [
                    {
                        "column": f"ecosystem_l1@{_PERIOD}",
                        "title": describe_column("ecosystem_l1").name(language),
                    },
                    {
                        "column": f"fvc_mean@{_PERIOD}",
                        "title": describe_column("fvc_mean").name(language),
                        "digits": 3,
                    },
                ],
            },
        ],
    }


def _spread_parcels(delivery: Delivery, ids: pd.Series) -> list[pd.DataFrame]:
    """What parcels are in each period, a column a period: ecosystem type, mean vegetation cover."""
    largest = delivery.inventory.sort_values(
        ["area_ha", "ecosystem_l1"], ascending=[False, True], kind="stable"
    )
    kinds = largest.dropna(subset=["ecosystem_l1"]).drop_duplicates(["parcel_id", "period"])
    spoken = kinds.assign(ecosystem_l1=name_values("ecosystem_l1", kinds["ecosystem_l1"], delivery.language))
    found = [_spread(pd.DataFrame(spoken), "ecosystem_l1", ids, delivery)]
    measures = delivery.tables.get("parcel_measures")
    if measures is not None:
        cover = measures[measures["measure"] == "fvc_mean"].rename(columns={"value": "fvc_mean"})
        found.append(_spread(cover, "fvc_mean", ids, delivery))
    return found


def _spread(rows: pd.DataFrame, column: str, ids: pd.Series, delivery: Delivery) -> pd.DataFrame:
    """A column of rows by key and period as a column for each period, in the order of the keys."""
    key = str(ids.name)
    labels = [period.label for period in delivery.periods]
    kept = rows[rows["period"].astype(str).isin(labels)]
    wide = kept.pivot_table(index=key, columns="period", values=column, aggfunc="first")
    placed = wide.reindex(index=ids, columns=labels).reset_index(drop=True)
    return placed.set_axis([f"{column}@{label}" for label in labels], axis=1)


def _list_parcel_themes(columns: pd.DataFrame, delivery: Delivery) -> list[dict[str, Any]]:
    language = delivery.language
    themes = [_build_theme("ecosystem_l1", columns, language, by_period=True)]
    if any(str(name).startswith("fvc_mean@") for name in columns):
        legend = key_stops(RAMPS["cover"], "", language)
        title = describe_column("fvc_mean").name(language)
        themes.append(
            {"key": "fvc_mean", "title": title, "property": f"fvc_mean@{_PERIOD}", "legend": legend}
        )
    return [*themes, _build_theme("owner_type", columns, language)]


def _build_theme(
    column: str, columns: pd.DataFrame, language: Language, *, by_period: bool = False
) -> dict[str, Any]:
    held = [name for name in columns if str(name).partition("@")[0] == column]
    shown = pd.concat([columns[name] for name in held])
    return {
        "key": column,
        "title": describe_column(column).name(language),
        "property": f"{column}@{_PERIOD}" if by_period else column,
        "legend": key_values(column, shown, language),
    }


def _build_filter(column: str, values: pd.Series, language: Language) -> dict[str, Any]:
    names = sorted(values.dropna().unique())
    options = [{"value": name, "name": name} for name in names]
    return {"title": describe_column(column).name(language), "property": column, "options": options}


def _list_fields(columns: Sequence[str], language: Language) -> list[dict[str, Any]]:
    return [_build_field(column, language) for column in columns]


def _build_field(column: str, language: Language) -> dict[str, Any]:
    known = describe_column(column.partition("@")[0])
    return {
        "column": column,
        "title": known.name(language),
        "unit": name_unit(known.unit, language),
        "digits": 2,
    }


def _build_sections(delivery: Delivery) -> dict[str, Any]:
    language = delivery.language
    table = delivery.sections.sort_values(["section_id", "period"], kind="stable")
    rows = table.dropna(subset=["section_id"]).drop_duplicates("section_id").reset_index(drop=True)
    grades = {str(entry.code): entry.name(language) for entry in WATER_CLASS.classes}
    named = table.assign(water_class=table["water_class"].astype("string").map(grades))
    ids = rows["section_id"]
    by_period = [
        _spread(pd.DataFrame(named), name, ids, delivery) for name in ("water_class", "decided_by", "samples")
    ]
    targets = rows["target_class"].astype("string").map(grades)
    columns = pd.concat([rows[["section"]], targets.rename("target_class"), *by_period], axis=1)
    changing = [f"{name}@{_PERIOD}" for name in ("water_class", "decided_by", "samples")]
    return {
        "id": "sections",
        "title": find_layer_title("sections", language),
        "geometry": "point",
        "source": {"table": _build_table(rows, "section_id", columns, points=True)},
        "themes": [_build_theme("water_class", columns, language, by_period=True)],
        "search": ["section"],
        "title_column": "section",
        "label": ["section", f"water_class@{_PERIOD}"],
        "card": [
            {"kind": "rows", "title": "", "fields": _list_fields(["target_class"], language)},
            {
                "kind": "periods",
                "title": find_text("webmap.through_time", language),
                "fields": _list_fields(changing, language),
            },
        ],
    }


def _build_patches(delivery: Delivery) -> dict[str, Any]:
    language = delivery.language
    rows = delivery.change_patches.sort_values("patch_id", kind="stable", ignore_index=True)
    columns = pd.DataFrame(
        {name: name_values(name, rows[name], language) for name in ("from_class", "to_class")}
    )
    columns[["from_period", "to_period", "confidence"]] = rows[["from_period", "to_period", "confidence"]]
    columns["area_ha"] = rows["area_m2"] / M2_PER_HA
    return {
        "id": "change_patches",
        "title": find_layer_title("change_patches", language),
        "geometry": "polygon",
        "source": {"table": _build_table(rows, "patch_id", columns)},
        "look": {"fill": 0.85, "line": "#ffffff", "width": 1},
        "themes": [_build_theme("to_class", columns, language)],
        "period": "to_period",
        "search": ["from_class", "to_class"],
        "title_column": "",
        "card": [{"kind": "rows", "title": "", "fields": _list_fields([*columns], language)}],
    }


def _build_findings(delivery: Delivery) -> dict[str, Any]:
    language = delivery.language
    rows = delivery.findings.sort_values("finding_id", kind="stable", ignore_index=True)
    message = "message_zh" if language == "zh" else "message_en"
    which = 0 if language == "zh" else 1
    columns = pd.DataFrame(
        {
            "rule": [delivery.rules.get(rule, (rule, rule))[which] for rule in rows["rule"]],
            "severity": name_values("severity", rows["severity"], language),
            "parcel_id": rows["parcel_id"],
            "period": rows["period"],
            message: rows[message],
            "basis": rows["basis"],
        }
    )
    return {
        "id": "findings",
        "title": find_layer_title("findings", language),
        "geometry": "polygon",
        "shown": False,
        "source": {"table": _build_table(rows, "finding_id", columns)},
        "look": {"fill": 0.15, "width": 2, "dash": [2, 1.5]},
        "themes": [_build_theme("severity", columns, language)],
        "filters": [_build_filter("rule", columns["rule"], language)],
        "period": "period",
        "search": ["rule", "parcel_id"],
        "title_column": "rule",
        "card": [{"kind": "rows", "title": "", "fields": _list_fields([*columns], language)}],
    }
