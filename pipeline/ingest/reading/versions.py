"""What tells that a file was replaced: the disk or its server says of its content what changes with it.

On this machine that is size, time of change, and time of the last touch, which nobody sets; over HTTP it is
ETag, else Last-Modified, and size. On S3 nothing is asked.
"""

import os
import threading
from collections.abc import Mapping

_PER_MICROSECOND = 1000
"""Nanoseconds: file systems that are mounted elsewhere tell times less finely."""


class Versions:
    """What the files of a run were when they were first read, or when their scenes were found."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._lock = threading.Lock()

    def expect(self, href: str, version: str) -> None:
        """Hold the reads of a file to a version, if one is known."""
        if version:
            with self._lock:
                self._known[href] = version

    def explain_change(self, href: str, version: str) -> str:
        """That a file is not what it was, in words; empty where it is, or where nobody can tell."""
        if not version:
            return ""
        with self._lock:
            known = self._known.setdefault(href, version)
        if known == version:
            return ""
        return f"the file was replaced since its scene was found ({known} is now {version})"


def describe_file(path: str) -> str:
    """The version of a file of this machine; empty where there is none."""
    try:
        state = os.stat(path)  # noqa: PTH116 asked for every tile that is read
    except OSError:
        return ""
    times = (state.st_mtime_ns // _PER_MICROSECOND, state.st_ctime_ns // _PER_MICROSECOND)
    return f"{state.st_size}-{times[0]:x}-{times[1]:x}"


def describe_answer(headers: Mapping[str, str], size: int) -> str:
    """The version of a file by what a server answers; empty where it says nothing but the size."""
    tag = headers.get("ETag", "").removeprefix("W/") or headers.get("Last-Modified", "")
    return f"{size} {tag}" if tag else ""
