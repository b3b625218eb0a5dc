"""What only some operating systems can do, and what is done elsewhere; nothing else asks which one it is."""

import ctypes
import errno
import io
import os
import re
import signal
import stat
import subprocess
import sys
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import resource
except ModuleNotFoundError:
    resource = None  # type: ignore[assignment]  # Windows has no such limits

_CHECKPOINT = getattr(signal, "SIGUSR1", None)
STOPS = tuple(number for number in (signal.SIGINT, signal.SIGTERM, _CHECKPOINT) if number is not None)
"""Signals that ask a run to stop; Windows has no SIGUSR1, by which batch queues ask for a checkpoint."""

_TRY_AGAIN = 75
_WINDOWS_FILES = 8192
_SPACE = ("space for what is written", "free space, or name another disk")
_FILES = ("some more open files", "raise the limit (ulimit -n 1024)")
_LOOP = "Symlink loop from "
_REFUSALS = {
    errno.ENOSPC: _SPACE,
    getattr(errno, "EDQUOT", errno.ENOSPC): _SPACE,
    errno.EFBIG: ("files as large as they come", "raise the limit (ulimit -f), or name another disk"),
    errno.EMFILE: _FILES,
    errno.ENFILE: _FILES,
    errno.ELOOP: ("no link that leads back to itself", "mend the link, or name another path"),
    errno.ENAMETOOLONG: ("a shorter name", "name it shorter"),
    errno.ENOMEM: ("memory", "lower compute.workers or compute.memory, or raise the limit (ulimit -v)"),
    errno.EROFS: ("a disk that takes files", "name another folder by --out"),
    errno.EIO: ("a disk that answers", "look after the disk"),
}
"""Errors that say that a process may have no more: what was expected, and what to do."""


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


def find_address_limit() -> int | None:
    """The bytes of address space that this process may claim; None where they are not bounded."""
    if resource is None:
        return None
    most = resource.getrlimit(resource.RLIMIT_AS)[0]
    return None if most == resource.RLIM_INFINITY else most


def release_memory() -> None:
    """Give back what was freed and is kept for later, where the C library of Linux can."""
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def find_open_files_limit() -> int:
    """How many files this process may have open; Windows lets it have 8192."""
    return _WINDOWS_FILES if resource is None else resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def explain_refusal(error: Exception) -> tuple[str, str, str, str] | None:
    """Where the operating system refused, what, what was expected, what to do; None for other errors."""
    if isinstance(error, RuntimeError) and str(error).startswith(_LOOP):  # pathlib's word for ELOOP
        expected, todo = _REFUSALS[errno.ELOOP]
        return str(error).removeprefix(_LOOP).strip("'"), "a loop of links", expected, todo
    if isinstance(error, MemoryError):
        todo = "lower compute.workers or compute.memory, or raise the limit (ulimit -v)"
        return "memory", "no more of it", "as much as the run takes", todo
    if not isinstance(error, OSError) or error.errno not in _REFUSALS:
        return None
    expected, todo = _REFUSALS[error.errno]
    return str(error.filename or "output"), error.strerror or str(error), expected, todo


def is_of_system(error: Exception) -> bool:
    """Whether an error is the operating system's: a library's OSError of what is in a file has no number."""
    return isinstance(error, OSError) and error.errno is not None


def silence_output() -> None:
    """Let what is still to be written to standard output go nowhere, as it takes no more."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def write_what_cannot_be_encoded() -> None:
    """Let standard output and error spell what their encoding lacks, such as Chinese in ASCII, as escapes."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def open_at_once(path: str, flags: int) -> int:
    """Open a file for `open`, a named pipe only where its other end is open too: nothing is waited for."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0), 0o666)


def explain_stream(path: Path) -> str:
    """What a path is that may never come to an end: a named pipe, a device, a socket; '' for all else.

    Files, folders, what is not there and what nobody may look at are all else.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return ""
    kinds = {stat.S_IFIFO: "a named pipe", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device"}
    return {**kinds, stat.S_IFSOCK: "a socket"}.get(stat.S_IFMT(mode), "")


def refuse_link(path: Path) -> None:
    """FileExistsError where a link or what never ends stands, in whose place no file of ours comes."""
    found = f"a symbolic link to {path.readlink()}" if path.is_symlink() else explain_stream(path)
    if found:
        raise FileExistsError(errno.EEXIST, found, str(path))


@contextmanager
def hold_part(path: Path) -> Iterator[Path]:
    """A file beside a path, which takes its place when written, or goes; for errors see `refuse_link`."""
    refuse_link(path)
    part = path.with_name(f".{path.name}.part")
    try:
        yield part
        part.replace(path)
    except OSError as error:
        error.filename = str(path)
        raise
    finally:
        part.unlink(missing_ok=True)


_MOST_NAME_BYTES = 80
"""Of a name that others are made of: systems of files hold 255 bytes, some that encrypt 143."""
_MOST_PART_BYTES, _MOST_PATH_BYTES = 255, 4096
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_FORBIDDEN = frozenset('<>:"/\\|?*')
_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def explain_name(name: str) -> str:
    """What a name lacks that folders, archives and databases of every system have to hold; '' if nothing."""
    if any(sign in _FORBIDDEN for sign in name) or has_unseen(name):
        return """signs that show, other than < > : " / \\ | ? *"""
    if _DEVICES.fullmatch(name):
        return "a name that Windows does not keep for a device"
    if name != name.rstrip(". "):
        return "a name that ends in no dot or space"
    if len(name.encode()) > _MOST_NAME_BYTES:
        return "at most 80 bytes in UTF-8, which are 26 Chinese characters"
    return ""


def has_unseen(words: str) -> bool:
    """Whether words have signs that do not show: controls, marks of direction, ends of lines."""
    return any(unicodedata.category(sign) in _UNSEEN for sign in words)


def explain_path(path: str) -> str:
    """What a path lacks that a system of files has to take; '' if nothing."""
    if "\0" in path or not is_text(path):
        return "a path in UTF-8"
    sizes = [len(part.encode()) for part in re.split(r"[/\\]", path)]
    too_long = max(sizes) > _MOST_PART_BYTES or sum(sizes) + len(sizes) > _MOST_PATH_BYTES
    return "names of at most 255 bytes in UTF-8, and no more than 4096 in all" if too_long else ""


def is_text(words: str) -> bool:
    """Whether words that the system gave are UTF-8; Python hides other bytes in them as surrogates."""
    return not any("\ud800" <= sign <= "\udfff" for sign in words)


def find_working_folder() -> str:
    """The folder that a process stands in, '' where it was removed."""
    try:
        return str(Path.cwd())
    except OSError:
        return ""


def find_cache_folder() -> Path:
    """Where this user keeps what can be made anew, as the operating system has it: a folder of ours in it."""
    if sys.platform == "win32":
        root = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        root = Path.home() / "Library" / "Caches"
    else:
        root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "ecoledger"
