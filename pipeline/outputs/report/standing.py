"""How indicators of an area stand: now, in the period before, a year ago, and to their targets."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from pipeline.contracts import TARGET_STATUSES, Delivery, list_row_values
from pipeline.outputs.columns import list_values
from pipeline.outputs.figures import Course, KnownFigure, find_better, judge_course
from pipeline.periods import Period, PeriodPair, find_before, find_year_ago

Since = Literal["before", "year_ago", "both"]
"""What an earlier period is to the newest: the one before, the same of last year, or, of years, both."""

_NAN = float("nan")


@dataclass(frozen=True)
class PeriodComparison:
    """A figure of an earlier period: which it is, the figure, and how the indicator went since."""

    period: Period
    then: KnownFigure
    course: Course
    since: Since


@dataclass(frozen=True)
class Standing:
    """An indicator of the newest period; `now` is None where it is not known, `reason` says why.

    `row` is that of the table of indicators, `target` that of the table of targets, the worst if several.
    """

    code: str
    name: str
    now: KnownFigure | None
    row: Mapping[str, Any]
    comparisons: tuple[PeriodComparison, ...]
    target: Mapping[str, Any] | None

    @property
    def course(self) -> Course:
        """How it went since the period before, or since a year ago where there is none before."""
        return self.comparisons[0].course if self.comparisons else "unknown"


def list_standings(delivery: Delivery) -> list[Standing]:
    """The indicators of the area in the newest period, in the order of their table."""
    table = delivery.tables.get("indicators")
    if table is None or table.empty:
        return []
    told = list_row_values(_select_area(table, delivery))
    rows = {(str(row["indicator"]), str(row["period"])): row for row in told}
    names = {entry.code: entry.name(delivery.language) for entry in list_values("indicator")}
    targets = _find_targets(delivery)
    labels = _list_labels(delivery.periods[-1], delivery.periods)
    return [
        Standing(
            code,
            names.get(code, code),
            now := _read_figure(row),
            row,
            tuple(_list_comparisons(code, now, rows, delivery)),
            targets.get(code),
        )
        for (code, period), row in rows.items()
        if period in labels
    ]


def _select_area(table: pd.DataFrame, delivery: Delivery) -> pd.DataFrame:
    own = table[table["aoi"].eq(delivery.aoi.id)].astype(object)
    return own.where(own.notna(), None)


def _list_labels(period: Period, periods: Sequence[Period]) -> list[str]:
    """How tables call a period, and the change from the one before to it."""
    before = find_before(period, periods)
    return [period.label, *([PeriodPair(before, period).label] if before else [])]


def _read_figure(row: Mapping[str, Any] | None) -> KnownFigure | None:
    if row is None or row["value"] is None:
        return None
    ends = [_NAN if row.get(end) is None else float(row[end]) for end in ("low", "high")]
    return KnownFigure(float(row["value"]), str(row["unit"]), *ends)


def _list_comparisons(
    code: str, now: KnownFigure | None, rows: Mapping[Any, Mapping[str, Any]], delivery: Delivery
) -> Iterator[PeriodComparison]:
    newest = delivery.periods[-1]
    before, ago = (find(newest, delivery.periods) for find in (find_before, find_year_ago))
    since: dict[Period | None, Since] = {before: "before", ago: "year_ago"}
    if before == ago:
        since = {before: "both"}
    for period in filter(None, since):
        labels = _list_labels(period, delivery.periods)
        row = next((rows[code, label] for label in labels if (code, label) in rows), None)
        then = _read_figure(row)
        if now and then:
            course = judge_course(now, then, find_better(code))
            yield PeriodComparison(period, then, course, since[period])


def _find_targets(delivery: Delivery) -> dict[str, Mapping[str, Any]]:
    """Of each indicator the target of the area that is worst off in the newest period."""
    table = delivery.tables.get("targets")
    if table is None:
        return {}
    newest = table[table["place"].eq(delivery.aoi.id) & table["period"].eq(delivery.periods[-1].label)]
    order = newest["status"].map(TARGET_STATUSES.index)
    ranked = newest.loc[order.sort_values(ascending=False, kind="stable").index]
    told = ranked.astype(object).where(ranked.notna(), None)
    return {str(row["indicator"]): row for row in list_row_values(told)}
