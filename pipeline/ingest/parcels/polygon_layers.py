"""Layers of polygons in a vector file: which one is meant."""

from collections.abc import Collection
from pathlib import Path

import pyogrio
import shapely
from pyogrio.raw import open_arrow

from pipeline.errors import Problem
from pipeline.vector_files import choose_layer

_POLYGONAL = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)


def choose_polygons(
    path: Path, source: str, wanted: str | None, known: Collection[str] = ()
) -> str | Problem:
    """The layer of polygons that is meant, as `vector_files.choose_layer`; `source` is what GDAL opens."""
    kinds = {str(name): str(kind) for name, kind in pyogrio.list_layers(source)}
    return choose_layer(
        path,
        kinds,
        list_polygons(source),
        lambda name: _has_polygons(source, name, kinds[name]),
        wanted=wanted,
        expected="polygons",
        known=known,
    )


def list_polygons(source: str) -> list[str]:
    """Layers that may hold polygons."""
    return [str(name) for name, kind in pyogrio.list_layers(source) if _may_be_polygons(str(kind))]


def _may_be_polygons(kind: str) -> bool:
    return "Polygon" in kind or "Surface" in kind or kind in {"Unknown", "GeometryCollection"}


def _has_polygons(source: str, name: str, kind: str) -> bool:
    """Whether there is a polygon in a layer: any row of one of polygons, else as its rows have it."""
    if "Polygon" in kind or "Surface" in kind:
        return bool(pyogrio.read_info(source, name, force_feature_count=True)["features"])
    with open_arrow(source, layer=name, columns=[], use_pyarrow=True) as (about, reader):
        outlines = (
            outline for batch in reader for outline in batch.column(_name_geometry(about)).to_pylist()
        )
        shapes = (shapely.from_wkb(outline, on_invalid="fix") for outline in outlines if outline)
        return any(shapely.get_type_id(shape) in _POLYGONAL for shape in shapes)


def _name_geometry(about: dict[str, str]) -> str:
    return about["geometry_name"] or "wkb_geometry"
