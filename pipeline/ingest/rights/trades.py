"""Rows of a register of trades, by double entry: one side a row."""

import math
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

import pandas as pd

from pipeline.ingest.rights import advice
from pipeline.ingest.rights.amounts import Converted, RightAmount, read_amounts, read_figures_of
from pipeline.ingest.rights.cells import is_blank
from pipeline.ingest.rights.tables import RightsTable
from pipeline.ingest.rights.words import load_resources, load_right_words
from pipeline.ingest.samples.headings import fold

_SIGNS = {"buyer": 1.0, "seller": -1.0}
_UNTOLD = Converted(math.nan, math.nan)
_AMOUNTS = {"buyer": ("traded", "bought"), "seller": ("traded", "sold")}


class TradeSide(NamedTuple):
    """One side of a trade of a resource; `value` is what its party gains.

    `price` is for the unit of the resource, `total` of the whole row, in yuan; NaN where not told.
    """

    row: int
    trade: str
    side: str
    resource: str
    value: float
    rounding: float
    party: str | None
    credit_code: str | None
    person: str | None
    user_code: str | None
    day: date | None
    year: int | None
    price: float
    price_rounding: float
    total: float
    total_rounding: float


class _Party(NamedTuple):
    """Who is on a side: by name, credit code, whether a person by number, and the code of a register."""

    name: str | None
    credit_code: str | None
    person: str | None
    user_code: str | None


def read_trades(table: RightsTable) -> list[TradeSide]:
    """Sides of the trades of a table: buyer and seller of a row, or the one party that it is of.

    What lacks a party, an amount or a year is noted; a row that lacks one party has one side.
    """
    amounts: dict[int, list[RightAmount]] = {}
    for amount in read_amounts(table):
        amounts.setdefault(amount.row, []).append(amount)
    prices, totals = _read_prices(table, amounts)
    days, trades = table.read_days("day").to_dict(), table.read_texts("trade").to_dict()
    figures, sides = table.layout.list_amounts(), []
    for row, side, party in _list_sides(table):
        name = trades[row] or f"{table.placed.sheet.file}:{row}"
        if row not in amounts and all(is_blank(str(table.body.loc[row, place])) for place, _ in figures):
            table.lose_once(row, None, name, advice.NO_FIGURE)
        year = _find_year(table, row, days[row])
        sides += [
            TradeSide(
                row, name, side, amount.resource, _SIGNS[side] * amount.value, amount.rounding, *party,
                days[row], year, *prices.get(row, _UNTOLD), *totals.get(row, _UNTOLD),
            )
            for amount in amounts.get(row, ())
            if amount.what in _AMOUNTS[side]
        ]  # fmt: skip
    return sides


def _list_sides(table: RightsTable) -> Iterator[tuple[int, str, _Party]]:
    if table.layout.find("side") is not None:
        yield from _list_single_sides(table)
        return
    parties = {side: _read_parties(table, side) for side in _SIGNS}
    for row in map(int, table.rows):
        for side, found in parties.items():
            if any(found[row]):
                yield row, side, found[row]
            else:
                table.lose(row, table.layout.find(side), "", advice.NO_PARTY)


def _list_single_sides(table: RightsTable) -> Iterator[tuple[int, str, _Party]]:
    """Rows that are of one party, which bought or sold."""
    words, parties = table.read_texts("side"), _read_parties(table, "party")
    for row in map(int, table.rows):
        side = next((name for name in _SIGNS if fold(words[row] or "") in load_right_words(name)), None)
        if side is None:
            table.lose(row, table.layout.find("side"), words[row] or "", advice.UNKNOWN_SIDE)
        elif any(parties[row]):
            yield row, side, parties[row]
        else:
            table.lose(row, table.layout.find("party"), "", advice.NO_PARTY)


def _read_parties(table: RightsTable, who: str) -> dict[int, _Party]:
    prefix = "" if who == "party" else f"{who}_"
    names, users = table.read_texts(who), table.read_texts(f"{prefix or 'user_'}code")
    codes, persons = table.read_codes(f"{prefix}credit_code")
    columns = zip(names, codes, persons, users, strict=True)
    return {int(row): _Party(*found) for row, found in zip(table.rows, columns, strict=True)}


def _find_year(table: RightsTable, row: int, day: date | None) -> int | None:
    """The year of a trade; None, and a note, where nothing tells it."""
    found = day.year if day else table.years[row] or table.layout.title.year or table.register.year
    if found is None:
        table.lose(row, table.layout.find("day"), "", advice.NO_YEAR)
    return found


def _read_prices(
    table: RightsTable, amounts: dict[int, list[RightAmount]]
) -> tuple[dict[int, Converted], dict[int, Converted]]:
    """Prices of rows with one resource, by its unit, and totals of rows, in yuan."""
    resources = {row: {amount.resource for amount in found} for row, found in amounts.items()}
    units = {row: _name_price_unit(found) for row, found in resources.items()}
    per_unit = read_figures_of(table, "price", pd.Series(units, dtype=object))
    return per_unit, read_figures_of(table, "total", pd.Series("yuan", index=table.rows))


def _name_price_unit(resources: set[str]) -> str | None:
    if len(resources) > 1:
        return None
    return "yuan/" + next(load_resources()[resource]["unit"] for resource in resources)
