"""How columns and coded values are called where people read them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Literal

import pandas as pd

from pipeline import standards
from pipeline.legends import LAND_COVER, WATER_CLASS, Legend

Language = Literal["zh", "en"]

DATA_LABEL = "data_label"
"""Column at the end of every table of a simulated delivery."""

_MEAN = "mean_"
_LEGENDS: Mapping[str, Legend] = MappingProxyType(
    {
        "water_class": WATER_CLASS,
        "target_class": WATER_CLASS,
        "from_class": LAND_COVER,
        "to_class": LAND_COVER,
    }
)


@dataclass(frozen=True)
class ColumnName:
    """A column in both languages, with its unit (empty if none), an explanation and its source."""

    key: str
    name_zh: str
    name_en: str
    unit: str
    note: str
    source: str

    def name(self, language: Language) -> str:
        """Name in `zh` or `en`."""
        return self.name_zh if language == "zh" else self.name_en


@dataclass(frozen=True)
class ValueName:
    """A coded value in both languages; `color` is empty where none is fixed."""

    code: str
    name_zh: str
    name_en: str
    color: str = ""

    def name(self, language: Language) -> str:
        """Name in `zh` or `en`."""
        return self.name_zh if language == "zh" else self.name_en


def described(column: str) -> ColumnName:
    """What a column is; one that no table of the standards knows is called by its key."""
    if column.startswith(_MEAN):
        return _means().get(column.removeprefix(_MEAN)) or ColumnName(column, column, column, "", "", "")
    return _columns().get(column) or ColumnName(column, column, column, "", "", "")


def headers(columns: Iterable[str], language: Language) -> dict[str, str]:
    """Names of a table's columns by key; names that would meet carry their key in brackets."""
    names = {column: described(column).name(language) for column in columns}
    seen = Counter(names.values())
    return {key: name if seen[name] == 1 else f"{name} ({key})" for key, name in names.items()}


def coded(column: str) -> tuple[ValueName, ...]:
    """The values that a coded column may hold, in order; empty for a column without a dictionary."""
    if column in _LEGENDS:
        return tuple(
            ValueName(str(entry.code), entry.name_zh, entry.name_en, entry.color)
            for entry in _LEGENDS[column].classes
        )
    return _values().get(column, ())


def value_names(column: str, values: pd.Series, language: Language) -> pd.Series:
    """Values of a column as people read them; a value without a name, and null, stay as they are."""
    names = {entry.code: entry.name(language) for entry in coded(column)}
    return values.astype("string").replace(names) if names else values


@cache
def _columns() -> Mapping[str, ColumnName]:
    schema = standards.table("inventory_schema").rename(columns={"field": "column"})
    own = standards.table("column_names")
    rows = pd.concat([schema.assign(unit="", note_zh=""), own]).itertuples()
    found = {
        row.column: ColumnName(row.column, row.name_zh, row.name_en, row.unit, row.note_zh, row.source)
        for row in rows
    }
    return MappingProxyType(found)


@cache
def _means() -> Mapping[str, ColumnName]:
    limits = standards.table("water_limits").drop_duplicates("code")
    found = {
        row.code: ColumnName(
            f"{_MEAN}{row.code}",
            f"{row.name_zh}均值",
            f"mean {row.name_en}",
            row.unit.removeprefix("-"),
            "时段内样本均值",
            row.source,
        )
        for row in limits.itertuples()
    }
    return MappingProxyType(found)


@cache
def _values() -> Mapping[str, tuple[ValueName, ...]]:
    rights = standards.table("rights").rename(columns={"dictionary": "column"})
    rights = rights.assign(name_en=rights["name_zh"], color="")
    rows = pd.concat([rights, standards.table("value_names")])
    return MappingProxyType(
        {
            str(column): tuple(
                ValueName(row.code, row.name_zh, row.name_en, row.color) for row in group.itertuples()
            )
            for column, group in rows.groupby("column", sort=False)
        }
    )
