"""Parcels over the maps: one task a slab of parcels, every period at once, and the table that comes of it."""

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd

from pipeline.grid import Block, Grid
from pipeline.indices.trend import LEAST_OBSERVATIONS, trend
from pipeline.periods import PERIODS_A_YEAR
from pipeline.plan.area import Area
from pipeline.plan.rasters import Maps
from pipeline.rights_registry import measures, overlay
from pipeline.run import Run
from pipeline.settings import products
from pipeline.stores import read_block

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
    """Some neighbouring parcels (area_m2 and geometry) under the rasters of all periods."""

    parcels: gpd.GeoDataFrame
    grid: Grid
    periods: tuple[PeriodStores, ...]
    rules: overlay.CoverRules


def slab_sums(task: SlabTask) -> overlay.ParcelSums:
    """The sums of a slab; reads each window of each raster once."""

    def read(window: Block) -> list[overlay.ParcelLayers]:
        return [stores.over(window) for stores in task.periods]

    return overlay.summed(task.parcels, task.grid, read, task.rules)


def measured(run: Run, area: Area, maps: Maps, parcels: gpd.GeoDataFrame) -> pd.DataFrame:
    """PARCEL_MEASURES of parcels (columns parcel_id, area_m2, geometry), in their order."""
    cuts = products().grades.cuts_percent
    rules = overlay.CoverRules(
        area.settings.vegetation.cover_threshold, tuple(percent / 100 for percent in cuts)
    )
    changes = (None, *(artifact.path for artifact in maps.changes))
    stores = zip(maps.land, maps.spectral, maps.cover, maps.composites, changes, strict=True)
    periods = tuple(
        PeriodStores(land.path, seen.path, cover.path, composite.path, change)
        for land, seen, cover, composite, change in stores
    )
    slabs = overlay.slabs(parcels)
    rows = parcels[["area_m2", "geometry"]]
    items = [SlabTask(rows.iloc[slab], area.grid, periods, rules) for slab in slabs]
    sums = overlay.ParcelSums.empty(len(parcels), len(periods), len(cuts) + 1)
    for slab, found in zip(
        slabs, run.each(f"{area.aoi.name_zh} 叠加 overlay", slab_sums, items), strict=True
    ):
        sums.put(slab, found)
    settings = area.settings.scenes
    tables = measures.tables(
        parcels["parcel_id"].to_numpy(dtype=object),
        settings.periods,
        sums,
        ndvi_trend(sums, cycle=PERIODS_A_YEAR[settings.period]),
        cuts_percent=cuts,
    )
    table: pd.DataFrame = pd.concat(tables, ignore_index=True)
    return table


def ndvi_trend(sums: overlay.ParcelSums, *, cycle: int) -> measures.SeriesTrend:
    """Trend of the mean NDVI of each parcel; see `pipeline.indices.trend`."""
    found = trend(measures.ndvi_means(sums)[:, None, :], cycle=cycle)
    return measures.SeriesTrend(found.slope[0], found.p_value[0], found.count[0], LEAST_OBSERVATIONS)
