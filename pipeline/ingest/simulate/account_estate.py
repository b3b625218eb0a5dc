"""What accounts of the simulated world rest on: ground by class, statistics, parameters by year."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline import standards
from pipeline.ingest.simulate.water import describe_sections
from pipeline.ingest.simulate.world import World
from pipeline.ingest.simulate.yearbook import list_figures, list_price_index
from pipeline.settings.accounts import Choices
from pipeline.settings.parameters import ParameterRow

Field = NDArray[np.float64]

_COVER_TYPES = {"water": "湿地", "built": "城镇", "bare": "其他"}
_DRINKABLE = 3
_WATERS = ("1101", "1102", "1103", "1104", "1107", "water")


@dataclass(frozen=True)
class AccountRules:
    """How services are accounted: which, by which choices and parameters, on slopes of which kind.

    `tables` are those of parameters, a later one before an earlier one; slopes are `slope_length_m` long and
    level where they are less than `level_slope` (rise over run).
    """

    services: tuple[str, ...]
    choices: Choices
    tables: tuple[tuple[ParameterRow, ...], ...]
    slope_length_m: float
    level_slope: float


class Estate:
    """Ground of an area in one year by class, with what is known of the year.

    Of registered ground the class is that of the survey, then its type; of other ground what covers it.
    """

    def __init__(self, world: World, ground: pd.DataFrame, rules: AccountRules, year: int) -> None:
        self.choices = rules.choices
        self._area, self._year, self._index = world.aoi.id, year, list_price_index(world)
        self._ground = ground
        self._rows = [_index_rows(table) for table in reversed(rules.tables)]
        self._lineages = _list_lineages(ground)
        self._figures = _sum_figures(world, year)
        self._worst = _find_worst_class(world, year)

    @property
    def products(self) -> list[tuple[str, str]]:
        """Kinds of output and products that statistics tell of."""
        outputs = [(item, product) for item, product in self._figures if item.startswith("output.")]
        return [(item.removeprefix("output."), product or "") for item, product in outputs]

    def measure(self, name: str, *supply: str) -> Field:
        """A column of the ground by class, 0 where neither the class nor its type supplies."""
        supplies = [any(name in supply for name in lineage) for lineage in self._lineages]
        return np.where(supplies, self._ground[name].to_numpy(), 0.0)

    def measure_waters(self, name: str) -> Field:
        """A column of the ground by class, 0 off open water."""
        return np.where([one[0] in _WATERS for one in self._lineages], self._ground[name].to_numpy(), 0.0)

    def weigh(self, name: str, key: str, *supply: str) -> Field:
        """A column times a parameter by class, 0 off the ground that supplies, whatever the parameter."""
        column = self.measure(name, *supply)
        return np.where(column == 0, 0.0, column * self.find(key))

    def find(self, key: str) -> Field:
        """A parameter by class, NaN where there is none."""
        return np.array([self._find(key, lineage) for lineage in self._lineages])

    def take(self, key: str) -> Field:
        """A parameter that is of no class; NaN where there is none."""
        return np.array([self._find(key, ())])

    def tell(self, item: str, product: str | None = None) -> Field:
        """What statistics tell of the whole area; NaN where they do not."""
        return np.array([self._figures.get((item, product), np.nan)])

    def has_fresh_water(self) -> bool:
        """Whether the worst section of the year is of class III or better."""
        return self._worst <= _DRINKABLE

    def _find(self, key: str, lineage: tuple[str, ...]) -> float:
        for rows in self._rows:
            for place in [(key, name, region) for name in (*lineage, None) for region in (self._area, None)]:
                if place in rows:
                    return self._move(rows[place])
        return float("nan")

    def _move(self, row: ParameterRow) -> float:
        """A price as that of the year; as it is where the index does not reach back to it."""
        year = row.price_year
        return row.value * (self._index[self._year] / self._index[year] if year in self._index else 1.0)


def _index_rows(rows: Iterable[ParameterRow]) -> dict[tuple[str, str | None, str | None], ParameterRow]:
    return {(row.key, row.land_class, row.region): row for row in rows}


def _list_lineages(ground: pd.DataFrame) -> list[tuple[str, ...]]:
    types = {row["code"]: row["ecosystem"] for row in standards.read_rows("land_classes")}
    return [
        (dlbm, types[dlbm]) if dlbm else (cover, _COVER_TYPES.get(cover, cover))
        for dlbm, cover in zip(ground["dlbm"], ground["cover"], strict=True)
    ]


def _sum_figures(world: World, year: int) -> dict[tuple[str, str | None], float]:
    """By item and product, of the whole area: towns together."""
    figures: dict[tuple[str, str | None], float] = {}
    for entry in list_figures(world):
        if entry.year == year:
            key = entry.kept.item, entry.kept.product
            figures[key] = figures.get(key, 0.0) + entry.value
    return figures


def _find_worst_class(world: World, year: int) -> int:
    periods = [period for period in world.periods if period.first.year == year]
    told = describe_sections(world, periods).values()
    return max(int(graded["water_class"]) for section in told for graded in section["periods"].values())
