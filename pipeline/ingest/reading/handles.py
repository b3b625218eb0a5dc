"""Files of scenes: one shared handle per file, its header read once, the least used closed first.

Deflated tiles are fetched and unpacked here, all else goes through GDAL. GDAL reads with one thread of its
own: with more it takes lost ranges of uncompressed files for pixels (gdal#11552); with one it raises,
whatever the compression.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

import rasterio
from numpy.typing import NDArray
from rasterio.windows import Window

from pipeline.ingest.reading import gdal
from pipeline.ingest.reading.headers import FAILURES, Header, read_header
from pipeline.ingest.reading.network import Network
from pipeline.ingest.reading.ranges import Ranges, fetch_range
from pipeline.ingest.reading.tiles import read_tiles
from pipeline.ingest.reading.versions import describe_file

HTTP = ("http://", "https://")
_OPEN_FILES_OF_DISK, _OPEN_FILES_OF_NETWORK = 128, 192
"""An open file holds half a MiB and more; one of the network takes two requests to open."""
_KNOWN_FILES = 4096
"""Files whose headers are remembered, a few KiB each."""

Value = TypeVar("Value")


class File:
    """A file of which the header is known once it was read, and a dataset that one thread reads at a time.

    The dataset is opened when it is wanted, and anew before its signature ends; over HTTP for each read.
    `opens` says whether GDAL could open it when it last tried.
    """

    def __init__(self, href: str, network: Network) -> None:
        self.href, self._network = href, network
        self.host = network.host(href) if href.startswith(HTTP) else None
        self.lock, self._heading = threading.Lock(), threading.Lock()
        self.dataset: rasterio.DatasetReader | None = None
        self.header: Header | None = None
        self.opens = False
        self._until = 0.0

    @property
    def remote(self) -> bool:
        """Whether it lies on another machine."""
        return "://" in self.href

    def take(self, read: Callable[[rasterio.DatasetReader], Value]) -> Value:
        """What is read from the dataset; after a failure it is opened anew."""
        if self.host is not None:
            self.host.wait()
            return self._take_by_ranges(read)
        with self.lock:
            try:
                try:
                    return read(self._open())
                finally:
                    self._refuse_change()
            except FAILURES:
                self.drop()
                raise

    def fetch(self, first: int, size: int) -> bytes:
        """Some bytes, asked for once, without GDAL."""
        path = self._network.signer.sign(self.href).path
        if self.host is not None:
            self.host.wait()
            return fetch_range(self._network, self.href, path, first, first + size - 1)
        with Path(path).open("rb", buffering=0) as file:
            file.seek(first)
            content = file.read(size)
        self._refuse_change()
        return content

    def know(self, read: Callable[[], Header]) -> Header:
        """The header, read once."""
        with self._heading:
            if self.header is None:
                self.header = read()
            return self.header

    def drop(self) -> None:
        """Close the dataset; the lock is held."""
        if self.dataset is not None:
            self.dataset.close()
            self.dataset = None

    def _refuse_change(self) -> None:
        """OSError where a file of this machine is not what it was: what was just read is of another."""
        if not self.remote and (
            told := self._network.versions.explain_change(self.href, describe_file(self.href))
        ):
            raise OSError(told)

    def _open(self) -> rasterio.DatasetReader:
        if self.dataset is None or self._until <= monotonic():
            self.drop()
            self.opens = False
            address = self._network.signer.sign(self.href)
            self.dataset, self._until, self.opens = gdal.open_dataset(address.path), address.until, True
        return self.dataset

    def _take_by_ranges(self, read: Callable[[rasterio.DatasetReader], Value]) -> Value:
        """What is read by ranges that are asked for here, each once; no dataset over them stays open."""
        self.opens = False
        ranges = Ranges(self.href, self._network, tries=1)
        with gdal.open_dataset(ranges.name, opener=ranges) as dataset:
            self.opens = True
            return read(dataset)


class Shelf:
    """The files that a run knows, and has open, the least used closed first."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._files: OrderedDict[str, File] = OrderedDict()
        self._open: OrderedDict[int, File] = OrderedDict()
        self._lock = threading.Lock()
        self._opener = ThreadPoolExecutor(1, "header")

    @property
    def files(self) -> list[File]:
        """The files that are known."""
        return list(self._files.values())

    def file(self, href: str) -> File:
        """The shared handle of a file; BrokenAsset where it is not of the provider."""
        self._network.gate.let_pass(href)
        with self._lock:
            file = self._files.get(href) or self._files.setdefault(href, File(href, self._network))
            self._files.move_to_end(href)
            if len(self._files) > _KNOWN_FILES:
                self._files.popitem(last=False)
        return file

    def take(self, file: File, read: Callable[[rasterio.DatasetReader], Value]) -> Value:
        """What is read from a file through its dataset, which counts as open from now on."""
        self._count(file)
        return file.take(read)

    def header(self, file: File) -> Header:
        """The header of a file, read once: from its first bytes, or by GDAL."""
        return file.know(lambda: self._read_header(file))

    def window(self, file: File, window: Window, extract: gdal.Extract) -> NDArray[Any]:
        """The numbers of a window inside a file: unpacked here, beside other threads, or read by GDAL."""
        tiling = self.header(file).tiling
        if tiling is None:
            return self.take(file, partial(extract.read, window=window))
        try:
            return read_tiles(tiling, window, file.fetch)
        except OSError:
            file.header = None
            raise

    def close(self) -> None:
        """Close all files."""
        with self._lock:
            files, self._open = list(self._open.values()), OrderedDict()
            self._files.clear()
        for file in files:
            with file.lock:
                file.drop()
        self._opener.shutdown()

    def _read_header(self, file: File) -> Header:
        reachable = file.host is not None or not file.remote
        alone = reachable and not gdal.find_sidecars(file.href)
        return (read_header(file.fetch, self._opener) if alone else None) or self.take(file, Header.of)

    def _count(self, file: File) -> None:
        """Count a file among the open ones; the least used of them may be closed."""
        with self._lock:
            self._open[id(file)] = file
            self._open.move_to_end(id(file))
            most = _OPEN_FILES_OF_NETWORK if file.remote else _OPEN_FILES_OF_DISK
            surplus = self._open.popitem(last=False)[1] if len(self._open) > most else None
        if surplus is not None:
            with surplus.lock:
                surplus.drop()
