"""The real program in a process of its own: it ends in time, within its memory, and without a traceback."""

import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = Path(sys.executable).with_name("ecoledger")
MEMORY = 6 * 2**30
"""Bytes of address space that a command may have: what never ends is stopped by it before the machine is."""
_READ_BYTES = 4 * 2**20

Limits = Mapping[int, int]


@dataclass(frozen=True)
class Done:
    """How a command ended: `peak` is the most memory in bytes that it held."""

    code: int
    out: str
    err: str
    seconds: float
    peak: int

    def tell(self) -> str:
        """For the table: its code, and the end of what it said."""
        said = (self.err or self.out).strip() or "nothing said"
        return f"exit {self.code}: {said}"


def try_command(
    words: Sequence[object],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str | None] | None = None,
    seconds: float = 60,
    memory: int = MEMORY,
    limits: Limits | None = None,
    **streams: Any,
) -> Done:
    """Run `ecoledger WORDS`, which must end in time and without a traceback.

    `env` is laid over the environment, in which messages are English; None takes a variable out. `limits`
    are those of `resource`; further streams are those of `subprocess.Popen`.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given = {"stdin": subprocess.DEVNULL, "stdout": out, "stderr": err} | streams
        began = time.monotonic()
        process = subprocess.Popen(
            [os.fsencode(str(word)) for word in (PROGRAM, *words)],
            cwd=cwd,
            env=_lay_over(env or {}),
            preexec_fn=_bound({resource.RLIMIT_AS: memory, **(limits or {})}),  # noqa: PLW1509  sets limits alone
            start_new_session=True,
            **given,
        )
        code, peak, late = _wait(process, seconds)
        done = Done(code, _read(out), _read(err), time.monotonic() - began, peak)
    assert not late, f"did not end within {seconds} s: {done.tell()}"
    assert "Traceback" not in done.err + done.out, done.err[-2000:]
    return done


def _lay_over(changes: Mapping[str, str | None]) -> dict[str, str]:
    environment = {**os.environ, "ECOLEDGER_LANGUAGE": "en", **changes}
    return {name: value for name, value in environment.items() if value is not None}


def _bound(limits: Limits) -> Any:
    def bound() -> None:
        for kind, most in limits.items():
            resource.setrlimit(kind, (most, most))

    return bound


def _wait(process: subprocess.Popen[bytes], seconds: float) -> tuple[int, int, bool]:
    """Exit code, peak bytes, and whether it had to be killed."""
    late = threading.Event()

    def end() -> None:
        late.set()
        os.killpg(process.pid, signal.SIGKILL)

    timer = threading.Timer(seconds, end)
    timer.start()
    _, status, usage = os.wait4(process.pid, 0)
    timer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_maxrss * 1024, late.is_set()


def _read(stream: Any) -> str:
    stream.seek(0)
    return stream.read(_READ_BYTES).decode("utf-8", "replace")
