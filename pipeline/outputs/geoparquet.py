"""Layers as GeoParquet 1.1: rows in the order of a Hilbert curve, so that a window reads few of them."""

import json
from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from numpy.typing import NDArray

from pipeline.storage.tables import PART_ROWS

_ABOUT = b"geo"


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


def write_geoparquet_parts(parts: Iterable[gpd.GeoDataFrame], path: Path) -> None:
    """Write a layer that is not held as a whole; the rows of each part lie along a curve of their own."""
    about: list[dict[str, Any]] = []
    writer: pq.ParquetWriter | None = None
    for table in map(_pack_part, parts):
        metadata = dict(table.schema.metadata)
        about.append(json.loads(metadata.pop(_ABOUT)))
        writer = writer or pq.ParquetWriter(path, table.schema.with_metadata(metadata), compression="zstd")
        writer.write_table(table.replace_schema_metadata(metadata), row_group_size=PART_ROWS)
    assert writer is not None, "a layer has a part, although it may have no row"
    writer.add_key_value_metadata({_ABOUT: json.dumps(_join_about(about)).encode()})
    writer.close()


def _pack_part(rows: gpd.GeoDataFrame) -> pa.Table:
    packed = BytesIO()
    write_geoparquet(rows, packed)
    return pq.read_table(packed)


def _join_about(about: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What a file says of its geometry, of what its parts would say."""
    joined = about[0]
    own = joined["columns"][joined["primary_column"]]
    told = [one["columns"][joined["primary_column"]] for one in about]
    bounds = np.array([one["bbox"] for one in told])
    own["geometry_types"] = sorted({kind for one in told for kind in one["geometry_types"]})
    own["bbox"] = [*np.nanmin(bounds[:, :2], axis=0), *np.nanmax(bounds[:, 2:], axis=0)]
    return joined


def _order_by_place(rows: gpd.GeoDataFrame) -> NDArray[np.int64]:
    """Positions of the rows along the curve."""
    placed = ~(rows.geometry.isna() | shapely.is_empty(rows.geometry.array)).to_numpy()
    distance = np.full(len(rows), np.iinfo(np.int64).max)
    if placed.any():
        distance[placed] = rows.geometry[placed].hilbert_distance()
    return np.argsort(distance, kind="stable")
