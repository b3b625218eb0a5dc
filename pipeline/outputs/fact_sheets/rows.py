"""Rows of a table by the parcel that they tell of, ready for JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_DIGITS = 9
"""Significant digits of a number in JSON: a square metre in a parcel of a hundred square kilometres."""


@dataclass(frozen=True)
class _Column:
    """Values of a column; of words only their numbers, and the words once."""

    values: NDArray[Any]
    words: tuple[str, ...] | None

    def cut(self, start: int, end: int) -> list[Any]:
        """Values from a row to another, null as None."""
        found = self.values[start:end].tolist()
        if self.words is not None:
            return [None if code < 0 else self.words[code] for code in found]
        return [None if value != value else value for value in found]  # noqa: PLR0124 (NaN is not itself)


class ParcelRows:
    """A table with a column `parcel_id`, whose rows are found by the number of their parcel.

    Rows of no parcel, or of another than those given, are left out; the others keep their order.
    """

    def __init__(self, table: pd.DataFrame, parcels: pd.Index) -> None:
        of_parcel = parcels.get_indexer(pd.Index(table["parcel_id"].astype(object)))
        order = np.argsort(of_parcel, kind="stable")
        order = order[of_parcel[order] >= 0]
        self._starts = np.searchsorted(of_parcel[order], np.arange(len(parcels) + 1))
        kept = table.drop(columns="parcel_id").iloc[order]
        self._columns: Mapping[str, _Column] = {name: _take_column(kept[name]) for name in kept.columns}

    def list_rows(self, number: int) -> list[dict[str, Any]]:
        """The rows of the parcel of a number, each by column; null is None."""
        start, end = self._starts[number : number + 2].tolist()
        cut = [column.cut(start, end) for column in self._columns.values()]
        return [dict(zip(self._columns, cells, strict=True)) for cells in zip(*cut, strict=True)]


def _take_column(column: pd.Series) -> _Column:
    if pd.api.types.is_bool_dtype(column):
        return _Column(column.astype(object).where(column.notna(), None).to_numpy(), None)
    if pd.api.types.is_numeric_dtype(column):
        return _Column(round_digits(column.to_numpy(dtype=float, na_value=np.nan)), None)
    words = column.astype("category").cat
    return _Column(words.codes.to_numpy(), tuple(map(str, words.categories)))


def round_digits(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Numbers with the digits that anyone reads; NaN and 0 stay as they are."""
    known = np.isfinite(values) & (values != 0)
    power = _DIGITS - 1 - np.floor(np.log10(np.abs(values, where=known, out=np.ones_like(values))))
    scale = 10.0 ** np.clip(power, 0, 300)
    return np.where(known, np.round(values * scale) / scale, values)
