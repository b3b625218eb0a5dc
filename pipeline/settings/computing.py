"""How a batch queue is asked for workers, and who is told when a run has ended."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Word = Annotated[str, Field(pattern=r"^[\w.,:@+-]+$")]
"""One word of a job script: nothing that a shell would read otherwise."""


class Slurm(BaseModel):
    """Workers as jobs of Slurm, each one process of `cores` threads under the memory bound.

    `interface` is the network that workers and scheduler share; `options` are further words of sbatch such as
    `--qos=low`; `patience_minutes` is how long a run waits for its first job.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    partition: Word | None = None
    account: Word | None = None
    interface: Word | None = None
    cores: Annotated[int, Field(ge=1, le=256)] = 1
    most_jobs: Annotated[int, Field(ge=1, le=1000)] = 8
    walltime: Annotated[str, Field(pattern=r"^(\d+-)?\d{1,2}(:\d{2}){1,2}$")] = "04:00:00"
    patience_minutes: Annotated[int, Field(ge=1)] = 60
    options: list[Annotated[str, Field(pattern=r"^--[\w-]+(=[\w.,:@+/-]+)?$")]] = []


class Notify(BaseModel):
    """A command that is run when a run has ended, however it ended: the program and its words.

    It finds the summary of the run (one line of JSON) on its stdin and the exit code in
    ECOLEDGER_EXIT_CODE. It has `seconds`; its failure is a warning.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    command: Annotated[list[str], Field(min_length=1)]
    seconds: Annotated[float, Field(gt=0, le=600)] = 30
