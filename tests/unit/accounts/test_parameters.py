"""The book of parameters: the row that holds, draws that keep their range, what was used."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.accounts.parameters import ClassLineage, ParameterBook, explain_lack
from pipeline.settings.parameters import ParameterRow

CLASSES = (None, "0301", "0302", "森林", "湿地", "vegetation")
REGIONS = (None, "area", "东平镇", "新村乡")


def row(value, *, key="carbon_rate", land_class=None, region=None, low=None, high=None, confirmed=True):
    return ParameterRow(
        key, land_class, region, value, low, high, "t C/ha/a", None, "planted", confirmed, "t.csv", 2
    )


def look_up(tables, key, lineage, region):
    """The row that holds, by the words of the docstring and no table in between."""
    for table in reversed(tables):
        for name in [*[one for one in lineage if one is not None], None]:
            for where in dict.fromkeys((region, "area", None)):
                for one in table:
                    if (one.key, one.land_class, one.region) == (key, name, where):
                        return one.value
    return np.nan


places = st.tuples(st.sampled_from(CLASSES), st.sampled_from(REGIONS))
tables = st.lists(st.dictionaries(places, st.floats(0.01, 9)), min_size=1, max_size=3)
grounds = st.lists(
    st.tuples(*[st.sampled_from(CLASSES)] * 2, st.sampled_from(REGIONS[2:])), min_size=1, max_size=12
)


@example([{(None, None): 0.5, (None, "area"): 1.0}], [(None, None, "东平镇")])
@given(tables, grounds)
def test_the_later_table_then_the_closer_class_then_the_closer_region_holds(planted, ground):
    rows = [
        [row(value, land_class=name, region=where) for (name, where), value in table.items()]
        for table in planted
    ]
    first, second, regions = zip(*ground, strict=True)
    found = ParameterBook.of(rows, "area").find("carbon_rate", ClassLineage.of([first, second], regions))
    expected = [look_up(rows, "carbon_rate", (one, other), region) for one, other, region in ground]
    np.testing.assert_array_equal(found.value, expected)
    np.testing.assert_array_equal(found.place < 0, np.isnan(expected))


def test_ground_may_come_with_gaps_of_any_kind():
    ground = ClassLineage.of([pd.Series([np.nan, "0301", None]), ["森林", "森林", pd.NA]], ["a", None, "a"])
    assert ground.kinds == ((("森林",), "a"), (("0301", "森林"), None), ((), "a"))
    assert list(ground.which) == [0, 1, 2]


def test_95_of_100_draws_lie_from_low_to_high_and_none_below_0():
    book = ParameterBook.of([[row(1.0, low=0.2, high=3.0), row(2.0, land_class="0301")]])
    drawn = book.draw(np.random.default_rng(7), 20_000)
    values = drawn.find("carbon_rate", ClassLineage.all()).value[:, 0]
    assert values.shape == (20_000,)
    assert np.mean((values >= 0.2) & (values <= 3.0)) == pytest.approx(0.95, abs=0.005)
    assert np.median(values) == pytest.approx(1.0, abs=0.03)
    assert values.min() >= 0
    fixed = drawn.find("carbon_rate", ClassLineage.of([["0301"]], [None])).value
    assert set(fixed.ravel()) == {2.0}


def test_draws_are_those_of_their_seed():
    book = ParameterBook.of([[row(1.0, low=0.2, high=3.0)]])
    one, same, other = (book.draw(np.random.default_rng(seed), 5).values for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_what_a_parameter_draws_does_not_depend_on_the_others_of_the_book():
    own = row(1.0, land_class="森林", low=0.2, high=3.0)
    ground = ClassLineage.of([["森林"]], ["a"])
    books = [ParameterBook.of([[own]]), ParameterBook.of([[row(2.0, low=1.0, high=9.0)], [own]])]
    one, other = (book.draw(np.random.default_rng(3), 9).find("carbon_rate", ground).value for book in books)
    np.testing.assert_array_equal(one, other)
    twins = ParameterBook.of([[row(1.0, region=name, low=0.2, high=3.0) for name in "ab"]])
    values = twins.draw(np.random.default_rng(3), 9).values
    assert not np.array_equal(values[:, 0], values[:, 1])


def test_used_parameters_are_listed_once_with_the_services_that_used_them():
    book = ParameterBook.of(
        [[row(1.0), row(2.0, land_class="湿地", confirmed=False), row(3.0, land_class="0302")]]
    )
    ground = ClassLineage.of([["湿地", "森林", "湿地"]], ["a", "a", "b"])
    found = book.find("carbon_rate", ground)
    assert list(found.indicative) == [True, False, True]
    table = book.tabulate([("REG-06a", found), ("REG-07", found)])
    assert list(table["class"].fillna("")) == ["", "湿地"]
    assert set(table["services"]) == {"REG-06a;REG-07"}
    assert list(table["confirmed"]) == [True, False]


def test_a_key_without_rows_is_null_everywhere_and_marks_nothing_indicative():
    for book in (ParameterBook.of([]), ParameterBook.of([[row(1.0)]])):
        found = book.find("dust_rate", ClassLineage.of([["森林"]], [None]))
        assert np.isnan(found.value).all()
        assert not found.indicative.any()
        assert book.tabulate([("REG-08", found)]).empty
    assert "dust_rate" in explain_lack("dust_rate", (None, "森林"))
    assert "森林" in explain_lack("dust_rate", (None, "森林"))
