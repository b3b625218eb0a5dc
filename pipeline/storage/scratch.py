"""What is too much to be held while a table is made: on disk beside it, gone as soon as nobody needs it."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import numpy as np
from numpy.typing import NDArray

BUFFER_BYTES = 64 * 2**20


@dataclass(frozen=True)
class KeptBytes:
    """Bytes on disk, of which any slice can be read, by several threads at once."""

    file: IO[bytes]
    start: int

    def __getitem__(self, part: slice) -> bytes:
        return os.pread(self.file.fileno(), part.stop - part.start, self.start + part.start)


class ScratchFile(AbstractContextManager["ScratchFile"]):
    """A file without a name in a folder; what is kept there lasts until it is left."""

    def __init__(self, folder: Path) -> None:
        self._file = TemporaryFile(dir=folder)  # noqa: SIM115 it is closed on leaving
        self._end = 0

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def keep(self, content: bytes) -> KeptBytes:
        """Put bytes away."""
        kept = KeptBytes(self._file, self._end)
        self._file.write(content)
        self._file.flush()
        self._end += len(content)
        return kept


class ScatteredRows:
    """Rows of numbers that come in any order, and are taken in theirs, so many at a time.

    What comes is buffered, sorted by the slice that it will be taken with, and put away with its places; of
    each pile only where its slices end is held.
    """

    def __init__(self, scratch: ScratchFile, count: int, width: int, slice_rows: int) -> None:
        self._scratch = scratch
        self._shape, self._slice_rows = (count, width), slice_rows
        self._waiting: list[tuple[NDArray[np.int64], NDArray[np.float64]]] = []
        self._waiting_bytes = 0
        self._piles: list[_Pile] = []

    def put(self, places: NDArray[np.int64], rows: NDArray[np.float64]) -> None:
        """Enter rows at their places."""
        if len(places):
            self._waiting.append((places, rows))
            self._waiting_bytes += rows.nbytes
        if self._waiting_bytes > BUFFER_BYTES:
            self._put_away()

    def take(self) -> Iterator[NDArray[np.float64]]:
        """All rows in their order, NaN where none was entered; one slice without rows for none."""
        self._put_away()
        count, width = self._shape
        for start in range(0, max(count, 1), self._slice_rows):
            rows = np.full((min(self._slice_rows, count - start), width), np.nan)
            for pile in self._piles:
                places, numbers = pile.read(start // self._slice_rows, width)
                rows[places - start] = numbers
            yield rows

    def _put_away(self) -> None:
        if not self._waiting:
            return
        places = np.concatenate([places for places, _ in self._waiting])
        rows = np.concatenate([rows for _, rows in self._waiting])
        self._waiting, self._waiting_bytes = [], 0
        order = np.argsort(places, kind="stable")
        places, rows = places[order], rows[order].astype(np.float64, copy=False)
        edges = np.arange(-(-self._shape[0] // self._slice_rows) + 1) * self._slice_rows
        kept = self._scratch.keep(places.astype(np.int64).tobytes()), self._scratch.keep(rows.tobytes())
        self._piles.append(_Pile(*kept, np.searchsorted(places, edges)))


@dataclass(frozen=True)
class _Pile:
    """Rows that were put away together, in the order of their places; `ends` of slices among them."""

    places: KeptBytes
    rows: KeptBytes
    ends: NDArray[np.int64]

    def read(self, number: int, width: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Places and rows of a slice."""
        first, end = self.ends[number : number + 2].tolist()
        places = np.frombuffer(self.places[8 * first : 8 * end], dtype=np.int64)
        rows = np.frombuffer(self.rows[8 * width * first : 8 * width * end])
        return places, rows.reshape(-1, width)
