"""Periods tile the days."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pipeline.periods import list_periods

DAYS = st.dates(date(1972, 1, 1), date(2099, 12, 31))
KINDS = st.sampled_from(["month", "quarter", "season", "year"])


@given(DAYS, st.integers(0, 1500), KINDS)
def test_periods_tile_the_days_without_gap_or_overlap(start, days, kind):
    end = start + timedelta(days=days)
    periods = list_periods(start, end, kind)
    assert periods[0].first == start
    assert periods[-1].last == end
    for before, after in pairwise(periods):
        assert before.first <= before.last
        assert after.first == before.last + timedelta(days=1)
    assert len({period.label for period in periods}) == len(periods)
    assert periods == sorted(periods)


@given(DAYS, DAYS, KINDS, st.times())
def test_a_moment_lies_in_exactly_one_period(start, end, kind, moment):
    start, end = min(start, end), max(start, end)
    taken = datetime.combine(start + (end - start) // 3, time(moment.hour, moment.minute), UTC)
    assert sum(period.holds(taken) for period in list_periods(start, end, kind)) == 1


@given(DAYS, st.integers(0, 1500), KINDS)
def test_the_label_of_a_day_does_not_depend_on_where_the_span_starts(start, days, kind):
    end = start + timedelta(days=days)
    assert list_periods(start, end, kind)[-1].label == list_periods(end, end, kind)[0].label
