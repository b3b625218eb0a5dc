"""The calendar of the satellites over the simulated world: when they pass, how cloudy it is, what they get wrong."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Literal

import numpy as np

from pipeline.ingest.simulate.sky import Edge
from pipeline.ingest.simulate.world import Tile, World
from pipeline.periods import Period

SENTINEL_A_YEAR = 10
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
_GOLDEN = 0.6180339887498949
_APPLIED_SHARE = 0.25
_EDGE_SHARE = 0.25
_EDGE_KEEPS = (0.5, 0.9)
_CLEAR_ENOUGH = 0.25
_LIARS_AN_AREA = 2

# Cloudiness of a pass by rank. QA60 calls 53 % of the looks at the wheat and maize pixel cloudy; a provider is
# asked for the clearer passes, so that the mean here is 0.37. The last stretch is wholly overcast.
_RANKS = (0.0, 0.3, 0.85, 0.8501, 1.0)
_CLOUDINESS = (0.0, 0.06, 0.6, 0.93, 1.0)


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
    cloudiness: float
    edge: Edge | None
    radiometry: Radiometry


def planned_passes(world: World) -> list[Acquisition]:
    """Every pass over every tile in the world's periods, in order of time."""
    passes = [
        entry
        for tile in world.tiles
        for entry in (*_sentinel_passes(world, tile), *_landsat_passes(world, tile))
    ]
    return _with_liars(world, sorted(passes, key=lambda entry: (entry.moment, entry.id)))


def _sentinel_passes(world: World, tile: Tile) -> Iterator[Acquisition]:
    """Passes of the two Sentinel-2 satellites, which take turns every five days."""
    rng = world.random("calendar", "sentinel-2", tile.id)
    ranks = _ranks(rng)
    for day, turn in _days(world, rng, _SENTINEL_REVISIT_DAYS, SENTINEL_A_YEAR, SENTINEL_A_PERIOD):
        letter = "ab"[turn % 2]
        yield Acquisition(
            id=f"S2{letter.upper()}_{tile.id}_{day:%Y%m%d}_0_L2A",
            tile_id=tile.id,
            mission="sentinel-2",
            platform=f"sentinel-2{letter}",
            moment=_moment(tile, day, _SENTINEL_SOLAR_HOUR),
            cloudiness=next(ranks),
            edge=_edge(rng, tile),
            radiometry="applied" if rng.random() < _APPLIED_SHARE else "offset",
        )


def _landsat_passes(world: World, tile: Tile) -> Iterator[Acquisition]:
    """Passes of Landsat 8 and 9, which take turns every eight days."""
    rng = world.random("calendar", "landsat", tile.id)
    ranks = _ranks(rng)
    for day, turn in _days(world, rng, _LANDSAT_REVISIT_DAYS, LANDSAT_A_YEAR, 1):
        number = 8 + turn % 2
        yield Acquisition(
            id=f"LC{number:02d}_{tile.id}_{day:%Y%m%d}",
            tile_id=tile.id,
            mission=f"landsat-{number}",
            platform=f"landsat-{number}",
            moment=_moment(tile, day, _LANDSAT_SOLAR_HOUR),
            cloudiness=next(ranks),
            edge=_edge(rng, tile),
            radiometry="offset",
        )


def _days(
    world: World, rng: np.random.Generator, revisit_days: int, a_year: int, at_least: int
) -> Iterator[tuple[date, int]]:
    """Days of passes with the number of their turn: of each stretch of a period, one pass at random."""
    start = int(rng.integers(revisit_days))
    for period in world.periods:
        turns = _turns(period, start, revisit_days)
        wanted = max(at_least, round(a_year * ((period.last - period.first).days + 1) / _YEAR_DAYS))
        for stretch in np.array_split(turns, min(wanted, len(turns))):
            if stretch.size:
                turn = int(rng.choice(stretch))
                yield _CYCLE_START + timedelta(days=start + turn * revisit_days), turn


def _turns(period: Period, start: int, revisit_days: int) -> list[int]:
    first = -(-((period.first - _CYCLE_START).days - start) // revisit_days)
    last = ((period.last - _CYCLE_START).days - start) // revisit_days
    return list(range(first, last + 1))


def _ranks(rng: np.random.Generator) -> Iterator[float]:
    """Cloudiness of successive passes, spread evenly over the seasons by the golden ratio."""
    rank = rng.random()
    while True:
        rank = (rank + _GOLDEN) % 1
        yield round(float(np.interp(rank, _RANKS, _CLOUDINESS)), 4)


def _moment(tile: Tile, day: date, solar_hour: float) -> datetime:
    longitude = tile.part.geometry.centroid.x
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return midnight + timedelta(minutes=round(60 * (solar_hour - longitude / 15)))


def _edge(rng: np.random.Generator, tile: Tile) -> Edge | None:
    """Now and then the orbit covers only the west of the tile."""
    draw, slant, keep = rng.random(), rng.uniform(0.15, 0.3), rng.uniform(*_EDGE_KEEPS)
    if draw >= _EDGE_SHARE:
        return None
    grid = tile.grid
    x = grid.left + keep * grid.width * grid.resolution_m
    return Edge(float(slant), float(x + slant * (grid.top - grid.height * grid.resolution_m / 2)))


def _with_liars(world: World, passes: list[Acquisition]) -> list[Acquisition]:
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
