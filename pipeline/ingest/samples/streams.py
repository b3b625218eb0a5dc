"""Long tables too big to hold as text: CSV and Parquet, batch by batch, every distinct text understood once.

pyarrow reads with dictionaries, so that names, times and units are interpreted once for each text and the
rows are numbers only. What is no plain long table is left to the careful reader of `sheets`.
"""

import mmap
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from pipeline.errors import InputError, Problem
from pipeline.ingest.samples.batches import Batch
from pipeline.ingest.samples.collected import Collected
from pipeline.ingest.samples.dating import Download
from pipeline.ingest.samples.headings import Layout, find_layout
from pipeline.ingest.samples.reasons import NO_READINGS
from pipeline.ingest.samples.sheets import TEXT_SUFFIXES, Sheet
from pipeline.ingest.samples.tables import Tables, rejects_of
from pipeline.settings import SampleFile

PARQUET_SUFFIXES = frozenset({".parquet", ".pq"})
LEAST_BYTES = 2**20

_BLOCK_BYTES = 8 * 2**20
_BATCH_ROWS = 2**18
_HEAD_BYTES = 2**16
_WORDS = pa.dictionary(pa.int32(), pa.string())


def read_stream(path: Path, source: SampleFile, download: Download, latest: datetime | None) -> Tables | None:
    """Readings of a Parquet file or of a long CSV from `LEAST_BYTES` on; None where it is no such table.

    The same readings and rejects as the careful reader gives. InputError for what is no Parquet file.
    """
    if path.suffix.lower() in PARQUET_SUFFIXES:
        return _of_parquet(path, source, download, latest)
    if path.suffix.lower() in TEXT_SUFFIXES and path.stat().st_size >= LEAST_BYTES:
        return _of_csv(path, source, download, latest)
    return None


def _of_parquet(path: Path, source: SampleFile, download: Download, latest: datetime | None) -> Tables:
    try:
        file = pq.ParquetFile(path)
        layout = _layout(path, file.schema_arrow.names, source)
        if layout is None:
            problem = Problem(path.name, "no columns of a long table", "section, time, parameter and value")
            raise InputError(f"{path.name} cannot be read", [problem])
        names = list(dict.fromkeys(heading for _, heading in layout.roles.values()))
        texts = [name for name in names if pa.types.is_string(file.schema_arrow.field(name).type)]
        file = pq.ParquetFile(path, read_dictionary=texts, memory_map=True)
        batches = file.iter_batches(_BATCH_ROWS, columns=names)
        columns = {role: names.index(heading) for role, (_, heading) in layout.roles.items()}
        return _collected(path, source, layout, batches, columns, download, latest)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, KeyError) as error:
        problem = Problem(path.name, str(error).splitlines()[0], "a Parquet file")
        raise InputError(f"{path.name} cannot be read", [problem]) from error


def _of_csv(path: Path, source: SampleFile, download: Download, latest: datetime | None) -> Tables | None:
    with path.open("rb") as stream:
        line = stream.readline(_HEAD_BYTES)
    try:
        first = line.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        return None
    delimiter = max(",\t;", key=first.count)
    layout = _layout(path, [text.strip('"') for text in first.split(delimiter)], source)
    if layout is None:
        return None
    positions = list(dict.fromkeys(position for position, _ in layout.roles.values()))
    columns = {role: positions.index(position) for role, (position, _) in layout.roles.items()}
    try:
        batches = _csv_batches(path, delimiter, [f"f{position}" for position in positions])
        return _collected(path, source, layout, batches, columns, download, latest)
    except (pa.ArrowInvalid, pa.ArrowKeyError):
        # ragged rows, blank lines, another encoding: the careful reader understands them
        return None


def _layout(path: Path, headings: list[str], source: SampleFile) -> Layout | None:
    """Layout of a long table whose first row holds the headings."""
    row = pd.DataFrame([headings], index=[1], dtype=str)
    layout = find_layout(Sheet(path.name, "", row, row.isna()), source.columns)
    return layout if layout and layout.is_long else None


def _csv_batches(path: Path, delimiter: str, names: list[str]) -> Iterator[pa.RecordBatch]:
    yield from pacsv.open_csv(
        path,
        read_options=pacsv.ReadOptions(block_size=_BLOCK_BYTES, skip_rows=1, autogenerate_column_names=True),
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
    columns: dict[str, int],
    download: Download,
    latest: datetime | None,
) -> Tables:
    collected = Collected(path.name, layout, download, latest)
    row = layout.first_row
    for batch in batches:
        texts = {role: batch.column(position) for role, position in columns.items()}
        collected.add(Batch(texts, np.arange(row, row + batch.num_rows, dtype=np.int32)))
        row += batch.num_rows
    # what pyarrow keeps for the next batch would stay beside the readings
    pa.default_memory_pool().release_unused()
    faults = [fault for fault in layout.faults if fault.heading.strip()]
    headings, reasons = [fault.heading for fault in faults], [fault.reason for fault in faults]
    unread = rejects_of(path.name, "", layout.heading_row, headings, "", reasons, 0)
    found = collected.tables(source.water_body, unread)
    if found.samples.empty and found.rejects.empty:
        return Tables(found.samples, rejects_of(path.name, "", layout.heading_row, "", "", NO_READINGS, 0))
    return found
