"""The land register of the simulated world: a GeoPackage in a registry's columns, with its usual faults."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from rasterio.features import rasterize
from shapely.geometry.base import BaseGeometry

from pipeline.geodesy import CGCS2000, measure_areas_m2, project, unproject
from pipeline.ingest.simulate.fields import draw_waves
from pipeline.ingest.simulate.landscape import KINDS
from pipeline.ingest.simulate.polygons import write_polygons
from pipeline.ingest.simulate.world import Tile, World, build_surface

LAYER = "自然资源登记"

_OUTSIDE_M = 90.0
_GAP_SHARE = 0.05
_EDGE_M = 40.0
_WARP_OF_SPACING = 0.12
_RASTER_M = 20.0
_SLIVER_M = (2.0, 4.0)
_SLIVER_LENGTH_M = 160.0
_SLIVERS = 3
_OVERLAPS = 3
_OVERLAP_M = 14.0
_MISSTATED_SHARE = 0.06
_OFF_FOR_SURE = 2
_BARE_CODE = 19
_MISSTATED_BY = (0.05, 0.20)
_STATE_OWNED_SHARE = 0.35
_HOLDERS = ("甲", "乙", "丙", "丁", "戊", "己")


@dataclass(frozen=True)
class _Use:
    """What the register says about ground of a land class.

    `unit` and `word` are the type and name of its registration unit, `right` the code of the right,
    `feature` the second letter of the parcel's code, `state` whether the ground is always state-owned.
    """

    unit: str
    word: str
    right: str
    planned: str
    feature: str
    state: bool


_USES = {
    "1101": _Use("30", "水流", "1", "水域保护", "W", state=True),
    "1105": _Use("50", "湿地", "1", "湿地保护", "W", state=True),
    "1106": _Use("50", "湿地", "1", "湿地保护", "W", state=True),
    "1108": _Use("50", "湿地", "1", "湿地保护", "W", state=True),
    "0101": _Use("99", "其他", "9", "农业生产", "D", state=False),
    "0404": _Use("70", "草地", "13", "生态用地", "F", state=False),
    "0301": _Use("60", "森林", "11", "生态林地", "E", state=False),
    "1206": _Use("80", "荒地", "37", "生态修复", "W", state=True),
    "0702": _Use("99", "其他", "7", "村镇建设", "C", state=False),
    "0601": _Use("99", "其他", "3", "产业用地", "B", state=True),
}


def write_register(world: World, folder: Path) -> None:
    """`folder`/register.gpkg, layer 自然资源登记, in EPSG:4490, under the registry's own column names.

    The parcels tile most of the area and reach a little over its edge. Planted in every part: gaps, overlaps,
    slivers, a ring that crosses itself, a code and a geometry that occur twice, a parcel without land class,
    a code of the wrong length, registered areas that are off.
    """
    folder.mkdir(parents=True, exist_ok=True)
    parts = [_plant_faults(world, tile, _build_parcels(world, tile)) for tile in world.tiles]
    table = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), geometry="geometry", crs=CGCS2000)
    write_polygons(table, folder / "register.gpkg", LAYER)


def _build_parcels(world: World, tile: Tile) -> pd.DataFrame:
    """The sound parcels of a part, with all columns of the register."""
    outlines = _draw_outlines(world, tile)
    classes = _find_land_classes(world, tile, outlines)
    geometries = np.array([unproject(outline, tile.grid.crs) for outline in outlines], dtype=object)
    rng = world.random("register", tile.part.id)
    table = _fill_attributes(world, tile, classes, rng)
    area = measure_areas_m2(geometries)
    off = rng.random(len(table)) < _MISSTATED_SHARE
    off[:_OFF_FOR_SURE] = True
    error = rng.uniform(*_MISSTATED_BY, len(table)) * rng.choice([-1, 1], len(table))
    table["MJ"] = np.round(area * (1 + off * error), 2)
    table["geometry"] = geometries
    return table


def _draw_outlines(world: World, tile: Tile) -> NDArray[np.object_]:
    """Irregular parcels in the grid's CRS: a warped Voronoi net over the part, some cells left out."""
    rng = world.random("parcels", tile.part.id)
    ground = project(tile.part.geometry, tile.grid.crs).buffer(_OUTSIDE_M)
    spacing = float(np.sqrt(ground.area / tile.landscape.parcels))
    left, bottom, right, top = ground.bounds
    x, y = np.meshgrid(np.arange(left, right + spacing, spacing), np.arange(bottom, top + spacing, spacing))
    points = np.column_stack([x.ravel(), y.ravel()]) + rng.uniform(-0.42, 0.42, (x.size, 2)) * spacing
    net = shapely.voronoi_polygons(shapely.MultiPoint(points), extend_to=ground.envelope.buffer(spacing))
    cells = _warp_cells(world, shapely.segmentize(shapely.get_parts(net), _EDGE_M), spacing)
    cut = shapely.get_parts(shapely.intersection(cells, ground))
    cut = cut[
        (shapely.get_type_id(cut) == shapely.GeometryType.POLYGON) & (shapely.area(cut) > spacing**2 / 25)
    ]
    kept: NDArray[np.object_] = cut[rng.random(len(cut)) >= _GAP_SHARE]
    centres = shapely.get_coordinates(shapely.centroid(kept))
    return kept[np.lexsort((centres[:, 0], -np.round(centres[:, 1] / spacing)))]


