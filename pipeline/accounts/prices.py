"""Prices of one year as prices of another, by indices of prices that were given."""

from dataclasses import replace
from typing import Literal

import numpy as np

from pipeline.accounts.parameters import ParameterBook
from pipeline.accounts.price_index import PriceIndex
from pipeline.settings.parameters import ParameterRow


def move_prices(
    book: ParameterBook, index: PriceIndex, year: int, *, unmoved: Literal["kept", "null"] = "kept"
) -> ParameterBook:
    """The book with its prices as those of a year; prices without a year hold in every one.

    A price that the index cannot move is null, or it stays as it is and is not confirmed, so that what rests
    on it is indicative.
    """
    factors = [index.find_row_factor(row, year) for row in book.rows]
    rows = tuple(_move_row(row, factor, year) for row, factor in zip(book.rows, factors, strict=True))
    stays = 1.0 if unmoved == "kept" else np.nan
    moved = book.values * np.array([stays if factor is None else factor for factor in factors])
    return replace(book, rows=rows, values=moved)


def _move_row(row: ParameterRow, factor: float | None, year: int) -> ParameterRow:
    if row.price_year in {None, year}:
        return row
    if factor is None:
        return row._replace(confirmed=False)
    low, high = (None if end is None else end * factor for end in (row.low, row.high))
    return row._replace(value=row.value * factor, low=low, high=high, price_year=year)
