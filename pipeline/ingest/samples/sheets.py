"""Sheets: tables that are held as a whole, as texts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from pipeline.ingest.samples.batches import NO_TRAITS, Batch, Mask, Traits
from pipeline.ingest.samples.layouts import HEAD_ROWS


@dataclass(frozen=True)
class Sheet:
    """A table in one batch: `cells` are texts, indexed by row number from 1; an empty cell is an empty text.

    Cells under a merge repeat its text; `repeats` marks those repetitions, None where nothing is merged.
    `percents` marks numbers that a workbook shows as percents, None where it shows none so.
    `name` is empty for text files. `points` are `lon` and `lat` of the rows of a vector file by row number,
    NaN without a place, None for other files.
    """

    file: str
    name: str
    cells: pd.DataFrame
    repeats: Mask | None = None
    points: pd.DataFrame | None = None
    holds_all: bool = True
    is_delimited: bool = False
    traits: Traits = NO_TRAITS
    percents: Mask | None = None

    @classmethod
    def of(
        cls,
        path: Path,
        name: str,
        cells: pd.DataFrame,
        repeats: Mask | None = None,
        points: pd.DataFrame | None = None,
        traits: Traits = NO_TRAITS,
        percents: Mask | None = None,
    ) -> "Sheet":
        """From cells in any rows, of which the first becomes row 1."""
        numbered = cells.fillna("").set_axis(range(1, len(cells) + 1))
        return cls(path.name, name, numbered, repeats, points, traits=traits, percents=percents)

    @cached_property
    def head(self) -> list[list[str]]:
        """Texts of the first rows."""
        texts: list[list[str]] = self.cells.head(HEAD_ROWS).to_numpy(dtype=object).tolist()
        return texts

    @property
    def is_empty(self) -> bool:
        """Whether nothing stands in any cell."""
        return not (self.cells != "").to_numpy().any()

    def batches(self, first_row: int, positions: Sequence[int]) -> Iterator[Batch]:
        """The one batch of all rows from a number on."""
        body = self.cells.loc[first_row:]
        repeats = self.repeats
        yield Batch(
            body.index.to_numpy(dtype=np.int32),
            {position: _to_array(body[position]) for position in positions},
            {}
            if repeats is None
            else {position: repeats[body.index - 1, position] for position in positions},
            None if self.points is None else self.points.reindex(body.index),
        )


def _to_array(texts: pd.Series) -> pa.Array:
    """Texts in one piece, in however many pandas holds them."""
    values = pa.array(texts, pa.string())
    return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