def _warp_cells(world: World, cells: NDArray[np.object_], spacing_m: float) -> NDArray[np.object_]:
    """Cells with bent edges; each point moves by a smooth field, so that neighbours stay neighbours."""
    bend = [
        draw_waves(world.random("warp", axis), count=6, shortest_m=spacing_m / 2, longest_m=2 * spacing_m)
        for axis in ("x", "y")
    ]

    def move(points: NDArray[np.float64]) -> NDArray[np.float64]:
        x, y = points.T
        shifts = [
            (w[:, 3] * np.cos(np.outer(x, w[:, 0]) + np.outer(y, w[:, 1]) + w[:, 2])).sum(axis=1)
            for w in bend
        ]
        return points + _WARP_OF_SPACING * spacing_m / 3 * np.column_stack(shifts)

    bent: NDArray[np.object_] = shapely.transform(cells, move)
    return bent


def _find_land_classes(world: World, tile: Tile, outlines: NDArray[np.object_]) -> NDArray[np.object_]:
    """Land class of each parcel: of the kind of ground that takes most of it on the first day."""
    grid = tile.coarser(_RASTER_M)
    kind = build_surface(world, grid, tile, world.periods[0].first).kind
    shapes = [(outline, number) for number, outline in enumerate(outlines, start=1)]
    number = rasterize(shapes, out_shape=grid.shape, transform=grid.transform, dtype="int32")
    counts = np.bincount(
        number.ravel() * len(KINDS) + kind.ravel(), minlength=(len(outlines) + 1) * len(KINDS)
    )
    main = counts.reshape(-1, len(KINDS))[1:].argmax(axis=1)
    classes = np.array([entry.dlbm for entry in KINDS], dtype=object)[main]
    if not tile.part.id.startswith("dongtan"):
        classes[classes == "1105"] = "1106"
    return _place_industry(classes)


