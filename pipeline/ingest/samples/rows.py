"""What the rows of batches say beside their readings: names, moments, states, places on the map."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.ingest.samples import cells, day_parts
from pipeline.ingest.samples.batches import Batch, Codes, Mask, Memo, SampleColumn, SampleTable
from pipeline.ingest.samples.dating import Download
from pipeline.ingest.samples.headings import read_heading
from pipeline.ingest.samples.layouts import SheetLayout
from pipeline.ingest.samples.markup import strip_tag
from pipeline.ingest.samples.notes import YEAR_AND_TENTH
from pipeline.ingest.samples.places import AXES, find_points, is_wrong
from pipeline.ingest.samples.reasons import (
    BAD_POINT,
    LIMIT_ROWS,
    NO_SECTION,
    NORMAL,
    NOT_NORMAL,
    TOO_WIDE,
    UNRESOLVED_NAME,
)
from pipeline.ingest.samples.tables import NAMES, build_rejects

NAMELESS = [NO_SECTION, UNRESOLVED_NAME]
"""What is wrong with the names of a row."""

NO_TIME = np.iinfo(np.int64).min

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Reasons = NDArray[np.object_]


class Facts(NamedTuple):
    """What is known of each row of a batch.

    `names` are positions in the lists of `Rows`, `times` microseconds, `reason` why the row cannot be used;
    `is_written` tells whether anything stands for a time, `is_limit` whether the row states limits, `unit`
    the unit that its label gives them.
    """

    names: dict[str, Codes]
    times: Codes
    reason: Reasons
    is_written: Mask
    is_limit: Mask
    unit: Reasons


class Rows:
    """Names and moments of a table; each distinct text is understood once."""

    def __init__(
        self, layout: SheetLayout, download: Download, latest: datetime | None, *, is_delimited: bool
    ) -> None:
        self._layout = layout
        self._latest = None if latest is None else _count_microseconds(latest)
        self.lists: dict[str, list[str]] = {role: [] for role in NAMES}
        self._positions: dict[str, dict[str, int]] = {role: {} for role in NAMES}
        self._names = {role: Memo(partial(self._number_name, role)) for role in NAMES}
        self._moments = Memo(lambda pair: _read_moment(_show_moment(pair), download))
        self._halted = Memo(_is_halted)
        self._labels = Memo(_read_limit_label)
        self._beyond = layout.beyond_headings if is_delimited else []

    def _number_name(self, role: str, text: str) -> int:
        """Position of a name among those of its column, -1 for none."""
        name = cells.tidy_name(strip_tag(text))
        if name is None or cells.is_unresolved(name):
            return -1
        position = self._positions[role].setdefault(name, len(self.lists[role]))
        if position == len(self.lists[role]):
            self.lists[role].append(name)
        return position

    def read_facts(self, batch: Batch) -> Facts:
        """What the rows of a batch say."""
        names = {role: self._read_names(batch, role) for role in NAMES}
        names["section"] = self._fill_with_ids(names["section"], names["section_id"])
        times, reason, is_written = self._read_times(batch, names["section"])
        reason[self._is_too_wide(batch)] = TOO_WIDE
        labels = self._labels([*self.lists["section"], ""])
        is_limit = np.array([label is not None for label in labels], dtype=bool)[names["section"]]
        unit = np.array([label or None for label in labels], dtype=object)[names["section"]]
        return Facts(names, times, reason, is_written, is_limit, unit)

    def _is_too_wide(self, batch: Batch) -> Mask:
        """Rows of a text file with more cells than headings: a comma in a number has parted it."""
        filled = np.zeros(len(batch.row), dtype=bool)
        for position in self._beyond:
            column = batch.column(position)
            filled |= np.array([bool(text.strip()) for text in column.texts], dtype=bool)[column.indices]
        return filled

    def _column(self, batch: Batch, role: str) -> SampleColumn:
        return batch.column(self._layout.position(role))

    def _pair_times(self, batch: Batch) -> tuple[list[tuple[str, str]], Codes]:
        """Distinct pairs of a day and a clock, and which one stands in each row."""
        return self._read_days(batch).pair_with(self._column(batch, "clock"))

    def _read_days(self, batch: Batch) -> SampleColumn:
        """Texts of days, of which the parts may stand in columns of their own."""
        days = self._column(batch, "time")
        settled = SampleColumn(cells.settle_months(days.texts), days.indices)
        roles, years = self._layout.roles, self._column(batch, "year")
        if "time" in roles:
            return settled.join(years, day_parts.complete_day) if "year" in roles else settled
        months = self._column(batch, "month")
        months = (
            months.join(years, day_parts.join_month) if "year" in roles else months.map(day_parts.tidy_month)
        )
        return months.join(self._column(batch, "day"), day_parts.join_day) if "day" in roles else months

    def _read_names(self, batch: Batch, role: str) -> Codes:
        column = self._column(batch, role)
        return np.array(self._names[role](column.texts), dtype=np.int64)[column.indices]

    def _fill_with_ids(self, section: Codes, section_id: Codes) -> Codes:
        """Sections, of which those without a name are called by their id."""
        nameless = (section < 0) & (section_id >= 0)
        if nameless.any():
            called = [self._number_name("section", name) for name in self.lists["section_id"]]
            section = np.where(nameless, np.array(called)[section_id], section)
        return section

    def _read_times(self, batch: Batch, section: Codes) -> tuple[Codes, Reasons, Mask]:
        """Moments in microseconds, what is wrong with each row, and whether anything stands for a time."""
        pairs, codes = self._pair_times(batch)
        found = self._moments(pairs)
        times = np.array([moment for moment, _ in found], dtype=np.int64)[codes]
        reason = np.array([why for _, why in found], dtype=object)[codes]
        written = np.array([bool(_show_moment(pair)) for pair in pairs], dtype=bool)[codes]
        if self._latest is not None:
            reason[times > self._latest] = cells.IN_THE_FUTURE
        reason[self._has_doubtful_month(batch, section)] = cells.AMBIGUOUS_MONTH
        reason[section < 0] = NO_SECTION
        reason[self._has_unresolved_name(batch)] = UNRESOLVED_NAME
        state = self._column(batch, "state")
        halted = np.array(self._halted(state.texts), dtype=bool)[state.indices]
        reason[halted & (section >= 0)] = NOT_NORMAL
        return times, reason, written

    def _has_doubtful_month(self, batch: Batch, section: Codes) -> Mask:
        """Rows of a wide table of which two of a section are of 2024.1: January and October, it seems."""
        column = self._column(batch, "time")
        is_tenth = np.array([bool(YEAR_AND_TENTH.fullmatch(text)) for text in column.texts], dtype=bool)
        twice = pd.Series(section * len(column.texts) + column.indices).duplicated(keep=False).to_numpy()
        return is_tenth[column.indices] & twice & (not self._layout.is_long)

    def _has_unresolved_name(self, batch: Batch) -> Mask:
        """Rows in which a name of the section is an error, or a formula without a result that holds."""
        unresolved = np.zeros(len(batch.row), dtype=bool)
        for role in NAMES:
            column = self._column(batch, role)
            unresolved |= np.array([cells.is_unresolved(text) for text in column.texts], dtype=bool)[
                column.indices
            ]
        return unresolved

    def find_points(self, batch: Batch, facts: Facts) -> pd.DataFrame | None:
        """Points of the sections of a batch by their geometry or columns; None where neither tells any."""
        axes = {axis: self._read_degrees(batch, axis) for axis in AXES}
        if any(degrees is None for degrees in axes.values()):
            return None
        named = {
            role: pd.Series([*self.lists[role], None], dtype=object).iloc[codes].to_numpy()
            for role, codes in facts.names.items()
        }
        used = (facts.names["section"] >= 0) & ~facts.is_limit
        return find_points(pd.DataFrame({**named, **axes})[used])

    def _read_degrees(self, batch: Batch, axis: str) -> NDArray[np.float64] | None:
        position = self._layout.position(axis)
        told = None if position is None else batch.numbers(position).value
        if batch.points is None:
            return told
        measured = batch.points[axis].to_numpy(dtype=float)
        return measured if told is None else np.where(np.isnan(measured), told, measured)

    def reject(
        self, table: SampleTable, batch: Batch, rows: Codes, reason: Reasons, told: Codes
    ) -> pd.DataFrame:
        """Rejects for some rows of a batch, of which `told` readings go with each."""
        why = reason[rows]
        section = self._layout.heading("section" if "section" in self._layout.roles else "section_id")
        heading = np.select(
            [np.isin(why.astype(str), NAMELESS), why == NOT_NORMAL, why == TOO_WIDE],
            [section, self._layout.heading("state"), ""],
            self._layout.time_heading,
        )
        pairs, codes = self._pair_times(batch)
        times = [_show_moment(pairs[code]) for code in codes[rows]]
        state = self._column(batch, "state")
        states = [cells.tidy_name(strip_tag(state.texts[code])) for code in state.indices[rows]]
        texts = [
            "" if one in {*NAMELESS, TOO_WIDE} else at if one == NOT_NORMAL else time
            for one, at, time in zip(why, states, times, strict=True)
        ]
        places = pd.Index(batch.row[rows])
        return build_rejects(table.file, table.name, places, heading, texts, list(why), told[rows])

    def reject_points(self, table: SampleTable, batch: Batch) -> Iterator[pd.DataFrame]:
        """Rejects for coordinates that are none, axis by axis."""
        for axis in AXES:
            position = self._layout.position(axis)
            if position is not None:
                read = batch.numbers(position)
                wrong = np.flatnonzero(is_wrong(axis, read.value, read.blank))
                places, texts = pd.Index(batch.row[wrong]), read.text(wrong)
                heading = self._layout.heading(axis)
                yield build_rejects(table.file, table.name, places, heading, texts, BAD_POINT, 0)


def _count_microseconds(moment: datetime) -> int:
    """A moment as microseconds since 1970."""
    passed = moment - _EPOCH
    return (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds


def _show_moment(pair: tuple[str, str]) -> str:
    """A day and a clock as the page shows them."""
    return " ".join(strip_tag(text) for text in pair).strip()


def _read_moment(text: str, download: Download) -> tuple[int, str | None]:
    found = cells.read_moment(text, download)
    return (NO_TIME, found) if isinstance(found, str) else (_count_microseconds(found), None)


def _read_limit_label(name: str) -> str | None:
    """The unit in the label of a row of limits, empty without one; None for any other section."""
    if name in LIMIT_ROWS:
        return ""
    found = read_heading(name) if name.startswith(tuple(LIMIT_ROWS)) else None
    return found.unit or "" if found and found.means == "detection_limit" else None


def _is_halted(text: str) -> bool:
    state = cells.tidy_name(strip_tag(text))
    return state is not None and state not in NORMAL
