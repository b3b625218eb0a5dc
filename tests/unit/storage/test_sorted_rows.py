"""Rows in the order of their places, though few of them are held."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest

from pipeline.storage import sorted_rows
from pipeline.storage.sorted_rows import sort_rows
from pipeline.storage.tables import PART_ROWS


def draw_rows(count, places, seed=4):
    rng = np.random.default_rng(seed)
    place = rng.integers(0, places, count)
    words = pd.Series([None if number % 3 else f"字{number}" for number in place], dtype="str")
    return pd.DataFrame({"number": place, "came": np.arange(count), "words": words, "told": place % 2 == 0})


def split_rows(table, rows=500):
    return (table.iloc[start : start + rows] for start in range(0, max(len(table), 1), rows))


def take_number(rows):
    return rows["number"].to_numpy()


@pytest.mark.parametrize("at_once", [7, 64, 10_000])
def test_rows_follow_their_places_and_those_of_a_place_the_order_in_which_they_came(
    tmp_path, monkeypatch, at_once
):
    monkeypatch.setattr(sorted_rows, "PLACES_AT_ONCE", at_once)
    table = draw_rows(4000, 200)
    table.loc[[5, 3999], "number"] = -1
    found = list(sort_rows(split_rows(table), take_number, 200, tmp_path))
    expected = table.sort_values("number", kind="stable", ignore_index=True)
    pd.testing.assert_frame_equal(pd.concat(found, ignore_index=True), expected)
    assert not list(tmp_path.iterdir())


def test_a_table_without_rows_has_one_part_with_its_columns(tmp_path):
    none = draw_rows(10, 5).iloc[:0]
    (found,) = sort_rows([none], take_number, 5, tmp_path)
    assert list(found) == list(none)
    assert found.empty


def measure_peak(folder):
    """Most bytes that are held while many rows are sorted."""
    parts = (draw_rows(20_000, 20_000, seed)[["number"]] for seed in range(20))
    tracemalloc.start()
    try:
        lengths = [len(part) for part in sort_rows(parts, take_number, 20_000, folder)]
        assert sum(lengths) == 400_000
        assert max(lengths) <= PART_ROWS
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_of_rows_that_are_sorted_only_those_of_some_places_are_held(tmp_path, monkeypatch):
    whole = measure_peak(tmp_path)
    monkeypatch.setattr(sorted_rows, "PLACES_AT_ONCE", 2000)
    assert measure_peak(tmp_path) < whole / 2
