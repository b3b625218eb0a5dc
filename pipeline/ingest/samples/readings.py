"""One long table of readings out of any number of sheets, and a table of what was not taken and why."""

import glob
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from pipeline import standards
from pipeline.errors import InputError, Problem
from pipeline.ingest.samples import cells
from pipeline.ingest.samples.headings import (
    UNKNOWN_UNIT,
    Fault,
    Layout,
    divisor,
    find_layout,
    parameter_codes,
    plain,
    unit_of,
)
from pipeline.ingest.samples.sheets import Sheet, read_sheets
from pipeline.settings import SampleFile

SAMPLE_COLUMNS = [
    "section_id", "province", "basin", "section", "time", "parameter", "value", "unit", "censored",
    "water_body", "file", "row",
]  # fmt: skip
_TRACES = ["sheet", "column", "text"]
REJECT_COLUMNS = ["file", "sheet", "row", "column", "value", "reason", "readings"]

NO_SECTION = "缺少断面名称 (no section name)"
NO_LIMIT = "未检出但检出限未知 (not detected, and no detection limit is known)"
UNKNOWN_PARAMETER = "监测项目无法识别 (parameter not recognised)"
EMPTY_SHEET = "空表 (the sheet is empty)"
NO_READINGS = "表头下没有监测数据 (no readings below the headings)"
NO_HEADINGS = "未找到含断面、时间和监测项目的表头 (no row of headings with a section, a time and a parameter)"
REPEATED = "与前面的记录重复 (repeats an earlier reading)"
IMPLAUSIBLE = "超出合理范围 (not plausible: outside {low} to {high} {unit})"

_NAMES = ["section_id", "province", "basin", "section"]
_MAPPABLE = frozenset({*_NAMES, "time", "parameter", "value", "unit", "detection_limit"})
_LIMIT_ROWS = frozenset({"检出限", "方法检出限", "最低检出限", "检测限"})


class Tables(NamedTuple):
    """Readings kept and readings rejected."""

    samples: pd.DataFrame
    rejects: pd.DataFrame


