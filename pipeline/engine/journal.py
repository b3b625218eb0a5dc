"""What became of each run over a workspace: entered in its ledger as a run begins and ends."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

from pipeline.errors import PipelineError, WorkspaceError
from pipeline.storage.ledger import RunRecord
from pipeline.storage.workspace import Workspace

_SHOWN = 5


@contextmanager
def record_run(workspace: Workspace, label: str, areas: Sequence[str]) -> Iterator[str]:
    """The id of a run that begins here; how it ends is entered, whatever the end."""
    started = datetime.now(UTC)
    run = f"{started:%Y%m%dT%H%M%S.%f}-{os.getpid()}"
    record = RunRecord(run, label, " ".join(areas), started.isoformat(timespec="seconds"))
    workspace.ledger.enter_run(record)
    code, message = 1, "a bug: see its traceback"
    try:
        yield run
        code, message = 0, ""
    except PipelineError as error:
        code, message = error.exit_code, str(error)
        raise
    finally:
        ended = datetime.now(UTC).isoformat(timespec="seconds")
        with suppress(WorkspaceError):  # the ledger itself may be what failed
            workspace.ledger.end_run(run, ended, code, message)


def list_last_runs(workspace: Workspace) -> list[RunRecord]:
    """The last runs, the latest first; none if there was no run."""
    return workspace.ledger.list_runs(_SHOWN)
