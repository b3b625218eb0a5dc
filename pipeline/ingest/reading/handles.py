"""Files of scenes: one shared handle per file, a tuned GDAL, and what to do when a read fails.

Deflated tiles are fetched and unpacked here, all else goes through GDAL. What fails is read once more with
care, through GDAL: over HTTP by `ranges`, which checks every answer; on S3 and on disk through a fresh
handle. A file that cannot be opened even so is left alone for the rest of the run. GDAL reads with one thread
of its own: with more it takes lost ranges of uncompressed files for pixels (gdal#11552); with one it raises,
whatever the compression.
"""

import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property, partial
from time import monotonic, sleep
from typing import Any, TypeVar
from urllib.parse import urlsplit

import rasterio
import rasterio.io
from numpy.typing import NDArray
from rasterio.errors import RasterioError, RasterioIOError
from rasterio.windows import Window

from pipeline.errors import BrokenAsset
from pipeline.ingest.reading import signing
from pipeline.ingest.reading.block_cache import BlockCache
from pipeline.ingest.reading.headers import Header, read_header
from pipeline.ingest.reading.ranges import Ranges, busy_status, fetched, host_of
from pipeline.ingest.reading.tiles import read_tiles
from pipeline.settings.access import Access

_GDAL: dict[str, Any] = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_HTTP_MERGE_CONSECUTIVE_RANGES": "YES",
    "GDAL_HTTP_MULTIPLEX": "YES",
    "GDAL_HTTP_MAX_RETRY": "0",
    "GDAL_HTTP_RETRY_CODES": "408,429,500,502,503,504",
    "GDAL_HTTP_TIMEOUT": "60",
    "GDAL_HTTP_CONNECTTIMEOUT": "10",
    "GDAL_INGESTED_BYTES_AT_OPEN": "32768",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".tif,.tiff,.jp2",
    "CPL_VSIL_CURL_NON_CACHED": "/vsicurl/:/vsis3/",
    "VSI_CACHE": "FALSE",
    "GDAL_NUM_THREADS": "1",
    "GDAL_CACHEMAX": 64 * 2**20,
}
_S3_RETRIES = {"GDAL_HTTP_MAX_RETRY": "5", "GDAL_HTTP_RETRY_DELAY": "0.5"}
_S3_PAUSES_S = (0.5, 1, 2)
_HTTP = ("http://", "https://")
_OPEN_FILES_OF_DISK, _OPEN_FILES_OF_NETWORK = 128, 192
"""An open file holds half a MiB and more; one of the network takes two requests to open."""
_KNOWN_FILES = 4096
"""Files whose headers are remembered, a few KiB each."""
_CONTENT_TRIES = 3

Taken = TypeVar("Taken")


_ANYWHERE = Access()


@dataclass(frozen=True)
class Source:
    """Where the files of a run come from: by the provider's access, beside a cache of what was read before.

    `run` tells runs of one process apart.
    """

    access: Access = _ANYWHERE
    run: str = ""
    cache: BlockCache | None = None

    @cached_property
    def key(self) -> str:
        """What open files are shared by; made once, as hashing the access at every read would cost time."""
        return f"{self.run}|{self.access!r}"


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
        """The failures in their order."""
        return "; ".join(self.failures)


ANYWHERE = Source()


