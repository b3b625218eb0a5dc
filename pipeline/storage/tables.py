"""Tables and JSON on disk: whole ones, and tables too long to be held, a Parquet row group a part."""

import json
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from pipeline.geodesy import CGCS2000
from pipeline.operating_system import explain_stream

Table = TypeVar("Table", bound=pd.DataFrame)

PART_ROWS = 16_384
_GEOMETRY = "geometry"
_GEO = {
    "version": "1.0.0",
    "primary_column": _GEOMETRY,
    "columns": {
        _GEOMETRY: {"encoding": "WKB", "geometry_types": [], "crs": CRS(CGCS2000).to_json_dict()},
    },
}


def save_tables(folder: Path, tables: Mapping[str, pd.DataFrame]) -> None:
    """Tables as Parquet, geometry as GeoParquet, one file each."""
    for name, table in tables.items():
        table.to_parquet(folder / f"{name}.parquet")


def load_table(folder: Path, name: str, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """A table that `save_tables` wrote, or some columns of it."""
    return pd.read_parquet(folder / f"{name}.parquet", columns=None if columns is None else [*columns])


def load_layer(folder: Path, name: str) -> gpd.GeoDataFrame:
    """A table with geometry that `save_tables` wrote."""
    return gpd.read_parquet(folder / f"{name}.parquet")


def save_json(path: Path, content: Any) -> None:
    """Content as readable JSON, keys in order."""
    text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True, default=str)
    path.write_text(f"{text}\n", encoding="utf-8")


def load_json(path: Path) -> Any:
    """What a JSON file holds; ValueError for none, or one that nests without end or never ends."""
    if stream := explain_stream(path):
        raise ValueError(f"{stream}, no JSON file")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except RecursionError as error:
        raise ValueError("JSON that nests too deep") from error


def count_rows(folder: Path, name: str) -> int:
    """How many rows a table on disk has."""
    return int(pq.read_metadata(folder / f"{name}.parquet").num_rows)


