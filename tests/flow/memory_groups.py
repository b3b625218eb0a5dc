"""A group of processes with a bound of memory of its own, as services, jobs and containers have one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_ROOT = Path("/sys/fs/cgroup")
_BOUNDS = {_ROOT / "memory": "memory.limit_in_bytes", _ROOT: "memory.max"}
"""Where groups of version 1 and of version 2 are, and what bounds one."""


@contextmanager
def group_of(most_bytes: int) -> Iterator[list[str]]:
    """What is put before a command that is to run in a group of so much; skips where none can be made."""
    root = next((root for root in _BOUNDS if (root / "cgroup.procs").exists()), None)
    if root is None:
        pytest.skip("this machine has no groups of processes")
    group = root / f"ecoledger_{os.getpid()}"
    try:
        group.mkdir()
        (group / _BOUNDS[root]).write_text(str(most_bytes), encoding="ascii")
    except OSError as error:
        pytest.skip(f"no group with a bound of memory can be made here: {error}")
    try:
        yield ["/bin/sh", "-c", f'echo $$ > {group}/cgroup.procs && exec "$0" "$@"']
    finally:
        group.rmdir()
