"""Tables inside JSON, GeoJSON and GeoPackage files, as sheets with their headings in the first row."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyogrio
import shapely
from numpy.typing import NDArray
from pyogrio.errors import DataLayerError, DataSourceError
from pyproj import CRS

from pipeline.datum import (
    DatumShift,
    LonLat,
    describe_shift,
    explain_no_shift,
    find_transformer,
    to_lon_lat,
)
from pipeline.errors import InputError, Problem
from pipeline.geodesy import unproject_all
from pipeline.ingest.attributes import WHOLE_NUMBERS
from pipeline.ingest.samples.cells import to_text
from pipeline.ingest.samples.headings import read_heading
from pipeline.ingest.samples.sheets import Sheet
from pipeline.settings.placing import parse_crs
from pipeline.vector_files import refuse_pointer

JSON_SUFFIXES = frozenset({".json", ".geojson"})
POINT_SUFFIXES = frozenset({".gpkg"})
_PLACED = POINT_SUFFIXES | {".geojson"}

_FIRST_RECORD = 2
_WGS_84 = "EPSG:4326"
_NO_TABLE = "an object with thead and tbody, or a FeatureCollection"


def read_json(path: Path) -> list[Sheet]:
    """The tables of releases (`thead`, `tbody`) or of GeoJSON features, whose points are kept.

    A file may hold several of them, in a list or by name: `name` of a sheet is its name or number there.
    Raises ValueError, saying what was expected, for anything else, InputError for points of a CRS that does
    not lead to CGCS2000.
    """
    try:
        content = json.loads(path.read_bytes())
    except RecursionError as error:
        raise ValueError(_NO_TABLE) from error
    tables = [(name, value, rows) for name, value in _list_values(content) if (rows := _read_rows(value))]
    if not tables:
        raise ValueError(_NO_TABLE)
    return [_to_sheet(path, name, rows, _locate_features(path, value)) for name, value, rows in tables]


def _list_values(content: Any) -> list[tuple[str, Any]]:
    """A table alone, else what may be one in a list or an object, with its number from 1 or its name."""
    if _read_rows(content):
        return [("", content)]
    if isinstance(content, Mapping):
        return [(str(name), value) for name, value in content.items()]
    return (
        [(str(number), value) for number, value in enumerate(content, 1)] if isinstance(content, list) else []
    )


def read_layers(path: Path) -> list[Sheet]:
    """Attributes and points of every layer of a vector file; ValueError for other files.

    InputError for one that only says where features are, for points of a CRS that does not lead to CGCS2000,
    and for those of none where no columns of degrees stand beside them.
    """
    refuse_pointer(path)
    whole = {"types_mapper": WHOLE_NUMBERS.get}
    try:
        names = [str(name) for name, _ in pyogrio.list_layers(path)]
        layers = {
            name: pyogrio.read_dataframe(path, layer=name, use_arrow=True, arrow_to_pandas_kwargs=whole)
            for name in names
        }
    except (DataSourceError, DataLayerError) as error:
        raise ValueError(str(error)) from error
    return [_read_layer(path, name, layer) for name, layer in layers.items()]


def _read_layer(path: Path, name: str, layer: pd.DataFrame) -> Sheet:
    table = pd.DataFrame(layer.drop(columns="geometry", errors="ignore")).astype(object)
    rows = [list(table.columns), *table.where(table.notna(), None).to_numpy().tolist()]
    if "geometry" not in layer:
        return _to_sheet(path, name, rows, None)
    crs: str | None = layer.crs.to_wkt() if layer.crs else None
    if crs is None and layer.geometry.notna().any() and not _has_degrees(table.columns):
        expected = "a CRS in the file or its .prj, or columns of longitude and latitude"
        problem = Problem(f"{path.name}, layer {name}", "points without a CRS", expected)
        raise InputError("The places of sections cannot be used", [problem])
    return _to_sheet(path, name, rows, _locate(path, layer.geometry.to_numpy(), crs))


def _has_degrees(columns: Iterable[str]) -> bool:
    """Whether there are columns of longitude and of latitude, so that points are not needed."""
    names = [read_heading(str(column)) for column in columns]
    return {"lon", "lat"} <= {name.means for name in names if name}


def _to_sheet(path: Path, name: str, rows: list[list[Any]], points: pd.DataFrame | None) -> Sheet:
    """A sheet with its headings in row 1 and the first record in row 2."""
    width = max((len(row) for row in rows), default=0)
    texts = [[to_text(value) for value in row] + [""] * (width - len(row)) for row in rows]
    if points is not None:
        points = points.set_axis(range(_FIRST_RECORD, _FIRST_RECORD + len(points)))
    return Sheet.of(path, name, pd.DataFrame(texts, columns=range(width), dtype=str), points=points)


def _locate_features(path: Path, content: Mapping[str, Any]) -> pd.DataFrame | None:
    """Points of GeoJSON features; their CRS is WGS 84 unless the collection names another."""
    if "features" not in content:
        return None
    geometries = [
        feature.get("geometry") if isinstance(feature, Mapping) else None for feature in content["features"]
    ]
    shapes = shapely.from_geojson([json.dumps(geometry) for geometry in geometries], on_invalid="ignore")
    named = content.get("crs")
    properties = named.get("properties") if isinstance(named, Mapping) else None
    name = properties.get("name") if isinstance(properties, Mapping) else None
    return _locate(path, np.asarray(shapes, dtype=object), name if isinstance(name, str) else _WGS_84)


def _locate(path: Path, shapes: NDArray[np.object_], stated: str | None) -> pd.DataFrame:
    """A point of each geometry in degrees; null without geometry, and where no CRS is told."""
    spots = shapely.point_on_surface(shapes)
    moved: NDArray[np.object_] = np.full(len(spots), None, dtype=object)
    if stated:
        crs = parse_crs(path.name, stated)
        if isinstance(crs, CRS) and find_transformer(crs) is None:
            crs = explain_no_shift(path.name, crs)
        if isinstance(crs, Problem):
            raise InputError("The places of sections cannot be used", [crs])
        moved = unproject_all(spots, crs.to_wkt(), _find_near(crs, spots))
    return pd.DataFrame({"lon": shapely.get_x(moved), "lat": shapely.get_y(moved)}, dtype=float)


def _find_near(crs: CRS, spots: NDArray[np.object_]) -> LonLat | None:
    """Where most points are, in degrees of their own datum."""
    places = shapely.get_coordinates(spots)
    places = places[np.isfinite(places).all(axis=1)]
    return to_lon_lat(crs, *np.median(places, axis=0)) if len(places) else None


def find_point_shifts(path: Path) -> list[DatumShift]:
    """How the points of each layer of a vector file come to CGCS2000, by its header; none of other files."""
    if path.suffix.lower() not in _PLACED:
        return []
    refuse_pointer(path)
    try:
        names = [str(name) for name, kind in pyogrio.list_layers(path) if kind is not None]
        headers = [pyogrio.read_info(path, name, force_total_bounds=True) for name in names]
    except (DataSourceError, DataLayerError):
        return []
    found = [_describe(header) for header in headers if header["crs"] and header["total_bounds"] is not None]
    return [shift for shift in found if shift]


def _describe(header: Mapping[str, Any]) -> DatumShift | None:
    west, south, east, north = header["total_bounds"]
    crs = CRS(header["crs"])
    return describe_shift(crs, to_lon_lat(crs, (west + east) / 2, (south + north) / 2))


def _read_rows(content: Any) -> list[list[Any]] | None:
    if not isinstance(content, Mapping):
        return None
    if isinstance(content.get("thead"), list) and isinstance(content.get("tbody"), list):
        return [_read_row(content["thead"]), *(_read_row(row) for row in content["tbody"])]
    if content.get("type") == "FeatureCollection" and isinstance(content.get("features"), list):
        return _read_properties(content["features"])
    return None


def _read_row(row: Any) -> list[Any]:
    # a heading row may stand in a list of heading rows
    if isinstance(row, list) and len(row) == 1 and isinstance(row[0], list):
        return row[0]
    return row if isinstance(row, list) else [row]


def _read_properties(features: Sequence[Any]) -> list[list[Any]]:
    rows = [feature.get("properties") if isinstance(feature, Mapping) else None for feature in features]
    known = [row if isinstance(row, Mapping) else {} for row in rows]
    headings = list(dict.fromkeys(name for row in known for name in row))
    return [headings, *([row.get(name) for name in headings] for row in known)]
