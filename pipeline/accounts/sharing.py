"""Statistics of regions handed out to the ground that supplies what they tell of."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy
from numpy.typing import NDArray

from pipeline import standards
from pipeline.accounts.service import Array

Places = NDArray[np.intp]
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Regions:
    """Regions of rows: their names, and which of them each row lies in."""

    names: tuple[str, ...]
    which: Places

    @classmethod
    def of(cls, regions: pd.Series) -> "Regions":
        """Those of rows that name theirs."""
        which, names = pd.factorize(regions)
        return cls(tuple(map(str, names)), which)


@dataclass(frozen=True)
class Told:
    """What statistics tell of one item and year: `amounts` by place, and the place of each row.

    A place is a region that has a statistic of its own, or the rest of the area, whose amount is that of the
    area less those of its regions. -1 is the place of rows of which nothing is told.
    """

    amounts: Array
    place: Places


def sum_places(weights: Array, place: Places, places: int) -> Array:
    """Sums (..., place) of weights (..., row) by place; rows of place -1 and unknown weights are left out."""
    inside = place >= 0
    rows = np.flatnonzero(inside)
    member = scipy.sparse.csr_array((np.ones(len(rows)), (place[rows], rows)), shape=(places, len(place)))
    flat = np.nan_to_num(weights).reshape(math.prod(weights.shape[:-1]), len(place))
    return np.asarray((member @ flat.T).T).reshape(*weights.shape[:-1], places)


def share_out(told: Told, weights: Array, counted: NDArray[np.bool_]) -> Array:
    """The part (..., row) of each row in the amount of its place, by weight; weights are (..., row).

    Rows that count have the amount of their place together; a row that does not count has as much for its
    weight as they. NaN where nothing is told, or where nothing that counts has weight.
    """
    total = sum_places(np.where(counted, weights, 0.0), told.place, len(told.amounts))
    rate = np.divide(told.amounts, total, out=np.full(total.shape, np.nan), where=total > 0)
    share: Array = np.where(told.place >= 0, rate[..., told.place] * weights, np.nan)
    return share


def list_money(codes: Iterable[str]) -> frozenset[str]:
    """Those of the codes of statistics that are sums of money or prices."""
    units = {row["code"]: row["unit"] for row in standards.read_rows("statistic_items")}
    return frozenset(code for code in codes if units.get(code, "").startswith("yuan"))


class YearStatistics:
    """STATISTICS of one year, by item and product; `aoi_id` is the region of what is of the whole area."""

    def __init__(self, statistics: pd.DataFrame, year: int, aoi_id: str) -> None:
        self.year, self.aoi_id = year, aoi_id
        self._amounts: dict[str, dict[str | None, dict[str, float]]] = {}
        self._units: dict[str, dict[str, str]] = {}
        columns = ["item", "product", "region", "value", "unit"]
        for item, product, region, value, unit in statistics.loc[statistics["year"] == year, columns].values:
            name = None if pd.isna(product) else str(product)
            amounts = self._amounts.setdefault(item, {}).setdefault(name, {})
            amounts[region] = amounts.get(region, 0.0) + value
            if name is not None:
                self._units.setdefault(item, {})[name] = unit

    def list_products(self, code: str) -> list[tuple[str, str]]:
        """Products that an item is told by, and their units, in order of name."""
        return sorted(self._units.get(code, {}).items())

    def has(self, code: str) -> bool:
        """Whether anything is told of an item."""
        return code in self._amounts

    def take(self, code: str, regions: Regions, product: str | None = None) -> Told:
        """What is told of an amount that is handed out, for rows of some regions."""
        own = dict(self._find(code, product))
        whole = None if self.aoi_id in regions.names else own.pop(self.aoi_id, None)
        amounts = [own[name] for name in regions.names if name in own]
        numbers = iter(range(len(amounts)))
        place = np.array([next(numbers) if name in own else -1 for name in regions.names], np.intp)
        if whole is not None and (place < 0).any():
            place = np.where(place < 0, len(amounts), place)
            amounts.append(_subtract(whole, sum(own.values())))
        return Told(np.array(amounts, float), place[regions.which])

    def spread(self, code: str, regions: Regions, product: str | None = None) -> Array:
        """What is told of a price, a class or a number of days, of the region or else of the area."""
        own = self._find(code, product) or self._find(code, None)
        whole = own.get(self.aoi_id, np.nan)
        return np.array([own.get(name, whole) for name in regions.names], float)[regions.which]

    def find_whole(self, code: str, region: str) -> float:
        """What is told of a region itself; NaN where nothing is."""
        return self._find(code, None).get(region, np.nan)

    def _find(self, code: str, product: str | None) -> dict[str, float]:
        return self._amounts.get(code, {}).get(product, {})


def _subtract(whole: float, parts: float) -> float:
    """What regions leave of the amount of the area; NaN where they tell more than it."""
    rest = whole - parts
    return rest if rest >= -_ROUNDING * abs(whole) else float("nan")
