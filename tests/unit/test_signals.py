"""Signals to stop, wherever in the program they arrive."""

import signal
import subprocess
import sys

import pytest

from pipeline import operating_system
from pipeline.errors import Interrupted
from pipeline.signals import find_stop

PROGRAM = """
import ctypes, signal, sys, time
import pipeline.cli as cli

@ctypes.CFUNCTYPE(None)
def called_back():
    signal.raise_signal({number})
    [one for one in range(100)]

def app():
    called_back()
    time.sleep(20)

cli.app = app
cli.main()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_that_comes_while_a_library_calls_back_is_not_lost(number):
    program = PROGRAM.format(number=int(number))
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=15
    )
    assert done.returncode == operating_system.exit_code(number)
    assert "run again to resume" in done.stderr


def test_a_stop_is_found_behind_what_libraries_made_of_it():
    stop, told = Interrupted("stopped", signal.SIGTERM), RuntimeError("stopped")
    told.__context__ = stop
    wrapped = OSError("no answer")
    wrapped.__cause__ = told
    assert find_stop(wrapped) is stop
    assert stop.exit_code == 143
    assert find_stop(OSError("no host")) is None
