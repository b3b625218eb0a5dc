"""Low and high of totals: what parameters, unknown ground and the accuracy of the map leave open.

What to call after `total_services`: `totals = add_intervals(totals, valuation.items, sums, statistics, book,
index, method, aoi_id=..., draws=..., seed=..., accuracy=...)`, `accuracy` being the delivered table of that
name where there is a sample. A total is of the ground that is known; low and high are of all ground, so that
where much is unknown both may lie above it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from pipeline.accounts.parameters import ParameterBook
from pipeline.accounts.price_index import PriceIndex
from pipeline.accounts.prices import move_prices
from pipeline.accounts.rows import AccountRows, gather_rows, list_bases, list_variable_columns
from pipeline.accounts.service import Array, ServiceItem
from pipeline.accounts.services.registry import SERVICES
from pipeline.accounts.sharing import YearStatistics, sum_places
from pipeline.accounts.spread import Spread, draw_areas
from pipeline.accounts.terms import Gathered, TermSources, gather_terms
from pipeline.accounts.totals import CATEGORIES, GEP, OUTSIDE, PARTIAL
from pipeline.accounts.valuing import Method, evaluate

BOUNDS = ("quantity_low", "quantity_high", "value_low", "value_high")
SHARE = (0.025, 0.975)
"""Quantiles of the draws that are low and high: 95 of 100 lie between."""

_CLASS = ["region", "account_class"]
_Key = tuple[str, str]


def add_intervals(
    totals: pd.DataFrame,
    items: pd.DataFrame,
    sums: pd.DataFrame,
    statistics: pd.DataFrame,
    book: ParameterBook,
    index: PriceIndex,
    method: Method,
    *,
    aoi_id: str,
    draws: int,
    seed: int,
    accuracy: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """The totals with low and high: quantiles of seeded draws over sums by region and class, never pixels.

    A draw takes each parameter between its low and high; unknown ground of a class as known ground of it is,
    with the spread between units; and, on the mapped basis, the areas of classes as the accuracy sample has
    them. Parameters of a draw are the same for all services and periods, so that sums hold together. A total
    that is null has none; 0 draws leave all null.
    """
    if not draws:
        return totals
    generator = np.random.default_rng(seed)
    drawn = replace(book, values=np.vstack([book.values, book.draw(generator, draws).values]))
    areas = draw_areas(accuracy, generator, draws)
    bounds = []
    for basis in list_bases(sums):
        for period, ground in gather_rows(sums[sums["counted"]], basis).groupby("period", sort=True):
            span = totals[totals["basis"].eq(basis) & totals["period"].eq(period)]
            mine = items[items["counted"] & items["basis"].eq(basis) & items["period"].eq(period)]
            year = int(str(period))
            sources = TermSources(YearStatistics(statistics, year, aoi_id), move_prices(drawn, index, year))
            uncertain = _Uncertain(generator, areas if basis == "mapped" else {})
            bounds.append(_draw_span(ground, mine, sources, method, uncertain).bound(span))
    return totals.assign(**pd.concat(bounds).reindex(totals.index))


@dataclass(frozen=True)
class _Uncertain:
    """Where draws come from, and the true by the mapped area of classes (draw)."""

    generator: np.random.Generator
    areas: Mapping[str, Array]

    def scale(self, classes: pd.Series) -> Array:
        """True by mapped area (draw or 1, row), 1 where nothing is told."""
        factors = np.broadcast_arrays(np.ones(1), *(self.areas.get(name, np.ones(1)) for name in classes))
        return np.stack(factors[1:], axis=-1) if len(classes) else np.ones((1, 0))


@dataclass(frozen=True)
class _Span:
    """Draws of the items of a period and basis, by service and item: quantity and value (draw, region)."""

    regions: list[str]
    quantities: Mapping[_Key, Array]
    values: Mapping[_Key, Array]

    def bound(self, totals: pd.DataFrame) -> pd.DataFrame:
        """BOUNDS of the totals of the period and basis; a total that is not drawn is as it stands."""
        parts = [self._bound_region(rows, str(name)) for name, rows in totals.groupby("region", sort=False)]
        bounds = pd.concat(parts).reindex(totals.index)
        null = totals[["quantity", "quantity", "value_yuan", "value_yuan"]].isna()
        return bounds.mask(null.set_axis(BOUNDS, axis=1))

    def _bound_region(self, totals: pd.DataFrame, region: str) -> pd.DataFrame:
        keys = list(zip(totals["service"], totals["item"], strict=True))
        quantities, values = (
            dict(zip(keys, totals[name].to_numpy(float)[:, None], strict=True))
            for name in ("quantity", "value_yuan")
        )
        if region in self.regions:
            place = self.regions.index(region)
            quantities |= {key: drawn[:, place] for key, drawn in self.quantities.items()}
            values |= {key: drawn[:, place] for key, drawn in self.values.items()}
        values |= _sum_draws(values, totals)
        rows = [[*_take_quantiles(quantities[key]), *_take_quantiles(values[key])] for key in keys]
        return pd.DataFrame(rows, columns=list(BOUNDS), index=totals.index)


def _sum_draws(values: Mapping[_Key, Array], totals: pd.DataFrame) -> dict[_Key, Array]:
    """Draws of the sums of a region: of services all of whose items have a total, less what is deducted."""
    services = totals[totals["service"].isin(SERVICES)]
    whole = services.groupby("service")["known"].min()
    keys = services.loc[services["service"].map(whole) == 1, ["service", "item"]]
    counted = list(keys.itertuples(index=False, name=None))
    sums = {
        (kind, ""): sum((values[key] for key in counted if SERVICES[key[0]].category == kind), np.zeros(1))
        for kind in CATEGORIES
    }
    total = sum(sums.values(), np.nan_to_num(values.get((OUTSIDE, ""), np.zeros(1))))
    return {**sums, (GEP, ""): total, (PARTIAL, ""): total}


def _take_quantiles(drawn: Array) -> Array:
    """Low and high of draws, the first of which is not drawn but as given, or of what is certain."""
    quantiles: Array = np.quantile(drawn[1:] if len(drawn) > 1 else drawn, SHARE)
    return quantiles


def _draw_span(
    ground: pd.DataFrame, items: pd.DataFrame, sources: TermSources, method: Method, uncertain: _Uncertain
) -> _Span:
    classes = _sum_classes(ground)
    ground_m2 = ground.loc[ground["account_class"].notna(), "area_m2"].to_numpy(float)
    told = dict(tuple(items.groupby(["service", "item"])))
    towns = sorted(set(classes.regions) - {sources.statistics.aoi_id})
    quantities, values = {}, {}
    for service, item in method.list_items(sources.statistics):
        key = service.code, item.key
        if key in told:
            gathered = gather_terms(item, service.find_supply(item), classes, sources)
            pair = _draw_item(item, gathered, told[key], ground_m2, len(sources.book.values), uncertain)
            quantities[key], values[key] = (_sum_regions(drawn, gathered.rows, towns) for drawn in pair)
    return _Span([*towns, sources.statistics.aoi_id], quantities, values)


def _draw_item(
    item: ServiceItem,
    gathered: Gathered,
    told: pd.DataFrame,
    ground_m2: Array,
    draws: int,
    uncertain: _Uncertain,
) -> tuple[Array, Array]:
    """Quantity and value (draw, row) of an item.

    As given, it is what units come to, and draws are beside that: a formula may not be linear in area.
    """
    amounts, classes = evaluate(item, gathered.terms), gathered.rows.table["account_class"]
    known = np.nan_to_num(np.where(gathered.known_m2 > 0, amounts.quantity, 0.0))
    quantity, price = (np.broadcast_to(figure, (draws, len(classes))) for figure in (known, amounts.price))
    spread = Spread.of(told, gathered.rows.table, ground_m2)
    first = quantity[0]
    quantity = quantity * np.divide(spread.quantity, first, where=first != 0, out=np.ones(len(first)))
    if not item.needs.shared:
        quantity = spread.extend(quantity * uncertain.scale(classes), uncertain.generator)
    return quantity, quantity * _fill_price(price, quantity)


def _fill_price(price: Array, quantity: Array) -> Array:
    """The price, where it is unknown, as of ground of unknown class, that of the rest of the draw."""
    told = ~np.isnan(price)
    mass = np.where(told, np.abs(quantity), 0.0)
    whole = mass.sum(axis=-1, keepdims=True)
    mean = (mass * np.nan_to_num(price)).sum(axis=-1, keepdims=True)
    rest = np.divide(mean, whole, where=whole > 0, out=np.full(whole.shape, np.nan))
    return np.where(told, price, np.where(quantity == 0, 0.0, rest))


def _sum_regions(drawn: Array, rows: AccountRows, towns: list[str]) -> Array:
    """Sums (draw, region) of rows by town, the whole area last."""
    by_town = sum_places(drawn, pd.Index(towns).get_indexer(pd.Index(rows.regions)), len(towns))
    return np.concatenate([by_town, drawn.sum(axis=-1, keepdims=True)], axis=-1)


def _sum_classes(ground: pd.DataFrame) -> AccountRows:
    """One row by region and class of the rows of units, each variable's sum as theirs together."""
    figures = ["area_m2", *list_variable_columns(ground)]
    wide = ground.assign(whole_m2=ground["whole_m2"] * ground["area_m2"])
    how = {**dict.fromkeys([*figures, "whole_m2"], "sum"), "wider_class": "first"}
    table = wide.groupby([*_CLASS, "period"], dropna=False).agg(how).reset_index()
    table["whole_m2"] = (table["whole_m2"] / table["area_m2"]).where(table["area_m2"] > 0, 0.0)
    named = table.assign(unit_id=table["region"], kind="outside", parcel_id=None, project=None, counted=True)
    return AccountRows.of(named)
