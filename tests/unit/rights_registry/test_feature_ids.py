import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from pipeline.rights_registry.feature_ids import GREATEST, continue_numbers

KEYS = st.lists(st.text("GW012东", min_size=1, max_size=6), unique=True, max_size=30)


def number(keys, known=None, last=0):
    kept = np.array([(known or {}).get(key, 0) for key in keys], dtype=np.int64)
    numbers = continue_numbers(pd.Series(keys, dtype=object), kept, last)
    return dict(zip(keys, numbers.tolist(), strict=True))


@given(KEYS)
def test_a_first_delivery_numbers_its_keys_in_order(keys):
    assert number(keys) == {key: place for place, key in enumerate(sorted(keys), start=1)}


@given(KEYS, KEYS, st.randoms(use_true_random=False))
def test_a_key_keeps_its_number_and_new_ones_follow_all_that_were_ever_given(before, after, chance):
    first = number(before)
    last = len(before)
    second = number(after, first, last)
    assert {key: second[key] for key in after if key in first} == {
        key: first[key] for key in after if key in first
    }
    new = sorted(set(after) - set(before))
    assert [second[key] for key in new] == list(range(last + 1, last + 1 + len(new)))
    shuffled = list(after)
    chance.shuffle(shuffled)
    assert number(shuffled, first, last) == second


def test_the_number_of_a_key_that_is_gone_is_given_to_no_other():
    first = number(["a", "b", "c"])
    assert number(["a", "d"], first, 3) == {"a": 1, "d": 4}


def test_numbers_are_whole_and_hold_in_32_bits():
    numbers = continue_numbers(
        pd.Series([f"P{place}" for place in range(5000)]), np.zeros(5000, dtype=np.int64), 0
    )
    assert numbers.dtype == np.int64
    assert (numbers.min(), numbers.max()) == (1, 5000)
    assert np.iinfo(np.int32).max == GREATEST
