"""Texts of CSV files: none begins a formula, and every one comes back as it went."""

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.storage.csv_texts import quieten_texts, restore_texts

FORMULAS = (
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1:A9)",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1+1",
    "＋1",
    "－1",
    "＠A1",
    "-2+3|cmd",
)
HARMLESS = ("-0.5", "+12", "-", "1e-5", "-1E+3", "'quoted'", "a=b", "水草", "", "'", " =1")
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"))
LIVELY = st.tuples(st.text("'=+-@\t＝", max_size=4), TEXTS).map("".join)


def is_number(text):
    return text.isascii() and float(text) is not None


@pytest.mark.parametrize("text", FORMULAS)
def test_before_a_formula_stands_an_apostrophe(text):
    assert quieten_texts(pd.DataFrame({"a": [text]}))["a"][0] == f"'{text}"


@pytest.mark.parametrize("text", HARMLESS)
def test_what_computes_nothing_stays_as_it_is(text):
    assert quieten_texts(pd.DataFrame({"a": [text]}))["a"][0] == text


@pytest.mark.parametrize("dtype", ["object", "string", "category"])
@given(texts=st.lists(st.one_of(st.none(), LIVELY), min_size=1, max_size=6))
@example(texts=["'=1", "''=1", "=1", "'-5", "-5", "'", None])
def test_every_text_comes_back_as_it_went_and_none_begins_a_formula(dtype, texts):
    table = pd.DataFrame({"a": pd.Series(texts, dtype=dtype), "b": -1.5})
    quiet = quieten_texts(table)
    pd.testing.assert_frame_equal(restore_texts(quiet), table)
    for text in quiet["a"].dropna():
        assert not text or text[0] not in "=@\t\r\n＝＋－＠"
        assert text[:1] not in {"+", "-"} or text[1:] in {"", "."} or is_number(text)


def test_figures_and_columns_without_formulas_stay_the_very_same():
    table = pd.DataFrame({"figure": [-1.0, -2.5], "words": ["a", "b"], "flag": [True, False]})
    pd.testing.assert_frame_equal(quieten_texts(table), table)
