"""Rivers, a lake, their sections and zones in the simulated world, and what tables tell of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from pipeline.geodesy import CGCS2000, project, unproject, unproject_all
from pipeline.grid import Grid
from pipeline.ingest.simulate.health_paths import NEIGHBOUR
from pipeline.ingest.simulate.landscape import WATER
from pipeline.ingest.simulate.water import Section, draw_samples, place_sections
from pipeline.ingest.simulate.world import World, build_surface, find_kinds

SHARED, OWN, LAKE = "SIM-R1", "SIM-R2", "SIM-L1"
"""A river that runs on beyond the area, one that lies in it, a lake."""
NAMES: Mapping[str, str] = {SHARED: "模拟一河", OWN: "模拟二河", LAKE: "模拟湖"}
MANAGEMENT_M = 80.0
BANK_M = 50.0
LOST = 0.08
"""Share of the lake's area that it had once, and has lost by the first period."""
_HALF_WIDTH_M, _RADIUS_M = 60.0, 300.0
_INSIDE_M, _BEYOND_M = 400.0, 4000.0
_LAKE_MEANS = {"DO": 7.0, "CODMn": 4.4, "NH3N": 0.32, "TP": 0.04, "TN": 1.1, "Chla": 0.012, "SD": 0.6}
"""mg/L, of the transparency SD metres."""
_SEASON = (0.9, 1.1, 1.0)
_STEP_M = 20.0


@dataclass(frozen=True)
class Sampled:
    """A section with its monthly samples, its body, its province (that of the area where it is empty)."""

    section: Section
    table: pd.DataFrame
    body: str
    province: str = ""
    is_neighbours: bool = False


@dataclass(frozen=True)
class PlantedFigure:
    """A figure that a table tells: of which body and year, as what, and how staff write value and unit."""

    body: str
    year: int | None
    measure: str
    value: float
    text: str
    unit: str


def build_bodies(world: World) -> gpd.GeoDataFrame:
    """The three bodies, polygons with Chinese headings; areas in km2, widths in metres."""
    shapes = outline_bodies(world)
    rows = [
        {
            "河湖编码": body,
            "河湖名称": name,
            "类型": "湖泊" if body == LAKE else "河流",
            "别名": f"{name}干流",
            "管理范围宽度(m)": None if body == SHARED else MANAGEMENT_M,
            "水面面积(km2)": measure_reference(world) / 1e6 if body == LAKE else None,
            "accuracy": "模拟数据 simulated",
            "geometry": unproject(shapes[body], world.aoi.grid_crs),
        }
        for body, name in NAMES.items()
    ]
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=CGCS2000)


def outline_bodies(world: World) -> dict[str, BaseGeometry]:
    """Outlines in the CRS of the grid."""
    outline = project(world.tiles[0].part.geometry, world.aoi.grid_crs)
    left, bottom, right, top = outline.bounds
    height = top - bottom
    core = shapely.buffer(outline, -_INSIDE_M / 2)
    own = _cut_band(core, (left, right), bottom + 0.6 * height)
    shared = shapely.LineString(
        [(outline.centroid.x, bottom + 0.35 * height), (right + _BEYOND_M, bottom + 0.35 * height)]
    )
    return {
        SHARED: shapely.buffer(shared, _HALF_WIDTH_M, cap_style="flat"),
        OWN: shapely.buffer(own, _HALF_WIDTH_M, cap_style="flat"),
        LAKE: shapely.buffer(_find_pond(world, outline), _RADIUS_M),
    }


def _cut_band(core: BaseGeometry, reach: tuple[float, float], y: float) -> BaseGeometry:
    """The longest piece of a line from west to east inside an outline."""
    pieces = shapely.get_parts(shapely.intersection(shapely.LineString([(reach[0], y), (reach[1], y)]), core))
    longest: BaseGeometry = max(pieces, key=shapely.length)
    return longest


def _find_pond(world: World, outline: BaseGeometry) -> shapely.Point:
    """A pixel of water well inside the outline, a point of it where there is none."""
    tile = world.tiles[0]
    grid = tile.coarser(_STEP_M)
    row, col = np.nonzero(build_surface(world, grid, tile, world.periods[0].first).kind == WATER)
    x, y = grid.left + (col + 0.5) * _STEP_M, grid.top - (row + 0.5) * _STEP_M
    deep = np.flatnonzero(shapely.contains_xy(shapely.buffer(outline, -_INSIDE_M), x, y))
    if not deep.size:
        return shapely.buffer(outline, -_INSIDE_M).representative_point()
    place = deep[world.random("health", "pond").integers(deep.size)]
    return shapely.Point(x[place], y[place])


def measure_reference(world: World) -> float:
    """Water area (m2) that the lake had before it lost a share."""
    return measure_water(world, world.periods[0].first) / (1 - LOST)


def measure_water(world: World, day: date) -> float:
    """Area (m2) of pixels of water inside the lake's outline, on pixels of a quarter of the scenes'."""
    kinds = look_at(world, outline_bodies(world)[LAKE], day)
    return float((kinds == WATER).mean() * outline_bodies(world)[LAKE].area) if kinds.size else 0.0


def look_at(world: World, shape: BaseGeometry, day: date) -> NDArray[np.uint8]:
    """Kinds of ground at the pixels (5 m) whose centre lies in a shape of the first tile."""
    tile = world.tiles[0]
    grid = tile.coarser(5.0)
    left, bottom, right, top = shape.bounds
    first, last = (round((grid.top - y) / 5.0) for y in (top, bottom))
    west, east = (round((x - grid.left) / 5.0) for x in (left, right))
    first, west = max(first, 0), max(west, 0)
    height, width = min(last, grid.height) - first, min(east, grid.width) - west
    if min(height, width) <= 0:
        return np.zeros(0, dtype=np.uint8)
    beneath = Grid(grid.crs, grid.left + 5.0 * west, grid.top - 5.0 * first, 5.0, height, width)
    x, y = np.meshgrid(beneath.x_of(beneath.whole), beneath.y_of(beneath.whole))
    inside: NDArray[np.uint8] = find_kinds(world, beneath, tile, day)[shapely.contains_xy(shape, x, y)]
    return inside


