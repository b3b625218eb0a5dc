"""Tables too big to hold as text: CSV and Parquet, batch by batch, every distinct text understood once.

pyarrow reads with dictionaries, so that names, times and units are interpreted once for each text and the
rows are numbers only. What does not begin with its headings is left to `text_files`.
"""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from pipeline.errors import InputError, Problem
from pipeline.ingest.samples.batches import NO_TRAITS, Batch, Traits, Unsuited
from pipeline.ingest.samples.cells import to_text
from pipeline.ingest.samples.layouts import find_layout
from pipeline.ingest.samples.levels import join_rows
from pipeline.ingest.samples.sheets import Sheet
from pipeline.ingest.samples.text_files import DELIMITERS
from pipeline.operating_system import is_of_system

PARQUET_SUFFIXES = frozenset({".parquet", ".pq"})
LEAST_BYTES = 2**20
"""From this size on, a CSV is read as a stream."""

_BLOCK_BYTES = 8 * 2**20
_BATCH_ROWS = 2**18
_HEAD_BYTES = 2**16
_HEAD_ROWS = 2
_WORDS = pa.dictionary(pa.int32(), pa.string())

Batches = Callable[[int, Sequence[int]], Iterator[pa.RecordBatch]]


@dataclass(frozen=True)
class Stream:
    """A table in many batches: `read` gives them from a row on, with the columns at some positions."""

    file: str
    head: list[list[str]]
    read: Batches
    name: str = ""
    is_empty: bool = False
    holds_all: bool = False
    is_delimited: bool = False
    traits: Traits = NO_TRAITS

    def batches(self, first_row: int, positions: Sequence[int]) -> Iterator[Batch]:
        """Rows from a number on; `Unsuited` for ragged rows and blank lines, InputError for a broken file."""
        row = first_row
        for batch in self.read(first_row, positions):
            columns = dict(zip(positions, batch.columns, strict=True))
            yield Batch(np.arange(row, row + batch.num_rows, dtype=np.int32), columns)
            row += batch.num_rows
        # what pyarrow keeps for the next batch would stay beside the readings
        pa.default_memory_pool().release_unused()


def open_parquet(path: Path) -> Stream:
    """The table of a Parquet file, its headings in row 1; InputError for what is none."""
    with _explain_parquet(path):
        schema = pq.ParquetFile(path).schema_arrow
    return Stream(path.name, [[str(name) for name in schema.names]], partial(_read_parquet, path, schema))


def hold_parquet(path: Path) -> Sheet:
    """The table of a Parquet file held as a whole, as texts."""
    stream = open_parquet(path)
    positions = range(len(stream.head[0]))
    rows = [
        [to_text(value) for value in row]
        for batch in stream.read(1, positions)
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True)
    ]
    return Sheet.of(path, "", pd.DataFrame([*stream.head, *rows], columns=positions, dtype=str))


def _read_parquet(
    path: Path, schema: pa.Schema, _: int, positions: Sequence[int]
) -> Iterator[pa.RecordBatch]:
    kinds = {str(schema.names[position]): schema.types[position] for position in positions}
    nested = [name for name, kind in kinds.items() if pa.types.is_nested(kind)]
    if nested or len(kinds) < len(positions):
        raise _no_parquet(path, f"{', '.join(nested)}: no single values" if nested else "a name twice")
    texts = [name for name, kind in kinds.items() if pa.types.is_string(kind)]
    with _explain_parquet(path):
        file = pq.ParquetFile(path, read_dictionary=texts, memory_map=True)
        batches = file.iter_batches(_BATCH_ROWS, columns=list(kinds))
    while (batch := _read_batch(path, batches)) is not None:
        yield batch.select(list(kinds))


def _read_batch(path: Path, batches: Iterator[pa.RecordBatch]) -> pa.RecordBatch | None:
    """The next batch, its texts looked at to be UTF-8; None after the last."""
    with _explain_parquet(path):
        if (batch := next(batches, None)) is not None:
            batch.validate(full=True)
        return batch


@contextmanager
def _explain_parquet(path: Path) -> Iterator[None]:
    """InputError for what is wrong in a file; errors of the operating system pass."""
    try:
        yield
    except (pa.ArrowException, OSError, KeyError, UnicodeDecodeError) as error:
        if is_of_system(error):
            raise
        raise _no_parquet(path, str(error)) from error


def _no_parquet(path: Path, found: str) -> InputError:
    problem = Problem(path.name, found.splitlines()[0], "a Parquet file")
    return InputError(f"{path.name} cannot be read", [problem])


def open_csv(path: Path, encoding: str, mapping: Mapping[str, str]) -> Stream:
    """The table of a CSV file in an encoding, its headings (see `find_layout`) in row 1.

    `Unsuited` for another encoding, and where the first two lines do not hold headings and a record.
    """
    delimiter, head = _read_head(path, encoding)
    layout = find_layout(head, mapping)
    if layout is None or layout.heading_row != 1 or join_rows(head[0], head[1], mapping) is not None:
        raise Unsuited("no headings in row 1 alone")

    return Stream(path.name, head, partial(_read_csv, path, encoding, delimiter), is_delimited=True)


def _read_head(path: Path, encoding: str) -> tuple[str, list[list[str]]]:
    """Delimiter and the first two records of a file, of one width."""
    with path.open("rb") as stream:
        lines = [stream.readline(_HEAD_BYTES) for _ in range(_HEAD_ROWS)]
    try:
        text = b"".join(lines).decode(encoding)
        first = text.splitlines()[0] if text else ""
        delimiter = max(DELIMITERS, key=first.count)
        records = list(islice(csv.reader(io.StringIO(text), delimiter=delimiter), _HEAD_ROWS))
    except (UnicodeDecodeError, csv.Error) as error:
        raise Unsuited(str(error)) from error
    whole = len(records) == _HEAD_ROWS and len(records[0]) >= len(records[1]) and lines[0].endswith(b"\n")
    if not whole or len(lines[1]) == _HEAD_BYTES or any("\n" in cell for cell in records[0]):
        raise Unsuited("no head in two lines")
    return delimiter, [records[0], records[1] + [""] * (len(records[0]) - len(records[1]))]


def _read_csv(
    path: Path, encoding: str, delimiter: str, first_row: int, positions: Sequence[int]
) -> Iterator[pa.RecordBatch]:
    names = [f"f{position}" for position in positions]
    reading = pacsv.ReadOptions(
        block_size=_BLOCK_BYTES,
        skip_rows=first_row - 1,
        autogenerate_column_names=True,
        encoding="utf8" if encoding.startswith("utf-8") else encoding,
    )
    parsing = pacsv.ParseOptions(
        delimiter=delimiter, ignore_empty_lines=False, newlines_in_values=_has_quotes(path)
    )
    conversion = pacsv.ConvertOptions(
        include_columns=names, column_types=dict.fromkeys(names, _WORDS), strings_can_be_null=False
    )
    try:
        yield from pacsv.open_csv(path, reading, parsing, conversion)
    except (pa.ArrowInvalid, pa.ArrowKeyError, UnicodeDecodeError) as error:
        raise Unsuited(str(error)) from error


def _has_quotes(path: Path) -> bool:
    with path.open("rb") as stream:
        return any(b'"' in part for part in iter(partial(stream.read, _BLOCK_BYTES), b""))
