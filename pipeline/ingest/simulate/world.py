"""The ground of the simulated world: what lies where, how it changes, and how green it is on a day."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from threading import Lock
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio.features import rasterize
from shapely.geometry.base import BaseGeometry

from pipeline.aoi import Aoi, Part
from pipeline.geodesy import measure_area_m2, project, unproject
from pipeline.grid import Grid
from pipeline.ingest.simulate.fields import Waves, draw_waves, make_random, sum_waves
from pipeline.ingest.simulate.landscape import (
    BARE,
    BUILT,
    FOREST,
    GRASS,
    KINDS,
    MARSH,
    MAX_SHIFT_DAYS,
    PADDY,
    SPARSE,
    WATER,
    Landscape,
    find_landscape,
    tabulate_course,
)
from pipeline.periods import Period

SIMULATED = "模拟数据，不是真实观测 / simulated data, not an observation"
"""What every file of the simulated provider says about itself."""

TILE_MARGIN_M = 300
_TILE_STEP_M = 60
_SCENE_RESOLUTION_M = 10.0
_YEAR_SHIFT_DAYS = 4.0
_STEPS = 255.0
_PLANTED_SHARE = 0.03
_PLANTED_LIMITS_M2 = (60_000.0, 1_800_000.0)
_SPARSE_BELOW = -2.1
_PADDOCK_M = (170.0, 75.0)
_PADDOCK_ANGLE = 0.35
_LATTICE = 96


@dataclass(frozen=True)
class Tile:
    """What one scene over a part of an area covers, on pixels of 10 m; `levels` are heights of the zones."""

    id: str
    part: Part
    grid: Grid
    landscape: Landscape
    levels: tuple[float, ...]

    def coarser(self, resolution_m: float) -> Grid:
        """The tile on pixels of another size, from the same corner."""
        grid, ratio = self.grid, self.grid.resolution_m / resolution_m
        height, width = round(grid.height * ratio), round(grid.width * ratio)
        return Grid(grid.crs, grid.left, grid.top, resolution_m, height, width)


@dataclass(frozen=True)
class Planted:
    """A planted change: ground of one kind becomes another on a day, within a polygon in EPSG:4490.

    `outline` is the same polygon in the grid's CRS; its pixels are those whose centre lies inside.
    """

    name: str
    part_id: str
    before: int
    after: int
    day: date
    from_period: str
    to_period: str
    polygon: BaseGeometry
    outline: BaseGeometry

    @property
    def area_m2(self) -> float:
        """Ellipsoidal area of the polygon."""
        return measure_area_m2(self.polygon)


@dataclass(frozen=True)
class World:
    """A world over an area for some periods; everything else follows by formula from its seed.

    With `tides` the water rises and falls over its flats, which the truth of the classes does not tell.
    """

    aoi: Aoi
    periods: tuple[Period, ...]
    seed: int
    resolution_m: float
    tiles: tuple[Tile, ...]
    planted: tuple[Planted, ...]
    tides: bool = False

    def random(self, *names: object) -> np.random.Generator:
        """The random numbers of this world that belong to some names."""
        return make_random("ecoledger", self.aoi.id, self.seed, *names)

    def tile(self, tile_id: str) -> Tile:
        """The tile with this id."""
        return next(tile for tile in self.tiles if tile.id == tile_id)


class Surface(NamedTuple):
    """The ground on a grid, (y, x) each: `kind` of `KINDS`, and four properties from 0 to 255.

    `vigour` is where the cover lies between its limits, `brightness` and `texture` (of the short-wave
    infrared) vary the colours, `shift` (0 to 20) moves the season by -10 to 10 days.
    """

    kind: NDArray[np.uint8]
    vigour: NDArray[np.uint8]
    brightness: NDArray[np.uint8]
    texture: NDArray[np.uint8]
    shift: NDArray[np.uint8]

    def fraction(self) -> NDArray[np.float32]:
        """Fraction of each pixel that plants cover when all are green."""
        least, most = np.array([kind.cover for kind in KINDS], dtype=np.float32).T
        share = self.vigour.astype(np.float32) / np.float32(_STEPS)
        fraction: NDArray[np.float32] = least[self.kind] + (most - least)[self.kind] * share
        return fraction

    def cover_class(self) -> NDArray[np.str_]:
        """Key of the land cover class of each pixel."""
        return np.array([kind.cover_class for kind in KINDS])[self.kind]


def plan_world(
    aoi: Aoi,
    periods: Sequence[Period],
    *,
    seed: int = 20240501,
    resolution_m: float = 10,
    tides: bool = False,
) -> World:
    """The world over an area, deterministic in the area's id and the seed.

    Between two periods (the middle one and the one before it) a planted patch of grassland is built over
    and a patch of bare ground greens; with a single period nothing changes. `resolution_m` is the pixel
    on which the truth is counted; the scenes have the pixels of their sensors.
    """
    bare = World(aoi, tuple(periods), seed, float(resolution_m), (), ())
    tiles = tuple(_build_tile(bare, part) for part in aoi.parts)
    planted = tuple(change for tile in tiles for change in _plant(bare, tile))
    return World(aoi, tuple(periods), seed, float(resolution_m), tiles, planted, tides)


def build_surface(world: World, grid: Grid, tile: Tile, day: date) -> Surface:
    """The ground on a day, at the pixel centres of any grid in the tile's CRS."""
    with _SURFACE_LOCK:
        return _build_surface(world, grid, tile, _list_happened(world, day))


