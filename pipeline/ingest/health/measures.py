"""Tables of measures of rivers and lakes, long or wide: figures with their time and place, and rejects."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import pandas as pd

from pipeline import standards
from pipeline.ingest import rejects
from pipeline.ingest.health.columns import Column, HeadedTable, TableRow, open_tables
from pipeline.ingest.health.spans import read_span
from pipeline.ingest.health.words import (
    SCORE,
    HealthWords,
    find_unit_factor,
    list_unit_names,
    load_measure_names,
    read_amount,
    split_unit,
)
from pipeline.ingest.rejects import Advice, Reject
from pipeline.ingest.samples.cells import NOTHING
from pipeline.ingest.samples.headings import fold
from pipeline.settings.health import MeasureFile

NO_BODY = Advice(
    "已列入河湖名录的水体 / a river or lake of the list of bodies",
    "改用名录中的名称或别名，或列入名录 / write a name of the list, or add the body to it",
)
NO_MEASURE = Advice(
    "已知评价指标，或以“赋分”为单位的指标名 / a known measure, or a criterion with the unit 赋分",
    "改用已知名称，见 standards/health_measures.csv / write a known name",
)
NO_SPAN = Advice(
    "年份、季度、月份或日期 / a year, quarter, month or day",
    "写成 2024、2024Q3、2024-07 或 2024-07-05 / write it so",
)
OUT_OF_RANGE = Advice(
    "{low:g} 至 {high:g} {unit} / {low:g} to {high:g} {unit}", "改正数或单位 / mend the figure or its unit"
)
_TIMELESS = frozenset({"mean_flow"})
"""Measures that hold whatever the time."""
_SCORES = (0.0, 100.0)
_ROLES = ("body", "side", "period", "measure", "value", "unit", "source")
COLUMNS = ["body", "side", "measure", "value", "first", "last", "place", "source"]


@dataclass(frozen=True)
class Reading:
    """A figure of a body, in the unit of its measure, and the cell that it stands in."""

    body: str
    side: str | None
    measure: str
    value: float
    first: date | None
    last: date | None
    source: str | None
    row: TableRow
    column: Column | None

    @property
    def place(self) -> str:
        """File, sheet and row."""
        return self.row.place

    @property
    def key(self) -> tuple[object, ...]:
        """What a figure is of."""
        return self.body, self.side, self.measure, self.first, self.last


class _Known(NamedTuple):
    """What a row says of all its figures."""

    body: str
    side: str | None
    period: str
    source: str | None


class Measures(NamedTuple):
    """`readings` (COLUMNS), and what is not used."""

    readings: pd.DataFrame
    lost: list[Reject]


def read_measures(files: Sequence[MeasureFile], words: HealthWords) -> Measures:
    """Figures of bodies from tables: a row for each, or a column for each measure.

    A value is in the unit of its measure, converted from that in the cell, the row or the heading; without a
    unit it is rejected, but where the measure has none. `measure` is `score:` and a criterion where the unit
    is 赋分. `first` and `last` are its days, NaT for what holds at any time. What is repeated counts once;
    figures that contradict each other are all rejected. Raises InputError where no file fits a path
    or none can be read.
    """
    opened = [open_tables(file.path, "measures", file.columns, names_measure) for file in files]
    lost = [one for _, more in opened for one in more]
    found: list[Reading | Reject] = [
        one
        for file, (tables, _) in zip(files, opened, strict=True)
        for table in tables
        for one in _read_table(table, file, words)
    ]
    read = [one for one in found if isinstance(one, Reading)]
    lost += [one for one in found if isinstance(one, Reject)]
    kept, more = _hold_together(read)
    return Measures(_build_table(kept), [*lost, *more])


def names_measure(heading: str) -> bool:
    """Whether a heading, without its unit, names a measure."""
    return fold(heading) in load_measure_names()


def _build_table(readings: Sequence[Reading]) -> pd.DataFrame:
    table = pd.DataFrame([[getattr(one, name) for name in COLUMNS] for one in readings], columns=COLUMNS)
    days = {name: pd.to_datetime(table[name]) for name in ("first", "last")}
    return table.assign(value=table["value"].astype(float), **days)


def _read_table(table: HeadedTable, file: MeasureFile, words: HealthWords) -> Iterator[Reading | Reject]:
    named = {role: table.find(role) for role in _ROLES}
    for row in table.rows():
        texts = {role: _get(row, column) for role, column in named.items()}
        said = texts["body"] or row.sheet
        body = words.bodies.get(fold(said))
        if body is None:
            yield _reject(row, named["body"], said, NO_BODY)
            continue
        known = _Known(
            body, texts["side"] or None, texts["period"] or file.period or "", texts["source"] or file.source
        )
        for column, name, unit in _list_cells(table, texts, named):
            if _get(row, column):
                yield _read_cell(row, column, (name, unit), known, words)


def _list_cells(
    table: HeadedTable, texts: Mapping[str, str], named: Mapping[str, Column | None]
) -> Iterator[tuple[Column, str, str | None]]:
    """The cells of a row that hold figures: their column, what they are of, their unit."""
    value = named["value"]
    if named["measure"] and value:
        yield value, texts["measure"], texts["unit"] or value.unit
    elif not named["measure"]:
        for column in table.columns:
            name = split_unit(column.heading)[0]
            if column.role is None and names_measure(name):
                yield column, name, column.unit


def _get(row: TableRow, column: Column | None) -> str:
    text = row.texts[column.place] if column else ""
    return "" if fold(text) in NOTHING else text


def _read_cell(
    row: TableRow, column: Column, heading: tuple[str, str | None], known: _Known, words: HealthWords
) -> Reading | Reject:
    """The figure of a cell in the unit of its measure; `heading` is what it is of, and its unit."""
    text, (name, unit) = _get(row, column), heading
    number, own = read_amount(text)
    if number is None:
        return _reject(row, column, text, rejects.NOT_A_FIGURE)
    given = own or unit
    measure = words.find_measure(name, given)
    if measure is None:
        return _reject(row, column, name, NO_MEASURE)
    span = read_span(known.period)
    if span is None and not (measure in _TIMELESS and not known.period):
        return _reject(row, column, known.period, NO_SPAN)
    value = _convert(row, column, measure, number, given)
    if isinstance(value, Reject):
        return value
    first, last = (span.first, span.last) if span else (None, None)
    return Reading(known.body, known.side, measure, value, first, last, known.source, row, column)


def _convert(row: TableRow, column: Column, measure: str, value: float, given: str | None) -> float | Reject:
    unit, low, high = _find_bounds(measure)
    said = f"{value:g} {given or ''}".strip()
    factor = (1.0 if unit == "1" else None) if given is None else find_unit_factor(unit, given)
    if factor is None:
        advice = rejects.NO_UNIT if given is None else rejects.WRONG_UNIT
        return _reject(row, column, said, advice).fill(units=", ".join(list_unit_names(unit)))
    if not low <= value * factor <= high:
        return _reject(row, column, said, OUT_OF_RANGE).fill(low=low, high=high, unit=unit)
    return value * factor


def _find_bounds(measure: str) -> tuple[str, float, float]:
    if measure.startswith(f"{SCORE}:"):
        return SCORE, *_SCORES
    rows = {row["measure"]: row for row in standards.read_rows("health_measures")}
    return rows[measure]["unit"], float(rows[measure]["low"]), float(rows[measure]["high"])


def _reject(row: TableRow, column: Column | None, found: str, advice: Advice) -> Reject:
    return Reject(row.file, row.sheet, row.number, column.heading if column else "", found, advice)


def _hold_together(read: Sequence[Reading]) -> tuple[list[Reading], list[Reject]]:
    """Each figure once; none of those that contradict each other."""
    groups: dict[tuple[object, ...], list[Reading]] = {}
    for one in read:
        groups.setdefault(one.key, []).append(one)
    kept, lost = [], []
    for first, *others in groups.values():
        same = all(other.value == first.value for other in others)
        advice = rejects.REPEATED if same else rejects.CONTRADICTED
        kept += [first] if same else []
        lost += [_reject_beside(other, first, advice) for other in others]
        lost += [] if same else [_reject_beside(first, others[0], advice)]
    return kept, lost


def _reject_beside(one: Reading, other: Reading, advice: Advice) -> Reject:
    return _reject(one.row, one.column, f"{one.value:g}", advice).fill(place=other.place)
