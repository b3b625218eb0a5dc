"""Days of surveys: in digits and Chinese, of one day, a span, a month; or why they are none."""

from calendar import monthrange
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ingest.samples.cells import NO_SUCH_TIME, NO_YEAR
from pipeline.ingest.species.days import Days, read_days

DIGITS = str.maketrans("0123456789", "〇一二三四五六七八九")
DATES = st.dates(date(1990, 1, 1), date(2090, 12, 31))


def write_small(number):
    tens, ones = divmod(number, 10)
    return ("" if not tens else "十" if tens == 1 else f"{tens}十".translate(DIGITS)) + (
        str(ones).translate(DIGITS) if ones else ""
    )


@given(DATES, st.integers(0, 7))
def test_a_day_is_read_in_every_way_it_is_written(day, way):
    ways = (
        day.isoformat(),
        f"{day.year}年{day.month}月{day.day}日",
        f"{day.year} 年 {day.month} 月 {day.day} 日",
        f"{day.year}.{day.month}.{day.day}",
        f"{day.year}/{day.month:02d}/{day.day:02d}",
        f"{day:%Y%m%d}",
        f"{day.isoformat()} 00:00:00",
        f"{str(day.year).translate(DIGITS)}年{write_small(day.month)}月{write_small(day.day)}日",
    )
    assert read_days(ways[way]) == Days(day, day)


@given(DATES, st.integers(1, 40), st.integers(0, 3))
def test_a_span_is_read_from_its_first_to_its_last_day(first, length, way):
    last = first + timedelta(days=length)
    ways = (
        f"{first.isoformat()}至{last.isoformat()}",
        f"{first.year}年{first.month}月{first.day}日-{last.year}年{last.month}月{last.day}日",
        f"{first.isoformat()}~{last.isoformat()}",
        f"{first.year}年{first.month}月{first.day}日—{last.day}日"
        if (first.year, first.month) == (last.year, last.month)
        else f"{first.isoformat()}到{last.isoformat()}",
    )
    assert read_days(ways[way]) == Days(first, last)
    assert str(read_days(ways[way])) == f"{first}/{last}"


@pytest.mark.parametrize(
    "text", ["2024年2月", "2024-02", "202402", "2024.02", "二〇二四年二月", "2024年2月份"]
)
def test_a_month_is_all_of_its_days(text):
    assert read_days(text) == Days(date(2024, 2, 1), date(2024, 2, monthrange(2024, 2)[1]))


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [("2024年2月上旬", 1, 10), ("2024年2月中旬", 11, 20), ("2024年2月下旬", 21, 29)],
)
def test_a_third_of_a_month_is_its_days(text, first, last):
    assert read_days(text) == Days(date(2024, 2, first), date(2024, 2, last))


@pytest.mark.parametrize("text", ["3月15日", "3.15", "03-15", "三月十五日"])
def test_a_day_without_a_year_takes_the_one_that_is_told_and_no_other(text):
    assert read_days(text, 2023) == Days(date(2023, 3, 15), date(2023, 3, 15))
    assert read_days(text) == NO_YEAR


def test_days_that_are_none_say_why():
    assert read_days("2024-02-30") == NO_SUCH_TIME
    assert isinstance(read_days("2024.1"), str)
    assert isinstance(read_days("2024-03-20至2024-03-10"), str)
    assert isinstance(read_days("冬季"), str)
    assert isinstance(read_days(""), str)
