"""What became of each run."""

import signal

import pytest

from pipeline.engine.journal import list_last_runs, record_run
from pipeline.errors import InputError, Interrupted
from pipeline.storage.workspace import Workspace


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "work")


def run_that(workspace, error=None):
    with workspace.hold(), record_run(workspace, "2024", ["a", "b"]) as run:
        if error:
            raise error
    return run


def test_a_run_that_ended_well_has_code_0(workspace):
    run = run_that(workspace)
    with workspace.open_for_reading():
        (record,) = list_last_runs(workspace)
    assert (record.id, record.label, record.areas, record.exit_code) == (run, "2024", "a b", 0)
    assert record.started <= record.ended
    assert record.message == ""


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (InputError("the register is empty"), 3, "the register is empty"),
        (Interrupted("stopped", signal.SIGUSR1), 75, "stopped"),
        (ZeroDivisionError("x"), 1, "a bug: see its traceback"),
    ],
)
def test_a_run_that_failed_says_how(workspace, error, code, message):
    with pytest.raises(type(error)):
        run_that(workspace, error)
    with workspace.open_for_reading():
        (record,) = list_last_runs(workspace)
    assert (record.exit_code, record.message) == (code, message)


def test_a_run_that_is_at_work_or_was_killed_has_no_end(workspace):
    with (
        workspace.hold(),
        record_run(workspace, "2024", ["a"]),
        Workspace(workspace.root).open_for_reading() as seen,
    ):
        (record,) = list_last_runs(seen)
    assert (record.ended, record.exit_code) == (None, None)


def test_the_last_five_runs_are_told_the_latest_first(workspace):
    runs = [run_that(workspace) for _ in range(7)]
    with workspace.open_for_reading():
        assert [record.id for record in list_last_runs(workspace)] == runs[:1:-1]