def _place_industry(classes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Every third built-up parcel is industrial."""
    built = np.flatnonzero(classes == "0702")
    classes[built[2::3]] = "0601"
    return classes


def _fill_attributes(
    world: World, tile: Tile, classes: NDArray[np.object_], rng: np.random.Generator
) -> pd.DataFrame:
    uses = [_USES[str(code)] for code in classes]
    state = np.array([use.state for use in uses]) | (rng.random(len(uses)) < _STATE_OWNED_SHARE)
    region = tile.landscape.region_code
    part = world.aoi.parts.index(tile.part) + 1
    name = tile.part.name_zh
    villages = rng.choice(["东", "南", "西"], len(uses))
    return pd.DataFrame(
        {
            "ZRZYDJDYH": [f"{region}{use.unit}{part}{int(use.unit):06d}" for use in uses],
            "DJDYMC": [f"{name}{use.word}登记单元（模拟）" for use in uses],
            "DJDYLX": [use.unit for use in uses],
            "BDCDYH": _number_rights(f"{region}{part:03d}001", uses, state),
            "DLBM": classes,
            "SYQZT": [
                "全民所有" if s else f"{name}{v}村集体（模拟）" for s, v in zip(state, villages, strict=True)
            ],
            "SYQZTLX": np.where(state, "1", "2"),
            "DBXSZT": _write_where(state, "自然资源主管部门（模拟）"),
            "DLXSZT": _write_where(state, "县级人民政府（模拟）"),
            "QLXSFS": _write_where(state, "2"),
            "QLLX": np.where(state, "1", [use.right if use.right != "1" else "2" for use in uses]),
            "QLR": _name_holders(rng, len(uses)),
            "XZQDM": region,
            "GHYT": [use.planned for use in uses],
        }
    )


def _number_rights(start: str, uses: Sequence[_Use], state: NDArray[np.bool_]) -> list[str]:
    """Codes of real estate units, by who owns the land and what it is used for, in the order of the rows."""
    return [
        f"{start}{'G' if owned else 'J'}{use.feature}{number:05d}W00000000"
        for number, (use, owned) in enumerate(zip(uses, state, strict=True), start=1)
    ]


def _name_holders(rng: np.random.Generator, count: int) -> list[str]:
    names, numbers = rng.choice(_HOLDERS, count), rng.integers(1, 30, count)
    return [f"模拟权利人{name}{number:02d}" for name, number in zip(names, numbers, strict=True)]


def _write_where(chosen: NDArray[np.bool_], text: str) -> list[str | None]:
    return [text if yes else None for yes in chosen]


def _plant_faults(world: World, tile: Tile, parcels: pd.DataFrame) -> pd.DataFrame:
    """The parcels with each fault planted at a place of its own."""
    rng = world.random("faults", tile.part.id)
    shapes = parcels["geometry"].to_numpy(copy=True)
    codes = parcels["BDCDYH"].to_numpy(dtype=object, copy=True)
    classes = parcels["DLBM"].to_numpy(dtype=object, copy=True)
    overlapping, (bow, unclassed, short, twin, original, copied) = np.split(
        rng.choice(np.arange(_OFF_FOR_SURE, len(parcels)), _OVERLAPS + 6, replace=False), [_OVERLAPS]
    )
    for spot in overlapping:
        shapes[spot] = _grow(tile, shapes[spot])
    shapes[bow] = _cross_ring(shapes[bow])
    classes[unclassed] = None
    codes[short] = codes[short][:_BARE_CODE]
    codes[twin] = codes[original]
    table = parcels.assign(geometry=shapes, BDCDYH=codes, DLBM=classes)
    again = table.iloc[[copied]].assign(BDCDYH=_renumber(codes[copied], len(table) + 1))
    slivers = _cut_slivers(world, tile, table)
    return pd.concat([table, again, slivers], ignore_index=True)


def _renumber(code: str, number: int) -> str:
    """A code with another serial number."""
    return f"{code[:14]}{number:05d}W00000000"


def _grow(tile: Tile, geometry: BaseGeometry) -> BaseGeometry:
    grown = shapely.buffer(project(geometry, tile.grid.crs), _OVERLAP_M, join_style="mitre")
    return unproject(shapely.polygons(shapely.get_exterior_ring(grown)), tile.grid.crs)


def _cross_ring(geometry: BaseGeometry) -> BaseGeometry:
    """The parcel with two corners in the wrong order, so that its ring crosses itself."""
    ring = shapely.get_coordinates(shapely.get_exterior_ring(geometry))[:-1]
    first, second = len(ring) // 4, len(ring) // 2
    ring[[first, second]] = ring[[second, first]]
    return shapely.Polygon(ring)


def _cut_slivers(world: World, tile: Tile, table: pd.DataFrame) -> pd.DataFrame:
    """Strips a few metres wide along the edges of some parcels, under codes of their own."""
    rng = world.random("slivers", tile.part.id)
    near = rng.choice(np.arange(_OFF_FOR_SURE, len(table)), _SLIVERS, replace=False)
    strips = table.iloc[near]
    outlines = [
        unproject(_cut_strip(rng, project(geometry, tile.grid.crs)), tile.grid.crs)
        for geometry in strips["geometry"]
    ]
    first = len(table) + 2
    codes = [_renumber(str(code), first + n) for n, code in enumerate(strips["BDCDYH"])]
    area = np.round(measure_areas_m2(outlines), 2)
    return strips.assign(geometry=np.array(outlines, dtype=object), BDCDYH=codes, MJ=area)


def _cut_strip(rng: np.random.Generator, outline: BaseGeometry) -> BaseGeometry:
    ring = shapely.get_exterior_ring(outline)
    start = rng.uniform(0, shapely.length(ring) - _SLIVER_LENGTH_M)
    along = np.arange(0, _SLIVER_LENGTH_M, _EDGE_M / 4)
    edge = shapely.LineString(shapely.line_interpolate_point(ring, start + along))
    return shapely.buffer(edge, rng.uniform(*_SLIVER_M) / 2, cap_style="flat")
