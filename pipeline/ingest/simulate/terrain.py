"""Elevation of the simulated world: hills on 广阳岛, flat ground in the delta, and its slope by formula."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray

from pipeline.geodesy import project
from pipeline.grid import Grid
from pipeline.ingest.simulate.fields import (
    Waves,
    differentiate_waves,
    find_way_to_map,
    sum_waves,
    sum_waves_at,
)
from pipeline.ingest.simulate.world import SIMULATED, Tile, World, draw_height_waves

_PIXELS_PER_DEGREE = 3600
_MARGIN_PX = 40
_LONG_WAVES_M = 1200.0
_WGS84_EGM2008 = "EPSG:9518"


@dataclass(frozen=True)
class Relief:
    """Elevation of the mean ground in metres, and metres for each standard deviation of its height."""

    base_m: float
    rise_m: float


_ELSEWHERE = Relief(25.0, 6.0)
_RELIEFS: Mapping[str, Relief] = MappingProxyType(
    {
        "dongtan": Relief(3.4, 0.5),
        "xisha": Relief(3.1, 0.4),
        "guangyang": Relief(268.0, 26.0),
        "longyou": Relief(4.6, 0.6),
    }
)


def find_relief(part_id: str) -> Relief:
    """The relief of a part of an area; parts that are not known by name share one."""
    return _RELIEFS.get(part_id, _ELSEWHERE)


def write_elevation(world: World, path: Path) -> None:
    """Elevation as Copernicus GLO-30 has it: float32 metres on EGM2008, a second of arc, 0 off the parts."""
    left, bottom, right, top = world.aoi.geometry.bounds
    west, north = np.floor(left * _PIXELS_PER_DEGREE), np.ceil(top * _PIXELS_PER_DEGREE)
    width = int(np.ceil(right * _PIXELS_PER_DEGREE) - west) + 2 * _MARGIN_PX
    height = int(north - np.floor(bottom * _PIXELS_PER_DEGREE)) + 2 * _MARGIN_PX
    size = 1 / _PIXELS_PER_DEGREE
    corner = (west - _MARGIN_PX) * size, (north + _MARGIN_PX) * size
    transform = Affine(size, 0.0, corner[0], 0.0, -size, corner[1])
    metres = np.zeros((height, width), dtype=np.float32)
    for tile in world.tiles:
        _raise_part(world, tile, metres, transform)
    profile = {"count": 1, "dtype": "float32", "height": height, "width": width, "transform": transform}
    options = {"tiled": True, "compress": "deflate", "predictor": 3, "zlevel": 1}
    with rasterio.open(path, "w", driver="GTiff", crs=_WGS84_EGM2008, **profile, **options) as target:
        target.update_tags(simulated=SIMULATED)
        target.set_band_unit(1, "m")
        target.write(metres, 1)


def measure_slope(world: World, tile: Tile, grid: Grid) -> NDArray[np.float64]:
    """Slope of the ground (y, x) at pixel centres in radians: of the formula, not of differences."""
    x, y = grid.x_of(grid.whole), grid.y_of(grid.whole)
    landscape, (u, v, per_x, per_y) = tile.landscape, _find_frame(tile, x, y)
    east, north = differentiate_waves(_find_waves(world, tile))
    to_east = sum_waves(east, x, y) + (landscape.slope[0] - 2 * landscape.dome * u) * per_x
    to_north = sum_waves(north, x, y) + ((landscape.slope[1] - 2 * landscape.dome * v) * per_y)[:, None]
    slope: NDArray[np.float64] = np.arctan(find_relief(tile.part.id).rise_m * np.hypot(to_east, to_north))
    return slope


def _raise_part(world: World, tile: Tile, metres: NDArray[np.float32], transform: Affine) -> None:
    """Put the elevation of a part into the pixels about it."""
    left, bottom, right, top = tile.part.geometry.bounds
    (first_col, first_row), (last_col, last_row) = ~transform * (left, top), ~transform * (right, bottom)
    rows = slice(int(first_row) - _MARGIN_PX, int(last_row) + _MARGIN_PX)
    cols = slice(int(first_col) - _MARGIN_PX, int(last_col) + _MARGIN_PX)
    rows, cols = slice(*rows.indices(metres.shape[0])), slice(*cols.indices(metres.shape[1]))
    col, row = np.meshgrid(np.arange(cols.start, cols.stop), np.arange(rows.start, rows.stop))
    lon, lat = transform * (col + 0.5, row + 0.5)
    x, y = find_way_to_map(tile.grid.crs).transform(lon, lat)
    u, v, *_ = _find_frame(tile, x, y)
    landscape, relief = tile.landscape, find_relief(tile.part.id)
    tilt = landscape.slope[0] * u + landscape.slope[1] * v - landscape.dome * (u**2 + v**2)
    height = sum_waves_at(_find_waves(world, tile), x, y) + tilt
    metres[rows, cols] = relief.base_m + relief.rise_m * height


def _find_waves(world: World, tile: Tile) -> Waves:
    """The height of the ground without its small features, which an elevation of 30 m would blur."""
    waves = draw_height_waves(world, tile.landscape)
    return waves[np.hypot(waves[:, 0], waves[:, 1]) <= 2 * np.pi / _LONG_WAVES_M]


def _find_frame(
    tile: Tile, x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], float, float]:
    """Places within the bounds of a part, -1 to 1, and by how much they change with a metre."""
    left, bottom, right, top = project(tile.part.geometry, tile.grid.crs).bounds
    per_x, per_y = 2 / (right - left), 2 / (top - bottom)
    return (x - left) * per_x - 1, (y - bottom) * per_y - 1, per_x, per_y
