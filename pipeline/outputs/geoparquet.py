"""Layers as GeoParquet 1.1: rows in the order of a Hilbert curve, so that a window reads few of them."""

import json
from collections.abc import Iterable, Mapping
from io import BytesIO
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from numpy.typing import NDArray

from pipeline.storage.tables import PART_ROWS, list_distinct

_ABOUT = b"geo"
_BOX = "bbox"
_KINDS: Mapping[int, str] = MappingProxyType(
    {0: "Point", 1: "LineString", 3: "Polygon", 4: "MultiPoint", 5: "MultiLineString", 6: "MultiPolygon"}
)
"""What GeoParquet calls the kinds of geometries of shapely."""


def write_geoparquet(rows: gpd.GeoDataFrame, path: Path | BytesIO) -> None:
    """Write a layer with the bounds of every geometry in a column `bbox`, by which readers filter.

    Rows lie along a Hilbert curve over the layer, those of one place in their own order, those without a
    geometry last; so that a row group, of PART_ROWS, covers little ground.
    """
    ordered = rows.iloc[_order_by_place(rows)]
    ordered.to_parquet(
        path,
        index=False,
        compression="zstd",
        schema_version="1.1.0",
        write_covering_bbox=True,
        row_group_size=PART_ROWS,
    )


class LayerWriter:
    """A GeoParquet of a layer that is not held as a whole: rows of each part lie along a curve of their own.

    It has a part at least, although that may have no row.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: pq.ParquetWriter | None = None
        self._about: dict[str, Any] = {}
        self._kinds: set[str] = set()
        self._bounds: list[NDArray[np.float64]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is None:
            return
        if error is None:
            about = {_ABOUT: json.dumps(self._tell_about()).encode()}
            self._writer.add_key_value_metadata(about)
        self._writer.close()

    def add(self, rows: gpd.GeoDataFrame) -> None:
        """Write a part behind those that are there."""
        if self._writer is None:
            self._writer = self._begin(rows.iloc[:0])
        ordered = rows.iloc[_order_by_place(rows)]
        shapes, place = list_distinct(np.asarray(ordered.geometry.array))
        corners = shapely.bounds(shapes)[place].reshape(-1, 4)
        plain = pd.DataFrame(ordered).assign(**{rows.geometry.name: shapely.to_wkb(shapes)[place]})
        boxes = [pa.array(corner, from_pandas=True) for corner in corners.T]
        schema = self._writer.schema
        inner = schema.remove(schema.get_field_index(_BOX))
        columns = pa.Table.from_pandas(plain, inner, preserve_index=False)
        boxed = columns.append_column(
            _BOX, pa.StructArray.from_arrays(boxes, fields=[*schema.field(_BOX).type])
        )
        self._writer.write_table(boxed.select(schema.names).cast(schema), row_group_size=PART_ROWS)
        self._kinds |= {_KINDS[kind] for kind in np.unique(shapely.get_type_id(shapes)) if kind in _KINDS}
        self._bounds.append(_join_bounds(corners))

    def _begin(self, none: gpd.GeoDataFrame) -> pq.ParquetWriter:
        packed = BytesIO()
        write_geoparquet(none, packed)
        schema = pq.read_schema(packed)
        metadata = dict(schema.metadata)
        self._about = json.loads(metadata.pop(_ABOUT))
        return pq.ParquetWriter(self._path, schema.with_metadata(metadata), compression="zstd")

    def _tell_about(self) -> dict[str, Any]:
        """What the file says of its geometry."""
        bounds = np.concatenate(self._bounds)
        own = self._about["columns"][self._about["primary_column"]]
        own["geometry_types"] = sorted(self._kinds)
        if len(bounds):
            own["bbox"] = [*bounds[:, :2].min(axis=0), *bounds[:, 2:].max(axis=0)]
        return self._about


def write_geoparquet_parts(parts: Iterable[gpd.GeoDataFrame], path: Path) -> None:
    """Write a layer that is not held as a whole, part by part."""
    with LayerWriter(path) as writer:
        for part in parts:
            writer.add(part)


def _join_bounds(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """The corners around all, in one row; no row where no geometry has any."""
    known = corners[~np.isnan(corners).any(axis=1)]
    around = np.concatenate([known[:, :2].min(axis=0), known[:, 2:].max(axis=0)]) if len(known) else known
    return around.reshape(-1, 4)


def _order_by_place(rows: gpd.GeoDataFrame) -> NDArray[np.int64]:
    """Positions of the rows along the curve."""
    placed = ~(rows.geometry.isna() | shapely.is_empty(rows.geometry.array)).to_numpy()
    distance = np.full(len(rows), np.iinfo(np.int64).max)
    if placed.any():
        distance[placed] = rows.geometry[placed].hilbert_distance()
    return np.argsort(distance, kind="stable")
