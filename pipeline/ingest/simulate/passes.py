"""The calendar of the satellites over the simulated world: when they pass, and under what weather."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.ingest.simulate.landscape import FOREST, GRASS, MARSH, MAX_SHIFT_DAYS, PADDY
from pipeline.ingest.simulate.sky import Edge
from pipeline.ingest.simulate.world import Tile, World, find_season
from pipeline.periods import Period

SENTINEL_A_YEAR = 11
"""Sentinel-2 passes of a year that the simulated provider holds."""
SENTINEL_A_PERIOD = 4
"""Sentinel-2 passes of a shorter period, at least."""
LANDSAT_A_YEAR = 4
"""Landsat passes of a year, of both satellites; at least one in a shorter period."""

Radiometry = Literal["offset", "applied", "lying"]

_CYCLE_START = date(2023, 1, 2)
_SENTINEL_REVISIT_DAYS = 5
_LANDSAT_REVISIT_DAYS = 8
_SENTINEL_SOLAR_HOUR = 10.6
_LANDSAT_SOLAR_HOUR = 10.2
_YEAR_DAYS = 365.25
_DRAWS = 60
_TRIALS = 80
_PLANTS = (MARSH, PADDY, GRASS, FOREST)
_HAZE_TAKES = 0.12
_MASKS_GROW = 1.5
_APPLIED_SHARE = 0.25
_EDGE_SHARE = 0.18
_HAZY_SHARE = 0.15
_EDGE_KEEPS = (0.55, 0.92)
_CLEAR_ENOUGH = 0.25
_LIARS_AN_AREA = 2

# Cloudiness of a pass by rank. QA60 calls 53 % of the looks at the wheat and maize pixel cloudy; providers
# are asked for the clearer passes, so that the mean here is 0.28. The last stretch is wholly overcast.
_RANKS = (0.0, 0.35, 0.86, 0.8601, 1.0)
_CLOUDINESS = (0.0, 0.05, 0.45, 0.93, 1.0)


@dataclass(frozen=True)
class Acquisition:
    """One pass over one tile. `cloudiness` is the planned share of clouds (0 to 1).

    `radiometry` tells Sentinel-2 scenes whose numbers carry the offset from those where it is taken off and
    said to be, and those where it is taken off and the metadata lie about it.
    """

    id: str
    tile_id: str
    mission: str
    platform: str
    moment: datetime
    radiometry: Radiometry = "offset"
    cloudiness: float = 0.0
    edge: Edge | None = None
    hazy: bool = False


def plan_passes(world: World) -> list[Acquisition]:
    """Every pass over every tile in the world's periods, in order of time."""
    passes = [
        entry
        for tile in world.tiles
        for period in world.periods
        for entry in _choose_weather(
            world,
            tile,
            period,
            [*_plan_sentinel(world, tile, period), *_plan_landsat(world, tile, period)],
        )
    ]
    return _plant_liars(world, sorted(passes, key=lambda entry: (entry.moment, entry.id)))


def _plan_sentinel(world: World, tile: Tile, period: Period) -> Iterator[Acquisition]:
    """Passes of the two Sentinel-2 satellites, which take turns every five days."""
    rng = world.random("calendar", "sentinel-2", tile.id, period.label)
    wanted = _count_passes(period, SENTINEL_A_YEAR, SENTINEL_A_PERIOD)
    for day, turn in _draw_days(world, rng, tile, period, _SENTINEL_REVISIT_DAYS, wanted):
        letter = "ab"[turn % 2]
        yield Acquisition(
            id=f"S2{letter.upper()}_{tile.id}_{day:%Y%m%d}_0_L2A",
            tile_id=tile.id,
            mission="sentinel-2",
            platform=f"sentinel-2{letter}",
            moment=_find_moment(tile, day, _SENTINEL_SOLAR_HOUR),
            radiometry="applied" if rng.random() < _APPLIED_SHARE else "offset",
        )


def _plan_landsat(world: World, tile: Tile, period: Period) -> Iterator[Acquisition]:
    """Passes of Landsat 8 and 9, which take turns every eight days."""
    rng = world.random("calendar", "landsat", tile.id, period.label)
    wanted = _count_passes(period, LANDSAT_A_YEAR, 1)
    for day, turn in _draw_days(world, rng, tile, period, _LANDSAT_REVISIT_DAYS, wanted):
        number = 8 + turn % 2
        yield Acquisition(
            id=f"LC{number:02d}_{tile.id}_{day:%Y%m%d}",
            tile_id=tile.id,
            mission=f"landsat-{number}",
            platform=f"landsat-{number}",
            moment=_find_moment(tile, day, _LANDSAT_SOLAR_HOUR),
        )


def _count_passes(period: Period, a_year: int, at_least: int) -> int:
    return max(at_least, round(a_year * ((period.last - period.first).days + 1) / _YEAR_DAYS))


