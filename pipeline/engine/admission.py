"""Who may begin: near the bound of memory fewer tasks are worked on at once, so that a worker never dies."""

from collections.abc import Callable
from functools import lru_cache
from threading import Condition
from time import monotonic
from typing import TypeVar

from pipeline.engine.limits import is_near_limit
from pipeline.operating_system import release_memory

Result = TypeVar("Result")

_LOOK_S = 0.5
"""After so long who waits at a full door looks again, though nobody has left."""
_FRESH_S = 0.05
"""For so long room that was found is taken to be there: looking takes a millisecond, some tasks no longer."""
_DOORS = 16
"""Doors that a process knows: one for each map that is at work, with some to spare."""


class Door:
    """Where tasks of a process pass: at most `at_once` are in, and one alone while it is full.

    Full is a process that holds `memory` bytes, or that is near what it or its group may have. One task is
    let in whatever is held, so that work goes on; what comes out does not depend on how many are in.
    """

    def __init__(self, memory: int, at_once: int | None = None) -> None:
        self._memory, self._at_once = memory, at_once
        self._inside, self._fresh_until = 0, 0.0
        self._changed = Condition()

    def run(self, task: Callable[[], Result]) -> Result:
        """The result of a task, which begins once there is room for it."""
        with self._changed:
            while self._inside and not self._has_room():
                self._changed.wait(_LOOK_S)
            self._inside += 1
        try:
            return task()
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    def _has_room(self) -> bool:
        if self._at_once is not None and self._inside >= self._at_once:
            return False
        if monotonic() < self._fresh_until:
            return True
        if is_near_limit(self._memory):
            release_memory()
            if is_near_limit(self._memory):
                return False
        self._fresh_until = monotonic() + _FRESH_S
        return True


def pass_door(name: str, memory: int, at_once: int | None, task: Callable[[], Result]) -> Result:
    """The result of a task that passes the door of this process that has a name; see Door."""
    return _find_door(name, memory, at_once).run(task)


@lru_cache(_DOORS)
def _find_door(_name: str, memory: int, at_once: int | None) -> Door:
    """The door of that name in this process."""
    return Door(memory, at_once)
