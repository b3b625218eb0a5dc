"""How tasks run: one bounded loop over whatever takes tasks one by one; threads of this process do."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from itertools import islice
from queue import SimpleQueue
from typing import Any, Protocol, Self, TypeVar

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
        numbered = enumerate(items)
        waiting: dict[Future[Result], int] = {}
        finished: SimpleQueue[Future[Result]] = SimpleQueue()

        def begin(count: int) -> None:
            for number, item in islice(numbered, count):
                future = submit(partial(function, item))
                waiting[future] = number
                future.add_done_callback(finished.put)

        with self.open(at_once) as submit:
            begin(WINDOW_PER_WORKER * self.workers)
            while waiting:
                future = finished.get()
                report(waiting.pop(future), future.result())
                del future
                begin(1)

    def map(
        self, function: Callable[[Item], Result], items: Iterable[Item], *, at_once: int | None = None
    ) -> list[Result]:
        """A function of every item, in the order of the items; see `each`."""
        results: dict[int, Result] = {}
        self.each(function, items, results.__setitem__, at_once=at_once)
        return [results[number] for number in range(len(results))]


class Threads(Cluster):
    """Threads of this process."""

    def __init__(self, workers: int) -> None:
        self.workers = workers

    @contextmanager
    def open(self, at_once: int | None) -> Iterator[Submit]:
        """See Cluster."""
        pool = ThreadPoolExecutor(min(self.workers, at_once or self.workers), "block")
        try:
            yield pool.submit
        finally:
            pool.shutdown(cancel_futures=True)
