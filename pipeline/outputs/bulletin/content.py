"""The fields of a template of bulletins, and what they hold for a period.

The classes here are the fields: what they have may stand in a template, and nothing else.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.outputs.bulletin.comparing import (
    AreaFigures,
    Compared,
    Known,
    find_other_methods,
    name_indicator,
)
from pipeline.outputs.bulletin.dispatch import Task, list_tasks, say_misses, say_tasks
from pipeline.outputs.bulletin.evidence import EvidenceBook
from pipeline.outputs.bulletin.graphs import Graph
from pipeline.outputs.bulletin.maps import Map, draw_maps
from pipeline.outputs.bulletin.themes import ThemeTable, build_themes
from pipeline.outputs.bulletin.values import say_values
from pipeline.outputs.bulletin.waters import say_section_changes, say_waters
from pipeline.outputs.bulletin.wording import (
    say_courses,
    say_gaps,
    write_known_change,
    write_period,
)
from pipeline.outputs.published import PeriodTriple, Published, find_whole_period
from pipeline.outputs.texts import find_text, find_texts

_SHOWN = ("vegetation_cover_share_land", "mean_fvc_land", "good_section_share")
"""Indicators that have a chart, in order."""
_COLORS = {"worse": "F8D7DA", "better": "DFF2E1", "unknown": "ECECEC"}
_PLAIN = "FFFFFF"


@dataclass(frozen=True)
class IndicatorRow:
    """An indicator of an area: figures of three periods, and how they differ, in words.

    `color` is that of its course, RRGGBB.
    """

    name: str
    value: str
    before: str
    change: str
    year_ago: str
    year_change: str
    course: str
    color: str


@dataclass(frozen=True)
class AreaPage:
    """What is told of one area."""

    name: str
    label: str
    as_of: str
    rows: tuple[IndicatorRow, ...]
    left_out: str
    waters: tuple[str, ...]
    tables: tuple[ThemeTable, ...]
    maps: tuple[Map, ...]


@dataclass(frozen=True)
class TitledGraph:
    """A chart over all areas; `graph` is placed by the program."""

    title: str
    graph: Graph


@dataclass(frozen=True)
class Content:
    """All fields of a template, as the page on bulletins lists them."""

    title: str
    period: str
    before: str
    year_ago: str
    office: str
    date: str
    simulated: str
    summary: tuple[str, ...]
    conclusions: tuple[str, ...]
    absent: tuple[str, ...]
    tasks: tuple[Task, ...]
    no_tasks: str
    charts: tuple[TitledGraph, ...]
    areas: tuple[AreaPage, ...]
    notes: tuple[str, ...]
    evidence: str


@dataclass(frozen=True)
class Imprint:
    """What the office says of the bulletin: title, who made it, and its date; empty where it does not."""

    title: str = ""
    office: str = ""
    date: str = ""


def build_content(
    areas: Sequence[AreaFigures], absent: Sequence[str], heading: Imprint, evidence: EvidenceBook, file: str
) -> Content:
    """The fields for some areas, one at least, which all have the period; `file` is that of the evidence."""
    words, moments = find_texts("bulletin", evidence.language), areas[0].moments
    latest = max((area.delivery for area in areas), key=lambda delivery: delivery.as_of)
    tasks = list_tasks(areas, evidence)
    return Content(
        title=heading.title or words["title"],
        period=write_period(moments.now.label, areas[0], evidence),
        before=write_period(moments.before.label, areas[0], evidence),
        year_ago=write_period(moments.year_ago.label, areas[0], evidence),
        office=heading.office or words["to_fill_office"],
        date=heading.date or words["as_of"].format(day=_write_day(latest, evidence)),
        simulated=words["simulated"] if any(area.delivery.simulated for area in areas) else "",
        summary=tuple(_summarise(areas, evidence)),
        conclusions=tuple(_conclude(areas, evidence)),
        absent=tuple(absent),
        tasks=tuple(tasks),
        no_tasks="" if tasks else words["no_targets"],
        charts=tuple(_draw_charts(areas, evidence)),
        areas=tuple(_build_page(area, evidence) for area in areas),
        notes=tuple(_list_notes(areas, evidence, file)),
        evidence=file,
    )


def _summarise(areas: Sequence[AreaFigures], evidence: EvidenceBook) -> Iterator[str]:
    words = find_texts("bulletin", evidence.language)
    names = words["list"].join(area.delivery.name(evidence.language) for area in areas)
    yield words["scope"].format(areas=names)
    yield from say_tasks(areas, evidence)
    yield from (said for area in areas for said in say_values(area, evidence))


def _conclude(areas: Sequence[AreaFigures], evidence: EvidenceBook) -> Iterator[str]:
    """Targets that are missed, what got worse, what got better, and what is not known."""
    sections = [change for area in areas for change in say_section_changes(area, evidence)]
    sections.sort(key=lambda change: change[0])
    yield from say_misses(areas, evidence)
    yield from say_courses(areas, "worse", evidence)
    yield from (said for change, said in sections if change < 0)
    yield from say_courses(areas, "better", evidence)
    yield from (said for change, said in sections if change > 0)
    yield from say_gaps(areas, evidence.language)


def _build_page(area: AreaFigures, evidence: EvidenceBook) -> AreaPage:
    shown = [one for one in area.compared if one.better]
    others = len(area.compared) > len(shown)
    left_out = find_text("bulletin.left_out", evidence.language).format(table="indicators")
    return AreaPage(
        name=area.delivery.name(evidence.language),
        label=evidence.write_fact(area.delivery.label, area.delivery.id),
        as_of=_write_day(area.delivery, evidence),
        rows=tuple(_build_row(one, evidence) for one in shown),
        left_out=left_out if others else "",
        waters=tuple(say_waters(area, evidence)),
        tables=tuple(build_themes(area, evidence)),
        maps=tuple(draw_maps(area, evidence)),
    )


def _build_row(one: Compared, evidence: EvidenceBook) -> IndicatorRow:
    words = find_texts("bulletin", evidence.language)
    return IndicatorRow(
        name=one.name(evidence.language),
        value=_say_figure(one.now, evidence),
        before=_say_figure(one.before, evidence),
        change=write_known_change(one.now, one.before, evidence),
        year_ago=_say_figure(one.year_ago, evidence),
        year_change=write_known_change(one.now, one.year_ago, evidence),
        course=words[f"courses.{one.course}"],
        color=_COLORS.get(one.course, _PLAIN),
    )


def _write_day(delivery: Published, evidence: EvidenceBook) -> str:
    return evidence.write_fact(f"{delivery.as_of:%Y-%m-%d}", delivery.id)


def _say_figure(known: Known | None, evidence: EvidenceBook) -> str:
    return evidence.write_cell(known.cell if known else None)


def _draw_charts(areas: Sequence[AreaFigures], evidence: EvidenceBook) -> Iterator[TitledGraph]:
    """Charts of the indicators that any area has: areas side by side, and of each the three periods."""
    for indicator in _SHOWN:
        chosen = [(area, one) for area in areas for one in area.compared if one.indicator == indicator]
        if any(one.now for _, one in chosen):
            graph = _build_graph(chosen, areas[0].moments, evidence)
            yield TitledGraph(name_indicator(indicator, evidence.language), graph)


def _build_graph(
    chosen: Sequence[tuple[AreaFigures, Compared]], moments: PeriodTriple, evidence: EvidenceBook
) -> Graph:
    periods = {
        moments.year_ago.label: [one.year_ago for _, one in chosen],
        moments.before.label: [one.before for _, one in chosen],
        moments.now.label: [one.now for _, one in chosen],
    }
    for known in (known for column in periods.values() for known in column):
        _say_figure(known, evidence)
    return Graph(
        tuple(area.delivery.name(evidence.language) for area, _ in chosen),
        tuple(
            (
                write_period(label, chosen[0][0], evidence),
                tuple(known.cell.value if known else None for known in column),
            )
            for label, column in periods.items()
            if any(column)
        ),
    )


def _list_notes(areas: Sequence[AreaFigures], evidence: EvidenceBook, file: str) -> Iterator[str]:
    """What the bulletin rests on: deliveries, where earlier figures are from, and what words mean."""
    words = find_texts("bulletin", evidence.language)
    for area in areas:
        yield from _note_delivery(area, evidence)
    yield words["compared"]
    yield words["rounded"]
    yield words["evidence"].format(file=file)


def _note_delivery(area: AreaFigures, evidence: EvidenceBook) -> Iterator[str]:
    delivery, words = area.delivery, find_texts("bulletin", evidence.language)
    name, period = delivery.name(evidence.language), delivery.periods[area.moments.now.label]
    yield words["delivery"].format(
        area=name,
        delivery=evidence.write_fact(delivery.id, delivery.id),
        day=_write_day(delivery, evidence),
    )
    if period != find_whole_period(delivery.kind, period):
        first, last = (evidence.write_fact(str(day), delivery.id) for day in (period.first, period.last))
        yield words["cut"].format(area=name, first=first, last=last)
    for other in area.others:
        yield _say_other(area, other, evidence)


def _say_other(area: AreaFigures, other: Published, evidence: EvidenceBook) -> str:
    """Which other delivery tells of earlier periods, and what of its method is not the same."""
    words = find_texts("bulletin", evidence.language)
    said = words["other"].format(
        area=area.delivery.name(evidence.language), delivery=evidence.write_fact(other.id, other.id)
    )
    methods = find_other_methods(area.delivery, other)
    return said + (words["other_methods"].format(methods=words["list"].join(methods)) if methods else "")
