"""The dispatch form (调度表): targets of a period, those that are missed first."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

from pipeline.outputs.bulletin.comparing import AreaFigures, name_indicator
from pipeline.outputs.bulletin.evidence import EvidenceBook
from pipeline.outputs.published import Row
from pipeline.outputs.texts import choose_words, find_text, find_texts, name_period

_TABLE, _SUMMARY = "targets", "targets_summary"
STATUSES = ("failed", "behind", "unknown", "on_course", "met")
"""In the order in which they are shown."""
_COLORS = MappingProxyType(
    {"failed": "F8D7DA", "behind": "FFE8CC", "unknown": "ECECEC", "on_course": "E3F0FA", "met": "DFF2E1"}
)
_COUNTS = (*(f"targets_{status}" for status in STATUSES), "of")


@dataclass(frozen=True)
class Task:
    """A row of the form: what is to be reached, by whom, how far it is, and the evidence.

    `reason` says why a status is not known. `problem` and `next_step` are left to people; `color` is that of
    the status, RRGGBB.
    """

    area: str
    task: str
    unit_responsible: str
    target: str
    target_period: str
    value: str
    before: str
    year_ago: str
    progress: str
    status: str
    reason: str
    evidence: str
    problem: str
    next_step: str
    color: str


def list_tasks(areas: Sequence[AreaFigures], evidence: EvidenceBook) -> list[Task]:
    """The targets that are in force in the period of the bulletin, what is missed first, then by area."""
    rows = [row for area in areas for row in _list_rows(area, _TABLE)]
    rows.sort(key=lambda row: STATUSES.index(row.text("status")))
    return [_build_task(row, evidence) for row in rows]


def say_tasks(areas: Sequence[AreaFigures], evidence: EvidenceBook) -> list[str]:
    """How many targets of each place are met, and by how much of their weight."""
    return [_say_summary(row, evidence) for area in areas for row in _list_rows(area, _SUMMARY)]


def say_misses(areas: Sequence[AreaFigures], evidence: EvidenceBook) -> list[str]:
    """A sentence for each target that is missed, then for each that is behind its course."""
    sentence = find_text("bulletin.missed", evidence.language)
    rows = [row for area in areas for row in _list_rows(area, _TABLE) if row.text("status") in STATUSES[:2]]
    rows.sort(key=lambda row: STATUSES.index(row.text("status")))
    return [sentence.format(**vars(_build_task(row, evidence))) for row in rows]


def _list_rows(area: AreaFigures, table: str) -> list[Row]:
    return area.delivery.list_rows(table, period=[area.moments.now.label])


def _build_task(row: Row, evidence: EvidenceBook) -> Task:
    language, words = evidence.language, find_texts("bulletin", evidence.language)
    unit, status = row.text("unit"), row.text("status")
    reason = choose_words(evidence.write_words(row, "reason"), language)
    return Task(
        area=evidence.write_words(row, "place_name"),
        task=name_indicator(row.text("indicator"), language),
        unit_responsible=evidence.write_words(row, "unit_responsible") or words["not_named"],
        target=words[f"direction.{row.text('direction')}"].format(
            target=evidence.write_cell(row.cell("target", unit))
        ),
        target_period=name_period(evidence.write_words(row, "target_period"), language),
        value=evidence.write_cell(row.cell("value", unit)),
        before=evidence.write_cell(row.cell("before_value", unit)),
        year_ago=evidence.write_cell(row.cell("year_ago_value", unit)),
        progress=evidence.write_cell(row.cell("progress", "share")),
        status=words[f"status.{status}"],
        reason=reason,
        evidence=evidence.write_words(row, "evidence") or "—",
        problem=words["to_fill"],
        next_step=words["to_fill"],
        color=_COLORS[status],
    )


def _say_summary(row: Row, evidence: EvidenceBook) -> str:
    counts = {
        column.removeprefix("targets_"): evidence.write_cell(row.cell(column, "")) for column in _COUNTS
    }
    said = find_text("bulletin.tasks", evidence.language).format(
        area=evidence.write_words(row, "place_name"),
        period=name_period(evidence.write_words(row, "target_period"), evidence.language),
        **counts,
    )
    share = row.cell("share_met", "share")
    if share is None:
        return said
    weight = find_text("bulletin.weight", evidence.language)
    low, high = (evidence.write_cell(row.cell(f"share_met_{side}", "share")) for side in ("low", "high"))
    return said + weight.format(share=evidence.write_cell(share), low=low, high=high)
