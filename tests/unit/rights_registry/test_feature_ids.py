import numpy as np
import pandas as pd

from pipeline.rights_registry.feature_ids import _hash_part, number_features

KEYS = pd.Series([f"310151001001GB{number:05d}" for number in range(20_000)])


def test_a_key_has_the_same_number_in_any_table_and_order():
    numbers = pd.Series(number_features(KEYS), index=KEYS)
    some = KEYS.sample(500, random_state=4)
    assert (number_features(some) == numbers[some]).all()


def test_numbers_are_distinct_positive_and_kept_by_doubles():
    numbers = number_features(KEYS)
    assert len(np.unique(numbers)) == len(KEYS)
    assert numbers.min() > 0
    assert numbers.max() < 2**53


def test_keys_that_meet_in_a_number_are_parted_in_order_of_the_alphabet():
    numbers = np.array([7, 8, 7, 7], dtype=np.int64)
    _hash_part(numbers, np.array(["c", "d", "a", "b"], dtype=object))
    assert dict(zip("cdab", numbers, strict=True)) == {"a": 7, "b": 8, "c": 9, "d": 10}
