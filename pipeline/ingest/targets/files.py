"""Files of targets: one list of targets out of all, and what is not used of them."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from pipeline.aoi import Aoi
from pipeline.contracts import Target
from pipeline.errors import InputError, Problem, SettingsError
from pipeline.ingest import rejects
from pipeline.ingest.rejects import (
    HIDDEN,
    SAID,
    UNREADABLE,
    Advice,
    Reject,
    explain_rejects,
    tabulate_rejects,
)
from pipeline.ingest.samples.headings import fold
from pipeline.ingest.samples.opening import find_paths, read_sheets
from pipeline.ingest.samples.sheets import Sheet
from pipeline.ingest.targets import advice
from pipeline.ingest.targets.advice import NO_PERIOD
from pipeline.ingest.targets.layouts import find_target_tables, list_sheet_rows
from pipeline.ingest.targets.names import IndicatorNames, list_strange_codes
from pipeline.ingest.targets.rows import AreaNames, read_target_rows
from pipeline.ingest.targets.spans import read_target_span
from pipeline.settings.targets import TargetFile, Targets


class TargetTables(NamedTuple):
    """Targets in the order of the files, and what is not used and why (`contracts.REJECTED`)."""

    targets: tuple[Target, ...]
    rejects: pd.DataFrame


def read_targets(given: Targets, aoi: Aoi, places: Iterable[tuple[str, str]] = ()) -> TargetTables:
    """Targets of an area and its `places` (ids and names of regions and bodies) from tables of any form.

    Read are workbooks and text files, long ones and those with a column of targets a year. Every target is in
    the unit of its indicator; without an indicator that has that name, a place, a time, a direction or a unit
    that is stated it is rejected. Equal repetitions count once, contradictions reject all concerned.

    Raises SettingsError where no table is named, or the config names codes that no indicator has, InputError
    for paths that lead nowhere, and where something is named but nothing of any file can be used.
    """
    _check_settings(given)
    ids = [(aoi.id, (aoi.name_zh, aoi.name_en)), *((place, (name,)) for place, name in places)]
    names = IndicatorNames.of(given.indicators)
    known: list[Target] = []
    lost: list[Reject] = []
    for source in given.tables:
        places_known = AreaNames(_index_places(ids, source), names)
        for path in find_paths(source.path):
            read, more = _read_file(path, source, places_known)
            known += read
            lost += more
    kept, more = _settle(known)
    table = tabulate_rejects([*lost, *more])
    is_elsewhere = any(one.advice == advice.ELSEWHERE for one in lost)
    faults = [one for one in lost if one.row and one.advice != advice.ELSEWHERE]
    if not known and lost and (faults or not is_elsewhere):
        raise InputError("No target of the tables can be used", explain_rejects(table))
    return TargetTables(tuple(kept), table)


def _check_settings(given: Targets) -> None:
    """Check what the config itself says: SettingsError for it, InputError for paths that lead nowhere."""
    codes = {**given.indicators, **{code: code for code in given.tolerance}}
    problems = [
        Problem("targets", repr(code), "the code of an indicator (standards/indicator_names.csv)")
        for code in list_strange_codes(codes)
    ]
    problems += [
        Problem("targets.tables.period", repr(file.period), NO_PERIOD.expected)
        for file in given.tables
        if file.period and read_target_span(file.period) is None
    ]
    if not given.tables:
        problems.append(
            Problem(
                "targets.tables",
                "nothing",
                "at least one table",
                "targets: {tables: [{path: ...}]}",
            )
        )
    if problems:
        raise SettingsError("The targets of the config are wrong", problems)
    missing = [
        Problem(
            file.path,
            "no such file",
            "a file, or a pattern that one fits",
        )
        for file in given.tables
        if not find_paths(file.path)
    ]
    if missing:
        raise InputError("The tables of targets cannot be found", missing)


def _index_places(ids: Sequence[tuple[str, Iterable[str]]], source: TargetFile) -> dict[str, str]:
    """Ids by folded name; a name that several places have names none of them."""
    own = [(place, (theirs,)) for theirs, place in source.names.items() if place in dict(ids)]
    said: dict[str, set[str]] = defaultdict(set)
    for place, names in [*ids, *own]:
        for name in {place, *names}:
            said[fold(name)].add(place)
    return {name: next(iter(meant)) for name, meant in said.items() if name and len(meant) == 1}


def _read_file(path: Path, source: TargetFile, known: AreaNames) -> tuple[list[Target], list[Reject]]:
    try:
        sheets = read_sheets(path)
    except InputError as error:
        found = "; ".join(f"{problem.found}, not {problem.expected}" for problem in error.problems)
        return [], [Reject(path.name, "", 0, "", found, UNREADABLE)]
    targets: list[Target] = []
    lost: list[Reject] = []
    for sheet in sheets:
        read, more = _read_sheet(sheet, source, known)
        targets += read
        lost += more
    return targets, lost


def _read_sheet(sheet: Sheet, source: TargetFile, known: AreaNames) -> tuple[list[Target], list[Reject]]:
    """Targets and rejects of the tables of a sheet, after what its workbook says of it."""
    if sheet.is_empty:
        return [], []
    if sheet.traits.is_hidden:
        return [], [Reject(sheet.file, sheet.name, 0, "", sheet.name, HIDDEN)]
    lost = [
        Reject(sheet.file, sheet.name, 0, "", f"{remark}: {found}", SAID)
        for found, remark in sheet.traits.remarks
    ]
    rows = list_sheet_rows(sheet)
    layouts = find_target_tables(sheet, rows, {fold(theirs): ours for ours, theirs in source.columns.items()})
    if not layouts:
        head = " ".join(sheet.head[0])[:60]
        return [], [*lost, Reject(sheet.file, sheet.name, 0, "", head, advice.NO_HEADINGS)]
    targets: list[Target] = []
    for layout in layouts:
        read, more = read_target_rows(sheet, rows, layout, known, source)
        targets += read
        lost += more
    return targets, lost


def _settle(targets: Sequence[Target]) -> tuple[list[Target], list[Reject]]:
    """Each target once; none of those that contradict each other."""
    groups: dict[Hashable, list[Target]] = defaultdict(list)
    for one in targets:
        groups[one.indicator, one.place, one.period, one.at_end, one.direction].append(one)
    kept: list[Target] = []
    lost: list[Reject] = []
    for first, *others in groups.values():
        same = all(other.value == first.value for other in others)
        why = rejects.REPEATED if same else advice.CONTRADICTED
        kept += [first] if same else []
        lost += [_reject(other, why, first) for other in others]
        lost += [] if same else [_reject(first, why, others[0])]
    return kept, lost


def _reject(one: Target, why: Advice, other: Target) -> Reject:
    place = ", ".join(part for part in (other.file, other.sheet, f"row {other.row}") if part)
    return Reject(one.file, one.sheet, one.row, "", one.written, why).fill(place=place)
