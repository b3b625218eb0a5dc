"""The rows of a table of targets: each figure with its time, place, direction and unit."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.contracts import Target
from pipeline.ingest import rejects
from pipeline.ingest.rejects import Advice, Reject
from pipeline.ingest.samples.cells import NOTHING, narrow
from pipeline.ingest.samples.headings import fold
from pipeline.ingest.samples.sheets import Sheet
from pipeline.ingest.targets import advice
from pipeline.ingest.targets.advice import UnusableTarget
from pipeline.ingest.targets.amounts import TargetAmount, convert_amount, read_target_amount
from pipeline.ingest.targets.layouts import Rows, TargetLayout
from pipeline.ingest.targets.names import IndicatorNames, load_units
from pipeline.ingest.targets.spans import TargetSpan, read_target_span
from pipeline.ingest.targets.words import find_direction, find_unit_factor, names_total, names_whole
from pipeline.periods import Period
from pipeline.settings.targets import TargetFile

SHARE = "share"
_SIGNS = "±+"
_NOTHING_TOLD = "空 nothing"


@dataclass(frozen=True)
class AreaNames:
    """What one area knows: its places by folded name, and the names of indicators."""

    places: Mapping[str, str]
    names: IndicatorNames


def read_target_rows(
    sheet: Sheet, rows: Rows, layout: TargetLayout, known: AreaNames, given: TargetFile
) -> tuple[list[Target], list[Reject]]:
    """Targets of a table, and what of it cannot be used."""
    reader = _Reader(sheet, rows, layout, known, given)
    found = [one for number in range(layout.first_row, layout.last_row + 1) for one in reader.read(number)]
    elsewhere = _list_once(one for one in found if isinstance(one, Reject))
    return [one for one in found if isinstance(one, Target)], elsewhere


def _list_once(lost: Iterator[Reject]) -> list[Reject]:
    """Rejects of which those of one place elsewhere stand once."""
    seen: set[tuple[str, str]] = set()
    kept = []
    for one in lost:
        key = (one.found, one.column)
        if one.advice != advice.ELSEWHERE or key not in seen:
            kept.append(one)
        seen |= {key} if one.advice == advice.ELSEWHERE else set()
    return kept


class _Reader:
    """Reads the rows of one table."""

    def __init__(
        self, sheet: Sheet, rows: Rows, layout: TargetLayout, known: AreaNames, given: TargetFile
    ) -> None:
        self._sheet, self._rows, self._layout = sheet, rows, layout
        self._known, self._given = known, given
        self._lost: list[Reject] = []

    def read(self, number: int) -> Iterator[Target | Reject]:
        """Targets of a row, one for each column of targets that has a figure; or why there is none."""
        row = self._rows[number]
        if self._is_no_target(row):
            return
        filled = [place for place in self._layout.targets if fold(row[place]) not in NOTHING]
        for place in filled or list(self._layout.targets)[:1]:
            self._lost = []
            try:
                yield self._read_target(number, row, place)
            except UnusableTarget as fault:
                yield self._reject(number, place, fault)
            yield from self._lost

    def _is_no_target(self, row: Sequence[str]) -> bool:
        """Whether a row is blank, a note or heading over all columns, or a sum."""
        told = {fold(text) for text in row if fold(text) not in NOTHING}
        if len(told) == 1:
            return not self._known.names.knows(told.pop())
        indicator = self._find_text(row, "indicator")
        return not told or (any(map(names_total, row)) and (not indicator or names_total(indicator)))

    def _read_target(self, number: int, row: Sequence[str], place: int) -> Target:
        where = self._find_place(row)  # what is wrong with a row of elsewhere is said there
        indicator = self._known.names.find(self._find_text(row, "indicator"))
        span = self._find_span(row, place)
        unit = load_units()[indicator]
        amount, direction = self._read_figure(number, row, place, unit)
        baseline, baseline_period = self._read_baseline(number, row, unit, span.period)
        return Target(
            indicator, where, span.period, span.at_end, direction, amount.value, amount.decimals,
            self._read_weight(number, row), baseline, baseline_period,
            self._read_tolerance(number, row, unit),
            self._find_text(row, "unit_responsible") or self._given.unit_responsible,
            self._find_text(row, "source") or self._layout.source or self._given.source,
            narrow(row[place]), self._sheet.file, self._sheet.name, number,
        )  # fmt: skip

    def _find_text(self, row: Sequence[str], role: str) -> str:
        """What stands in the column of a role, without marks of nothing."""
        place = self._layout.roles.get(role)
        text = "" if place is None else " ".join(narrow(row[place]).split())
        return "" if fold(text) in NOTHING else text

    def _find_place(self, row: Sequence[str]) -> str:
        text = self._find_text(row, "place")
        named = text if text and not names_whole(text) else self._given.place or ""
        if not named:
            raise UnusableTarget(advice.NO_PLACE, text, "place")
        where = self._known.places.get(fold(named))
        if where is None:
            raise UnusableTarget(advice.ELSEWHERE, named, "place")
        return where

    def _find_span(self, row: Sequence[str], place: int) -> TargetSpan:
        """The time by its row, the heading of the figure, the title, the config, in this order."""
        text, around = self._find_text(row, "period"), self._layout.span
        heading = self._layout.targets[place].span
        own = read_target_span(text, around.period.last.year if around else None) if text else None
        if text and (own is None or (heading and heading.period.last != own.period.last)):
            raise UnusableTarget(advice.NO_PERIOD, text, "period")
        found = (
            own or heading or around or (read_target_span(self._given.period) if self._given.period else None)
        )
        if found is None:
            raise UnusableTarget(advice.NO_PERIOD, text, "period")
        return found

    def _read_figure(
        self, number: int, row: Sequence[str], place: int, unit: str
    ) -> tuple[TargetAmount, str]:
        if self._is_merged(number, place):
            raise UnusableTarget(rejects.MERGED, row[place], "target")
        written = read_target_amount(row[place])
        if written is None:
            raise UnusableTarget(advice.NOT_A_TARGET, row[place] or _NOTHING_TOLD, "target")
        amount = convert_amount(written, unit, self._list_units(row, place, unit), "target")
        if unit == SHARE and not 0 <= amount.value <= 1:
            raise UnusableTarget(advice.OUT_OF_RANGE, row[place], "target")
        return amount, self._find_direction(row, place, written.direction)

    def _list_units(self, row: Sequence[str], place: int, unit: str) -> list[str]:
        """Units that are stated of a cell: in its row and its heading, else those of the title that fit."""
        stated = [self._find_text(row, "unit"), self._layout.units.get(place, "")]
        around = [text for text in self._layout.title_units if find_unit_factor(unit, text) is not None]
        return [text for text in stated if text] or around

    def _find_direction(self, row: Sequence[str], place: int, written: str | None) -> str:
        text = self._find_text(row, "direction")
        own = find_direction(text) if text else None
        if text and own is None:
            raise UnusableTarget(advice.UNKNOWN_DIRECTION, text, "direction")
        told = {one for one in (written, own, self._layout.targets[place].direction) if one}
        told = told or {one for one in (self._given.direction,) if one}
        if len(told) != 1:
            why = advice.TWO_DIRECTIONS if told else advice.NO_DIRECTION
            raise UnusableTarget(why, text or row[place], "direction" if text else "target")
        return told.pop()

    def _read_baseline(
        self, number: int, row: Sequence[str], unit: str, period: Period
    ) -> tuple[float | None, Period | None]:
        """Baseline and its time; neither where there is none, or it cannot be used."""
        place = next(iter(self._layout.baselines), None)
        if place is None:
            return None, None
        value = self._read_beside(number, row, place, unit)
        span = self._layout.baselines[place].span or read_target_span(self._find_text(row, "baseline_period"))
        if value is None or span is None:
            return value, None
        if span.period.last >= period.last:
            self._lose(number, row, place, advice.LATE_BASELINE)
            return None, None
        return value, span.period

    def _read_tolerance(self, number: int, row: Sequence[str], unit: str) -> float | None:
        place = self._layout.roles.get("tolerance")
        value = None if place is None else self._read_beside(number, row, place, unit)
        return None if value is None else abs(value)

    def _read_weight(self, number: int, row: Sequence[str]) -> float | None:
        """The weight as it is written, without its unit: 20 of 20%, 20分 and 20."""
        place = self._layout.roles.get("weight")
        if place is None or fold(row[place]) in NOTHING:
            return None
        written = None if self._is_merged(number, place) else read_target_amount(row[place])
        if written is None or written.number < 0:
            self._lose(number, row, place, advice.NOT_A_FIGURE)
            return None
        return float(written.number)

    def _read_beside(self, number: int, row: Sequence[str], place: int, unit: str) -> float | None:
        """A figure beside a target in the same unit; None, and said, where it cannot be used."""
        text = row[place].strip().lstrip(_SIGNS)
        if fold(text) in NOTHING:
            return None
        written = None if self._is_merged(number, place) else read_target_amount(text)
        if written is None:
            self._lose(number, row, place, advice.NOT_A_FIGURE)
            return None
        try:
            return convert_amount(written, unit, self._list_units(row, place, unit), "").value
        except UnusableTarget as fault:
            self._lost.append(self._reject(number, place, fault))
            return None

    def _is_merged(self, number: int, place: int) -> bool:
        """Whether a cell is merged with others of other rows or columns."""
        marks = self._sheet.repeats
        if marks is None:
            return False
        around = [(number, place), (number + 1, place), (number, place + 1)]
        return any(
            row <= len(marks) and column < marks.shape[1] and bool(marks[row - 1, column])
            and self._rows[row][column] == self._rows[number][place]
            for row, column in around
        )  # fmt: skip

    def _lose(self, number: int, row: Sequence[str], place: int, advice: Advice) -> None:
        heading = self._layout.headings[place]
        self._lost.append(Reject(self._sheet.file, self._sheet.name, number, heading, row[place], advice))

    def _reject(self, number: int, place: int, fault: UnusableTarget) -> Reject:
        blamed = self._layout.roles.get(fault.role, place) if fault.role != "target" else place
        one = Reject(
            self._sheet.file,
            self._sheet.name,
            number,
            self._layout.headings[blamed],
            fault.found,
            fault.advice,
        )
        return one.fill(**fault.facts)
