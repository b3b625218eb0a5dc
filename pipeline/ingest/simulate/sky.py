"""The sky over the simulated world: clouds and their shadows, cirrus, haze, and the edge of the orbit.

Everything lies on pixels of 20 m, the resolution of the Sentinel-2 scene classification.
"""

import math
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.ingest.simulate.fields import Waves, draw_waves, sum_waves
from pipeline.ingest.simulate.world import Tile

SKY_RESOLUTION_M = 20.0

CLEAR, SHADOW, MEDIUM_CLOUD, HIGH_CLOUD, CIRRUS = 0, 3, 8, 9, 10
"""Flags of the sky, in the numbers of the Sentinel-2 scene classification."""

CLOUD_COLOURS = (0.71, 0.695, 0.69, 0.726, 0.342, 0.311)
"""Reflectance of a thick cloud, bands as in `landscape.BANDS`: median of the 207 looks at the wheat and maize
pixel that QA60 calls cloud."""
HAZE_COLOURS = (0.050, 0.044, 0.038, 0.020, 0.008, 0.004)
"""What full haze adds: a third of what cirrus adds to that pixel, falling off to the infrared."""
DRIFT_COLOURS = (0.008, 0.007, 0.006, 0.007, 0.005, 0.004)
"""Standard deviation of what is left of the air after correction. Interpolating that pixel between clear
neighbours less than twelve days apart leaves 0.013 in red; about half of it is taken for growth."""

_EDGE = 0.08
_THICK = 0.45
_OPAQUE = 0.9
_HIGH_ABOVE = 0.5
_CIRRUS_OPACITY = 0.14
_SHADE = 0.55
_CLOUD_HEIGHT_M = (700.0, 1900.0)
_SUN_BEHIND_NORTH_DEG = 152.0
_CIRRUS_SHARE = 0.2


class Sky(NamedTuple):
    """What stands between the ground and the sensor, (y, x) at 20 m.

    `opacity` of clouds 0 to 1, `shade` what shadow leaves of the light, `haze` 0 to 1, `drift` in standard
    deviations, `flags` what the mask will say (it knows neither haze nor the thin edges of clouds),
    `void` where the orbit ends.
    """

    opacity: NDArray[np.float32]
    shade: NDArray[np.float32]
    haze: NDArray[np.float32]
    drift: NDArray[np.float32]
    flags: NDArray[np.uint8]
    void: NDArray[np.bool_]


@dataclass(frozen=True)
class Edge:
    """The slanted edge of an orbit: no data where x + slant * y > reach (metres of the grid's CRS)."""

    slant: float
    reach: float

    def hides(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Where there is no data (y, x), at the crossings of columns and rows."""
        hidden: NDArray[np.bool_] = (x[None, :] + self.slant * y[:, None]) > self.reach
        return hidden


def draw_sky(
    tile: Tile,
    moment: datetime,
    rng: np.random.Generator,
    *,
    cloudiness: float,
    edge: Edge | None = None,
    hazy: bool = False,
) -> Sky:
    """The sky over a tile: clouds cover about `cloudiness` (0 to 1) of it, haze the half of it if `hazy`."""
    x, y = find_axes(tile)
    cloud = draw_waves(rng, count=16, shortest_m=350.0, longest_m=9000.0)
    density = sum_waves(cloud, x, y) - _find_threshold(sum_waves(cloud, x[::8], y[::8]), cloudiness)
    dx, dy = _cast_shadow(tile, moment, rng)
    above = sum_waves(cloud, x - dx, y - dy) - (sum_waves(cloud, x, y) - density)
    veil = _draw_veil(rng, x, y)
    haze = sum_waves(draw_waves(rng, shortest_m=1500.0, longest_m=9000.0), x, y)
    drift = sum_waves(draw_waves(rng, shortest_m=400.0, longest_m=2500.0), x, y)
    opacity = np.clip((density + _EDGE) / _THICK, 0, _OPAQUE)
    shadow = np.clip((above + _EDGE) / _THICK, 0, 1) * (density < 0)
    return Sky(
        opacity=np.maximum(opacity, _CIRRUS_OPACITY * veil).astype(np.float32),
        shade=(1 - _SHADE * np.sqrt(shadow)).astype(np.float32),
        haze=(np.clip(haze, 0, 1) if hazy else np.zeros_like(haze)),
        drift=drift,
        flags=_flag_sky(density, above, veil),
        void=np.zeros(density.shape, dtype=bool) if edge is None else edge.hides(x, y),
    )


def find_axes(tile: Tile) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Pixel centres (x, y) of a tile at 20 m."""
    grid = tile.coarser(SKY_RESOLUTION_M)
    return grid.x_of(grid.whole), grid.y_of(grid.whole)


def _find_threshold(density: NDArray[np.float32], cloudiness: float) -> np.float32:
    return np.float32(np.quantile(density, 1 - cloudiness) if cloudiness > 0 else density.max() + 1)


def _cast_shadow(tile: Tile, moment: datetime, rng: np.random.Generator) -> tuple[float, float]:
    """How far shadows fall from their clouds (metres east and north), the sun in the south-south-east."""
    tilt = -23.44 * math.cos(2 * math.pi * (moment.timetuple().tm_yday + 10) / 365.25)
    elevation = math.radians(82 - tile.part.geometry.centroid.y + tilt)
    length = float(rng.uniform(*_CLOUD_HEIGHT_M)) / math.tan(elevation)
    away = math.radians(_SUN_BEHIND_NORTH_DEG + 180)
    return length * math.sin(away), length * math.cos(away)


def _draw_veil(rng: np.random.Generator, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Where thin cirrus hangs, on some of the dates."""
    bands: Waves = draw_waves(rng, count=8, shortest_m=2500.0, longest_m=12000.0)
    often = rng.random() < _CIRRUS_SHARE
    return sum_waves(bands, x, y) > (1.0 if often else np.inf)


def _flag_sky(
    density: NDArray[np.float32], above: NDArray[np.float32], veil: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    flags = np.full(density.shape, CLEAR, dtype=np.uint8)
    flags[veil] = CIRRUS
    flags[above > 0] = SHADOW
    flags[density > 0] = MEDIUM_CLOUD
    flags[density > _HIGH_ABOVE] = HIGH_CLOUD
    return flags
