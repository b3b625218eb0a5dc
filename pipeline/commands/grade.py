"""A table of water samples graded by itself, reading by reading, without a run."""

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv
from numpy.typing import NDArray

from pipeline import standards
from pipeline.errors import InputError, Problem, SettingsError
from pipeline.indices.sections.grades import NO_ITEMS
from pipeline.indices.sections.limits import classify_values
from pipeline.ingest.samples import read_records, unusable
from pipeline.ingest.samples.checks import CONTRADICTS, IS_STUCK, PLACE, number_rows, to_microseconds
from pipeline.ingest.samples.opening import find_paths
from pipeline.ingest.samples.tables import Tables, build_rejects, join_tables, no_samples, to_categories
from pipeline.operating_system import hold_part
from pipeline.settings import SampleFile
from pipeline.storage.csv_texts import quieten_texts

COLUMNS = ["province", "basin", "section", "time", "class", "decided_by", "items", "flag"]

_CENSORED_SHARE = 0.5
_NONE = 0

Codes = NDArray[np.int64]


@dataclass(frozen=True)
class GradedReadings:
    """`readings`: one row per record (see `grade_readings`); `rejects`: what was not graded, and why."""

    readings: pd.DataFrame
    rejects: pd.DataFrame


def grade_readings(source: SampleFile, *, latest: datetime | None = None) -> GradedReadings:
    """Classes of every reading time and section of a table, in the order in which they stand there.

    `class` is that of the worst single factor (GB 3838-2002) over the items of the 21-item evaluation that
    were read, `items`; `decided_by` lists those of that class, both as codes joined by `;`. A censored
    value counts as half its limit. `time` is in the zone Asia/Shanghai. `flag` joins `contradicts` (another
    reading of that section and time says otherwise, which has a row of its own) and `stuck`, null for
    neither. What holds no item to grade joins the rejects. Readings later than `latest` are refused.
    """
    samples, rejects, _ = read_records([source], latest=latest)
    if samples.empty:
        return GradedReadings(pd.DataFrame(columns=COLUMNS), rejects)
    record = pd.factorize(samples["record"])[0].astype(np.int64)
    order = np.argsort(record, kind="stable")
    starts = np.flatnonzero(np.diff(record[order], prepend=-1))
    worst, items, decided = _find_worst(samples, record, len(starts))
    first = samples.iloc[order[starts]]
    flags = _list_flags(samples, order, starts)
    table = _build_table(first, worst, items, decided, flags)
    graded = worst > _NONE
    if graded.all():
        return GradedReadings(table, rejects)
    lost = first[~graded]
    counts = np.bincount(record)[~graded]
    places = (list(lost[name].astype(object)) for name in ("file", "sheet", "row"))
    unrated = build_rejects(*places, "", "", NO_ITEMS, counts)
    both = join_tables([Tables(no_samples(), rejects), Tables(no_samples(), unrated)])
    return GradedReadings(table[graded].reset_index(drop=True), both.rejects)


def _find_worst(samples: pd.DataFrame, record: Codes, length: int) -> tuple[Codes, list[str], list[str]]:
    """Worst class of each record, 0 for none, its items, and the items of that class."""
    limits = standards.table("water_limits")
    evaluated = limits.loc[limits["in_21"] == "1", "code"].drop_duplicates().tolist()
    grades = np.zeros((len(evaluated), length), dtype=np.int8)
    parameters, known = pd.factorize(samples["parameter"])
    values = samples["value"].to_numpy() * np.where(samples["censored"], _CENSORED_SHARE, 1.0)
    body = str(samples["water_body"].iloc[0])
    for position, code in enumerate(known):
        if code in evaluated:
            rows = np.flatnonzero(parameters == position)
            which, distinct = pd.factorize(values[rows])
            found = classify_values(
                pd.Series(distinct),
                pd.Series([code] * len(distinct)),
                pd.Series([body] * len(distinct)),
                limits,
            )
            grades[evaluated.index(str(code)), record[rows]] = found.fillna(0).to_numpy(dtype=np.int8)[which]
    _complete_items(grades, samples, record)
    worst = grades.max(axis=0)
    items = _join_codes(grades > _NONE, evaluated)
    return worst.astype(np.int64), items, _join_codes((grades == worst) & (grades > _NONE), evaluated)


def _complete_items(grades: NDArray[np.int8], samples: pd.DataFrame, record: Codes) -> None:
    """Give the second record of a long table, which holds only what contradicts, the items of the first."""
    flags = [flag for flag in samples["flag"].cat.categories if CONTRADICTS in flag]
    doubtful = np.flatnonzero(samples["flag"].isin(flags))
    if not len(doubtful):
        return
    told = samples.iloc[doubtful]
    rows = pd.DataFrame(
        {
            "group": number_rows(told.assign(at=to_microseconds(told["time"])), [*PLACE, "at"]),
            "source": number_rows(told, ["file", "sheet", "row"]),
            "record": record[doubtful],
        }
    )
    cells = rows.groupby("source")["group"].transform("size").groupby(rows["group"]).transform("max")
    for _, long in rows[cells == 1].drop_duplicates(["group", "record"]).groupby("group"):
        numbers = long["record"].to_numpy()
        for before, after in pairwise(numbers):
            grades[:, after] = np.where(grades[:, after] > _NONE, grades[:, after], grades[:, before])


