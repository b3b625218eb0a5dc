"""Files of scenes: one shared handle per file, windows that may reach over the edge, a tuned GDAL."""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.errors import RasterioError
from rasterio.windows import Window

from pipeline.contracts import Asset
from pipeline.errors import BrokenAsset

_GDAL: dict[str, Any] = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_HTTP_MERGE_CONSECUTIVE_RANGES": "YES",
    "GDAL_HTTP_MULTIPLEX": "YES",
    "GDAL_HTTP_MAX_RETRY": "5",
    "GDAL_HTTP_RETRY_DELAY": "0.5",
    "GDAL_HTTP_TIMEOUT": "60",
    "GDAL_HTTP_CONNECTTIMEOUT": "10",
    "GDAL_INGESTED_BYTES_AT_OPEN": "32768",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".tif,.tiff,.jp2",
    "VSI_CACHE": "FALSE",
    "GDAL_NUM_THREADS": "1",
    "GDAL_CACHEMAX": 64 * 2**20,
}
_OPEN_FILES = 256
_LATTICE = 4


@dataclass(frozen=True)
class Footprint:
    """Where a file lies: CRS, transform, rows and columns; and whether it holds overviews."""

    crs: str
    transform: Affine
    height: int
    width: int
    overviews: bool = False


class _OpenFile:
    """A dataset that one thread reads at a time."""

    def __init__(self, href: str) -> None:
        self.lock = threading.Lock()
        self.href = href
        self.dataset: rasterio.DatasetReader | None = None

    def opened(self) -> rasterio.DatasetReader:
        if self.dataset is None:
            self.dataset = rasterio.open(self.href)
        return self.dataset

    def close(self) -> None:
        with self.lock:
            if self.dataset is not None:
                self.dataset.close()
                self.dataset = None


class _Shelf:
    """The files that this process has open, the least used closed first."""

    def __init__(self) -> None:
        self._files: OrderedDict[str, _OpenFile] = OrderedDict()
        self._lock = threading.Lock()

    def file(self, href: str) -> _OpenFile:
        with self._lock:
            file = self._files.setdefault(href, _OpenFile(href))
            self._files.move_to_end(href)
            surplus = self._files.popitem(last=False)[1] if len(self._files) > _OPEN_FILES else None
        if surplus is not None:
            surplus.close()
        return file

    def clear(self) -> None:
        with self._lock:
            files, self._files = list(self._files.values()), OrderedDict()
        for file in files:
            file.close()


_SHELF = _Shelf()


def tune_gdal() -> None:
    """Tune GDAL for the rest of this thread's life; threads that read many windows call it once."""
    rasterio.Env(**_GDAL).__enter__()


def close_assets() -> None:
    """Close every file that this process has open."""
    _SHELF.clear()


def footprint(asset: Asset) -> Footprint:
    """Where an asset lies, from its own header; BrokenAsset if it cannot be opened or lies nowhere."""
    with _reading(asset.href) as dataset:
        if dataset.crs is None:
            raise BrokenAsset(f"{asset.href}: no CRS")
        return Footprint(
            dataset.crs.to_string(),
            dataset.transform,
            dataset.height,
            dataset.width,
            bool(dataset.overviews(1)),
        )


def read_window(asset: Asset, window: Window) -> NDArray[Any]:
    """Numbers of an asset over a window of its own pixels; its nodata where the window reaches over.

    Raises BrokenAsset when the file cannot be read.
    """
    with _reading(asset.href) as dataset:
        inside = _inside(window, dataset)
        numbers = np.full((window.height, window.width), asset.nodata, dtype=dataset.dtypes[0])
        if inside is not None:
            row, col = inside.row_off - window.row_off, inside.col_off - window.col_off
            target = numbers[row : row + inside.height, col : col + inside.width]
            target[...] = dataset.read(1, window=inside)
    return numbers


def read_thinned(asset: Asset, shape: tuple[int, int], *, lattice: bool) -> NDArray[Any]:
    """An asset thinned to a shape, nearest pixel; BrokenAsset when it cannot be read.

    Thinned evenly, which is cheap where the file has overviews; or as a lattice of windows that together
    are 1/16 of the file. Both take the same places from files of one extent, whatever their resolution.
    """
    with rasterio.Env(**_GDAL), _reading(asset.href) as dataset:
        if not lattice:
            thinned: NDArray[Any] = dataset.read(1, out_shape=shape)
            return thinned
        pieces = shape[0] // _LATTICE, shape[1] // _LATTICE
        rows, cols = (_stretches(length) for length in dataset.shape)
        windows = [[Window.from_slices(row, col) for col in cols] for row in rows]
        return np.block(
            [[dataset.read(1, window=window, out_shape=pieces) for window in row] for row in windows]
        )


def _stretches(length: int) -> list[tuple[float, float]]:
    """The first quarter of each quarter of an axis."""
    step = length / _LATTICE
    return [(part * step, part * step + step / _LATTICE) for part in range(_LATTICE)]


@contextmanager
def _reading(href: str) -> Iterator[rasterio.DatasetReader]:
    file = _SHELF.file(href)
    with file.lock:
        try:
            yield file.opened()
        except (RasterioError, OSError) as error:
            raise BrokenAsset(f"{href}: {error}") from error


def _inside(window: Window, dataset: rasterio.DatasetReader) -> Window | None:
    row_from, row_to = max(0, window.row_off), min(dataset.height, window.row_off + window.height)
    col_from, col_to = max(0, window.col_off), min(dataset.width, window.col_off + window.width)
    if row_from >= row_to or col_from >= col_to:
        return None
    return Window(col_from, row_from, col_to - col_from, row_to - row_from)
