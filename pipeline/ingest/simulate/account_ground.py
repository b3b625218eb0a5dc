"""What lies under each class of ground of the simulated world, pixel by pixel, by formulas of its own."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyogrio
import shapely
from numpy.typing import NDArray
from rasterio.features import geometry_mask, rasterize

from pipeline.geodesy import project, project_all
from pipeline.grid import Grid
from pipeline.ingest.simulate.climate import CLIMATE_FILES, measure_climate
from pipeline.ingest.simulate.ground_layers import measure_ground
from pipeline.ingest.simulate.landscape import KINDS
from pipeline.ingest.simulate.passes import Acquisition
from pipeline.ingest.simulate.terrain import measure_slope
from pipeline.ingest.simulate.truth import find_median_season
from pipeline.ingest.simulate.world import Tile, World, build_surface
from pipeline.periods import Period

Field = NDArray[np.float64]

_PIXEL_M = 20.0
NPP_TONNES = 10.0
"""Of carbon to the hectare in a kilogram to the square metre."""


def tabulate_ground(
    world: World,
    acquisitions: Sequence[Acquisition],
    register: Path,
    period: Period,
    *,
    slope_length_m: float,
    level_slope: float,
) -> pd.DataFrame:
    """One row by class of ground: `dlbm` as registered (empty: none), `cover` on the ground, area and sums.

    The sums are over pixels whose centre lies in the area, of value times ellipsoidal area in m2: rain,
    evapotranspiration, storm_rain and water_evaporation (mm), hot_days (d), npp (t C/ha), erosion_potential
    and erosion (t/ha). Of overlapping parcels the first in the register counts. Slopes less than
    `level_slope` (rise over run) count as level; all are `slope_length_m` long.
    """
    tables = [
        _sum_tile(world, tile, acquisitions, register, period, slope_length_m, level_slope)
        for tile in world.tiles
    ]
    return pd.concat(tables).groupby(["dlbm", "cover"], as_index=False).sum()


def evaluate_rain(months: Sequence[Field]) -> Field:
    """R in MJ mm/(ha h a) of monthly rain in mm: 0.1833 F^1.9957, F the sum of squares over the sum."""
    squares, total = sum(month**2 for month in months), sum(months)
    erosivity: Field = 0.1833 * np.power(squares / total, 1.9957)
    return erosivity


def evaluate_soil(sand: Field, silt: Field, clay: Field, carbon: Field) -> Field:
    """K in t ha h/(ha MJ mm) by EPIC, of per cent of weight."""
    rest = 1 - sand / 100
    coarse = 0.2 + 0.3 * np.exp(-0.0256 * sand * (1 - silt / 100))
    fine = np.power(silt / (clay + silt), 0.3)
    organic = 1 - 0.25 * carbon / (carbon + np.exp(3.72 - 2.95 * carbon))
    sandy = 1 - 0.7 * rest / (rest + np.exp(22.9 * rest - 5.51))
    erodibility: Field = 0.1317 * coarse * fine * organic * sandy
    return erodibility


def evaluate_slope(slope: Field, length_m: float, level_slope: float) -> Field:
    """LS of slopes in radians, with the breaks of S at 5.1428 and 14.0362 degrees."""
    sine = np.where(np.tan(slope) < level_slope, 0.0, np.sin(slope))
    ratio = sine / 0.0896 / (3 * sine**0.8 + 0.56)
    steepness = np.select(
        [slope < np.radians(5.1428), slope < np.radians(14.0362)],
        [10.8 * sine + 0.03, 16.8 * sine - 0.5],
        21.91 * sine - 0.96,
    )
    factor: Field = (length_m / 22.13) ** (ratio / (1 + ratio)) * steepness
    return factor


def evaluate_cover(fraction: Field) -> Field:
    """C of fractional vegetation cover: 1 up to 0.1 %, 0 from 78.3 %."""
    percent = 100 * fraction
    between = 0.6508 - 0.3436 * np.log10(np.maximum(percent, 0.1))
    return np.where(percent <= 0.1, 1.0, np.where(percent >= 78.3, 0.0, between))  # noqa: PLR2004 the formula's own


def _sum_tile(
    world: World,
    tile: Tile,
    acquisitions: Sequence[Acquisition],
    register: Path,
    period: Period,
    slope_length_m: float,
    level_slope: float,
) -> pd.DataFrame:
    grid = tile.coarser(max(_PIXEL_M, world.resolution_m))
    ground = build_surface(world, grid, tile, period.last)
    inside = ~geometry_mask([project(tile.part.geometry, grid.crs)], grid.shape, grid.transform)
    names, registered = _find_registration(register, grid)
    covers = [kind.cover_class for kind in KINDS]
    kinds = pd.Categorical(covers)
    key = registered * len(kinds.categories) + kinds.codes[ground.kind]
    season = find_median_season(world, [a for a in acquisitions if a.tile_id == tile.id], period)
    fraction = ground.fraction() * (season[ground.kind, ground.shift] if season is not None else np.nan)
    values = _measure_values(world, grid, period.first.year)
    topography = evaluate_slope(measure_slope(world, tile, grid), slope_length_m, level_slope)
    values["erosion_potential"] = values.pop("rain_and_soil") * topography
    values["erosion"] = values["erosion_potential"] * evaluate_cover(fraction.astype(np.float64))
    sums = _sum_by_key(
        key[inside], {name: value[inside] for name, value in values.items()}, _weigh(grid)[inside]
    )
    dlbm, cover = np.divmod(sums.index.to_numpy(), len(kinds.categories))
    return sums.assign(dlbm=np.array(names)[dlbm], cover=np.array(kinds.categories)[cover])


def _weigh(grid: Grid) -> Field:
    return np.asarray(grid.pixel_area_m2(grid.whole), dtype=np.float64)


def _find_registration(register: Path, grid: Grid) -> tuple[list[str], NDArray[np.int64]]:
    """Classes as registered, none of them first, and which of them each pixel has."""
    parcels = pyogrio.read_dataframe(register)
    classes = pd.Categorical(parcels["DLBM"].fillna(""))
    names = ["", *classes.categories]
    outlines = project_all(parcels.geometry.to_numpy(), grid.crs)
    places = np.array([names.index(name) for name in classes], dtype=np.int32)
    order = np.flatnonzero(shapely.intersects(outlines, shapely.box(*grid.block_bounds(grid.whole))))[::-1]
    shapes = [(outlines[row], places[row]) for row in order]
    if not shapes:
        return names, np.zeros(grid.shape, dtype=np.int64)
    burnt = rasterize(shapes, out_shape=grid.shape, transform=grid.transform, dtype="int32")
    return names, burnt.astype(np.int64)


def _measure_values(world: World, grid: Grid, year: int) -> dict[str, Field]:
    """Fields of climate and growth, and erosivity times erodibility."""
    climate = {name: measure_climate(world, name, year, grid) for name in CLIMATE_FILES}
    months = [share * climate["rain"] for share in CLIMATE_FILES["rain"].course]
    soil = [measure_ground(world, name, grid) / 10 for name in ("sand", "silt", "clay")]
    carbon = measure_ground(world, "organic_carbon", grid) / 100
    return climate | {
        "npp": measure_ground(world, "npp", grid) * NPP_TONNES,
        "rain_and_soil": evaluate_rain(months) * evaluate_soil(soil[0], soil[1], soil[2], carbon),
    }


def _sum_by_key(key: NDArray[np.int64], values: Mapping[str, Field], area_m2: Field) -> pd.DataFrame:
    """Area and sums of value times area by key, one row each."""
    keys, place = np.unique(key, return_inverse=True)
    sums = {name: np.bincount(place, value * area_m2) for name, value in values.items()}
    return pd.DataFrame({"area_m2": np.bincount(place, area_m2), **sums}, index=keys)
