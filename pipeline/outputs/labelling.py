"""Points to label in QGIS: a GeoPackage whose form offers the classes by name, and stores their keys."""

from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

import geopandas as gpd
import pandas as pd
import pyogrio

from pipeline.errors import Problem, SettingsError
from pipeline.outputs.markup import serialise
from pipeline.outputs.qgis.looks import DOCTYPE, QGIS_VERSION

LAYER = "points"
_CLOCK = {"OGR_CURRENT_DATE": "2000-01-01T00:00:00.000Z"}
_HIDDEN = ("stratum",)


def write_points(points: gpd.GeoDataFrame, path: Path, *, choices: Mapping[str, str]) -> None:
    """Write points (EPSG:4490) with their style to a new GeoPackage; `choices` are names by key of the class.

    The column `class` is chosen from a list; `stratum`, which would sway who labels, is not shown in the
    form. SettingsError where the file is there already or cannot be written, so that no labels are lost.
    """
    if path.exists():
        problem = Problem(str(path), "a file", "a new name", "Labels that are in it would be lost")
        raise SettingsError("The points cannot be written", [problem])
    columns = [name for name in points.columns if name != points.geometry.name]
    style = {
        "f_table_catalog": "",
        "f_table_schema": "",
        "f_table_name": LAYER,
        "f_geometry_column": "geom",
        "styleName": LAYER,
        "styleQML": _build_form(columns, choices),
        "styleSLD": "",
        "useAsDefault": True,
        "description": "样本点 sample points",
        "owner": "ecoledger",
        "ui": None,
        "update_time": _CLOCK["OGR_CURRENT_DATE"],
    }
    pyogrio.set_gdal_config_options(_CLOCK)
    try:
        options = {"driver": "GPKG", "VERSION": "1.3", "GEOMETRY_NAME": "geom"}
        pyogrio.write_dataframe(points, path, layer=LAYER, geometry_type="Point", **options)
        table = pd.DataFrame([style]).astype({"ui": "string"})
        pyogrio.write_dataframe(table, path, layer="layer_styles", append=True, driver="GPKG", FID="id")
    except pyogrio.errors.DataSourceError as error:
        problem = Problem(str(path), str(error), "a place to write to")
        raise SettingsError("The points cannot be written", [problem]) from error
    finally:
        pyogrio.set_gdal_config_options(dict.fromkeys(_CLOCK))


def _build_form(columns: list[str], choices: Mapping[str, str]) -> str:
    """Style that only says how each column is edited."""
    root = ET.Element("qgis", {"version": QGIS_VERSION, "styleCategories": "Fields|Forms"})
    fields = ET.SubElement(root, "fieldConfiguration")
    for column in columns:
        widget = ET.SubElement(ET.SubElement(fields, "field", {"name": column}), "editWidget")
        kind = "ValueMap" if column == "class" else "Hidden" if column in _HIDDEN else "TextEdit"
        widget.set("type", kind)
        config = ET.SubElement(ET.SubElement(widget, "config"), "Option", {"type": "Map"})
        if column == "class":
            listed = ET.SubElement(config, "Option", {"name": "map", "type": "List"})
            for key, name in choices.items():
                pair = ET.SubElement(listed, "Option", {"type": "Map"})
                ET.SubElement(pair, "Option", {"name": name, "value": key, "type": "QString"})
    return DOCTYPE + serialise(root)
