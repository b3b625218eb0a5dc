"""The readings of a table, long or wide, out of its batches: kept as codes and numbers, or rejected."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.ingest.samples import cells
from pipeline.ingest.samples.batches import Batch, Codes, Mask, Memo, Numbers, SampleTable, Unsuited
from pipeline.ingest.samples.checks import find_implausible
from pipeline.ingest.samples.dating import Download
from pipeline.ingest.samples.figures import DecimalMarks
from pipeline.ingest.samples.headings import find_divisor, find_unit, fold, load_parameter_codes
from pipeline.ingest.samples.layouts import UNKNOWN_UNIT, Fault, SheetLayout, find_stated_divisor
from pipeline.ingest.samples.month_columns import MONTHS_AS_COLUMNS, has_month_columns
from pipeline.ingest.samples.places import keep_first_points
from pipeline.ingest.samples.reasons import (
    EMPTY_SHEET,
    INCOMPLETE_HEADINGS,
    NO_HEADINGS,
    NO_LIMIT,
    NO_READINGS,
    NO_SECTION,
    NOT_NORMAL,
    UNKNOWN_PARAMETER,
)
from pipeline.ingest.samples.rows import Facts, Reasons, Rows
from pipeline.ingest.samples.stacks import TablePart, needs_whole, split_tables
from pipeline.ingest.samples.tables import (
    NAMES,
    REJECT_COLUMNS,
    SAMPLE_COLUMNS,
    TRACES,
    Tables,
    build_rejects,
    join_tables,
    no_samples,
    to_categories,
)
from pipeline.settings import SampleFile

Part = dict[str, NDArray[Any]]


_OF_ROW = -1
"""Of what is rejected in a row, what concerns all of it comes first, then columns from left to right."""


class ValueCells(NamedTuple):
    """A column of cells that hold values: of which parameter, divided by what, and why that is not known."""

    order: int
    heading: str
    read: Numbers
    parameter: Codes
    factor: NDArray[np.float64]
    fault: Reasons


class Values(NamedTuple):
    """A column of values of a batch: what each cell says and measures, why it cannot be used."""

    order: int
    heading: str
    read: Numbers
    parameter: Codes
    value: NDArray[np.float64]
    factor: NDArray[np.float64]
    told: Mask
    reason: Reasons


def read_table(table: SampleTable, source: SampleFile, download: Download, latest: datetime | None) -> Tables:
    """All that a table says (see `files.read_samples`); where it says nothing, why."""
    if table.is_empty:
        return Tables(no_samples(), build_rejects(table.file, table.name, 0, "", "", EMPTY_SHEET, 0))
    groups = split_tables(table, source.columns)
    if not groups:
        reason = MONTHS_AS_COLUMNS if has_month_columns(table.head) else NO_HEADINGS
        return Tables(no_samples(), build_rejects(table.file, table.name, 0, "", "", reason, 0))
    read = [_read_parts(parts, source, download, latest) for parts in groups]
    points = keep_first_points([one.points for one in read if one.points is not None])
    return join_tables(read)._replace(points=points)


def _read_parts(
    parts: Sequence[TablePart], source: SampleFile, download: Download, latest: datetime | None
) -> Tables:
    """What the parts of one table say."""
    table, layout = parts[0].table, parts[0].layout
    if layout is None:
        where = (table.file, table.name, parts[0].heading_row)
        return Tables(no_samples(), build_rejects(*where, "", "", INCOMPLETE_HEADINGS, 0))
    readings = Readings(table, layout, download, latest, source.detection_limits)
    for part in parts:
        for batch in part.table.batches(part.first_row, layout.positions):
            if not table.holds_all and needs_whole(batch, layout, source.columns):
                raise Unsuited("what its cells mean is decided by the table as a whole")
            readings.add(batch)
    return readings.build_tables(source.water_body)


class Readings:
    """What has been read of a table; `add` takes a batch, `build_tables` gives everything."""

    def __init__(
        self,
        table: SampleTable,
        layout: SheetLayout,
        download: Download,
        latest: datetime | None,
        detection_limits: Mapping[str, float],
    ) -> None:
        self._table, self._layout = table, layout
        self._rows = Rows(layout, download, latest, is_delimited=table.is_delimited)
        self._read_parameter = Memo(partial(_read_parameter, layout))
        self._parameters = sorted(set(load_parameter_codes().values()))
        self._parts: list[Part] = []
        self._points: list[pd.DataFrame] = []
        self._rejects: list[pd.DataFrame] = []
        self._stated: dict[int, float] = {}
        self._given = {self._parameters.index(code): limit for code, limit in detection_limits.items()}
        self._unlimited: list[str] = []
        self._filled: dict[Fault, tuple[bool, int]] = {}

    def add(self, batch: Batch) -> None:
        """Take the readings of a batch, and note what it loses."""
        facts = self._rows.read_facts(batch)
        marks = batch.find_marks(self._layout.number_positions)
        columns = [self._judge(batch, facts, marks, column) for column in self._read_columns(batch, marks)]
        told = sum((column.told.astype(np.int64) for column in columns), np.zeros(len(batch.row), np.int64))
        if columns:
            self._parts.append(self._order([self._keep(batch, facts, column) for column in columns]))
        has_reason = ~_is_none(facts.reason)
        lost = ~facts.is_limit & has_reason & ((told > 0) | facts.is_written | (facts.reason == NOT_NORMAL))
        lost &= (told > 0) | (facts.reason != NO_SECTION)
        if lost.any():
            rows = np.flatnonzero(lost)
            self._reject(_OF_ROW, self._rows.reject(self._table, batch, rows, facts.reason, told))
        for column in columns:
            self._reject(column.order, self._reject_cells(batch, facts, column))
        for axis, rejects in enumerate(self._rows.reject_points(self._table, batch)):
            self._reject(len(self._layout.parameters) + 1 + axis, rejects)
        self._note(batch)
        points = self._rows.find_points(batch, facts)
        if points is not None:
            self._points = [keep_first_points([*self._points, points])]

    def _reject(self, order: int | list[int], rejects: pd.DataFrame) -> None:
        if len(rejects):
            self._rejects.append(rejects.assign(order=order))

    def _read_columns(self, batch: Batch, marks: DecimalMarks) -> Iterator[ValueCells]:
        """The columns of values of a batch."""
        if self._layout.is_long:
            position, heading = self._layout.roles["value"]
            yield ValueCells(0, heading, batch.own_numbers(position, marks), *self._read_parameters(batch))
            return
        length = len(batch.row)
        for order, column in enumerate(self._layout.parameters):
            code = np.full(length, self._parameters.index(column.code), dtype=np.int64)
            none = np.full(length, None, dtype=object)
            read = batch.own_numbers(column.position, marks)
            yield ValueCells(order, column.heading, read, code, np.full(length, column.divisor), none)

    def _read_parameters(self, batch: Batch) -> tuple[Codes, NDArray[np.float64], Reasons]:
        """Parameter of each row, what its value is divided by, and why it cannot be read."""
        names, units = (batch.column(self._layout.position(role)) for role in ("parameter", "unit"))
        pairs, codes = names.pair_with(units)
        found = self._read_parameter(pairs)
        known = [self._parameters.index(code) if code else -1 for code, _, _ in found]
        parameter = np.array(known, dtype=np.int64)[codes]
        factor = np.array([factor for _, factor, _ in found], dtype=float)[codes]
        return parameter, factor, np.array([fault for _, _, fault in found], dtype=object)[codes]

    def _judge(self, batch: Batch, facts: Facts, marks: DecimalMarks, column: ValueCells) -> Values:
        read, parameter = column.read, column.parameter
        own = np.where(_is_none(read.unit), facts.unit, read.unit)
        factor, misfit = self._divide_by(own, parameter, column.factor)
        value = read.value / factor
        self._take_limits(facts, parameter, value)
        value = self._apply_own_limits(batch, marks, column, value)
        odd = np.full(len(value), None, dtype=object)
        known = parameter >= 0
        codes = pd.Series(to_categories(parameter, self._parameters))
        odd[known] = find_implausible(
            codes[known], pd.Series(value[known], index=codes.index[known])
        ).to_numpy()
        reason = _pick_first(facts.reason, column.fault, misfit, read.reason, odd)
        told = ~read.blank & ~facts.is_limit
        return Values(column.order, column.heading, read, parameter, value, factor, told, reason)

    def _take_limits(self, facts: Facts, parameter: Codes, value: NDArray[np.float64]) -> None:
        """Keep for the end the detection limits that rows state."""
        for place in np.flatnonzero(facts.is_limit & ~np.isnan(value)):
            code = int(parameter[place])
            self._stated[code] = min(float(value[place]), self._stated.get(code, np.inf))

    def _keep(self, batch: Batch, facts: Facts, column: Values) -> Part:
        """The readings of a column as codes and numbers.

        `text` of a table that is held as a whole, otherwise only of readings that still want a limit.
        """
        read, value = column.read, column.value
        kept = column.told & _is_none(column.reason)
        told = np.flatnonzero(kept if self._table.holds_all else kept & np.isnan(value))
        text = np.full(len(value), None, dtype=object)
        text[told] = read.text(told)
        return {
            **{role: codes[kept].astype(np.int32) for role, codes in facts.names.items()},
            "time": facts.times[kept],
            "parameter": column.parameter[kept].astype(np.int8),
            "value": value[kept],
            "published": (read.published / column.factor)[kept],
            "censored": read.censored[kept],
            "row": batch.row[kept],
            "text": text[kept],
        }

    def _divide_by(
        self, units: Reasons, parameter: Codes, factor: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], Reasons]:
        """Divisors, and faults, of values of which some have a unit of their own."""
        found, fault = factor.copy(), np.full(len(factor), None, dtype=object)
        for place in np.flatnonzero(~_is_none(units) & (parameter >= 0)):
            divisor = find_divisor(self._parameters[parameter[place]], units[place])
            found[place] = np.nan if divisor is None else divisor
            fault[place] = UNKNOWN_UNIT if divisor is None else None
        return found, fault

    def _apply_own_limits(
        self, batch: Batch, marks: DecimalMarks, column: ValueCells, value: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Values of a long table, of which those not detected take the limit of their row, in its unit."""
        wanting = column.read.censored & np.isnan(value)
        position = self._layout.position("detection_limit")
        if position is None or not (self._layout.is_long and wanting.any()):
            return value
        limit = batch.numbers(position, marks)
        own = limit.unit.copy()
        own[_is_none(own)] = self._layout.limit_unit
        factor, _ = self._divide_by(own, column.parameter, column.factor)
        return np.where(wanting, limit.value / factor, value)

    def _order(self, parts: list[Part]) -> Part:
        """Readings of a batch row by row, and within a row in the order of the columns."""
        whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        if len(parts) > 1:
            order = np.argsort(whole["row"], kind="stable")
            whole = {name: values[order] for name, values in whole.items()}
        text = whole["text"] if self._table.holds_all else whole.pop("text")
        self._unlimited += text[np.isnan(whole["value"])].tolist()
        return whole

    def _build_rejects(self, *values: object) -> pd.DataFrame:
        return build_rejects(self._table.file, self._table.name, *values)

    def _reject_cells(self, batch: Batch, facts: Facts, column: Values) -> pd.DataFrame:
        rows = np.flatnonzero(column.told & ~_is_none(column.reason) & _is_none(facts.reason))
        places, reasons = pd.Index(batch.row[rows]), list(column.reason[rows])
        return self._build_rejects(places, column.heading, column.read.text(rows), reasons, 1)

    def _note(self, batch: Batch) -> None:
        """Whether anything stands in the columns that are not read, and how many readings."""
        for fault in self._layout.faults:
            if fault.position is None or not fault.counts:
                continue
            filled, count = self._filled.get(fault, (False, 0))
            filled |= any(text.strip() for text in batch.column(fault.position).texts)
            if fault.readings_lost:
                count += int(np.count_nonzero(~batch.own_numbers(fault.position).blank))
            self._filled[fault] = filled, count

    def _reject_columns(self) -> pd.DataFrame:
        """Rejects for the columns that are not read; a nameless one counts only if something stands in it."""
        known = [
            (fault, *self._filled.get(fault, (False, 0)))
            for fault in self._layout.faults
            if fold(fault.heading) or self._filled.get(fault, (False, 0))[0]
        ]
        headings = [fault.heading for fault, _, _ in known]
        reasons = [fault.reason for fault, _, _ in known]
        counts = [count for _, _, count in known]
        return self._build_rejects(self._layout.heading_row, headings, "", reasons, counts)

    def build_tables(self, water_body: str) -> Tables:
        """All readings, their texts as categories, rejects by row after those of whole columns, points."""
        unread = self._reject_columns()
        columns = self._join()
        samples = self._build_samples(columns, water_body) if columns else no_samples()
        found = unread
        if self._rejects:
            lost = pd.concat(self._rejects).sort_values(["row", "order"], kind="stable")[REJECT_COLUMNS]
            found = pd.concat([part for part in (unread, lost) if len(part)], ignore_index=True)
        if samples.empty and found.empty:
            found = self._build_rejects(self._layout.heading_row, "", "", NO_READINGS, 0)
        return Tables(samples, found, keep_first_points(self._points))

    def _join(self) -> Part:
        """All readings, without those not detected that have no limit or no plausible one."""
        if not self._parts:
            return {}
        # column by column, so that nothing big is held twice
        names = list(self._parts[0])
        columns = {name: np.concatenate([part.pop(name) for part in self._parts]) for name in names}
        wanting = np.isnan(columns["value"])
        if not wanting.any():
            return columns
        columns["value"] = self._apply_limits(columns, wanting)
        codes = pd.Series(to_categories(columns["parameter"][wanting], self._parameters))
        odd = find_implausible(codes, pd.Series(columns["value"][wanting]))
        reason = odd.mask(np.isnan(columns["value"][wanting]), NO_LIMIT).to_numpy(dtype=object)
        bad = ~_is_none(reason)
        rows, parameter = columns["row"][wanting][bad], columns["parameter"][wanting][bad]
        places = [self._find_column(code) for code in parameter]
        headings = [heading for _, heading in places]
        texts = np.array(self._unlimited, dtype=object)[bad]
        rejects = self._build_rejects(pd.Index(rows), headings, texts, reason[bad], 1)
        self._reject([order for order, _ in places], rejects)
        kept = ~wanting
        kept[wanting] = ~bad
        return {name: values[kept] for name, values in columns.items()}

    def _apply_limits(self, columns: Part, wanting: Mask) -> NDArray[np.float64]:
        """Values with the limits that the table states for all its rows, else those of the config.

        A limit that stands in the cell or the row of another reading is that reading's alone.
        """
        value = columns["value"].astype(float)
        limits = self._given | self._stated
        value[wanting] = pd.Series(columns["parameter"][wanting]).map(limits).to_numpy(dtype=float)
        return value

    def _find_column(self, code: int) -> tuple[int, str]:
        """Order and heading of the column that holds the values of a parameter."""
        if self._layout.is_long:
            return 0, self._layout.heading("value")
        own = {column.code: place for place, column in enumerate(self._layout.parameters)}
        order = own[self._parameters[code]]
        return order, self._layout.parameters[order].heading

    def _build_samples(self, columns: Part, water_body: str) -> pd.DataFrame:
        length = len(columns["row"])
        units = [find_unit(code) for code in self._parameters]
        kinds = sorted(set(units))
        unit = np.array([kinds.index(name) for name in units], dtype=np.int8)[columns["parameter"]]
        same = {"water_body": water_body, "file": self._table.file, "sheet": self._table.name, "flag": None}
        frame = {
            **{role: to_categories(columns[role], self._rows.lists[role]) for role in NAMES},
            "time": _to_local(columns["time"]),
            "parameter": to_categories(columns["parameter"], self._parameters),
            "unit": to_categories(unit, kinds),
            "column": self._name_columns(columns["parameter"]),
            **{name: columns[name] for name in ("value", "published", "censored", "row")},
            **{name: _repeat(text, length) for name, text in same.items()},
            "text": columns["text"] if self._table.holds_all else _repeat(None, length),
        }
        return pd.DataFrame(frame, columns=[*SAMPLE_COLUMNS, *TRACES])

    def _name_columns(self, parameter: Codes) -> Any:
        if self._layout.is_long:
            return _repeat(self._layout.heading("value"), len(parameter))
        headings = [column.heading for column in self._layout.parameters]
        place = {column.code: number for number, column in enumerate(self._layout.parameters)}
        codes = np.array([place.get(code, -1) for code in self._parameters], dtype=np.int8)
        known = sorted(set(headings))
        return to_categories(np.array([known.index(name) for name in headings])[codes[parameter]], known)


def _to_local(times: Codes) -> pd.Series:
    return pd.Series(times.view("datetime64[us]")).dt.tz_localize("UTC").dt.tz_convert(cells.ZONE.key)


def _repeat(text: str | None, length: int) -> Any:
    known = [] if text is None else [text]
    return to_categories(np.full(length, len(known) - 1, dtype=np.int8), known)


def _read_parameter(layout: SheetLayout, pair: tuple[str, str]) -> tuple[str | None, float, str | None]:
    """Code, divisor and fault of a parameter and its unit."""
    name, unit = pair
    code = load_parameter_codes().get(fold(name))
    if code is None:
        return None, float("nan"), UNKNOWN_PARAMETER
    found = find_stated_divisor(code, unit.strip() or layout.value_unit, layout.unit_line)
    return (code, float("nan"), found) if isinstance(found, str) else (code, found, None)


def _is_none(reasons: Reasons) -> Mask:
    return np.asarray(pd.isna(reasons))


def _pick_first(*reasons: Reasons) -> Reasons:
    """The first reason that is given, row by row."""
    found = reasons[0].copy()
    for others in reasons[1:]:
        missing = _is_none(found)
        found[missing] = others[missing]
    return found
