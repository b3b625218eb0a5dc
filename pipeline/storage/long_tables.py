"""Tables too long to be held: written part by part into one Parquet file, a row group each, and read so."""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from pyproj import CRS

from pipeline.geodesy import CGCS2000

PART_ROWS = 16_384
_GEOMETRY = "geometry"
_GEO = {
    "version": "1.0.0",
    "primary_column": _GEOMETRY,
    "columns": {
        _GEOMETRY: {"encoding": "WKB", "geometry_types": [], "crs": CRS(CGCS2000).to_json_dict()},
    },
}


class LongTable:
    """A table that grows on disk; `load_table` and `load_layer` of the workspace read what comes of it.

    Parts have the columns of the first; a `geometry` is in EPSG:4490 and makes the file a GeoParquet. Texts
    are columns of `object`. Without any part there is no file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: pq.ParquetWriter | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is not None:
            self._writer.close()

    def add(self, part: pd.DataFrame) -> None:
        """Write some rows behind those that are there."""
        plain = pd.DataFrame(part)
        if _GEOMETRY in plain:
            plain = plain.assign(**{_GEOMETRY: shapely.to_wkb(plain[_GEOMETRY].to_numpy())})
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._path, _schema(plain))
        self._writer.write_table(pa.Table.from_pandas(plain, schema=self._writer.schema))


def save_parts(path: Path, parts: Iterable[pd.DataFrame]) -> None:
    """A table from its parts."""
    with LongTable(path) as table:
        for part in parts:
            table.add(part)


def layer_parts(path: Path, columns: Sequence[str]) -> Iterator[gpd.GeoDataFrame]:
    """Some columns and the geometry of a layer that a `LongTable` became, so many rows at a time."""
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(PART_ROWS, columns=[*columns, _GEOMETRY]):
            rows = batch.to_pandas()
            shapes = shapely.from_wkb(rows.pop(_GEOMETRY).to_numpy())
            yield gpd.GeoDataFrame(rows, geometry=shapes, crs=CGCS2000)


def _schema(part: pd.DataFrame) -> pa.Schema:
    """The types of a table, whatever its first part has of them: text where a column is of objects."""
    found = pa.Schema.from_pandas(part.iloc[:0], preserve_index=False)
    kinds = {_GEOMETRY: pa.binary()}
    fields = [
        field.with_type(kinds.get(field.name, pa.string())) if pa.types.is_null(field.type) else field
        for field in found
    ]
    about = dict(found.metadata)
    if _GEOMETRY in part:
        about[b"geo"] = json.dumps(_GEO).encode()
    return pa.schema(fields, metadata=about)
