"""Climate of the simulated world: fields that vary little over an area, in NetCDF files by month or year."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from types import MappingProxyType

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from pyproj import CRS

from pipeline.geodesy import project
from pipeline.grid import Grid
from pipeline.ingest.simulate.account_sources import CLIMATE_VARIABLES
from pipeline.ingest.simulate.fields import find_way_to_map
from pipeline.ingest.simulate.world import SIMULATED, World

_CELLS_PER_DEGREE = 24
_MARGIN_CELLS = 3
_TILT = 0.02
_TILT_OVER_M = 50_000.0
_YEAR_SWING = 0.06
_FILL = -32768
_WGS84 = "EPSG:4326"
# Shares of the year by month of the delta: plum rains in June and July, dry winters.
_RAIN_COURSE = (0.040, 0.045, 0.075, 0.080, 0.095, 0.160, 0.150, 0.130, 0.095, 0.055, 0.045, 0.030)
_WARMTH_COURSE = (0.030, 0.035, 0.060, 0.085, 0.115, 0.125, 0.150, 0.145, 0.105, 0.075, 0.045, 0.030)


@dataclass(frozen=True)
class Climate:
    """What a mean year has: rain, evapotranspiration, rain of storms, evaporation of water (mm), hot days."""

    rain: float
    evapotranspiration: float
    storm_rain: float
    hot_days: float
    water_evaporation: float


_ELSEWHERE = Climate(1100.0, 740.0, 240.0, 96.0, 430.0)
_CLIMATES: Mapping[str, Climate] = MappingProxyType(
    {
        "chongming_wetlands": Climate(1170.0, 790.0, 260.0, 92.0, 410.0),
        "guangyang_island": Climate(1130.0, 710.0, 230.0, 118.0, 470.0),
        "longyou_bay": Climate(1080.0, 760.0, 250.0, 90.0, 420.0),
    }
)


@dataclass(frozen=True)
class ClimateFile:
    """How a field is kept: its unit, what a stored one means, the share of each month; without, of years."""

    unit: str
    scale: float
    course: tuple[float, ...] = (1.0,)


CLIMATE_FILES: Mapping[str, ClimateFile] = MappingProxyType(
    {
        "rain": ClimateFile("mm", 0.1, _RAIN_COURSE),
        "evapotranspiration": ClimateFile("mm", 0.1, _WARMTH_COURSE),
        "storm_rain": ClimateFile("mm", 0.1),
        "hot_days": ClimateFile("d", 0.01),
        "water_evaporation": ClimateFile("mm", 0.1),
    }
)
"""By field; rain and evapotranspiration in the convention of TerraClimate."""


def find_climate(aoi_id: str) -> Climate:
    """The climate of an area; areas that are not known by name share one."""
    return _CLIMATES.get(aoi_id, _ELSEWHERE)


def list_years(world: World) -> list[int]:
    """The calendar years that the periods touch."""
    return list(range(world.periods[0].first.year, world.periods[-1].last.year + 1))


def measure_climate(world: World, name: str, year: int, grid: Grid) -> NDArray[np.float64]:
    """A field (y, x) of a year over a grid in the CRS of the area, in the unit of its file."""
    x, y = np.meshgrid(grid.x_of(grid.whole), grid.y_of(grid.whole), sparse=True)
    return _evaluate(world, name, year, x, y)


def write_climate(world: World, folder: Path) -> None:
    """A NetCDF file by field, `folder`/<field>.nc, in cells of a 24th of a degree from north to south."""
    for name in (field.name for field in fields(Climate)):
        _write_field(world, name, folder / f"{name}.nc")


def _write_field(world: World, name: str, path: Path) -> None:
    kept, variable, (lon, lat) = CLIMATE_FILES[name], CLIMATE_VARIABLES[name], _list_centres(world)
    x, y = find_way_to_map(world.aoi.grid_crs).transform(*np.meshgrid(lon, lat))
    years = list_years(world)
    months = [share * _evaluate(world, name, year, x, y) for year in years for share in kept.course]
    about = {"units": kept.unit, "long_name": f"{name}（模拟 simulated）", "grid_mapping": "crs"}
    dataset = xr.Dataset(
        {
            variable: (("time", "lat", "lon"), np.stack(months), about),
            "crs": ((), np.int32(0), CRS(_WGS84).to_cf()),
        },
        {"time": _list_times(years, len(kept.course)), "lat": lat, "lon": lon},
        {"title": SIMULATED, "Conventions": "CF-1.8"},
    )
    dataset["lat"].attrs |= {"standard_name": "latitude", "units": "degrees_north"}
    dataset["lon"].attrs |= {"standard_name": "longitude", "units": "degrees_east"}
    packed = {"dtype": "int16", "scale_factor": kept.scale, "_FillValue": np.int16(_FILL)}
    times = {"dtype": "int32", "units": "days since 1900-01-01"}
    dataset.to_netcdf(path, engine="h5netcdf", encoding={variable: packed, "time": times})


def _evaluate(
    world: World, name: str, year: int, x: NDArray[np.float64], y: NDArray[np.float64]
) -> NDArray[np.float64]:
    """A plane about the middle of the area, tilted by up to 2 % over 50 km, higher or lower by the year."""
    left, bottom, right, top = project(world.aoi.geometry, world.aoi.grid_crs).bounds
    east, north = world.random("climate", name).uniform(-_TILT, _TILT, 2)
    swing = float(world.random("climate", name, year).uniform(-_YEAR_SWING, _YEAR_SWING))
    tilt = (east * (x - (left + right) / 2) + north * (y - (bottom + top) / 2)) / _TILT_OVER_M
    value: NDArray[np.float64] = getattr(find_climate(world.aoi.id), name) * (1 + swing) * (1 + tilt)
    return value


def _list_centres(world: World) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Longitudes to the east and latitudes to the south of the cells over and about the area."""
    left, bottom, right, top = (bound * _CELLS_PER_DEGREE for bound in world.aoi.geometry.bounds)
    cols = np.arange(np.floor(left) - _MARGIN_CELLS, np.ceil(right) + _MARGIN_CELLS)
    rows = np.arange(np.floor(bottom) - _MARGIN_CELLS, np.ceil(top) + _MARGIN_CELLS)
    return (cols + 0.5) / _CELLS_PER_DEGREE, (rows[::-1] + 0.5) / _CELLS_PER_DEGREE


def _list_times(years: Sequence[int], steps: int) -> NDArray[np.datetime64]:
    """The first day of each month, or of each year."""
    months = [f"{year}-{month:02d}-01" for year in years for month in range(1, steps + 1)]
    return np.array(months, dtype="datetime64[ns]")
