"""What a service is: who supplies it, from what it is reckoned, by which formula, and what it excludes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Category = Literal["M", "R", "C"]


@dataclass(frozen=True)
class Terms:
    """What a formula reads: arrays that broadcast to (..., row), NaN where unknown.

    A row is supplying ground of one unit and class, or of several of one class. `area_m2` is that of which
    the variables are known, `whole_m2` that of the whole parcel that a row is a part of. `sums` of account
    variables (unit times m2) over `area_m2`; `parameters` by key, money of them in prices of the period or of
    the price year; `statistics` by code: the part of a row of what is handed out, the whole of a price,
    class or number of days.
    """

    area_m2: Array
    whole_m2: Array
    sums: Mapping[str, Array] = field(default_factory=dict)
    parameters: Mapping[str, Array] = field(default_factory=dict)
    statistics: Mapping[str, Array] = field(default_factory=dict)

    @property
    def area_ha(self) -> Array:
        """The area in hectares."""
        return self.area_m2 * 1e-4


Formula = Callable[[Terms], Array]


@dataclass(frozen=True)
class Amounts:
    """Quantity of an item in its unit and price in yuan a unit, both (..., row); NaN where unknown."""

    quantity: Array
    price: Array

    @property
    def value(self) -> Array:
        """Quantity times price, in yuan."""
        return self.quantity * self.price


@dataclass(frozen=True)
class Needs:
    """What formulas read: layer variables, statistics handed out or alike in all rows, parameters."""

    variables: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    statistics: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes of all statistics."""
        return self.shared + self.statistics

    def __add__(self, other: "Needs") -> "Needs":
        """Both, each name once, in order."""
        return Needs(
            *(
                tuple(dict.fromkeys(ours + theirs))
                for ours, theirs in (
                    (self.variables, other.variables),
                    (self.shared, other.shared),
                    (self.statistics, other.statistics),
                    (self.parameters, other.parameters),
                )
            )
        )


@dataclass(frozen=True)
class Term:
    """A formula with what it reads: its text as an accountant writes it, and its function."""

    text: str
    compute: Formula
    needs: Needs

    def extend(self, text: str, compute: Callable[[Array, Terms], Array], *parameters: str) -> "Term":
        """A formula of what this one gives, and of parameters besides."""
        needs = self.needs + Needs(parameters=parameters)
        return Term(text, lambda terms: compute(self.compute(terms), terms), needs)


def build_term(
    text: str,
    compute: Formula,
    *,
    variables: tuple[str, ...] = (),
    shared: tuple[str, ...] = (),
    statistics: tuple[str, ...] = (),
    parameters: tuple[str, ...] = (),
) -> Term:
    """A formula and the names that it reads."""
    return Term(text, compute, Needs(variables, shared, statistics, parameters))


def take_parameter(key: str) -> Term:
    """A price that is one parameter."""
    return build_term(key, lambda terms: terms.parameters[key], parameters=(key,))


def take_rate(key: str) -> Term:
    """A quantity that is a parameter a hectare of ground."""
    return build_term(f"{key}·A", lambda terms: terms.parameters[key] * terms.area_ha, parameters=(key,))


def take_statistic(code: str) -> Term:
    """A quantity that is one statistic, handed out."""
    return build_term(code, lambda terms: terms.statistics[code], shared=(code,))


@dataclass(frozen=True)
class Supply:
    """Ground that supplies: ecosystem types, codes of the third survey, classes of cover.

    `vegetation` stands for plants that the method of mapping does not tell apart. What is in `without` does
    not supply, though its type does.
    """

    classes: frozenset[str]
    without: frozenset[str] = frozenset()

    @property
    def is_registered(self) -> bool:
        """Whether classes of the survey alone tell the ground that supplies."""
        return all(name[0].isdigit() for name in self.classes)

    def covers(self, lineage: Sequence[str | None]) -> bool:
        """Whether ground of a class supplies; `lineage` holds its names, and the most specific decides."""
        return next((name in self.classes for name in lineage if name in self.classes | self.without), False)


@dataclass(frozen=True)
class ServiceItem:
    """One of what a service has several of; `key` is empty where it has one.

    `share` weighs rows where a statistic of a region is handed out among them, by area where it is not given;
    it reads no such statistic itself. `supply` holds where not all ground of the service supplies it.
    `product` is that of a statistic that is told by products.
    """

    key: str
    name_zh: str
    name_en: str
    unit: str
    quantity: Term
    price: Term
    share: Term | None = None
    supply: Supply | None = None
    product: str | None = None

    @property
    def needs(self) -> Needs:
        """All that quantity, price and share read."""
        both = self.quantity.needs + self.price.needs
        return both if self.share is None else both + self.share.needs


def build_single(unit: str, quantity: Term, price: Term) -> tuple[ServiceItem, ...]:
    """The items of a service that has one."""
    return (ServiceItem("", "", "", unit, quantity, price),)


@dataclass(frozen=True)
class Service:
    """An indicator of GEP (指标), as a profile names it by its code.

    `variants` are items by the options that a profile takes of `choices`, in their order; a service that
    leaves no choice has one, of no options. `excludes` are codes of services that value the same gift of
    nature: no profile counts both. `confirmed` is false where the formula rests on a text that was not seen,
    so that all that it gives is indicative. An `open_list` has no more items than statistics tell of.
    """

    code: str
    name_zh: str
    name_en: str
    category: Category
    supply: Supply
    variants: Mapping[tuple[str, ...], tuple[ServiceItem, ...]]
    source: str
    confirmed: bool
    choices: tuple[str, ...] = ()
    excludes: frozenset[str] = frozenset()
    open_list: bool = False

    def find_supply(self, item: ServiceItem) -> Supply:
        """The ground that supplies one of its items."""
        return item.supply or self.supply

    def pick_items(self, options: Mapping[str, object]) -> tuple[ServiceItem, ...]:
        """The items by the options that a profile takes, by choice (`Choices` of the settings)."""
        return self.variants[tuple(str(options[choice]) for choice in self.choices)]
