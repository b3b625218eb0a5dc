"""The layers of a delivery, six and those of parts of the assessment: what they are called and hold."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any, Literal, get_args

import geopandas as gpd
import numpy as np
import pandas as pd
import pandera.pandas as pa
import shapely
from numpy.typing import NDArray
from pyarrow import array

from pipeline.aoi import Aoi
from pipeline.contracts import (
    CHANGE_PATCHES,
    FINDINGS,
    INVENTORY,
    PARCELS,
    SECTION_STATUS,
    Delivery,
    Register,
    check_table,
)
from pipeline.errors import ContractError, Problem
from pipeline.geodesy import CGCS2000, measure_areas_m2
from pipeline.outputs.columns import DATA_LABEL, Language
from pipeline.outputs.texts import find_text, find_texts
from pipeline.storage.delivered import FINDINGS_END
from pipeline.storage.tables import list_distinct

Shape = Literal["MultiPolygon", "MultiLineString", "Point"]


@dataclass(frozen=True)
class FeatureLayer:
    """One layer; `order` are the columns that its rows are sorted by, and so its feature ids."""

    name: str
    geometry: Shape
    order: tuple[str, ...]
    rows: Callable[[Delivery], gpd.GeoDataFrame]

    def title(self, language: Language, *, simulated: bool) -> str:
        """The layer's title, which says so when the data are simulated."""
        title = find_layer_title(self.name, language)
        return f"{title}{find_text('simulated.mark', language)}" if simulated else title

    def about(self, delivery: Delivery) -> str:
        """One sentence on what a row is, and where all are that the layer has some of."""
        if self.name == "findings" and delivery.findings_file:
            file = delivery.name_file(FINDINGS_END)
            return find_text("register.findings.about", delivery.language).format(file=file)
        return find_texts("layer", delivery.language).get(f"{self.name}.about", "")


def find_layer_title(name: str, language: Language) -> str:
    """What a layer is called; one that nobody gave a title has its own name."""
    return find_texts("layer", language).get(name, name)


def _require_table(delivery: Delivery, name: str, schema: pa.DataFrameSchema) -> gpd.GeoDataFrame:
    rows = getattr(delivery, name)
    texts = [
        key
        for key, column in schema.columns.items()
        if _is_free(column) and key in rows and isinstance(rows[key].dtype, pd.StringDtype)
    ]
    plain = rows.assign(**{key: _to_string(rows[key]) for key in texts})
    return check_table(plain, schema.remove_columns(texts))


def _is_free(column: pa.Column) -> bool:
    """Whether any text fits a column, and none."""
    return column.nullable and not column.unique and not column.checks and str(column.dtype) == "object"


def _to_string(values: pd.Series) -> pd.Series:
    """Texts with NA where there is none, without a copy of them."""
    held: pd.Series = array(values).to_pandas(types_mapper=lambda _: pd.StringDtype())
    return held.set_axis(values.index)


def build_aoi_rows(aoi: Aoi) -> gpd.GeoDataFrame:
    """The parts of an area, one row each, with the ellipsoidal area of the part."""
    geometry = [part.geometry for part in aoi.parts]
    return gpd.GeoDataFrame(
        {
            "id": [part.id for part in aoi.parts],
            "name_zh": [part.name_zh for part in aoi.parts],
            "name_en": [part.name_en for part in aoi.parts],
            "aoi": aoi.id,
            "aoi_name_zh": aoi.name_zh,
            "aoi_name_en": aoi.name_en,
            "source": aoi.source,
            "accuracy": aoi.accuracy,
            "area_m2": measure_areas_m2(geometry),
            "layout_crs": [part.layout_crs for part in aoi.parts],
        },
        geometry=geometry,
        crs=CGCS2000,
    )


INVENTORY_LAYER = FeatureLayer(
    "inventory",
    "MultiPolygon",
    ("product_id", "parcel_id", "period"),
    partial(_require_table, name="inventory", schema=INVENTORY),
)
PARCELS_LAYER = FeatureLayer(
    "parcels",
    "MultiPolygon",
    ("parcel_id",),
    partial(_require_table, name="parcels", schema=PARCELS),
)
FINDINGS_LAYER = FeatureLayer(
    "findings",
    "MultiPolygon",
    ("finding_id",),
    partial(_require_table, name="findings", schema=FINDINGS),
)
LAYERS = (
    INVENTORY_LAYER,
    PARCELS_LAYER,
    FeatureLayer(
        "sections",
        "Point",
        ("section_id", "period"),
        partial(_require_table, name="sections", schema=SECTION_STATUS),
    ),
    FeatureLayer(
        "change_patches",
        "MultiPolygon",
        ("patch_id",),
        partial(_require_table, name="change_patches", schema=CHANGE_PATCHES),
    ),
    FINDINGS_LAYER,
    FeatureLayer("aoi", "MultiPolygon", ("id",), lambda delivery: build_aoi_rows(delivery.aoi)),
)


