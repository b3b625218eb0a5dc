"""What lies under every unit of the accounts: areas and sums of variables by mapped class, year by year."""

from functools import partial
from pathlib import Path

import geopandas as gpd
import pandas as pd

from pipeline.accounts.variables import VARIABLES
from pipeline.contracts.accounts import ACCOUNT_SUMS
from pipeline.contracts.columns import check_table
from pipeline.engine.run import Run
from pipeline.flow.measures import ParcelTask, list_stores, load_shapes, sum_ground, sum_neighbours
from pipeline.maps.land_cover.kinds import is_typed
from pipeline.maps.step import Maps
from pipeline.rights_registry.pieces import Units, add_classes, cut_units
from pipeline.storage.cause import Artifact
from pipeline.storage.scratch import ScratchFile
from pipeline.storage.tables import load_table, save_json, save_tables
from pipeline.zonal.class_sums import ClassSums
from pipeline.zonal.ground import lay_ground
from pipeline.zonal.kernels import Numbers
from pipeline.zonal.layers import MapLayer
from pipeline.zonal.measures import FVC
from pipeline.zonal.overlay import NEIGHBOURS
from pipeline.zonal.sums import Job, ParcelSums

_VERSION = 2
_OWN = {"fvc": FVC}
"""Variables that are maps of a step of their own."""
_KEYS = ["unit_id", "kind", "parcel_id", "region", "project", "counted", "period", "dlbm", "ecosystem"]


def make_account_sums(
    run: Run, maps: Maps, parcels: Artifact, regions: gpd.GeoDataFrame, projects: gpd.GeoDataFrame
) -> Artifact:
    """Artifact with `sums` (ACCOUNT_SUMS), and `whole`: the same of the area, as if it were one unit.

    `regions` cover the area, `projects` may be none. `closures.json` has the errors of closure of areas.
    """
    study = maps.study
    cause = study.cause(
        "account_sums",
        _VERSION,
        [*(key for keys in maps.keys.values() for key in keys), parcels.key],
        regions=_describe_layer(regions, "region"),
        projects=_describe_layer(projects, "project"),
        variables=list(VARIABLES),
    )

    def build(folder: Path) -> None:
        with ScratchFile(folder) as scratch:
            units = cut_units(load_shapes(parcels, scratch), study.aoi, regions, projects)
        rows = add_classes(units.rows, load_table(parcels.path, "parcels", ["parcel_id", "land_class"]))
        sums = _sum_units(run, maps, units)
        found = rows.loc[sums["row"]].reset_index(drop=True).join(sums.drop(columns="row"))
        table = check_table(found[[*_KEYS, *found.columns.difference(_KEYS, sort=False)]], ACCOUNT_SUMS)
        save_tables(folder, {"sums": table, "whole": _sum_area(run, maps)})
        save_json(folder / "closures.json", units.closures)

    return run.artifact(study.title("account sums"), cause, build)


def _describe_layer(layer: gpd.GeoDataFrame, key: str) -> list[str]:
    return [f"{name}|{shape.wkb_hex}" for name, shape in zip(layer[key], layer.geometry, strict=True)]


def _plan_jobs(maps: Maps) -> tuple[Job, ...]:
    """Sums by class of the variables that each year has."""
    stores, typed = list_stores(maps), is_typed(maps.study)
    layers = [_OWN.get(name, MapLayer("account_layers", name)) for name in VARIABLES]
    return tuple(
        (ClassSums(typed, tuple(layer for layer in layers if stores.hold((layer, period)))), period)
        for period in maps.study.periods
    )


def _sum_units(run: Run, maps: Maps, units: Units) -> pd.DataFrame:
    """A row per unit, period and class, in their order; `row` is the place of the unit."""
    jobs, groups = _plan_jobs(maps), units.ground.shapes.group_neighbours(NEIGHBOURS)
    places = tuple(dict.fromkeys(place for tally, when in jobs for place in tally.list_places(when)))
    tasks = (
        ParcelTask(units.ground.take(group), maps.study.grid, list_stores(maps), places, jobs)
        for group in groups
    )
    found: list[pd.DataFrame] = []

    def put(number: int, part: ParcelSums) -> None:
        table = _tabulate(part)
        found.append(table.assign(row=groups[number][table["row"].to_numpy()]))

    title = maps.study.title("account sums")
    run.stream(title, sum_neighbours, tasks, put, count=len(groups))
    table = pd.concat(found, ignore_index=True)
    numbers = table.columns.drop(["row", "period", "mapped"])
    table = table.fillna(dict.fromkeys(numbers, 0.0))
    return table.sort_values(["row", "period"], kind="stable", ignore_index=True)


def _sum_area(run: Run, maps: Maps) -> pd.DataFrame:
    """The same of the area: a row per period and class."""
    jobs, stores = _plan_jobs(maps), list_stores(maps)
    places = tuple(dict.fromkeys(place for tally, when in jobs for place in tally.list_places(when)))
    ground = lay_ground(run.cluster, maps.study)
    parts = ground.map(partial(sum_ground, stores=stores, places=places, jobs=jobs))
    return _tabulate(ParcelSums.total(parts)).drop(columns="row")


def _tabulate(sums: ParcelSums) -> pd.DataFrame:
    tables = [_tabulate_job(job, numbers) for job, numbers in sums.by_job.items()]
    return pd.concat(tables, ignore_index=True)


def _tabulate_job(job: Job, numbers: Numbers) -> pd.DataFrame:
    tally, when = job
    assert isinstance(tally, ClassSums)
    table = tally.tabulate(numbers)
    table.insert(1, "period", pd.Series(when.label, table.index, dtype=object))
    return table
