"""Codes of units and of persons, against published codes and a sum by hand."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ingest.rights.credit_codes import compute_check_character, judge_code

MARKS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WEIGHTS = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28]
PUBLISHED = ["91110000802100433B", "914403001922038216", "9144030071526726XG", "91330100799655058B"]
STARTS = st.text(MARKS, min_size=17, max_size=17)


@pytest.mark.parametrize("code", PUBLISHED)
def test_published_codes_of_companies_are_right(code):
    assert judge_code(code) == "right"


@given(STARTS)
def test_the_check_character_is_31_less_the_weighted_sum(start):
    total = sum(MARKS.index(mark) * weight for mark, weight in zip(start, WEIGHTS, strict=True))
    assert compute_check_character(start) == MARKS[(31 - total % 31) % 31]


@given(STARTS, st.integers(0, 16), st.sampled_from(MARKS))
def test_one_character_that_is_mistyped_is_never_right(start, place, mark):
    code = start + compute_check_character(start)
    mistyped = code[:place] + mark + code[place + 1 :]
    assert (judge_code(mistyped) == "right") == (mistyped == code)


@pytest.mark.parametrize("code", ["110101199003070011", "11010519491231002X", "110105491231002"])
def test_the_number_of_a_person_is_known_as_such(code):
    assert judge_code(code) == "person"


@pytest.mark.parametrize(
    "code", ["", "91110000802100433", "91110000802100433BB", "9111000080210043IO", "110105194913310020"[:17]]
)
def test_what_has_no_form_of_a_code_is_none(code):
    assert judge_code(code) == "no_code"


@given(st.text(string.printable, max_size=20))
def test_any_text_is_judged(text):
    assert judge_code(text) in {"right", "wrong", "person", "no_code"}