def find_kinds(world: World, grid: Grid, tile: Tile, day: date) -> NDArray[np.uint8]:
    """The kinds of the ground on a day alone; what is asked for once is not held."""
    return _lay_ground(world, grid, tile, _list_happened(world, day))[0]


def _list_happened(world: World, day: date) -> tuple[str, ...]:
    return tuple(change.name for change in world.planted if change.day <= day)


def find_season(world: World, moment: datetime) -> NDArray[np.float64]:
    """Green share of the plants by kind and shift (0 to 20) at a moment; years are a little early or late."""
    advance = world.random("year", moment.year).uniform(-_YEAR_SHIFT_DAYS, _YEAR_SHIFT_DAYS)
    return tabulate_course(moment, float(advance))


def measure_fvc(world: World, ground: Surface, moment: datetime) -> NDArray[np.float32]:
    """Fractional vegetation cover (y, x) of a surface at a moment, 0 to 1; water has none."""
    green: NDArray[np.float32] = find_season(world, moment).astype(np.float32)[ground.kind, ground.shift]
    return ground.fraction() * green


def find_noon(day: date) -> datetime:
    """The middle of a day."""
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def _build_tile(world: World, part: Part) -> Tile:
    outline = project(part.geometry, world.aoi.grid_crs)
    left, bottom, right, top = shapely.buffer(outline, TILE_MARGIN_M).bounds
    left, top = math.floor(left / _TILE_STEP_M) * _TILE_STEP_M, math.ceil(top / _TILE_STEP_M) * _TILE_STEP_M
    width = math.ceil((right - left) / _TILE_STEP_M) * _TILE_STEP_M
    height = math.ceil((top - bottom) / _TILE_STEP_M) * _TILE_STEP_M
    pixel = _SCENE_RESOLUTION_M
    grid = Grid(
        world.aoi.grid_crs, float(left), float(top), pixel, round(height / pixel), round(width / pixel)
    )
    landscape = find_landscape(part.id)
    return Tile(f"SIM-{part.id}", part, grid, landscape, _find_levels(world, part, grid, landscape))


def _find_levels(world: World, part: Part, grid: Grid, landscape: Landscape) -> tuple[float, ...]:
    """Heights below which the planned shares of the part lie."""
    outline = project(part.geometry, grid.crs)
    left, bottom, right, top = outline.bounds
    x = np.linspace(left, right, _LATTICE)
    y = np.linspace(top, bottom, _LATTICE)
    inside = shapely.contains_xy(outline, *np.meshgrid(x, y))
    heights = find_height(world, part, landscape, grid.crs, x, y)[inside]
    shares = np.cumsum([share for _, share in landscape.zones])
    return tuple(float(level) for level in np.quantile(heights, shares))


def find_height(
    world: World,
    part: Part,
    landscape: Landscape,
    crs: str,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
) -> NDArray[np.float32]:
    """Height of the ground (y, x) at the crossings of columns and rows, in standard deviations."""
    left, bottom, right, top = _find_bounds(part.geometry, crs)
    u = (2 * x - left - right) / (right - left)
    v = (2 * y - bottom - top) / (top - bottom)
    across = landscape.slope[0] * u - landscape.dome * u**2
    along = landscape.slope[1] * v - landscape.dome * v**2
    rough = sum_waves(draw_height_waves(world, landscape), x, y)
    return rough + across.astype(np.float32) + along.astype(np.float32)[:, None]


