"""Water that rises and falls over the flats of the simulated world, where its provider is asked for it."""

import math
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from pipeline.grid import Grid
from pipeline.ingest.simulate.landscape import FLAT, WATER
from pipeline.ingest.simulate.world import Surface, Tile, World, find_height

_RESERVOIR = (0.92, 0.85, 0.72, 0.58, 0.35, 0.06, 0.0, 0.04, 0.3, 0.75, 1.0, 0.97)
_MID_MONTH = (np.arange(12) + 0.5) * 365.25 / 12
_STIR = 0.02
"""Level in the middle of each month as a share of its range, in the manner of the Three Gorges: stored water
in winter, drawn down for the floods of summer. Days differ from it by up to `_STIR`."""


def find_level(world: World, tile: Tile, moment: datetime) -> float:
    """How much of the range between low (0) and high water (1) is under water at a moment.

    Passes meet the tide in any phase; a reservoir follows the months. 0 where neither is at work.
    """
    regime = tile.landscape.regime
    rng = world.random("water level", tile.id, moment.astimezone(UTC).isoformat())
    if regime == "tidal":
        return (1 - math.cos(rng.uniform(0, 2 * math.pi))) / 2
    if regime == "reservoir":
        course = np.interp(moment.timetuple().tm_yday, _MID_MONTH, _RESERVOIR, period=365.25)
        return float(np.clip(course + rng.uniform(-_STIR, _STIR), 0, 1))
    return 0.0


def flood(world: World, tile: Tile, ground: Surface, grid: Grid, moment: datetime) -> Surface:
    """The ground at a moment, the flats below the level of the water under it."""
    kind = ground.kind.copy()
    kind[(kind == FLAT) & (find_rise(world, tile, grid) < find_level(world, tile, moment))] = WATER
    return ground._replace(kind=kind)


def find_rise(world: World, tile: Tile, grid: Grid) -> NDArray[np.float64]:
    """Height of the flats on a grid, 0 at low and 1 at high water; beyond on other ground."""
    zone = [kind for kind, _ in tile.landscape.zones].index(FLAT)
    low, high = tile.levels[zone - 1], tile.levels[zone]
    raised = find_height(
        world, tile.part, tile.landscape, grid.crs, grid.x_of(grid.whole), grid.y_of(grid.whole)
    )
    return (raised.astype(np.float64) - low) / (high - low)
