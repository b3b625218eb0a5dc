"""From sums under ground, statistics and parameters to what each service comes to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.accounts.parameters import Found, ParameterBook
from pipeline.accounts.price_index import PriceIndex
from pipeline.accounts.prices import move_prices
from pipeline.accounts.rows import Rows, list_bases, list_rows
from pipeline.accounts.service import Amounts, Array, Item, Service, Terms
from pipeline.accounts.services.registry import SERVICES, check_services
from pipeline.accounts.sharing import YearStatistics, list_money
from pipeline.accounts.terms import BY_AREA, Gathered, Sources, gather_terms, list_missing
from pipeline.contracts.accounts import ACCOUNT_ITEMS
from pipeline.contracts.columns import check_table

LACKS = ("period", "basis", "service", "item", "unit", "reason")


@dataclass(frozen=True)
class Method:
    """How services are accounted: which of them, by which variants of formulas, in prices of which year.

    Raises SettingsError where services are unknown, or would count the same gift of nature twice.
    """

    services: tuple[str, ...]
    options: Mapping[str, object]
    price_year: int

    def __post_init__(self) -> None:
        check_services(self.services)

    def list_items(self, statistics: YearStatistics) -> Iterator[tuple[Service, Item]]:
        """The items of each service, those of products by the products that statistics tell."""
        for code in self.services:
            for item in SERVICES[code].pick_items(self.options):
                yield from ((SERVICES[code], one) for one in split_products(item, statistics))


@dataclass(frozen=True)
class Valuation:
    """What services come to: ACCOUNT_ITEMS; items of which nothing could be said (LACKS); parameters used.

    An item that lacks an input everywhere has no rows among `items`, but one of its own among `lacks`, with
    the reason. `spans` are the regions, periods and bases that were accounted.
    """

    items: pd.DataFrame
    lacks: pd.DataFrame
    spans: pd.DataFrame
    used: tuple[tuple[str, Found], ...]


def evaluate(item: Item, terms: Terms) -> Amounts:
    """Quantity and price of an item, of any leading axes (draws, worlds) over rows.

    It reads the names in `item.needs` from `terms`, and nothing else; statistics are handed out already (see
    `pipeline.accounts.sharing`). Unknown terms are NaN, and so is what rests on them.
    """
    return Amounts(item.quantity.compute(terms), item.price.compute(terms))


def split_products(item: Item, statistics: YearStatistics) -> list[Item]:
    """An item for each product that its statistics are told by; the item itself where they are not."""
    products = [one for code in item.needs.shared for one in statistics.list_products(code)]
    return [
        replace(item, key=f"{item.key}.{name}", name_zh=name, name_en=name, unit=unit, product=name)
        for name, unit in dict.fromkeys(products)
    ] or [item]


def value_services(
    sums: pd.DataFrame,
    statistics: pd.DataFrame,
    book: ParameterBook,
    index: PriceIndex,
    method: Method,
    *,
    aoi_id: str,
) -> Valuation:
    """What each service of each unit and class comes to, in prices of the period and of the price year.

    `sums` are ACCOUNT_SUMS, `statistics` STATISTICS of the same years. Both bases are told where there are
    registered classes.
    """
    told = [
        _value_year(rows, statistics, book, index, method, aoi_id=aoi_id, basis=basis)
        for basis in list_bases(sums)
        for _, rows in list_rows(sums, basis).groupby("period", sort=True)
    ]
    items = pd.concat([frame for year in told for frame in year.items] or [_tabulate_nothing()])
    items["reason"] = items["reason"].where(items["reason"].notna(), None)
    lacks = [lack for year in told for lack in year.lacks]
    return Valuation(
        check_table(items.reset_index(drop=True), ACCOUNT_ITEMS),
        pd.DataFrame(lacks, columns=list(LACKS)),
        pd.concat([year.spans for year in told]),
        tuple(pair for year in told for pair in year.used),
    )


@dataclass(frozen=True)
class _Year:
    spans: pd.DataFrame
    items: Sequence[pd.DataFrame]
    lacks: Sequence[tuple[str, ...]]
    used: Sequence[tuple[str, Found]]


def _value_year(
    table: pd.DataFrame,
    statistics: pd.DataFrame,
    book: ParameterBook,
    index: PriceIndex,
    method: Method,
    *,
    aoi_id: str,
    basis: str,
) -> _Year:
    period = str(table["period"].iloc[0])
    rows, year = Rows.of(table), int(period)
    told = YearStatistics(statistics, year, aoi_id)
    current = Sources(told, move_prices(book, index, year))
    comparable = replace(current, book=move_prices(book, index, method.price_year))
    items, lacks, used = [], [], []
    for service, item in method.list_items(told):
        supply = service.find_supply(item)
        missing = list_missing(item, supply, rows, current)
        if missing:
            lacks.append((period, basis, service.code, item.key, item.unit, "; ".join(missing)))
            continue
        gathered = gather_terms(item, supply, rows, current)
        prices = _price_comparably(item, gathered, comparable, index, year, method.price_year)
        items.append(_tabulate(service, item, gathered, prices, basis))
        used += [(service.code, _list_places(found)) for found in gathered.found]
    spans = table.loc[table["counted"], ["region", "period"]].drop_duplicates().assign(basis=basis)
    return _Year(spans, items, lacks, used)


def _price_comparably(
    item: Item, gathered: Gathered, sources: Sources, index: PriceIndex, year: int, price_year: int
) -> Array:
    """Price of each row in prices of the price year; money of statistics is moved as parameters are."""
    ground = gathered.rows.ground
    parameters = {key: sources.book.find(key, ground).value for key in item.price.needs.parameters}
    factors = {code: index.find_factor(code, year, price_year) for code in list_money(item.price.needs.codes)}
    moved = {
        code: gathered.terms.statistics[code] * (np.nan if factor is None else factor)
        for code, factor in factors.items()
    }
    terms = replace(
        gathered.terms,
        parameters={**gathered.terms.parameters, **parameters},
        statistics={**gathered.terms.statistics, **moved},
    )
    return item.price.compute(terms)


def _tabulate(
    service: Service, item: Item, gathered: Gathered, comparable: Array, basis: str
) -> pd.DataFrame:
    rows, amounts = gathered.rows, evaluate(item, gathered.terms)
    known = gathered.known_m2 > 0
    quantity = np.where(known, amounts.quantity, np.nan)
    value = quantity * amounts.price
    told = rows.table.assign(
        basis=basis,
        service=service.code,
        item=item.key,
        quantity=quantity,
        unit=item.unit,
        price=np.broadcast_to(amounts.price, len(rows)),
        value_yuan=value,
        comparable_yuan=quantity * comparable,
        unknown_m2=np.where(np.isnan(quantity), rows.area_m2, rows.area_m2 - gathered.known_m2),
        shared_out=bool(item.needs.shared),
        indicative=_find_indicative(service, gathered.found, len(rows)),
        reason=_explain(gathered, np.isnan(value)),
    )
    return told[[*ACCOUNT_ITEMS.columns]]


def _find_indicative(service: Service, found: Sequence[Found], rows: int) -> NDArray[np.bool_]:
    resting = np.full(rows, not service.confirmed)
    for one in found:
        resting |= one.indicative
    return resting


def _explain(gathered: Gathered, null: NDArray[np.bool_]) -> NDArray[np.object_]:
    reason = np.full(len(null), None, object)
    reason[gathered.by_area] = BY_AREA
    for rows, text in reversed(gathered.lacks):
        reason[rows & null] = text
    return reason


def _list_places(found: Found) -> Found:
    """What was found, without its values: which rows of the book."""
    return replace(found, value=np.empty(0), place=np.unique(found.place), indicative=np.empty(0, bool))


def _tabulate_nothing() -> pd.DataFrame:
    return pd.DataFrame({name: [] for name in ACCOUNT_ITEMS.columns})
