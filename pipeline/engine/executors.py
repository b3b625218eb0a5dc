"""How tasks run: one bounded loop over whatever takes tasks one by one; threads of this process do."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from itertools import islice
from queue import Empty, SimpleQueue
from typing import Any, Protocol, Self, TypeVar

from pipeline.engine.admission import Door
from pipeline.engine.limits import find_memory_limit

Item = TypeVar("Item")
Result = TypeVar("Result")
Output_co = TypeVar("Output_co", covariant=True)

WINDOW_PER_WORKER = 32
"""Tasks that are drawn ahead for each worker."""


class Future(Protocol[Output_co]):
    """What a task will give: what futures of Python and of Dask have in common."""

    def add_done_callback(self, callback: Callable[[Self], Any], /) -> None:
        """Have a function called, in any thread, when the task has ended or was cancelled."""

    def result(self) -> Output_co:
        """The result of a task that has ended; raises its error."""


class Submit(Protocol):
    """Takes a task; the `submit` of an executor does."""

    def __call__(self, task: Callable[[], Result], /) -> Future[Result]:
        """The result to come of a task."""


class Cluster(ABC):
    """Something that runs one task per item on some workers; a kind of it says where tasks are taken."""

    workers: int
    dashboard: str | None = None
    """Where the work can be watched in a browser."""

    @abstractmethod
    def open(self, at_once: int | None) -> AbstractContextManager[Submit]:
        """What takes tasks, and runs at most `at_once` of them in one process.

        On leaving it, what has not begun is cancelled, and what runs in this process is waited for.
        """

    def each(
        self,
        function: Callable[[Item], Result],
        items: Iterable[Item],
        report: Callable[[int, Result], None],
        *,
        at_once: int | None = None,
    ) -> None:
        """Run a function on every item, at most `at_once` of them in one process.

        `report` is called here, in this thread, with the number of the item and its result as each comes in,
        in no order. Only a bounded window of items is drawn ahead, and no result is held once it was
        reported. The first error ends it; see `open`.
        """
        self._each(function, items, lambda results: report(*results[0]), at_once, most=1)

    def each_together(
        self,
        function: Callable[[Item], Result],
        items: Iterable[Item],
        report: Callable[[Sequence[tuple[int, Result]]], None],
        *,
        at_once: int | None = None,
    ) -> None:
        """As `each`, but whatever has come in while the last was reported is reported as one.

        So a report that takes long, such as what waits for a disk, keeps no worker waiting. What came in
        before an error is reported too.
        """
        self._each(function, items, report, at_once, most=WINDOW_PER_WORKER * self.workers)

    def _each(
        self,
        function: Callable[[Item], Result],
        items: Iterable[Item],
        report: Callable[[Sequence[tuple[int, Result]]], None],
        at_once: int | None,
        *,
        most: int,
    ) -> None:
        numbered = enumerate(items)
        waiting: dict[Future[Result], int] = {}
        finished: SimpleQueue[Future[Result]] = SimpleQueue()

        def begin(count: int) -> None:
            for number, item in islice(numbered, count):
                future = submit(partial(function, item))
                waiting[future] = number
                future.add_done_callback(finished.put)

        def report_finished() -> int:
            results: list[tuple[int, Result]] = []
            try:
                for future in _take(finished, most):
                    results.append((waiting.pop(future), future.result()))  # noqa: PERF401 kept before an error
            finally:
                if results:
                    report(results)
            return len(results)

        with self.open(at_once) as submit:
            begin(WINDOW_PER_WORKER * self.workers)
            while waiting:
                begin(report_finished())

    def map(
        self, function: Callable[[Item], Result], items: Iterable[Item], *, at_once: int | None = None
    ) -> list[Result]:
        """A function of every item, in the order of the items; see `each`."""
        results: dict[int, Result] = {}
        self.each(function, items, results.__setitem__, at_once=at_once)
        return [results[number] for number in range(len(results))]


def _take(finished: "SimpleQueue[Item]", most: int) -> Iterator[Item]:
    """What is in a queue, at most so many; the first is waited for."""
    yield finished.get()
    with suppress(Empty):
        for _ in range(most - 1):
            yield finished.get_nowait()


class Threads(Cluster):
    """Threads of this process, which is to hold `memory` bytes; what it may have unless given."""

    def __init__(self, workers: int, memory: int | None = None) -> None:
        self.workers = workers
        self.memory = find_memory_limit() if memory is None else memory

    @contextmanager
    def open(self, at_once: int | None) -> Iterator[Submit]:
        """See Cluster."""
        pool = ThreadPoolExecutor(min(self.workers, at_once or self.workers), "block")
        door = Door(self.memory)
        try:
            yield lambda task: pool.submit(door.run, task)
        finally:
            pool.shutdown(cancel_futures=True)
