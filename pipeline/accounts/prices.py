"""Prices of one year as prices of another, by indices of prices that were given."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.accounts.parameters import ParameterBook
from pipeline.errors import Problem
from pipeline.settings.parameters import ParameterRow
from pipeline.settings.price_index import list_index_kinds


@dataclass(frozen=True)
class PriceIndex:
    """Fixed-base indices by kind and year; one kind alone, whatever it is called, is of all prices."""

    levels: Mapping[str, Mapping[int, float]]

    def find_factor(self, key: str, given: int, wanted: int) -> float | None:
        """What a price of one year is multiplied by; None where the index lacks a year.

        P_t = P_0 I_t / I_0.
        """
        kind = list_index_kinds().get(key, "") if len(self.levels) > 1 else next(iter(self.levels), "")
        levels = self.levels.get(kind, {})
        if given == wanted:
            return 1.0
        return levels[wanted] / levels[given] if given in levels and wanted in levels else None


NO_INDEX = PriceIndex({})


def move_prices(book: ParameterBook, index: PriceIndex, year: int) -> ParameterBook:
    """The book with its prices as those of a year; prices without a year hold in every one.

    A price that the index cannot move stays as it is and is not confirmed, so that what rests on it is
    indicative; `list_unmoved` names it.
    """
    factors = [_find_factor(row, index, year) for row in book.rows]
    rows = tuple(_move_row(row, factor, year) for row, factor in zip(book.rows, factors, strict=True))
    moved = book.values * np.array([1.0 if factor is None else factor for factor in factors])
    return replace(book, rows=rows, values=moved)


def _find_factor(row: ParameterRow, index: PriceIndex, year: int) -> float | None:
    return 1.0 if row.price_year is None else index.find_factor(row.key, row.price_year, year)


def _move_row(row: ParameterRow, factor: float | None, year: int) -> ParameterRow:
    if row.price_year in {None, year}:
        return row
    if factor is None:
        return row._replace(confirmed=False)
    low, high = (None if end is None else end * factor for end in (row.low, row.high))
    return row._replace(value=row.value * factor, low=low, high=high, price_year=year)


def list_unmoved(rows: Iterable[ParameterRow], index: PriceIndex, years: Sequence[int]) -> list[Problem]:
    """The prices that the index does not bring to all of some years, each named with what is lacking."""
    return [
        Problem(
            f"{row.origin}, row {row.row}, column price_year",
            f"{row.key} in prices of {row.price_year}, which the index does not bring to {year}",
            f"an index of both {row.price_year} and {year}",
            "Add the year to accounts.price_index, or give the price of a year that it has",
        )
        for row in rows
        for year in years
        if _find_factor(row, index, year) is None
    ]