class _File:
    """A file of which the header is known once it was read, and a dataset that one thread reads at a time.

    The dataset is opened when it is wanted, and anew before its signature ends.
    """

    def __init__(self, href: str, access: Access) -> None:
        self.href, self.access = href, access
        self.host = host_of(href) if href.startswith(_HTTP) else None
        self.lock, self._heading = threading.Lock(), threading.Lock()
        self.dataset: rasterio.DatasetReader | None = None
        self.header: Header | None = None
        self.opens = False
        self.until = 0.0

    def taken(self, take: Callable[[rasterio.DatasetReader], Taken]) -> Taken:
        """What is taken from the dataset; after a failure it will be opened anew."""
        if self.host is not None:
            self.host.wait()
        SHELF.count(self)
        with self.lock:
            try:
                return take(self._opened())
            except (RasterioError, OSError):
                self.drop()
                raise

    def known(self) -> Header:
        """The header, read once."""
        with self._heading:
            if self.header is None:
                reachable = self.host is not None or "://" not in self.href
                self.header = (read_header(self._fetch) if reachable else None) or self.taken(Header.of)
            return self.header

    def window(self, window: Window) -> NDArray[Any]:
        """The numbers of a window inside it: unpacked here, beside other threads, or read by GDAL."""
        tiling = self.known().tiling
        if tiling is None:
            return self.taken(partial(_window, window=window))
        try:
            return read_tiles(tiling, window, self._fetch)
        except OSError:
            self.header = None
            raise

    def _fetch(self, first: int, size: int) -> bytes:
        """Some bytes, asked for once, without GDAL."""
        path = signing.address(self.href, self.access).path
        if self.host is not None:
            self.host.wait()
            return fetched(path, first, first + size - 1)
        file = os.open(path, os.O_RDONLY)
        try:
            return os.pread(file, size, first)
        finally:
            os.close(file)

    def _opened(self) -> rasterio.DatasetReader:
        if self.dataset is None or self.until <= monotonic():
            self.drop()
            self.opens = False
            address = signing.address(self.href, self.access)
            self.dataset, self.until, self.opens = _opened(address.path), address.until, True
        return self.dataset

    def drop(self) -> None:
        """Close the dataset; the lock is held."""
        if self.dataset is not None:
            self.dataset.close()
            self.dataset = None


class Shelf:
    """The files that this process knows, and has open, the least used closed first; those left alone."""

    def __init__(self) -> None:
        self._files: OrderedDict[tuple[str, str], _File] = OrderedDict()
        self._open: OrderedDict[int, _File] = OrderedDict()
        self._lock = threading.Lock()
        self.broken: dict[tuple[str, str], str] = {}

    def file(self, href: str, source: Source) -> _File:
        """The shared handle of a file."""
        key = href, source.key
        with self._lock:
            file = self._files.get(key) or self._files.setdefault(key, _File(href, source.access))
            self._files.move_to_end(key)
            if len(self._files) > _KNOWN_FILES:
                self._files.popitem(last=False)
        return file

    def count(self, file: _File) -> None:
        """Count a file among the open ones; the least used of them may be closed."""
        with self._lock:
            self._open[id(file)] = file
            self._open.move_to_end(id(file))
            most = _OPEN_FILES_OF_NETWORK if "://" in file.href else _OPEN_FILES_OF_DISK
            surplus = self._open.popitem(last=False)[1] if len(self._open) > most else None
        if surplus is not None:
            with surplus.lock:
                surplus.drop()

    def clear(self) -> None:
        """Close all files, and forget which were broken."""
        with self._lock:
            files, self._open = list(self._open.values()), OrderedDict()
            self._files.clear()
            self.broken.clear()
        for file in files:
            with file.lock:
                file.drop()


SHELF = Shelf()
_THREAD = threading.local()


def tune_gdal() -> None:
    """Tune GDAL for the rest of this thread's life; threads that read many windows call it once."""
    rasterio.Env(**_GDAL).__enter__()
    _THREAD.tuned = True


def header_of(href: str, source: Source, trail: Trail) -> Header:
    """The header of a file; for errors see `taken`."""
    return taken(href, source, trail, Header.of, _File.known)


def window_of(href: str, source: Source, trail: Trail, window: Window) -> NDArray[Any]:
    """The numbers of a window inside a file; for errors see `taken`."""
    return taken(href, source, trail, partial(_window, window=window), lambda file: file.window(window))