def list_samples(world: World) -> list[Sampled]:
    """Sections of the area on the rivers, then those of the neighbour's register on river and lake."""
    rivers = {name: body for body, name in NAMES.items()}
    found = [
        Sampled(section, draw_samples(world, section, world.periods), rivers[section.river])
        for section in place_sections(world)
        if section.river in rivers
    ]
    others = [(_place_neighbour(world, number), SHARED, NEIGHBOUR) for number in (1, 2)]
    others += [(section, LAKE, "") for section in _place_lake(world)]
    for section, body, province in others:
        draw = _draw_lake(world, section) if body == LAKE else draw_samples(world, section, world.periods)
        found.append(Sampled(section, draw, body, province, is_neighbours=True))
    return found


def _place_neighbour(world: World, number: int) -> Section:
    shape = outline_bodies(world)[SHARED]
    right, y = shape.bounds[2], shape.centroid.y
    spot = unproject_all(
        np.array([shapely.Point(right - 900.0 * number, y)], dtype=object), world.aoi.grid_crs
    )[0]
    return Section(
        section_id=f"SIM-{world.aoi.id}-N{number}", name=f"邻省{'甲乙'[number - 1]}断面（模拟）", alias="",
        target_class=3, lon=round(spot.x, 5), lat=round(spot.y, 5), river=NAMES[SHARED], reach=None,
        upstream_unit="模拟邻县", downstream_unit="模拟甲镇",
    )  # fmt: skip


def _place_lake(world: World) -> Iterator[Section]:
    middle = outline_bodies(world)[LAKE].centroid
    for number, shift in enumerate((-120.0, 120.0), start=1):
        point = np.array([shapely.Point(middle.x + shift, middle.y)], dtype=object)
        spot = unproject_all(point, world.aoi.grid_crs)[0]
        yield Section(
            section_id=f"SIM-{world.aoi.id}-L{number}",
            name=f"模拟湖{'东西'[number - 1]}区（模拟）", alias="",
            target_class=3, lon=round(spot.x, 5), lat=round(spot.y, 5), river=NAMES[LAKE], reach=None,
            upstream_unit="模拟甲镇", downstream_unit="模拟乙镇",
        )  # fmt: skip


def _draw_lake(world: World, section: Section) -> pd.DataFrame:
    """Monthly samples about the planted means, a little worse at the second section."""
    worse = 1.1 if section.section_id.endswith("2") else 1.0
    parts = []
    for period in world.periods:
        months = pd.period_range(period.first, period.last, freq="M")
        factors = [_SEASON[number % len(_SEASON)] for number in range(len(months))]
        days = [min(max(date(month.year, month.month, 8), period.first), period.last) for month in months]
        table = pd.DataFrame({"day": days, "period": period.label, "below": ""})
        for code, mean in _LAKE_MEANS.items():
            table[code] = [round(mean * worse * factor, 5) for factor in factors]
        parts.append(table.assign(pH=7.8))
    return pd.concat(parts, ignore_index=True)


def list_measure_statements(world: World) -> list[PlantedFigure]:
    """What tables tell, each at a value whose score by the guide of 2020 is known by heart."""
    years = sorted(
        {period.first.year for period in world.periods} | {period.last.year for period in world.periods}
    )
    told = [PlantedFigure(body, None, "mean_flow", 100.0, "100", "m³/s") for body in (SHARED, OWN)]
    for number, year in enumerate(years):
        better = number > 0
        for body in NAMES:
            told += [
                PlantedFigure(
                    body, year, "fish_index", 0.75 + 0.25 * better, "100%" if better else "７５％", "%"
                ),
                PlantedFigure(body, year, "public_view", 86.0, "86", "分"),
                PlantedFigure(body, year, "flood_share", 0.9, "90", "%"),
                PlantedFigure(body, year, "supply_share", 0.85, "0.85", "比例"),
            ]
        told += [
            PlantedFigure(OWN, year, "bank_cover", 0.6, "60%", "%"),
            PlantedFigure(OWN, year, "barriers", 0.25, "0.25", "个/100km"),
            PlantedFigure(OWN, year, "score:tidiness", 85.0, "85", "赋分"),
            PlantedFigure(LAKE, year, "bank_cover", 0.8, "80%", "%"),
            PlantedFigure(LAKE, year, "level_guarantee", 0.9, "90", "%"),
            PlantedFigure(LAKE, year, "score:connectivity", 70.0, "70", "赋分"),
            PlantedFigure(LAKE, year, "macrophyte_cover", 0.3, "30", "%"),
        ]  # fmt: skip
    return told


def list_flows(world: World) -> list[tuple[str, date, float]]:
    """Least discharge (m3/s) of each month on the rivers: 40 from April to September, 15 at the driest."""
    first, last = world.periods[0].first, world.periods[-1].last
    months = pd.period_range(first, last, freq="M")
    wet = {4: 55.0, 5: 70.0, 6: 90.0, 7: 120.0, 8: 40.0, 9: 60.0}
    dry = {10: 35.0, 11: 25.0, 12: 20.0, 1: 15.0, 2: 18.0, 3: 30.0}
    return [
        (body, date(month.year, month.month, 1), (wet | dry)[month.month])
        for body in (SHARED, OWN)
        for month in months
    ]
