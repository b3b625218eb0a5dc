"""What the ecological indices of the simulated world should come to, by formulas of its own."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
from numpy.typing import NDArray
from rasterio.features import geometry_mask, rasterize

from pipeline.geodesy import measure_area_m2, project, project_all
from pipeline.grid import Grid
from pipeline.ingest.simulate.landscape import NDVI_SOIL, NDVI_VEGETATION, NDVI_WATER, WATER
from pipeline.ingest.simulate.passes import plan_passes
from pipeline.ingest.simulate.truth import find_median_season
from pipeline.ingest.simulate.world import SIMULATED, Tile, World, build_surface, find_season
from pipeline.ingest.simulate.yearbook import Printed, list_figures
from pipeline.periods import Period

_PIXEL_M = 20.0
_GRASS = "0404"
_HABITAT = 511.2642131067
_WORTH: Mapping[str, float] = {
    "1101": 0.28 * 0.1,
    "1105": 0.28 * 0.5,
    "1106": 0.28 * 0.5,
    "1108": 0.28 * 0.5,
    "0101": 0.11 * 0.6,
    "0301": 0.35 * 0.6,
    "1206": 0.01 * 0.2,
    "0702": 0.04 * 0.4,
    "0601": 0.04 * 0.3,
}
"""Weights of habitat quality of what the register of the simulated world has, but for grassland."""
_GRASS_WORTH = (0.21 * 0.1, 0.21 * 0.3, 0.21 * 0.6)
_BUILT = ("0702", "0601")
_GRADES = ((75, "优"), (55, "良"), (35, "一般"), (20, "较差"), (-np.inf, "差"))
_QUALITY = ((70, "一类"), (55, "二类"), (40, "三类"), (30, "四类"), (-np.inf, "五类"))
_HA, _MILLION = 0.01, 1e6


def measure_growing_ndvi(world: World, year: int) -> float:
    """Mean over the area and the months from May to September of the greatest NDVI of a month."""
    sums = [_sum_ndvi(world, tile, year) for tile in world.tiles]
    total, count = (sum(values) for values in zip(*sums, strict=True))
    return float(total / count)


def write_status_truth(world: World, figures: Sequence[Printed], register: Path, folder: Path) -> None:
    """`folder`/truth.json: EI of each whole year, its sub-indices, its grade and its change."""
    years = [period for period in world.periods if period.whole_year]
    truth = {period.label: _measure_status(world, figures, register, period) for period in years}
    _add_changes(truth)
    _write(world, truth, folder)


def write_quality_truth(world: World, figures: Sequence[Printed], folder: Path) -> None:
    """`folder`/truth.json: EQI of each whole year and its class."""
    truth = {}
    for period in world.periods:
        if period.whole_year:
            told = {one.kept.item: one.value for one in figures if one.year == period.whole_year}
            pattern, function, life, stress = told.values()
            value = round(0.36 * pattern + 0.35 * function + 0.19 * life + 0.10 * (100 - stress), 9)
            truth[period.label] = {"eqi": value, "grade": _grade(value, _QUALITY)}
    _add_changes(truth, "eqi")
    _write(world, truth, folder)


def _measure_status(
    world: World, figures: Sequence[Printed], register: Path, period: Period
) -> dict[str, Any]:
    told = _gather(world, figures, period.first.year)
    area = measure_area_m2(world.aoi.geometry) / _MILLION
    worth, built = _measure_land(world, register, period)
    water, usual = told["water_resources"] / _MILLION, told["water_resources_mean"] / _MILLION
    ratio = water / usual
    counted = water if ratio <= 1.4 else usual * (2.4 - ratio) if ratio <= 2.4 else 0.0  # noqa: PLR2004 the rule
    rain = told["rain"] * area
    values = {
        "biological_abundance": _HABITAT * worth,
        "vegetation_cover": 0.0121165124 * told["growing_ndvi"] * 10_000,
        "water_network": (
            84.3704083981 * told["river_length"]
            + 591.7908642005 * told["lake_area"] * _HA
            + 86.3869548281 * counted
        ) / (3 * area),
        "land_stress": 236.04356779 * (
            0.4 * told["erosion_severe_area"] * _HA
            + 0.2 * told["erosion_moderate_area"] * _HA
            + 0.2 * built * area
            + 0.2 * told["other_stress_area"] * _HA
        ) / area,
        "pollution_load": (
            (0.2 * 4.3937397289 * told["discharge_cod"] + 0.2 * 40.1764754986 * told["discharge_nh3n"]) / rain
            + (
                0.2 * 0.0648660287 * told["emission_so2"]
                + 0.1 * 4.0904459321 * told["emission_dust"]
                + 0.2 * 0.5103049278 * told["emission_nox"]
                + 0.1 * 0.0749894283 * told["solid_waste_dumped"]
            ) / area
        ),
    }  # fmt: skip
    bio, cover, network, stress, load = (round(value, 1) for value in values.values())
    total = round(0.35 * bio + 0.25 * cover + 0.15 * network + 0.15 * (100 - stress) + 0.1 * (100 - load), 9)
    return {"values": values, "water_ratio": ratio, "ei": total, "grade": _grade(total, _GRADES)}


def _gather(world: World, figures: Sequence[Printed], year: int) -> dict[str, float]:
    """By item what the statistics of EI and the yearbook say of the whole area in a year."""
    everything = [*figures, *list_figures(world)]
    return {one.kept.item: one.value for one in everything if one.year == year and one.region == world.aoi.id}


def _measure_land(world: World, register: Path, period: Period) -> tuple[float, float]:
    """Mean worth and built share of the ground that the register has a class for."""
    parts = np.array([_sum_land(world, tile, register, period) for tile in world.tiles])
    worth, built, known = parts.sum(axis=0)
    return worth / known, built / known


def _sum_land(world: World, tile: Tile, register: Path, period: Period) -> tuple[float, float, float]:
    grid = tile.coarser(_PIXEL_M)
    ground = build_surface(world, grid, tile, period.last)
    passes = [entry for entry in plan_passes(world) if entry.tile_id == tile.id]
    season = find_median_season(world, passes, period)
    fvc = ground.fraction() * (season[ground.kind, ground.shift] if season is not None else np.nan)
    codes, classes = _burn_register(register, grid)
    weight = np.where(_find_inside(tile, grid), grid.pixel_area_m2(grid.whole), 0.0)
    grass = np.array(_GRASS_WORTH)[(fvc >= 0.2).astype(int) + (fvc > 0.5)]  # noqa: PLR2004 the cuts of cover
    worths = np.array([_WORTH.get(code[:4], 0.0) for code in codes])[classes]
    is_grass = np.array([code[:4] == _GRASS for code in codes])[classes]
    is_known = np.array([code[:4] in _WORTH or code[:4] == _GRASS for code in codes])[classes]
    is_built = np.array([code[:4] in _BUILT for code in codes])[classes]
    worth = np.where(is_grass, grass, worths)
    return (
        float((worth * weight)[is_known].sum()),
        float(weight[is_built].sum()),
        float(weight[is_known].sum()),
    )


def _burn_register(register: Path, grid: Grid) -> tuple[list[str], NDArray[np.int32]]:
    """Codes of the register, nothing first, and which of them each pixel has; the first parcel counts."""
    parcels = pyogrio.read_dataframe(register)
    names = parcels["DLBM"].fillna("").astype(str)
    codes = ["", *sorted(set(names) - {""})]
    outlines = project_all(parcels.geometry.to_numpy(), grid.crs)
    shapes = [(outline, codes.index(name)) for outline, name in zip(outlines, names, strict=True)]
    burnt = rasterize(shapes[::-1], out_shape=grid.shape, transform=grid.transform, dtype="int32")
    return codes, burnt


def _sum_ndvi(world: World, tile: Tile, year: int) -> tuple[float, float]:
    """Sum over pixels and months, and how many there are; each pixel at the best of three days of a month."""
    grid = tile.coarser(_PIXEL_M)
    inside = _find_inside(tile, grid)
    total = 0.0
    for month in range(5, 10):
        days = [datetime(year, month, day, 12, tzinfo=UTC) for day in (1, 15, 29)]
        ground = build_surface(world, grid, tile, days[-1].date())
        green = np.max([find_season(world, day) for day in days], axis=0)[ground.kind, ground.shift]
        ndvi = NDVI_SOIL + ground.fraction() * green * (NDVI_VEGETATION - NDVI_SOIL)
        total += float(np.where(ground.kind == WATER, NDVI_WATER, ndvi)[inside].sum())
    return total, 5.0 * inside.sum()


def _find_inside(tile: Tile, grid: Grid) -> NDArray[np.bool_]:
    outside: NDArray[np.bool_] = geometry_mask(
        [project(tile.part.geometry, grid.crs)], grid.shape, grid.transform
    )
    return ~outside


def _grade(value: float, grades: Sequence[tuple[float, str]]) -> str:
    return next(name for bound, name in grades if value >= bound)


def _add_changes(truth: dict[str, dict[str, Any]], key: str = "ei") -> None:
    for label, year in truth.items():
        before = truth.get(str(int(label) - 1))
        year["change"] = None if before is None else round(year[key] - before[key], 9)


def _write(world: World, truth: Mapping[str, Any], folder: Path) -> None:
    content = {"simulated": SIMULATED, "aoi": world.aoi.id, "years": truth}
    text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True)
    (folder / "truth.json").write_text(text, encoding="utf-8")
