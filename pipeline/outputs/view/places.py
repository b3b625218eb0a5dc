"""Changes, findings, sections and the outline of a delivery for the page."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from pipeline.outputs.columns import Language, describe_column, name_values
from pipeline.outputs.fact_sheets.reading import read_attributes, read_shapes
from pipeline.outputs.languages import say
from pipeline.outputs.layers import find_layer_title
from pipeline.outputs.published import Published
from pipeline.outputs.texts import name_unit
from pipeline.outputs.view.vector_tiles import write_vector_tiles
from pipeline.outputs.webmap.keys import key_values

_M2_PER_HA = 1e4
_DIGITS = 6
_CLASSES = ("water_class", "target_class")
_TOLERANCE_DEG = 2e-5
_PATCHES = ("patch_id", "from_class", "to_class", "from_period", "to_period", "area_m2", "confidence")
_FINDINGS = ("finding_id", "rule", "severity", "parcel_id", "period", "message_zh", "message_en", "basis")
_SECTIONS = (
    *("section_id", "section", "river", "period", "samples", "water_class", "target_class", "target_met"),
    *("decided_by", "exceedance", "reason"),
)


def write_places(
    published: Published, geopackage: Path, folder: Path, rules: Mapping[str, tuple[str, str]]
) -> dict[str, Any]:
    """What the page is told of changes and findings, as tiles; of sections and the outline, as they are.

    `rules` are the titles of rules, Chinese and English.
    """
    language = published.language
    patches, findings = _tell_patches(published), _tell_findings(published, rules)
    told = [
        _write_layer("change_patches", "to_class", patches, language, geopackage, folder),
        _write_layer("findings", "severity", findings, language, geopackage, folder),
    ]
    return {
        "layers": [layer for layer in told if layer],
        "sections": _tell_sections(published),
        "outline": _tell_outline(published),
    }


def _write_layer(
    name: str, theme: str, rows: pd.DataFrame, language: Language, geopackage: Path, folder: Path
) -> dict[str, Any] | None:
    """A layer of polygons whose features carry all that their card tells."""
    columns = {str(column): pa.array(rows[column].astype(object), from_pandas=True) for column in rows}
    tiles = write_vector_tiles(geopackage, name, columns, folder / name)
    if tiles is None:
        return None
    return {
        "id": name,
        "title": find_layer_title(name, language),
        "tiles": tiles,
        "themes": [
            {
                "key": theme,
                "title": describe_column(theme).name(language),
                "property": theme,
                "legend": key_values(theme, rows[theme], language),
            }
        ],
        "fields": [_describe_field(str(column), language) for column in rows if column != "key"],
    }


def _describe_field(column: str, language: Language) -> dict[str, str]:
    known = describe_column(column)
    return {"column": column, "title": known.name(language), "unit": name_unit(known.unit, language)}


def _tell_patches(published: Published) -> pd.DataFrame:
    language = published.language
    rows = read_attributes(published, "change_patches", _PATCHES)
    spoken = {name: name_values(name, rows[name], language) for name in ("from_class", "to_class")}
    area = (rows["area_m2"] / _M2_PER_HA).round(4)
    kept = rows.rename(columns={"patch_id": "key"}).drop(columns="area_m2")
    return kept.assign(**spoken, area_ha=area, confidence=rows["confidence"].round(3))


def _tell_findings(published: Published, rules: Mapping[str, tuple[str, str]]) -> pd.DataFrame:
    language = published.language
    which = 0 if language == "zh" else 1
    rows = read_attributes(published, "findings", _FINDINGS).astype(object)
    message = f"message_{language}"
    kept = rows[["finding_id", "rule", "severity", "parcel_id", "period", message, "basis"]]
    return kept.rename(columns={"finding_id": "key"}).assign(
        rule=[rules.get(rule, (rule, rule))[which] for rule in rows["rule"]],
        severity=name_values("severity", rows["severity"], language),
        basis=rows["basis"].map(lambda text: say(text, language), na_action="ignore"),
    )


def _tell_sections(published: Published) -> dict[str, Any] | None:
    """The sections, a row for each period of each, with its place, and how their classes are coloured."""
    language = published.language
    rows = read_shapes(published, "sections", _SECTIONS)
    rows = rows[~rows.geometry.is_empty & rows.geometry.notna()]
    if rows.empty:
        return None
    spoken = {name: name_values(name, rows[name].astype("Int64"), language) for name in _CLASSES}
    table = pd.DataFrame(rows.drop(columns="geometry")).astype(object).assign(**spoken)
    table["reason"] = table["reason"].map(lambda text: say(text, language), na_action="ignore")
    points = np.round(shapely.get_coordinates(rows.geometry.to_numpy()), _DIGITS)
    known = table.astype(object).where(table.notna(), None)
    return {
        "title": find_layer_title("sections", language),
        "rows": known.to_dict("records"),
        "points": points.tolist(),
        "legend": key_values("water_class", table["water_class"], language),
        "fields": [_describe_field(column, language) for column in _SECTIONS],
    }


def _tell_outline(published: Published) -> dict[str, Any]:
    """The outline as GeoJSON, with as many corners as anyone sees."""
    simple = published.outline.geometry.simplify(_TOLERANCE_DEG)
    names = published.outline[f"name_{published.language}"].astype(str)
    columns = {"key": range(len(simple)), "name": names.to_numpy()}
    shapes = gpd.GeoDataFrame(columns, geometry=simple.to_numpy(), crs=simple.crs)
    told: dict[str, Any] = json.loads(shapes.to_json(drop_id=True, show_bbox=False, to_wgs84=False))
    return told
