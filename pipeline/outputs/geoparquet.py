"""Layers as GeoParquet 1.1: rows in the order of a Hilbert curve, so that a window reads few of them."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from pipeline.storage.tables import PART_ROWS


def write_geoparquet(rows: gpd.GeoDataFrame, path: Path) -> None:
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


def _order_by_place(rows: gpd.GeoDataFrame) -> NDArray[np.int64]:
    """Positions of the rows along the curve."""
    placed = ~(rows.geometry.isna() | shapely.is_empty(rows.geometry.array)).to_numpy()
    distance = np.full(len(rows), np.iinfo(np.int64).max)
    if placed.any():
        distance[placed] = rows.geometry[placed].hilbert_distance()
    return np.argsort(distance, kind="stable")
