"""Errors: sorted by who can mend them."""

import inspect
import pickle
import signal

import pytest

from pipeline import errors
from pipeline.errors import Interrupted, PipelineError, Problem

EXIT_CODES = {
    "PipelineError": 1,
    "ContractError": 1,
    "SettingsError": 2,
    "NoScenes": 2,
    "InputError": 3,
    "TooMuchLost": 4,
    "WorkspaceBusy": 5,
    "WorkspaceError": 6,
    "SourceError": 75,
    "ProviderUnavailable": 75,
    "BrokenAsset": 3,
}


@pytest.mark.parametrize(("name", "code"), EXIT_CODES.items())
def test_the_exit_code_says_who_can_mend_it(name, code):
    error = getattr(errors, name)("what", [Problem("here", "a", "b", "do c")])
    assert error.exit_code == code
    assert str(error) == "what\n  - here: found a; expected b. do c"


def test_a_file_that_may_come_back_is_worth_another_try():
    assert errors.BrokenAsset("HTTP 503", lasting=False).exit_code == 75
    gone = pickle.loads(pickle.dumps(errors.BrokenAsset("HTTP 503", lasting=False)))
    assert not gone.lasting


def test_no_error_is_left_without_an_exit_code():
    named = {
        name for name, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, Exception)
    }
    assert named == {*EXIT_CODES, "Interrupted"}
    assert all(issubclass(getattr(errors, name), PipelineError) for name in named)


def test_what_a_signal_stopped_has_the_code_of_the_signal():
    assert Interrupted("stopped", signal.SIGTERM).exit_code == 143


def test_problems_may_come_from_a_generator_and_stay():
    error = PipelineError("what", (Problem(str(number), "a", "b") for number in range(3)))
    assert [problem.place for problem in error.problems] == ["0", "1", "2"]
