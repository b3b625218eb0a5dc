"""Rows of a delivery as the widget takes them: tables, columns by period, themes, filters, fields."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from pipeline.outputs.columns import Language, describe_column
from pipeline.outputs.layers import Shape, to_multipolygons
from pipeline.outputs.texts import name_unit
from pipeline.outputs.webmap.keys import key_values
from pipeline.outputs.webmap.packing import Geometry, list_cells, pack_shapes
from pipeline.periods import Period

M2_PER_HA = 1e4
PERIOD = "{period}"
"""Stands for the key of a period in the name of a column; the widget fills it in."""
_OWN_UNITS = ("ha", "share")
"""Units that the widget names itself: it turns hectares into mu, and shares into per cent."""
GEOMETRIES: Mapping[Shape, Geometry] = MappingProxyType(
    {"MultiPolygon": "polygon", "MultiLineString": "line", "Point": "point"}
)


@dataclass(frozen=True)
class Field:
    """A row of a card: a column, what names it in the standards (itself unless told), unit and decimals.

    A `title` stands for a name that no table of the standards has; `unit_column` has the unit of each row.
    """

    column: str
    named: str = ""
    unit: str = ""
    digits: int = 2
    title: str = ""
    unit_column: str = ""

    def build(self, language: Language) -> dict[str, Any]:
        """The field in words."""
        known = describe_column(self.named or self.column.partition("@")[0])
        unit = self.unit or known.unit
        told = unit if unit in _OWN_UNITS else name_unit(unit, language)
        return {
            "column": self.column,
            "title": self.title or known.name(language),
            "unit": told,
            "digits": self.digits,
            **({"unit_column": self.unit_column} if self.unit_column else {}),
        }


def build_fields(fields: Iterable[Field | str], language: Language) -> list[dict[str, Any]]:
    """Fields in words; a text is a column that has nothing of its own."""
    return [(Field(field) if isinstance(field, str) else field).build(language) for field in fields]


def pack_table(
    rows: gpd.GeoDataFrame, keys: pd.Series, columns: pd.DataFrame, geometry: Shape = "MultiPolygon"
) -> dict[str, Any]:
    """Rows (EPSG:4490) as a table: keys, columns, packed shapes. A column without any value is left out."""
    shapes = np.asarray(rows.geometry.array)
    whole = to_multipolygons(shapes) if geometry == "MultiPolygon" else shapes
    held = columns.dropna(axis=1, how="all")
    return {
        "keys": keys.astype(str).tolist(),
        "columns": tabulate_cells(held),
        "shapes": pack_shapes(whole, GEOMETRIES[geometry]),
    }


def tabulate_cells(columns: pd.DataFrame) -> dict[str, list[Any]]:
    """Columns by name, as JSON has them."""
    return {str(name): list_cells(cells) for name, cells in columns.items()}


def spread_periods(
    rows: pd.DataFrame, column: str, keys: pd.Series, periods: Iterable[Period]
) -> pd.DataFrame:
    """A column of rows by key and period as one column a period, in the order of the keys."""
    key = str(keys.name)
    labels = [period.label for period in periods]
    kept = rows.loc[rows["period"].isin(labels), [key, "period", column]].drop_duplicates([key, "period"])
    wide = {label: part.set_index(key)[column] for label, part in kept.groupby("period")}
    empty = pd.Series(dtype=object)
    placed = {f"{column}@{label}": wide.get(label, empty).reindex(keys).array for label in labels}
    return pd.DataFrame(placed)


def build_theme(column: str, columns: pd.DataFrame, language: Language) -> dict[str, Any]:
    """What a layer may be coloured by: a coded column in words, or all columns of it by period."""
    held = [name for name in columns if str(name).partition("@")[0] == column]
    by_period = held != [column]
    return {
        "key": column,
        "title": describe_column(column).name(language),
        "property": f"{column}@{PERIOD}" if by_period else column,
        "legend": key_values(column, pd.concat([columns[name] for name in held]), language),
    }


def list_filters(names: Iterable[str], columns: pd.DataFrame, language: Language) -> list[dict[str, Any]]:
    """Columns that features may be told apart by: those with several values."""
    found = []
    for name in names:
        values = sorted(columns[name].dropna().unique()) if name in columns else []
        if len(values) > 1:
            options = [{"value": value, "name": value} for value in values]
            found.append(
                {"title": describe_column(name).name(language), "property": name, "options": options}
            )
    return found
