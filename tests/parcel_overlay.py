"""Parcels over rasters in memory, some neighbours at a time as a run takes them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd

from pipeline.aoi import Aoi
from pipeline.geodesy import CGCS2000
from pipeline.grid import Block
from pipeline.indices.change import code_transitions
from pipeline.periods import Period, PeriodPair
from pipeline.rights_registry.shapes import ParcelShapes
from pipeline.storage.blocks import Layer
from pipeline.zonal import measures
from pipeline.zonal.layers import LayerNumbers, LayersNumbers
from pipeline.zonal.overlay import NEIGHBOURS, sum_parcels
from pipeline.zonal.sums import MeasurePlan, ParcelSums
from pipeline.zonal.tables import tabulate

RULES = measures.MeasureRules(0.3, (30, 45, 60, 75), 1)
CLASSES, COUNT = Layer("uint8", 255, {}), Layer("uint16", 0, {})
RATIO = Layer("int16", -32768, {"scale_factor": 1e-4})


@dataclass(frozen=True)
class ParcelLayers:
    """Rasters of one period (y, x) as a run stores them; `change` is None in the first."""

    land_cover: np.ndarray
    fvc: np.ndarray
    ndvi: np.ndarray
    looks: np.ndarray
    failed: np.ndarray
    change: np.ndarray | None = None

    def cut(self, block: Block) -> "ParcelLayers":
        """The rasters of a block."""
        arrays = {name: array for name, array in vars(self).items() if array is not None}
        return ParcelLayers(**{name: array[block.rows, block.cols] for name, array in arrays.items()})


def years(count: int, first: int = 2024) -> tuple[Period, ...]:
    """So many years as periods."""
    return tuple(
        Period(date(year, 1, 1), date(year, 12, 31), str(year)) for year in range(first, first + count)
    )


def plan_of(count: int, *, first: int = 2024) -> MeasurePlan:
    """All measures of so many years."""
    return MeasurePlan(measures.MEASURES, RULES, years(count, first))


def rasters_of(periods: Sequence[Period], layers: Sequence[ParcelLayers]) -> LayersNumbers:
    """What kernels read of the layers of some periods."""
    rasters = {}
    for period, of_period in zip(periods, layers, strict=True):
        rasters[measures.LAND, period] = LayerNumbers(of_period.land_cover, CLASSES)
        rasters[measures.FVC, period] = LayerNumbers(of_period.fvc, RATIO)
        rasters[measures.NDVI, period] = LayerNumbers(of_period.ndvi, RATIO)
        rasters[measures.LOOKS, period] = LayerNumbers(of_period.looks, COUNT)
        rasters[measures.FAILED, period] = LayerNumbers(of_period.failed, COUNT)
    for pair, after in zip(pairwise(periods), layers[1:], strict=True):
        rasters[measures.CHANGE, PeriodPair(*pair)] = LayerNumbers(after.change, CLASSES)
    return rasters


def a_year_on(layers: ParcelLayers, land_cover) -> ParcelLayers:
    """The rasters with another land cover, every transition of which counts."""
    change = code_transitions(layers.land_cover, land_cover)
    return replace(layers, land_cover=land_cover, change=change)


def sums_of(parcels, grid, *layers, first=2024, neighbours=NEIGHBOURS, **options) -> ParcelSums:
    """ParcelSums of a table of parcels or their shapes over the layers of consecutive years."""
    shapes = parcels if isinstance(parcels, ParcelShapes) else ParcelShapes.of(parcels)
    plan = plan_of(len(layers), first=first)
    jobs = plan.jobs
    sums = ParcelSums.zeros(len(shapes), jobs)

    def read(block: Block) -> LayersNumbers:
        return rasters_of(plan.periods, [of_period.cut(block) for of_period in layers])

    for part in shapes.shapes.group_neighbours(neighbours):
        sums.put(part, sum_parcels(shapes.take(part), grid, read, jobs, **options))
    return sums


def tables_of(parcels, sums, count, *, first=2024) -> Iterator[pd.DataFrame]:
    """The tables of sums of so many years."""
    ids = parcels.ids if isinstance(parcels, ParcelShapes) else parcels["parcel_id"]
    return tabulate(ids, plan_of(count, first=first), sums)


def measure(parcels, grid, *layers, first=2024, **options) -> pd.DataFrame:
    """PARCEL_MEASURES of the years from `first` on, one a set of layers."""
    sums = sums_of(parcels, grid, *layers, first=first, **options)
    return pd.concat(tables_of(parcels, sums, len(layers), first=first), ignore_index=True)


def widen(table: pd.DataFrame) -> pd.DataFrame:
    """One row a parcel, in order of the table, one column a measure; of the period 2024."""
    rows = table[table["period"] == "2024"]
    # pivot refuses a measure given twice, where pivot_table would average
    values = rows.pivot(index="parcel_id", columns="measure", values="value")  # noqa: PD010
    return values.loc[rows["parcel_id"].unique()]


def whole(aoi: Aoi) -> gpd.GeoDataFrame:
    """The area itself as one parcel, as a check of the sums over its ground."""
    return gpd.GeoDataFrame(
        {"parcel_id": [aoi.id], "area_m2": [aoi.area_m2]}, geometry=[aoi.geometry], crs=CGCS2000
    )
