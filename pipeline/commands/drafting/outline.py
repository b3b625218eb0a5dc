"""An area where none is given: the hull of the parcels of a register, for as long as there is no outline."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.aoi import explain_id
from pipeline.commands.drafting.found import Found
from pipeline.ingest.parcels.vectors import open_vector, read_features, split_features

_MARGIN_DEG = 1e-5
"""About a metre, so that rounding leaves every parcel inside."""
_DECIMALS = 7
_SOURCE = (
    "由 ecoledger init 按登记地块的外包范围画出，待官方边界替换 / "
    "drawn by ecoledger init as the hull of the registered parcels; to be replaced by the official outline"
)
_ACCURACY = "未知：只是地块的外包范围 / unknown: no more than the hull of the parcels"


def draw_hull(register: Found) -> BaseGeometry:
    """The convex hull of all parcels of a register, in EPSG:4490. Errors as `open_vector`."""
    layer = open_vector(register.path, name=register.layer, crs=register.crs)
    places = np.flatnonzero(~np.isnan(layer.corners[0]))
    hulls = [
        shapely.convex_hull(shapely.geometrycollections(read_features(layer, [], part).geometry.to_numpy()))
        for part in split_features(places)
    ]
    return shapely.convex_hull(shapely.union_all(hulls)).buffer(_MARGIN_DEG, join_style="mitre")


def format_outline(outline: BaseGeometry, name: str) -> str:
    """An area as GeoJSON, as the shipped ones are written, which says where its outline is from."""
    shape = json.loads(shapely.to_geojson(outline))
    rounded = {**shape, "coordinates": _round(shape["coordinates"])}
    properties = {"id": name_area(name), "name": name, "source": _SOURCE, "accuracy": _ACCURACY}
    feature = {"type": "Feature", "properties": properties, "geometry": rounded}
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}}
    collection = {"type": "FeatureCollection", "crs": crs, "features": [feature]}
    return json.dumps(collection, ensure_ascii=False) + "\n"


def name_area(name: str) -> str:
    """An id for an area, which names a folder of its deliveries."""
    folded = re.sub(r"[^\w-]+", "_", name).strip("_-")
    return f"area_{folded}" if explain_id(folded) else folded


def find_shipped(outline: BaseGeometry, outlines: dict[str, BaseGeometry]) -> list[str]:
    """Ids of shipped areas that an outline meets."""
    return [name for name, other in outlines.items() if outline.intersects(other)]


def write_outline(path: Path, outline: BaseGeometry, name: str) -> None:
    """Write an area to a file."""
    path.write_text(format_outline(outline, name), encoding="utf-8")


def _round(value: Any) -> Any:
    return [_round(one) for one in value] if isinstance(value, list) else round(value, _DECIMALS)
