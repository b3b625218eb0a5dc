"""Where tasks run: threads of this process, jobs of Slurm, or the workers of a running Dask scheduler."""

import logging
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from itertools import islice
from pathlib import Path
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from dask import threaded
from dask.base import compute
from dask.delayed import delayed
from dask.system import CPU_COUNT

from pipeline.errors import Problem, ProviderUnavailable, SettingsError
from pipeline.settings import Compute

if TYPE_CHECKING:
    from distributed import Client

Item = TypeVar("Item")
Result = TypeVar("Result")

_LOG = logging.getLogger("ecoledger")

_WINDOW_PER_WORKER = 32
_CONNECT_S = 10
_PAUSED_SHARE = 0.8
"""Of its limit, above which Dask lets a worker begin nothing more (distributed.worker.memory.pause)."""
_ADDRESSES = ("tcp://", "tls://", "ws://", "wss://", "inproc://")


class Cluster(Protocol):
    """Something that runs one task per item on some workers."""

    workers: int
    dashboard: str | None
    """Where the work can be watched in a browser."""

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


def in_order(
    cluster: Cluster,
    function: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    at_once: int | None = None,
) -> list[Result]:
    """A function of every item, in the order of the items."""
    results: dict[int, Result] = {}
    each_numbered(cluster, function, items, results.__setitem__, at_once=at_once)
    return [results[number] for number in range(len(results))]


def each_numbered(
    cluster: Cluster,
    function: Callable[[Item], Result],
    items: Iterable[Item],
    put: Callable[[int, Result], None],
    *,
    at_once: int | None = None,
) -> None:
    """A function of every item; `put` takes its number and the result as each comes in, in no order."""

    def done(numbered: tuple[int, Item], result: Result) -> None:
        put(numbered[0], result)

    cluster.each(_OfNumbered(function), enumerate(items), done, at_once=at_once)


@dataclass(frozen=True)
class _OfNumbered(Generic[Item, Result]):
    """A function of an item, applied to an item with its number."""

    function: Callable[[Item], Result]

    def __call__(self, numbered: tuple[int, Item]) -> Result:
        return self.function(numbered[1])


class Threads:
    """Threads of this process under Dask's threaded scheduler.

    The pool is our own: after an error Dask lets what runs run on unheeded, the pool's end waits for it.
    """

    dashboard: str | None = None

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
        pool = ThreadPoolExecutor(min(self.workers, at_once or self.workers), "block")
        try:
            while window := list(islice(remaining, _WINDOW_PER_WORKER * self.workers)):
                # of tasks that nothing tells apart Dask begins with the last
                by_key = {f"item-{number:06d}": item for number, item in enumerate(reversed(window))}
                tasks = [
                    delayed(partial(_boxed, function, item), pure=False)(dask_key_name=key)
                    for key, item in by_key.items()
                ]

                def report(key: str, box: list[Result], *_: Any, by_key: dict[str, Item] = by_key) -> None:
                    if key in by_key:
                        done(by_key[key], box.pop())

                # handed over: a Callback in a `with` is taken by whatever thread begins to compute
                told = (None, None, None, report, None)  # start, start state, before and after a task, finish
                compute(*tasks, scheduler=threaded.get, pool=pool, callbacks=[told])
        finally:
            pool.shutdown(cancel_futures=True)


def _boxed(function: Callable[[Item], Result], item: Item) -> list[Result]:
    """The result in a box that can be emptied: Dask keeps what tasks return until the last has ended."""
    return [function(item)]


class Workers:
    """Workers of a running Dask scheduler."""

    def __init__(self, client: "Client") -> None:
        self.client = client
        self.workers = sum(client.nthreads().values()) or 1
        self.dashboard = client.dashboard_link or None

    def each(
        self,
        function: Callable[[Item], Result],
        items: Iterable[Item],
        done: Callable[[Item, Result], None],
        *,
        at_once: int | None = None,
    ) -> None:
        """See Cluster."""
        from distributed import KilledWorker, as_completed

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
        except KilledWorker as error:
            raise ProviderUnavailable(
                f"Workers died again and again at the same work ({error}): see their logs. Where their "
                "memory ran out, give the jobs more, or set a smaller compute.memory"
            ) from error
        finally:
            self.client.cancel(list(waiting))


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
def open_cluster(settings: Compute, folder: Path) -> Iterator[Cluster]:
    """The cluster that the config names: `local`, `slurm`, or the address of a running scheduler.

    `folder` takes the logs of workers that are started.
    """
    if settings.cluster == "local":
        yield Threads(worker_count(settings.workers))
    elif settings.cluster == "slurm":
        from pipeline.engine.slurm import slurm_client

        jobs = None if settings.workers == "auto" else settings.workers
        with slurm_client(jobs, settings.memory, settings.slurm, folder) as client:
            yield _told(client)
    elif settings.cluster.startswith(_ADDRESSES):
        with _client_at(settings.cluster) as client:
            _refuse_small_workers(client, settings.memory)
            yield _told(client)
    else:
        expected = "local, slurm, or the address of a Dask scheduler"
        problem = Problem("compute.cluster", repr(settings.cluster), expected)
        raise SettingsError("Unknown cluster", [problem])


def _client_at(address: str) -> "Client":
    from distributed import Client

    try:
        return Client(address, timeout=_CONNECT_S)
    except OSError as error:
        raise ProviderUnavailable(f"No Dask scheduler answers at {address}: {error}") from error


def _refuse_small_workers(client: "Client", memory: int) -> None:
    """SettingsError where Dask would halt a worker, for good, before it uses what blocks are cut to."""
    workers = client.scheduler_info(n_workers=-1)["workers"]
    limits = [worker["memory_limit"] for worker in workers.values() if worker["memory_limit"]]
    if limits and min(limits) * _PAUSED_SHARE < memory:
        found = f"{memory // 2**20} MiB, and a worker that may have {min(limits) // 2**20} MiB"
        expected = f"at most {int(min(limits) * _PAUSED_SHARE) // 2**20} MiB"
        todo = "Or start the workers with --memory-limit 0: blocks are cut to compute.memory in any case"
        raise SettingsError("The workers are too small", [Problem("compute.memory", found, expected, todo)])


def _told(client: "Client") -> Workers:
    """The workers of a client; where they can be watched is told in the log."""
    _LOG.info("dashboard", extra={"address": client.dashboard_link})
    return Workers(client)


def worker_count(workers: int | str) -> int:
    """Workers asked for; `auto` is one per processor that this process may use."""
    return CPU_COUNT if workers == "auto" else int(workers)
