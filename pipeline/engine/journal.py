"""What became of each run over a workspace: a table of its ledger, written as a run begins and ends."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from pipeline.errors import PipelineError, WorkspaceError
from pipeline.storage.workspace import Workspace

_SHOWN = 5


@dataclass(frozen=True)
class RunRecord:
    """One run; `ended` and `exit_code` are None while it runs, and for ever if it was killed."""

    id: str
    label: str
    areas: str
    started: str
    ended: str | None
    exit_code: int | None
    message: str


@contextmanager
def recorded(workspace: Workspace, label: str, areas: Sequence[str]) -> Iterator[str]:
    """The id of a run that begins here; how it ends is entered, whatever the end."""
    started = datetime.now(UTC)
    run = f"{started:%Y%m%dT%H%M%S.%f}-{os.getpid()}"
    with workspace.ledger() as ledger:
        row = [run, label, " ".join(areas), started.isoformat(timespec="seconds")]
        ledger.execute("insert into runs values (?, ?, ?, ?, null, null, '')", row)
    code, message = 1, "a bug: see its traceback"
    try:
        yield run
        code, message = 0, ""
    except PipelineError as error:
        code, message = error.exit_code, str(error)
        raise
    finally:
        with suppress(WorkspaceError):  # the ledger itself may be what failed
            _end(workspace, run, code, message)


def last_runs(workspace: Workspace) -> list[RunRecord]:
    """The last runs, the latest first; none if there was no run."""
    with workspace.ledger() as ledger:
        query = "select * from runs order by rowid desc limit ?"
        return [RunRecord(*row) for row in ledger.execute(query, [_SHOWN])]


def _end(workspace: Workspace, run: str, code: int, message: str) -> None:
    ended = datetime.now(UTC).isoformat(timespec="seconds")
    with workspace.ledger() as ledger:
        update = "update runs set ended = ?, exit_code = ?, message = ? where id = ?"
        ledger.execute(update, [ended, code, message, run])
