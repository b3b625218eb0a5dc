"""The accounts of an area: what nature gives in quantity and yuan, and the books that they stand in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from pipeline.accounts.balance import build_balance, compare_bases, list_unbalanced
from pipeline.accounts.bridge import build_bridge
from pipeline.accounts.condition import build_condition
from pipeline.accounts.eligibility import check_projects
from pipeline.accounts.extent import build_extent
from pipeline.accounts.intervals import bound_totals
from pipeline.accounts.methods import Evidence, describe_inputs, describe_methods
from pipeline.accounts.parameters import ParameterBook
from pipeline.accounts.price_index import NO_INDEX, PriceIndex
from pipeline.accounts.projects import account_projects
from pipeline.accounts.supply import build_supply_and_use
from pipeline.accounts.totals import total_services
from pipeline.accounts.valuing import Method, Valuation, value_services
from pipeline.accounts.variables import VARIABLES
from pipeline.contracts.accounts import ACCOUNT_CHOICES, ACCOUNT_PRICES
from pipeline.contracts.columns import check_table
from pipeline.engine.run import Run
from pipeline.engine.study import Study
from pipeline.errors import ContractError, Problem
from pipeline.flow.account_inputs import list_account_keys
from pipeline.flow.account_sums import make_account_sums
from pipeline.flow.inputs import Inputs
from pipeline.maps.change import COVER_MOVES, tabulate_transitions
from pipeline.maps.ecosystem import TYPE_MOVES
from pipeline.maps.land_cover.kinds import is_typed
from pipeline.maps.showing import list_rasters
from pipeline.maps.step import Maps, View
from pipeline.rights_registry.inventory_values import AccountedValues
from pipeline.settings.accounts import Accounts, Profile
from pipeline.settings.parameters import read_parameters
from pipeline.settings.price_index import read_price_index
from pipeline.storage.cause import Artifact
from pipeline.storage.tables import load_json, load_layer, load_table, save_json, save_tables
from pipeline.zonal.ground import lay_ground

_VERSION = 1
_WATER_CLASS, _LAYERS = "water_class", "account_layers"
_BALANCE, _SOIL = ("rain", "evapotranspiration"), ("sand", "silt", "clay", "organic_carbon")
_MADE_FROM = {
    "deficit": _BALANCE,
    "erosion_potential": ("rain", "elevation", *_SOIL),
    "erosion": ("rain", "elevation", *_SOIL),
    "hot_days": ("hot_days", "temperature"),
}
"""Layers that variables of another name, or of several layers, are made from."""


@dataclass(frozen=True)
class Ledger:
    """What accounts of an area are drawn up from: sums under units, statistics, the profile and its figures.

    `whole` are the sums of the area as one piece, `closures` errors of closure of areas, `sections`
    SECTION_STATUS, `accuracy` the table of the accuracy sample where there is one.
    """

    study: Study
    given: Accounts
    sums: pd.DataFrame
    whole: pd.DataFrame
    closures: Mapping[str, float]
    statistics: pd.DataFrame
    regions: gpd.GeoDataFrame
    projects: gpd.GeoDataFrame
    parcels: pd.DataFrame
    sections: pd.DataFrame
    accuracy: pd.DataFrame | None

    @property
    def aoi_id(self) -> str:
        """Id of the area."""
        return self.study.aoi.id

    @cached_property
    def profile(self) -> Profile:
        """The profile of the area, with the choices of the config."""
        return self.given.load_profile(self.aoi_id)

    @cached_property
    def method(self) -> Method:
        """Which services are accounted, and how; the price year is the first year unless one is given."""
        first = int(self.study.periods[0].label)
        return Method(
            tuple(self.profile.services), self.profile.choices.model_dump(), self.given.price_year or first
        )

    @property
    def parameter_set(self) -> str:
        """Profile and price year, as the inventory names them."""
        return f"{self.profile.name_zh}；可比价 {self.method.price_year} 年"

    @cached_property
    def book(self) -> ParameterBook:
        """Parameters of the profile and of the config."""
        tables = read_parameters([Path(path) for path in self.profile.parameters])
        return ParameterBook.of(tables, self.aoi_id)

    @cached_property
    def index(self) -> PriceIndex:
        """The index that moves prices."""
        path = self.given.price_index
        return PriceIndex(read_price_index(Path(path))) if path else NO_INDEX

    @cached_property
    def valuation(self) -> Valuation:
        """What services come to."""
        return value_services(
            self.sums, self.statistics, self.book, self.index, self.method, aoi_id=self.aoi_id
        )


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
        ledger = Ledger(
            study,
            given,
            load_table(sums.path, "sums"),
            load_table(sums.path, "whole"),
            load_json(sums.path / "closures.json"),
            _add_water_class(load_table(told.path, "statistics"), status, study.aoi.id),
            regions,
            projects,
            pd.DataFrame(load_layer(parcels.path, "parcels").drop(columns="geometry")),
            status,
            _load_accuracy(statistics),
        )
        tables = _draw_up(run, maps, statistics, ledger)
        tables["statistics_rejected"] = load_table(told.path, "statistics_rejected")
        save_tables(folder, {**tables, "findings": check_projects(projects, ledger.sums)})
        save_json(folder / "tables.json", list(tables))
        save_json(folder / "parameter_set.json", ledger.parameter_set)

    return run.artifact(f"{study.aoi.name_zh} 核算 accounts", cause, build)


def load_values(accounts: Artifact) -> AccountedValues:
    """What accounts tell of the products of parcels, on the basis of the headline."""
    items = load_table(accounts.path, "account_parcels")
    headline = items["basis"].iloc[0] if len(items) else ""
    return AccountedValues(
        items[items["basis"].eq(headline)],
        load_table(accounts.path, "account_methods"),
        load_json(accounts.path / "parameter_set.json"),
        f"accounts {accounts.key[:12]}；tables/account_parcels.csv",
    )


def _describe(given: Accounts, aoi: str) -> dict[str, Any]:
    """What of the config decides the accounts, beside the files that it names."""
    own = {"price_year", "class_basis", "intervals"}
    profile = given.load_profile(aoi).model_dump(mode="json", include={"services", "choices"})
    return {**given.model_dump(mode="json", include=own), **profile}


def _draw_up(run: Run, maps: Maps, statistics: Artifact, ledger: Ledger) -> dict[str, pd.DataFrame]:
    """All tables by name; of both bases the headline's rows stand first."""
    valuation, aoi_id = ledger.valuation, ledger.aoi_id
    totals = _bound(
        ledger, total_services(valuation, ledger.statistics, ledger.index, ledger.method, aoi_id=aoi_id)
    )
    balance = build_balance(
        ledger.sums,
        ledger.whole,
        valuation.items,
        totals,
        ledger.closures,
        aoi_id=aoi_id,
        area_m2=ledger.study.aoi.area_m2,
    )
    _refuse_unbalanced(balance)
    items = valuation.items
    tables = {
        "account_totals": totals,
        "account_parcels": items,
        "account_sums": ledger.sums,
        "account_parameters": ledger.book.tabulate(valuation.used),
        "account_choices": _tabulate_choices(ledger),
        "account_prices": _tabulate_prices(ledger.index),
        "account_methods": describe_methods(ledger.method, ledger.statistics, aoi_id=aoi_id),
        "account_inputs": describe_inputs(
            ledger.method, ledger.sums, ledger.statistics, _gather_evidence(maps, statistics), aoi_id=aoi_id
        ),
        "account_balance": balance,
        "account_bases": compare_bases(items),
        "account_extent": build_extent(ledger.sums, _tabulate_moves(run, maps), aoi_id=aoi_id),
        "account_condition": build_condition(ledger.sums, ledger.sections, aoi_id=aoi_id),
        "account_bridge": build_bridge(items, ledger.sums, aoi_id=aoi_id, lacks=valuation.lacks),
        "account_services": build_supply_and_use(items, aoi_id=aoi_id),
        "account_projects": account_projects(items, ledger.projects, ledger.parcels),
        "account_regions": pd.DataFrame(ledger.regions[["region", "name"]]),
        "account_statistics": ledger.statistics,
    }
    return {name: _put_first(table, ledger.given.class_basis) for name, table in tables.items()}