def _draw_days(
    world: World, rng: np.random.Generator, tile: Tile, period: Period, revisit_days: int, wanted: int
) -> Iterator[tuple[date, int]]:
    """Days of passes with the number of their turn: of each stretch of the period, one pass at random."""
    start = int(world.random("orbit", tile.id).integers(revisit_days))
    turns = _list_turns(period, start, revisit_days)
    if not turns:
        return
    for stretch in np.array_split(turns, min(wanted, len(turns))):
        turn = int(rng.choice(stretch))
        yield _CYCLE_START + timedelta(days=start + turn * revisit_days), turn


def _list_turns(period: Period, start: int, revisit_days: int) -> list[int]:
    first = -(-((period.first - _CYCLE_START).days - start) // revisit_days)
    last = ((period.last - _CYCLE_START).days - start) // revisit_days
    return list(range(first, last + 1))


def _choose_weather(world: World, tile: Tile, period: Period, passes: list[Acquisition]) -> list[Acquisition]:
    """The passes of a period with their clouds, haze and orbit edges.

    Of some draws the one is kept whose clear looks tell most nearly the season of all looks: the truth is the
    median of all, and the luck of the weather is not what a pipeline is tried on.
    """
    if not passes:
        return []
    rng = world.random("weather", tile.id, period.label)
    green = np.array([find_season(world, entry.moment)[_PLANTS, MAX_SHIFT_DAYS] for entry in passes])
    chances = rng.random((_TRIALS, len(passes)))
    draws = [_draw_weather(rng, tile, passes) for _ in range(_DRAWS)]
    return min(draws, key=lambda draw: _measure_bias(draw, green, chances))


def _draw_weather(rng: np.random.Generator, tile: Tile, passes: list[Acquisition]) -> list[Acquisition]:
    """One draw: each of clouds, haze and edges has its planned share of the passes, in random order."""
    count = len(passes)
    clouds, edges, haze = ((rng.permutation(count) + rng.random()) / count for _ in range(3))
    cloudiness = np.interp(clouds, _RANKS, _CLOUDINESS)
    return [
        replace(
            entry,
            cloudiness=round(float(cloudiness[number]), 4),
            edge=_draw_edge(rng, tile) if edges[number] < _EDGE_SHARE else None,
            hazy=bool(haze[number] < _HAZY_SHARE),
        )
        for number, entry in enumerate(passes)
    ]


def _measure_bias(draw: list[Acquisition], green: NDArray[np.float64], chances: NDArray[np.float64]) -> float:
    """How far the expected median green share of clear looks lies from that of all, at worst of all plants.

    `green` (look, plant); each row of `chances` (trial, look) decides what is seen in one place.
    """
    clear = np.array([_estimate_clear_share(entry) for entry in draw])
    hazed = np.array([1 - _HAZE_TAKES * entry.hazy for entry in draw])
    seen = chances < clear
    seen = seen[seen.any(axis=1)]
    medians = np.nanmedian(np.where(seen[:, :, None], green * hazed[:, None], np.nan), axis=1)
    if not medians.size:
        return np.inf
    return float(np.abs(medians.mean(axis=0) - np.median(green, axis=0)).max())


def _estimate_clear_share(entry: Acquisition) -> float:
    """The share of a tile that stays usable once masks have been grown around the clouds."""
    kept = 1.0 if entry.edge is None else float(np.mean(_EDGE_KEEPS))
    return max(0.0, 1 - _MASKS_GROW * entry.cloudiness) * kept


def _find_moment(tile: Tile, day: date, solar_hour: float) -> datetime:
    longitude = tile.part.geometry.centroid.x
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return midnight + timedelta(minutes=round(60 * (solar_hour - longitude / 15)))


def _draw_edge(rng: np.random.Generator, tile: Tile) -> Edge:
    """An orbit that covers only the west of the tile."""
    slant, keep = rng.uniform(0.15, 0.3), rng.uniform(*_EDGE_KEEPS)
    grid = tile.grid
    x = grid.left + keep * grid.width * grid.resolution_m
    return Edge(float(slant), float(x + slant * (grid.top - grid.height * grid.resolution_m / 2)))


def _plant_liars(world: World, passes: list[Acquisition]) -> list[Acquisition]:
    """A few clear Sentinel-2 passes whose metadata are wrong about the offset, spread over the time."""
    clear = [
        entry
        for entry in passes
        if entry.mission == "sentinel-2" and entry.cloudiness < _CLEAR_ENOUGH and entry.edge is None
    ]
    rng = world.random("liars")
    stretches = np.array_split(np.arange(len(clear)), _LIARS_AN_AREA)
    liars = {clear[int(rng.choice(stretch))].id for stretch in stretches if stretch.size}
    return [replace(entry, radiometry="lying") if entry.id in liars else entry for entry in passes]
