"""Towns and projects of the simulated world, as polygons in EPSG:4490."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.geodesy import CGCS2000, project, unproject
from pipeline.ingest.simulate.account_sources import PROJECTS_LAYER, REGIONS_LAYER
from pipeline.ingest.simulate.polygons import write_polygons
from pipeline.ingest.simulate.world import Tile, World, draw_blob

_LETTERS = "甲乙丙"
_BEYOND_M = 400.0
_BELT_M = 120.0
_VILLAGE_M, _PLEDGED_M, _CARBON_M = 320.0, 240.0, 160.0
_NONE: dict[str, Any] = {
    "holder": None,
    "right": None,
    "documents": None,
    "methodology": None,
    "intertidal": None,
    "alien_species": None,
}


def build_towns(world: World) -> gpd.GeoDataFrame:
    """Towns under XZQDM and XZQMC: each part shared out among three that meet without a gap.

    They reach over the edge of the area, as towns do.
    """
    tables = [_share_out(world, tile) for tile in world.tiles]
    rows = [row for table in tables for row in table]
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=CGCS2000)


def build_projects(world: World) -> gpd.GeoDataFrame:
    """A riverside belt, a village and a pledged unit, and carbon where the first part has a tide."""
    tile = world.tiles[0]
    name, first, last = tile.part.name_zh, world.periods[0].first, world.periods[-1].first
    rows = [
        _NONE
        | {
            "project": "SIM-BELT",
            "name": f"{name}沿江生态景观带（模拟）",
            "kind": "belt",
            "start": f"{first}",
            "geometry": _cut_belt(tile),
        },
        _NONE
        | {
            "project": "SIM-VILLAGE",
            "name": f"{name}东村（模拟）",
            "kind": "village",
            "start": f"{last}",
            "geometry": _place(world, tile, "village", _VILLAGE_M),
        },
        _NONE
        | {
            "project": "SIM-PLEDGED",
            "name": f"{name}生态贷质押单元（模拟）",
            "kind": "pledged",
            "start": f"{last}",
            "holder": "模拟生态农业有限公司",
            "right": "土地承包经营权（模拟）",
            "documents": "模拟权证 2023-001",
            "geometry": _place(world, tile, "pledged", _PLEDGED_M),
        },
    ]
    if tile.landscape.regime == "tidal":
        rows.append(_describe_carbon(world, tile, str(last)))
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=CGCS2000)


def write_towns(world: World, folder: Path) -> None:
    """`folder`/towns.gpkg and `folder`/projects.gpkg."""
    write_polygons(build_towns(world), folder / "towns.gpkg", REGIONS_LAYER)
    write_polygons(build_projects(world), folder / "projects.gpkg", PROJECTS_LAYER)


def _share_out(world: World, tile: Tile) -> list[dict[str, Any]]:
    """Strips of a part from west to east, whose crooked borders are the same points on both sides."""
    left, bottom, right, top = _find_frame(tile)
    rng = world.random("towns", tile.part.id)
    borders = [[(left, top), (left, bottom)]]
    for number in range(1, len(_LETTERS)):
        x = left + (number + rng.uniform(-0.3, 0.3, 3)) / len(_LETTERS) * (right - left)
        borders.append(list(zip(x, (top, (bottom + top) / 2, bottom), strict=True)))
    borders.append([(right, top), (right, bottom)])
    first = 100 * (1 + world.tiles.index(tile))
    return [
        {
            "XZQDM": f"{tile.landscape.region_code}{first + number}",
            "XZQMC": f"{tile.part.name_zh}{letter}镇（模拟）",
            "geometry": shapely.Polygon([*west, *reversed(east)]),
        }
        for number, (letter, (west, east)) in enumerate(zip(_LETTERS, pairwise(borders), strict=True))
    ]


def _find_frame(tile: Tile) -> tuple[float, float, float, float]:
    """Bounds about a part, in degrees."""
    around = shapely.box(*project(tile.part.geometry, tile.grid.crs).buffer(_BEYOND_M).bounds)
    bounds: tuple[float, float, float, float] = unproject(around, tile.grid.crs).bounds
    return bounds


def _cut_belt(tile: Tile) -> BaseGeometry:
    """A strip along the northern shore of a part."""
    outline = project(tile.part.geometry, tile.grid.crs)
    left, bottom, right, top = outline.bounds
    north = shapely.box(left, (bottom + top) / 2, right, top)
    strip = outline.intersection(north).difference(outline.buffer(-_BELT_M))
    largest: BaseGeometry = max(shapely.get_parts(strip), key=shapely.area)
    return unproject(largest, tile.grid.crs)


def _place(world: World, tile: Tile, name: str, radius_m: float) -> BaseGeometry:
    """A rounded shape somewhere well inside a part."""
    rng = world.random("projects", name, tile.part.id)
    outline = project(tile.part.geometry, tile.grid.crs)
    room = outline.buffer(-1.5 * radius_m)
    left, bottom, right, top = outline.bounds
    x, y = rng.uniform(left, right, 200), rng.uniform(bottom, top, 200)
    inside = np.flatnonzero(shapely.contains_xy(room, x, y))
    spot = (x[inside[0]], y[inside[0]]) if inside.size else _list_middle(outline)
    shape = shapely.affinity.translate(draw_blob(rng, radius_m), *spot)
    return unproject(shape.intersection(outline), tile.grid.crs)


def _list_middle(outline: BaseGeometry) -> Sequence[float]:
    middle = outline.representative_point()
    return [middle.x, middle.y]


def _describe_carbon(world: World, tile: Tile, start: str) -> dict[str, Any]:
    return _NONE | {
        "project": "SIM-CARBON",
        "name": f"{tile.part.name_zh}盐沼修复（模拟）",
        "kind": "carbon",
        "start": start,
        "holder": "模拟湿地保护中心",
        "right": "海域使用权（模拟）",
        "documents": "模拟海域使用权证 2023-002",
        "methodology": "SHCER01030012024I",
        "intertidal": True,
        "alien_species": "none",
        "geometry": _place(world, tile, "carbon", _CARBON_M),
    }