def _bound(ledger: Ledger, totals: pd.DataFrame) -> pd.DataFrame:
    """Totals with low and high."""
    return bound_totals(
        totals,
        ledger.valuation.items,
        ledger.sums,
        ledger.statistics,
        ledger.book,
        ledger.index,
        ledger.method,
        aoi_id=ledger.aoi_id,
        **ledger.given.intervals.model_dump(),
        accuracy=ledger.accuracy,
    )


def _load_accuracy(statistics: Artifact) -> pd.DataFrame | None:
    made = load_json(statistics.path / "tables.json")
    return load_table(statistics.path, "accuracy") if "accuracy" in made else None


def _tabulate_choices(ledger: Ledger) -> pd.DataFrame:
    """ACCOUNT_CHOICES: profile and price year, then the variant of each formula."""
    head = {"profile": ledger.profile.name_zh, "price_year": ledger.method.price_year}
    options = {**head, **ledger.method.options}.items()
    rows = [(choice, str(option)) for choice, option in options]
    table: pd.DataFrame = check_table(pd.DataFrame(rows, columns=["choice", "option"]), ACCOUNT_CHOICES)
    return table


def _tabulate_prices(index: PriceIndex) -> pd.DataFrame:
    """ACCOUNT_PRICES of the index that moved prices."""
    rows = [(kind, year, level) for kind, levels in index.levels.items() for year, level in levels.items()]
    columns = ["index_kind", "year", "price_index"]
    table: pd.DataFrame = check_table(pd.DataFrame(rows, columns=columns), ACCOUNT_PRICES)
    return table


def _put_first(table: pd.DataFrame, basis: str) -> pd.DataFrame:
    """A table with the rows of a basis before those of the other."""
    if "basis" not in table:
        return table
    other = table["basis"].ne(basis) & table["basis"].notna()
    return table.loc[other.sort_values(kind="stable").index].reset_index(drop=True)


def _refuse_unbalanced(balance: pd.DataFrame) -> None:
    off = list_unbalanced(balance)
    problems = [
        Problem(
            f"{row.subject} {row.item} {row.period} {row.basis}, {row.figure} by {row.parts}",
            f"{row.parts_sum!r}",
            f"{row.whole!r}",
        )
        for row in off.itertuples()
    ]
    if problems:
        raise ContractError("The books of the accounts do not balance", problems)


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
    view = View(maps, lay_ground(run.cluster, maps.study), pd.DataFrame(), gpd.GeoDataFrame(), {})
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
