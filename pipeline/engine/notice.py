"""How a run ended: one line of JSON for machines, and a command of the user's that is told of it."""

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from pipeline.errors import PipelineError
from pipeline.messages import Language, tell_error
from pipeline.operating_system import end_process
from pipeline.settings.outputs import Notify

EXIT_CODE = "ECOLEDGER_EXIT_CODE"
"""The variable of the environment in which a command finds how the run ended."""


@dataclass
class Summary:
    """A run in one line; `exit_code` is that of the program, `message` what it said, empty where all is well.

    `problems` are its mistakes one by one, in English. `deliveries` are those of the run in their order:
    area, folder, whether it was published or kept, findings by severity, warnings, scenes by period;
    `figures` those that a run ends with, as numbers under the keys of `indicators`. `headlines` are the same
    in words, for programs that read them so; the next release has them no more.
    """

    label: str = ""
    areas: Sequence[str] = ()
    run: str = ""
    exit_code: int = 1
    message: str = "a bug: see its traceback"
    problems: list[dict[str, str]] = field(default_factory=list)
    deliveries: list[dict[str, Any]] = field(default_factory=list)
    figures: list[dict[str, Any]] = field(default_factory=list)
    headlines: list[dict[str, Any]] = field(default_factory=list)

    def begin(self, label: str, areas: Sequence[str]) -> None:
        """What the run is of, once its config is understood."""
        self.label, self.areas = label, list(areas)

    @contextmanager
    def watch(self, language: Language = "en") -> Iterator[Self]:
        """Take down how what runs inside ends, in words of the language."""
        try:
            yield self
        except PipelineError as error:
            self.exit_code, self.message = error.exit_code, tell_error(error, language)
            self.problems = [asdict(problem) for problem in error.problems]
            raise
        self.exit_code, self.message = 0, ""

    @property
    def subject(self) -> dict[str, Any]:
        """What the run is of, for the first line of its log."""
        return {"label": self.label, "areas": list(self.areas)}

    @property
    def end(self) -> dict[str, Any]:
        """How it ended, for the last line of its log; `message` is a name that logging keeps for itself."""
        return {**self.subject, "exit_code": self.exit_code, "said": self.message}

    @property
    def line(self) -> str:
        """The summary as JSON on one line."""
        return json.dumps(asdict(self), ensure_ascii=False, default=str)


def notify(settings: Notify, summary: Summary) -> str:
    """Run the user's command with the summary on its stdin; what went wrong with it, empty if nothing did.

    Its words go to no shell. What it starts in its own process group is ended with it when its time is up,
    where the operating system has such groups.
    """
    environment = {**os.environ, EXIT_CODE: str(summary.exit_code)}
    name = settings.command[0]
    try:
        process = subprocess.Popen(  # noqa: S603 the user's own command, as a list
            settings.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
    except OSError as error:
        return f"notify: {name} cannot be started: {error.strerror}"
    try:
        process.communicate(f"{summary.line}\n".encode(), timeout=settings.seconds)
    except subprocess.TimeoutExpired:
        return f"notify: {name} was ended after {settings.seconds} s"
    finally:
        end_process(process)
    return "" if process.returncode == 0 else f"notify: {name} ended with code {process.returncode}"
