"""Indices of prices: what brings a price of one year to another, and the prices that none brings there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

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
        if given == wanted:
            return 1.0
        kind = list_index_kinds().get(key, "") if len(self.levels) > 1 else next(iter(self.levels), "")
        levels = self.levels.get(kind, {})
        return levels[wanted] / levels[given] if given in levels and wanted in levels else None

    def find_row_factor(self, row: ParameterRow, wanted: int) -> float | None:
        """The same of a parameter; what has no year of prices holds in every year."""
        return 1.0 if row.price_year is None else self.find_factor(row.key, row.price_year, wanted)


NO_INDEX = PriceIndex({})


def list_fixed_prices(rows: Iterable[ParameterRow], index: PriceIndex, years: Sequence[int]) -> list[Problem]:
    """The prices that the index does not bring to all of some years, each named with what is lacking."""
    return [
        Problem(
            f"{row.origin}, row {row.row}, column price_year",
            f"{row.key} in prices of {row.price_year}, which the index does not bring to {_join(lacking)}",
            f"an index of {_join([row.price_year, *lacking])}",
            "Add the years to accounts.price_index, or give the price of a year that it has",
        )
        for row in rows
        if row.price_year is not None
        and (lacking := [year for year in years if index.find_row_factor(row, year) is None])
    ]


def _join(years: Iterable[int]) -> str:
    return ", ".join(map(str, years))
