"""Delivered rasters as tiles of pictures, packed into scripts."""

import io
import math
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from PIL import Image
from rasterio.enums import Resampling
from rasterio.transform import Affine
from rasterio.vrt import WarpedVRT
from rasterio.warp import transform_bounds
from rasterio.windows import Window

from pipeline.outputs.delivered_rasters import open_raster
from pipeline.outputs.pictures import WATER
from pipeline.outputs.view.chunks import number_tile, write_chunks
from pipeline.outputs.view.raster_styles import COVERED, HIDDEN, RasterStyle
from pipeline.outputs.view.vector_tiles import TileSet

_MERCATOR = "EPSG:3857"
_HALF_M = math.pi * 6378137
TILE_PX = 256
_LEVELS = 6
"""How many zooms there are from the pixels of the raster up; what is seen from farther is drawn small."""


@dataclass(frozen=True)
class _Lattice:
    """The tiles of the nearest zoom over a raster: columns and rows from (`left`, `top`), so many of each."""

    zoom: int
    left: int
    top: int
    wide: int
    high: int

    @property
    def transform(self) -> Affine:
        """From pixels of all tiles to metres of the page."""
        tile = 2 * _HALF_M / 2**self.zoom
        size = tile / TILE_PX
        return Affine(size, 0, self.left * tile - _HALF_M, 0, -size, _HALF_M - self.top * tile)


def write_raster_tiles(path: Path, style: RasterStyle, folder: Path, *, water: Path | None = None) -> TileSet:
    """Tiles of a raster from its own pixels up, as its style draws it.

    Where `water`, a map of land cover, says so, there is water and not the colour of bare ground.
    """
    with open_raster(path) as file:
        bounds = transform_bounds(file.crs, "EPSG:4326", *file.bounds)
        lattice = _lay_lattice(file)
    firsts = write_chunks(_draw_tiles(path, style, lattice, water), folder)
    return TileSet(firsts, max(0, lattice.zoom - _LEVELS + 1), lattice.zoom, bounds)


def _lay_lattice(file: rasterio.DatasetReader) -> _Lattice:
    west, south, east, north = transform_bounds(file.crs, _MERCATOR, *file.bounds)
    size = min((east - west) / file.width, (north - south) / file.height)
    zoom = max(0, round(math.log2(2 * _HALF_M / TILE_PX / size)))
    tile = 2 * _HALF_M / 2**zoom
    left, right = math.floor((west + _HALF_M) / tile), math.ceil((east + _HALF_M) / tile)
    top, bottom = math.floor((_HALF_M - north) / tile), math.ceil((_HALF_M - south) / tile)
    return _Lattice(zoom, left, top, right - left, bottom - top)


def _draw_tiles(
    path: Path, style: RasterStyle, lattice: _Lattice, water: Path | None
) -> Iterator[tuple[int, bytes]]:
    with ExitStack() as stack:
        files = [stack.enter_context(_warp(one, lattice, stack)) for one in (path, water) if one]
        for zoom in range(max(0, lattice.zoom - _LEVELS + 1), lattice.zoom + 1):
            for key, window in sorted(_list_windows(lattice, zoom), key=lambda one: one[0]):
                pixels = _index_pixels(files, style, window)
                if (pixels != HIDDEN).any():
                    yield key, _encode_png(pixels, style)


def _warp(path: Path, lattice: _Lattice, stack: ExitStack) -> WarpedVRT:
    file = stack.enter_context(open_raster(path))
    shape = {"width": lattice.wide * TILE_PX, "height": lattice.high * TILE_PX}
    return WarpedVRT(file, crs=_MERCATOR, transform=lattice.transform, resampling=Resampling.nearest, **shape)


def _list_windows(lattice: _Lattice, zoom: int) -> Iterator[tuple[int, Window]]:
    """Tiles of a zoom by key, and the pixels of the nearest zoom that lie under each."""
    factor = 2 ** (lattice.zoom - zoom)
    side = factor * TILE_PX
    for y in range(lattice.top // factor, (lattice.top + lattice.high - 1) // factor + 1):
        for x in range(lattice.left // factor, (lattice.left + lattice.wide - 1) // factor + 1):
            across, down = (x * factor - lattice.left) * TILE_PX, (y * factor - lattice.top) * TILE_PX
            yield number_tile(zoom, x, y), Window(across, down, side, side)


def _index_pixels(files: list[WarpedVRT], style: RasterStyle, window: Window) -> NDArray[np.uint8]:
    values, known = _read_tile(files[0], window)
    pixels = style.index(values * files[0].scales[0] + files[0].offsets[0], known)
    for water in files[1:]:
        classes, seen = _read_tile(water, window)
        pixels[seen & (classes == WATER.code)] = COVERED
    return pixels


def _read_tile(file: WarpedVRT, window: Window) -> tuple[NDArray[np.generic], NDArray[np.bool_]]:
    """Values of a tile and where they are known; nothing is known beyond the raster."""
    values = np.zeros((TILE_PX, TILE_PX), dtype=file.dtypes[0])
    known = np.zeros((TILE_PX, TILE_PX), dtype=bool)
    step = window.width / TILE_PX
    held = window.intersection(Window(0, 0, file.width, file.height))
    shape = max(1, round(held.height / step)), max(1, round(held.width / step))
    read = file.read(1, window=held, out_shape=shape, masked=True)
    down, across = (
        round((held.row_off - window.row_off) / step),
        round((held.col_off - window.col_off) / step),
    )
    place = slice(down, down + shape[0]), slice(across, across + shape[1])
    values[place], known[place] = read.filled(0), ~np.ma.getmaskarray(read)
    return values, known


def _encode_png(pixels: NDArray[np.uint8], style: RasterStyle) -> bytes:
    image = Image.fromarray(pixels, mode="P")
    palette = [*style.palette, *[0] * (3 * COVERED - len(style.palette)), *WATER.rgb, 0, 0, 0]
    image.putpalette(palette)
    packed = io.BytesIO()
    image.save(packed, format="PNG", transparency=HIDDEN)
    return packed.getvalue()
