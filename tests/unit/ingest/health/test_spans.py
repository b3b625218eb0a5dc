"""What words for a time mean."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ingest.health.spans import read_span
from pipeline.periods import list_periods


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2024", "2024-01-01", "2024-12-31"),
        ("2024年", "2024-01-01", "2024-12-31"),
        ("２０２４年度", "2024-01-01", "2024-12-31"),
        ("2024年全年", "2024-01-01", "2024-12-31"),
        ("2024Q3", "2024-07-01", "2024-09-30"),
        ("2024-q4", "2024-10-01", "2024-12-31"),
        ("2024年第三季度", "2024-07-01", "2024-09-30"),
        ("2024年1季度", "2024-01-01", "2024-03-31"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2024年12月", "2024-12-01", "2024-12-31"),
        ("2024/7", "2024-07-01", "2024-07-31"),
        ("202407", "2024-07-01", "2024-07-31"),
        ("2024-winter", "2023-12-01", "2024-02-29"),
        ("2024年夏季", "2024-06-01", "2024-08-31"),
        ("2024年7月5日", "2024-07-05", "2024-07-05"),
        ("2024-07-05", "2024-07-05", "2024-07-05"),
        ("2024-07-05 00:00:00", "2024-07-05", "2024-07-05"),
        ("2024-07-05T08:30:00", "2024-07-05", "2024-07-05"),
    ],
)
def test_a_time_is_its_first_and_last_day(text, first, last):
    assert read_span(text) == (date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    "text", ["", "全年", "2024年上半年", "2024-13", "2024-02-30", "24年", "2024Q5", "1850", "3.5"]
)
def test_what_is_no_whole_time_is_none(text):
    assert read_span(text) is None


@given(st.sampled_from(["year", "quarter", "season", "month"]), st.dates(date(1990, 6, 1), date(2080, 1, 1)))
def test_the_label_of_every_period_is_read_as_its_days(kind, day):
    for period in list_periods(day - timedelta(days=400), day + timedelta(days=400), kind)[1:-1]:
        assert read_span(period.label) == (period.first, period.last)
