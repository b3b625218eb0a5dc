"""Numbers of features that stay with a parcel or a product from one delivery to the next."""

import hashlib

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_BITS = 52
"""Numbers that every reader keeps exactly, those with doubles too."""


def number_features(keys: pd.Series) -> NDArray[np.int64]:
    """A positive number for each key, made from the key alone, so that the same key keeps its number.

    The first 52 bits of the SHA-256 of the key. Should two keys of a table meet in a number (about once in
    9000 tables of 10^6 keys), the later in order of the alphabet takes the next free one. Keys are unique.
    """
    texts = keys.astype(str).to_numpy(dtype=object)
    digests = (hashlib.sha256(text.encode()).digest()[:8] for text in texts)
    numbers = np.fromiter((int.from_bytes(digest) >> 64 - _BITS for digest in digests), np.int64, len(texts))
    numbers = np.maximum(numbers, 1)
    if len(np.unique(numbers)) < len(numbers):
        _hash_part(numbers, texts)
    return numbers


def _hash_part(numbers: NDArray[np.int64], texts: NDArray[np.object_]) -> None:
    taken: set[int] = set()
    for place in np.argsort(texts, kind="stable"):
        while int(numbers[place]) in taken:
            numbers[place] += 1
        taken.add(int(numbers[place]))
