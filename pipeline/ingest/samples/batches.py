"""A table in batches: the face of all that holds samples, and what stands in the columns of a batch."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.ingest.samples import cells
from pipeline.ingest.samples.dating import DAY_0
from pipeline.ingest.samples.figures import NO_MARKS, NOT_A_NUMBER, DecimalMarks, read_numbers
from pipeline.ingest.samples.markup import read_raw_values, strip_tag, strip_tags

Codes = NDArray[np.int64]
Mask = NDArray[np.bool_]
Meaning = TypeVar("Meaning")

RAW_DIFFERS = "显示值不是其原始值的修约值 (the value shown is not its raw value rounded)"

_PLAIN = re.compile(r"[+-]?[0-9]*(?:\.(?P<places>[0-9]*))?(?:[eE](?P<power>[+-]?[0-9]{1,3}))?")


@dataclass(frozen=True)
class Traits:
    """What a workbook says of a whole sheet.

    `day_0` is what its serial numbers of days are counted from; `remarks` are what was found, and the words,
    of what is read all the same but has to be said.
    """

    is_hidden: bool = False
    day_0: date = DAY_0
    remarks: tuple[tuple[str, str], ...] = ()


NO_TRAITS = Traits()
"""Of what is no spreadsheet, or says nothing."""


@dataclass(frozen=True)
class SampleColumn:
    """A column of a batch: its distinct texts, and which one stands in each row."""

    texts: list[str]
    indices: Codes

    @classmethod
    def of(cls, values: pa.Array) -> "SampleColumn":
        """From any array of pyarrow; null is an empty text."""
        coded = values if pa.types.is_dictionary(values.type) else pc.dictionary_encode(values)
        words = _list_words(coded.dictionary)
        as_they_are = pa.types.is_string(coded.dictionary.type) and not coded.dictionary.null_count
        texts = words if as_they_are else [cells.to_text(word) for word in words]
        indices = coded.indices
        if coded.null_count:
            texts.append("")
            indices = indices.fill_null(len(texts) - 1)
        return cls(texts, indices.to_numpy(zero_copy_only=False))

    def pair_with(self, other: "SampleColumn") -> tuple[list[tuple[str, str]], Codes]:
        """Distinct pairs of texts of two columns, and which one stands in each row."""
        pairs = self.indices.astype(np.int64) * len(other.texts) + other.indices
        codes, distinct = pd.factorize(pairs)
        width = len(other.texts)
        return [(self.texts[pair // width], other.texts[pair % width]) for pair in distinct], codes

    def map(self, meaning: Callable[[str], str]) -> "SampleColumn":
        """A column of what its texts mean."""
        return SampleColumn([meaning(text) for text in self.texts], self.indices)

    def join(self, other: "SampleColumn", meaning: Callable[[str, str], str]) -> "SampleColumn":
        """A column of what the texts of two columns mean together."""
        pairs, codes = self.pair_with(other)
        return SampleColumn([meaning(*pair) for pair in pairs], codes)


@dataclass(frozen=True)
class Batch:
    """Some rows of a table: the number of each row, and its cells in the columns that are read, by position.

    `repeats` marks cells that only repeat what a merge says in another, in the columns where there are such.
    `points` are `lon` and `lat` of the rows of a vector file, NaN without a place, None for other files.
    """

    row: NDArray[np.int32]
    cells: Mapping[int, pa.Array]
    repeats: Mapping[int, Mask] = field(default_factory=dict)
    points: pd.DataFrame | None = None

    def column(self, position: int | None) -> SampleColumn:
        """A column, of empty texts where the table has none."""
        if position is None:
            return SampleColumn([""], np.zeros(len(self.row), dtype=np.int64))
        return SampleColumn.of(self.cells[position])

    def list_texts(self, positions: Iterable[int]) -> Iterator[str]:
        """The distinct texts of some columns, of those that hold texts; of marked ones what a page shows."""
        for position in positions:
            if not _is_typed(self.cells[position]):
                yield from map(strip_tag, SampleColumn.of(self.cells[position]).texts)

    def find_marks(self, positions: Iterable[int]) -> DecimalMarks:
        """The decimal marks that some columns are sure to use."""
        return DecimalMarks.of(self.list_texts(positions))

    def numbers(self, position: int, marks: DecimalMarks = NO_MARKS) -> "Numbers":
        """What the cells of a column say, those that repeat another as well."""
        return Numbers.of(self.cells[position], marks)

    def own_numbers(self, position: int, marks: DecimalMarks = NO_MARKS) -> "Numbers":
        """What the cells of a column say; what a merge repeats is blank, for it is no further reading."""
        repeats = self.repeats.get(position)
        if repeats is None:
            return self.numbers(position, marks)
        return Numbers.of(pc.if_else(pa.array(repeats), None, self.cells[position]), marks)


class SampleTable(Protocol):
    """A table of a file: texts or numbers in rows, counted from 1 as a spreadsheet counts."""

    @property
    def file(self) -> str:
        """Name of its file."""
        ...

    @property
    def name(self) -> str:
        """Name of its sheet or layer; empty where a file is one table."""
        ...

    @property
    def traits(self) -> Traits:
        """What its workbook says of it."""
        ...

    @property
    def head(self) -> Sequence[Sequence[str]]:
        """Texts of its first rows, among which the headings stand."""
        ...

    @property
    def is_empty(self) -> bool:
        """Whether nothing stands in any of its cells."""
        ...

    @property
    def holds_all(self) -> bool:
        """Whether it is one batch, whose texts can be kept beside the readings."""
        ...

    @property
    def is_delimited(self) -> bool:
        """Whether it is a text, whose rows may be of other widths than its headings."""
        ...

    def batches(self, first_row: int, positions: Sequence[int]) -> Iterator[Batch]:
        """Rows from a number on, of some columns; `Unsuited` where another reader is due."""
        ...


class Unsuited(Exception):
    """A file that a reader cannot read, and the next one may."""


class Memo(Generic[Meaning]):
    """Meanings of texts, worked out once for each distinct text of all batches."""

    def __init__(self, meaning: Callable[[Any], Meaning]) -> None:
        self._meaning = meaning
        self._known: dict[Any, Meaning] = {}

    def __call__(self, texts: list[Any]) -> list[Meaning]:
        """Meanings of texts, in their order."""
        known = self._known
        for text in texts:
            if text not in known:
                known[text] = self._meaning(text)
        return [known[text] for text in texts]


class Numbers(NamedTuple):
    """What the cells of a column say, row by row; `text` gives the texts of some rows.

    Of a cell whose title tells the value before it was rounded for the page, that is the `value`, and what
    the page shows is `published` (NaN for other cells). `unit` is the one that a cell itself states.
    """

    value: NDArray[np.float64]
    published: NDArray[np.float64]
    censored: Mask
    blank: Mask
    reason: NDArray[np.object_]
    unit: NDArray[np.object_]
    text: Callable[[Codes], list[str]]

    @classmethod
    def of(cls, values: pa.Array, marks: DecimalMarks = NO_MARKS) -> "Numbers":
        """From texts (see `figures.read_numbers`) or from numbers, of which null and NaN are blank."""
        if _is_typed(values):
            return cls._of_typed(pc.cast(values, pa.float64(), safe=False).to_numpy(zero_copy_only=False))
        column = SampleColumn.of(values)
        texts = pd.Series(column.texts, dtype=str)
        shown = strip_tags(texts)
        read = _prefer_raw_values(read_numbers(shown, marks), read_raw_values(texts), shown)
        return cls(
            read["value"].to_numpy(dtype=float)[column.indices],
            read["published"].to_numpy(dtype=float)[column.indices],
            read["censored"].to_numpy(dtype=bool)[column.indices],
            read["blank"].to_numpy(dtype=bool)[column.indices],
            read["reason"].to_numpy(dtype=object)[column.indices],
            read["unit"].to_numpy(dtype=object)[column.indices],
            lambda rows: shown.iloc[column.indices[rows]].tolist(),
        )

    @classmethod
    def _of_typed(cls, values: NDArray[np.float64]) -> "Numbers":
        none = np.full(len(values), None, dtype=object)
        blank = np.isnan(values)
        reason = none.copy()
        reason[np.isinf(values)] = NOT_A_NUMBER
        never = np.zeros(len(values), dtype=bool)
        return cls(
            values, np.full(len(values), np.nan), never, blank, reason, none,
            lambda rows: [cells.to_text(float(value)) for value in values[rows]],
        )  # fmt: skip


def _list_words(values: pa.Array) -> list[Any]:
    try:
        return list(values.to_pylist())
    except (OverflowError, ValueError):
        return [_tell_word(value) for value in values]


def _tell_word(value: pa.Scalar) -> Any:
    """The value of a cell; of a time beyond the calendar its text."""
    try:
        return value.as_py()
    except (OverflowError, ValueError):
        return pc.cast(value, pa.string()).as_py()


def _is_typed(values: pa.Array) -> bool:
    return bool(pa.types.is_floating(values.type) or pa.types.is_integer(values.type))


def _prefer_raw_values(read: pd.DataFrame, raw: pd.Series, shown: pd.Series) -> pd.DataFrame:
    """Numbers of cells of which measured ones are as they were before the page rounded them.

    What the page shows must be the raw value rounded: within one unit of its last digit.
    """
    told = raw.notna() & read["value"].notna() & ~read["censored"]
    published = read["value"].where(told)
    found = read.assign(value=raw.where(told, read["value"]), published=published)
    step = shown[told].map(_measure_last_digit).astype(float)
    differs = (raw[told] - published[told]).abs() > step * (1 + 1e-9)
    found.loc[differs[differs].index, "reason"] = RAW_DIFFERS
    return found


def _measure_last_digit(text: str) -> float:
    """What one step of the last digit of a number is worth; infinite where it is not written plainly."""
    parts = _PLAIN.fullmatch(text.strip())
    return 10.0 ** (int(parts["power"] or 0) - len(parts["places"] or "")) if parts else float("inf")
