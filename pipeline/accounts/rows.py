"""The rows of accounts: ground of one unit and class, by what the register or the map calls it."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline import standards
from pipeline.accounts.parameters import ClassLineage
from pipeline.accounts.service import Array, Supply
from pipeline.accounts.sharing import Regions
from pipeline.accounts.variables import VARIABLES

BASES = ("registered", "mapped")
UNIT = ("unit_id", "kind", "parcel_id", "region", "project", "counted", "period")
_CLASS = ["account_class", "wider_class"]
TYPE_OF_COVER = {
    row["key"]: row["ecosystem"]
    for row in standards.read_rows("land_kinds")
    if row["key"] == row["cover"] and row["ecosystem"]
}
"""Ecosystem types of classes of cover; none of plants that are not told apart."""


@dataclass(frozen=True)
class AccountRows:
    """Some rows of one period and basis, at `place` of a table of `gather_rows`.

    Its `account_class` is the narrowest class that is known, `wider_class` the type that it is of; both are
    null where no class is known. `whole_m2` is the area of that class in the whole parcel.
    """

    every: pd.DataFrame
    place: NDArray[np.intp]
    ground: ClassLineage
    located: Regions

    @classmethod
    def of(cls, table: pd.DataFrame) -> "AccountRows":
        """All rows of a table of `gather_rows`."""
        ground = ClassLineage.of([table[name] for name in _CLASS], table["region"])
        return cls(table, np.arange(len(table)), ground, Regions.of(table["region"]))

    def __len__(self) -> int:
        return len(self.place)

    def __contains__(self, variable: str) -> bool:
        return variable in self.every

    @cached_property
    def table(self) -> pd.DataFrame:
        """The rows with the columns of UNIT, their class, area and variables."""
        return self.every.iloc[self.place]

    def read(self, column: str) -> Array:
        """Figures of a column."""
        return self.every[column].to_numpy(float)[self.place]

    @cached_property
    def area_m2(self) -> Array:
        """Area of each row."""
        return self.read("area_m2")

    @cached_property
    def counted(self) -> NDArray[np.bool_]:
        """Whether a row counts in the area."""
        return self.every["counted"].to_numpy(bool)[self.place]

    @property
    def regions(self) -> NDArray[np.object_]:
        """Region of each row."""
        return np.array(self.located.names, object)[self.located.which]

    @cached_property
    def is_registered(self) -> bool:
        """Whether any of the rows is of a class of the survey."""
        return any(name[0].isdigit() for names, _ in self.ground.kinds for name in names if name)

    @cached_property
    def unknown(self) -> NDArray[np.bool_]:
        """Rows whose class is not known."""
        return np.array([not names for names, _ in self.ground.kinds], bool)[self.ground.which]

    def find_suppliers(self, supply: Supply) -> NDArray[np.bool_]:
        """Rows whose ground supplies."""
        lineages = {names: supply.covers(names) for names in {names for names, _ in self.ground.kinds}}
        kinds = [lineages[names] for names, _ in self.ground.kinds]
        return np.array(kinds, bool)[self.ground.which]

    def take(self, rows: NDArray[np.bool_]) -> "AccountRows":
        """Some of the rows."""
        ground = replace(self.ground, which=self.ground.which[rows])
        located = replace(self.located, which=self.located.which[rows])
        return AccountRows(self.every, self.place[rows], ground, located)


def list_bases(sums: pd.DataFrame) -> tuple[str, ...]:
    """The bases that sums can be accounted by: registered classes where there are any, and mapped ones."""
    return BASES if sums[["dlbm", "ecosystem"]].notna().any(axis=None) else BASES[1:]


def gather_rows(sums: pd.DataFrame, basis: str) -> pd.DataFrame:
    """Rows of ACCOUNT_SUMS by unit, period and class of a basis.

    Ground without a registered class (outside parcels, or unreadable) is of its mapped class on both bases.
    A variable's column is the sum over the area where it is known, which is its column `<variable>_m2`.
    """
    narrow, wide = _name_classes(sums, basis)
    names = [*UNIT, *_CLASS]
    figures = ["area_m2", *list_variable_columns(sums)]
    table = sums.assign(account_class=narrow.fillna(wide), wider_class=wide)
    keys = ["unit_id", "period", "account_class"]
    first = [name for name in names if name not in keys]
    found = table.groupby(keys, sort=False, dropna=False).agg(
        {**dict.fromkeys(first, "first"), **dict.fromkeys(figures, "sum")}
    )
    return _add_whole(found.reset_index()[[*names, *figures]])


def list_variable_columns(sums: pd.DataFrame) -> list[str]:
    """Columns of the variables that sums hold, each with the area where it is known."""
    return [column for name in VARIABLES if name in sums for column in (name, f"{name}_m2")]


def _name_classes(sums: pd.DataFrame, basis: str) -> tuple[pd.Series, pd.Series]:
    mapped = sums["mapped"].astype(object)
    of_cover = mapped.map(TYPE_OF_COVER)
    if basis == "mapped":
        return mapped, of_cover
    registered = sums[["dlbm", "ecosystem"]].notna().any(axis=1)
    narrow = sums["dlbm"].astype(object).where(registered, mapped)
    return narrow, sums["ecosystem"].astype(object).where(registered, of_cover)


def _add_whole(table: pd.DataFrame) -> pd.DataFrame:
    holder = table["parcel_id"].fillna(table["unit_id"])
    keys = [holder, table["period"], table["account_class"]]
    return table.assign(whole_m2=table.groupby(keys, dropna=False)["area_m2"].transform("sum"))
