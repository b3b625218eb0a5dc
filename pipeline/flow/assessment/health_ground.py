"""Strips along rivers and lakes laid over the maps of every period."""

from collections.abc import Sequence

import geopandas as gpd
import pandas as pd

from pipeline.engine.run import Run
from pipeline.flow.measures import ParcelTask, list_stores, sum_neighbours
from pipeline.maps.step import Maps
from pipeline.rights_registry.shapes import ParcelShapes
from pipeline.zonal.class_sums import ClassSums
from pipeline.zonal.measures import FVC
from pipeline.zonal.overlay import NEIGHBOURS
from pipeline.zonal.sums import Job, ParcelSums

_COLUMNS = ["body", "zone", "period", "mapped", "area_m2", "fvc", "fvc_m2"]


def sum_strips(run: Run, maps: Maps, strips: gpd.GeoDataFrame) -> pd.DataFrame:
    """Area, cover times area and area of known cover of each strip by period and mapped class.

    `strips` have body, zone, parcel_id, area_m2 and geometry; columns are body, zone, period, mapped (null
    for ground without a class), area_m2, fvc, fvc_m2.
    """
    if strips.empty:
        return pd.DataFrame(columns=_COLUMNS)
    jobs: Sequence[Job] = tuple(
        (ClassSums(typed=False, variables=(FVC,)), period) for period in maps.study.periods
    )
    places = tuple(dict.fromkeys(place for tally, when in jobs for place in tally.list_places(when)))
    shapes, stores = ParcelShapes.of(strips), list_stores(maps)
    groups = shapes.shapes.group_neighbours(NEIGHBOURS)
    tasks = (ParcelTask(shapes.take(group), maps.study.grid, stores, places, tuple(jobs)) for group in groups)
    found: list[pd.DataFrame] = []

    def put(number: int, sums: ParcelSums) -> None:
        for (tally, when), numbers in sums.by_job.items():
            assert isinstance(tally, ClassSums)
            table = tally.tabulate(numbers)
            found.append(table.assign(row=groups[number][table["row"].to_numpy()], period=when.label))

    run.stream(maps.study.title("banks"), sum_neighbours, tasks, put, count=len(groups))
    table = pd.concat(found, ignore_index=True)
    named = strips[["body", "zone"]].reset_index(drop=True)
    joined = table.join(named, on="row").sort_values(["row", "period"], kind="stable", ignore_index=True)
    return joined[_COLUMNS]
