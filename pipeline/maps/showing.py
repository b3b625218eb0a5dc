"""What a delivery shows of all steps: rasters, rows of indicators, tables, warnings."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from pipeline.contracts import Raster
from pipeline.engine.study import Study
from pipeline.maps.step import Maps, Row, Step, View
from pipeline.periods import When


def list_rasters(maps: Maps) -> Iterator[Raster]:
    """Every raster: period by period those that are shown first, then the others step by step."""
    for step, when in _sort_for_show(maps.study, maps.steps):
        if when in step.times(maps.study):
            yield from step.show.rasters(maps, when)


def list_rows(view: View) -> Iterator[Row]:
    """The rows of INDICATORS, in the same order."""
    for step, when in _sort_for_show(view.study, view.maps.steps):
        yield from step.show.rows(view, when)


def collect_tables(view: View) -> dict[str, pd.DataFrame]:
    """The tables of all steps by name."""
    asked = [step for step in view.maps.steps if _list_show_times(view.study, step)]
    return {name: table for step in asked for name, table in step.show.tables(view).items()}


def list_warnings(maps: Maps) -> list[str]:
    """What should be known of the maps: bands that no scene has, what existing maps lack."""
    asked = [step for step in maps.steps if step.times(maps.study)]
    return [warning for step in asked for warning in step.show.warnings(maps)]


def describe_judges(study: Study, steps: Sequence[Step]) -> dict[str, Mapping[str, Any]]:
    """Settings by step that change what is shown but no map."""
    judges = {step.name: step.show.judge(study) for step in steps if _list_show_times(study, step)}
    return {name: settings for name, settings in judges.items() if settings}


def _sort_for_show(study: Study, steps: Sequence[Step]) -> Iterator[tuple[Step, When]]:
    first = [step for step in steps if step.show.first and _list_show_times(study, step)]
    yield from ((step, period) for period in study.periods for step in first)
    for step in steps:
        if not step.show.first:
            yield from ((step, when) for when in _list_show_times(study, step))


def _list_show_times(study: Study, step: Step) -> Sequence[When]:
    times = step.show.times or step.times
    return times(study)
