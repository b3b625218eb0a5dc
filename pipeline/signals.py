"""Signals to stop: each ends a command by the one exception that says how to go on."""

import signal
import sys
import threading
from types import FrameType

from pipeline import operating_system
from pipeline.errors import Interrupted

_SOON_S = 0.1


def watch_signals() -> None:
    """Let the signals to stop raise Interrupted, also one that comes while a library calls back.

    Python drops what is raised within a callback from C; such a signal is sent once more.
    """
    for number in operating_system.STOPS:
        signal.signal(number, _stop)
    sys.unraisablehook = _send_again


def find_stop(error: BaseException) -> Interrupted | None:
    """The signal behind an error: libraries that catch all wrap what it raised while they worked."""
    seen: BaseException | None = error
    while seen is not None and not isinstance(seen, Interrupted):
        seen = seen.__cause__ or seen.__context__
    return seen


def _stop(number: int, _: FrameType | None) -> None:
    raise Interrupted("stopped; run again to resume", number)


def _send_again(lost: "sys.UnraisableHookArgs") -> None:
    if isinstance(lost.exc_value, Interrupted):
        again = operating_system.signal_main_thread
        threading.Timer(_SOON_S, again, [lost.exc_value.signal_number]).start()
    else:
        sys.__unraisablehook__(lost)
