"""Near the bound fewer tasks are worked on at once; one always is."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from pipeline.engine import admission
from pipeline.engine.admission import Door, pass_door


class Crowd:
    """Work that counts how many are at it."""

    def __init__(self) -> None:
        self.running = self.most = 0
        self.lock = threading.Lock()

    def work(self) -> None:
        with self.lock:
            self.running += 1
            self.most = max(self.most, self.running)
        time.sleep(0.02)
        with self.lock:
            self.running -= 1


def let_in(door, count=12):
    """The most of many tasks that were at work at once."""
    crowd = Crowd()
    with ThreadPoolExecutor(4) as pool:
        for future in [pool.submit(door.run, crowd.work) for _ in range(count)]:
            future.result(30)
    return crowd.most


def test_a_process_far_from_its_bound_lets_in_what_it_is_given():
    assert let_in(Door(2**50)) == 4
    assert let_in(Door(2**50, at_once=2)) == 2


def test_a_process_above_its_bound_works_on_one_at_a_time_and_ends():
    assert let_in(Door(1)) == 1


def test_more_are_let_in_again_once_memory_was_given_back(monkeypatch):
    held = [True]
    monkeypatch.setattr(admission, "is_near_limit", lambda _memory: held[0])
    door = Door(1)
    assert let_in(door) == 1
    held[0] = False
    assert let_in(door) == 4


def test_what_is_kept_for_later_is_given_back_before_anyone_waits(monkeypatch):
    held = [True]
    monkeypatch.setattr(admission, "release_memory", held.clear)
    monkeypatch.setattr(admission, "is_near_limit", lambda _memory: bool(held))
    assert let_in(Door(1)) == 4


def fail():
    raise ZeroDivisionError


def test_a_task_that_fails_leaves_the_door():
    door = Door(1)
    with pytest.raises(ZeroDivisionError):
        door.run(fail)
    assert door.run(lambda: 7) == 7


def test_work_within_work_has_a_door_of_its_own_and_waits_for_nobody():
    assert pass_door("outer", 1, 1, lambda: pass_door("inner", 1, 1, lambda: 7)) == 7
