"""Tables too big to hold as text: CSV and Parquet, batch by batch, every distinct text understood once.

pyarrow reads with dictionaries, so that names, times and units are interpreted once for each text and the
rows are numbers only. What does not begin with its headings is left to the careful reader of `sheets`.
"""

import csv
import io
import mmap
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from pipeline.errors import InputError, Problem
from pipeline.ingest.samples.batches import Batch
from pipeline.ingest.samples.collected import Collected
from pipeline.ingest.samples.dating import Download
from pipeline.ingest.samples.headings import Fault, Layout, find_layout, plain
from pipeline.ingest.samples.sheets import ENCODINGS, TEXT_SUFFIXES, Sheet
from pipeline.ingest.samples.tables import Tables
from pipeline.settings import SampleFile

PARQUET_SUFFIXES = frozenset({".parquet", ".pq"})
LEAST_BYTES = 2**20

_BLOCK_BYTES = 8 * 2**20
_BATCH_ROWS = 2**18
_HEAD_BYTES = 2**16
_HEAD_ROWS = 2
_WORDS = pa.dictionary(pa.int32(), pa.string())


class _Places(NamedTuple):
    """Positions among the columns that are read: of roles and parameters, and of those only counted."""

    read: list[int]
    columns: dict[str, int]
    unread: dict[Fault, int]


def read_stream(path: Path, source: SampleFile, download: Download, latest: datetime | None) -> Tables | None:
    """Readings of a Parquet file or of a CSV from `LEAST_BYTES` on; None where the careful reader is needed.

    The same readings and rejects as the careful reader gives. InputError for what is no Parquet file, or one
    without the columns of a table of samples.
    """
    if path.suffix.lower() in PARQUET_SUFFIXES:
        return _of_parquet(path, source, download, latest)
    if path.suffix.lower() in TEXT_SUFFIXES and path.stat().st_size >= LEAST_BYTES:
        return _of_csv(path, source, download, latest)
    return None


def _of_parquet(path: Path, source: SampleFile, download: Download, latest: datetime | None) -> Tables:
    try:
        file = pq.ParquetFile(path)
        names = [str(name) for name in file.schema_arrow.names]
        layout = _layout(path, [names], source)
        if layout is None:
            expected = "a section (断面名称), a time (监测时间), and parameters or 监测项目 with 监测值"
            problem = Problem(path.name, ", ".join(names) or "no columns", expected, "Name them in `columns`")
            raise InputError(f"{path.name} cannot be read", [problem])
        places = _places(layout)
        wanted = [names[position] for position in places.read]
        texts = [name for name in wanted if pa.types.is_string(file.schema_arrow.field(name).type)]
        file = pq.ParquetFile(path, read_dictionary=texts, memory_map=True)
        batches = (batch.select(wanted) for batch in file.iter_batches(_BATCH_ROWS, columns=wanted))
        return _collected(path, source, layout, batches, places, download, latest)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, KeyError) as error:
        problem = Problem(path.name, str(error).splitlines()[0], "a Parquet file")
        raise InputError(f"{path.name} cannot be read", [problem]) from error


def _of_csv(path: Path, source: SampleFile, download: Download, latest: datetime | None) -> Tables | None:
    for encoding in ENCODINGS:
        head = _head(path, encoding)
        layout = _layout(path, head[1], source) if head else None
        if head is None or layout is None:
            continue
        places = _places(layout)
        try:
            batches = _csv_batches(path, encoding, head[0], layout.first_row - 1, places.read)
            return _collected(path, source, layout, batches, places, download, latest)
        except pa.ArrowInvalid as error:
            if "UTF8" not in str(error):
                # ragged rows, blank lines: the careful reader understands them
                return None
        except (pa.ArrowKeyError, UnicodeDecodeError):
            return None
    return None


def _head(path: Path, encoding: str) -> tuple[str, list[list[str]]] | None:
    """Delimiter and first two records of a file; None where they are not one line each in this encoding."""
    with path.open("rb") as stream:
        lines = [stream.readline(_HEAD_BYTES) for _ in range(_HEAD_ROWS)]
    try:
        text = b"".join(lines).decode(encoding)
    except UnicodeDecodeError:
        return None
    first = text.splitlines()[0] if text else ""
    delimiter = max(",\t;", key=first.count)
    try:
        records = list(islice(csv.reader(io.StringIO(text), delimiter=delimiter), _HEAD_ROWS))
    except csv.Error:
        return None
    whole = len(records) == _HEAD_ROWS and len(records[0]) >= len(records[1]) and lines[0].endswith(b"\n")
    return (delimiter, records) if whole and not any("\n" in cell for cell in records[0]) else None


def _layout(path: Path, records: list[list[str]], source: SampleFile) -> Layout | None:
    """Layout of a table whose first record holds the headings; the second may hold units."""
    width = len(records[0])
    cells = [(record + [""] * width)[:width] for record in records]
    rows = pd.DataFrame(cells, index=range(1, len(cells) + 1), dtype=str)
    layout = find_layout(Sheet(path.name, "", rows, rows.isna()), source.columns)
    return layout if layout and layout.heading_row == 1 else None


def _places(layout: Layout) -> _Places:
    """Where the columns of a layout stand; the unread ones only where their content counts."""
    positions = {
        **{role: position for role, (position, _) in layout.roles.items()},
        **{column.code: column.position for column in layout.parameters},
    }
    faults = {
        fault: fault.position
        for fault in layout.faults
        if fault.position is not None and (fault.readings_lost or not plain(fault.heading))
    }
    read = list(dict.fromkeys([*positions.values(), *faults.values()]))
    return _Places(
        read,
        {name: read.index(position) for name, position in positions.items()},
        {fault: read.index(position) for fault, position in faults.items()},
    )


def _csv_batches(
    path: Path, encoding: str, delimiter: str, skipped: int, positions: list[int]
) -> Iterator[pa.RecordBatch]:
    names = [f"f{position}" for position in positions]
    yield from pacsv.open_csv(
        path,
        read_options=pacsv.ReadOptions(
            block_size=_BLOCK_BYTES,
            skip_rows=skipped,
            autogenerate_column_names=True,
            encoding="utf8" if encoding.startswith("utf-8") else encoding,
        ),
        parse_options=pacsv.ParseOptions(
            delimiter=delimiter, ignore_empty_lines=False, newlines_in_values=_has_quotes(path)
        ),
        convert_options=pacsv.ConvertOptions(
            include_columns=names, column_types=dict.fromkeys(names, _WORDS), strings_can_be_null=False
        ),
    )


def _has_quotes(path: Path) -> bool:
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.find(b'"') >= 0


def _collected(
    path: Path,
    source: SampleFile,
    layout: Layout,
    batches: Iterator[pa.RecordBatch],
    places: _Places,
    download: Download,
    latest: datetime | None,
) -> Tables:
    collected = Collected(path.name, layout, download, latest)
    row = layout.first_row
    for batch in batches:
        columns = {name: batch.column(position) for name, position in places.columns.items()}
        unread = {fault: batch.column(position) for fault, position in places.unread.items()}
        rows = np.arange(row, row + batch.num_rows, dtype=np.int32)
        collected.add(Batch(columns, rows, unread))
        row += batch.num_rows
    # what pyarrow keeps for the next batch would stay beside the readings
    pa.default_memory_pool().release_unused()
    return collected.tables(source.water_body)
