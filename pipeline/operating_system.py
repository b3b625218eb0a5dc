"""What only some operating systems can do, and what is done elsewhere; nothing else asks which one it is."""

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import psutil

try:
    import resource
except ModuleNotFoundError:
    resource = None  # type: ignore[assignment]  # Windows has no such limits

_CHECKPOINT = getattr(signal, "SIGUSR1", None)
STOPS = tuple(number for number in (signal.SIGINT, signal.SIGTERM, _CHECKPOINT) if number is not None)
"""Signals that ask a run to stop; Windows has no SIGUSR1, by which batch queues ask for a checkpoint."""

_TRY_AGAIN = 75
_CGROUP_MEMORY = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
"""Where Linux says the bound of this process's group: version 2, and version 1."""
_WINDOWS_FILES = 8192


def exit_code(number: int) -> int:
    """The code of a program that a signal stopped, as shells give it; that of a checkpoint asks to go on."""
    return _TRY_AGAIN if number == _CHECKPOINT else 128 + number


def signal_main_thread(number: int) -> None:
    """Send a signal to the main thread, and wake it; on Windows it is heeded when that thread goes on."""
    main = threading.main_thread().ident
    if hasattr(signal, "pthread_kill") and main is not None:
        signal.pthread_kill(main, number)
    else:
        signal.raise_signal(number)


def lower_priority(steps: int) -> None:
    """Let this thread, and those that it begins, have the processors that nobody else wants.

    Nothing is done but on Linux: elsewhere the priority is that of the whole process.
    """
    if sys.platform == "linux":
        os.nice(steps)


def end_process(process: subprocess.Popen[bytes]) -> None:
    """End a process that still runs and leads a session of its own, with its group.

    Windows has no such groups: there it is ended alone.
    """
    if process.poll() is None:
        with suppress(ProcessLookupError):
            if hasattr(os, "killpg"):
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
        process.wait()


def sync_to_disk(path: Path) -> None:
    """Bring the content of a file, or the names in a folder, to the disk.

    Windows flushes what can be written to, and no folders.
    """
    windows = sys.platform == "win32"
    if windows and path.is_dir():
        return
    handle = os.open(path, os.O_RDWR if windows else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def find_memory_limit() -> int:
    """The bytes that this process may have: of the machine, of its cgroup, of its address space the least."""
    limits = [psutil.virtual_memory().total]
    for path in _CGROUP_MEMORY:
        with suppress(OSError, ValueError):
            limits.append(int(path.read_text(encoding="ascii")))
    if resource is not None:
        address_space = resource.getrlimit(resource.RLIMIT_AS)[0]
        limits += [address_space] if address_space != resource.RLIM_INFINITY else []
    return min(limits)


def find_open_files_limit() -> int:
    """How many files this process may have open; Windows lets it have 8192."""
    return _WINDOWS_FILES if resource is None else resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def find_cache_folder() -> Path:
    """Where this user keeps what can be made anew, as the operating system has it: a folder of ours in it."""
    if sys.platform == "win32":
        root = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        root = Path.home() / "Library" / "Caches"
    else:
        root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "ecoledger"
