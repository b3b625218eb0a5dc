"""Which cluster a run works on: threads of this process, jobs of Slurm, or a running Dask scheduler."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dask.system import CPU_COUNT

from pipeline import engine
from pipeline.addresses import fill
from pipeline.engine.executors import Cluster, Threads
from pipeline.engine.limits import find_memory_limit
from pipeline.errors import Problem, SettingsError
from pipeline.settings import Compute

_GIB = 2**30
_ADDRESSES = ("tcp://", "tls://", "ws://", "wss://", "inproc://")


@contextmanager
def open_cluster(settings: Compute, folder: Path) -> Iterator[Cluster]:
    """The cluster that the config names: `local`, `slurm`, or the address of a running scheduler.

    `folder` takes the logs of workers that are started.
    """
    if settings.cluster == "local":
        yield Threads(count_workers(settings), settings.memory)
    elif settings.cluster == "slurm":
        jobs = None if settings.workers == "auto" else settings.workers
        with engine.slurm.start_jobs(jobs, settings.memory, settings.slurm, folder) as client:
            yield engine.schedulers.Workers(client, settings.memory)
    elif settings.cluster.startswith(_ADDRESSES):
        with engine.schedulers.connect(fill(settings.cluster), settings.memory) as client:
            yield engine.schedulers.Workers(client, settings.memory)
    else:
        expected = "local, slurm, or the address of a Dask scheduler"
        problem = Problem("compute.cluster", repr(settings.cluster), expected)
        raise SettingsError("Unknown cluster", [problem])


def count_workers(settings: Compute) -> int:
    """Workers on this machine: those asked for; `auto` is one a processor, as far as the memory is enough.

    SettingsError where the process may have less memory than the workers may take.
    """
    limit = find_memory_limit()
    if settings.workers == "auto":
        workers = max(min(CPU_COUNT, limit // settings.memory), 1)
    else:
        workers = settings.workers
    if workers * settings.memory > limit:
        asked = f"{workers} worker(s) of {settings.memory / _GIB:.1f} GiB"
        raise SettingsError(
            "The run would take more memory than there is",
            [
                Problem(
                    "compute.memory",
                    f"{asked}, of {limit / _GIB:.1f} GiB that this process may have",
                    "no more than it may have",
                    "Lower compute.workers or compute.memory, or raise the limit (cgroup, ulimit -v)",
                )
            ],
        )
    return workers
