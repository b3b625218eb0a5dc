"""Counts as staff write them: the number, its bounds, none, some, and what is neither."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import standards
from pipeline.ingest.species.counts import (
    NONE,
    NOT_SURVEYED,
    NOTHING_TOLD,
    OTHER_UNIT,
    SOME,
    Count,
    read_count,
)
from pipeline.ingest.species.numerals import write_digits


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("12", 12, 12),
        (" 12 只", 12, 12),
        ("１２", 12, 12),
        ("1,200", 1200, 1200),
        ("1.2万只", 12_000, 12_000),
        ("3千", 3000, 3000),
        ("三百二十", 320, 320),
        ("十二只", 12, 12),
        ("两千零五", 2005, 2005),
        ("3对", 6, 6),
        (">100", 101, math.inf),
        ("超过100只", 101, math.inf),
        ("≥100", 100, math.inf),
        ("100+", 100, math.inf),
        ("100余只", 100, math.inf),
        ("10只以上", 10, math.inf),
        ("数百只", 100, math.inf),
        ("上千只", 1000, math.inf),
        ("<10", 1, 9),
        ("≤10", 1, 10),
        ("不足10只", 1, 9),
        ("100-150", 100, 150),
        ("100～150只", 100, 150),
        ("100至150", 100, 150),
    ],
)
def test_a_count_lies_within_what_is_written(text, low, high):
    assert read_count(text) == Count(low, high)


@pytest.mark.parametrize("text", ["约300", "300左右", "大约300只", "近300", "~300", "约三百只", "ca.300"])
def test_a_count_told_as_about_is_that_number_and_says_so(text):
    assert read_count(text) == Count(300, 300, is_about=True)


def words(means):
    return [row["alias"] for row in standards.read_rows("species_words") if row["means"] == means]


@pytest.mark.parametrize("text", ["0", "0只", "0.0", *words("absent")])
def test_a_species_that_was_looked_for_and_not_found_counts_none(text):
    assert read_count(text) == NONE


@pytest.mark.parametrize("text", words("not_surveyed"))
def test_not_surveyed_is_not_none(text):
    assert read_count(text) == NOT_SURVEYED


@pytest.mark.parametrize("text", ["", " ", "-", "/", "——"])
def test_a_blank_tells_nothing(text):
    assert read_count(text) == NOTHING_TOLD


@pytest.mark.parametrize("text", words("present"))
def test_some_are_at_least_one_and_not_counted(text):
    assert read_count(text) == SOME


@pytest.mark.parametrize("unit", words("other_unit"))
def test_a_number_of_another_unit_tells_that_there_were_some_and_its_0_tells_nothing(unit):
    assert read_count("5", unit) == SOME
    assert read_count("0", unit) == OTHER_UNIT
    assert read_count(f"12.5{unit}") == SOME


@pytest.mark.parametrize("text", ["12.5", "-3", "abc", "12盘", "约>100", "150-100", "12 13", "=A1"])
def test_what_is_no_count_of_individuals_is_not_read(text):
    assert read_count(text) is None


@given(st.integers(0, 10**7), st.sampled_from(["", "只", "尾", " 株"]), st.booleans())
def test_a_whole_number_is_read_whatever_its_unit_and_thousands(number, unit, apart):
    assert read_count(f"{number:,}{unit}" if apart else f"{number}{unit}") == Count(number, number)


@given(st.integers(1, 9999))
def test_a_chinese_numeral_is_its_number(number):
    digits, signs = "零一二三四五六七八九", ("", "十", "百", "千")
    written, gap = "", False
    for place, digit in enumerate(str(number)):
        power = len(str(number)) - place - 1
        if digit == "0":
            gap = True
            continue
        written += ("零" if gap and written else "") + digits[int(digit)] + signs[power]
        gap = False
    assert write_digits(written) == str(number)
