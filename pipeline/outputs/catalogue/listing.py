"""Rows of the catalogue: parcels and their products, with the periods that it shows side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import shapely

from pipeline.contracts import Delivery
from pipeline.outputs.accounts.book import AccountBook, find_book
from pipeline.outputs.columns import name_values
from pipeline.outputs.texts import find_text, name_unit
from pipeline.periods import Period

_GRADE = "quality_grade"
BY_PERIOD = ("quantity", _GRADE, "eco_value_yuan", "indicative")
"""What of a product the catalogue tells period by period, in columns `<name>:<period>`."""
_MOST_PERIODS = 3
_KEY = ["parcel_id", "cat2_code", "cat3_name", "quantity_unit"]
_SERVICE = ["parcel_id", "period", "cat2_code"]
_NAMED = ("cat1_name", "cat2_name", "cat3_name", "dlbm", "owner_subject")
_ORDER = "MRC"


@dataclass(frozen=True)
class Listing:
    """What the catalogue lists.

    `products` has a row for each parcel and product in the order of kinds, products, places and parcels,
    `others` one for each parcel without a product. Beside the columns of the inventory, named as people read
    them, there are `place`, `centre` (longitude, latitude of a point inside), `overlap_ha` (what an earlier
    parcel covers already) and, by period, those of BY_PERIOD and `overlap_yuan`; null is not known.
    `periods` are the labels of those that it shows, in order.
    """

    delivery: Delivery
    products: pd.DataFrame
    others: pd.DataFrame
    periods: tuple[str, ...]

    @cached_property
    def parcels(self) -> pd.DataFrame:
        """Every parcel once."""
        return pd.concat([self.products, self.others]).drop_duplicates("parcel_id")


def list_catalogue(rows: pd.DataFrame, delivery: Delivery) -> Listing:
    """What the catalogue lists of the rows of the layer `inventory`."""
    periods = choose_periods(delivery.periods)
    book = find_book(delivery)
    shown = pd.concat([rows[rows["period"] == period] for period in periods])
    known = _mark_items(shown, book)
    listed = known.drop_duplicates(_KEY, keep="last").reset_index(drop=True)
    for period in periods:
        listed = _add_period(listed, known, period)
    listed = listed.merge(_describe_parcels(delivery, book), "left", "parcel_id")
    coded = {name: name for name in _NAMED} | {f"{_GRADE}:{period}": _GRADE for period in periods}
    named = listed.assign(
        **{name: name_values(code, listed[name], delivery.language) for name, code in coded.items()},
        quantity_unit=listed["quantity_unit"].map(lambda unit: name_unit(str(unit), delivery.language)),
    )
    order = named.assign(kind=named["cat1_code"].map(_ORDER.find, na_action="ignore"))
    order = order.sort_values(["kind", "cat2_code", "cat3_name", "place", "parcel_id"], kind="stable")
    order = order.assign(remark=_find_remarks(order, delivery.tables.get("supplement")))
    is_product = order["cat2_code"].notna()
    return Listing(delivery, order[is_product], order[~is_product], periods)


def _find_remarks(listed: pd.DataFrame, supplement: pd.DataFrame | None) -> pd.Series:
    """What staff remarked of the product of each row, then of its parcel."""
    if supplement is None or supplement.empty:
        return pd.Series(None, listed.index, dtype=object)
    own = supplement[supplement["item"] == "remark"]
    told: dict[tuple[str, str], str] = {}
    for parcel, code, text in own[["parcel_id", "cat2_code", "text"]].fillna("").to_numpy().tolist():
        told[parcel, code] = text
    keys = listed[["parcel_id", "cat2_code"]].fillna("").to_numpy().tolist()
    both = [[told.get((parcel, code)), told.get((parcel, "")) if code else None] for parcel, code in keys]
    texts = ["；".join(text for text in pair if text) or None for pair in both]
    return pd.Series(texts, listed.index, dtype=object)


def choose_periods(periods: Sequence[Period]) -> tuple[str, ...]:
    """Labels of the periods that stand side by side: the newest, the one before, the same of a year ago.

    What of three is not used by these goes to the newest of the others.
    """
    newest = periods[-1]
    last_year = [period for period in periods if _is_year_before(period, newest)]
    chosen = list(dict.fromkeys([*periods[-2:], *last_year, *reversed(periods)]))[:_MOST_PERIODS]
    return tuple(period.label for period in periods if period in chosen)


def _is_year_before(period: Period, newest: Period) -> bool:
    return (period.first.year + 1, period.first.month) == (newest.first.year, newest.first.month)


def _add_period(listed: pd.DataFrame, known: pd.DataFrame, period: str) -> pd.DataFrame:
    own = known.loc[known["period"] == period, [*_KEY, *BY_PERIOD, "overlap_yuan"]]
    names = {name: f"{name}:{period}" for name in (*BY_PERIOD, "overlap_yuan")}
    return listed.merge(own.rename(columns=names), "left", _KEY, validate="one_to_one")


def _mark_items(rows: pd.DataFrame, book: AccountBook | None) -> pd.DataFrame:
    """Rows with what the accounts say of their value: whether it is indicative, what of it lies double."""
    items = book.table("parcels") if book else pd.DataFrame()
    if book is None or items.empty:
        return rows.assign(indicative=False, overlap_yuan=np.nan)
    own = items[items["kind"].eq("parcel") & items["basis"].eq(book.basis)]
    own = own.assign(overlap_yuan=own["value_yuan"].where(~own["counted"].astype(bool)))
    groups = own.astype({"period": str}).groupby(["parcel_id", "period", "service"], sort=False)
    marks = groups["indicative"].any().to_frame().join(groups["overlap_yuan"].sum(min_count=1))
    marks.index.names = _SERVICE
    return rows.merge(marks.reset_index(), "left", _SERVICE, validate="many_to_one")


def _describe_parcels(delivery: Delivery, book: AccountBook | None) -> pd.DataFrame:
    """Where parcels lie, and what of them an earlier parcel covers already."""
    land = delivery.parcels
    points = shapely.point_on_surface(land.geometry.to_numpy())
    centres = [f"{point.x:.5f}, {point.y:.5f}" if point else None for point in points]
    told = pd.DataFrame({"parcel_id": land["parcel_id"], "centre": centres})
    sums = book.table("sums") if book else pd.DataFrame()
    if book is None or sums.empty:
        return told.assign(place=None, overlap_ha=np.nan)
    newest = sums[sums["kind"].eq("parcel") & sums["period"].astype(str).eq(book.periods[-1])]
    double = newest[~newest["counted"].astype(bool)].groupby("parcel_id")["area_m2"].sum() / 1e4
    return told.assign(
        place=told["parcel_id"].map(_name_places(newest, book)), overlap_ha=told["parcel_id"].map(double)
    )


def _name_places(units: pd.DataFrame, book: AccountBook) -> pd.Series:
    """The towns of each parcel, that with most of it first."""
    areas = units.groupby(["parcel_id", "region"], sort=True)["area_m2"].sum().reset_index()
    areas = areas[~areas["region"].astype(str).eq(book.delivery.aoi.id)]
    largest = areas.sort_values("area_m2", ascending=False, kind="stable")
    names = largest["region"].map(lambda region: book.name_region(str(region)))
    between = find_text("report.and", book.language)
    return names.groupby(largest["parcel_id"]).agg(between.join)
