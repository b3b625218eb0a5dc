import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.outputs.accounts.amounts import write_money, write_money_range, write_quantity

UNITS = {
    "亿元": 1e8,
    "万元": 1e4,
    "元": 1.0,
    "billion yuan": 1e9,
    "million yuan": 1e6,
    "yuan": 1.0,
}


def read(words):
    number, unit = re.fullmatch(r"(-?[\d,.]+) (.+)", words).groups()
    return float(number.replace(",", "")) * UNITS[unit], 0.005 * UNITS[unit]


@given(st.floats(-1e13, 1e13), st.sampled_from(["zh", "en"]))
def test_money_is_said_to_half_of_its_last_digit_in_the_words_of_the_language(yuan, language):
    found, half = read(write_money(yuan, language))
    assert found == pytest.approx(yuan, abs=half * 1.0001)


@given(st.floats(1, 1e12))
def test_money_never_has_more_than_four_digits_before_the_point_below_its_largest_unit(yuan):
    if yuan < 9.9e11:
        assert len(write_money(yuan, "zh").split(".")[0].replace(",", "")) <= 4


def test_what_is_not_known_is_a_dash_and_an_interval_of_it_is_empty():
    assert write_money(float("nan"), "zh") == "—"
    assert write_money_range(float("nan"), 3.0, "zh") == ""
    assert write_quantity(float("nan"), "m³") == "—"


def test_both_ends_of_an_interval_stand_in_the_unit_of_the_greater():
    assert write_money_range(8.2e6, 1.31e8, "zh") == "0.08 – 1.31 亿元"
    assert write_money_range(8.2e6, 1.31e8, "en") == "8.20 – 131.00 million yuan"


@given(st.floats(1e-6, 1e12))
def test_a_quantity_keeps_four_digits_that_mean_something(quantity):
    found = float(write_quantity(quantity, "t").removesuffix(" t").replace(",", ""))
    assert found == pytest.approx(quantity, rel=6e-4)
