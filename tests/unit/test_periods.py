"""Accounting periods."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from pipeline.periods import Period, list_periods


def labels(start, end, kind):
    return [period.label for period in list_periods(date(*start), date(*end), kind)]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("year", ["2023", "2024"]),
        ("quarter", ["2023Q4", "2024Q1", "2024Q2"]),
        ("season", ["2023-autumn", "2024-winter", "2024-spring"]),
        ("month", ["2023-11", "2023-12", "2024-01", "2024-02", "2024-03", "2024-04"]),
    ],
)
def test_every_kind_has_its_labels(kind, expected):
    assert labels((2023, 11, 15), (2024, 4, 2), kind) == expected


def test_december_belongs_to_the_winter_of_the_next_january():
    (winter,) = list_periods(date(2023, 12, 1), date(2024, 2, 29), "season")
    assert winter == Period(date(2023, 12, 1), date(2024, 2, 29), "2024-winter")
    assert labels((2024, 1, 1), (2024, 1, 1), "season") == ["2024-winter"]
    assert labels((2024, 12, 31), (2024, 12, 31), "season") == ["2025-winter"]


def test_periods_are_cut_to_the_days_asked_for():
    first, last = list_periods(date(2023, 5, 17), date(2024, 2, 3), "year")
    assert (first.first, first.last) == (date(2023, 5, 17), date(2023, 12, 31))
    assert (last.first, last.last) == (date(2024, 1, 1), date(2024, 2, 3))


def test_a_span_of_one_day_is_one_period():
    day = date(2024, 2, 29)
    for kind in ("month", "quarter", "season", "year"):
        (period,) = list_periods(day, day, kind)
        assert (period.first, period.last) == (day, day)


def test_a_span_that_ends_before_it_starts_has_no_period():
    assert list_periods(date(2024, 2, 1), date(2024, 1, 31), "month") == []


def test_both_ends_are_inside_and_the_day_is_that_of_utc():
    (april,) = list_periods(date(2024, 4, 1), date(2024, 4, 30), "month")
    assert april.holds(datetime(2024, 4, 1, tzinfo=UTC))
    assert april.holds(datetime(2024, 4, 30, 23, 59, 59, 999_999, tzinfo=UTC))
    assert not april.holds(datetime(2024, 5, 1, tzinfo=UTC))
    assert not april.holds(datetime(2024, 3, 31, 23, 59, 59, tzinfo=UTC))
    beijing = timezone(timedelta(hours=8))
    assert not april.holds(datetime(2024, 4, 1, 7, 59, tzinfo=beijing))
    assert april.holds(datetime(2024, 5, 1, 7, 59, tzinfo=beijing))


@pytest.mark.parametrize(
    ("first", "last", "year"),
    [
        (date(2024, 1, 1), date(2024, 12, 31), 2024),
        (date(2024, 1, 2), date(2024, 12, 31), None),
        (date(2024, 1, 1), date(2024, 12, 30), None),
        (date(2024, 1, 1), date(2024, 3, 31), None),
        (date(2023, 1, 1), date(2024, 12, 31), None),
    ],
)
def test_a_whole_year_is_all_of_one_calendar_year(first, last, year):
    assert Period(first, last, "any").whole_year == year
