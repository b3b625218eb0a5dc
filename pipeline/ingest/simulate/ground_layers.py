"""Soil and growth of the simulated world: smooth fields in GeoTIFF, in the conventions of their data sets."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray

from pipeline.grid import Grid
from pipeline.ingest.simulate.fields import draw_waves, find_way_to_map, sum_waves, sum_waves_at
from pipeline.ingest.simulate.world import SIMULATED, World

_MARGIN_PX = 8
_SHORTEST_M, _LONGEST_M = 4000.0, 20_000.0
_WAVES = 5
_FILL = -32768


@dataclass(frozen=True)
class GroundLayer:
    """A field: its mean and standard deviation, and how it is kept: unit, what a stored one means, pixels."""

    mean: float
    spread: float
    unit: str
    scale: float
    pixels_per_degree: int


GROUND_LAYERS: Mapping[str, GroundLayer] = MappingProxyType(
    {
        "sand": GroundLayer(310.0, 30.0, "g/kg", 1.0, 480),
        "clay": GroundLayer(220.0, 20.0, "g/kg", 1.0, 480),
        "organic_carbon": GroundLayer(140.0, 15.0, "dg/kg", 1.0, 480),
        "npp": GroundLayer(0.62, 0.05, "kg*C/m^2", 0.0001, 240),
    }
)
"""By layer: soil as SoilGrids keeps it, growth as MOD17A3HGF; silt is what sand and clay leave of 1000."""

_WHOLE = 1000.0


def measure_ground(world: World, name: str, grid: Grid) -> NDArray[np.float64]:
    """A field (y, x) over a grid in the CRS of the area, in the unit of its file."""
    if name == "silt":
        return _WHOLE - measure_ground(world, "sand", grid) - measure_ground(world, "clay", grid)
    layer, x, y = GROUND_LAYERS[name], grid.x_of(grid.whole), grid.y_of(grid.whole)
    return layer.mean + layer.spread * sum_waves(_draw(world, name), x, y).astype(np.float64)


def write_ground_layers(world: World, folder: Path) -> None:
    """A GeoTIFF by layer, `folder`/<layer>.tif, in EPSG:4326."""
    for name, layer in GROUND_LAYERS.items():
        _write_layer(world, folder / f"{name}.tif", layer, _evaluate(world, name, layer))
    sand, clay = GROUND_LAYERS["sand"], GROUND_LAYERS["clay"]
    silt = _WHOLE - np.rint(_evaluate(world, "sand", sand)) - np.rint(_evaluate(world, "clay", clay))
    _write_layer(world, folder / "silt.tif", sand, silt)


def _draw(world: World, name: str) -> NDArray[np.float64]:
    random = world.random("ground layer", name)
    return draw_waves(random, count=_WAVES, shortest_m=_SHORTEST_M, longest_m=_LONGEST_M)


def _evaluate(world: World, name: str, layer: GroundLayer) -> NDArray[np.float64]:
    transform, height, width = _find_place(world, layer)
    col, row = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    x, y = find_way_to_map(world.aoi.grid_crs).transform(*(transform * (col, row)))
    return layer.mean + layer.spread * sum_waves_at(_draw(world, name), x, y)


def _find_place(world: World, layer: GroundLayer) -> tuple[Affine, int, int]:
    """Transform, rows and columns of the pixels over and about the area."""
    left, bottom, right, top = (bound * layer.pixels_per_degree for bound in world.aoi.geometry.bounds)
    west, north = np.floor(left) - _MARGIN_PX, np.ceil(top) + _MARGIN_PX
    size = 1 / layer.pixels_per_degree
    height, width = int(north - np.floor(bottom)) + _MARGIN_PX, int(np.ceil(right) - west) + _MARGIN_PX
    return Affine(size, 0.0, west * size, 0.0, -size, north * size), height, width


def _write_layer(world: World, path: Path, layer: GroundLayer, values: NDArray[np.float64]) -> None:
    transform, height, width = _find_place(world, layer)
    profile = {"count": 1, "dtype": "int16", "height": height, "width": width, "nodata": _FILL}
    with rasterio.open(
        path, "w", driver="GTiff", crs="EPSG:4326", transform=transform, compress="deflate", **profile
    ) as target:
        target.update_tags(simulated=SIMULATED)
        target.set_band_unit(1, layer.unit)
        if layer.scale != 1:
            target.scales = (layer.scale,)
        target.write(np.rint(values / layer.scale).astype(np.int16), 1)
