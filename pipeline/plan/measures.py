"""Parcels over the maps: one task a slab of parcels, every period at once, and the table that comes of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd

from pipeline.grid import Block, Grid
from pipeline.indices.trend import LEAST_OBSERVATIONS, trend
from pipeline.long_tables import layer_parts
from pipeline.periods import PERIODS_A_YEAR
from pipeline.plan.area import Area
from pipeline.plan.rasters import Maps
from pipeline.rights_registry import measures, overlay
from pipeline.rights_registry.packed import Plots
from pipeline.run import Run
from pipeline.settings import products
from pipeline.stores import read_block
from pipeline.workspace import Artifact

_LAND, _SPECTRAL, _COVER, _COMPOSITE = ("land_cover",), ("ndvi",), ("fvc",), ("looks", "failed")
_CHANGE = ("change",)


@dataclass(frozen=True)
class PeriodStores:
    """The stores that hold the rasters of one period."""

    land: Path
    spectral: Path
    cover: Path
    composite: Path
    change: Path | None

    def over(self, window: Block) -> overlay.ParcelLayers:
        """What a window of them holds."""
        since = read_block(self.change, window, _CHANGE) if self.change else {}
        return overlay.ParcelLayers(
            **since,
            **read_block(self.land, window, _LAND),
            **read_block(self.spectral, window, _SPECTRAL),
            **read_block(self.cover, window, _COVER),
            **read_block(self.composite, window, _COMPOSITE),
        )


@dataclass(frozen=True)
class SlabTask:
    """Some neighbouring parcels under the rasters of all periods."""

    plots: Plots
    grid: Grid
    periods: tuple[PeriodStores, ...]
    rules: overlay.CoverRules


def slab_sums(task: SlabTask) -> overlay.ParcelSums:
    """The sums of a slab; reads each window of each raster once."""

    def read(window: Block) -> list[overlay.ParcelLayers]:
        return [stores.over(window) for stores in task.periods]

    return overlay.summed(task.plots, task.grid, read, task.rules)


def plots_of(parcels: Artifact) -> Plots:
    """The parcels of an artifact as they are laid over maps."""
    parts = layer_parts(parcels.path / "parcels.parquet", ["parcel_id", "area_m2"])
    return Plots.joined([Plots.of(part) for part in parts])


def measured(run: Run, area: Area, maps: Maps, plots: Plots) -> Iterator[pd.DataFrame]:
    """PARCEL_MEASURES of parcels in their order, so many parcels at a time."""
    cuts = products().grades.cuts_percent
    sums = _summed(run, area, maps, plots, cuts)
    settings = area.settings.scenes
    of_series = partial(ndvi_trend, cycle=PERIODS_A_YEAR[settings.period])
    return measures.tables(plots.ids, settings.periods, sums, of_series, cuts_percent=cuts)


def _summed(
    run: Run, area: Area, maps: Maps, plots: Plots, cuts_percent: Sequence[float]
) -> overlay.ParcelSums:
    rules = overlay.CoverRules(
        area.settings.vegetation.cover_threshold, tuple(percent / 100 for percent in cuts_percent)
    )
    changes = (None, *(artifact.path for artifact in maps.changes))
    stores = zip(maps.land, maps.spectral, maps.cover, maps.composites, changes, strict=True)
    periods = tuple(
        PeriodStores(land.path, seen.path, cover.path, composite.path, change)
        for land, seen, cover, composite, change in stores
    )
    slabs = plots.shapes.in_neighbourhoods(overlay.SLAB_PARCELS)
    tasks = (SlabTask(plots.some(slab), area.grid, periods, rules) for slab in slabs)
    sums = overlay.ParcelSums.empty(len(plots), len(periods), len(cuts_percent) + 1)

    def put(number: int, found: overlay.ParcelSums) -> None:
        sums.put(slabs[number], found)

    run.each_into(f"{area.aoi.name_zh} 叠加 overlay", slab_sums, tasks, put, count=len(slabs))
    return sums


def ndvi_trend(sums: overlay.ParcelSums, *, cycle: int) -> measures.SeriesTrend:
    """Trend of the mean NDVI of each parcel; see `pipeline.indices.trend`."""
    found = trend(measures.ndvi_means(sums)[:, None, :], cycle=cycle)
    return measures.SeriesTrend(found.slope[0], found.p_value[0], found.count[0], LEAST_OBSERVATIONS)
