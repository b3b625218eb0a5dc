"""Block stores: Zarr arrays (y, x) on a grid, one chunk per block, so that tasks write side by side.

Zarr makes the stores, and opens them for whoever wants them. The chunks of a block are packed and unpacked
here: all calls of zarr go through one thread of the process, which takes three times as long and leaves no
room for a second worker.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any
from uuid import uuid4

import dask.array as da
import numpy as np
import xarray as xr
import zarr
from blake3 import blake3
from numcodecs.blosc import Blosc
from numpy.typing import NDArray
from pyproj import CRS
from zarr.codecs import BloscCodec, BloscShuffle

from pipeline.grid import Block, Grid

_BLOSC = Blosc(cname="lz4", clevel=5, shuffle=Blosc.SHUFFLE)
_COMPRESSOR = BloscCodec(cname=_BLOSC.cname, clevel=_BLOSC.clevel, shuffle=BloscShuffle.shuffle)
_CODECS = ["bytes", "blosc"]
_CRS = "spatial_ref"
_PLACE = ("x", "y", _CRS)
"""Arrays of a store that say where its maps lie."""
_DECODING = ("coordinates", "grid_mapping", "_FillValue")
_PACKED_SIZE = slice(12, 16)
"""Where Blosc says how long it is; it reads on where less is there."""


@dataclass(frozen=True)
class Layer:
    """One array (y, x) of a block store."""

    dtype: str
    fill: int | float
    attrs: Mapping[str, Any]


def create_store(path: Path, layers: Mapping[str, Layer], grid: Grid, block_size: int) -> None:
    """An empty Zarr store of arrays (y, x) on a grid, one chunk per block; with coordinates and CRS.

    `xarray.open_zarr` shows it as maps: values decoded, NaN where nodata, the CRS by `rioxarray`.
    """
    told: dict[str, Any] = {"grid": grid.as_dict(), "block_size": block_size, "coordinates": _CRS}
    group = zarr.open_group(path, mode="w", attributes=told)
    _write_place(group, grid)
    for name, layer in layers.items():
        group.create_array(
            name,
            shape=grid.shape,
            chunks=(block_size, block_size),
            dtype=layer.dtype,
            fill_value=layer.fill,
            dimension_names=("y", "x"),
            attributes={**layer.attrs, **_tell_nodata(layer), "grid_mapping": _CRS},
            compressors=_COMPRESSOR,
        )


def _write_place(group: zarr.Group, grid: Grid) -> None:
    """Centres of the pixels along both axes, and the CRS, as the CF conventions have them."""
    for name, centres in (("x", grid.x_of(grid.whole)), ("y", grid.y_of(grid.whole))):
        axis: dict[str, Any] = {
            "standard_name": f"projection_{name}_coordinate",
            "units": "m",
            "axis": name.upper(),
        }
        group.create_array(name, data=centres, dimension_names=(name,), attributes=axis)
    crs = CRS(grid.crs)
    place = {**crs.to_cf(), "spatial_ref": crs.to_wkt(), "GeoTransform": _write_transform(grid)}
    group.create_array(_CRS, data=np.array(0), dimension_names=(), attributes=place)


def _write_transform(grid: Grid) -> str:
    """The place of the grid as GDAL writes it."""
    return " ".join(map(str, grid.transform.to_gdal()))


def _tell_nodata(layer: Layer) -> dict[str, int]:
    """The whole number that stands for nothing, as xarray reads it; 0 is a count, and NaN tells itself."""
    return {"_FillValue": int(layer.fill)} if layer.fill and np.dtype(layer.dtype).kind in "iu" else {}


def write_block(path: Path, block: Block, arrays: Mapping[str, NDArray[Any]]) -> str:
    """Write a block, which is one whole chunk of a store or several; its checksum."""
    for name, array in arrays.items():
        _chunks_of(path, name).write(block, array)
    return checksum_of(arrays)


def read_block(path: Path, block: Block, names: Iterable[str]) -> dict[str, NDArray[Any]]:
    """Some arrays of a store over a block, whatever chunks it touches; ValueError on torn files."""
    return {name: _chunks_of(path, name).read(block) for name in names}


def describe_layer(path: Path, name: str) -> Layer:
    """What a store says of one of its arrays."""
    metadata = path / name / "zarr.json"
    return _layer_of(metadata, metadata.stat().st_mtime_ns)


def checksum_of_block(path: Path, block: Block, names: Iterable[str]) -> str | None:
    """Checksum of what a store holds over a block; None where a lost or torn file makes it unreadable."""
    try:
        return checksum_of(read_block(path, block, names))
    except (OSError, KeyError, ValueError, RuntimeError):  # the last from Blosc, on rotten chunks
        return None


def clear_strays(path: Path) -> None:
    """Remove what writes that were killed left beside the chunks; nobody may be writing."""
    for stray in path.rglob("*.partial"):
        stray.unlink()


def open_store(path: Path) -> xr.Dataset:
    """A store as lazy arrays (y, x), chunks as they are on disk, values as they are stored."""
    group = zarr.open_group(path, mode="r")
    lazy = {
        name: xr.DataArray(_as_lazy(_chunks_of(path, name)), dims=("y", "x"), attrs=_drop_told(array.attrs))
        for name, array in sorted(group.arrays())
        if name not in _PLACE
    }
    return xr.Dataset(lazy, attrs=_drop_told(group.attrs))


def _drop_told(attrs: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes without those that tell xarray how to decode a store."""
    return {name: value for name, value in attrs.items() if name not in _DECODING}