def _join_codes(present: NDArray[np.bool_], codes: list[str]) -> Any:
    """Codes of what is present in each column, joined; each combination is put together once."""
    masks = (present * np.left_shift(1, np.arange(len(codes)))[:, None]).sum(axis=0)
    which, distinct = pd.factorize(masks)
    texts = [
        ";".join(code for bit, code in enumerate(codes) if mask >> bit & 1) for mask in distinct.tolist()
    ]
    return to_categories(which, texts)


def _list_flags(samples: pd.DataFrame, order: Codes, starts: Codes) -> Any:
    known = samples["flag"].cat.categories
    codes = samples["flag"].cat.codes.to_numpy()[order]
    bits = np.array([*(sum((CONTRADICTS in one, 2 * (IS_STUCK in one))) for one in known), 0], dtype=np.int8)
    found = np.bitwise_or.reduceat(bits[codes], starts).astype(np.int64)
    return to_categories(found - 1, [CONTRADICTS, IS_STUCK, f"{CONTRADICTS};{IS_STUCK}"])


def _build_table(first: pd.DataFrame, worst: Codes, items: Any, decided: Any, flags: Any) -> pd.DataFrame:
    names = {name: first[name].reset_index(drop=True) for name in COLUMNS[:4]}
    return pd.DataFrame({**names, "class": worst, "decided_by": decided, "items": items, "flag": flags})


def refuse_overwriting(samples: str, *targets: Path | None) -> None:
    """SettingsError for a place to write to that is a table of samples to read."""
    own = {path.resolve() for path in find_paths(samples)}
    problems = [
        Problem(str(path), "the table that is graded", "another file", "Name another file to write to")
        for path in targets
        if path and path.resolve() in own
    ]
    if problems:
        raise SettingsError("Samples would be overwritten", problems)


def write_readings(graded: GradedReadings, out: Path | None, rejected: Path | None) -> None:
    """Write readings and rejects as CSV, UTF-8 with BOM; InputError where a path cannot be written."""
    readings = graded.readings.assign(time=_to_iso(graded.readings["time"]))
    try:
        if out:
            _write(readings, out)
        if rejected:
            _write(graded.rejects, rejected)
    except OSError as error:
        problem = Problem(str(error.filename), error.strerror or str(error), "a place to write to")
        raise InputError("The graded table cannot be written", [problem]) from error


def _to_iso(times: pd.Series) -> Any:
    which, distinct = pd.factorize(times)
    return to_categories(which, [time.isoformat() for time in distinct])


def _write(table: pd.DataFrame, path: Path) -> None:
    quiet = quieten_texts(table)
    arrow = pa.table({name: _to_plain(quiet[name]) for name in quiet.columns})
    options = pacsv.WriteOptions(include_header=False)
    with hold_part(path) as part, part.open("wb") as stream:
        stream.write(("\ufeff" + ",".join(table.columns) + "\n").encode())
        pacsv.write_csv(arrow, stream, options)


def _to_plain(column: pd.Series) -> Any:
    """A column as one array of plain values; the CSV writer of pyarrow writes zero bytes for empty chunks."""
    found = pa.array(column, from_pandas=True)
    if isinstance(found, pa.ChunkedArray):
        found = found.combine_chunks()
    return found.dictionary_decode() if pa.types.is_dictionary(found.type) else found


def count_readings(graded: GradedReadings) -> list[dict[str, Any]]:
    """How many readings are of each class, and how many cells or rows were rejected."""
    counts = graded.readings["class"].value_counts().sort_index()
    rows = [{"class": str(number), "readings": int(count)} for number, count in counts.items()]
    return [*rows, {"class": "剔除 rejected", "readings": len(graded.rejects)}]


def tabulate_readings(graded: GradedReadings) -> list[dict[str, Any]]:
    """The readings as they are printed: times as ISO 8601, nothing as None."""
    table = graded.readings.assign(time=_to_iso(graded.readings["time"])).astype(object)
    return [
        {str(name): value for name, value in row.items()}
        for row in table.where(table.notna(), None).to_dict("records")
    ]


def build_refusal(graded: GradedReadings) -> InputError:
    """The error for a table of which nothing, or less than everything, can be used."""
    if graded.readings.empty:
        return unusable(graded.rejects)
    return InputError("Something was rejected, and --strict was given", unusable(graded.rejects).problems)
