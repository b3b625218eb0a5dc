"""Where a run computes and how much of the machine it may take; how a batch queue is asked for workers."""

from typing import Annotated, Literal

from pydantic import Field

from pipeline.addresses import Address
from pipeline.settings.paths import OptionalPath
from pipeline.settings.strict import Bytes, Strict

Word = Annotated[str, Field(pattern=r"^[\w.,:@+-]+$")]
"""One word of a job script: nothing that a shell would read otherwise."""


class Slurm(Strict):
    """Workers as jobs of Slurm, each one process of `cores` threads under the memory bound.

    `interface` is the network that workers and scheduler share; `options` are further words of sbatch such as
    `--qos=low`; `patience_minutes` is how long a run waits for its first job.
    """

    partition: Word | None = None
    account: Word | None = None
    interface: Word | None = None
    cores: Annotated[int, Field(ge=1, le=256)] = 1
    most_jobs: Annotated[int, Field(ge=1, le=1000)] = 8
    walltime: Annotated[str, Field(pattern=r"^(\d+-)?\d{1,2}(:\d{2}){1,2}$")] = "04:00:00"
    patience_minutes: Annotated[int, Field(ge=1)] = 60
    options: list[Annotated[str, Field(pattern=r"^--[\w-]+(=[\w.,:@+/-]+)?$")]] = []


class Compute(Strict):
    """Where and how much: memory is per worker and is a bound, not a hint.

    `cache` bounds what is kept of remote files for later runs, in `cache_folder` (work/cache of the output
    folder unless named); 0 keeps nothing.
    """

    cluster: Address = Address("local")
    workers: Annotated[int, Field(ge=1)] | Literal["auto"] = "auto"
    memory: Annotated[int, Bytes, Field(ge=2**28)] = 2 * 2**30
    slurm: Slurm = Slurm()
    cache: Annotated[int, Bytes, Field(ge=0)] = 2 * 2**30
    cache_folder: OptionalPath | None = None
