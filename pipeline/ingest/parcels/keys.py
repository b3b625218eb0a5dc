"""Keys of parcels that are numbers: none is read with other digits than those that stand in the file."""

import pandas as pd
import pyogrio

from pipeline.errors import Problem
from pipeline.ingest.parcels.vector_layer import VectorLayer, vector_error

_EXACT = 2**53
"""Up to it every whole number is a double of its own."""
_SQL = {"GPKG", "SQLite"}
"""Formats that hold larger numbers in a column than it is declared for, and cut them as they are read."""
_LARGEST = {"int16": 2**15 - 1, "int32": 2**31 - 1}


def refuse_rounded_keys(layer: VectorLayer, cells: pd.DataFrame) -> None:
    """InputError with every column of keys whose numbers are doubles too large to have all their digits."""
    problems = [
        _describe(layer, str(name), f"doubles such as {numbers.abs().max():.0f}, whose digits are not exact")
        for name, numbers in cells.items()
        if pd.api.types.is_float_dtype(numbers) and numbers.abs().max() >= _EXACT
    ]
    if problems:
        raise vector_error(*problems)


def refuse_cut_keys(layer: VectorLayer, columns: list[str]) -> None:
    """InputError with every column of keys that holds larger whole numbers than it is declared for."""
    if layer.driver not in _SQL or layer.name is None:
        return
    declared = pyogrio.read_info(layer.source, layer.name)
    kinds = dict(zip(map(str, declared["fields"]), map(str, declared["dtypes"]), strict=True))
    problems = [
        _describe(layer, name, f"{largest}, in a column that is declared as {kinds[name]}")
        for name in columns
        if kinds.get(name) in _LARGEST and (largest := _find_largest(layer, name)) > _LARGEST[kinds[name]]
    ]
    if problems:
        raise vector_error(*problems)


def _find_largest(layer: VectorLayer, column: str) -> int:
    name, table = (text.replace('"', '""') for text in (column, str(layer.name)))
    question = f'SELECT max(abs("{name}")) AS largest FROM "{table}"'  # noqa: S608 names are quoted
    _, found = pyogrio.raw.read_arrow(layer.source, sql=question, read_geometry=False)
    (largest,) = found.column("largest").to_pylist() or [None]
    return int(largest or 0)


def _describe(layer: VectorLayer, column: str, found: str) -> Problem:
    expected = "keys of which every digit is known"
    return Problem(f"{layer.place}, column {column}", found, expected, "Store the keys as text")