def read_samples(files: Sequence[SampleFile]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Readings (`contracts.SAMPLES`) and what was rejected, from CSV and Excel tables, long or wide.

    A reading is a cell of a recognised parameter that is neither blank nor one of the marks of nothing
    (`--`, `*`). Each is either in the first table or counted in the second, whose `readings` says how many
    went with that cell, row or column; `row` is 0 for what concerns a whole file or sheet. `section_id` is
    the id that the table gives, null if none. A value without a unit is in the unit of the standard; one
    not detected takes the limit that its sheet tells for that parameter (a column or row 检出限, or the one
    limit that its other marked values agree on). Identical repetitions are rejected, contradictions kept.

    Raises InputError, with every problem, for paths that lead nowhere and when nothing usable is left.
    """
    problems = [problem for source in files for problem in _wrong_names(source)]
    paths = [(source, path) for source in files for path in _paths(source, problems)]
    if problems:
        raise InputError("The water samples named in the config cannot be read", problems)
    parts = [_read_file(path, source) for source, path in paths]
    samples, rejects = _without_repetitions(_joined(parts))
    if files and samples.empty:
        raise InputError("No usable reading in the water samples", _as_problems(rejects))
    return samples[SAMPLE_COLUMNS], rejects


def _wrong_names(source: SampleFile) -> Iterator[Problem]:
    known = _MAPPABLE | set(parameter_codes().values())
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


def _read_file(path: Path, source: SampleFile) -> Tables:
    try:
        sheets = read_sheets(path)
    except InputError as error:
        reasons = [f"{problem.expected} expected" for problem in error.problems]
        found = [problem.found for problem in error.problems]
        return Tables(_no_samples(), _rejects(path.name, "", 0, "", found, reasons, 0))
    return _joined([_read_sheet(sheet, source) for sheet in sheets])


def _read_sheet(sheet: Sheet, source: SampleFile) -> Tables:
    if not (sheet.cells != "").to_numpy().any():
        return Tables(_no_samples(), _rejects(sheet.file, sheet.name, 0, "", "", EMPTY_SHEET, 0))
    layout = find_layout(sheet, source.columns)
    if layout is None:
        return Tables(_no_samples(), _rejects(sheet.file, sheet.name, 0, "", "", NO_HEADINGS, 0))
    rows = _rows(sheet, layout)
    raw = _long(sheet, layout, rows) if layout.is_long else _melted(sheet, layout, rows)
    judged = _judged(raw.merge(rows, left_on="row", right_index=True, how="left"))
    kept = judged[judged["reason"].isna()]
    samples = kept.assign(file=sheet.file, sheet=sheet.name, water_body=source.water_body)
    rejects = [
        _column_rejects(sheet, layout),
        _row_rejects(sheet, layout, rows, judged),
        _cell_rejects(sheet, judged),
    ]
    found = pd.concat(rejects).sort_values("row", kind="stable")
    if judged.empty and found.empty:
        found = _rejects(sheet.file, sheet.name, layout.heading_row, "", "", NO_READINGS, 0)
    return Tables(samples[[*SAMPLE_COLUMNS, *_TRACES]].sort_values("row", kind="stable"), found)


def _rows(sheet: Sheet, layout: Layout) -> pd.DataFrame:
    """Names, time and fault of each data row, by row number."""
    body = sheet.cells.loc[layout.first_row :]
    none = pd.Series("", index=body.index, dtype=str)
    texts = {
        role: body[layout.roles[role][0]] if role in layout.roles else none for role in [*_NAMES, "time"]
    }
    rows = pd.DataFrame({role: cells.names(texts[role]) for role in _NAMES}, index=body.index)
    rows["section"] = rows["section"].fillna(rows["section_id"])
    moments = cells.times(texts["time"])
    rows["time"] = moments["time"]
    rows["time_text"] = texts["time"]
    rows["is_limit"] = rows["section"].isin(_LIMIT_ROWS)
    no_section = rows["section"].isna() & ~rows["is_limit"]
    rows["row_reason"] = moments["reason"].mask(rows["is_limit"], None)
    rows["row_reason"] = rows["row_reason"].mask(no_section, NO_SECTION)
    return rows


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
    read = pd.concat([raw, cells.numbers(raw["text"])], axis=1)
    read = read[~read["blank"]].copy()
    read["value"] = read["value"] / read["divisor"]
    read["value"] = read["value"].fillna(_detection_limits(read))
    read = read[~read["is_limit"]].copy()
    unlimited = read["censored"] & read["value"].isna()
    read["reason"] = read["reason"].mask(unlimited, NO_LIMIT)
    read["reason"] = read["reason"].fillna(_implausible(read))
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


def _implausible(read: pd.DataFrame) -> pd.Series:
    """Reason for values that no water has, by the table of plausible bounds; null for the others."""
    bounds = standards.table("plausibility").set_index("code")
    low = read["parameter"].map(bounds["low"]).astype(float)
    high = read["parameter"].map(bounds["high"]).astype(float)
    texts = {
        code: IMPLAUSIBLE.format(low=low, high=high, unit=unit)
        for code, low, high, unit in zip(
            bounds.index, bounds["low"], bounds["high"], bounds["unit"], strict=True
        )
    }
    outside = (read["value"] < low) | (read["value"] > high)
    return read["parameter"].map(texts).where(outside).astype(object)


def _column_rejects(sheet: Sheet, layout: Layout) -> pd.DataFrame:
    """Columns that are not read; a nameless column counts only if something stands in it."""
    body = sheet.cells.loc[layout.first_row :]
    found = [fault for fault in layout.faults if plain(fault.heading) or _is_filled(body, fault)]
    counts = [_readings_in(sheet, body, fault) for fault in found]
    return _rejects(
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
    return int((~cells.numbers(_own_cells(sheet, fault.position, body))["blank"]).sum())


def _row_rejects(sheet: Sheet, layout: Layout, rows: pd.DataFrame, judged: pd.DataFrame) -> pd.DataFrame:
    """Rows without a section or a time; those that hold no reading either are not worth a word."""
    counts = judged.groupby("row").size().reindex(rows.index, fill_value=0)
    nonsense = rows["row_reason"].notna() & ~rows["row_reason"].isin([NO_SECTION, cells.NO_TIME])
    lost = rows[rows["row_reason"].notna() & ((counts > 0) | nonsense)]
    no_section = lost["row_reason"] == NO_SECTION
    headings = {role: heading for role, (_, heading) in layout.roles.items()}
    section = headings.get("section", headings.get("section_id", ""))
    return _rejects(
        sheet.file,
        sheet.name,
        lost.index,
        np.where(no_section, section, headings["time"]),
        lost["time_text"].mask(no_section, ""),
        lost["row_reason"],
        counts.loc[lost.index],
    )


def _cell_rejects(sheet: Sheet, judged: pd.DataFrame) -> pd.DataFrame:
    bad = judged[judged["reason"].notna() & judged["row_reason"].isna()]
    return _rejects(sheet.file, sheet.name, bad["row"], bad["column"], bad["text"], bad["reason"], 1)


def _rejects(*values: object) -> pd.DataFrame:
    """Rows of the table of rejects from its columns, each one value or one for each row."""
    length = max(
        (len(value) for value in values if isinstance(value, list | pd.Series | pd.Index)), default=1
    )
    full = {
        name: list(value) if isinstance(value, list | pd.Series | pd.Index | np.ndarray) else [value] * length
        for name, value in zip(REJECT_COLUMNS, values, strict=True)
    }
    texts = dict.fromkeys(["file", "sheet", "column", "value", "reason"], str)
    return pd.DataFrame(full, columns=REJECT_COLUMNS).astype({**texts, "row": int, "readings": int})


def _no_samples() -> pd.DataFrame:
    none = pd.DataFrame({name: pd.Series(dtype=object) for name in [*SAMPLE_COLUMNS, *_TRACES]})
    kinds: dict[str, Any] = {
        "value": float,
        "censored": bool,
        "row": int,
        "time": f"datetime64[us, {cells.ZONE.key}]",
    }
    return none.astype(kinds)


def _joined(parts: Sequence[Tables]) -> Tables:
    samples = [part.samples for part in parts if len(part.samples)]
    rejects = [part.rejects for part in parts if len(part.rejects)]
    return Tables(
        pd.concat(samples, ignore_index=True) if samples else _no_samples(),
        pd.concat(rejects, ignore_index=True) if rejects else _rejects("", "", [], "", "", "", 0),
    )


def _without_repetitions(tables: Tables) -> Tables:
    """Identical readings (place, time, parameter, value) once; the later ones join the rejects."""
    samples, rejects = tables
    same = samples.duplicated([*_NAMES, "time", "parameter", "value", "censored", "water_body"])
    again = samples[same]
    places = (list(again[name]) for name in ["file", "sheet", "row", "column", "text"])
    repeated = _rejects(*places, REPEATED, 1)
    return _joined([Tables(samples[~same], rejects), Tables(_no_samples(), repeated)])


def _as_problems(rejects: pd.DataFrame) -> list[Problem]:
    return [
        Problem(
            ", ".join(part for part in (file, sheet, f"row {row}" if row else "", column) if part),
            f"{value!r}: {reason}" if value else reason,
            "readings of water quality",
        )
        for file, sheet, row, column, value, reason in rejects[REJECT_COLUMNS[:-1]].to_numpy().tolist()
    ]
