"""Tables of price indices: fixed base, one or several kinds, every mistake with its row."""

import pytest

from pipeline.errors import InputError
from pipeline.settings.price_index import list_index_kinds, read_price_index


def read(folder, text):
    path = folder / "index.csv"
    path.write_text(text, encoding="utf-8")
    return read_price_index(path)


def test_one_kind_needs_no_name(tmp_path):
    assert read(tmp_path, "year,index\n2007,493.60\n2014,606.70\n") == {"": {2007: 493.6, 2014: 606.7}}


def test_kinds_are_told_apart(tmp_path):
    found = read(tmp_path, "kind,year,index\nconsumer,2020,100\nconstruction,2020,100\nconsumer,2024,103\n")
    assert found == {"consumer": {2020: 100, 2024: 103}, "construction": {2020: 100}}
    assert set(found) <= set(list_index_kinds().values())


def test_all_mistakes_are_told_at_once(tmp_path):
    with pytest.raises(InputError) as caught:
        read(
            tmp_path,
            "year,index,kind\n20x0,1,consumer\n2020,0,consumer\n2020,1,consumer\n2021,1,gold\n2022,1,\n",
        )
    places = [problem.place.rpartition("csv, ")[2] for problem in caught.value.problems]
    assert places == [
        "row 2, column year", "row 3, column index", "row 4, column year",
        "row 1, column kind", "row 1, column kind",
    ]  # fmt: skip
