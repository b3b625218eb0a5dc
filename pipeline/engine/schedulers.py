"""Tasks on the workers of a Dask scheduler."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from functools import partial
from math import inf
from typing import Any, TypeVar
from uuid import uuid4
from weakref import WeakSet

from distributed import (
    Client,
    Future,
    KilledWorker,
    Lock,
    Nanny,
    NannyPlugin,
    Semaphore,
    Worker,
    WorkerPlugin,
)
from distributed.client import ClosedClientError

from pipeline.engine.admission import pass_door
from pipeline.engine.executors import Cluster, Submit
from pipeline.errors import Problem, ProviderUnavailable, SettingsError

Result = TypeVar("Result")

_LOG = logging.getLogger("ecoledger")
_CONNECT_S = 10
_SPARE_SHARE = 0.8
"""Of its limit, what a worker may hold of ours: Dask and what it keeps take the rest."""
_PLUGINS = ("ecoledger-workers", "ecoledger-nannies")
RUNS, _TURN = "ecoledger-runs", "ecoledger-turn"
"""Names on a scheduler: of what counts the runs that it has, and of the turn to begin or end one there."""
MOST_RUNS = 1_000_000
"""Runs that are counted: all."""


class _NoPause(WorkerPlugin):
    """A worker near its limit is not halted, which is for good where libraries keep what they had."""

    idempotent = True  # of several runs the first is there for all

    def setup(self, worker: Worker) -> None:
        """See WorkerPlugin."""
        self.before = worker.memory_manager.memory_pause_fraction
        worker.memory_manager.memory_pause_fraction = inf

    def teardown(self, worker: Worker) -> None:
        """See WorkerPlugin."""
        worker.memory_manager.memory_pause_fraction = self.before


class _NoKill(NannyPlugin):
    """A worker near its limit is not killed, with all that it was at."""

    idempotent = True  # a nanny that is told twice would take what it holds now for what Dask had in mind

    def setup(self, nanny: Nanny) -> None:
        """See NannyPlugin."""
        self.before = nanny.memory_manager.memory_terminate_fraction
        nanny.memory_manager.memory_terminate_fraction = inf

    def teardown(self, nanny: Nanny) -> None:
        """See NannyPlugin."""
        nanny.memory_manager.memory_terminate_fraction = self.before


class Workers(Cluster):
    """Workers of a running Dask scheduler, to hold `memory` bytes each; the log tells where to watch them."""

    def __init__(self, client: Client, memory: int) -> None:
        self.client, self.memory = client, memory
        self.workers = sum(client.nthreads().values()) or 1
        self.dashboard = client.dashboard_link or None
        _LOG.info("dashboard", extra={"address": client.dashboard_link})

    @contextmanager
    def open(self, at_once: int | None) -> Iterator[Submit]:
        """See Cluster; ProviderUnavailable where the work kills its workers, or the scheduler is gone."""
        futures: WeakSet[Future[Any]] = WeakSet()
        door = partial(pass_door, uuid4().hex, self.memory, at_once)

        def submit(task: Callable[[], Result]) -> "Future[Result]":
            future: Future[Result] = self.client.submit(door, task, pure=False)
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


@contextmanager
def connect(address: str, memory: int) -> Iterator[Client]:
    """A client of the scheduler at an address, whose workers may use `memory` bytes each.

    ProviderUnavailable if none answers, SettingsError if its workers are too small.
    """
    try:
        client = Client(address, timeout=_CONNECT_S, set_as_default=False)
    except OSError as error:
        raise ProviderUnavailable(f"No Dask scheduler answers at {address}: {error}") from error
    with client:
        _refuse_small_workers(client, memory)
        with _let_door_alone_halt(client):
            yield client


@contextmanager
def _let_door_alone_halt(client: Client) -> Iterator[None]:
    """Inside, workers near their limits are neither halted nor killed by Dask, also those that come later.

    They let fewer tasks in instead; see `pass_door`. What Dask had in mind holds again after the last of the
    runs that share the scheduler; one that was killed counts until Dask no longer hears of it.
    """
    place = {"scheduler_rpc": client.scheduler, "loop": client.loop}
    runs, turn = Semaphore(MOST_RUNS, RUNS, **place), Lock(_TURN, **place)
    for_workers, for_nannies = _PLUGINS
    with turn:
        runs.acquire()
        client.register_plugin(_NoPause(), for_workers)
        client.register_plugin(_NoKill(), for_nannies)
    try:
        yield
    finally:
        if client.status == "running":  # the scheduler may be gone
            with suppress(OSError, ClosedClientError):
                _leave(client, runs, turn)
        runs.refresh_leases = False


def _leave(client: Client, runs: Semaphore, turn: Lock) -> None:
    """End a run on its scheduler; the last one gives Dask its limits back."""
    for_workers, for_nannies = _PLUGINS
    with turn:
        runs.release()
        if not runs.get_value():
            client.unregister_worker_plugin(for_workers)
            client.unregister_worker_plugin(for_nannies, nanny=True)


def _refuse_small_workers(client: Client, memory: int) -> None:
    """SettingsError where a worker may have less than what blocks are cut to, and what Dask takes."""
    workers = client.scheduler_info(n_workers=-1)["workers"]
    limits = [worker["memory_limit"] for worker in workers.values() if worker["memory_limit"]]
    if limits and min(limits) * _SPARE_SHARE < memory:
        given = f"{memory // 2**20} MiB, and a worker that may have {min(limits) // 2**20} MiB"
        expected = f"at most {int(min(limits) * _SPARE_SHARE) // 2**20} MiB"
        todo = "Or start the workers with --memory-limit 0: blocks are cut to compute.memory in any case"
        raise SettingsError("The workers are too small", [Problem("compute.memory", given, expected, todo)])