@lru_cache(maxsize=64)
def _find_bounds(outline: BaseGeometry, crs: str) -> tuple[float, float, float, float]:
    """Bounds of an outline on a map; heights are asked for point by point."""
    return project(outline, crs).bounds


def draw_height_waves(world: World, landscape: Landscape) -> Waves:
    """The waves of the height of the ground, beside its slope and its dome."""
    grain = landscape.grain_m
    return _draw_waves(world, "height", shortest_m=grain, longest_m=9 * grain)


def _draw_waves(world: World, name: str, *, shortest_m: float = 400.0, longest_m: float = 6000.0) -> Waves:
    return draw_waves(world.random("ground", name), shortest_m=shortest_m, longest_m=longest_m)


_SURFACE_LOCK = Lock()


@lru_cache(maxsize=6)
def _build_surface(world: World, grid: Grid, tile: Tile, happened: tuple[str, ...]) -> Surface:
    x, y = grid.x_of(grid.whole), grid.y_of(grid.whole)
    kind, vigour = _lay_ground(world, grid, tile, happened)
    shift = sum_waves(_draw_waves(world, "shift"), x, y) * np.float32(MAX_SHIFT_DAYS / 3)
    paddy = kind == PADDY
    early, yield_ = _lay_paddocks(x, y)
    vigour = np.where(paddy, vigour * np.float32(0.3) + yield_, vigour)
    shift = np.where(paddy, early, shift)
    return Surface(
        kind=kind,
        vigour=_step(0.62 + 0.2 * vigour),
        brightness=_step(0.5 + 0.17 * sum_waves(_draw_waves(world, "brightness", shortest_m=40.0), x, y)),
        texture=_step(0.5 + 0.17 * sum_waves(_draw_waves(world, "texture", shortest_m=50.0), x, y)),
        shift=(np.clip(np.rint(shift), -MAX_SHIFT_DAYS, MAX_SHIFT_DAYS) + MAX_SHIFT_DAYS).astype(np.uint8),
    )


