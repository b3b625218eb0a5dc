"""What remains of a run is told as far as it is known, and no further."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.engine.outlook import Outlook, Remaining


def build(outlook, step, start, seconds):
    outlook.begin(step, start)
    outlook.settle(step, start + seconds)
    return start + seconds


def test_a_kind_that_was_never_timed_makes_what_is_left_a_least():
    outlook = Outlook()
    outlook.enter_area(1, 1)
    outlook.expect(["composite", "composite", "composite", "accounts"], 0.0)
    now = build(outlook, "composite", 0.0, 40.0)
    assert outlook.find_remaining(now) == Remaining(80.0, whole=False)
    now = build(outlook, "accounts", now, 5.0)
    assert outlook.find_remaining(now) == Remaining(80.0, whole=True)


def test_of_a_step_at_work_only_the_rest_is_left():
    outlook = Outlook()
    outlook.enter_area(1, 1)
    outlook.expect(["composite"] * 3, 0.0)
    now = build(outlook, "composite", 0.0, 40.0)
    outlook.begin("composite", now)
    assert outlook.find_remaining(now + 30.0) == Remaining(50.0, whole=True)
    assert outlook.find_remaining(now + 300.0) == Remaining(40.0, whole=True)


def test_later_areas_count_as_those_that_are_made():
    outlook = Outlook()
    outlook.enter_area(1, 3)
    outlook.expect(["composite"], 0.0)
    assert outlook.find_remaining(0.0) == Remaining(0.0, whole=False)
    now = build(outlook, "composite", 0.0, 60.0)
    assert outlook.find_remaining(now) == Remaining(120.0, whole=True)
    outlook.enter_area(2, 3)
    outlook.expect(["composite"], now)
    assert outlook.find_remaining(now) == Remaining(120.0, whole=True)


def test_what_was_found_takes_no_time_and_teaches_none():
    outlook = Outlook()
    outlook.enter_area(1, 1)
    outlook.expect(["composite", "composite"], 0.0)
    outlook.settle("composite", 0.0)
    assert (outlook.done, outlook.total) == (1, 2)
    assert outlook.find_remaining(0.0) == Remaining(0.0, whole=False)


def test_a_step_within_a_step_is_not_counted():
    outlook = Outlook()
    outlook.enter_area(1, 1)
    outlook.expect(["scenes"], 0.0)
    build(outlook, "search", 0.0, 9.0)
    assert (outlook.done, outlook.total) == (0, 1)


@given(st.lists(st.lists(st.sampled_from("abc"), max_size=6), min_size=1, max_size=4), st.data())
def test_the_share_never_falls_and_ends_at_one(areas, data):
    outlook, now, shares = Outlook(), 0.0, [0.0]
    for number, steps in enumerate(areas, start=1):
        outlook.enter_area(number, len(areas))
        outlook.expect(steps, now)
        for step in data.draw(st.permutations(steps)):
            now = build(outlook, step, now, data.draw(st.floats(0, 10)))
            shares.append(outlook.share)
            assert outlook.find_remaining(now).seconds >= 0
        assert (outlook.done, outlook.total) == (len(steps), len(steps))
    assert shares == sorted(shares)
    assert outlook.share == 1
