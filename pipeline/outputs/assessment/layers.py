"""Layers of the GeoPackage that parts of the assessment fill: their geometry, order and look."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import get_args

import geopandas as gpd

from pipeline.contracts import Delivery, Register
from pipeline.errors import ContractError, Problem
from pipeline.outputs.layers import LAYERS, FeatureLayer, Shape
from pipeline.outputs.qgis.looks import LayerStyle


@dataclass(frozen=True)
class PartLayer:
    """What is told of a layer beforehand: its geometry, which it has when empty too, and how it is drawn.

    `order` are the columns that its rows are sorted by.
    """

    geometry: Shape
    order: tuple[str, ...]
    style: LayerStyle


REGISTER_PARTS = "register_parts"
"""The layer of the parts of a register of which each has a GeoPackage of its own."""
_UNSERVED = LayerStyle("access_status", 0.6, None, 0.3)
_HOMES_ORDER = ("green_kind", "access_way", "homes_from", "region", "home_id")

PART_LAYERS: Mapping[str, PartLayer] = MappingProxyType(
    {
        REGISTER_PARTS: PartLayer(
            "MultiPolygon", ("part",), LayerStyle(None, 0.15, "#6a3d9a", 0.5, label="part")
        ),
        "water_bodies": PartLayer(
            "MultiPolygon", ("body",), LayerStyle("health_class", 0.6, "#303030", 0.3, label="body_name")
        ),
        "water_lines": PartLayer(
            "MultiLineString", ("body",), LayerStyle("health_class", 1.0, None, 0.8, label="body_name")
        ),
        "homes_unserved": PartLayer("MultiPolygon", _HOMES_ORDER, _UNSERVED),
        "homes_unserved_points": PartLayer("Point", _HOMES_ORDER, _UNSERVED),
        "survey_sites": PartLayer("Point", ("site_id",), LayerStyle(None, 1.0, "#00695c", 0.6, label="site")),
        "licences": PartLayer(
            "MultiPolygon", ("right_id",), LayerStyle("state", 0.35, None, 0.5, label="number")
        ),
        "licence_points": PartLayer(
            "Point", ("right_id",), LayerStyle("state", 1.0, "#303030", 0.3, label="number")
        ),
    }
)
"""Layers by name, as parts name them; texts.csv has their titles, `layer.<name>` and `layer.<name>.about`."""

_PLAIN = LayerStyle(None, 0.25, "#6a3d9a", 0.4)
_SHAPES: Mapping[str, Shape] = MappingProxyType(
    {
        "Point": "Point",
        "LineString": "MultiLineString",
        "MultiLineString": "MultiLineString",
        "Polygon": "MultiPolygon",
        "MultiPolygon": "MultiPolygon",
    }
)


def list_layers(delivery: Delivery) -> tuple[FeatureLayer, ...]:
    """The six layers that each delivery has, then those of parts of the assessment, as far as it packs them.

    Raises ContractError where rows of one layer have geometries of several kinds.
    """
    register = get_args(Register)
    others = (_build_layer(name, rows) for name, rows in delivery.layers.items())
    match delivery.package:
        case "register":
            return tuple(layer for layer in LAYERS if layer.name in register)
        case "others":
            return (*(layer for layer in LAYERS if layer.name not in register), *others)
        case _:
            return (*LAYERS, *others)


def find_style(name: str) -> LayerStyle:
    """How the layer of a part is drawn; one that nobody gave a look is a plain outline."""
    known = PART_LAYERS.get(name)
    return known.style if known else _PLAIN


def _build_layer(name: str, rows: gpd.GeoDataFrame) -> FeatureLayer:
    known = PART_LAYERS.get(name)
    order = known.order if known else tuple(str(column) for column in rows.columns[:1])
    return FeatureLayer(name, _find_shape(name, rows, known), order, partial(_select, name))


def _select(name: str, delivery: Delivery) -> gpd.GeoDataFrame:
    return delivery.layers[name]


def _find_shape(name: str, rows: gpd.GeoDataFrame, known: PartLayer | None) -> Shape:
    kinds = sorted(set(rows.geometry.geom_type.dropna()))
    shapes = {_SHAPES.get(kind) for kind in kinds} | ({known.geometry} if known else set())
    if len(shapes) > 1 or None in shapes:
        expected = known.geometry if known else "one of Point, MultiLineString, MultiPolygon"
        raise ContractError(
            "A layer holds geometries of several kinds",
            [Problem(f"layer {name}", ", ".join(kinds), f"{expected}; other kinds in a layer of their own")],
        )
    return next((shape for shape in shapes if shape), "MultiPolygon")
