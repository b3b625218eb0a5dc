"""Parcels over the maps: one task a slab of parcels, every period at once, and the table that comes of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.engine.run import Run
from pipeline.engine.study import Study
from pipeline.grid import Block, Grid
from pipeline.indices.trend import LEAST_OBSERVATIONS, compute_trend
from pipeline.maps.step import Maps
from pipeline.periods import PERIODS_A_YEAR
from pipeline.rights_registry.products import load_products
from pipeline.rights_registry.shapes import ParcelShapes
from pipeline.storage.blocks import read_block
from pipeline.storage.cause import Artifact
from pipeline.storage.tables import read_layer_parts
from pipeline.zonal import measures, overlay
from pipeline.zonal.ground import Ground, GroundPixels

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

    def read(self, read: Callable[[Path, Sequence[str]], Mapping[str, NDArray[Any]]]) -> overlay.ParcelLayers:
        """What they hold where `read` reads some layers of a store."""
        since = read(self.change, _CHANGE) if self.change else {}
        return overlay.ParcelLayers(
            **since,
            **read(self.land, _LAND),
            **read(self.spectral, _SPECTRAL),
            **read(self.cover, _COVER),
            **read(self.composite, _COMPOSITE),
        )


@dataclass(frozen=True)
class SlabTask:
    """Some neighbouring parcels under the rasters of all periods."""

    parcels: ParcelShapes
    grid: Grid
    periods: tuple[PeriodStores, ...]
    rules: overlay.CoverRules


def slab_sums(task: SlabTask) -> overlay.ParcelSums:
    """The sums of a slab; reads each window of each raster once."""

    def read(window: Block) -> list[overlay.ParcelLayers]:
        return [stores.read(lambda store, names: read_block(store, window, names)) for stores in task.periods]

    return overlay.summed(task.parcels, task.grid, read, task.rules)


def load_shapes(parcels: Artifact) -> ParcelShapes:
    """The parcels of an artifact as they are laid over maps."""
    parts = read_layer_parts(parcels.path / "parcels.parquet", ["parcel_id", "area_m2"])
    return ParcelShapes.concat([ParcelShapes.of(part) for part in parts])


def measured(run: Run, maps: Maps, parcels: ParcelShapes) -> Iterator[pd.DataFrame]:
    """PARCEL_MEASURES of parcels in their order, so many parcels at a time."""
    return _tables(maps.study, parcels.ids, _summed(run, maps, parcels))


def measured_whole(over_aoi: Ground, maps: Maps) -> pd.DataFrame:
    """PARCEL_MEASURES of the area itself, as if it were one parcel."""
    part = partial(_sums_under, periods=_stores(maps), rules=_rules(maps.study))
    sums = overlay.ParcelSums.total(over_aoi.map(part))
    return pd.concat(_tables(maps.study, [maps.study.aoi.id], sums))


def _sums_under(
    under: GroundPixels, *, periods: tuple[PeriodStores, ...], rules: overlay.CoverRules
) -> overlay.ParcelSums:
    layers = [stores.read(under.read) for stores in periods]
    return overlay.sums_under(under.weight_m2, layers, rules)


def _tables(
    study: Study, ids: Sequence[str] | NDArray[np.object_], sums: overlay.ParcelSums
) -> Iterator[pd.DataFrame]:
    settings = study.settings.scenes
    of_series = partial(ndvi_trend, cycle=PERIODS_A_YEAR[settings.period])
    cuts = load_products().grades.cuts_percent
    return measures.tables(ids, settings.periods, sums, of_series, cuts_percent=cuts)


def _rules(study: Study) -> overlay.CoverRules:
    cuts = tuple(percent / 100 for percent in load_products().grades.cuts_percent)
    return overlay.CoverRules(study.settings.vegetation.cover_threshold, cuts)


def _stores(maps: Maps) -> tuple[PeriodStores, ...]:
    since = {pair.after: maps.path("change", pair) for pair in maps.study.pairs}
    return tuple(
        PeriodStores(
            land=maps.path("land_cover", period),
            spectral=maps.path("spectral", period),
            cover=maps.path("cover", period),
            composite=maps.path("composite", period),
            change=since.get(period),
        )
        for period in maps.study.periods
    )


def _summed(run: Run, maps: Maps, parcels: ParcelShapes) -> overlay.ParcelSums:
    study, periods, rules = maps.study, _stores(maps), _rules(maps.study)
    slabs = parcels.shapes.group_neighbours(overlay.SLAB_PARCELS)
    tasks = (SlabTask(parcels.take(slab), study.grid, periods, rules) for slab in slabs)
    sums = overlay.ParcelSums.empty(len(parcels), len(periods), len(rules.cuts) + 1)

    def put(number: int, found: overlay.ParcelSums) -> None:
        sums.put(slabs[number], found)

    run.stream(f"{study.aoi.name_zh} 叠加 overlay", slab_sums, tasks, put, count=len(slabs))
    return sums


def ndvi_trend(sums: overlay.ParcelSums, *, cycle: int) -> measures.SeriesTrend:
    """Trend of the mean NDVI of each parcel; see `pipeline.indices.trend`."""
    found = compute_trend(measures.ndvi_means(sums)[:, None, :], cycle=cycle)
    return measures.SeriesTrend(found.slope[0], found.p_value[0], found.count[0], LEAST_OBSERVATIONS)
