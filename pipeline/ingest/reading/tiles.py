"""Windows of deflated tiles, unpacked here: libdeflate, then one compiled pass over each tile.

GDAL unpacks with the same libdeflate, but undoes the predictor a pixel at a time and copies through its
cache, which takes about a third of the time of its reading. Without a predictor the two are even on disk;
over a network GDAL opens a file by two requests that hold the interpreter (`make bench-tiles`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import deflate
import numpy as np
from numpy.typing import NDArray
from rasterio.windows import Window

from pipeline.compiled import numba
from pipeline.ingest.reading.headers import Fetch, Tiling

_NEIGHBOURS_BYTES = 4096
"""Tiles that lie no further apart are fetched at once: GDAL writes their sizes around them."""


@dataclass(frozen=True)
class _Tile:
    """A tile: its row and column among the tiles, its first byte and the number of its bytes."""

    row: int
    col: int
    first: int
    size: int

    @property
    def end(self) -> int:
        return self.first + self.size


def read_tiles(tiling: Tiling, window: Window, fetch: Fetch) -> NDArray[Any]:
    """The numbers of a window inside a file; OSError where a tile cannot be fetched or is broken."""
    numbers = np.empty((window.height, window.width), dtype=tiling.dtype)
    cols = _tiles_over(window.col_off, window.width, tiling.width)
    for row in _tiles_over(window.row_off, window.height, tiling.height):
        tiles = [_Tile(row, col, *tiling.spans[row, col].tolist()) for col in cols]
        for tile, packed in _fetch_tiles(tiles, fetch):
            top, left = row * tiling.height - window.row_off, tile.col * tiling.width - window.col_off
            values = _unpack(tile, packed, tiling)
            _put(values, top, left, numbers, differences=tiling.differences)
    return numbers


def _tiles_over(first: int, length: int, edge: int) -> range:
    """Numbers of the tiles that a stretch of pixels touches."""
    return range(first // edge, (first + length - 1) // edge + 1)


def _fetch_tiles(tiles: Sequence[_Tile], fetch: Fetch) -> Iterator[tuple[_Tile, memoryview]]:
    """The packed bytes of tiles; those that lie side by side are fetched together."""
    groups: list[list[_Tile]] = []
    for tile in tiles:
        if groups and 0 <= tile.first - groups[-1][-1].end <= _NEIGHBOURS_BYTES:
            groups[-1].append(tile)
        else:
            groups.append([tile])
    for group in groups:
        start = group[0].first
        content = memoryview(fetch(start, group[-1].end - start))
        for tile in group:
            yield tile, content[tile.first - start : tile.end - start]


def _unpack(tile: _Tile, packed: memoryview, tiling: Tiling) -> NDArray[Any]:
    try:
        content = deflate.zlib_decompress(packed, tiling.tile_bytes)
    except deflate.DeflateError as error:
        raise OSError(f"tile {tile.row},{tile.col} is broken: {error}") from None
    if len(content) != tiling.tile_bytes:
        expected = f"{len(content)} bytes; expected {tiling.tile_bytes}"
        raise OSError(f"tile {tile.row},{tile.col} is broken: {expected}")
    return np.frombuffer(content, dtype=tiling.dtype).reshape(tiling.height, tiling.width)


def _put(values: NDArray[Any], top: int, left: int, numbers: NDArray[Any], *, differences: bool) -> None:
    """Lay a tile over numbers, whose first pixel is (-top, -left) of the tile."""
    height, width = values.shape
    part = numbers[max(0, top) : top + height, max(0, left) : left + width]
    if differences:
        _add_up(values, max(0, -top), max(0, -left), part)
    else:
        part[...] = values[max(0, -top) :, max(0, -left) :][: part.shape[0], : part.shape[1]]


@numba.njit(nogil=True, cache=True)
def _add_up(differences: NDArray[Any], top: int, left: int, part: NDArray[Any]) -> None:
    """Numbers from their differences along the rows of a tile, whose pixel (top, left) begins the part."""
    height, width = part.shape
    for y in range(height):
        before, row = differences[top + y, :left], differences[top + y, left : left + width]
        numbers = part[y]
        value = 0
        for x in range(left):
            value += before[x]
        for x in range(width):
            value += row[x]
            numbers[x] = value