def taken(
    href: str,
    source: Source,
    trail: Trail,
    take: Callable[[rasterio.DatasetReader], Taken],
    first: Callable[[_File], Taken] | None = None,
) -> Taken:
    """What is taken from a file: through its shared handle, if need be in a way of its own; else with care.

    Raises BrokenAsset when it cannot be read, ProviderUnavailable when its host has stopped answering.
    """
    if known := SHELF.broken.get((href, source.key)):
        raise BrokenAsset(known)
    trail.answered = False
    with _tuned(), _on_s3(href, source.access):
        try:
            file = SHELF.file(href, source)
            found = first(file) if first else file.taken(take)
        except BrokenAsset as error:
            SHELF.broken[href, source.key] = str(error)
            raise
        except (RasterioError, OSError) as error:
            trail.failures.append(_told(error))
            again = _by_ranges if href.startswith(_HTTP) else _afresh
            found = again(href, source, trail, take)
    trail.answered = True
    return found


def _by_ranges(
    href: str, source: Source, trail: Trail, take: Callable[[rasterio.DatasetReader], Taken]
) -> Taken:
    """By ranges that this process asks for and checks itself, whatever GDAL remembers of the file.

    Where all answers were right and the content is broken all the same, it may have been broken on its way.
    """
    host, opens = host_of(href), False
    for number in range(_CONTENT_TRIES):
        host.pause(busy_status(trail.failures[-1]), number, None)
        ranges, dataset = Ranges(href, source.access), None
        try:
            with _opened(ranges.name, opener=ranges) as dataset:
                return take(dataset)
        except (RasterioError, OSError) as error:
            told = _told(error)
        finally:
            trail.failures += ranges.failures
        opens |= dataset is not None
        if ranges.failure:
            break
        trail.failures.append(told)
    if ranges.unanswered:
        host.gave_up(href)
    raise _lost(href, source, trail, whole=not opens)


def _afresh(
    href: str, source: Source, trail: Trail, take: Callable[[rasterio.DatasetReader], Taken]
) -> Taken:
    """Through a handle opened anew; on S3, where GDAL alone can sign, with growing pauses."""
    file = SHELF.file(href, source)
    for pause_s in _S3_PAUSES_S if href.startswith("s3://") else (0,):
        sleep(pause_s)
        try:
            return file.taken(take)
        except (RasterioError, OSError) as error:
            trail.failures.append(_told(error))
    raise _lost(href, source, trail, whole=not file.opens)


def _lost(href: str, source: Source, trail: Trail, *, whole: bool) -> BrokenAsset:
    """The error of a read that is lost; a file that is lost as a whole is left alone from now on."""
    text = f"{signing.hidden(href)}: {trail.error}"
    if whole:
        SHELF.broken[href, source.key] = text
    return BrokenAsset(text)


def _opened(path: str, opener: Ranges | None = None) -> rasterio.DatasetReader:
    """A dataset that lies somewhere: where a tag of the header is lost, GDAL only warns.

    GDAL is tuned already, so that the reader is made at once: `rasterio.open` would set all options again.
    """
    driver = "JP2OpenJPEG" if urlsplit(path).path.endswith(".jp2") else "GTiff"
    if opener is None:
        dataset = rasterio.io.DatasetReader(path, driver=driver)
    else:
        dataset = rasterio.open(path, driver=driver, opener=opener)
    if dataset.crs is None or dataset.transform.is_identity:
        dataset.close()
        raise RasterioIOError("no CRS or no place")
    return dataset


def _window(dataset: rasterio.DatasetReader, *, window: Window) -> NDArray[Any]:
    numbers: NDArray[Any] = dataset.read(1, window=window)
    return numbers


def _told(error: Exception) -> str:
    """What GDAL says went wrong, on one line and without signatures."""
    return " ".join(signing.hidden(str(error.__cause__ or error)).split())


def _tuned() -> AbstractContextManager[Any]:
    return nullcontext() if getattr(_THREAD, "tuned", False) else rasterio.Env(**_GDAL)


def _on_s3(href: str, access: Access) -> AbstractContextManager[Any]:
    options = signing.gdal_options(href, access)
    return rasterio.Env(**options, **_S3_RETRIES) if options else nullcontext()
