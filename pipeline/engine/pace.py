"""How long workers take for the tasks of a map: what hands tasks out is played through, task by task."""

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush, heapreplace

from pipeline.engine.executors import WINDOW_PER_WORKER


@dataclass(frozen=True)
class Pace:
    """Seconds that the process that leads takes to hand out a task, and to write the ledger once."""

    hand_s: float
    write_s: float


def simulate_tasks(seconds: Sequence[float], workers: int, pace: Pace) -> float:
    """Seconds until tasks of known lengths are done and entered, on so many workers.

    It is the loop of `Cluster.each_together` with its window: tasks begin in their order, each on the worker
    that is free first; whatever has come in while the ledger was written is entered by the next writing, and
    as many tasks are handed out. Transfers and failures are not in it.
    """
    window, count = WINDOW_PER_WORKER * workers, len(seconds)
    free = [0.0] * min(workers, count)
    heapify(free)
    under_way: list[float] = []
    handed = entered = 0
    now = 0.0
    while entered < count:
        while handed < min(count, entered + window):
            now += pace.hand_s
            end = max(free[0], now) + seconds[handed]
            heapreplace(free, end)
            heappush(under_way, end)
            handed += 1
        now = max(now, under_way[0])
        while under_way and under_way[0] <= now:
            heappop(under_way)
            entered += 1
        now += pace.write_s
    return now