def _lay_ground(
    world: World, grid: Grid, tile: Tile, happened: tuple[str, ...]
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Kinds, with the changes that happened, and the wave that vigour follows."""
    x, y = grid.x_of(grid.whole), grid.y_of(grid.whole)
    vigour = sum_waves(_draw_waves(world, "vigour", shortest_m=60.0, longest_m=1500.0), x, y)
    kind = _draw_kinds(world, tile, x, y)
    kind[np.isin(kind, (GRASS, MARSH, FOREST)) & (vigour < _SPARSE_BELOW)] = SPARSE
    for change in world.planted:
        if change.part_id == tile.part.id:
            _burn(kind, change.outline, grid, change.after if change.name in happened else change.before)
    return kind, vigour


def _step(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    steps: NDArray[np.uint8] = np.clip(np.rint(values * _STEPS), 0, _STEPS).astype(np.uint8)
    return steps


def _draw_kinds(
    world: World, tile: Tile, x: NDArray[np.float64], y: NDArray[np.float64]
) -> NDArray[np.uint8]:
    landscape = tile.landscape
    height = find_height(world, tile.part, landscape, tile.grid.crs, x, y)
    kind = _lay_mosaic(world, landscape, x, y)
    for (zone, _), level in reversed(list(zip(landscape.zones, tile.levels, strict=True))):
        kind[height < level] = zone
    if landscape.creek_m:
        course = _draw_waves(
            world, "creek", shortest_m=2 * landscape.grain_m, longest_m=12 * landscape.grain_m
        )
        steepness = float(np.sqrt(((course[:, :2] ** 2).sum(axis=1) * course[:, 3] ** 2).sum() / 4))
        creek = np.abs(sum_waves(course, x, y)) < landscape.creek_m / 2 * steepness
        kind[creek & (height < tile.levels[-1])] = WATER
    return kind


def _lay_mosaic(
    world: World, landscape: Landscape, x: NDArray[np.float64], y: NDArray[np.float64]
) -> NDArray[np.uint8]:
    """Patches: the direction of a vector of two fields falls evenly on the circle, which the kinds share."""
    east = sum_waves(
        _draw_waves(world, "east", shortest_m=landscape.grain_m / 2, longest_m=6 * landscape.grain_m), x, y
    )
    north = sum_waves(
        _draw_waves(world, "north", shortest_m=landscape.grain_m / 2, longest_m=6 * landscape.grain_m), x, y
    )
    direction = np.arctan2(north, east) / np.float32(2 * np.pi) + np.float32(0.5)
    kinds, shares = zip(*landscape.mosaic, strict=True)
    rank = np.searchsorted(np.cumsum(shares)[:-1].astype(np.float32), direction)
    return np.array(kinds, dtype=np.uint8)[rank]


def _lay_paddocks(
    x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Sowing shift (days) and yield (standard deviations) by paddock, on a turned lattice of fields."""
    cos, sin = math.cos(_PADDOCK_ANGLE), math.sin(_PADDOCK_ANGLE)
    across = np.floor((x * cos + (y * sin)[:, None]) / _PADDOCK_M[0])
    along = np.floor((y[:, None] * cos - x * sin) / _PADDOCK_M[1])
    draw = np.abs(np.sin(across * 12.9898 + along * 78.233) * 43758.5453) % 1
    early = (draw * 7 % 1 - 0.5) * 2 * MAX_SHIFT_DAYS
    return early.astype(np.float32), ((draw - 0.4) * 3).astype(np.float32)


def _burn(kind: NDArray[np.uint8], outline: BaseGeometry, grid: Grid, code: int) -> None:
    rasterize([(outline, code)], out=kind, transform=grid.transform)


def _plant(world: World, tile: Tile) -> list[Planted]:
    """The changes of a tile, at the middle of the periods, each where most of the ground is as before."""
    if len(world.periods) < 2:  # noqa: PLR2004  a change needs a before and an after
        return []
    middle = len(world.periods) // 2
    before, after = world.periods[middle - 1], world.periods[middle]
    day = before.last + timedelta(days=1)
    plans = [("land-use-change", GRASS, BUILT), ("vegetation-recovery", BARE, GRASS)]
    taken: BaseGeometry = shapely.Polygon()
    planted = []
    for name, old, new in plans:
        outline = _draw_patch(world, tile, name, taken)
        taken = taken.union(outline.buffer(150))
        polygon = unproject(outline, tile.grid.crs)
        full_name = f"{name}:{tile.part.id}"
        planted.append(
            Planted(full_name, tile.part.id, old, new, day, before.label, after.label, polygon, outline)
        )
    return planted


def _draw_patch(world: World, tile: Tile, name: str, taken: BaseGeometry) -> BaseGeometry:
    """An irregular patch inside the part, on the driest ground among some places drawn at random."""
    rng = world.random("planted", name, tile.part.id)
    area = project(tile.part.geometry, tile.grid.crs)
    size = float(np.clip(area.area * _PLANTED_SHARE, *_PLANTED_LIMITS_M2))
    shape = draw_blob(rng, math.sqrt(size / math.pi))
    left, bottom, right, top = area.bounds
    x, y = rng.uniform(left, right, 400), rng.uniform(bottom, top, 400)
    room = area.difference(taken).buffer(-1.6 * math.sqrt(size / math.pi))
    inside = np.flatnonzero(shapely.contains_xy(room, x, y))
    if not inside.size:
        centre = shapely.point_on_surface(room if not room.is_empty else area)
        return shapely.affinity.translate(shape, centre.x, centre.y)
    heights = [_measure_dryness(world, tile, x[i : i + 1], y[i : i + 1]) for i in inside]
    best = inside[int(np.argmax(heights))]
    return shapely.affinity.translate(shape, float(x[best]), float(y[best]))


def _measure_dryness(world: World, tile: Tile, x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    return float(find_height(world, tile.part, tile.landscape, tile.grid.crs, x, y)[0, 0])


def draw_blob(rng: np.random.Generator, radius_m: float) -> BaseGeometry:
    """A rounded shape about the origin without symmetry."""
    angle = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    orders = np.arange(1, 5)
    phase = rng.uniform(0, 2 * np.pi, orders.size)
    swing = rng.uniform(0.05, 0.22, orders.size) / orders
    radius = radius_m * (1 + (swing[:, None] * np.cos(orders[:, None] * angle + phase[:, None])).sum(axis=0))
    return shapely.Polygon(np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]))