def checksum_of(arrays: Mapping[str, NDArray[Any]]) -> str:
    """Checksum (BLAKE3) of named arrays, whatever their encoding on disk."""
    digest = blake3()
    for name in sorted(arrays):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(arrays[name]).reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


@dataclass(frozen=True)
class _Chunks:
    """The chunks of one array of a store: edge x edge pixels each, also where they reach over the grid.

    It has what Dask asks of an array.
    """

    folder: Path
    shape: tuple[int, int]
    dtype: np.dtype[Any]
    fill: int | float
    edge: int
    ndim: int = 2

    @property
    def chunks(self) -> tuple[int, int]:
        """Rows and columns of a chunk."""
        return self.edge, self.edge

    def __getitem__(self, place: tuple[slice | int, slice | int]) -> NDArray[Any]:
        """The numbers of a place, as NumPy takes them from an array."""
        rows, cols = (np.arange(length)[axis] for axis, length in zip(place, self.shape, strict=True))
        if rows.size == 0 or cols.size == 0:
            return np.empty((*rows.shape, *cols.shape), dtype=self.dtype)
        top, left = int(rows.min()), int(cols.min())
        numbers = self.read(Block(top, int(rows.max()) + 1, left, int(cols.max()) + 1))
        if numbers.shape == (*rows.shape, *cols.shape) and (rows[0], cols[0]) == (top, left):
            return numbers
        return np.asarray(numbers[rows - top][..., cols - left])

    def write(self, block: Block, array: NDArray[Any]) -> None:
        """Write the chunks of a block; whoever reads sees each of them whole or not at all."""
        ends = (block.row_to, self.shape[0]), (block.col_to, self.shape[1])
        whole = all(end % self.edge == 0 or end == last for end, last in ends)
        if not whole or block.row_from % self.edge or block.col_from % self.edge:
            raise ValueError(f"{block} is no block of {self.folder}, whose blocks have {self.edge} pixels")
        for row, col in self._chunks_under(block):
            chunk = self._fill_chunk(self._part_over(row, col, block, array))
            file = self._file(row, col)
            file.parent.mkdir(parents=True, exist_ok=True)
            partial = file.with_name(f"{file.name}.{uuid4().hex}.partial")
            partial.write_bytes(_BLOSC.encode(chunk))
            partial.replace(file)

    def _fill_chunk(self, part: NDArray[Any]) -> NDArray[Any]:
        """A chunk that begins with a part, which may be the whole of it."""
        if part.shape == (self.edge, self.edge):
            return np.ascontiguousarray(part, dtype=self.dtype)
        chunk = np.full((self.edge, self.edge), self.fill, dtype=self.dtype)
        chunk[: part.shape[0], : part.shape[1]] = part
        return chunk

    def read(self, block: Block) -> NDArray[Any]:
        """The numbers of a block."""
        numbers = np.empty(block.shape, dtype=self.dtype)
        for row, col in self._chunks_under(block):
            self._read_chunk(row, col, block, self._part_over(row, col, block, numbers))
        return numbers

    def _chunks_under(self, block: Block) -> Iterator[tuple[int, int]]:
        """Rows and columns of the chunks that a block touches."""
        rows, cols = (
            range(first // self.edge, -(-last // self.edge))
            for first, last in ((block.row_from, block.row_to), (block.col_from, block.col_to))
        )
        return product(rows, cols)

    def _part_over(self, row: int, col: int, block: Block, numbers: NDArray[Any]) -> NDArray[Any]:
        """The part of the numbers of a block that lies over a chunk."""
        top, left = row * self.edge - block.row_from, col * self.edge - block.col_from
        return numbers[max(0, top) : top + self.edge, max(0, left) : left + self.edge]

    def _read_chunk(self, row: int, col: int, block: Block, part: NDArray[Any]) -> None:
        """Lay a chunk over its part of the numbers of a block; one that nobody wrote is empty."""
        try:
            packed = self._file(row, col).read_bytes()
        except FileNotFoundError:
            part[...] = self.fill
            return
        if not packed or int.from_bytes(packed[_PACKED_SIZE], "little") != len(packed):
            raise ValueError(f"{self._file(row, col)} is torn")
        if part.shape == (self.edge, self.edge) and part.flags.c_contiguous:
            _BLOSC.decode(packed, out=part)
        else:
            top, left = max(0, block.row_from - row * self.edge), max(0, block.col_from - col * self.edge)
            chunk = np.frombuffer(_BLOSC.decode(packed), dtype=self.dtype).reshape(self.edge, self.edge)
            part[...] = chunk[top : top + part.shape[0], left : left + part.shape[1]]

    def _file(self, row: int, col: int) -> Path:
        return self.folder / "c" / str(row) / str(col)


def _as_lazy(chunks: _Chunks) -> da.Array:
    """An array chunk by chunk, which Dask would lay together up to 128 MiB."""
    lazy: da.Array = da.from_array(chunks, chunks=chunks.chunks, name=False)
    return lazy


def _chunks_of(path: Path, name: str) -> _Chunks:
    metadata = path / name / "zarr.json"
    return _read_metadata(metadata, metadata.stat().st_mtime_ns)


@lru_cache(maxsize=1024)
def _layer_of(path: Path, _changed_ns: int) -> Layer:
    metadata = json.loads(path.read_text(encoding="utf-8"))
    fill = metadata["fill_value"]
    return Layer(metadata["data_type"], np.nan if fill == "NaN" else fill, _drop_told(metadata["attributes"]))


@lru_cache(maxsize=1024)
def _read_metadata(path: Path, _changed_ns: int) -> _Chunks:
    """The chunks that the metadata of an array tell of; ValueError if they are not packed as here."""
    metadata = json.loads(path.read_text(encoding="utf-8"))
    codecs = [codec["name"] for codec in metadata["codecs"]]
    if codecs != _CODECS:
        raise ValueError(f"{path}: packed by {codecs}; expected {_CODECS}")
    edge, _ = metadata["chunk_grid"]["configuration"]["chunk_shape"]
    fill = metadata["fill_value"]
    dtype = np.dtype(metadata["data_type"])
    return _Chunks(path.parent, tuple(metadata["shape"]), dtype, np.nan if fill == "NaN" else fill, edge)
