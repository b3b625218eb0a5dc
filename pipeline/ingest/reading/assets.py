"""Files of scenes: where they lie, and their numbers over windows, remote ones beside a cache."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict
from typing import Any, TypeVar

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.windows import Window

from pipeline.contracts import Asset
from pipeline.ingest.reading import signing
from pipeline.ingest.reading.block_cache import BlockCache
from pipeline.ingest.reading.handles import ANYWHERE, SHELF, Source, Trail, header_of, taken, window_of
from pipeline.ingest.reading.headers import Footprint

_LATTICE = 4

Taken = TypeVar("Taken")


_SOURCE: ContextVar[Source] = ContextVar("source", default=ANYWHERE)
_TRAIL: ContextVar[Trail | None] = ContextVar("trail", default=None)
_ITEM: ContextVar[str] = ContextVar("item", default="")


@contextmanager
def reading(source: Source, item_sha256: str = "") -> Iterator[Trail]:
    """Reads of this thread go to a source, for files of an item; what they took is in the trail.

    What is read of an item that is not known by its checksum is kept in no cache.
    """
    trail = Trail()
    before = _SOURCE.set(source), _TRAIL.set(trail), _ITEM.set(item_sha256)
    try:
        yield trail
    finally:
        _SOURCE.reset(before[0])
        _TRAIL.reset(before[1])
        _ITEM.reset(before[2])


def close_assets() -> None:
    """Close every file that this process has open, and forget which were broken."""
    SHELF.clear()


def footprint(asset: Asset) -> Footprint:
    """Where an asset lies, from its own header; BrokenAsset if it cannot be opened or lies nowhere."""
    cache = _cache(asset)
    if cache is None:
        return _place(asset)
    name = _name(asset, "footprint")
    if (kept := cache.get(name)) is not None:
        said = json.loads(kept)
        return Footprint(**{**said, "transform": Affine(*said["transform"]), "unit": tuple(said["unit"])})
    place = _place(asset)
    cache.put(name, json.dumps({**asdict(place), "transform": place.transform[:6]}).encode())
    return place


def read_window(asset: Asset, window: Window) -> NDArray[Any]:
    """Numbers of an asset over a window of its own pixels; its nodata where the window reaches over.

    Raises BrokenAsset when the file cannot be read.
    """
    cache = _cache(asset)
    if cache is not None:
        return _window_of_units(asset, window, cache)

    place = footprint(asset)
    inside = _shared(window, _whole(place))
    if inside == window:
        return _read(asset, window)
    numbers = np.full((window.height, window.width), asset.nodata, dtype=place.dtype)
    if inside is not None:
        _over(numbers, window, inside)[...] = _read(asset, inside)
    return numbers


def read_thinned(asset: Asset, shape: tuple[int, int], *, lattice: bool) -> NDArray[Any]:
    """An asset thinned to a shape, nearest pixel; BrokenAsset when it cannot be read.

    Thinned evenly, which is cheap where the file has overviews; or as a lattice of windows that together
    are 1/16 of the file. Both take the same places from files of one extent, whatever their resolution.
    """

    def take(dataset: rasterio.DatasetReader) -> NDArray[Any]:
        if not lattice:
            thinned: NDArray[Any] = dataset.read(1, out_shape=shape)
            return thinned
        pieces = shape[0] // _LATTICE, shape[1] // _LATTICE
        rows, cols = (_stretches(length) for length in dataset.shape)
        windows = [[Window.from_slices(row, col) for col in cols] for row in rows]
        return np.block(
            [[dataset.read(1, window=window, out_shape=pieces) for window in row] for row in windows]
        )

    cache = _cache(asset)
    if cache is None:
        return _taken(asset.href, take)
    name = _name(asset, f"thinned to {shape}, lattice {lattice}")
    kept = cache.get_array(name)
    if kept is None:
        kept = _taken(asset.href, take)
        cache.put_array(name, kept)
    return kept


def _window_of_units(asset: Asset, window: Window, cache: BlockCache) -> NDArray[Any]:
    """A window put together from units of whole tiles: kept ones, and others read at once and then kept."""
    place = footprint(asset)
    numbers = np.full((window.height, window.width), asset.nodata, dtype=place.dtype)
    inside = _shared(window, _whole(place))
    if inside is None:
        return numbers
    units = {unit: cache.get_array(_name(asset, str(unit))) for unit in _units(place, inside)}
    missing = [unit for unit, kept in units.items() if kept is None]
    if missing:
        frame = _around(missing)
        read = _read(asset, frame)
        for unit in missing:
            units[unit] = fresh = _over(read, frame, unit)
            cache.put_array(_name(asset, str(unit)), fresh)
    for unit, kept in units.items():
        shared = _shared(unit, inside)
        assert shared is not None
        assert kept is not None
        _over(numbers, window, shared)[...] = _over(kept, unit, shared)
    return numbers


def _units(place: Footprint, inside: Window) -> list[Window]:
    """The units of a file that a window inside it meets."""
    height, width = place.unit
    rows = range(inside.row_off // height * height, inside.row_off + inside.height, height)
    cols = range(inside.col_off // width * width, inside.col_off + inside.width, width)
    return [
        Window(col, row, min(width, place.width - col), min(height, place.height - row))
        for row in rows
        for col in cols
    ]


def _around(windows: Sequence[Window]) -> Window:
    """The smallest window around some."""
    row, col = min(window.row_off for window in windows), min(window.col_off for window in windows)
    bottom = max(window.row_off + window.height for window in windows)
    right = max(window.col_off + window.width for window in windows)
    return Window(col, row, right - col, bottom - row)


def _over(numbers: NDArray[Any], window: Window, part: Window) -> NDArray[Any]:
    """The part of numbers of a window that lies over a part of it."""
    row, col = part.row_off - window.row_off, part.col_off - window.col_off
    return numbers[row : row + part.height, col : col + part.width]


def _cache(asset: Asset) -> BlockCache | None:
    """The cache for what is read of an asset: remote files of a known item."""
    return _SOURCE.get().cache if _ITEM.get() and "://" in asset.href else None


def _name(asset: Asset, what: str) -> str:
    return f"{signing.hidden(asset.href)}|{_ITEM.get()}|{what}"


def _stretches(length: int) -> list[tuple[float, float]]:
    """The first quarter of each quarter of an axis."""
    step = length / _LATTICE
    return [(part * step, part * step + step / _LATTICE) for part in range(_LATTICE)]


def _whole(place: Footprint) -> Window:
    return Window(0, 0, place.width, place.height)


def _shared(one: Window, other: Window) -> Window | None:
    """What two windows share."""
    row, col = max(one.row_off, other.row_off), max(one.col_off, other.col_off)
    height = min(one.row_off + one.height, other.row_off + other.height) - row
    width = min(one.col_off + one.width, other.col_off + other.width) - col
    return Window(col, row, width, height) if height > 0 and width > 0 else None


def _place(asset: Asset) -> Footprint:
    """Where a file lies, whatever a cache holds."""
    return header_of(asset.href, _SOURCE.get(), _TRAIL.get() or Trail()).place


def _read(asset: Asset, window: Window) -> NDArray[Any]:
    """Numbers of a window inside the file, whatever a cache holds."""
    return window_of(asset.href, _SOURCE.get(), _TRAIL.get() or Trail(), window)


def _taken(href: str, take: Callable[[rasterio.DatasetReader], Taken]) -> Taken:
    return taken(href, _SOURCE.get(), _TRAIL.get() or Trail(), take)
