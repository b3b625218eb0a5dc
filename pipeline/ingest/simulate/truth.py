"""What a pipeline should find in the simulated world, written beside the files in which it must be found."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.features import geometry_mask
from shapely.geometry import mapping

from pipeline.geodesy import project
from pipeline.grid import Grid
from pipeline.ingest.simulate.heat import measure_heat
from pipeline.ingest.simulate.landscape import KINDS, NDVI_SOIL, NDVI_VEGETATION, WATER
from pipeline.ingest.simulate.passes import Acquisition
from pipeline.ingest.simulate.water import describe_sections
from pipeline.ingest.simulate.world import SIMULATED, Planted, Tile, World, build_surface, find_season
from pipeline.legends import LAND_COVER
from pipeline.periods import Period


def write_truth(
    world: World, acquisitions: Sequence[Acquisition], periods: Sequence[Period], folder: Path
) -> None:
    """`folder`/truth.json: what holds in each period, what was planted, and the class of each section."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {
        "simulated": SIMULATED,
        "aoi": world.aoi.id,
        "seed": world.seed,
        "resolution_m": world.resolution_m,
        "endmembers": {"soil": NDVI_SOIL, "vegetation": NDVI_VEGETATION},
        "periods": {period.label: measure_period(world, acquisitions, period) for period in periods},
        "planted": [_describe_change(change) for change in world.planted],
        "sections": describe_sections(world, periods),
    }
    text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True)
    (folder / "truth.json").write_text(text, encoding="utf-8")


def measure_period(world: World, acquisitions: Sequence[Acquisition], period: Period) -> dict[str, Any]:
    """Mean FVC off the water and class areas of one period, over the pixels whose centre lies in the area.

    The FVC of a pixel is the median over the period's passes, clouded or not; of a period without a pass
    the mean FVC is null. Areas are ellipsoidal, in m2. `class_heat_k` is the mean surface temperature of each
    class over the passes of the period that feel it; empty without such a pass.
    """
    areas = dict.fromkeys((entry.key for entry in LAND_COVER.classes), 0.0)
    total, count, seen = 0.0, 0, 0
    for tile in world.tiles:
        grid = tile.coarser(world.resolution_m)
        ground = build_surface(world, grid, tile, period.last)
        inside = ~_find_outside(tile, grid)
        pixel_m2 = grid.pixel_area_m2(grid.whole)
        for key, area in _measure_classes(ground.kind, inside, pixel_m2).items():
            areas[key] += area
        land = inside & (ground.kind != WATER)
        median = find_median_season(world, [a for a in acquisitions if a.tile_id == tile.id], period)
        if median is not None:
            cover = ground.fraction()[land] * median[ground.kind[land], ground.shift[land]]
            total, count, seen = total + float(cover.sum()), count + cover.size, seen + 1
    return {
        "mean_fvc": total / count if count and seen == len(world.tiles) else None,
        "class_area_m2": areas,
        "land_area_m2": sum(areas.values()) - areas["water"],
        "class_heat_k": _measure_class_heat(world, acquisitions, period),
    }


def _measure_class_heat(
    world: World, acquisitions: Sequence[Acquisition], period: Period
) -> dict[str, float]:
    """Mean temperature by class over the pixels of all passes of Landsat, clouded or not."""
    totals, counts = np.zeros(len(KINDS)), np.zeros(len(KINDS))
    for entry in acquisitions:
        if entry.mission != "sentinel-2" and period.holds(entry.moment):
            tile = world.tile(entry.tile_id)
            grid = tile.coarser(world.resolution_m)
            ground, inside = build_surface(world, grid, tile, period.last), ~_find_outside(tile, grid)
            warm = measure_heat(world, ground, entry.moment)[inside]
            totals += np.bincount(ground.kind[inside], weights=warm, minlength=len(KINDS))
            counts += np.bincount(ground.kind[inside], minlength=len(KINDS))
    classes = np.array([kind.cover_class for kind in KINDS])
    held = [key for key in dict.fromkeys(classes.tolist()) if counts[classes == key].any()]
    return {key: float(totals[classes == key].sum() / counts[classes == key].sum()) for key in held}


def find_median_season(
    world: World, acquisitions: Sequence[Acquisition], period: Period
) -> NDArray[np.float64] | None:
    """Median over a period's passes of the green share by kind and shift; None without a pass.

    The fraction of plants stays within a period, so FVC's median is the fraction times this.
    """
    greens = [find_season(world, entry.moment) for entry in acquisitions if period.holds(entry.moment)]
    return np.median(greens, axis=0) if greens else None


def _find_outside(tile: Tile, grid: Grid) -> NDArray[np.bool_]:
    outline = project(tile.part.geometry, grid.crs)
    mask: NDArray[np.bool_] = geometry_mask([outline], grid.shape, grid.transform)
    return mask


def _measure_classes(
    kind: NDArray[np.uint8], inside: NDArray[np.bool_], pixel_m2: NDArray[np.float64]
) -> Mapping[str, float]:
    by_kind = np.bincount(kind[inside], weights=pixel_m2[inside], minlength=len(KINDS))
    areas: dict[str, float] = {}
    for entry, area in zip(KINDS, by_kind, strict=True):
        areas[entry.cover_class] = areas.get(entry.cover_class, 0.0) + float(area)
    return areas


def _describe_change(change: Planted) -> dict[str, Any]:
    return {
        "name": change.name,
        "part": change.part_id,
        "from": KINDS[change.before].cover_class,
        "to": KINDS[change.after].cover_class,
        "from_period": change.from_period,
        "to_period": change.to_period,
        "day": change.day.isoformat(),
        "area_m2": change.area_m2,
        "polygon": mapping(change.polygon),
    }
