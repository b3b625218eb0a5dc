"""The Readers of this process, one a run: what makes them, where they are kept, how they are closed."""

import sys
import threading
import warnings
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from rasterio.errors import NotGeoreferencedWarning

from pipeline.ingest import reading
from pipeline.ingest.reading.gate import ANYWHERE, Gate
from pipeline.redaction import watch_libraries
from pipeline.settings.access import Access

_TURN_S = 0.0005
_RUNS = 4
"""Runs whose Readers a worker process keeps: those of today, and the last of yesterday."""
_ANYHOW = Access()


@dataclass(frozen=True)
class Source:
    """What makes a Reader, on any machine: access and gate of the provider, a cache if any, id of the run.

    Workers that outlive a run ask anew for what was broken in it, by the id; it enters nothing delivered.
    """

    access: Access = _ANYHOW
    cache_folder: Path | None = None
    cache_bytes: int = 0
    gate: Gate = ANYWHERE
    run: str = field(default_factory=lambda: uuid4().hex)


def reader_of(source: Source) -> "reading.reader.Reader":
    """The Reader of a run in this process: all that is the process's own stands here.

    Tasks of a run come to a worker one by one, and nothing but the process lives from one to the next: what
    the first of them opened and learnt, the next ones must find. A Reader whose run is over has no one to
    close it there: it goes when newer runs have come and its last task is done. Python has one length of
    turn for all threads: one that has unpacked a tile, in a few milliseconds, must not wait as long again
    for its own. And what other libraries log of addresses, they log for all runs; a file without a place is
    refused by name, and needs no warning beside it.
    """
    sys.setswitchinterval(_TURN_S)
    warnings.filterwarnings("ignore", category=NotGeoreferencedWarning)
    watch_libraries()
    with _LOCK:
        reader = _READERS.get(source.run) or _READERS.setdefault(source.run, reading.reader.Reader(source))
        _READERS.move_to_end(source.run)
        if len(_READERS) > _RUNS:
            _READERS.popitem(last=False)
    return reader


@contextmanager
def closing_reader(source: Source) -> Iterator[None]:
    """Close the Reader of a run at its end, if it read anything."""
    try:
        yield
    finally:
        with _LOCK:
            reader = _READERS.pop(source.run, None)
        if reader is not None:
            reader.close()


@contextmanager
def open_reader(source: Source) -> Iterator["reading.reader.Reader"]:
    """The Reader of a run, closed at its end."""
    with closing_reader(source):
        yield reader_of(source)


_READERS: OrderedDict[str, "reading.reader.Reader"] = OrderedDict()
_LOCK = threading.Lock()
