"""What is not known of ground, drawn: units that nothing is known of, and areas by the accuracy sample."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.accounts.service import Array
from pipeline.accounts.sharing import sum_places
from pipeline.indices.accuracy import NORMAL_95
from pipeline.legends import ECOSYSTEM, LAND_COVER, LAND_KINDS

_LEAST_FREEDOM = 3
"""Degrees of freedom of a spread, at the least: with fewer, draws would have no variance."""


def draw_areas(
    accuracy: pd.DataFrame | None, generator: np.random.Generator, draws: int
) -> Mapping[str, Array]:
    """True by mapped area (draw, the first 1: as mapped) of account classes, by the table `accuracy`.

    Areas freed of the map's bias are drawn from a normal with their 95 % interval, not below 0 (Olofsson et
    al. 2014, DOI 10.1016/j.rse.2014.02.015). A type that is of several classes of cover has none: the sample
    does not tell it. Nothing without a sample.
    """
    if accuracy is None:
        return {}
    factors: dict[str, Array] = {}
    for row in accuracy[accuracy["mapped_m2"] > 0].to_dict("records"):
        deviation = (row["adjusted_high_m2"] - row["adjusted_low_m2"]) / 2 / NORMAL_95
        areas = row["adjusted_m2"] + np.nan_to_num(deviation) * generator.standard_normal(draws)
        factor = np.concatenate([[1.0], np.maximum(areas, 0.0) / row["mapped_m2"]])
        if np.isfinite(factor).all():
            factors |= dict.fromkeys(_list_classes(row["land_cover"]), factor)
    return factors


def _list_classes(cover: str) -> list[str]:
    """The class of cover itself, and the ecosystem types that are of this class alone."""
    covers: dict[int, set[int]] = {}
    for kind in LAND_KINDS.values():
        if kind.ecosystem is not None:
            covers.setdefault(kind.ecosystem, set()).add(kind.cover)
    types = ECOSYSTEM.by_code()
    alone = {LAND_COVER.code(cover)}
    return [cover, *(types[code].name_zh for code, several in covers.items() if several == alone)]


@dataclass(frozen=True)
class Spread:
    """What units tell of rows by region and class, all (row).

    `quantity` is that of units that are known at least in part, on all of their ground; `known_m2` is that
    ground. `unseen_m2` is of units that nothing is known of: a m2 of them gives as much as one of the class,
    known by a deviation of `deviation` with `freedom` degrees of freedom. `place` is the class of each row,
    -1 where it is unknown; `ground_m2` is all ground of a known class.
    """

    quantity: Array
    known_m2: Array
    unseen_m2: Array
    deviation: Array
    freedom: Array
    place: NDArray[np.intp]
    ground_m2: float

    @classmethod
    def of(cls, items: pd.DataFrame, table: pd.DataFrame, ground_m2: Array) -> "Spread":
        """Of the ACCOUNT_ITEMS of an item, on the rows of a table, and the areas of all ground by unit."""
        area, unknown, quantity = (
            items[name].to_numpy(float) for name in ("area_m2", "unknown_m2", "quantity")
        )
        seen = ~np.isnan(quantity) & (area > unknown)
        rate = np.divide(quantity, area - unknown, where=seen, out=np.zeros(len(area)))
        where = pd.MultiIndex.from_frame(table[["region", "account_class"]])
        keys = pd.MultiIndex.from_frame(items[["region", "account_class"]])
        row = where.get_indexer(keys)
        known_m2, unseen_m2, unseen_2 = (
            np.bincount(row, weight, len(table)).astype(float)
            for weight in (area * seen, area * ~seen, (area * ~seen) ** 2)
        )
        place, classes = pd.factorize(table["account_class"])
        units = _measure_units(rate[seen], area[seen], place[row[seen]], len(classes), ground_m2)
        deviation, leverage, freedom = (figure[place] for figure in units)
        share = np.divide(unseen_2, unseen_m2**2, where=unseen_m2 > 0, out=np.zeros(len(table)))
        return cls(
            np.bincount(row, rate * area, len(table)).astype(float),
            known_m2,
            unseen_m2,
            deviation * np.sqrt(share + leverage),
            freedom,
            place,
            float(ground_m2.sum()),
        )

    def extend(self, quantity: Array, generator: np.random.Generator) -> Array:
        """Quantity (draw, row) of the known ground, with what unseen ground may give; the first draw none."""
        if not self.unseen_m2.any():
            return quantity
        classes = self.place.max(initial=-1) + 1
        area_m2 = sum_places(self.known_m2, self.place, classes)
        total = sum_places(quantity, self.place, classes)
        rates = np.divide(total, area_m2, where=area_m2 > 0, out=np.zeros(total.shape))
        anywhere = quantity.sum(axis=-1, keepdims=True) / self.ground_m2
        rate = np.concatenate([rates, anywhere], axis=-1)[..., self.place]
        apart = generator.standard_t(self.freedom, quantity.shape) * self.deviation
        drawn = rate + np.where(area_m2[self.place] > 0, apart, 0.0) if classes else rate + apart
        given = self.unseen_m2 * np.where(rate >= 0, np.maximum(drawn, 0.0), drawn)
        given[0] = 0.0
        return quantity + given


def _measure_units(
    rate: Array, area: Array, place: NDArray[np.intp], classes: int, whole: Array
) -> tuple[Array, Array, Array]:
    """Deviation between units, leverage of their mean, and freedom by class; the last of all ground together.

    Weighted by area; a class of one unit, which tells no spread, varies by as much as its rate. Units of no
    class (-1) are among all ground alone.
    """
    known = place >= 0
    count = np.append(np.bincount(place[known], minlength=classes), len(whole)).astype(float)
    mass, first, second, square = (
        np.append(np.bincount(place[known], weight[known], classes), of_all)
        for weight, of_all in (
            (area, whole.sum()),
            (area * rate, (area * rate).sum()),
            (area * rate**2, (area * rate**2).sum()),
            (area**2, (whole**2).sum()),
        )
    )
    mean, power, leverage = (
        np.divide(figure, whole_m2, where=mass > 0, out=np.zeros(classes + 1))
        for figure, whole_m2 in ((first, mass), (second, mass), (square, mass**2))
    )
    within = np.maximum(power - mean**2, 0.0) * count / np.maximum(count - 1, 1)
    deviation = np.where(count > 1, np.sqrt(within), np.abs(mean))
    return deviation, leverage, np.maximum(count - 1, _LEAST_FREEDOM)
