"""Workers as jobs of Slurm, started by dask-jobqueue."""

import math
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dask_jobqueue.slurm import SLURMCluster
from distributed import Client

from pipeline.errors import Problem, ProviderUnavailable, SettingsError
from pipeline.settings.computing import Slurm

_IDLE_ROUNDS = 60
_NANNY_BYTES = 128 * 2**20
"""What the process takes that watches over the worker of a job."""


@contextmanager
def start_jobs(jobs: int | None, memory: int, settings: Slurm, folder: Path) -> Iterator[Client]:
    """A client of workers that run as jobs; their logs are in `folder`.

    `jobs` is how many, None as many as the work asks for, up to `settings.most_jobs`; `memory` is the bound
    of each in bytes. Blocks are cut to it, and Slurm holds the job to it; Dask's own limit is off, as it
    halts a worker for good that is at 80 % of what it may use. A job that ends early costs the tasks that it
    had; Dask does them again elsewhere. Raises SettingsError where there is no Slurm, ProviderUnavailable if
    no job starts in time.
    """
    if shutil.which("sbatch") is None:
        problem = Problem("compute.cluster", "slurm, but no program sbatch", "a submit host of Slurm")
        raise SettingsError("This machine has no Slurm", [problem])
    folder.mkdir(parents=True, exist_ok=True)
    with (
        SLURMCluster(
            queue=settings.partition,
            account=settings.account,
            interface=settings.interface,
            cores=settings.cores,
            processes=1,
            memory=f"{memory} B",
            job_mem=f"{math.ceil((memory + _NANNY_BYTES) / 2**20)}M",
            worker_extra_args=["--memory-limit", "0"],
            walltime=settings.walltime,
            job_extra_directives=list(settings.options),
            log_directory=str(folder),
            local_directory=str(folder),
            python=sys.executable,
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        if jobs is None:
            cluster.adapt(minimum_jobs=1, maximum_jobs=settings.most_jobs, wait_count=_IDLE_ROUNDS)
        else:
            cluster.scale(jobs=jobs)
        _await_first(client, settings.patience_minutes)
        yield client


def _await_first(client: Client, minutes: int) -> None:
    try:
        client.wait_for_workers(1, timeout=60 * minutes)
    except TimeoutError as error:
        raise ProviderUnavailable(
            f"Slurm started no job within {minutes} minutes; see squeue, then run again"
        ) from error
