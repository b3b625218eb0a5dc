"""One run at a time holds a workspace: by a lock that ends with its process, and a note of whose it is."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import filelock

from pipeline.errors import WorkspaceBusy
from pipeline.storage.ownership import refuse_links

_PROBED_S = 0.5
"""A lock is asked for so long: `is_held` has it for a moment."""


@contextmanager
def acquire(root: Path) -> Iterator[None]:
    """The lock of a workspace; WorkspaceBusy, naming the holder, if another run has it.

    The system frees it when the process ends, however it ends, so that a note of one that was killed counts
    for nothing. A file server may keep the lock of a machine that died; the message says how to free it.
    """
    lock, note = root / "lock", root / "holder.json"
    refuse_links((lock, note))
    try:
        holding = filelock.FileLock(lock, timeout=_PROBED_S).acquire()
    except filelock.Timeout as error:
        raise WorkspaceBusy(
            f"Another run holds {root}{_describe_holder(note)}; wait for it or choose another --out. "
            f"If its machine is gone for good, remove {lock}"
        ) from error
    with holding:
        note.write_text(json.dumps(_own_note()), encoding="utf-8")
        try:
            yield
        finally:
            note.unlink(missing_ok=True)


def is_held(root: Path) -> bool:
    """Whether a run holds a workspace; nothing is written, and no run is kept out.

    Who else looks has the lock for a moment too, but leaves no note.
    """
    try:
        with (root / "lock").open("rb") as lock:
            is_free = filelock.lock_descriptor(lock.fileno(), blocking=False)
    except OSError:  # no lock was ever taken, or the file server gives none to those who only read
        is_free = False
    return not is_free and (root / "holder.json").exists()


def _own_note() -> dict[str, str | int]:
    since = datetime.now(UTC).isoformat(timespec="seconds")
    return {"host": socket.gethostname(), "process": os.getpid(), "since": since}


def _describe_holder(note: Path) -> str:
    """Who wrote a note; nothing where it is missing or torn."""
    try:
        holder = json.loads(note.read_text(encoding="utf-8"))
        return f" (process {holder['process']} on {holder['host']}, since {holder['since']})"
    except (OSError, ValueError, KeyError, TypeError):
        return ""
