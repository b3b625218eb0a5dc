"""Tasks on the workers of a Dask scheduler."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from functools import cache, partial
from threading import BoundedSemaphore
from typing import Any, TypeVar
from weakref import WeakSet

from distributed import Client, Future, KilledWorker
from distributed.client import ClosedClientError

from pipeline.engine.executors import Cluster, Submit
from pipeline.errors import Problem, ProviderUnavailable, SettingsError

Result = TypeVar("Result")

_LOG = logging.getLogger("ecoledger")
_CONNECT_S = 10
_PAUSED_SHARE = 0.8
"""Of its limit, above which Dask lets a worker begin nothing more (distributed.worker.memory.pause)."""


class Workers(Cluster):
    """Workers of a running Dask scheduler; where they can be watched is told in the log."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.workers = sum(client.nthreads().values()) or 1
        self.dashboard = client.dashboard_link or None
        _LOG.info("dashboard", extra={"address": client.dashboard_link})

    @contextmanager
    def open(self, at_once: int | None) -> Iterator[Submit]:
        """See Cluster; ProviderUnavailable where the work kills its workers, or the scheduler is gone."""
        futures: WeakSet[Future[Any]] = WeakSet()

        def submit(task: Callable[[], Result]) -> "Future[Result]":
            work = partial(_pass_gate, at_once, task) if at_once else task
            future: Future[Result] = self.client.submit(work, pure=False)
            futures.add(future)
            return future

        try:
            yield submit
        except KilledWorker as error:
            raise ProviderUnavailable(
                f"Workers died again and again at the same work ({error}): see their logs. Where their "
                "memory ran out, give the jobs more, or set a smaller compute.memory"
            ) from error
        except (CancelledError, ClosedClientError) as error:
            raise ProviderUnavailable(
                "The Dask scheduler is gone, or forgot the work: see its log, then run again to resume"
            ) from error
        finally:
            with suppress(ClosedClientError):
                self.client.cancel(list(futures))


def _pass_gate(limit: int, task: Callable[[], Result]) -> Result:
    """A task that at most so many threads of a process are in at a time."""
    with _gate(limit):
        return task()


@cache
def _gate(limit: int) -> BoundedSemaphore:
    """The gate of this process."""
    return BoundedSemaphore(limit)


@contextmanager
def connect(address: str, memory: int) -> Iterator[Client]:
    """A client of the scheduler at an address, whose workers may use `memory` bytes each.

    ProviderUnavailable if none answers, SettingsError if its workers are too small.
    """
    try:
        client = Client(address, timeout=_CONNECT_S)
    except OSError as error:
        raise ProviderUnavailable(f"No Dask scheduler answers at {address}: {error}") from error
    with client:
        _refuse_small_workers(client, memory)
        yield client


def _refuse_small_workers(client: Client, memory: int) -> None:
    """SettingsError where Dask would halt a worker, for good, before it uses what blocks are cut to."""
    workers = client.scheduler_info(n_workers=-1)["workers"]
    limits = [worker["memory_limit"] for worker in workers.values() if worker["memory_limit"]]
    if limits and min(limits) * _PAUSED_SHARE < memory:
        given = f"{memory // 2**20} MiB, and a worker that may have {min(limits) // 2**20} MiB"
        expected = f"at most {int(min(limits) * _PAUSED_SHARE) // 2**20} MiB"
        todo = "Or start the workers with --memory-limit 0: blocks are cut to compute.memory in any case"
        raise SettingsError("The workers are too small", [Problem("compute.memory", given, expected, todo)])
