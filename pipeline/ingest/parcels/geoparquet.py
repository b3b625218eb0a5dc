"""GeoParquet, some rows at a time: what its metadata say of the geometry, and its rows."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from numpy.typing import NDArray
from pyproj.exceptions import ProjError

from pipeline.errors import InputError, Problem
from pipeline.ingest.attributes import build_cells, pick_within
from pipeline.operating_system import is_of_system

SUFFIXES = {".parquet", ".geoparquet"}

_EXPECTED = "a GeoParquet file with a geometry column"
_BATCH_ROWS = 32_768
_LON_LAT = "OGC:CRS84"
"""The CRS of a file that names none, as GeoParquet has it."""

FLAWS = (
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    OSError,
    ProjError,
    shapely.errors.ShapelyError,
    pa.ArrowException,
)
"""What libraries raise of metadata, geometries and pages that are none."""

Read = TypeVar("Read")


def describe_parquet(path: Path, layer: str | None = None) -> tuple[list[str], Any, NDArray[np.float64]]:
    """Attribute columns, CRS (None where the file says that it is unknown), bounds of every row.

    Bounds are rows of left, bottom, right, top. Raises InputError where the file is no GeoParquet, and where
    a layer is asked for, since it has none.
    """
    if layer is not None:
        problem = Problem(f"{path}, layer {layer}", "a file without layers", "no layer in the config")
        raise InputError("A vector file cannot be used", [problem])
    return _guard(path, lambda: _describe(path))


def read_parquet_rows(path: Path, columns: Sequence[str], places: NDArray[np.int64]) -> gpd.GeoDataFrame:
    """Rows by their number in the file, which grows; index: the number. InputError as `describe_parquet`."""
    return _guard(path, lambda: _read_rows(path, columns, places))


def _describe(path: Path) -> tuple[list[str], Any, NDArray[np.float64]]:
    with pq.ParquetFile(path) as file:
        about = _describe_geometry(file)
        names = [name for name in file.schema_arrow.names if name != about["name"]]
        corners = [np.empty((0, 4))]
        corners += [
            shapely.bounds(rows.geometry.to_numpy()).reshape(-1, 4) for _, rows in _read_batches(file, [])
        ]
    return names, about.get("crs", _LON_LAT), np.concatenate(corners).T


def _read_rows(path: Path, columns: Sequence[str], places: NDArray[np.int64]) -> gpd.GeoDataFrame:
    with pq.ParquetFile(path) as file:
        ends = np.cumsum([file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)])
        groups = np.unique(np.searchsorted(ends, places, side="right"))
        starts = np.append(0, ends)
        parts = [
            rows.iloc[wanted]
            for group in groups.tolist()
            for first, rows in _read_batches(file, columns, group)
            if len(wanted := pick_within(places, int(starts[group]) + first, len(rows)))
        ]
        found = pd.concat(parts) if parts else next(rows for _, rows in _read_batches(file, columns)).iloc[:0]
    return gpd.GeoDataFrame(found.set_axis(places))


def _read_batches(
    file: pq.ParquetFile, columns: Sequence[str], group: int | None = None
) -> Iterator[tuple[int, gpd.GeoDataFrame]]:
    """Rows of a group, or of the file, some at a time, each with the number of the first."""
    about, start = _describe_geometry(file), 0
    encoding = f"geoarrow.{about.get('encoding', 'WKB').lower()}"
    groups = None if group is None else [group]
    wanted = [*sorted(set(columns)), about["name"]]
    for batch in file.iter_batches(_BATCH_ROWS, row_groups=groups, columns=wanted):
        fields = [
            field.with_metadata({"ARROW:extension:name": encoding} if field.name == about["name"] else {})
            for field in batch.schema
        ]
        table = pa.Table.from_arrays(batch.columns, schema=pa.schema(fields))
        shapes = gpd.GeoDataFrame.from_arrow(table.select([about["name"]]), geometry=about["name"]).geometry
        yield start, gpd.GeoDataFrame(build_cells(table.drop_columns(about["name"])), geometry=shapes)
        start += len(batch)


def _describe_geometry(file: pq.ParquetFile) -> dict[str, Any]:
    """What the metadata say of the primary geometry, and its `name`; TypeError or ValueError if nothing."""
    geo = json.loads((file.metadata.metadata or {}).get(b"geo", b"{}"))
    name = geo.get("primary_column")
    if name is None:
        raise ValueError("no geometry column")
    return {**geo.get("columns", {}).get(name, {}), "name": name}


def _guard(path: Path, read: Callable[[], Read]) -> Read:
    try:
        return read()
    except FLAWS as error:
        if is_of_system(error):
            raise
        problem = Problem(str(path), str(error).strip(), _EXPECTED)
        raise InputError("A vector file cannot be used", [problem]) from error
