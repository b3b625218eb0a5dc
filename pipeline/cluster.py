"""Where tasks run: threads of this process, or the workers of a Dask scheduler at an address."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from dask.base import compute
from dask.callbacks import Callback
from dask.delayed import delayed
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
    """Something that runs one Dask task per item; `in_flight` tasks at a time share one process."""

    workers: int
    in_flight: int

    def each(
        self,
        function: Callable[[Item], Result],
        items: Iterable[Item],
        done: Callable[[Item, Result], None],
    ) -> None:
        """Run a function on every item; `done` is called here, in this thread, as each result comes in.

        Only a bounded window of items is in the graph at a time.
        """


class Threads:
    """Threads of this process under Dask's threaded scheduler."""

    def __init__(self, workers: int) -> None:
        self.workers = self.in_flight = workers

    def each(
        self,
        function: Callable[[Item], Result],
        items: Iterable[Item],
        done: Callable[[Item, Result], None],
    ) -> None:
        """See Cluster."""
        remaining = iter(items)
        while window := list(islice(remaining, _WINDOW_PER_WORKER * self.workers)):
            tasks = [delayed(partial(function, item), pure=False)() for item in window]
            by_key = {task.key: item for task, item in zip(tasks, window, strict=True)}

            def report(key: str, result: Result, *_: Any, by_key: dict[str, Item] = by_key) -> None:
                if key in by_key:
                    done(by_key[key], result)

            with Callback(posttask=report):
                compute(*tasks, scheduler="threads", num_workers=self.workers)


class Workers:
    """Workers of a running Dask scheduler."""

    def __init__(self, client: "Client") -> None:
        self.client = client
        threads = list(client.nthreads().values()) or [1]
        self.workers, self.in_flight = sum(threads), max(threads)

    def each(
        self,
        function: Callable[[Item], Result],
        items: Iterable[Item],
        done: Callable[[Item, Result], None],
    ) -> None:
        """See Cluster."""
        from distributed import as_completed

        remaining = iter(items)
        waiting: dict[Any, Item] = {}
        queue = as_completed()

        def submit(count: int) -> None:
            for item in islice(remaining, count):
                future = self.client.submit(partial(function, item), pure=False)
                waiting[future.key] = item
                queue.add(future)

        submit(_WINDOW_PER_WORKER * self.workers)
        for future in queue:
            done(waiting.pop(future.key), future.result())
            submit(1)


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
