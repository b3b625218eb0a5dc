"""Numbers of features by their keys, of which there may be a hundred million: 12 bytes each."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Numbers = NDArray[np.int64]

_DRAWERS_BITS = 6
"""Keys are sorted drawer by drawer, so that sorting needs little beside what it sorts."""


@dataclass(frozen=True)
class NumberIndex:
    """Numbers by hashes of 64 bits of their keys, in order of the hashes.

    Of 10^8 keys, two have the same hash once in some 4,000 indexes: neither is known then. A key that is not
    in it has the hash of one that is as rarely: where that one is gone, its number goes to the new key, and
    no number ever to two (`Numbering`). With 77 million keys, all of them new, that is one delivery in 3,000.
    """

    hashes: Hashes
    numbers: NDArray[np.int32]

    @classmethod
    def of(cls, parts: Iterable[tuple[Hashes, Numbers]]) -> Self:
        """The index of hashes and numbers that come part by part."""
        drawers: list[list[tuple[Hashes, NDArray[np.int32]]]] = [[] for _ in range(1 << _DRAWERS_BITS)]
        count = 0
        for hashes, numbers in parts:
            order = np.argsort(hashes)
            own, narrow = hashes[order], numbers[order].astype(np.int32)
            ends = np.searchsorted(own >> np.uint64(64 - _DRAWERS_BITS), np.arange(1, len(drawers)))
            pieces = zip(np.split(own, ends), np.split(narrow, ends), strict=True)
            for drawer, piece in zip(drawers, pieces, strict=True):
                drawer.append(tuple(np.copy(half) for half in piece))  # type: ignore[arg-type]
            count += len(own)
        return cls(*_empty_drawers(drawers, count))

    def __len__(self) -> int:
        return len(self.hashes)

    def find(self, hashes: Hashes) -> Numbers:
        """The number of each key, 0 where none is known."""
        if not len(self):
            return np.zeros(len(hashes), dtype=np.int64)
        places = np.minimum(np.searchsorted(self.hashes, hashes), len(self) - 1)
        return np.where(self.hashes[places] == hashes, self.numbers[places], 0).astype(np.int64)

    def list_taken(self) -> NDArray[np.bool_]:
        """Of every number up to the greatest whether a key has it."""
        taken = np.zeros(int(self.numbers.max(initial=0)) + 1, dtype=bool)
        taken[self.numbers] = True
        return taken


def hash_keys(keys: pd.Series) -> Hashes:
    """Hashes of 64 bits, the same in every run."""
    texts = keys.astype(str).to_numpy(dtype=object)
    return np.asarray(pd.util.hash_array(texts, categorize=False), dtype=np.uint64)


def _empty_drawers(
    drawers: list[list[tuple[Hashes, NDArray[np.int32]]]], count: int
) -> tuple[Hashes, NDArray[np.int32]]:
    """All hashes in order with their numbers, without those of two keys; the drawers are empty then."""
    hashes, numbers = np.empty(count, dtype=np.uint64), np.empty(count, dtype=np.int32)
    end = 0
    for drawer in drawers:
        if not drawer:
            continue
        found, given = (np.concatenate(halves) for halves in zip(*drawer, strict=True))
        drawer.clear()
        order = np.argsort(found)
        found, given = found[order], given[order]
        alone = np.ones(len(found), dtype=bool)
        alone[1:] &= found[1:] != found[:-1]
        alone[:-1] &= found[1:] != found[:-1]
        start, end = end, end + int(alone.sum())
        hashes[start:end], numbers[start:end] = found[alone], given[alone]
    return hashes[:end], numbers[:end]
