"""People of a raster as homes: cells of the ground with the people who live in each."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from pipeline.aoi import Aoi
from pipeline.errors import Problem
from pipeline.geodesy import (
    CGCS2000,
    SQUARE_METRES_PER_HECTARE,
    measure_areas_m2,
    project,
    unproject_all,
)
from pipeline.grid import Grid
from pipeline.ingest.layers.door import open_layer
from pipeline.ingest.layers.files import describe_file
from pipeline.ingest.layers.gridding import find_window_under, read_layer
from pipeline.ingest.layers.layer import Layer, OpenLayer, build_layer_error, spell_unit
from pipeline.ingest.parcels.named_polygons import pick_polygons
from pipeline.settings.green_access import PopulationFile

COUNT = Layer(
    "population", "Population", "people", "sum",
    spellings=("人", "persons", "people/pixel", "persons/pixel", "people per pixel", "count", "人/像元"),
)  # fmt: skip
DENSITY = Layer(
    "population", "Population", "people/km2", "mean",
    spellings=("people/km^2", "persons/km2", "people km-2", "人/km2", "人/平方公里", "人/平方千米"),
)  # fmt: skip
"""What a raster of people may hold: people of its pixels, or of a square kilometre; its unit says which."""

CELL_M = 50.0
_SQUARE_METRES = 1e6
_TODO = "say which by `unit` in the config"


@dataclass(frozen=True)
class People:
    """Cells with people: home_id, home_name (null), people; and what is to be said, Chinese and English."""

    cells: gpd.GeoDataFrame
    file: str
    remarks: tuple[tuple[str, str], ...]


def read_population(file: PopulationFile, aoi: Aoi, grid: Grid) -> People:
    """Cells of about 50 m in which people live, cut to an area (EPSG:4490).

    People are spread evenly over each pixel of the raster, then over each cell; of a cell across the border
    its part inside counts. Raises InputError as `open_layer`, without a unit, where no
    pixel lies over the area, and for people below 0.
    """
    cells = _widen(grid)
    opened = _open(file, cells)
    _refuse_numbers(file, opened, cells)
    people = read_layer(opened, cells, cells.whole)
    outlines, inside, numbers = _cut_cells(cells, aoi)
    amount = people.ravel()[numbers] * inside
    if opened.layer is DENSITY:
        amount = amount * cells.resolution_m**2 / _SQUARE_METRES
    known, lived = np.isfinite(amount), amount > 0
    names = np.array([f"r{n // cells.width:05d}c{n % cells.width:05d}" for n in numbers], dtype=object)
    found = gpd.GeoDataFrame(
        {"home_id": names[lived], "home_name": None, "people": amount[lived]},
        geometry=outlines[lived],
        crs=CGCS2000,
    )
    return People(found, Path(file.path).name, (*_describe(opened, cells), *_describe_gaps(outlines[~known])))


def _open(file: PopulationFile, grid: Grid) -> OpenLayer:
    """The raster as people of its pixels or of a square kilometre, as its unit says."""
    if file.resampling:
        said = "totals shared out by area, densities by their mean"
        raise build_layer_error(COUNT, Problem("access.homes.population.resampling", file.resampling, said))
    _, statement = describe_file(COUNT, file, file.path, file.band)
    unit = spell_unit(file.unit or statement.unit)
    if not unit:
        raise build_layer_error(COUNT, Problem(file.path, "no unit", "people, people/km2", _TODO))
    layer = next((one for one in (COUNT, DENSITY) if unit in {one.unit, *one.spellings}), None)
    if layer is None:
        raise build_layer_error(COUNT, Problem(file.path, f"the unit {unit!r}", "people, people/km2", _TODO))
    return open_layer(layer, file, grid)


def _widen(grid: Grid) -> Grid:
    """Cells over a grid, from the same corner, each of as many pixels as make `CELL_M`."""
    ratio = max(1, math.ceil(CELL_M / grid.resolution_m))
    size = (math.ceil(length / ratio) for length in grid.shape)
    return Grid(grid.crs, grid.left, grid.top, grid.resolution_m * ratio, *size)


def _refuse_numbers(file: PopulationFile, opened: OpenLayer, cells: Grid) -> None:
    """InputError where no pixel lies over the area, or one holds fewer people than none."""
    (raster,) = opened.rasters
    window = find_window_under(raster.place, cells)
    if window is None:
        problem = Problem(file.path, "beside the area", "people of the area")
        raise build_layer_error(COUNT, problem)
    least = raster.read(window).min()
    if not np.ma.is_masked(least) and least < 0:
        todo = "where it stands for nothing, say so by `nodata`"
        problem = Problem(file.path, f"{least:g}", "people, not below 0", todo)
        raise build_layer_error(COUNT, problem)


def _cut_cells(cells: Grid, aoi: Aoi) -> tuple[NDArray[np.object_], NDArray[np.float64], NDArray[np.int64]]:
    """Outlines (EPSG:4490) of the cells inside an area, the share of each that is inside, their numbers."""
    outline = project(aoi.geometry, cells.crs)
    x, y = np.meshgrid(cells.x_of(cells.whole), cells.y_of(cells.whole))
    half = cells.resolution_m / 2
    boxes = shapely.box(x.ravel() - half, y.ravel() - half, x.ravel() + half, y.ravel() + half)
    shapely.prepare(outline)
    numbers = np.flatnonzero(shapely.intersects(outline, boxes))
    shapes = boxes[numbers]
    across = ~shapely.covers(outline, shapes)
    shapes[across] = shapely.intersection(outline, shapes[across])
    inside = shapely.area(shapes) / cells.resolution_m**2
    met = inside > 0
    return unproject_all(pick_polygons(shapes[met]), cells.crs), inside[met], numbers[met]


def _describe(opened: OpenLayer, cells: Grid) -> Iterator[tuple[str, str]]:
    word_zh, word_en = (
        ("每平方公里人数", "people of a square kilometre")
        if opened.layer is DENSITY
        else ("像元人数", "people of each pixel")
    )
    size = f"{cells.resolution_m:g} m"
    yield (
        f"栅格数值为{word_zh}，像元内均匀分布；按 {size} 单元计算",
        f"the raster holds {word_en}, spread evenly over it; reckoned in cells of {size}",
    )
    for words in opened.assumed:
        yield words, words


def _describe_gaps(unknown: NDArray[np.object_]) -> Iterator[tuple[str, str]]:
    if len(unknown):
        hectares = float(measure_areas_m2(unknown).sum()) / SQUARE_METRES_PER_HECTARE
        yield (
            f"{hectares:.1f} ha 没有人口数，不计入人口",
            f"{hectares:.1f} ha have no figure and are not among the people",
        )
