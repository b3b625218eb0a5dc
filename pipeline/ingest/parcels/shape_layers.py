"""Layers of polygons, lines or points in a vector file: which one is meant."""

from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import pyogrio
import shapely
from pyogrio.raw import open_arrow

from pipeline.errors import Problem
from pipeline.vector_files import choose_layer

Shapes = Literal["polygons", "lines", "points", "shapes"]
"""What a layer is to hold; shapes are any of the others."""

_TYPES: Mapping[Shapes, tuple[shapely.GeometryType, ...]] = MappingProxyType(
    {
        "polygons": (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON),
        "lines": (shapely.GeometryType.LINESTRING, shapely.GeometryType.MULTILINESTRING),
        "points": (shapely.GeometryType.POINT, shapely.GeometryType.MULTIPOINT),
        "shapes": tuple(shapely.GeometryType),
    }
)
_WORDS: Mapping[Shapes, tuple[str, ...]] = MappingProxyType(
    {
        "polygons": ("Polygon", "Surface"),
        "lines": ("LineString", "Curve"),
        "points": ("Point",),
        "shapes": ("Polygon", "Surface", "LineString", "Curve", "Point"),
    }
)
_ANY = frozenset({"Unknown", "GeometryCollection"})


def choose_shapes(
    path: Path, source: str, wanted: str | None, known: Collection[str] = (), shapes: Shapes = "polygons"
) -> str | Problem:
    """The layer of such shapes that is meant, as `vector_files.choose_layer`; `source` is what GDAL opens."""
    kinds = {str(name): str(kind) for name, kind in pyogrio.list_layers(source)}
    return choose_layer(
        path,
        kinds,
        list_shapes(source, shapes),
        lambda name: _has_shapes(source, name, kinds[name], shapes),
        wanted=wanted,
        expected=shapes,
        known=known,
    )


def list_shapes(source: str, shapes: Shapes = "polygons") -> list[str]:
    """Layers that may hold such shapes."""
    return [
        str(name)
        for name, kind in pyogrio.list_layers(source)
        if _is_of(str(kind), shapes) or str(kind) in _ANY
    ]


def _is_of(kind: str, shapes: Shapes) -> bool:
    return any(word in kind for word in _WORDS[shapes])


def _has_shapes(source: str, name: str, kind: str, shapes: Shapes) -> bool:
    """Whether there is such a shape in a layer: any row of one of that kind, else as its rows have it."""
    if _is_of(kind, shapes):
        return bool(pyogrio.read_info(source, name, force_feature_count=True)["features"])
    with open_arrow(source, layer=name, columns=[], use_pyarrow=True) as (about, reader):
        outlines = (
            outline for batch in reader for outline in batch.column(_name_geometry(about)).to_pylist()
        )
        found = (shapely.from_wkb(outline, on_invalid="fix") for outline in outlines if outline)
        return any(shapely.get_type_id(shape) in _TYPES[shapes] for shape in found)


def _name_geometry(about: dict[str, str]) -> str:
    return about["geometry_name"] or "wkb_geometry"
