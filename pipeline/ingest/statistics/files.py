"""Files of statistics: one long table of figures out of all, and what is not used of them."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from pipeline import contracts
from pipeline.aoi import Aoi
from pipeline.errors import InputError, Problem
from pipeline.ingest import rejects
from pipeline.ingest.regions import name_rest
from pipeline.ingest.rejects import Reject, explain_rejects, tabulate_rejects
from pipeline.ingest.samples.opening import find_paths, read_sheets
from pipeline.ingest.samples.sheets import Sheet
from pipeline.ingest.statistics import advice
from pipeline.ingest.statistics.checks import hold_together
from pipeline.ingest.statistics.figures import Figure, Given, read_figures
from pipeline.ingest.statistics.layouts import find_tables
from pipeline.ingest.statistics.words import Words
from pipeline.settings.statistics import StatisticsFile


class StatisticTables(NamedTuple):
    """Figures (`contracts.STATISTICS`), and what is not used and why (`contracts.REJECTED`)."""

    statistics: pd.DataFrame
    rejects: pd.DataFrame


def read_statistics(
    files: Sequence[StatisticsFile], aoi: Aoi, regions: pd.DataFrame | None = None
) -> StatisticTables:
    """Figures of an area and its `regions` (`contracts.REGIONS`) from tables of any form.

    Read are workbooks and text files; long tables and those with years, items or regions as columns, on one
    or more rows of headings. Every figure is in the unit of its item (`standards` statistic_items); without
    a unit that is stated, or an item, a region or a year, it is rejected, and so is what is below 0. Totals
    are held against the sum of their table and not read. Equal repetitions count once; contradictions, and
    totals that are not the sum, reject all concerned; and so do regions that tell more than the area, or all
    of them another sum.

    Raises InputError, with every problem, for paths that lead nowhere and where figures are named but no cell
    of any file can be used.
    """
    _refuse_missing(files)
    places = [] if regions is None else list(zip(regions["region"], regions["name"], strict=True))
    names = [(aoi.id, (aoi.name_zh, aoi.name_en)), *((region, (name,)) for region, name in places)]
    known = {region for region, _ in names}
    figures: list[Figure] = []
    lost: list[Reject] = []
    for source in files:
        own = [(region, (theirs,)) for theirs, region in source.names.items() if region in known]
        words = Words.of([*names, *own], source.columns)
        for path in find_paths(source.path):
            read, more = _read_file(path, source, words)
            figures += read
            lost += more
    towns = [region for region, _ in places if region != name_rest(aoi.id)]
    kept, more = hold_together(figures, aoi.id, towns)
    table = tabulate_rejects([*lost, *more])
    if files and not figures:
        raise InputError("No figure of the statistics can be used", explain_rejects(table))
    return StatisticTables(_build_statistics(kept), table)


def _refuse_missing(files: Sequence[StatisticsFile]) -> None:
    problems = [
        Problem(
            file.path,
            "no such file",
            "a file, or a pattern that one fits",
        )
        for file in files
        if not find_paths(file.path)
    ]
    if problems:
        raise InputError("The statistics cannot be found", problems)


def _read_file(path: Path, source: StatisticsFile, words: Words) -> tuple[list[Figure], list[Reject]]:
    try:
        sheets = read_sheets(path)
    except InputError as error:
        found = "; ".join(f"{problem.found}, not {problem.expected}" for problem in error.problems)
        return [], [Reject(path.name, "", 0, "", found, rejects.UNREADABLE)]
    figures: list[Figure] = []
    lost: list[Reject] = []
    for sheet in sheets:
        for read, more in _read_sheet(sheet, source, words):
            figures += read
            lost += more
    return figures, lost


def _read_sheet(
    sheet: Sheet, source: StatisticsFile, words: Words
) -> Iterator[tuple[list[Figure], list[Reject]]]:
    """Figures and rejects of each table of a sheet, after what its workbook says of it."""
    if sheet.is_empty:
        return
    if sheet.traits.is_hidden:
        yield [], [Reject(sheet.file, sheet.name, 0, "", sheet.name, rejects.HIDDEN)]
        return
    yield (
        [],
        [
            Reject(sheet.file, sheet.name, 0, "", f"{remark}: {found}", rejects.SAID)
            for found, remark in sheet.traits.remarks
        ],
    )
    layouts = find_tables(sheet, words)
    if not layouts:
        yield [], [Reject(sheet.file, sheet.name, 0, "", " ".join(sheet.head[0])[:60], advice.NO_HEADINGS)]
    given = Given(source.region, source.year, source.source)
    for layout in layouts:
        yield read_figures(sheet, layout, words, given)


def _build_statistics(figures: Sequence[Figure]) -> pd.DataFrame:
    columns = list(contracts.STATISTICS.columns)
    table = pd.DataFrame([{name: getattr(one, name) for name in columns} for one in figures], columns=columns)
    ordered = table.sort_values(["region", "year", "item", "product"], kind="stable", na_position="first")
    checked: pd.DataFrame = contracts.check_table(ordered.reset_index(drop=True), contracts.STATISTICS)
    # a column with texts and nulls would hold NaN for null
    texts = {name: checked[name].astype(object) for name in ("product", "source", "sheet")}
    return checked.assign(**{name: text.where(text.notna(), None) for name, text in texts.items()})
