"""Tables inside JSON, GeoJSON and GeoPackage files, as grids of text with their headings in the first row."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError

JSON_SUFFIXES = frozenset({".json", ".geojson"})
POINT_SUFFIXES = frozenset({".gpkg"})

_DIGITS = 15
_NO_TABLE = "an object with thead and tbody, or a FeatureCollection"


def json_grid(path: Path) -> pd.DataFrame:
    """Cells of a release (`thead`, `tbody`) or of the properties of GeoJSON features, headings first.

    Raises ValueError, saying what was expected, for anything else.
    """
    try:
        content = json.loads(path.read_bytes())
    except RecursionError as error:
        raise ValueError(_NO_TABLE) from error
    within = [content, *content.values()] if isinstance(content, Mapping) else []
    table = next((found for value in within if (found := _table(value))), None)
    if table is None:
        raise ValueError(_NO_TABLE)
    return _grid(table)


def layer_grids(path: Path) -> dict[str, pd.DataFrame]:
    """Cells of the attributes of every layer of a vector file, by layer; ValueError for other files."""
    try:
        names = [str(name) for name, _ in pyogrio.list_layers(path)]
        layers = {name: pyogrio.read_dataframe(path, layer=name, read_geometry=False) for name in names}
    except (DataSourceError, DataLayerError) as error:
        raise ValueError(str(error)) from error
    return {name: _grid([list(layer.columns), *layer.to_numpy().tolist()]) for name, layer in layers.items()}


def _table(content: Any) -> list[list[Any]] | None:
    if not isinstance(content, Mapping):
        return None
    if isinstance(content.get("thead"), list) and isinstance(content.get("tbody"), list):
        return [_row(content["thead"]), *(_row(row) for row in content["tbody"])]
    if content.get("type") == "FeatureCollection" and isinstance(content.get("features"), list):
        return _properties(content["features"])
    return None


def _row(row: Any) -> list[Any]:
    # a heading row may stand in a list of heading rows
    if isinstance(row, list) and len(row) == 1 and isinstance(row[0], list):
        return row[0]
    return row if isinstance(row, list) else [row]


def _properties(features: Sequence[Any]) -> list[list[Any]]:
    rows = [feature.get("properties") if isinstance(feature, Mapping) else None for feature in features]
    known = [row if isinstance(row, Mapping) else {} for row in rows]
    headings = list(dict.fromkeys(name for row in known for name in row))
    return [headings, *([row.get(name) for name in headings] for row in known)]


def _grid(rows: list[list[Any]]) -> pd.DataFrame:
    width = max((len(row) for row in rows), default=0)
    texts = [[text_of(value) for value in row] + [""] * (width - len(row)) for row in rows]
    return pd.DataFrame(texts, columns=range(width), dtype=str)


def text_of(value: object) -> str:
    """A value as a cell shows it: nothing for null, numbers to 15 digits, moments as ISO 8601."""
    if value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float):
        return format(value, f".{_DIGITS}g")
    # half of a surrogate pair is no character
    return str(value).encode("utf-8", "replace").decode("utf-8")
