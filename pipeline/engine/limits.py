"""How much memory this process may have, of what the machine has, and how near it is to that."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

import psutil

from pipeline.grid import BASELINE_BYTES
from pipeline.operating_system import find_address_limit

START = "start"
"""What comes before the first step of a run: its program, its config."""
REGISTER_BYTES = 4_000 * 10**6
"""The most that a process takes for a register of ten million parcels, and for its delivery: rows are read,
joined and written in parts, but ids and places of all of them are held (`make bench-parcels`)."""

_GROUPS = Path("/sys/fs/cgroup")
_OWN_GROUPS = Path("/proc/self/cgroup")
"""Where Linux has its groups of processes, and says in which of them this one is."""
_BOUNDS = {
    "memory.max": ("memory.current", "inactive_file"),
    "memory.limit_in_bytes": ("memory.usage_in_bytes", "total_inactive_file"),
}
"""By the file of a group's bound, version 2 and version 1: that of what it has, and what of it is let go
before anything is refused (in `memory.stat`)."""
_LIBRARY_ADDRESSES = 5 * 2**29
"""Bytes of address space that libraries and threads claim and never fill: 2.5 GiB of a small run's 3.3."""
_NEAR_SHARE = 0.9
"""Of what a process or its group may have, above which it is near its bound."""


def find_memory_limit() -> int:
    """The bytes that this process may have: the least of machine, groups and address space.

    dask has such a function in a room that takes half a second to load, and which knows no address space.
    """
    return min(_list_limits())


def find_step_limit(step: str, memory: int) -> int:
    """The most bytes that a process may hold in a step of a run, `memory` being the bound in the config.

    To start takes no more than what a process takes besides its blocks. Maps are cut into blocks that fit;
    what is made of a register fits as well while it is held whole, see REGISTER_BYTES for what is larger.
    """
    return BASELINE_BYTES if step == START else memory


def is_near_limit(memory: int) -> bool:
    """Whether this process holds `memory` bytes or more, or is near what it or its group may have."""
    held = psutil.Process().memory_info().rss
    if held >= min(memory, _NEAR_SHARE * find_memory_limit()):
        return True
    return any(used >= _NEAR_SHARE * most for used, most in _list_usage())


def _list_limits() -> Iterator[int]:
    yield psutil.virtual_memory().total
    for bound in _list_bounds():
        with suppress(OSError, ValueError):
            yield _read_number(bound)
    if (addresses := find_address_limit()) is not None:
        yield max(addresses - _LIBRARY_ADDRESSES, 0)


def _list_usage() -> Iterator[tuple[int, int]]:
    """What each group of this process has and cannot let go, and what it may have."""
    for bound in _list_bounds():
        used, idle = _BOUNDS[bound.name]
        with suppress(OSError, ValueError):
            statistics = (bound.parent / "memory.stat").read_text(encoding="ascii").split()
            let_go = int(statistics[statistics.index(idle) + 1])
            yield _read_number(bound.parent / used) - let_go, _read_number(bound)


def _list_bounds() -> Iterator[Path]:
    """The files that may say what the groups of this process may have, from its own to the outermost.

    In a container its own group is often told by a path that is outside: the outermost is always looked at.
    """
    own = {PurePosixPath("/")}
    with suppress(OSError, ValueError):
        for line in _OWN_GROUPS.read_text(encoding="utf-8").splitlines():
            _, controllers, path = line.split(":", 2)
            if not controllers or "memory" in controllers.split(","):
                own |= {PurePosixPath(path), *PurePosixPath(path).parents}
    for group in sorted(own, reverse=True):
        for root, name in zip((_GROUPS, _GROUPS / "memory"), _BOUNDS, strict=True):
            yield root / group.relative_to("/") / name


def _read_number(path: Path) -> int:
    return int(path.read_text(encoding="ascii"))