def build_layer_rows(layer: FeatureLayer, delivery: Delivery) -> gpd.GeoDataFrame:
    """Rows of a layer as they are written: sorted, plain columns, geometries of the layer's one type.

    Raises ContractError where a column is missing or the CRS is not EPSG:4490.
    """
    rows = layer.rows(delivery)
    if rows.crs != CGCS2000:
        found = Problem(f"layer {layer.name}", str(rows.crs), CGCS2000)
        raise ContractError("A layer of the delivery is in another CRS", [found])
    order = [column for column in layer.order if column in rows.columns]
    rows = _sort_rows(rows, order)
    shapes = np.asarray(rows.geometry.array)
    geometry = _SHAPERS[layer.geometry](shapes)
    table = flatten_table(pd.DataFrame(rows.drop(columns=rows.geometry.name)), delivery)
    return gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(geometry, index=table.index), crs=CGCS2000)


def _sort_rows(rows: gpd.GeoDataFrame, order: list[str]) -> gpd.GeoDataFrame:
    """Rows in order; the first column is enough where it tells all of them apart."""
    enough = order[:1] if order and rows[order[0]].is_unique else order
    return rows.sort_values(enough, kind="stable", ignore_index=True)


def build_layer_parts(layer: FeatureLayer, delivery: Delivery) -> Iterator[gpd.GeoDataFrame]:
    """Rows of a layer as they are written, part by part where the register of the delivery is divided."""
    register: Register | None = next((name for name in get_args(Register) if name == layer.name), None)
    parts = delivery.parts(register) if register else (delivery,)
    return (build_layer_rows(layer, part) for part in parts)


def to_multipolygons(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """The polygons of each geometry as one MultiPolygon; None where there is no polygon.

    Lines and points, which cutting leaves at touching edges, have no area and fall away.
    """
    return _collect(shapes, shapely.GeometryType.POLYGON, shapely.multipolygons)


def _to_multilines(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    return _collect(shapes, shapely.GeometryType.LINESTRING, shapely.multilinestrings)


def _collect(
    shapes: NDArray[np.object_], kind: shapely.GeometryType, gather: Callable[..., Any]
) -> NDArray[np.object_]:
    """The parts of one kind of each geometry, gathered; None where there is none."""
    distinct, place = list_distinct(shapes)
    return _collect_each(distinct, kind, gather)[place]


def _collect_each(
    shapes: NDArray[np.object_], kind: shapely.GeometryType, gather: Callable[..., Any]
) -> NDArray[np.object_]:
    found = np.full(len(shapes), None, dtype=object)
    parts, rows = shapely.get_parts(shapes, return_index=True)
    parts, inner = shapely.get_parts(parts, return_index=True)
    rows = rows[inner]
    fitting = (shapely.get_type_id(parts) == kind) & ~shapely.is_empty(parts)
    if fitting.any():
        kept = np.unique(rows[fitting])
        found[kept] = gather(parts[fitting], indices=np.searchsorted(kept, rows[fitting]))
    return found


def flatten_table(table: pd.DataFrame, delivery: Delivery) -> pd.DataFrame:
    """A table as it leaves: lists as text joined by `;`, text as text, and the label of simulated data.

    A simulated delivery's tables end with a column `data_label`, so that no table travels without it.
    """
    objects = [column for column in table.columns if pd.api.types.is_object_dtype(table[column])]
    plain = table.assign(**{column: _to_text(table[column]) for column in objects})
    if delivery.simulated:
        plain[DATA_LABEL] = pd.Series(
            find_text("simulated.label", delivery.language), index=plain.index, dtype="string"
        )
    return plain


def _to_text(values: pd.Series) -> pd.Series:
    listed = pd.api.types.infer_dtype(values) not in {"string", "empty"}
    return (values.map(_join_value) if listed else values).astype("string")


def _join_value(value: object) -> object:
    return ";".join(map(str, value)) if isinstance(value, (list, tuple)) else value


def _to_points(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    points = shapes.copy()
    points[shapely.is_empty(shapes)] = None
    return points


_SHAPERS: Mapping[Shape, Callable[[NDArray[np.object_]], NDArray[np.object_]]] = MappingProxyType(
    {"MultiPolygon": to_multipolygons, "MultiLineString": _to_multilines, "Point": _to_points}
)
