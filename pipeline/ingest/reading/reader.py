"""The Reader of a run: what its reads share, and what is done when a read fails.

What fails is read once more with care, through GDAL: over HTTP by `ranges`, which checks every answer; on S3
and on disk through a fresh handle. A file that cannot be opened even so is left alone for the rest of the
run.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from time import sleep
from typing import Any, TypeVar

import rasterio
from numpy.typing import NDArray
from rasterio.windows import Window

from pipeline.errors import BrokenAsset
from pipeline.ingest.reading import gdal
from pipeline.ingest.reading.cache import Cache
from pipeline.ingest.reading.gdal import ONLY_BAND, Extract
from pipeline.ingest.reading.handles import HTTP, File, Shelf
from pipeline.ingest.reading.headers import FAILURES, Header
from pipeline.ingest.reading.network import Network
from pipeline.ingest.reading.places import find_flaw
from pipeline.ingest.reading.ranges import GONE, Ranges, busy_status
from pipeline.ingest.reading.readers import Source, reader_of
from pipeline.redaction import redact

NETWORK_THREADS, DISK_THREADS = 32, 4
_S3_PAUSES_S = (0.5, 1, 2)
_CONTENT_TRIES = 3

Value = TypeVar("Value")
Item = TypeVar("Item")


@dataclass
class Trail:
    """What it took to read: every failure on the way, and whether an answer came in the end."""

    failures: list[str] = field(default_factory=list)
    answered: bool = False

    @property
    def attempts(self) -> int:
        """How often the file was asked; 0 for a file that is left alone."""
        return len(self.failures) + self.answered

    @property
    def error(self) -> str:
        """The failures in their order, each once."""
        return "; ".join(dict.fromkeys(self.failures))


class Reader:
    """Reads the files of one run: its hosts, tokens, cache, open files, threads, and what is broken.

    Sent to another process it is the Reader of the same run there. A closed one reads no more.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.network = Network(source.access, source.gate)
        self.cache = Cache(source.cache_folder, source.cache_bytes) if source.cache_folder else None
        self.shelf = Shelf(self.network)
        self._broken: dict[str, BrokenAsset] = {}
        self._pools: dict[int, ThreadPoolExecutor] = {}
        self._lock = threading.Lock()
        self._thread = threading.local()

    def __reduce__(self) -> tuple[Callable[[Source], "Reader"], tuple[Source]]:
        return reader_of, (self.source,)

    def close(self) -> None:
        """End the threads, close files and connections, forget what was broken."""
        for pool in self._pools.values():
            pool.shutdown()
        self.shelf.close()
        self.network.close()
        self._broken.clear()

    def submit(
        self, function: Callable[[Item], Value], items: Sequence[Item], *, network: bool
    ) -> list[Future[Value]]:
        """A function of every item, under way on the threads for the network or those for the disk."""
        count = NETWORK_THREADS if network else DISK_THREADS
        with self._lock:
            pool = self._pools.get(count) or self._pools.setdefault(
                count, ThreadPoolExecutor(count, "reader", _tune_thread, (self._thread,))
            )
        return [pool.submit(function, item) for item in items]

    def read_header(self, href: str, trail: Trail) -> Header:
        """The header of a file; for errors see `take`. BrokenAsset where it lies nowhere on the earth."""
        header = self.take(href, trail, Header.of, self.shelf.header)
        if flaw := find_flaw(header.profile):
            raise BrokenAsset(f"{redact(href)}: {flaw}")
        return header

    def read_window(
        self, href: str, trail: Trail, window: Window, extract: Extract = ONLY_BAND
    ) -> NDArray[Any]:
        """What is extracted from a window inside a file; for errors see `take`."""
        first = partial(self.shelf.window, window=window, extract=extract)
        return self.take(href, trail, partial(extract.read, window=window), first)

    def take(
        self,
        href: str,
        trail: Trail,
        read: Callable[[rasterio.DatasetReader], Value],
        first: Callable[[File], Value] | None = None,
    ) -> Value:
        """What is read from a file: through its handle, if need be in a way of its own; else with care.

        Raises BrokenAsset when it cannot be read, ProviderUnavailable when its host has stopped answering.
        """
        if known := self._broken.get(href):
            raise BrokenAsset(str(known), lasting=known.lasting)
        trail.answered = False
        with self._tune(), gdal.tune_s3(self.network.signer.gdal_options(href)):
            file = self.shelf.file(href)
            if file.host is not None:
                file.host.refuse_nameless()
            try:
                value = first(file) if first else self.shelf.take(file, read)
            except BrokenAsset as error:
                self._broken[href] = error
                raise
            except FAILURES as error:
                trail.failures.append(gdal.describe(error))
                again = self._take_by_ranges if href.startswith(HTTP) else self._take_afresh
                value = again(href, trail, read)
        trail.answered = True
        return value

    def _take_by_ranges(
        self, href: str, trail: Trail, read: Callable[[rasterio.DatasetReader], Value]
    ) -> Value:
        """By ranges that this process asks for and checks itself, whatever GDAL remembers of the file.

        Where all answers were right and the content is broken all the same, it may have been broken on its
        way.
        """
        host, opens = self.network.host(href), False
        for number in range(_CONTENT_TRIES):
            host.pause(busy_status(trail.failures[-1]), number, None)
            ranges, dataset = Ranges(href, self.network), None
            try:
                with gdal.open_dataset(ranges.name, opener=ranges) as dataset:
                    return read(dataset)
            except FAILURES as error:
                told = gdal.describe(error)
            finally:
                trail.failures += ranges.failures
            opens |= dataset is not None
            if ranges.failure:
                break
            trail.failures.append(told)
        if ranges.unanswered:
            host.give_up(href)
        lasting = not ranges.failure or ranges.failure in GONE
        raise self._loss(href, trail, whole=not opens, lasting=lasting)

    def _take_afresh(self, href: str, trail: Trail, read: Callable[[rasterio.DatasetReader], Value]) -> Value:
        """Through a handle opened anew; on S3, where GDAL alone can sign, with growing pauses.

        A file of this machine that cannot be read so stays unreadable until it is replaced.
        """
        file = self.shelf.file(href)
        for pause_s in _S3_PAUSES_S if href.startswith("s3://") else (0,):
            sleep(pause_s)
            try:
                return self.shelf.take(file, read)
            except FAILURES as error:
                trail.failures.append(gdal.describe(error))
        raise self._loss(href, trail, whole=not file.opens, lasting="://" not in href)

    def _loss(self, href: str, trail: Trail, *, whole: bool, lasting: bool) -> BrokenAsset:
        """The error of a read that is lost; a file that is lost as a whole is left alone from now on."""
        error = BrokenAsset(f"{redact(href)}: {trail.error}", lasting=lasting)
        if whole:
            self._broken[href] = error
        return error

    def _tune(self) -> AbstractContextManager[Any]:
        return nullcontext() if getattr(self._thread, "tuned", False) else gdal.tune()


def _tune_thread(thread: threading.local) -> None:
    """Tune GDAL for the rest of a thread's life; by no method, as threads would keep its Reader alive."""
    gdal.tune().__enter__()
    thread.tuned = True
