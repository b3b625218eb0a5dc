"""Readings collected from the batches of a long or wide table, as codes and numbers."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.ingest.samples import cells
from pipeline.ingest.samples.batches import Batch, Codes, Column, Memo, Numbers
from pipeline.ingest.samples.checks import implausible
from pipeline.ingest.samples.dating import Download
from pipeline.ingest.samples.headings import (
    UNKNOWN_UNIT,
    Fault,
    Layout,
    divisor,
    parameter_codes,
    plain,
    unit_of,
)
from pipeline.ingest.samples.places import AXES, first_points
from pipeline.ingest.samples.reasons import (
    NO_LIMIT,
    NO_READINGS,
    NO_SECTION,
    NOT_NORMAL,
    UNKNOWN_PARAMETER,
)
from pipeline.ingest.samples.rows import Facts, Mask, Reasons, Rows
from pipeline.ingest.samples.tables import (
    NAMES,
    SAMPLE_COLUMNS,
    TRACES,
    Tables,
    categories,
    no_rejects,
    no_samples,
    rejects_of,
)

Part = dict[str, NDArray[Any]]


class Values(NamedTuple):
    """A column of values of a batch: what each cell says and measures, why it cannot be used."""

    heading: str
    read: Numbers
    parameter: Codes
    value: NDArray[np.float64]
    factor: NDArray[np.float64]
    told: Mask
    reason: Reasons


class Collected:
    """What has been read of a file; `add` takes a batch, `tables` gives everything."""

    def __init__(self, file: str, layout: Layout, download: Download, latest: datetime | None) -> None:
        self._file, self._layout = file, layout
        self._headings = {role: heading for role, (_, heading) in layout.roles.items()}
        self._rows = Rows(self._headings, download, latest)
        self._measured = Memo(partial(_measured, layout.value_unit))
        self._parameters = sorted(set(parameter_codes().values()))
        self._parts: list[Part] = []
        self._points: list[pd.DataFrame] = []
        self._rejects: list[pd.DataFrame] = []
        self._stated: dict[int, float] = {}
        self._marked: dict[Any, tuple[float, float]] = {}
        self._unlimited: list[str] = []
        self._filled: dict[Fault, tuple[bool, int]] = {}

    def add(self, batch: Batch) -> None:
        """Take the readings of a batch, and note what it loses."""
        facts = self._rows.facts(batch)
        columns = [self._judged(batch, facts, *column) for column in self._columns(batch)]
        told = np.sum([column.told for column in columns], axis=0)
        self._parts.append(self._ordered([self._kept(batch, facts, column) for column in columns]))
        has_reason = ~_is_none(facts.reason)
        lost = ~facts.is_limit & has_reason & ((told > 0) | facts.is_written | (facts.reason == NOT_NORMAL))
        lost &= (told > 0) | (facts.reason != NO_SECTION)
        if lost.any():
            rows = np.flatnonzero(lost)
            self._rejects.append(self._rows.lost(self._file, batch, rows, facts.reason, told))
        self._rejects += [self._bad_cells(batch, facts, column) for column in columns]
        self._rejects += self._rows.misplaced(self._file, batch)
        self._note(batch)
        if all(axis in batch.columns for axis in AXES):
            self._points = [first_points([*self._points, self._rows.points(batch, facts)])]

    def _columns(self, batch: Batch) -> Iterator[tuple[str, Numbers, Codes, NDArray[np.float64], Reasons]]:
        """Heading, cells, parameter, divisor and fault of each column of values."""
        if self._layout.is_long:
            yield self._headings["value"], Numbers.of(batch.columns["value"]), *self._meant(batch)
            return
        length = len(batch.row)
        for column in self._layout.parameters:
            code = np.full(length, self._parameters.index(column.code), dtype=np.int64)
            none = np.full(length, None, dtype=object)
            read = Numbers.of(batch.columns[column.code])
            yield column.heading, read, code, np.full(length, column.divisor), none

    def _meant(self, batch: Batch) -> tuple[Codes, NDArray[np.float64], Reasons]:
        """Parameter of each row, what its value is divided by, and why it cannot be read."""
        pairs, codes = batch.column("parameter").with_each(batch.column("unit"))
        found = self._measured(pairs)
        parameter = np.array([self._parameters.index(code) if code else -1 for code, _, _ in found])[codes]
        factor = np.array([factor for _, factor, _ in found], dtype=float)[codes]
        return parameter, factor, np.array([fault for _, _, fault in found], dtype=object)[codes]

    def _judged(
        self,
        batch: Batch,
        facts: Facts,
        heading: str,
        read: Numbers,
        parameter: Codes,
        factor: NDArray[np.float64],
        fault: Reasons,
    ) -> Values:
        value = read.value / factor
        self._take_limits(facts, read, parameter, value)
        value = self._with_own_limits(batch, read, value, factor)
        odd = np.full(len(value), None, dtype=object)
        known = parameter >= 0
        codes = pd.Series(categories(parameter, self._parameters))
        odd[known] = implausible(codes[known], pd.Series(value[known], index=codes.index[known])).to_numpy()
        reason = _first(facts.reason, fault, read.reason, odd)
        return Values(heading, read, parameter, value, factor, ~read.blank & ~facts.is_limit, reason)

    def _take_limits(self, facts: Facts, read: Numbers, parameter: Codes, value: NDArray[np.float64]) -> None:
        """Keep for the end the detection limits that rows state, and those that marked values tell."""
        marked = read.censored & ~np.isnan(value)
        told = pd.DataFrame({"code": parameter[marked], "value": value[marked]}).groupby("code")["value"]
        for code, (low, high) in told.agg(["min", "max"]).iterrows():
            known = self._marked.get(code, (np.inf, -np.inf))
            self._marked[code] = min(low, known[0]), max(high, known[1])
        for place in np.flatnonzero(facts.is_limit & ~np.isnan(value)):
            code = int(parameter[place])
            self._stated[code] = min(float(value[place]), self._stated.get(code, np.inf))

    def _kept(self, batch: Batch, facts: Facts, column: Values) -> Part:
        """The readings of a column as codes and numbers; `text` of those that still want a limit."""
        read, value = column.read, column.value
        kept = column.told & _is_none(column.reason)
        wanting = np.flatnonzero(kept & np.isnan(value))
        text = np.full(len(value), None, dtype=object)
        text[wanting] = read.text(wanting)
        return {
            **{role: codes[kept].astype(np.int32) for role, codes in facts.names.items()},
            "time": facts.times[kept],
            "parameter": column.parameter[kept].astype(np.int8),
            "value": value[kept],
            "raw": (read.raw / column.factor)[kept],
            "censored": read.censored[kept],
            "row": batch.row[kept],
            "text": text[kept],
        }

    def _with_own_limits(
        self, batch: Batch, read: Numbers, value: NDArray[np.float64], factor: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Values of a long table, of which those not detected take the limit of their row."""
        wanting = read.censored & np.isnan(value)
        if not (self._layout.is_long and "detection_limit" in batch.columns and wanting.any()):
            return value
        return np.where(wanting, Numbers.of(batch.columns["detection_limit"]).value / factor, value)

    def _ordered(self, parts: list[Part]) -> Part:
        """Readings of a batch row by row, and within a row in the order of the columns."""
        whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        if len(parts) > 1:
            order = np.argsort(whole["row"], kind="stable")
            whole = {name: values[order] for name, values in whole.items()}
        text = whole.pop("text")
        self._unlimited += text[~_is_none(text)].tolist()
        return whole

    def _bad_cells(self, batch: Batch, facts: Facts, column: Values) -> pd.DataFrame:
        rows = np.flatnonzero(column.told & ~_is_none(column.reason) & _is_none(facts.reason))
        places, reasons = pd.Index(batch.row[rows]), list(column.reason[rows])
        return rejects_of(self._file, "", places, column.heading, column.read.text(rows), reasons, 1)

    def _note(self, batch: Batch) -> None:
        """Whether anything stands in the columns that are not read, and how many readings."""
        for fault, values in batch.unread.items():
            filled, count = self._filled.get(fault, (False, 0))
            filled |= any(text.strip() for text in Column.of(values).texts)
            count += int(np.count_nonzero(~Numbers.of(values).blank)) if fault.readings_lost else 0
            self._filled[fault] = filled, count

    def _unread(self) -> pd.DataFrame:
        """Rejects for the columns that are not read; a nameless one counts only if something stands in it."""
        known = [
            (fault, *self._filled.get(fault, (False, 0)))
            for fault in self._layout.faults
            if plain(fault.heading) or self._filled.get(fault, (False, 0))[0]
        ]
        headings = [fault.heading for fault, _, _ in known]
        reasons = [fault.reason for fault, _, _ in known]
        counts = [count for _, _, count in known]
        return rejects_of(self._file, "", self._layout.heading_row, headings, "", reasons, counts)

    def tables(self, water_body: str) -> Tables:
        """All readings, their texts as categories, rejects by row after those of whole columns, points."""
        unread = self._unread()
        columns = self._joined()
        samples = self._frame(columns, water_body) if columns else no_samples()
        rejects = [part for part in self._rejects if len(part)]
        lost = pd.concat(rejects).sort_values("row", kind="stable") if rejects else no_rejects()
        found = pd.concat([part for part in (unread, lost) if len(part)] or [unread], ignore_index=True)
        if samples.empty and found.empty:
            found = rejects_of(self._file, "", self._layout.heading_row, "", "", NO_READINGS, 0)
        return Tables(samples, found, first_points(self._points))

    def _joined(self) -> Part:
        """All readings, without those not detected that have no limit or no plausible one."""
        if not self._parts:
            return {}
        # column by column, so that nothing big is held twice
        names = list(self._parts[0])
        columns = {name: np.concatenate([part.pop(name) for part in self._parts]) for name in names}
        wanting = np.isnan(columns["value"])
        if not wanting.any():
            return columns
        columns["value"] = self._limited(columns, wanting)
        codes = pd.Series(categories(columns["parameter"][wanting], self._parameters))
        odd = implausible(codes, pd.Series(columns["value"][wanting]))
        reason = odd.mask(np.isnan(columns["value"][wanting]), NO_LIMIT).to_numpy(dtype=object)
        bad = ~_is_none(reason)
        rows, parameter = columns["row"][wanting][bad], columns["parameter"][wanting][bad]
        headings = [self._heading_of(code) for code in parameter]
        texts = np.array(self._unlimited, dtype=object)[bad]
        self._rejects.append(rejects_of(self._file, "", pd.Index(rows), headings, texts, reason[bad], 1))
        kept = ~wanting
        kept[wanting] = ~bad
        return {name: values[kept] for name, values in columns.items()}

    def _limited(self, columns: Part, wanting: Mask) -> NDArray[np.float64]:
        """Values with the limits that the table tells."""
        value = columns["value"].astype(float)
        agreed = {code: low for code, (low, high) in self._marked.items() if low == high}
        limits = {**agreed, **self._stated}
        value[wanting] = pd.Series(columns["parameter"][wanting]).map(limits).to_numpy(dtype=float)
        return value

    def _heading_of(self, code: int) -> str:
        """Heading of the column that holds the values of a parameter."""
        own = {column.code: column.heading for column in self._layout.parameters}
        return own[self._parameters[code]] if own else self._headings["value"]

    def _frame(self, columns: Part, water_body: str) -> pd.DataFrame:
        length = len(columns["row"])
        units = [unit_of(code) for code in self._parameters]
        kinds = sorted(set(units))
        unit = np.array([kinds.index(name) for name in units], dtype=np.int8)[columns["parameter"]]
        same = {"water_body": water_body, "file": self._file, "sheet": "", "text": None, "flag": None}
        frame = {
            **{role: categories(columns[role], self._rows.lists[role]) for role in NAMES},
            "time": _local(columns["time"]),
            "parameter": categories(columns["parameter"], self._parameters),
            "unit": categories(unit, kinds),
            "column": self._columns_of(columns["parameter"]),
            **{name: columns[name] for name in ("value", "raw", "censored", "row")},
            **{name: _same(text, length) for name, text in same.items()},
        }
        return pd.DataFrame(frame, columns=[*SAMPLE_COLUMNS, *TRACES])

    def _columns_of(self, parameter: Codes) -> Any:
        if self._layout.is_long:
            return _same(self._headings["value"], len(parameter))
        headings = [column.heading for column in self._layout.parameters]
        place = {column.code: number for number, column in enumerate(self._layout.parameters)}
        codes = np.array([place.get(code, -1) for code in self._parameters], dtype=np.int8)
        known = sorted(set(headings))
        return categories(np.array([known.index(name) for name in headings])[codes[parameter]], known)


def _local(times: Codes) -> pd.Series:
    return pd.Series(times.view("datetime64[us]")).dt.tz_localize("UTC").dt.tz_convert(cells.ZONE.key)


def _same(text: str | None, length: int) -> Any:
    known = [] if text is None else [text]
    return categories(np.full(length, len(known) - 1, dtype=np.int8), known)


def _measured(value_unit: str | None, pair: tuple[str, str]) -> tuple[str | None, float, str | None]:
    """Code, divisor and fault of a parameter and its unit."""
    name, unit = pair
    code = parameter_codes().get(plain(name))
    if code is None:
        return None, float("nan"), UNKNOWN_PARAMETER
    factor = divisor(code, unit if unit.strip() else value_unit)
    return (code, float("nan"), UNKNOWN_UNIT) if factor is None else (code, factor, None)


def _is_none(reasons: Reasons) -> Mask:
    return np.asarray(pd.isna(reasons))


def _first(*reasons: Reasons) -> Reasons:
    """The first reason that is given, row by row."""
    found = reasons[0].copy()
    for others in reasons[1:]:
        missing = _is_none(found)
        found[missing] = others[missing]
    return found
