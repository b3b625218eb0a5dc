"""How much memory this process may have, of what the machine has."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from pipeline.operating_system import find_address_limit

_CGROUPS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
"""Where Linux says the bound of the group of this process: version 2, and version 1."""
_LIBRARY_ADDRESSES = 5 * 2**29
"""Bytes of address space that libraries and threads claim and never fill: 2.5 GiB of a small run's 3.3."""


def find_memory_limit() -> int:
    """The bytes that this process may have: the least of machine, group and address space.

    dask has such a function in a room that takes half a second to load, and which knows no address space.
    """
    return min(_list_limits())


def _list_limits() -> Iterator[int]:
    yield psutil.virtual_memory().total
    for path in _CGROUPS:
        with suppress(OSError, ValueError):
            yield int(path.read_text(encoding="ascii"))
    if (addresses := find_address_limit()) is not None:
        yield max(addresses - _LIBRARY_ADDRESSES, 0)
