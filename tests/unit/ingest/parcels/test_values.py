"""Cells of a register are cleaned alike, whatever stands beside them."""

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.ingest.parcels.values import Notes, clean_text

TEXTS = st.one_of(
    st.sampled_from(
        ["0101", "东滩湿地", "A_1", " 0101", "=1", "", "a\u0007b", "字" * 1000, "字" * 1001, "a\n"]
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
)


def _clean(*texts):
    column = pd.Series(texts, dtype=object)
    notes = Notes.of(column.index)
    found = clean_text(column, "theirs", notes)
    return [cells.fillna("")[0] for cells in (found, notes.damaged.join(), notes.suspicious.join())]


@settings(max_examples=60, deadline=None)
@given(text=TEXTS)
def test_a_text_is_cleaned_alone_as_it_is_beside_one_that_needs_it(text):
    assert _clean(text) == _clean(text, " <script>\ufffd ")
