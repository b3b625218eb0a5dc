"""Block stores: Zarr arrays (y, x) on a grid, one chunk per block, so that tasks write side by side."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
import zarr
from blake3 import blake3
from numpy.typing import NDArray
from zarr.codecs import BloscCodec, BloscShuffle

from pipeline.grid import Block, Grid

_COMPRESSOR = BloscCodec(cname="lz4", clevel=5, shuffle=BloscShuffle.shuffle)


@dataclass(frozen=True)
class Layer:
    """One array (y, x) of a block store."""

    dtype: str
    fill: int | float
    attrs: Mapping[str, Any]


def create_store(path: Path, layers: Mapping[str, Layer], grid: Grid, block_size: int) -> None:
    """An empty Zarr store of arrays (y, x) on a grid, one chunk per block."""
    group = zarr.open_group(path, mode="w", attributes={"grid": grid.as_dict(), "block_size": block_size})
    for name, layer in layers.items():
        group.create_array(
            name,
            shape=grid.shape,
            chunks=(block_size, block_size),
            dtype=layer.dtype,
            fill_value=layer.fill,
            dimension_names=("y", "x"),
            attributes=dict(layer.attrs),
            compressors=_COMPRESSOR,
        )


def write_block(path: Path, block: Block, arrays: Mapping[str, NDArray[Any]]) -> str:
    """Write a block's own region of a store; its checksum."""
    group = zarr.open_group(path, mode="r+")
    for name, array in arrays.items():
        _array(group, name)[block.rows, block.cols] = array
    return checksum_of(arrays)


def read_block(path: Path, block: Block, names: Iterable[str]) -> dict[str, NDArray[Any]]:
    """Some arrays of a store over a block."""
    group = zarr.open_group(path, mode="r")
    return {name: np.asarray(_array(group, name)[block.rows, block.cols]) for name in names}


def stored_checksum(path: Path, block: Block, names: Iterable[str]) -> str | None:
    """Checksum of what a store holds over a block; None where a lost or torn file makes it unreadable."""
    try:
        return checksum_of(read_block(path, block, names))
    except (OSError, KeyError, ValueError, RuntimeError):  # what zarr and its codecs raise on torn files
        return None


def clear_strays(path: Path) -> None:
    """Remove what writes that were killed left beside the chunks; nobody may be writing."""
    for stray in path.rglob("*.partial"):
        stray.unlink()


def open_store(path: Path) -> xr.Dataset:
    """A store as lazy arrays (y, x), chunks as they are on disk, values as they are stored."""
    dataset: xr.Dataset = xr.open_zarr(path, consolidated=False, mask_and_scale=False)
    return dataset


def checksum_of(arrays: Mapping[str, NDArray[Any]]) -> str:
    """Checksum (BLAKE3) of named arrays, whatever their encoding on disk."""
    digest = blake3()
    for name in sorted(arrays):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(arrays[name]).reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def _array(group: zarr.Group, name: str) -> zarr.Array[Any]:
    array = group[name]
    assert isinstance(array, zarr.Array)
    return array
