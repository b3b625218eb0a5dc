"""What is played through is what the loop of an executor does."""

import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.engine.executors import Threads
from pipeline.engine.pace import Pace, simulate_tasks

FREE = Pace(0.0, 0.0)


def test_one_worker_takes_the_sum_and_enough_workers_the_longest():
    seconds = [3.0, 1.0, 4.0, 1.0, 5.0]
    assert simulate_tasks(seconds, 1, FREE) == 14.0
    assert simulate_tasks(seconds, 100, FREE) == 5.0
    assert simulate_tasks([], 10, FREE) == 0.0


def test_tasks_begin_in_their_order_on_the_worker_that_is_free_first():
    assert simulate_tasks([2.0, 2.0, 2.0, 6.0], 2, FREE) == 8.0, "the longest came last"
    assert simulate_tasks([6.0, 2.0, 2.0, 2.0], 2, FREE) == 6.0


def test_what_comes_in_while_the_ledger_writes_is_entered_by_one_writing():
    assert simulate_tasks([1.0] * 8, 8, Pace(0.0, 0.5)) == 1.5
    assert simulate_tasks([1.0], 1, Pace(0.25, 0.5)) == 1.75


def test_who_hands_out_bounds_what_any_number_of_workers_can_do():
    assert simulate_tasks([0.001] * 1000, 500, Pace(0.01, 0.0)) >= 10.0


@given(
    seconds=st.lists(st.floats(0, 9), max_size=200),
    workers=st.integers(1, 40),
    hand=st.floats(0, 0.1),
    write=st.floats(0, 1),
)
@settings(max_examples=60, deadline=None)
def test_no_time_is_below_what_the_work_and_its_longest_task_need(seconds, workers, hand, write):
    found = simulate_tasks(seconds, workers, Pace(hand, write))
    least = max(sum(seconds) / workers, max(seconds, default=0.0), hand * len(seconds))
    assert found >= least - 1e-9
    most = sum(seconds) + len(seconds) * (hand + write)
    assert found <= most + 1e-9
    assert simulate_tasks(seconds, workers, FREE) <= sum(seconds) / workers + max(seconds, default=0.0) + 1e-9


@pytest.mark.parametrize("workers", [1, 3])
def test_threads_take_about_as_long(workers):
    seconds = [0.02 + 0.01 * (number % 5) for number in range(30)]
    lock = threading.Lock()
    entered = []

    def enter(results):
        with lock:
            time.sleep(0.01)
            entered.extend(results)

    begun = time.perf_counter()
    Threads(workers).each_together(time.sleep, seconds, enter)
    passed = time.perf_counter() - begun
    assert len(entered) == len(seconds)
    assert passed >= 0.95 * simulate_tasks(seconds, workers, Pace(0.0, 0.0))
