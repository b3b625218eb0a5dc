"""Tables of the assessment as people read them: hectares, columns and codes under their names, units."""

from typing import Any

import pandas as pd

from pipeline.contracts import Delivery
from pipeline.outputs.columns import describe_column, name_columns
from pipeline.outputs.languages import keep_language
from pipeline.outputs.tables import name_codes
from pipeline.outputs.texts import find_text, find_texts, name_unit

_HECTARE = 1e4
_DECIMALS = 9
"""Of hectares: what is less is noise of sums."""


def name_part_columns(rows: pd.DataFrame, stem: str, delivery: Delivery) -> dict[str, str]:
    """Columns of the table `stem` by key, each name with its unit."""
    family = stem.partition("_")[0]
    kept = keep_language(rows.columns, delivery.language)
    names = name_columns(kept, delivery.language, family)
    units = {column: _name_unit(find_column_unit(column, stem), delivery) for column in kept}
    return {column: f"{name} ({units[column]})" if units[column] else name for column, name in names.items()}


def find_column_unit(column: str, stem: str) -> str:
    """The unit of a column of the table `stem` in its file."""
    return describe_column(column, stem.partition("_")[0]).unit


def name_part_values(column: str, stem: str, values: pd.Series, delivery: Delivery) -> pd.Series:
    """Values of a column of the table `stem`: areas in ha, codes and units under their names."""
    if column == "indicative":
        mark = find_text("assessment.indicative", delivery.language)
        return values.map({True: mark, False: ""}).astype("string").fillna("")
    if column == "unit":
        return values.map(lambda unit: None if pd.isna(unit) else _name_own_unit(unit, delivery))
    if find_column_unit(column, stem) == "m2":
        return (values.astype(float) / _HECTARE).round(_DECIMALS)
    return name_codes(column, values, delivery)


def _name_own_unit(unit: Any, delivery: Delivery) -> str:
    own = find_texts("assessment.unit", delivery.language)
    return own.get(str(unit)) or name_unit(str(unit), delivery.language)


def _name_unit(unit: str, delivery: Delivery) -> str:
    return _name_own_unit("ha" if unit == "m2" else unit, delivery) if unit else ""
