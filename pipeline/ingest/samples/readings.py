"""One long table of readings out of any number of sheets, and a table of what was not taken and why."""

import glob
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.errors import InputError, Problem
from pipeline.ingest.samples import cells, streams
from pipeline.ingest.samples.checks import implausible, reviewed
from pipeline.ingest.samples.dating import Download
from pipeline.ingest.samples.headings import (
    READ,
    UNKNOWN_UNIT,
    Fault,
    Layout,
    divisor,
    find_layout,
    parameter_codes,
    plain,
    unit_of,
)
from pipeline.ingest.samples.places import AXES, first_points, is_wrong, points_of
from pipeline.ingest.samples.reasons import (
    BAD_POINT,
    LIMIT_ROWS,
    NO_LIMIT,
    NO_READINGS,
    NO_SECTION,
    NORMAL,
    NOT_NORMAL,
    UNKNOWN_PARAMETER,
)
from pipeline.ingest.samples.sheets import Sheet, read_sheets
from pipeline.ingest.samples.tables import (
    NAMES,
    REJECT_COLUMNS,
    SAMPLE_COLUMNS,
    TRACES,
    Tables,
    joined,
    no_samples,
    rejects_of,
)
from pipeline.settings import SampleFile

EMPTY_SHEET = "空表 (the sheet is empty)"
NO_HEADINGS = "未找到含断面、时间和监测项目的表头 (no row of headings with a section, a time and a parameter)"


