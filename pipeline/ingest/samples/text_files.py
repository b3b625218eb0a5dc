"""Text files with delimiters, read as a whole: ragged rows, blank lines and stray quotation marks."""

import csv
import io
import warnings
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Literal

import pandas as pd

from pipeline.errors import InputError, Problem
from pipeline.ingest.samples.sheets import Sheet

TEXT_SUFFIXES = frozenset({".csv", ".txt", ".tsv"})
ENCODINGS = ("utf-8-sig", "gb18030")
DELIMITERS = ",\t;"

_AS_TEXT = '="'
_QUOTED_AS_TEXT = r'^="([^"]*)"$'
"""How exports have Excel keep a cell as it is: ="2024.10"."""

_LINES = 50


def read_text(path: Path) -> Sheet:
    """The sheet of a CSV file in UTF-8, with or without BOM, or GB18030; InputError for other bytes."""
    text = _decode(path)
    first = list(islice(_lines(text), _LINES))
    delimiter = max(DELIMITERS, key=lambda mark: sum(line.count(mark) for line in first))
    try:
        cells = _split_line(text, delimiter)
    except (csv.Error, pd.errors.ParserError, pd.errors.ParserWarning):
        # a quotation mark that is never closed is a character like any other
        cells = _split(text, delimiter, _count_columns(text, delimiter), csv.QUOTE_NONE)
    if _AS_TEXT in text:
        cells = cells.replace(_QUOTED_AS_TEXT, r"\1", regex=True)
    return replace(Sheet.of(path, "", cells), is_delimited=True)


def _decode(path: Path) -> str:
    content = path.read_bytes()
    for encoding in ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    expected, todo = "UTF-8 or GB18030 (GBK)", "Save it as CSV UTF-8"
    problem = Problem(path.name, "bytes that are neither", expected, todo)
    raise InputError(f"{path.name} cannot be read", [problem])


def _lines(text: str) -> io.StringIO:
    # str.splitlines would also split at separators that CSV knows nothing of
    return io.StringIO(text, newline=None)


def _count_columns(text: str, delimiter: str) -> int:
    return max((line.count(delimiter) for line in _lines(text)), default=0) + 1


def _split_line(text: str, delimiter: str) -> pd.DataFrame:
    """Cells of a text whose cells may be quoted and then hold delimiters and line ends."""
    width = _count_columns(text, delimiter)
    if '"' in text:
        records = csv.reader(_lines(text), delimiter=delimiter)
        width = max(width, *(len(record) for record in records))
    with warnings.catch_warnings():
        # pandas only warns when it drops cells beyond the width
        warnings.simplefilter("error", pd.errors.ParserWarning)
        return _split(text, delimiter, width, csv.QUOTE_MINIMAL)


def _split(text: str, delimiter: str, width: int, quoting: Literal[0, 3]) -> pd.DataFrame:
    return pd.read_csv(
        io.StringIO(text),
        sep=delimiter,
        quoting=quoting,
        header=None,
        names=range(width),
        dtype=str,
        keep_default_na=False,
        skip_blank_lines=False,
        index_col=False,
    )
