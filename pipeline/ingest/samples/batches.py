"""Columns of a batch of a long table: distinct texts and which one stands in each row."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.ingest.samples import cells
from pipeline.ingest.samples.headings import Fault
from pipeline.ingest.samples.objects import text_of

Codes = NDArray[np.int64]
Meaning = TypeVar("Meaning")


@dataclass(frozen=True)
class Column:
    """A column of a batch: its distinct texts, and which one stands in each row."""

    texts: list[str]
    indices: Codes

    @classmethod
    def of(cls, values: pa.Array) -> "Column":
        """From any array of pyarrow; null is an empty text."""
        coded = values if pa.types.is_dictionary(values.type) else pc.dictionary_encode(values)
        words = coded.dictionary.to_pylist()
        as_they_are = pa.types.is_string(coded.dictionary.type) and not coded.dictionary.null_count
        texts = words if as_they_are else [text_of(word) for word in words]
        indices = coded.indices
        if coded.null_count:
            texts.append("")
            indices = indices.fill_null(len(texts) - 1)
        return cls(texts, indices.to_numpy(zero_copy_only=False))

    def with_each(self, other: "Column") -> tuple[list[tuple[str, str]], Codes]:
        """Distinct pairs of texts of two columns, and which one stands in each row."""
        pairs = self.indices.astype(np.int64) * len(other.texts) + other.indices
        codes, distinct = pd.factorize(pairs)
        width = len(other.texts)
        return [(self.texts[pair // width], other.texts[pair % width]) for pair in distinct], codes


@dataclass(frozen=True)
class Batch:
    """Columns of a batch by role or parameter, and the row number of each row.

    `unread` are columns that are only counted, by what is wrong with them.
    """

    columns: Mapping[str, pa.Array]
    row: NDArray[np.int32]
    unread: Mapping[Fault, pa.Array] = field(default_factory=dict)

    def column(self, role: str) -> Column:
        """A column, of empty texts where the table has none."""
        if role in self.columns:
            return Column.of(self.columns[role])
        return Column([""], np.zeros(len(self.row), dtype=np.int64))


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
    """What the cells of a column say, row by row; `text` gives the texts of some rows."""

    value: NDArray[np.float64]
    raw: NDArray[np.float64]
    censored: NDArray[np.bool_]
    blank: NDArray[np.bool_]
    reason: NDArray[np.object_]
    text: Callable[[Codes], list[str]]

    @classmethod
    def of(cls, values: pa.Array) -> "Numbers":
        """From texts (see `cells.numbers`) or from numbers, of which null and NaN are blank."""
        if pa.types.is_floating(values.type) or pa.types.is_integer(values.type):
            return cls._typed(pc.cast(values, pa.float64(), safe=False).to_numpy(zero_copy_only=False))
        column = Column.of(values)
        texts = pd.Series(column.texts, dtype=str)
        shown = cells.published(texts)
        read = cells.numbers(shown)
        return cls(
            read["value"].to_numpy(dtype=float)[column.indices],
            cells.raws(texts).to_numpy(dtype=float)[column.indices],
            read["censored"].to_numpy(dtype=bool)[column.indices],
            read["blank"].to_numpy(dtype=bool)[column.indices],
            read["reason"].to_numpy(dtype=object)[column.indices],
            lambda rows: shown.iloc[column.indices[rows]].tolist(),
        )

    @classmethod
    def _typed(cls, values: NDArray[np.float64]) -> "Numbers":
        none = np.full(len(values), None, dtype=object)
        blank = np.isnan(values)
        none[np.isinf(values)] = cells.NOT_A_NUMBER
        never = np.zeros(len(values), dtype=bool)
        return cls(
            values, np.full(len(values), np.nan), never, blank, none,
            lambda rows: [text_of(float(value)) for value in values[rows]],
        )  # fmt: skip
