"""Errors, sorted by who can mend them.

PipelineError
├── SettingsError        the user's config or arguments: every mistake, with its place   exit 2
│   └── NoScenes         the query is too narrow, with the nearest misses                exit 2
├── InputError           the user's data: file, layer, row, column, found, expected      exit 3
├── TooMuchLost          more reads failed than the config allows to publish             exit 4
├── WorkspaceBusy        another run holds the workspace                                 exit 5
├── WorkspaceError       disk, permission, ledger                                        exit 6
├── ContractError        a stage gave what it had not promised (ours)                    exit 1
├── SourceError          the outside world: try again                                    exit 75
│   ├── ProviderUnavailable
│   └── BrokenAsset      one file; counted, skipped up to a set share       (3 if it stays so)
└── Interrupted          stopped by a signal, resumable                 exit 130, 143; USR1 asks for 75

Bad data is not an exception: it is NaN, a count, a flag or a finding.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from pipeline import operating_system
from pipeline.redaction import redact


@dataclass(frozen=True)
class Problem:
    """One mistake: where it is, what was found, what was expected, what to do."""

    place: str
    found: str
    expected: str
    todo: str = ""

    def __str__(self) -> str:
        text = f"{self.place}: found {self.found}; expected {self.expected}"
        return f"{text}. {self.todo}" if self.todo else text


def _redact_problem(problem: Problem) -> Problem:
    return Problem(*map(redact, (problem.place, problem.found, problem.expected, problem.todo)))


class PipelineError(Exception):
    """Root of everything that ecoledger raises on purpose; `problems` lists all breaches at once."""

    exit_code = 1

    def __init__(self, message: str, problems: Iterable[Problem] = ()) -> None:
        self.message = redact(message)
        self.problems = tuple(_redact_problem(problem) for problem in problems)
        super().__init__("\n".join([self.message, *(f"  - {problem}" for problem in self.problems)]))


class SettingsError(PipelineError):
    """The user's config or arguments are wrong."""

    exit_code = 2


class NoScenes(SettingsError):
    """The scene query finds nothing over an area."""


class InputError(PipelineError):
    """The user's data cannot be used as it is."""

    exit_code = 3


class TooMuchLost(PipelineError):
    """More was lost than the config allows; nothing is published."""

    exit_code = 4


class WorkspaceBusy(PipelineError):
    """Another run holds the workspace."""

    exit_code = 5


class WorkspaceError(PipelineError):
    """Disk, permission or ledger."""

    exit_code = 6


class ContractError(PipelineError):
    """A stage gave what it had not promised: a bug of ours."""


class SourceError(PipelineError):
    """The outside world failed; a later run may succeed."""

    exit_code = 75


class ProviderUnavailable(SourceError):
    """A scene provider did not answer."""


class BrokenAsset(SourceError):
    """One file of a scene cannot be read; `lasting`: not by a later run either, as it is gone or no band."""

    def __init__(self, message: str, problems: Iterable[Problem] = (), *, lasting: bool = True) -> None:
        super().__init__(message, problems)
        self.lasting = lasting
        if lasting:
            self.exit_code = InputError.exit_code


class Interrupted(PipelineError):
    """Stopped by a signal; a later run resumes. USR1 is how a batch queue asks for a checkpoint: code 75."""

    def __init__(self, message: str, signal_number: int) -> None:
        self.signal_number = signal_number
        self.exit_code = operating_system.exit_code(signal_number)
        super().__init__(message)
