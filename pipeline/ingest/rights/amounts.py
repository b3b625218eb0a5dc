"""Amounts of a register of rights: of which resource and year a cell is, in the unit that it is kept in."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import pandas as pd

from pipeline.ingest import rejects
from pipeline.ingest.rights import advice
from pipeline.ingest.rights.cells import WrittenFigure, read_written_figures
from pipeline.ingest.rights.tables import RightsTable
from pipeline.ingest.rights.words import RightsHeading, find_amount_unit, find_conversion, index_resources
from pipeline.ingest.samples.headings import fold


class RightAmount(NamedTuple):
    """An amount of a row: what it is (granted, used, traded, bought, sold), of which resource, in its unit.

    `year` is None where none is told; `rounding` is half of the last place that is written.
    """

    row: int
    column: str
    what: str
    resource: str
    year: int | None
    value: float
    rounding: float


class Converted(NamedTuple):
    """A figure in the unit that it is kept in, and half of its last place."""

    value: float
    rounding: float


@dataclass(frozen=True)
class FigureColumn:
    """A column of figures; the unit stands in the cell, or in heading or row, or above, or in the config."""

    table: RightsTable
    place: int
    heading: RightsHeading

    @cached_property
    def _figures(self) -> dict[str, WrittenFigure]:
        return read_written_figures(self.table.body[self.place])

    def read(self, row: int, text: str, unit: str) -> Converted | None:
        """The figure of a cell in a unit; None, and a note, where it cannot be used."""
        figure = self._figures[text]
        if math.isnan(figure.value) or figure.value < 0:
            why = rejects.NOT_A_FIGURE if math.isnan(figure.value) else rejects.NEGATIVE
            self.table.lose(row, self.place, text, why)
            return None
        stated = [figure.unit] if figure.unit else self._list_units(row, unit)
        factors = {find_conversion(unit, told) for told in stated}
        if None in factors:
            self.table.lose_once(row, self.place, ", ".join(stated), advice.WRONG_UNIT, unit=unit)
        elif len(factors) != 1:
            why = rejects.TWO_UNITS if factors else advice.NO_UNIT
            self.table.lose_once(row, self.place, ", ".join(stated), why)
        else:
            factor = next(factor for factor in factors if factor is not None)
            return Converted(float(f"{figure.value * factor:.15g}"), figure.rounding * factor)
        return None

    def _list_units(self, row: int, unit: str) -> list[str]:
        near = [text for text in (self.heading.unit, self.table.units[row]) if text]
        around = [text for text in self.table.layout.title.units if find_conversion(unit, text)]
        given = self.table.register.units.get(str(self.heading.ours))
        return near or around or ([given] if given else [])


def read_amounts(table: RightsTable) -> Iterator[RightAmount]:
    """Amounts of all columns; what cannot be used is noted.

    The resource is that of the column, else of the pollutant of the row. The year stands in the heading or
    the row; of what was used it may stand above the table or in the config as well, and has to be told.
    """
    for place, heading in table.layout.list_amounts():
        what, _, resource = str(heading.ours).partition(".")
        column = FigureColumn(table, place, heading)
        for row, text in table.list_cells(place):
            of = resource or _find_resource(table, row)
            found = column.read(row, text, find_amount_unit(f"{what}.{of}")) if of else None
            year = _find_year(table, heading, row, what)
            if found and of and what == "used" and year is None:
                table.lose_once(row, place, text, advice.NO_YEAR)
            elif found and of:
                yield RightAmount(row, table.layout.texts[place], what, of, year, *found)


def _find_resource(table: RightsTable, row: int) -> str | None:
    """The resource of a row by its pollutant; None, and a note, where it is unknown."""
    told = table.pollutants[row]
    found = index_resources().get(fold(told or ""))
    if found is None:
        table.lose(row, table.layout.find("pollutant"), told or "", advice.UNKNOWN_RESOURCE)
    return found


def _find_year(table: RightsTable, heading: RightsHeading, row: int, what: str) -> int | None:
    near = heading.year or table.years[row]
    return near or (table.layout.title.year or table.register.year if what == "used" else None)


def read_figures_of(table: RightsTable, ours: str, units: pd.Series) -> dict[int, Converted]:
    """Figures by row of a column that is no amount, such as a price, each in the unit of its row."""
    place = table.layout.find(ours)
    if place is None:
        return {}
    column = FigureColumn(table, place, table.layout.columns[place])
    cells = [(row, text) for row, text in table.list_cells(place) if units.get(row)]
    read = {row: column.read(row, text, str(units[row])) for row, text in cells}
    return {row: found for row, found in read.items() if found}
