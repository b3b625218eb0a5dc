"""Which cluster a run works on: threads of this process, jobs of Slurm, or a running Dask scheduler."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dask.system import CPU_COUNT

from pipeline import engine
from pipeline.engine.executors import Cluster, Threads
from pipeline.errors import Problem, SettingsError
from pipeline.settings import Compute

_ADDRESSES = ("tcp://", "tls://", "ws://", "wss://", "inproc://")


@contextmanager
def open_cluster(settings: Compute, folder: Path) -> Iterator[Cluster]:
    """The cluster that the config names: `local`, `slurm`, or the address of a running scheduler.

    `folder` takes the logs of workers that are started.
    """
    if settings.cluster == "local":
        yield Threads(count_workers(settings.workers))
    elif settings.cluster == "slurm":
        jobs = None if settings.workers == "auto" else settings.workers
        with engine.slurm.start_jobs(jobs, settings.memory, settings.slurm, folder) as client:
            yield engine.schedulers.Workers(client)
    elif settings.cluster.startswith(_ADDRESSES):
        with engine.schedulers.connect(settings.cluster, settings.memory) as client:
            yield engine.schedulers.Workers(client)
    else:
        expected = "local, slurm, or the address of a Dask scheduler"
        problem = Problem("compute.cluster", repr(settings.cluster), expected)
        raise SettingsError("Unknown cluster", [problem])


def count_workers(workers: int | str) -> int:
    """Workers asked for; `auto` is one per processor that this process may use."""
    return CPU_COUNT if workers == "auto" else int(workers)
