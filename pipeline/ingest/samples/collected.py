"""Readings collected from the batches of a long table, as codes and numbers."""

from datetime import UTC, datetime
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.ingest.samples import cells
from pipeline.ingest.samples.batches import Batch, Codes, Memo, Numbers
from pipeline.ingest.samples.checks import implausible
from pipeline.ingest.samples.dating import Download
from pipeline.ingest.samples.headings import UNKNOWN_UNIT, Layout, divisor, parameter_codes, plain, unit_of
from pipeline.ingest.samples.reasons import (
    LIMIT_ROWS,
    NO_LIMIT,
    NO_SECTION,
    NORMAL,
    NOT_NORMAL,
    UNKNOWN_PARAMETER,
)
from pipeline.ingest.samples.tables import (
    SAMPLE_COLUMNS,
    TRACES,
    Tables,
    categories,
    no_rejects,
    no_samples,
    rejects_of,
)

NAMES = ["section_id", "province", "basin", "section"]

_NO_TIME = np.iinfo(np.int64).min
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Reasons = NDArray[np.object_]


class Collected:
    """What has been read of a file; `add` takes a batch, `tables` gives everything."""

    def __init__(self, file: str, layout: Layout, download: Download, latest: datetime | None) -> None:
        self._file, self._layout = file, layout
        self._latest = None if latest is None else _microseconds(latest)
        self._lists: dict[str, list[str]] = {role: [] for role in NAMES}
        self._positions: dict[str, dict[str, int]] = {role: {} for role in NAMES}
        self._names = {role: Memo(partial(self._name, role)) for role in NAMES}
        self._moments = Memo(lambda pair: _moment(" ".join(pair).strip(), download))
        self._halted = Memo(_is_halted)
        self._measured = Memo(partial(_measured, layout.value_unit))
        self._parameters = sorted(set(parameter_codes().values()))
        self._parts: list[dict[str, NDArray[Any]]] = []
        self._rejects: list[pd.DataFrame] = []
        self._stated: dict[int, float] = {}

    def _name(self, role: str, text: str) -> int:
        """Position of a name among those of its column, -1 for none."""
        name = cells.name_of(cells.shown(text))
        if name is None:
            return -1
        position = self._positions[role].setdefault(name, len(self._lists[role]))
        if position == len(self._lists[role]):
            self._lists[role].append(name)
        return position

    def add(self, batch: Batch) -> None:
        """Take the readings of a batch, and note what it loses."""
        names = {role: self._of_texts(batch, role) for role in NAMES}
        names["section"] = self._with_ids(names["section"], names["section_id"])
        times, row_reason, has_time_text = self._timed(batch, names["section"])
        parameter, factor, fault = self._meant(batch)
        read = Numbers.of(batch.columns["value"])
        value = read.value / factor
        is_limit = self._take_limits(names["section"], parameter, value)
        wanting = read.censored & np.isnan(value)
        if "detection_limit" in batch.columns and wanting.any():
            value = np.where(wanting, Numbers.of(batch.columns["detection_limit"]).value / factor, value)
        odd = np.full(len(value), None, dtype=object)
        known = parameter >= 0
        codes = pd.Series(categories(parameter, self._parameters))
        odd[known] = implausible(codes[known], pd.Series(value[known], index=codes.index[known])).to_numpy()
        reason = _first(row_reason, fault, read.reason, odd)
        told = ~read.blank & ~is_limit
        kept = told & _is_none(reason)
        self._parts.append(
            {**{role: codes[kept].astype(np.int32) for role, codes in names.items()},
             "time": times[kept], "parameter": parameter[kept].astype(np.int8), "value": value[kept],
             "raw": (read.raw / factor)[kept], "censored": read.censored[kept], "row": batch.row[kept]}
        )  # fmt: skip
        lost = ~is_limit & ~_is_none(row_reason) & (told | has_time_text | (row_reason == NOT_NORMAL))
        lost &= told | (row_reason != NO_SECTION)
        bad = told & ~kept & ~lost
        if lost.any():
            self._rejects.append(self._lost_rows(batch, np.flatnonzero(lost), row_reason, told))
        if bad.any():
            self._rejects.append(self._bad_cells(batch, np.flatnonzero(bad), reason, read))

    def _of_texts(self, batch: Batch, role: str) -> Codes:
        column = batch.column(role)
        return np.array(self._names[role](column.texts), dtype=np.int64)[column.indices]

    def _with_ids(self, section: Codes, section_id: Codes) -> Codes:
        """Sections, of which those without a name are called by their id."""
        nameless = (section < 0) & (section_id >= 0)
        if nameless.any():
            called = [self._name("section", name) for name in self._lists["section_id"]]
            section = np.where(nameless, np.array(called)[section_id], section)
        return section

    def _timed(self, batch: Batch, section: Codes) -> tuple[Codes, Reasons, NDArray[np.bool_]]:
        """Moments in microseconds, what is wrong with each row, and whether anything stands for a time."""
        pairs, codes = batch.column("time").with_each(batch.column("clock"))
        found = self._moments(pairs)
        times = np.array([moment for moment, _ in found], dtype=np.int64)[codes]
        reason = np.array([why for _, why in found], dtype=object)[codes]
        written = np.array([bool("".join(pair).strip()) for pair in pairs])[codes]
        if self._latest is not None:
            reason[times > self._latest] = cells.IN_THE_FUTURE
        reason[section < 0] = NO_SECTION
        state = batch.column("state")
        halted = np.array(self._halted(state.texts))[state.indices]
        reason[halted & (section >= 0)] = NOT_NORMAL
        return times, reason, written

    def _meant(self, batch: Batch) -> tuple[Codes, NDArray[np.float64], Reasons]:
        """Parameter of each row, what its value is divided by, and why it cannot be read."""
        pairs, codes = batch.column("parameter").with_each(batch.column("unit"))
        found = self._measured(pairs)
        parameter = np.array([self._parameters.index(code) if code else -1 for code, _, _ in found])[codes]
        factor = np.array([factor for _, factor, _ in found], dtype=float)[codes]
        return parameter, factor, np.array([fault for _, _, fault in found], dtype=object)[codes]

    def _take_limits(self, section: Codes, parameter: Codes, value: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which rows state detection limits, which are kept for the end."""
        positions = [self._positions["section"][name] for name in LIMIT_ROWS & set(self._lists["section"])]
        is_limit = np.isin(section, positions)
        for place in np.flatnonzero(is_limit & ~np.isnan(value)):
            code = int(parameter[place])
            self._stated[code] = min(float(value[place]), self._stated.get(code, np.inf))
        return is_limit

    def _heading(self, role: str) -> str:
        return self._layout.roles.get(role, (0, ""))[1]

    def _lost_rows(self, batch: Batch, rows: Codes, reason: Reasons, told: NDArray[np.bool_]) -> pd.DataFrame:
        why = reason[rows]
        section = self._heading("section") or self._heading("section_id")
        heading = np.select(
            [why == NO_SECTION, why == NOT_NORMAL], [section, self._heading("state")], self._heading("time")
        )
        pairs, codes = batch.column("time").with_each(batch.column("clock"))
        times = [" ".join(pairs[code]).strip() for code in codes[rows]]
        state = batch.column("state")
        states = [cells.name_of(cells.shown(state.texts[code])) for code in state.indices[rows]]
        texts = [
            "" if one == NO_SECTION else at if one == NOT_NORMAL else time
            for one, at, time in zip(why, states, times, strict=True)
        ]
        return rejects_of(
            self._file, "", pd.Index(batch.row[rows]), heading, texts, list(why), told[rows].astype(int)
        )

    def _bad_cells(self, batch: Batch, rows: Codes, reason: Reasons, read: Numbers) -> pd.DataFrame:
        heading = self._heading("value")
        return rejects_of(
            self._file, "", pd.Index(batch.row[rows]), heading, read.text(rows), list(reason[rows]), 1
        )

    def tables(self, water_body: str, unread: pd.DataFrame) -> Tables:
        """All readings, their texts as categories, and all rejects by row, after those of whole columns."""
        if not self._parts:
            return Tables(no_samples(), unread)
        # column by column, so that nothing big is held twice
        names = list(self._parts[0])
        columns = {name: np.concatenate([part.pop(name) for part in self._parts]) for name in names}
        value, unlimited = self._limited(columns)
        columns["value"] = value
        if unlimited.any():
            rows = pd.Index(columns["row"][unlimited])
            self._rejects.append(rejects_of(self._file, "", rows, self._heading("value"), "ND", NO_LIMIT, 1))
            columns = {name: values[~unlimited] for name, values in columns.items()}
        lost = pd.concat(self._rejects).sort_values("row", kind="stable") if self._rejects else no_rejects()
        return Tables(self._frame(columns, water_body), pd.concat([unread, lost], ignore_index=True))

    def _limited(self, columns: dict[str, NDArray[Any]]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Values with the limits that the table tells, and which readings have none."""
        value, censored = columns["value"].astype(float), columns["censored"].astype(bool)
        wanting = np.isnan(value)
        if not wanting.any():
            return value, wanting
        marked = pd.DataFrame({"code": columns["parameter"], "value": value})[censored & ~wanting]
        ends = marked.groupby("code")["value"].agg(["min", "max"])
        limits = {**ends.loc[ends["min"] == ends["max"], "min"].to_dict(), **self._stated}
        told = pd.Series(columns["parameter"][wanting]).map(limits).to_numpy(dtype=float)
        value[wanting] = told
        return value, np.isnan(value)

    def _frame(self, columns: dict[str, NDArray[Any]], water_body: str) -> pd.DataFrame:
        length = len(columns["row"])
        units = [unit_of(code) for code in self._parameters]
        kinds = sorted(set(units))
        unit = np.array([kinds.index(name) for name in units], dtype=np.int8)[columns["parameter"]]
        frame = {
            **{role: categories(columns[role], self._lists[role]) for role in NAMES},
            "time": _local(columns["time"]),
            "parameter": categories(columns["parameter"], self._parameters),
            "unit": categories(unit, kinds),
            **{name: columns[name] for name in ("value", "raw", "censored", "row")},
            **{
                name: _same(text, length)
                for name, text in {
                    "water_body": water_body, "file": self._file, "sheet": "",
                    "column": self._heading("value"), "text": None, "flag": None,
                }.items()
            },
        }  # fmt: skip
        return pd.DataFrame(frame, columns=[*SAMPLE_COLUMNS, *TRACES])


def _local(times: Codes) -> pd.Series:
    return pd.Series(times.view("datetime64[us]")).dt.tz_localize("UTC").dt.tz_convert(cells.ZONE.key)


def _same(text: str | None, length: int) -> Any:
    known = [] if text is None else [text]
    return categories(np.full(length, len(known) - 1, dtype=np.int8), known)


def _microseconds(moment: datetime) -> int:
    passed = moment - _EPOCH
    return (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds


def _moment(text: str, download: Download) -> tuple[int, str | None]:
    found = cells.moment_of(cells.shown(text), download)
    return (_NO_TIME, found) if isinstance(found, str) else (_microseconds(found), None)


def _is_halted(text: str) -> bool:
    state = cells.name_of(cells.shown(text))
    return state is not None and state not in NORMAL


def _measured(value_unit: str | None, pair: tuple[str, str]) -> tuple[str | None, float, str | None]:
    """Code, divisor and fault of a parameter and its unit."""
    name, unit = pair
    code = parameter_codes().get(plain(name))
    if code is None:
        return None, float("nan"), UNKNOWN_PARAMETER
    factor = divisor(code, unit if unit.strip() else value_unit)
    return (code, float("nan"), UNKNOWN_UNIT) if factor is None else (code, factor, None)


def _is_none(reasons: Reasons) -> NDArray[np.bool_]:
    return np.asarray(pd.isna(reasons))


def _first(*reasons: Reasons) -> Reasons:
    """The first reason that is given, row by row."""
    found = reasons[0].copy()
    for others in reasons[1:]:
        missing = _is_none(found)
        found[missing] = others[missing]
    return found
