"""Files of samples: which tables are in them, and one long table of readings out of all."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

import pandas as pd

from pipeline.errors import InputError, Problem
from pipeline.ingest.samples import streams
from pipeline.ingest.samples.batches import SampleTable, Unsuited
from pipeline.ingest.samples.checks import review
from pipeline.ingest.samples.dating import Download
from pipeline.ingest.samples.headings import load_parameter_codes
from pipeline.ingest.samples.layouts import READ
from pipeline.ingest.samples.levels import join_levels
from pipeline.ingest.samples.notes import HIDDEN_SHEET
from pipeline.ingest.samples.opening import find_paths, read_sheets
from pipeline.ingest.samples.places import keep_first_points
from pipeline.ingest.samples.readings import read_table
from pipeline.ingest.samples.sheets import Sheet
from pipeline.ingest.samples.tables import (
    NAMES,
    REJECT_COLUMNS,
    SAMPLE_COLUMNS,
    SAMPLE_KINDS,
    Tables,
    build_rejects,
    join_tables,
    no_samples,
)
from pipeline.ingest.samples.text_files import ENCODINGS, TEXT_SUFFIXES
from pipeline.settings import SampleFile


def read_samples(
    files: Sequence[SampleFile], *, latest: datetime | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Readings (`contracts.SAMPLES`) and what was rejected, from tables of any form.

    A reading is a cell of a recognised parameter that is neither blank nor one of the marks of nothing
    (`--`, `*`). Each is either in the first table or counted in the second, whose `readings` says how many
    went with that cell, row or column; `row` is 0 for what concerns a whole file or sheet. `section_id` is
    the id that the table gives, null if none. A value without a unit is in the unit of the standard; one
    not detected takes the limit that its sheet tells for that parameter (a column or row 检出限, or the one
    limit that its other marked values agree on). Rows of a station that is not 正常 are rejected, and so are
    readings later than `latest`. Where a title tells the value before it was rounded for the page
    (原始值), that is the value, and `published` what the page shows; NaN for other readings. Repetitions
    are rejected, contradictions kept with the `flag` contradicts, runs of equal readings flagged stuck or
    rejected (`standards` stuck_sensors).

    Raises InputError, with every problem, for paths that lead nowhere and when nothing usable is left.
    """
    samples, rejects, _ = read_tables(files, latest=latest)
    return samples, rejects


def read_tables(files: Sequence[SampleFile], *, latest: datetime | None = None) -> Tables:
    """As `read_samples`, with the `points` in degrees that the tables give for their sections.

    A point stands in the columns of longitude and latitude of any table, or is the geometry of a feature (a
    point on it, where it is no point). A section has the first one that is told.
    """
    samples, rejects, points = read_records(files, latest=latest)
    if files and samples.empty:
        raise unusable(rejects)
    table = samples[SAMPLE_COLUMNS].astype(SAMPLE_KINDS)
    # where all are null, categories become NaN, which is no text
    names = {name: table[name].where(table[name].notna(), None) for name in NAMES}
    return Tables(table.assign(**names), rejects, points)


def read_records(files: Sequence[SampleFile], *, latest: datetime | None = None) -> Tables:
    """As `read_samples`, with a column `record` (see `checks.review`), and texts perhaps as categories.

    InputError only for paths that lead nowhere.
    """
    problems = [problem for source in files for problem in _find_wrong_names(source)]
    paths = [(source, path) for source in files for path in _find_paths(source, problems)]
    if problems:
        raise InputError("The water samples cannot be found", problems)
    read = [_read_file(path, source, latest) for source, path in paths]
    taken = _join(read)
    del read
    samples, rejects, _ = review(taken.samples)
    all_rejects = join_tables([Tables(no_samples(), taken.rejects), Tables(no_samples(), rejects)]).rejects
    return Tables(samples, all_rejects, taken.points)


def unusable(rejects: pd.DataFrame) -> InputError:
    """The error for tables of which no reading is left, with what was rejected as its problems."""
    return InputError("No usable reading in the water samples", _to_problems(rejects))


def _find_wrong_names(source: SampleFile) -> Iterator[Problem]:
    known = READ | set(load_parameter_codes().values())
    for name in sorted(set(source.columns) - known):
        yield Problem(f"samples {source.path}, columns", repr(name), f"one of {', '.join(sorted(known))}")


def _find_paths(source: SampleFile, problems: list[Problem]) -> list[Path]:
    found = find_paths(source.path)
    if not found:
        problems.append(Problem(source.path, "no such file", "a file, or a pattern that some file fits"))
    return found


def _join(parts: Sequence[Tables]) -> Tables:
    """Tables one below the other, with the first point of each section."""
    points = keep_first_points([part.points for part in parts if part.points is not None])
    return join_tables(parts)._replace(points=points)


def _choose_readers(path: Path, source: SampleFile) -> Iterator[Callable[[], Sequence[SampleTable]]]:
    """Ways to open the tables of a file, of which the first that suits is taken."""
    suffix = path.suffix.lower()
    if suffix in streams.PARQUET_SUFFIXES:
        yield lambda: [streams.open_parquet(path)]
        yield lambda: [streams.hold_parquet(path)]
        return
    if suffix in TEXT_SUFFIXES and path.stat().st_size >= streams.LEAST_BYTES:
        for encoding in ENCODINGS:
            yield partial(_open_csv, path, encoding, source)
    yield partial(read_sheets, path)


def _open_csv(path: Path, encoding: str, source: SampleFile) -> list[SampleTable]:
    return [streams.open_csv(path, encoding, source.columns)]


def _read_file(path: Path, source: SampleFile, latest: datetime | None) -> Tables:
    download = Download.of(path, source.year)
    for reader in _choose_readers(path, source):
        try:
            return _join([_read_table(table, source, download, latest) for table in reader()])
        except Unsuited:
            continue
        except InputError as error:
            reasons = [f"{problem.expected} expected" for problem in error.problems]
            found = [problem.found for problem in error.problems]
            return Tables(no_samples(), build_rejects(path.name, "", 0, "", found, reasons, 0))
    raise Unsuited(path.name)


def _read_table(
    table: SampleTable, source: SampleFile, download: Download, latest: datetime | None
) -> Tables:
    """All that a table says, after what its workbook says of it; of a hidden one only that it is not read."""
    traits = table.traits
    shown = join_levels(table, source.columns) if isinstance(table, Sheet) else table
    read = read_table(shown, source, replace(download, day_0=traits.day_0), latest)
    if traits.is_hidden:
        lost = len(read.samples) + int(read.rejects["readings"].sum())
        return Tables(no_samples(), build_rejects(table.file, table.name, 0, "", "", HIDDEN_SHEET, lost))
    found, words = [value for value, _ in traits.remarks], [reason for _, reason in traits.remarks]
    remarks = build_rejects(table.file, table.name, 0, "", found, words, 0)
    return join_tables([Tables(no_samples(), remarks), read])._replace(points=read.points)


def _to_problems(rejects: pd.DataFrame) -> list[Problem]:
    return [
        Problem(
            ", ".join(part for part in (file, sheet, f"row {row}" if row else "", column) if part),
            f"{value!r}: {reason}" if value else reason,
            "readings of water quality",
        )
        for file, sheet, row, column, value, reason in rejects[REJECT_COLUMNS[:-1]].to_numpy().tolist()
    ]
