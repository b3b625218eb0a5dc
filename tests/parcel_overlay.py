"""Parcels over rasters in memory, by slabs as a run takes them."""

import dataclasses
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd

from pipeline.aoi import Aoi
from pipeline.geodesy import CGCS2000
from pipeline.indices.change import code_transitions
from pipeline.periods import Period
from pipeline.rights_registry.shapes import ParcelShapes
from pipeline.zonal import measures, overlay

CUTS_PERCENT = (30, 45, 60, 75)
RULES = overlay.CoverRules(0.3, tuple(percent / 100 for percent in CUTS_PERCENT))


def over(layers: overlay.ParcelLayers, window) -> overlay.ParcelLayers:
    """A window of rasters."""
    return overlay.ParcelLayers(
        **{
            name: None if array is None else array[window.rows, window.cols]
            for name, array in vars(layers).items()
        }
    )


def a_year_on(layers: overlay.ParcelLayers, land_cover) -> overlay.ParcelLayers:
    """The rasters with another land cover, every transition of which counts."""
    change = code_transitions(layers.land_cover, land_cover)
    return dataclasses.replace(layers, land_cover=land_cover, change=change)


def sums_of(parcels, grid, *layers, slab=overlay.SLAB_PARCELS, **options) -> overlay.ParcelSums:
    """ParcelSums of any parcels or shapes; `layers` are the rasters of the periods, one after the other."""
    shapes = parcels if isinstance(parcels, ParcelShapes) else ParcelShapes.of(parcels)
    sums = overlay.ParcelSums.empty(len(shapes), len(layers), len(CUTS_PERCENT) + 1)
    for part in shapes.shapes.group_neighbours(slab):
        found = overlay.summed(
            shapes.take(part), grid, lambda window: [over(one, window) for one in layers], RULES, **options
        )
        sums.put(part, found)
    return sums


def tables_of(parcels, sums, *, first=2024, trend=None):
    """The tables of sums of the years from `first` on; no trend unless it is given."""
    years = range(first, first + sums.periods.shape[1])
    periods = [Period(date(year, 1, 1), date(year, 12, 31), str(year)) for year in years]
    ids = parcels.ids if isinstance(parcels, ParcelShapes) else parcels["parcel_id"]

    def none(part):
        unknown = np.full(len(part.periods), np.nan)
        return measures.SeriesTrend(unknown, unknown, np.full(len(unknown), len(periods), np.uint16), 10)

    of_series = none if trend is None else lambda _: trend
    return measures.tables(ids, periods, sums, of_series, cuts_percent=CUTS_PERCENT)


def measured(parcels, grid, *layers, first=2024, trend=None, **options) -> pd.DataFrame:
    """PARCEL_MEASURES of the years from `first` on, one a set of layers."""
    sums = sums_of(parcels, grid, *layers, **options)
    return pd.concat(tables_of(parcels, sums, first=first, trend=trend), ignore_index=True)


def wide(table: pd.DataFrame) -> pd.DataFrame:
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
