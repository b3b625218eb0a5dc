"""From sums under ground, statistics and parameters to what each service comes to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.accounts.books import compact_texts, join_book, join_compact
from pipeline.accounts.parameters import Found, ParameterBook
from pipeline.accounts.price_index import PriceIndex
from pipeline.accounts.prices import move_prices
from pipeline.accounts.rows import UNIT, AccountRows, gather_rows, list_bases
from pipeline.accounts.service import Amounts, Array, Service, ServiceItem, Terms
from pipeline.accounts.services.ground import WETLAND
from pipeline.accounts.services.registry import SERVICES, check_services
from pipeline.accounts.sharing import YearStatistics, list_money
from pipeline.accounts.terms import Gathered, TermSources, find_missing_terms, gather_terms
from pipeline.contracts.accounts import ACCOUNT_ITEMS, COMPACT_ITEMS
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

    def list_items(self, statistics: YearStatistics) -> Iterator[tuple[Service, ServiceItem]]:
        """The items of each service, those of products by the products that statistics tell."""
        for code in self.services:
            for item in SERVICES[code].pick_items(self.options):
                yield from ((SERVICES[code], one) for one in split_products(item, statistics))


@dataclass(frozen=True)
class Valuation:
    """What services come to: ACCOUNT_ITEMS; items of which nothing could be said (LACKS); parameters used.

    Texts of `items` are categories in their order, as there are many rows and few texts.

    An item that lacks an input everywhere has no rows among `items`, but one of its own among `lacks`, with
    the reason; so has one that no ground supplies, without a reason. `spans` are the regions, periods and
    bases that were accounted, with the area of wetland that a map alone tells of (`mapped_wetland_m2`).
    """

    items: pd.DataFrame
    lacks: pd.DataFrame
    spans: pd.DataFrame
    used: tuple[tuple[str, Found], ...]


def evaluate(item: ServiceItem, terms: Terms) -> Amounts:
    """Quantity and price of an item, of any leading axes (draws, worlds) over rows.

    It reads the names in `item.needs` from `terms`, and nothing else; statistics are handed out already (see
    `pipeline.accounts.sharing`). Unknown terms are NaN, and so is what rests on them.
    """
    return Amounts(item.quantity.compute(terms), item.price.compute(terms))


def split_products(item: ServiceItem, statistics: YearStatistics) -> list[ServiceItem]:
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
        for _, rows in gather_rows(sums, basis).groupby("period", sort=True)
    ]
    lacks = [lack for year in told for lack in year.lacks]
    return Valuation(
        join_compact([year.items for year in told]),
        pd.DataFrame(lacks, columns=list(LACKS)),
        pd.concat([year.spans for year in told]),
        tuple(pair for year in told for pair in year.used),
    )


@dataclass(frozen=True)
class _Year:
    spans: pd.DataFrame
    items: pd.DataFrame
    lacks: Sequence[tuple[str | None, ...]]
    used: Sequence[tuple[str, Found]]


@dataclass(frozen=True)
class _Prices:
    """Where prices of a year are taken from, and those of the price year; money of statistics by a factor."""

    current: TermSources
    comparable: ParameterBook
    index: PriceIndex
    price_year: int

    def compare(self, item: ServiceItem, gathered: Gathered) -> Array:
        """Price of each row in prices of the price year."""
        needs, terms, year = item.price.needs, gathered.terms, self.current.statistics.year
        parameters = {one.key: self.comparable.read(one.place) for one in gathered.found}
        factors = {
            code: self.index.find_factor(code, year, self.price_year) for code in list_money(needs.codes)
        }
        moved = {
            code: terms.statistics[code] * (np.nan if factor is None else factor)
            for code, factor in factors.items()
        }
        return item.price.compute(
            replace(terms, parameters=parameters, statistics={**terms.statistics, **moved})
        )


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
    rows, year = AccountRows.of(table), int(period)
    told = YearStatistics(statistics, year, aoi_id)
    sources = TermSources(told, move_prices(book, index, year), str(method.options["share_by"]))
    comparable = move_prices(book, index, method.price_year, unmoved="null")
    prices = _Prices(sources, comparable, index, method.price_year)
    parts, used = [], []
    lacks: list[tuple[str | None, ...]] = []
    for service, item in method.list_items(sources.statistics):
        supply = service.find_supply(item)
        missing = find_missing_terms(item, supply, rows, sources)
        if missing:
            lacks.append((period, basis, service.code, item.key, item.unit, "; ".join(missing)))
            continue
        gathered = gather_terms(item, supply, rows, sources)
        if not len(gathered.rows):
            lacks.append((period, basis, service.code, item.key, item.unit, None))
            continue
        parts.append(_list_figures(service, item, gathered, prices))
        used += [(service.code, _list_places(found)) for found in gathered.used]
    return _Year(_list_spans(table, basis), _tabulate(table, parts, basis), lacks, used)


def _list_spans(table: pd.DataFrame, basis: str) -> pd.DataFrame:
    counted = table[table["counted"]]
    wetland = counted[["account_class", "wider_class"]].isin([WETLAND]).any(axis=1)
    mapped = ~counted["account_class"].astype(str).str.match(r"\d")
    told = counted[["region", "period"]].assign(
        basis=basis, mapped_wetland_m2=counted["area_m2"].where(wetland & mapped, 0.0)
    )
    return told.groupby(["region", "period", "basis"], as_index=False, sort=False).sum()


def _list_figures(service: Service, item: ServiceItem, gathered: Gathered, prices: _Prices) -> dict[str, Any]:
    """What an item comes to by row, and what is said of all of its rows."""
    rows, amounts = gathered.rows, evaluate(item, gathered.terms)
    quantity = np.where(gathered.known_m2 > 0, amounts.quantity, np.nan)
    value = quantity * amounts.price
    return {
        "place": rows.place,
        "service": service.code,
        "item": item.key,
        "quantity": quantity,
        "unit": item.unit,
        "price": np.broadcast_to(amounts.price, len(rows)),
        "value_yuan": value,
        "comparable_yuan": quantity * prices.compare(item, gathered),
        "unknown_m2": rows.area_m2 - np.where(np.isnan(quantity), 0.0, gathered.known_m2),
        "shared_out": bool(item.needs.shared),
        "indicative": _find_indicative(service, gathered.used, len(rows)),
        "reason": gathered.explain(np.isnan(value)),
    }


def _tabulate(table: pd.DataFrame, parts: Sequence[Mapping[str, Any]], basis: str) -> pd.DataFrame:
    """ACCOUNT_ITEMS of figures of items, each with the unit and class of its row in the table."""
    if not parts:
        return compact_texts(join_book([], ACCOUNT_ITEMS))
    lengths = [len(part["place"]) for part in parts]
    joined = {name: _join_figures([part[name] for part in parts], lengths) for name in parts[0]}
    units = compact_texts(table[[*UNIT, "account_class", "area_m2"]].assign(basis=basis))
    told = compact_texts(units.take(joined.pop("place")).assign(**joined))
    items: pd.DataFrame = check_table(told[[*ACCOUNT_ITEMS.columns]], COMPACT_ITEMS)
    return items


def _join_figures(told: Sequence[Any], lengths: Sequence[int]) -> Any:
    """Figures of items behind one another, what is said of all rows of an item for each of them."""
    if isinstance(told[0], np.ndarray):
        return np.concatenate(told)
    return pd.Categorical(told).repeat(lengths) if isinstance(told[0], str) else np.repeat(told, lengths)


def _find_indicative(service: Service, found: Sequence[Found], rows: int) -> NDArray[np.bool_]:
    resting = np.full(rows, not service.confirmed)
    for one in found:
        resting |= one.indicative
    return resting


def _list_places(found: Found) -> Found:
    """What was found, without its values: which rows of the book."""
    return replace(found, value=np.empty(0), place=np.unique(found.place), indicative=np.empty(0, bool))
