"""Parameters as formulas read them: found by key, class and region, drawn, and listed by who used them."""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.contracts.accounts import ACCOUNT_PARAMETERS
from pipeline.indices.accuracy import NORMAL_95
from pipeline.settings.parameters import ParameterRow

Array = NDArray[np.float64]
Lineage = tuple[str | None, ...]
Names = Sequence[str | None] | pd.Series


@dataclass(frozen=True)
class ClassLineage:
    """The distinct kinds of ground of some rows: names of its class, the most specific first, and region.

    `which` is the kind of each row.
    """

    kinds: tuple[tuple[Lineage, str | None], ...]
    which: NDArray[np.intp]

    @classmethod
    def of(cls, classes: Sequence[Names], regions: Names) -> "ClassLineage":
        """Ground of rows, of one sequence of names for each level of class, and the region of each row.

        A name that is null, as of ground that is not registered, is passed over.
        """
        levels = [
            pd.Series(list(names), dtype=object).where(lambda one: one.notna(), None) for names in classes
        ]
        table = pd.DataFrame(dict(enumerate([*levels, pd.Series(list(regions), dtype=object)])))
        which, kinds = pd.factorize(pd.MultiIndex.from_frame(table))
        return cls(tuple((tuple(_drop_null(kind[:-1])), _or_none(kind[-1])) for kind in kinds), which)

    @classmethod
    def all(cls) -> "ClassLineage":
        """One row, of no class and no region: for what is the same everywhere."""
        return cls((((), None),), np.zeros(1, np.intp))


@dataclass(frozen=True)
class Found:
    """What a key comes to on some ground: `value` is (..., row), NaN where there is none.

    `place` is the row of the book's table that each value is from, -1 where there is none; `indicative` says
    which rest on a parameter that is not confirmed.
    """

    key: str
    value: Array
    place: NDArray[np.intp]
    indicative: NDArray[np.bool_]


@dataclass(frozen=True)
class ParameterBook:
    """The parameters of an area.

    `rows` are those of all tables; of two that fit, that of the later table holds, whatever its class, then
    that of the more specific class, then that of the more specific region: a town before the whole area
    before no region. `values` are (..., row of `rows`): as given, or drawn. `tables` are the
    number of the table that each of `rows` is of.
    """

    rows: tuple[ParameterRow, ...]
    values: Array
    area: str | None
    tables: tuple[int, ...] = field(repr=False)

    @classmethod
    def of(cls, tables: Sequence[Sequence[ParameterRow]], area: str | None = None) -> "ParameterBook":
        """A book of tables, each before those that go before it; `area` is the id of the aoi."""
        rows = tuple(row for table in tables for row in table)
        numbers = tuple(number for number, table in enumerate(tables) for _ in table)
        return cls(rows, np.array([row.value for row in rows], float), area, numbers)

    @cached_property
    def _places(self) -> dict[str, dict[int, dict[tuple[str | None, str | None], int]]]:
        """By key and table: the row of a class and region."""
        found: dict[str, dict[int, dict[tuple[str | None, str | None], int]]] = {}
        for place, (row, table) in enumerate(zip(self.rows, self.tables, strict=True)):
            found.setdefault(row.key, {}).setdefault(table, {})[row.land_class, row.region] = place
        return found

    def find(self, key: str, ground: ClassLineage) -> Found:
        """The parameter of a key on some ground."""
        tables = list(self._places.get(key, {}).values())
        classes, regions = ({pair[side] for table in tables for pair in table} for side in (0, 1))
        known: dict[tuple[Lineage, str | None], int] = {}
        kinds = np.empty(len(ground.kinds), np.intp)
        for number, (lineage, region) in enumerate(ground.kinds):
            told = (tuple(filter(classes.__contains__, lineage)), region if region in regions else None)
            if told not in known:
                known[told] = self._find_place(tables, *told)
            kinds[number] = known[told]
        place = kinds[ground.which]
        return Found(key, self.read(place), place, ~self._confirmed[place])

    def read(self, place: NDArray[np.intp]) -> Array:
        """Values (..., place) at places of the table, NaN at -1."""
        none = np.full((*self.values.shape[:-1], 1), np.nan)
        values: Array = np.concatenate([self.values, none], axis=-1)[..., place]
        return values

    @cached_property
    def _confirmed(self) -> NDArray[np.bool_]:
        """Whether each row is confirmed; what is found nowhere (-1) rests on nothing that is not."""
        return np.array([*(row.confirmed for row in self.rows), True])

    def _find_place(
        self,
        tables: Sequence[Mapping[tuple[str | None, str | None], int]],
        lineage: Lineage,
        region: str | None,
    ) -> int:
        regions = [*(one for one in (region, self.area) if one is not None), None]
        for places in reversed(tables):
            for name in (*lineage, None):
                for where in regions:
                    if (name, where) in places:
                        return places[name, where]
        return -1

    def draw(self, generator: np.random.Generator, draws: int) -> "ParameterBook":
        """The book with `values` (draw, row), drawn between low and high, as given where there are neither.

        Each row is drawn by itself from two halves of a normal about its value, so that 95 of 100 lie from
        low to high; none lies below 0 where low does not. What a parameter draws does not depend on which
        others are in the book.
        """
        seed = int(generator.integers(2**32))
        value, low, high = (self._list(name) for name in ("value", "low", "high"))
        drawn = np.broadcast_to(value, (draws, len(value))).copy()
        for place in np.flatnonzero(low < high):
            deviate = np.random.default_rng([seed, _number(self.rows[place])]).standard_normal(draws)
            reach = np.where(deviate < 0, value[place] - low[place], high[place] - value[place])
            drawn[:, place] += deviate * reach / NORMAL_95
        return replace(self, values=np.where(low >= 0, np.maximum(drawn, 0), drawn))

    def _list(self, name: str) -> Array:
        return np.array([getattr(row, name) for row in self.rows], float)

    def tabulate(self, used: Iterable[tuple[str, Found]]) -> pd.DataFrame:
        """ACCOUNT_PARAMETERS of what services used, by pairs of service and what it found."""
        services: dict[int, set[str]] = {}
        for service, found in used:
            for place in np.unique(found.place[found.place >= 0]):
                services.setdefault(int(place), set()).add(service)
        rows = [
            {**_to_record(self.rows[place]), "services": ";".join(sorted(services[place]))}
            for place in sorted(services)
        ]
        table = pd.DataFrame(rows, columns=[*ACCOUNT_PARAMETERS.columns])
        return ACCOUNT_PARAMETERS.validate(
            table.astype({"price_year": "Int64", "low": float, "high": float, "confirmed": bool})
        )


def explain_lack(key: str, lineage: Lineage) -> str:
    """Why nothing is known where a key has no value for a class."""
    name = next(iter(_drop_null(lineage)), None)
    zh = f"参数 {key} 没有“{name}”的取值" if name else f"参数 {key} 没有取值"
    en = f"no value of the parameter {key} for {name}" if name else f"no value of the parameter {key}"
    return f"{zh} / {en}"


def _number(row: ParameterRow) -> int:
    """A number that is the same for a key, class and region in every book."""
    return zlib.crc32(repr(row[:3]).encode())


def _to_record(row: ParameterRow) -> dict[str, object]:
    told = row._asdict()
    return {"class": told.pop("land_class"), **{name: told[name] for name in told if name != "row"}}


def _drop_null(names: Iterable[str | None]) -> Iterable[str | None]:
    return (name for name in names if name is not None and name == name)  # noqa: PLR0124 NaN


def _or_none(name: str | None) -> str | None:
    return None if pd.isna(name) else name
