"""Rows that come in any order, taken in that of their places: sorted on disk, so that few are held."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.storage.tables import PART_ROWS, LongTable

PLACES_AT_ONCE = 32_768
"""Places whose rows are held at a time."""
_PLACE = "place"


def sort_rows(
    parts: Iterable[pd.DataFrame],
    find_places: Callable[[pd.DataFrame], NDArray[np.integer]],
    count: int,
    folder: Path,
) -> Iterator[pd.DataFrame]:
    """The rows of a table by their places of `count`, those of one place as they came, so many at a time.

    Until they are taken they lie in a folder that goes with them. Rows of place -1 are the first; there is
    one part without rows for none.
    """
    with TemporaryDirectory(dir=folder) as name:
        piles = [Path(name) / f"{number}.parquet" for number in range(max(1, -(-count // PLACES_AT_ONCE)))]
        none = _pile_up(parts, find_places, piles)
        filled = [pile for pile in piles if pile.exists()]
        for pile in filled:
            rows = pd.read_parquet(pile)
            rows = rows.iloc[np.argsort(rows.pop(_PLACE), kind="stable")]
            yield from (rows.iloc[start : start + PART_ROWS] for start in range(0, len(rows), PART_ROWS))
        if not filled:
            yield none


def _pile_up(
    parts: Iterable[pd.DataFrame],
    find_places: Callable[[pd.DataFrame], NDArray[np.integer]],
    piles: list[Path],
) -> pd.DataFrame:
    """Put rows away with their neighbours; the columns without a row."""
    none = pd.DataFrame()
    with ExitStack() as stack:
        tables = [stack.enter_context(LongTable(pile)) for pile in piles]
        for part in parts:
            none, place = part.iloc[:0], find_places(part)
            pile_of = np.maximum(place, 0) // PLACES_AT_ONCE
            for number in np.unique(pile_of):
                here = pile_of == number
                tables[number].add(part[here].assign(**{_PLACE: place[here]}))
    return none