def read_samples(
    files: Sequence[SampleFile], *, latest: datetime | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Readings (`contracts.SAMPLES`) and what was rejected, from tables of any form that `sheets` opens.

    A reading is a cell of a recognised parameter that is neither blank nor one of the marks of nothing
    (`--`, `*`). Each is either in the first table or counted in the second, whose `readings` says how many
    went with that cell, row or column; `row` is 0 for what concerns a whole file or sheet. `section_id` is
    the id that the table gives, null if none. A value without a unit is in the unit of the standard; one
    not detected takes the limit that its sheet tells for that parameter (a column or row 检出限, or the one
    limit that its other marked values agree on). Rows of a station that is not 正常 are rejected, and so are
    readings later than `latest`. `raw` is the value before it was rounded for publication, NaN where that is
    not told. Repetitions are rejected, contradictions kept with the `flag` contradicts, runs of equal
    readings flagged stuck or rejected (`standards` stuck_sensors).

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
    table = samples[SAMPLE_COLUMNS]
    kinds = {name: object for name in table.columns if isinstance(table[name].dtype, pd.CategoricalDtype)}
    return Tables(table.astype(kinds), rejects, points)


def read_records(files: Sequence[SampleFile], *, latest: datetime | None = None) -> Tables:
    """As `read_samples`, with a column `record` (see `checks.reviewed`), and texts perhaps as categories.

    InputError only for paths that lead nowhere.
    """
    problems = [problem for source in files for problem in _wrong_names(source)]
    paths = [(source, path) for source in files for path in _paths(source, problems)]
    if problems:
        raise InputError("The water samples cannot be found", problems)
    read = [_read_file(path, source, latest) for source, path in paths]
    points = first_points([tables.points for tables in read if tables.points is not None])
    taken = joined(read)
    del read
    samples, rejects, _ = reviewed(taken.samples)
    all_rejects = joined([Tables(no_samples(), taken.rejects), Tables(no_samples(), rejects)]).rejects
    return Tables(samples, all_rejects, points)


def unusable(rejects: pd.DataFrame) -> InputError:
    """The error for tables of which no reading is left, with what was rejected as its problems."""
    return InputError("No usable reading in the water samples", _as_problems(rejects))


def _wrong_names(source: SampleFile) -> Iterator[Problem]:
    known = READ | set(parameter_codes().values())
    for name in sorted(set(source.columns) - known):
        yield Problem(f"samples {source.path}, columns", repr(name), f"one of {', '.join(sorted(known))}")


def _paths(source: SampleFile, problems: list[Problem]) -> list[Path]:
    literal = Path(source.path)
    # a pattern may be absolute, which Path.glob refuses
    matches = sorted(glob.glob(source.path, recursive=True))  # noqa: PTH207
    found = [literal] if literal.is_file() else [Path(match) for match in matches]
    # Excel leaves ~$ files beside a workbook that is open
    kept = [path for path in found if path.is_file() and not path.name.startswith("~$")]
    if not kept:
        problems.append(Problem(source.path, "no such file", "a file, or a pattern that some file fits"))
    return kept


def _read_file(path: Path, source: SampleFile, latest: datetime | None) -> Tables:
    download = Download.of(path, source.year)
    try:
        if streamed := streams.read_stream(path, source, download, latest):
            return streamed
        sheets = read_sheets(path)
    except InputError as error:
        reasons = [f"{problem.expected} expected" for problem in error.problems]
        found = [problem.found for problem in error.problems]
        return Tables(no_samples(), rejects_of(path.name, "", 0, "", found, reasons, 0))
    read = [_read_sheet(sheet, source, download, latest) for sheet in sheets]
    points = first_points([tables.points for tables in read if tables.points is not None])
    return joined(read)._replace(points=points)


def _read_sheet(sheet: Sheet, source: SampleFile, download: Download, latest: datetime | None) -> Tables:
    if not (sheet.cells != "").to_numpy().any():
        return Tables(no_samples(), rejects_of(sheet.file, sheet.name, 0, "", "", EMPTY_SHEET, 0))
    layout = find_layout(sheet, source.columns)
    if layout is None:
        return Tables(no_samples(), rejects_of(sheet.file, sheet.name, 0, "", "", NO_HEADINGS, 0))
    rows = _rows(sheet, layout, download, latest)
    raw = _long(sheet, layout, rows) if layout.is_long else _melted(sheet, layout, rows)
    judged = _judged(raw.merge(rows, left_on="row", right_index=True, how="left"))
    kept = judged[judged["reason"].isna()]
    samples = kept.assign(file=sheet.file, sheet=sheet.name, water_body=source.water_body, flag=None)
    rejects = [
        _column_rejects(sheet, layout),
        _row_rejects(sheet, layout, rows, judged),
        _cell_rejects(sheet, judged),
        *_point_rejects(sheet, layout, rows),
    ]
    found = pd.concat(rejects).sort_values("row", kind="stable")
    if judged.empty and found.empty:
        found = rejects_of(sheet.file, sheet.name, layout.heading_row, "", "", NO_READINGS, 0)
    named = rows[rows["section"].notna() & ~rows["is_limit"]]
    samples = samples[[*SAMPLE_COLUMNS, *TRACES]].sort_values("row", kind="stable")
    return Tables(samples, found, points_of(named))


def _rows(sheet: Sheet, layout: Layout, download: Download, latest: datetime | None) -> pd.DataFrame:
    """Names, time, fault and point of each data row, by row number."""
    body = sheet.cells.loc[layout.first_row :]
    none = pd.Series("", index=body.index, dtype=str)
    texts = {
        role: cells.published(body[layout.roles[role][0]]) if role in layout.roles else none
        for role in [*NAMES, "time", "clock", "state"]
    }
    rows = pd.DataFrame({role: cells.names(texts[role]) for role in [*NAMES, "state"]}, index=body.index)
    rows["section"] = rows["section"].fillna(rows["section_id"])
    rows["time_text"] = texts["time"].str.cat(texts["clock"], sep=" ").str.strip()
    moments = cells.times(rows["time_text"], download)
    rows["time"] = moments["time"]
    rows["is_limit"] = rows["section"].isin(LIMIT_ROWS)
    no_section = rows["section"].isna() & ~rows["is_limit"]
    rows["row_reason"] = moments["reason"].mask(rows["is_limit"], None)
    if latest is not None:
        rows["row_reason"] = rows["row_reason"].mask(rows["time"] > latest, cells.IN_THE_FUTURE)
    rows["row_reason"] = rows["row_reason"].mask(no_section, NO_SECTION)
    halted = rows["state"].notna() & ~rows["state"].isin(NORMAL)
    rows["row_reason"] = rows["row_reason"].mask(
        halted & rows["section"].notna() & ~rows["is_limit"], NOT_NORMAL
    )
    for axis in AXES:
        told = cells.numbers(_axis_texts(layout, axis, body))["value"]
        rows[axis] = told if sheet.points is None else sheet.points[axis].reindex(rows.index).fillna(told)
    return rows


def _axis_texts(layout: Layout, axis: str, body: pd.DataFrame) -> pd.Series:
    if axis not in layout.roles:
        return pd.Series("", index=body.index, dtype=str)
    return cells.published(body[layout.roles[axis][0]])


def _melted(sheet: Sheet, layout: Layout, rows: pd.DataFrame) -> pd.DataFrame:
    """Cells of the parameter columns of a wide table, one below the other."""
    parts = [
        pd.DataFrame(
            {
                "row": rows.index,
                "column": column.heading,
                "text": _own_cells(sheet, column.position, rows),
                "parameter": column.code,
                "divisor": column.divisor,
                "limit_text": "",
                "fault": None,
            }
        )
        for column in layout.parameters
    ]
    return pd.concat(parts, ignore_index=True)


def _own_cells(sheet: Sheet, position: int, rows: pd.DataFrame) -> pd.Series:
    """Texts of a column of values; what a merge repeats is no further reading."""
    texts = sheet.cells.loc[rows.index, position]
    return texts.mask(sheet.merged.loc[rows.index, position], "")


def _long(sheet: Sheet, layout: Layout, rows: pd.DataFrame) -> pd.DataFrame:
    """Cells of the value column of a long table, with what their rows say about them."""
    body = sheet.cells.loc[rows.index]
    none = pd.Series("", index=rows.index, dtype=str)
    position, heading = layout.roles["value"]
    names = body[layout.roles["parameter"][0]]
    units = body[layout.roles["unit"][0]] if "unit" in layout.roles else none
    units = units.mask(units.str.strip() == "", layout.value_unit or "")
    known = pd.DataFrame({"name": names, "unit": units}).drop_duplicates()
    codes = [parameter_codes().get(plain(name)) for name in known["name"]]
    factors = [divisor(code, unit) if code else None for code, unit in zip(codes, known["unit"], strict=True)]
    known["parameter"] = codes
    known["divisor"] = pd.Series(factors, index=known.index, dtype=float)
    raw = pd.DataFrame({"name": names, "unit": units, "row": rows.index})
    raw = raw.merge(known, on=["name", "unit"], how="left").set_index(rows.index)
    fault = raw["parameter"].isna().map({True: UNKNOWN_PARAMETER, False: None})
    raw["fault"] = fault.mask(raw["parameter"].notna() & raw["divisor"].isna(), UNKNOWN_UNIT)
    raw["column"] = heading
    raw["text"] = _own_cells(sheet, position, rows)
    raw["limit_text"] = (
        body[layout.roles["detection_limit"][0]] if "detection_limit" in layout.roles else none
    )
    return raw.drop(columns=["name", "unit"])


def _judged(raw: pd.DataFrame) -> pd.DataFrame:
    """The readings among the cells, in the unit of the standard, each with its reason to go or null."""
    told = raw.assign(text=cells.published(raw["text"]), raw=cells.raws(raw["text"]) / raw["divisor"])
    read = pd.concat([told, cells.numbers(told["text"])], axis=1)
    read = read[~read["blank"]].copy()
    read["value"] = read["value"] / read["divisor"]
    read["value"] = read["value"].fillna(_detection_limits(read))
    read = read[~read["is_limit"]].copy()
    unlimited = read["censored"] & read["value"].isna()
    read["reason"] = read["reason"].mask(unlimited, NO_LIMIT)
    read["reason"] = read["reason"].fillna(implausible(read["parameter"], read["value"]))
    read["reason"] = read["fault"].fillna(read["reason"])
    read["reason"] = read["row_reason"].fillna(read["reason"])
    read["unit"] = read["parameter"].map({code: unit_of(code) for code in set(parameter_codes().values())})
    return read


def _detection_limits(read: pd.DataFrame) -> pd.Series:
    """Limit of each censored reading without one: of its row, of the row 检出限, or the only one told."""
    wanting = read["censored"] & read["value"].isna()
    own = cells.numbers(read["limit_text"].where(wanting, ""))["value"] / read["divisor"]
    stated = read[read["is_limit"]].groupby("parameter")["value"].min()
    others = read[read["censored"] & read["value"].notna()].groupby("parameter")["value"].agg(["min", "max"])
    agreed = others.loc[others["min"] == others["max"], "min"]
    told = read["parameter"].map(stated).fillna(read["parameter"].map(agreed)).astype(float)
    return own.fillna(told).where(wanting)


def _column_rejects(sheet: Sheet, layout: Layout) -> pd.DataFrame:
    """Columns that are not read; a nameless column counts only if something stands in it."""
    body = sheet.cells.loc[layout.first_row :]
    found = [fault for fault in layout.faults if plain(fault.heading) or _is_filled(body, fault)]
    counts = [_readings_in(sheet, body, fault) for fault in found]
    return rejects_of(
        sheet.file,
        sheet.name,
        layout.heading_row,
        [fault.heading for fault in found],
        "",
        [fault.reason for fault in found],
        counts,
    )


def _is_filled(body: pd.DataFrame, fault: Fault) -> bool:
    return fault.position is not None and bool(body[fault.position].str.strip().ne("").any())


def _readings_in(sheet: Sheet, body: pd.DataFrame, fault: Fault) -> int:
    if fault.position is None or not fault.readings_lost:
        return 0
    return int((~cells.numbers(cells.published(_own_cells(sheet, fault.position, body)))["blank"]).sum())


def _row_rejects(sheet: Sheet, layout: Layout, rows: pd.DataFrame, judged: pd.DataFrame) -> pd.DataFrame:
    """Rows without a section or a time; those that hold nothing at all are not worth a word."""
    counts = judged.groupby("row").size().reindex(rows.index, fill_value=0)
    blank = (rows["row_reason"] == NO_SECTION) | (rows["time_text"] == "")
    nonsense = rows["row_reason"].notna() & (~blank | (rows["row_reason"] == NOT_NORMAL))
    lost = rows[rows["row_reason"].notna() & ((counts > 0) | nonsense)]
    headings = {role: heading for role, (_, heading) in layout.roles.items()}
    section = headings.get("section", headings.get("section_id", ""))
    no_section, halted = lost["row_reason"] == NO_SECTION, lost["row_reason"] == NOT_NORMAL
    return rejects_of(
        sheet.file,
        sheet.name,
        lost.index,
        np.select([no_section, halted], [section, headings.get("state", "")], headings["time"]),
        lost["time_text"].mask(no_section, "").mask(halted, lost["state"]),
        lost["row_reason"],
        counts.loc[lost.index],
    )


def _cell_rejects(sheet: Sheet, judged: pd.DataFrame) -> pd.DataFrame:
    bad = judged[judged["reason"].notna() & judged["row_reason"].isna()]
    return rejects_of(sheet.file, sheet.name, bad["row"], bad["column"], bad["text"], bad["reason"], 1)


def _point_rejects(sheet: Sheet, layout: Layout, rows: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Coordinates that are none."""
    for axis in AXES:
        texts = _axis_texts(layout, axis, sheet.cells.loc[rows.index])
        read = cells.numbers(texts)
        wrong = is_wrong(axis, read["value"].to_numpy(), read["blank"].to_numpy())
        heading = layout.roles.get(axis, (0, ""))[1]
        yield rejects_of(sheet.file, sheet.name, rows.index[wrong], heading, texts[wrong], BAD_POINT, 0)


def _as_problems(rejects: pd.DataFrame) -> list[Problem]:
    return [
        Problem(
            ", ".join(part for part in (file, sheet, f"row {row}" if row else "", column) if part),
            f"{value!r}: {reason}" if value else reason,
            "readings of water quality",
        )
        for file, sheet, row, column, value, reason in rejects[REJECT_COLUMNS[:-1]].to_numpy().tolist()
    ]
