"""Numbers by key: each known one is found, no other is, whatever the parts they came in."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from pipeline.flow.feature_numbers import FormerNumbers
from pipeline.flow.number_index import NumberIndex, hash_keys

KEYS = st.lists(st.text("GW012东=", min_size=1, max_size=8), unique=True, max_size=40)


def build_index(known, size):
    items = list(known.items())
    pieces = [items[first : first + size] for first in range(0, len(items), size)]
    return NumberIndex.of(
        (hash_keys(pd.Series([key for key, _ in piece], dtype=object)), np.array([n for _, n in piece]))
        for piece in pieces
    )


@given(KEYS, KEYS, st.integers(1, 9), st.randoms(use_true_random=False))
def test_every_known_key_has_its_number_and_no_other_has_one(known, asked, size, chance):
    numbers = list(range(1, len(known) + 1))
    chance.shuffle(numbers)
    told = dict(zip(known, numbers, strict=True))
    index = build_index(told, size)
    every = [*known, *asked]
    found = index.find(hash_keys(pd.Series(every, dtype=object)))
    assert found.tolist() == [told.get(key, 0) for key in every]
    assert np.flatnonzero(index.list_taken()[1:]).tolist() == sorted(n - 1 for n in numbers)


def test_two_keys_of_one_hash_are_not_known_rather_than_mistaken():
    hashes = np.array([7, 9, 7, 2**63 + 5], dtype=np.uint64)
    index = NumberIndex.of([(hashes[:2], np.array([1, 2])), (hashes[2:], np.array([3, 4]))])
    assert index.find(hashes).tolist() == [0, 2, 0, 4]


def test_a_number_is_given_once_although_two_keys_ask_for_it():
    keys = pd.Series(["a", "b", "c"], dtype=object)
    hashes = hash_keys(keys)
    known = {"parcels": [NumberIndex.of([(hashes[:2], np.array([1, 1]))])]}
    numbering = FormerNumbers(known, {"parcels": 1}).begin()
    parts = [numbering.number("parcels", pd.DataFrame({"parcel_id": [key]}))["fid"].item() for key in keys]
    assert parts == [1, 2, 3]
