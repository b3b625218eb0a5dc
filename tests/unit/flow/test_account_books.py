"""Books drawn up from one ledger: every table is there and checked, the headline first, and they balance."""

from dataclasses import replace
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from pipeline import contracts
from pipeline.accounts.methods import Evidence
from pipeline.accounts.parameters import ClassLineage
from pipeline.contracts.columns import check_table
from pipeline.errors import ContractError
from pipeline.flow.account_books import draw_up_books
from pipeline.flow.account_ledger import AccountFacts
from pipeline.periods import Period
from pipeline.settings.accounts import Accounts
from tests.account_worlds import AOI, build_statistics, build_sums

SCHEMAS = {
    "account_totals": contracts.ACCOUNT_TOTALS,
    "account_parcels": contracts.ACCOUNT_ITEMS,
    "account_sums": contracts.ACCOUNT_SUMS,
    "account_parameters": contracts.ACCOUNT_PARAMETERS,
    "account_methods": contracts.ACCOUNT_METHODS,
    "account_inputs": contracts.ACCOUNT_INPUTS,
    "account_balance": contracts.ACCOUNT_BALANCE,
    "account_bases": contracts.ACCOUNT_BASES,
    "account_extent": contracts.ACCOUNT_EXTENT,
    "account_condition": contracts.ACCOUNT_CONDITION,
    "account_services": contracts.ACCOUNT_SERVICES,
    "account_bridge": contracts.ACCOUNT_BRIDGE,
    "account_carbon": contracts.ACCOUNT_CARBON,
    "account_projects": contracts.ACCOUNT_PROJECTS,
    "account_statistics": contracts.STATISTICS,
}
RAIN = {"rain": 1100.0, "evapotranspiration": 700.0, "deficit": 0.0, "fvc": 0.6, "npp": 5.0}
YEARS = ("2023", "2024")


def ground(year, wetter):
    """Forest and water of a parcel in either town, and what lies outside."""
    more = RAIN | {"rain": RAIN["rain"] + wetter}
    rows = build_sums(
        ("p1", "west", "0301", "森林", "森林", 4e5, more),
        ("p1", "east", "0301", "森林", "农田", 1e5, more),
        ("p2", "east", "1104", "湿地", "湿地", 2e5, more),
        ("outside", "west", None, None, "森林", 3e5, more),
    )
    return rows.assign(period=year)


@pytest.fixture(scope="module")
def ledger():
    sums = pd.concat([ground(year, 50.0 * number) for number, year in enumerate(YEARS)], ignore_index=True)
    names = [name for name in sums.columns if name == "area_m2" or name in RAIN]
    statistics = pd.concat(
        [
            build_statistics((AOI, "visits", 900.0), (AOI, "emission_so2", 2.0), year=int(year))
            for year in YEARS
        ]
    )
    periods = tuple(
        Period(pd.Timestamp(year).date(), pd.Timestamp(f"{year}-12-31").date(), year) for year in YEARS
    )
    return AccountFacts(
        study=SimpleNamespace(aoi=SimpleNamespace(id=AOI, area_m2=1e6), periods=periods),
        given=Accounts(profile="gbt46869-2025", class_basis="mapped", intervals={"draws": 50}),
        sums=sums,
        whole=sums.groupby(["period", "mapped"])[names].sum().reset_index(),
        closures={"": 1e-10, "west": 2e-9, "east": -1e-9},
        statistics=statistics,
        regions=gpd.GeoDataFrame({"region": ["west", "east"], "name": ["西", "东"]}, geometry=[None, None]),
        projects=gpd.GeoDataFrame({name: [] for name in contracts.PROJECTS.columns}, geometry=[]),
        parcels=pd.DataFrame({"parcel_id": ["p1", "p2"], "right_holder": [None, None]}),
        sections=pd.DataFrame({"period": ["2023", "2024"], "water_class": [2, 3]}),
        accuracy=None,
        moves={},
        evidence=Evidence({}, {}),
    )


@pytest.fixture(scope="module")
def books(ledger):
    return draw_up_books(ledger)


def test_every_book_is_a_table_of_its_contract(books):
    for name, schema in SCHEMAS.items():
        check_table(books[name], schema)
    assert {"account_choices", "account_prices", "account_regions"} <= set(books)


def test_rows_of_the_headline_stand_before_those_of_the_other_basis(books):
    for name in ("account_totals", "account_bridge", "account_extent"):
        basis = books[name]["basis"]
        assert basis.drop_duplicates().tolist() == ["mapped", "registered"], name
    assert books["account_parcels"]["basis"].unique().tolist() == ["mapped"]


def test_parts_sum_to_the_whole_to_1e_9_in_every_book(books):
    balance = books["account_balance"]
    must = balance[balance["parts"].isin(["units", "regions", "classes"])]
    assert {"area", "REG-01", "REG-06a"} <= set(must["subject"])
    assert must["difference"].abs().max() < 1e-9


def test_water_that_is_retained_is_rain_less_what_runs_off_and_evaporates(ledger):
    found = ledger.valuation.items
    own = found[found["service"].eq("REG-01") & found["basis"].eq("registered") & found["period"].eq("2024")]
    forest = own[own["account_class"].eq("0301")]
    share = ledger.book.find("runoff_coefficient", ClassLineage.of([["0301"], ["森林"]], ["west"])).value[0]
    expected = 5e5 * ((RAIN["rain"] + 50) * (1 - share) - RAIN["evapotranspiration"]) * 1e-3
    assert forest["quantity"].sum() == pytest.approx(expected, rel=1e-9)


def test_books_that_do_not_balance_are_refused(ledger):
    twice = ledger.sums.assign(
        area_m2=ledger.sums["area_m2"] * np.where(ledger.sums["region"].eq("west"), 2, 1)
    )
    with pytest.raises(ContractError, match="do not balance") as refusal:
        draw_up_books(replace(ledger, sums=twice))
    assert any(problem.place.startswith("area") for problem in refusal.value.problems)
