"""Where tasks run: threads of this process, or the workers of a Dask scheduler at an address."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from itertools import islice
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from dask.system import CPU_COUNT

from pipeline.errors import Problem, ProviderUnavailable, SettingsError

if TYPE_CHECKING:
    from distributed import Client

Item = TypeVar("Item")
Result = TypeVar("Result")

_WINDOW_PER_WORKER = 32
_CONNECT_S = 10
_ADDRESSES = ("tcp://", "tls://", "ws://", "wss://", "inproc://")


class Cluster(Protocol):
    """Something that runs one task per item on some workers."""

    workers: int

    def each(
        self,
        function: Callable[[Item], Result],
        items: Iterable[Item],
        done: Callable[[Item, Result], None],
        *,
        at_once: int | None = None,
    ) -> None:
        """Run a function on every item; `done` is called here, in this thread, as each result comes in.

        Only a bounded window of items is drawn ahead, and at most `at_once` of them run in one process. The
        first error ends it: what has not begun is cancelled, and what runs in this process is waited for.
        """


class Threads:
    """Threads of this process.

    Not those of Dask's threaded scheduler, which after an error lets the others run on unheeded.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def each(
        self,
        function: Callable[[Item], Result],
        items: Iterable[Item],
        done: Callable[[Item, Result], None],
        *,
        at_once: int | None = None,
    ) -> None:
        """See Cluster."""
        remaining = iter(items)
        waiting: dict[Future[Result], Item] = {}
        pool = ThreadPoolExecutor(min(self.workers, at_once or self.workers), "block")

        def submit(count: int) -> None:
            waiting.update((pool.submit(function, item), item) for item in islice(remaining, count))

        try:
            submit(_WINDOW_PER_WORKER * self.workers)
            while waiting:
                finished = wait(waiting, return_when=FIRST_COMPLETED).done
                for future in sorted(finished, key=_has_failed):
                    done(waiting.pop(future), future.result())
                    submit(1)
        finally:
            pool.shutdown(cancel_futures=True)


class Workers:
    """Workers of a running Dask scheduler."""

    def __init__(self, client: "Client") -> None:
        self.client = client
        self.workers = sum(client.nthreads().values()) or 1

    def each(
        self,
        function: Callable[[Item], Result],
        items: Iterable[Item],
        done: Callable[[Item, Result], None],
        *,
        at_once: int | None = None,
    ) -> None:
        """See Cluster."""
        from distributed import as_completed

        remaining = iter(items)
        waiting: dict[Any, Item] = {}
        queue = as_completed()
        work = _AtOnce(function, at_once) if at_once else function

        def submit(count: int) -> None:
            for item in islice(remaining, count):
                future = self.client.submit(partial(work, item), pure=False)
                waiting[future] = item
                queue.add(future)

        try:
            submit(_WINDOW_PER_WORKER * self.workers)
            for future in queue:
                result = future.result()
                done(waiting.pop(future), result)
                submit(1)
        finally:
            self.client.cancel(list(waiting))


def _has_failed(future: Future[Any]) -> bool:
    """Puts failures last, so that no result that is there is lost to them."""
    return future.exception() is not None


@dataclass(frozen=True)
class _AtOnce(Generic[Item, Result]):
    """A function that at most so many threads of a process are in at a time."""

    function: Callable[[Item], Result]
    limit: int

    def __call__(self, item: Item) -> Result:
        with _gate(self.limit):
            return self.function(item)


@cache
def _gate(limit: int) -> BoundedSemaphore:
    """The gate of this process."""
    return BoundedSemaphore(limit)


@contextmanager
def open_cluster(where: str, workers: int) -> Iterator[Cluster]:
    """The cluster named in the config: `local`, or the address of a scheduler such as tcp://host:8786."""
    if where == "local":
        yield Threads(workers)
    elif where.startswith(_ADDRESSES):
        from distributed import Client

        try:
            client = Client(where, timeout=_CONNECT_S)
        except OSError as error:
            raise ProviderUnavailable(f"No Dask scheduler answers at {where}: {error}") from error
        with client:
            yield Workers(client)
    else:
        problem = Problem("compute.cluster", repr(where), "local, or the address of a Dask scheduler")
        raise SettingsError("Unknown cluster", [problem])


def worker_count(workers: int | str) -> int:
    """Workers asked for; `auto` is one per processor that this process may use."""
    return CPU_COUNT if workers == "auto" else int(workers)
