"""The accounts of an area: what nature gives in quantity and yuan, and the books that they stand in."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.accounts.books import split_rows
from pipeline.accounts.eligibility import check_projects
from pipeline.accounts.methods import Evidence
from pipeline.accounts.variables import VARIABLES
from pipeline.contracts.accounts import ACCOUNT_ITEMS
from pipeline.engine.run import Run
from pipeline.flow.account_books import draw_up_books
from pipeline.flow.account_inputs import list_account_keys
from pipeline.flow.account_ledger import AccountFacts
from pipeline.flow.account_sums import make_account_sums
from pipeline.flow.inputs import Inputs
from pipeline.maps.change import COVER_MOVES, tabulate_transitions
from pipeline.maps.ecosystem import TYPE_MOVES
from pipeline.maps.land_cover.kinds import is_typed
from pipeline.maps.showing import list_rasters
from pipeline.maps.step import Maps, View
from pipeline.rights_registry.inventory_values import AccountedValues
from pipeline.settings.accounts import Accounts
from pipeline.storage.cause import Artifact
from pipeline.storage.sorted_rows import sort_rows
from pipeline.storage.tables import (
    PART_ROWS,
    load_json,
    load_layer,
    load_table,
    read_parts,
    save_json,
    save_parts,
    save_tables,
)
from pipeline.zonal.ground import lay_ground

_VERSION = 1
_RIGHTS = ("parcel_id", "right_holder", "owner_subject", "right_type")
_ITEMS = "account_parcels.parquet"
_WATER_CLASS, _LAYERS = "water_class", "account_layers"
_BALANCE, _SOIL = ("rain", "evapotranspiration"), ("sand", "silt", "clay", "organic_carbon")
_MADE_FROM = {
    "deficit": _BALANCE,
    "erosion_potential": ("rain", "elevation", *_SOIL),
    "erosion": ("rain", "elevation", *_SOIL),
    "hot_days": ("hot_days", "temperature"),
}
"""Layers that variables of another name, or of several layers, are made from."""


def make_accounts(
    run: Run,
    maps: Maps,
    parcels: Artifact,
    told: Artifact | None,
    statistics: Artifact,
    sections: Artifact,
    inputs: Inputs,
) -> Artifact | None:
    """Artifact with the tables of the accounts; `tables.json` names them, in the order of a delivery.

    `told` are the inputs that offices give, `statistics` those of the maps; None where the config asks for no
    accounts. Raises ContractError where books do not balance.
    """
    study, given = maps.study, inputs.accounts
    if given is None or told is None:
        return None
    regions, projects = (load_layer(told.path, name) for name in ("regions", "projects"))
    sums = make_account_sums(run, maps, parcels, regions, projects)
    cause = study.cause(
        "accounts",
        _VERSION,
        [sums.key, told.key, statistics.key, sections.key, *list_account_keys(inputs)],
        accounts=_describe(given, study.aoi.id),
        parcels=parcels.key,
    )

    def build(folder: Path) -> None:
        status = pd.DataFrame(load_layer(sections.path, "sections").drop(columns="geometry"))
        register = load_table(parcels.path, "parcels", _RIGHTS)
        ledger = AccountFacts(
            study,
            given,
            load_table(sums.path, "sums"),
            load_table(sums.path, "whole"),
            load_json(sums.path / "closures.json"),
            _add_water_class(load_table(told.path, "statistics"), status, study.aoi.id),
            regions,
            projects,
            register,
            status,
            _load_accuracy(statistics),
            _tabulate_moves(run, maps),
            _gather_evidence(maps, statistics),
        )
        tables = draw_up_books(ledger)
        tables["statistics_rejected"] = load_table(told.path, "statistics_rejected")
        save_json(folder / "tables.json", list(tables))
        save_parts(folder / _ITEMS, split_rows(tables.pop("account_parcels"), ACCOUNT_ITEMS, PART_ROWS))
        save_tables(folder, {**tables, "findings": check_projects(projects, ledger.sums)})
        save_json(folder / "parameter_set.json", ledger.parameter_set)

    return run.artifact(study.title("accounts"), cause, build)


def load_values(accounts: Artifact) -> AccountedValues:
    """What accounts tell of the products of parcels, without the items; see `read_account_items`."""
    return AccountedValues(
        next(read_parts(accounts.path / _ITEMS)).iloc[:0],
        load_table(accounts.path, "account_methods"),
        load_json(accounts.path / "parameter_set.json"),
        f"accounts {accounts.key[:12]}；tables/account_parcels.csv",
    )


def read_account_items(accounts: Artifact, parcels: Artifact, folder: Path) -> Iterator[pd.DataFrame]:
    """ACCOUNT_ITEMS of parcels on the basis of the headline, in the order of the register, part by part.

    Until they are read they lie in a folder within that which is given.
    """
    path = accounts.path / _ITEMS
    headline = next(read_parts(path, ["basis"]))["basis"].head(1)
    ids = pd.Index(pd.concat(read_parts(parcels.path / "parcels.parquet", ["parcel_id"]))["parcel_id"])
    own = (part[part["kind"].eq("parcel") & part["basis"].isin(headline)] for part in read_parts(path))
    return sort_rows(own, lambda rows: ids.get_indexer(rows["parcel_id"]), len(ids), folder)


def _describe(given: Accounts, aoi: str) -> dict[str, Any]:
    """What of the config decides the accounts, beside the files that it names."""
    own = {"price_year", "class_basis", "intervals"}
    profile = given.load_profile(aoi).model_dump(mode="json", include={"services", "choices"})
    return {**given.model_dump(mode="json", include=own), **profile}


def _load_accuracy(statistics: Artifact) -> pd.DataFrame | None:
    made = load_json(statistics.path / "tables.json")
    return load_table(statistics.path, "accuracy") if "accuracy" in made else None


def _add_water_class(statistics: pd.DataFrame, sections: pd.DataFrame, aoi_id: str) -> pd.DataFrame:
    """STATISTICS with the class of the worst section of each year, as a figure of the area.

    A year of which the statistics tell the class of the area themselves keeps theirs.
    """
    graded = sections.dropna(subset="water_class")
    own = statistics[statistics["item"].eq(_WATER_CLASS) & statistics["region"].eq(aoi_id)]
    rows = [
        {
            "region": aoi_id,
            "year": int(str(period)),
            "item": _WATER_CLASS,
            "value": float(worst),
            "unit": "class",
            "source": "断面水质评价，取最差断面 / the worst section as graded",
            "file": "sections.csv",
            "row": 0,
        }
        for period, worst in graded.groupby("period")["water_class"].max().items()
        if int(str(period)) not in set(own["year"])
    ]
    return pd.concat([statistics, pd.DataFrame(rows, columns=statistics.columns)], ignore_index=True)


def _tabulate_moves(run: Run, maps: Maps) -> dict[tuple[str, str], pd.DataFrame]:
    """Areas that went from class to class of the maps, by the labels of two consecutive years."""
    what = TYPE_MOVES if is_typed(maps.study) else COVER_MOVES
    view = View(maps, lay_ground(run.cluster, maps.study), pd.DataFrame(), pd.DataFrame(), {})
    found = tabulate_transitions(view, what)
    return {(when.periods[0].label, when.periods[-1].label): matrix for when, matrix in found.items()}


def _gather_evidence(maps: Maps, statistics: Artifact) -> Evidence:
    """Delivered rasters of variables and classes by period, and the files that variables are made from."""
    names = {raster.name for raster in list_rasters(maps)}
    shown = ("land_cover", *VARIABLES)
    rasters = {
        (name, period.label): f"{name}_{period.stem}"
        for period in maps.study.periods
        for name in shown
        if f"{name}_{period.stem}" in names
    }
    made = load_json(statistics.path / "tables.json")
    layers = load_table(statistics.path, _LAYERS) if _LAYERS in made else pd.DataFrame()
    return Evidence(dict(_name_sources(layers)), rasters)


def _name_sources(layers: pd.DataFrame) -> Iterator[tuple[tuple[str, str], str]]:
    """Files behind each variable and period, by ACCOUNT_LAYERS."""
    for period, rows in layers.groupby("period") if len(layers) else ():
        files = rows.set_index("layer")["source"].to_dict()
        for name in VARIABLES:
            used = [files[layer] for layer in _MADE_FROM.get(name, (name,)) if layer in files]
            if used:
                yield (name, str(period)), "; ".join(used)
