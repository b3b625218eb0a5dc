"""The figures of a table of statistics: what each cell is of, in the unit of its item."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from pipeline.ingest import rejects
from pipeline.ingest.rejects import Advice, Reject
from pipeline.ingest.samples.cells import NOTHING, narrow
from pipeline.ingest.samples.figures import DecimalMarks, read_numbers
from pipeline.ingest.samples.headings import fold
from pipeline.ingest.samples.sheets import Sheet
from pipeline.ingest.statistics import advice
from pipeline.ingest.statistics.layouts import TableLayout
from pipeline.ingest.statistics.words import (
    YEARS,
    Meaning,
    Words,
    find_factor,
    find_kind,
    is_subtotal,
    is_total,
    list_units,
    load_items,
    name_product,
    names_unit,
)

_NUMBER_AND_UNIT = re.compile(r"(?P<number>[+-]?[0-9][0-9.,\s]*)(?P<unit>[^0-9.,\s].*)")
_DECIMALS = re.compile(r"[0-9]*(?:[.](?P<decimals>[0-9]*))?")


@dataclass(frozen=True)
class Figure:
    """One figure in the unit of its item; `region` is None for the total of the regions of its table.

    `rounding` is half of the last place that is written, in the same unit.
    """

    region: str | None
    year: int
    item: str
    product: str | None
    value: float
    unit: str
    source: str | None
    file: str
    sheet: str
    row: int
    column: str
    text: str
    rounding: float
    is_elsewhere: bool = False

    @property
    def place(self) -> str:
        """Where it stands, as a message names it."""
        return ", ".join(part for part in (self.file, self.sheet, f"row {self.row}", self.column) if part)

    def reject(self, advice: Advice, **facts: object) -> Reject:
        """Why it is not used."""
        return Reject(self.file, self.sheet, self.row, self.column, self.text, advice).fill(**facts)


@dataclass(frozen=True)
class Given:
    """What a config gives figures of which a table does not tell it."""

    region: str | None = None
    year: int | None = None
    source: str | None = None


class Unusable(Exception):
    """Why a cell is not used; `found` stands in the column of `role`, in the cell where none is given."""

    def __init__(self, advice: Advice, found: str = "", role: str = "", **facts: object) -> None:
        self.advice = advice
        self.found = found
        self.role = role
        self.facts = facts
        super().__init__(advice.expected)


def read_figures(
    sheet: Sheet, layout: TableLayout, words: Words, given: Given
) -> tuple[list[Figure], list[Reject]]:
    """Figures of a table, and what of it cannot be used."""
    reader = _Reader(sheet, layout, words, given)
    if layout.doubled:
        named = ", ".join(layout.headings[layout.roles[role]] for role in layout.doubled)
        return [], [Reject(sheet.file, sheet.name, layout.heading_row, "", named, rejects.DOUBLED)]
    return reader.read()


class _Reader:
    """Reads the cells of one table."""

    def __init__(self, sheet: Sheet, layout: TableLayout, words: Words, given: Given) -> None:
        self._sheet, self._layout, self._words, self._given = sheet, layout, words, given
        body = sheet.cells.loc[layout.first_row : layout.last_row]
        self._rows: dict[int, list[str]] = {
            int(number): [str(text) for text in row]
            for number, row in zip(body.index, body.to_numpy(dtype=object).tolist(), strict=True)
        }
        texts = {row[place] for row in self._rows.values() for place in layout.figures}
        self._numbers = _read_texts(sorted(text for text in texts if fold(text) not in NOTHING))

    def read(self) -> tuple[list[Figure], list[Reject]]:
        """Figures, and rejects of cells and of columns; what a whole column is to blame for stands once."""
        read = [found for number, row in self._rows.items() for found in self._read_row(number, row)]
        figures = [found for found in read if isinstance(found, Figure)]
        lost = [found for found in read if isinstance(found, Reject)]
        once = {(one.column, one.found, one.advice): one for one in reversed(lost)}
        kept = [one for one in lost if one is once[one.column, one.found, one.advice]]
        return figures, [*self._reject_columns(), *kept]

    def _read_row(self, number: int, row: Sequence[str]) -> Iterator[Figure | Reject]:
        if any(is_subtotal(self._find_text(row, role)) for role in ("region", "item", "product")):
            return
        for place in self._layout.figures:
            if fold(row[place]) in NOTHING or self._repeats_left(number, place):
                continue
            try:
                yield self._read_cell(number, row, place)
            except Unusable as fault:
                yield self._reject(number, place, fault)

    def _read_cell(self, number: int, row: Sequence[str], place: int) -> Figure:
        """The figure of a cell; Unusable where it cannot be used."""
        if self._is_merged(number, place):
            raise Unusable(rejects.MERGED)
        meaning = self._find_meaning(row, place)
        item, product = self._name_item(meaning, row, place)
        region, is_elsewhere = self._find_region(meaning, row)
        year = self._find_year(meaning, row)
        value, own_unit, rounding = self._find_value(row[place])
        stated = [own_unit, self._find_text(row, "unit"), *self._list_units(row, place)]
        unit, factor = self._find_unit(item, meaning, [text for text in stated if fold(text) not in NOTHING])
        most = load_items()[item]["most"]
        if most and value * factor > float(most):
            raise Unusable(advice.TOO_MUCH, most=most, unit=unit)
        source = self._find_text(row, "source") or self._layout.title.source or self._given.source
        return Figure(
            region, year, item, product, value * factor, unit, source, self._sheet.file, self._sheet.name,
            number, self._layout.headings[place], row[place], rounding * factor, is_elsewhere,
        )  # fmt: skip

    def _find_text(self, row: Sequence[str], role: str) -> str:
        """What stands in the column of a role, without marks of nothing."""
        place = self._layout.roles.get(role)
        text = "" if place is None else narrow(row[place])
        return "" if fold(text) in NOTHING else text

    def _find_meaning(self, row: Sequence[str], place: int) -> Meaning:
        """Of what a cell is, by its row and its column, without units."""
        heading = self._layout.figures[place]
        item, product = self._find_text(row, "item"), self._find_text(row, "product")
        read = self._words.read(item) if item else Meaning()
        if read is None:
            raise Unusable(advice.UNKNOWN_ITEM, item, "item")
        of_product = Meaning(product=name_product(product)) if product else Meaning()
        joined = replace(read, unit=None).join(replace(heading, unit=None, role=None))
        whole = joined and joined.join(of_product)
        if whole is None:
            said = " | ".join(text for text in (item, product, self._layout.headings[place]) if text)
            raise Unusable(advice.TWO_THINGS, said)
        return whole

    def _name_item(self, meaning: Meaning, row: Sequence[str], place: int) -> tuple[str, str | None]:
        """Code of the item, and its product where it is told of by products."""
        if meaning.item:
            return meaning.item, meaning.product if meaning.item.startswith(("output.", "price.")) else None
        measure = meaning.measure or self._layout.title.measure
        kind = find_kind(meaning.product) if meaning.product else None
        if not (measure and kind):
            texts = [
                self._find_text(row, "item"),
                self._find_text(row, "product"),
                self._layout.headings[place],
            ]
            raise Unusable(advice.UNKNOWN_ITEM, " ".join(text for text in texts if text), "item")
        return f"{measure}.{kind}", meaning.product

    def _find_region(self, meaning: Meaning, row: Sequence[str]) -> tuple[str | None, bool]:
        """The region, None for all of the table; and whether it is none of the area."""
        text = self._find_text(row, "region")
        if is_total(text):
            return None, False
        if meaning.region and not text:
            return meaning.region, False
        named = text or ("" if "region" in self._layout.roles else self._given.region or "")
        if not named:
            raise Unusable(advice.NO_REGION, "", "region")
        known = self._words.regions.get(fold(named))
        return known or named, known is None

    def _find_year(self, meaning: Meaning, row: Sequence[str]) -> int:
        text = self._find_text(row, "year")
        told = self._words.read(text) if text else meaning
        year = told.year if told else None
        if text and (year is None or (meaning.year or year) != year):
            raise Unusable(rejects.NO_YEAR, text, "year")
        year = year or self._layout.title.year or self._given.year
        if year is None or year not in YEARS:
            raise Unusable(rejects.NO_YEAR, str(year or ""), "year")
        return year

    def _find_value(self, text: str) -> tuple[float, str, float]:
        """Value, the unit in the cell, half of its last place."""
        value, unit, rounding = self._numbers[text]
        if math.isnan(value):
            raise Unusable(rejects.NOT_A_FIGURE)
        if value < 0:
            raise Unusable(rejects.NEGATIVE)
        return value, unit, rounding

    def _list_units(self, row: Sequence[str], place: int) -> Iterator[str]:
        """Units in the texts of the item and the heading."""
        item = self._words.read(self._find_text(row, "item"))
        for meaning in (item, self._layout.figures[place]):
            if meaning and meaning.unit:
                yield meaning.unit

    def _find_unit(self, item: str, meaning: Meaning, stated: Sequence[str]) -> tuple[str, float]:
        """Unit of the item, and the factor to it, by what is stated nearest."""
        around = [unit for unit in self._layout.title.units if find_factor(item, unit)]
        nearest = stated or ([meaning.implied] if meaning.implied else around)
        found = {find_factor(item, unit) for unit in nearest}
        if None in found:
            raise Unusable(rejects.WRONG_UNIT, ", ".join(nearest), units=", ".join(list_units(item)))
        if len(found) != 1:
            raise Unusable(rejects.TWO_UNITS if found else rejects.NO_UNIT, ", ".join(nearest))
        return next(pair for pair in found if pair)

    def _repeats_left(self, number: int, place: int) -> bool:
        """Whether a cell is part of a merge that began in the same row, under the same heading."""
        same = place and self._layout.headings.get(place - 1) == self._layout.headings[place]
        return bool(same) and self._is_repeated(number, place)

    def _is_repeated(self, number: int, place: int) -> bool:
        marks = self._sheet.repeats
        return marks is not None and number <= len(marks) and bool(marks[number - 1, place])

    def _is_merged(self, number: int, place: int) -> bool:
        """Whether a cell is merged with others that are not the same figure."""
        below = self._is_repeated(number + 1, place) and self._rows.get(number + 1, [""] * (place + 1))[place]
        text = self._rows[number][place]
        return self._is_repeated(number, place) or (bool(below) and below == text)

    def _reject(self, number: int, place: int, fault: Unusable) -> Reject:
        blamed = self._layout.roles.get(fault.role, place)
        found = fault.found or ("" if fault.role else self._rows[number][place])
        one = Reject(
            self._sheet.file, self._sheet.name, number, self._layout.headings[blamed], found, fault.advice
        )
        return one.fill(**fault.facts)

    def _reject_columns(self) -> Iterator[Reject]:
        """A reject for each column with numbers that is not read."""
        for place in self._layout.unread:
            texts = [row[place] for row in self._rows.values()]
            if read_numbers(pd.Series(texts, dtype=str))["value"].notna().any():
                heading = self._layout.headings[place]
                where = (self._sheet.file, self._sheet.name, self._layout.heading_row)
                yield Reject(*where, heading, heading, advice.UNKNOWN_COLUMN)


def _read_texts(texts: Sequence[str]) -> Mapping[str, tuple[float, str, float]]:
    """By text its value, NaN for what is none; the unit in the cell; half of its last place."""
    parts = [_part_unit(text) for text in texts]
    numerals = pd.Series([number for number, _ in parts], dtype=str)
    read = read_numbers(numerals, DecimalMarks.of(numerals))
    is_number = read["reason"].isna() & read["unit"].isna() & ~read["censored"] & ~read["blank"]
    values = read["value"].where(is_number)
    return {
        text: (float(value), unit, _find_rounding(number))
        for text, value, (number, unit) in zip(texts, values, parts, strict=True)
    }


def _part_unit(text: str) -> tuple[str, str]:
    """The number of a cell and the unit behind it, empty where there is none."""
    found = _NUMBER_AND_UNIT.fullmatch(narrow(text))
    return (found["number"], found["unit"]) if found and names_unit(found["unit"]) else (text, "")


def _find_rounding(number: str) -> float:
    parts = _DECIMALS.match(narrow(number).replace(",", ""))
    return 0.5 * 10.0 ** -len((parts and parts["decimals"]) or "")
