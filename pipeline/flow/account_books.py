"""The books of the accounts: every table that a delivery has of them, drawn up from one ledger."""

import pandas as pd

from pipeline.accounts.balance import build_balance, compare_bases, list_imbalances
from pipeline.accounts.bridge import build_bridge
from pipeline.accounts.carbon_stock import build_carbon
from pipeline.accounts.condition import build_condition
from pipeline.accounts.doubts import add_doubts
from pipeline.accounts.extent import build_extent
from pipeline.accounts.intervals import add_intervals
from pipeline.accounts.methods import describe_inputs, describe_methods
from pipeline.accounts.price_index import PriceIndex
from pipeline.accounts.projects import account_projects
from pipeline.accounts.supply import build_supply_and_use
from pipeline.accounts.totals import total_services
from pipeline.contracts.accounts import ACCOUNT_CHOICES, ACCOUNT_PRICES
from pipeline.contracts.columns import check_table
from pipeline.errors import ContractError, Problem
from pipeline.flow.account_ledger import AccountFacts
from pipeline.settings.parameters import read_elsewhere


def draw_up_books(ledger: AccountFacts) -> dict[str, pd.DataFrame]:
    """All tables by name, in the order of a delivery; of both bases the headline's rows stand first.

    Texts of `account_parcels` are categories, as those of a valuation are.

    Raises ContractError where books do not balance.
    """
    items, aoi_id = ledger.valuation.items, ledger.aoi_id
    totals = _total(ledger)
    tables = {
        "account_totals": totals,
        "account_parcels": _select_headline(items, ledger.given.class_basis),
        "account_sums": ledger.sums,
        "account_parameters": _tabulate_parameters(ledger),
        "account_choices": _tabulate_choices(ledger),
        "account_prices": _tabulate_prices(ledger.index),
        "account_methods": describe_methods(ledger.method, ledger.statistics, aoi_id=aoi_id),
        "account_inputs": describe_inputs(
            ledger.method, ledger.sums, ledger.statistics, ledger.evidence, aoi_id=aoi_id
        ),
        "account_balance": _balance(ledger, totals),
        "account_bases": compare_bases(items),
        "account_extent": build_extent(ledger.sums, ledger.moves, aoi_id=aoi_id),
        "account_condition": build_condition(ledger.sums, ledger.sections, aoi_id=aoi_id),
        "account_services": build_supply_and_use(items, aoi_id=aoi_id),
        "account_bridge": build_bridge(
            items, ledger.sums, totals, aoi_id=aoi_id, lacks=ledger.valuation.lacks
        ),
        "account_carbon": build_carbon(ledger.sums, ledger.book, aoi_id=aoi_id),
        "account_projects": account_projects(items, ledger.projects, ledger.parcels),
        "account_regions": pd.DataFrame(ledger.regions[["region", "name"]]),
        "account_statistics": ledger.statistics,
    }
    return {name: _put_first(table, ledger.given.class_basis) for name, table in tables.items()}


def _total(ledger: AccountFacts) -> pd.DataFrame:
    """ACCOUNT_TOTALS with low and high."""
    valuation, how = ledger.valuation, (ledger.statistics, ledger.index, ledger.method)
    totals = total_services(valuation, *how, aoi_id=ledger.aoi_id)
    return add_intervals(
        totals,
        valuation.items,
        ledger.sums,
        ledger.statistics,
        ledger.book,
        ledger.index,
        ledger.method,
        aoi_id=ledger.aoi_id,
        **ledger.given.intervals.model_dump(),
        accuracy=ledger.accuracy,
    )


def _balance(ledger: AccountFacts, totals: pd.DataFrame) -> pd.DataFrame:
    """ACCOUNT_BALANCE; ContractError where it shows that books do not balance."""
    balance = build_balance(
        ledger.sums,
        ledger.whole,
        ledger.valuation.items,
        totals,
        ledger.closures,
        aoi_id=ledger.aoi_id,
        area_m2=ledger.study.aoi.area_m2,
    )
    _refuse_imbalances(balance)
    return balance


def _tabulate_parameters(ledger: AccountFacts) -> pd.DataFrame:
    """ACCOUNT_PARAMETERS that were used, with what speaks against them."""
    years = sorted({*(int(period.label) for period in ledger.study.periods), ledger.method.price_year})
    used = ledger.book.tabulate(ledger.valuation.used)
    return add_doubts(used, read_elsewhere(), ledger.index, years)


def _tabulate_choices(ledger: AccountFacts) -> pd.DataFrame:
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


def _select_headline(items: pd.DataFrame, basis: str) -> pd.DataFrame:
    """Items of the basis of the headline, or of the other where that has none; totals have both."""
    own = items[items["basis"].eq(basis)]
    return (own if len(own) else items).reset_index(drop=True)


def _put_first(table: pd.DataFrame, basis: str) -> pd.DataFrame:
    """A table with the rows of a basis before those of the other."""
    if "basis" not in table:
        return table
    other = table["basis"].ne(basis) & table["basis"].notna()
    return table.loc[other.sort_values(kind="stable").index].reset_index(drop=True)


def _refuse_imbalances(balance: pd.DataFrame) -> None:
    off = list_imbalances(balance)
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
