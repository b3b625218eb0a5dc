"""Services pixel by pixel: of each class, what a hectare gives is linear in its variables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.accounts.parameters import ClassLineage, ParameterBook
from pipeline.accounts.service import Amounts, Array, Service, ServiceItem, Terms
from pipeline.accounts.sharing import YearStatistics
from pipeline.accounts.valuing import Method, evaluate
from pipeline.compiled import numba

_HECTARE_M2 = 1e4
_NO_CLASS = -1


@dataclass(frozen=True)
class LinearForm:
    """What a hectare of each class gives: `base` (class) and, for each variable, `slopes` (class, variable).

    Where `supplies` (class) is false it gives nothing; NaN where a class lacks a parameter.
    """

    variables: tuple[str, ...]
    supplies: NDArray[np.bool_]
    base: Array
    slopes: Array


@dataclass(frozen=True)
class PixelItem:
    """An item of a service by class: its quantity a hectare, and its price in yuan a unit (class)."""

    service: Service
    item: ServiceItem
    quantity: LinearForm
    price: Array

    @property
    def known(self) -> NDArray[np.bool_]:
        """Classes that supply it, with all parameters and the price known."""
        form = self.quantity
        given = np.isfinite(form.base) & np.isfinite(form.slopes).all(axis=1) & np.isfinite(self.price)
        return form.supplies & given


def list_pixel_items(
    method: Method,
    statistics: YearStatistics,
    book: ParameterBook,
    classes: Sequence[str],
    types: Sequence[str | None],
) -> list[PixelItem]:
    """Items of a method that ground supplies pixel by pixel, over classes and the types that they are of.

    Prices are those of the book. Items are left out that rest on statistics, or on the size of a whole lake
    or parcel.
    """
    ground = ClassLineage.of([classes, types], [None] * len(classes))
    found = []
    for service, item in method.list_items(statistics):
        if not (item.needs.codes or _knows_whole(item, book, ground)):
            supplies = service.find_supply(item)
            covered = [
                supplies.covers([name for name in kind if name]) for kind in zip(classes, types, strict=True)
            ]
            found.append(_build(service, item, book, ground, np.array(covered, bool)))
    return found


def sum_values(items: Sequence[PixelItem]) -> LinearForm:
    """Yuan that a hectare of each class gives by all items that have their parameters and price for it.

    A class that supplies nothing gives 0; one that supplies, but never with all parameters, is unknown.
    """
    variables = tuple(dict.fromkeys(name for one in items for name in one.quantity.variables))
    classes = len(items[0].price)
    base, slopes = np.zeros(classes), np.zeros((classes, len(variables)))
    for one in items:
        base[one.known] += (one.quantity.base * one.price)[one.known]
        for name, slope in zip(one.quantity.variables, one.quantity.slopes.T, strict=True):
            slopes[one.known, variables.index(name)] += (slope * one.price)[one.known]
    supplies = np.any([one.quantity.supplies for one in items], axis=0)
    base[supplies & ~np.any([one.known for one in items], axis=0)] = np.nan
    return LinearForm(variables, np.ones(classes, bool), base, slopes)


def compute_form(
    form: LinearForm, row: NDArray[np.int16], variables: NDArray[np.float32]
) -> NDArray[np.float32]:
    """What a hectare of each pixel (y, x) gives, by the row of its class (-1: none) and its variables.

    `variables` are (variable, y, x). NaN where the class is unknown or supplies nothing, or where a variable
    that counts in it is unknown.
    """
    given = np.empty(row.shape, dtype=np.float32)
    flat = variables.reshape(len(variables), row.size)
    _fill_form(row.ravel(), flat, form.supplies, form.base, form.slopes, given.reshape(-1))
    return given


def _build(
    service: Service,
    item: ServiceItem,
    book: ParameterBook,
    ground: ClassLineage,
    supplies: NDArray[np.bool_],
) -> PixelItem:
    names = item.quantity.needs.variables
    nothing = _evaluate(item, book, ground, dict.fromkeys(names, 0.0))
    slopes = [
        _evaluate(item, book, ground, {**dict.fromkeys(names, 0.0), name: 1.0}).quantity - nothing.quantity
        for name in names
    ]
    classes = len(ground.which)
    stacked = np.stack(slopes, axis=1) if slopes else np.zeros((classes, 0))
    price = np.broadcast_to(nothing.price, classes)
    return PixelItem(service, item, LinearForm(names, supplies, nothing.quantity, stacked), price)


def _evaluate(
    item: ServiceItem,
    book: ParameterBook,
    ground: ClassLineage,
    values: Mapping[str, float],
    whole_m2: float = np.nan,
) -> Amounts:
    """An item of a hectare of each class where its variables have some values."""
    classes = len(ground.which)
    hectare = np.full(classes, _HECTARE_M2)
    sums = {name: hectare * value for name, value in values.items()}
    parameters = {key: book.find(key, ground).value for key in item.needs.parameters}
    amounts = evaluate(item, Terms(hectare, np.full(classes, whole_m2), sums, parameters, {}))
    return Amounts(np.broadcast_to(amounts.quantity, classes), amounts.price)


def _knows_whole(item: ServiceItem, book: ParameterBook, ground: ClassLineage) -> bool:
    """Whether a quantity depends on the size of the whole."""
    values = dict.fromkeys(item.quantity.needs.variables, 1.0)
    without, within = (_evaluate(item, book, ground, values, size).quantity for size in (np.nan, _HECTARE_M2))
    return bool((np.isnan(without) & ~np.isnan(within)).any())


@numba.njit(nogil=True, cache=True)
def _fill_form(
    row: NDArray[np.int16],
    variables: NDArray[np.float32],
    supplies: NDArray[np.bool_],
    base: NDArray[np.float64],
    slopes: NDArray[np.float64],
    given: NDArray[np.float32],
) -> None:
    for place in range(len(row)):
        number = row[place]
        if number == _NO_CLASS or not supplies[number]:
            given[place] = np.nan
            continue
        total = base[number]
        for variable in range(len(variables)):
            if slopes[number, variable] != 0.0:
                total += slopes[number, variable] * variables[variable, place]
        given[place] = total