class LongTable:
    """A table that grows on disk; `load_table` and `load_layer` read what comes of it.

    Parts have the columns of the first; a `geometry` is in EPSG:4490 and makes the file a GeoParquet. Texts
    are columns of `object`. Without any part there is no file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
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
            plain = plain.assign(**{_GEOMETRY: _pack(plain[_GEOMETRY].to_numpy())})
        if self._writer is None:
            self._writer = pq.ParquetWriter(self.path, _schema(plain))
        table = pa.Table.from_pandas(plain, schema=self._writer.schema)
        self._writer.write_table(table, row_group_size=PART_ROWS)

    def add_file(self, path: Path) -> None:
        """Write the rows of a table on disk, which has the same columns, behind those that are there."""
        with pq.ParquetFile(path) as file:
            if self._writer is None:
                self._writer = pq.ParquetWriter(self.path, file.schema_arrow)
            schema = self._writer.schema
            for batch in _list_batches(file, PART_ROWS, schema.names):
                self._writer.write_table(pa.Table.from_batches([batch]).cast(schema))


class GroupedTable:
    """A long table that grows in several places: rows come group by group in turns, and end up in order.

    Rows of a group stand in a file beside the table until all are there; `groups` are in their order.
    """

    def __init__(self, path: Path, groups: Iterable[Hashable]) -> None:
        self._path = path
        self._tables = {
            group: LongTable(path.with_name(f"{path.name}.{number}")) for number, group in enumerate(groups)
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for table in self._tables.values():
            table.__exit__(kind, error, trace)
        filled = [table.path for table in self._tables.values() if table.path.exists()]
        if error is None:
            with LongTable(self._path) as whole:
                for path in filled:
                    whole.add_file(path)
        for path in filled:
            path.unlink()

    def add(self, group: Hashable, part: pd.DataFrame) -> None:
        """Write some rows behind those of their group."""
        self._tables[group].add(part)


def save_parts(path: Path, parts: Iterable[pd.DataFrame]) -> None:
    """A table from its parts."""
    with LongTable(path) as table:
        for part in parts:
            table.add(part)


def read_parts(
    path: Path, columns: Sequence[str] | None = None, *, rows: int | None = None
) -> Iterator[pd.DataFrame]:
    """A table on disk, or some columns of it, so many rows at a time; one part without rows for none."""
    names = None if columns is None else [*columns]
    with pq.ParquetFile(path) as file:
        if not file.metadata.num_rows:
            yield file.read(names).to_pandas()
        for batch in _list_batches(file, rows or PART_ROWS, names):
            yield pa.Table.from_batches([batch]).to_pandas().reset_index(drop=True)


def _list_batches(
    file: pq.ParquetFile, rows: int, names: Sequence[str] | None = None
) -> Iterator[pa.RecordBatch]:
    """So many rows at a time, group by group: pyarrow holds on to all groups that it is asked for."""
    for group in range(file.num_row_groups):
        yield from file.iter_batches(rows, row_groups=[group], columns=names)


def read_layer_parts(
    path: Path, columns: Sequence[str] | None = None, *, rows: int | None = None
) -> Iterator[gpd.GeoDataFrame]:
    """The same of a layer: its geometry, with all or some of its columns."""
    for part in read_parts(path, None if columns is None else [*columns, _GEOMETRY], rows=rows):
        shapes = shapely.from_wkb(part[_GEOMETRY].to_numpy())
        yield gpd.GeoDataFrame(part.assign(**{_GEOMETRY: shapes}), geometry=_GEOMETRY, crs=CGCS2000)


def zip_parts(
    parts: Iterable[Table], *others: Iterable[pd.DataFrame], key: str = "parcel_id"
) -> Iterator[tuple[Table, list[pd.DataFrame]]]:
    """Every part of a table with the rows of others about the same keys.

    The first has a key once; the others have any number of rows of it behind one another, or none, and all
    keys in the order of the first. ValueError where rows stand elsewhere.
    """
    followers = [_Follower(iter(other), key) for other in others]
    for part in parts:
        keys = pd.Index(part[key])
        yield part, [follower.take(keys) for follower in followers]
    for follower in followers:
        follower.finish()


class _Follower:
    """A table in parts, of which rows are taken from the head."""

    def __init__(self, parts: Iterator[pd.DataFrame], key: str) -> None:
        self._parts, self._key = parts, key
        self._head: pd.DataFrame | None = next(parts)
        self._none = self._head.iloc[:0]

    def take(self, keys: pd.Index) -> pd.DataFrame:
        """The rows at the head that are about some keys."""
        taken = []
        while self._head is not None:
            strange = ~_is_among(self._head[self._key], keys)
            count = int(strange.argmax()) if strange.any() else len(strange)
            taken.append(self._head.iloc[:count])
            if count < len(strange):
                self._head = self._head.iloc[count:]
                break
            self._head = next(self._parts, None)
        filled = [part for part in taken if len(part)] or [self._none]
        return pd.concat(filled, ignore_index=True)

    def finish(self) -> None:
        """ValueError where rows are left."""
        if self._head is not None and (len(self._head) or next(self._parts, None) is not None):
            raise ValueError(f"rows in another order than their {self._key}: {self._head[self._key].iloc[0]}")


def _is_among(values: pd.Series, keys: pd.Index) -> NDArray[np.bool_]:
    """Whether values are keys; texts are looked up as Arrow has them, which makes no objects of them."""
    texts, known = (pa.array(part, pa.large_string(), from_pandas=True) for part in (values, keys))
    return np.asarray(pc.is_in(texts, known).to_numpy(zero_copy_only=False), dtype=bool)


def _pack(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """WKB of shapes; one that stands in several rows is packed once."""
    distinct, place = list_distinct(shapes)
    packed: NDArray[np.object_] = np.asarray(shapely.to_wkb(distinct), dtype=object)
    return packed[place]


def list_distinct(shapes: NDArray[np.object_]) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """The geometries, those that are one object once, and which of them each is."""
    names = np.fromiter(map(id, shapes), dtype=np.int64, count=len(shapes))
    _, first, place = np.unique(names, return_index=True, return_inverse=True)
    return shapes[first], place


def _schema(part: pd.DataFrame) -> pa.Schema:
    """The types of a table, whatever its first part has of them: text where a column is of objects."""
    plain = pa.Schema.from_pandas(part.iloc[:0], preserve_index=False)
    kinds = {_GEOMETRY: pa.binary()}
    fields = [
        field.with_type(kinds.get(field.name, pa.string())) if pa.types.is_null(field.type) else field
        for field in plain
    ]
    about = dict(plain.metadata)
    if _GEOMETRY in part:
        about[b"geo"] = json.dumps(_GEO).encode()
    return pa.schema(fields, metadata=about)
