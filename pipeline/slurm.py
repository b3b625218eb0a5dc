"""Workers as jobs of Slurm, started by dask-jobqueue."""

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


@contextmanager
def slurm_client(jobs: int | None, memory: int, settings: Slurm, folder: Path) -> Iterator[Client]:
    """A client of workers that run as jobs; their logs are in `folder`.

    `jobs` is how many, None as many as the work asks for, up to `settings.most_jobs`; `memory` is the bound
    of each in bytes. A job that ends early costs the tasks that it had; Dask does them again elsewhere.
    Raises SettingsError where there is no Slurm, ProviderUnavailable if no job starts in time.
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
            walltime=settings.walltime,
            job_extra_directives=list(settings.options),
            log_directory=str(folder),
            local_directory=str(folder),
            python=sys.executable,
        ) as cluster,
        Client(cluster) as client,
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
