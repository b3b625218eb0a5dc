"""Files of an item: where they lie, and their numbers over windows, remote ones beside a cache."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.windows import Window

from pipeline.contracts import Asset
from pipeline.errors import BrokenAsset
from pipeline.ingest.reading.bands import AssetBand
from pipeline.ingest.reading.cache import Cache
from pipeline.ingest.reading.gdal import ONLY_BAND, Extract
from pipeline.ingest.reading.headers import FileBand, Profile
from pipeline.ingest.reading.reader import Reader, Trail
from pipeline.redaction import redact

_LATTICE = 4
_MOST_THINNED_PX = 2**30
"""Of a file that is thinned as a whole: its size and its overviews are what its header says."""


@dataclass(frozen=True)
class ItemReader:
    """Reads the files of one item of a catalogue; `trail` is what its reads took.

    What is read of an item that is not known by its checksum is kept in no cache.
    """

    reader: Reader
    item_sha256: str = ""
    trail: Trail = field(default_factory=Trail)

    def read_profile(self, asset: Asset) -> Profile:
        """Where an asset lies, from its own header; BrokenAsset if it cannot be opened or lies nowhere."""
        cache = self._cache(asset)
        self.reader.network.versions.expect(asset.href, asset.version)
        if cache is None:
            return self.reader.read_header(asset.href, self.trail).profile
        name = self._name(asset, "header")
        if (kept := cache.get(name)) is not None:
            return _profile_of(json.loads(kept))
        profile = self.reader.read_header(asset.href, self.trail).profile
        cache.put(name, json.dumps({**asdict(profile), "transform": profile.transform[:6]}).encode())
        return profile

    def read_window(self, asset: Asset, window: Window) -> NDArray[Any]:
        """Numbers of an asset over a window of its own pixels; its nodata where the window reaches over.

        Its nodata as well where the file or its item says that nothing is there: by another nodata, a mask or
        an alpha band. Raises BrokenAsset when the file cannot be read, or holds several bands of which none
        is named.
        """
        profile, cache = self.read_profile(asset), self._cache(asset)
        band = AssetBand.of(asset, profile)
        inside = _intersect(window, Window(0, 0, profile.width, profile.height))
        if cache is None and inside == window:
            return band.settle(self.reader.read_window(asset.href, self.trail, window, band.extract))
        numbers = np.full((window.height, window.width), asset.nodata, dtype=profile.dtype)
        if inside is None:
            return band.settle(numbers)
        if cache is None:
            read = self.reader.read_window(asset.href, self.trail, inside, band.extract)
            _part(numbers, window, inside)[...] = read
        else:
            for piece, kept in self._pieces(asset, band.extract, profile, inside, cache).items():
                shared = _intersect(piece, inside)
                assert shared is not None
                _part(numbers, window, shared)[...] = _part(kept, piece, shared)
        return band.settle(numbers)

    def read_thinned(self, asset: Asset, shape: tuple[int, int], *, lattice: bool) -> NDArray[Any]:
        """An asset thinned to a shape, nearest pixel; BrokenAsset when it cannot be read.

        Thinned evenly, which is cheap where the file has overviews; or as a lattice of windows that together
        are 1/16 of the file. Both take the same places from files of one extent, whatever their resolution.
        """
        profile = self.read_profile(asset)
        if profile.height * profile.width > _MOST_THINNED_PX:
            size = f"{profile.height} rows and {profile.width} columns"
            raise BrokenAsset(f"{redact(asset.href)}: {size}, too many to be read as a whole")
        band = AssetBand.of(asset, profile)

        def read(dataset: rasterio.DatasetReader) -> NDArray[Any]:
            if not lattice:
                return band.extract.read(dataset, out_shape=shape)
            corner = shape[0] // _LATTICE, shape[1] // _LATTICE
            rows, cols = (_stretches(length) for length in dataset.shape)
            windows = [[Window.from_slices(row, col) for col in cols] for row in rows]
            return np.block(
                [
                    [band.extract.read(dataset, window=window, out_shape=corner) for window in row]
                    for row in windows
                ]
            )

        cache = self._cache(asset)
        if cache is None:
            return band.settle(self.reader.take(asset.href, self.trail, read))
        name = self._name(asset, f"thinned to {shape}, lattice {lattice}", band.extract)
        kept = cache.get_array(name)
        if kept is None:
            kept = self.reader.take(asset.href, self.trail, read)
            cache.put_array(name, kept)
        return band.settle(kept.copy())

    def _pieces(
        self, asset: Asset, extract: Extract, profile: Profile, inside: Window, cache: Cache
    ) -> dict[Window, NDArray[Any]]:
        """Pieces of whole tiles that a window meets: kept ones, and others read at once and then kept."""
        names = {piece: self._name(asset, str(piece), extract) for piece in _tile(profile, inside)}
        found = {piece: cache.get_array(name) for piece, name in names.items()}
        pieces = {piece: kept for piece, kept in found.items() if kept is not None}
        missing = [piece for piece in found if piece not in pieces]
        if missing:
            frame = _around(missing)
            read = self.reader.read_window(asset.href, self.trail, frame, extract)
            for piece in missing:
                pieces[piece] = fresh = _part(read, frame, piece)
                cache.put_array(names[piece], fresh)
        return pieces

    def _cache(self, asset: Asset) -> Cache | None:
        """The cache for what is read of an asset: remote files of a known item."""
        return self.reader.cache if self.item_sha256 and "://" in asset.href else None

    def _name(self, asset: Asset, what: str, extract: Extract = ONLY_BAND) -> str:
        part = "" if extract == ONLY_BAND else f"|{extract}"
        version = f"|{asset.version}" if asset.version else ""
        return f"{asset.href}|{self.item_sha256}{version}|{what}{part}"


def _profile_of(said: dict[str, Any]) -> Profile:
    """A profile that was kept as JSON."""
    bands = tuple(FileBand(**band) for band in said["bands"])
    transform, piece = Affine(*said["transform"]), tuple(said["piece"])
    return Profile(**{**said, "transform": transform, "piece": piece, "bands": bands})


def _tile(profile: Profile, inside: Window) -> list[Window]:
    """The pieces of a file that a window inside it meets."""
    height, width = profile.piece
    rows = range(inside.row_off // height * height, inside.row_off + inside.height, height)
    cols = range(inside.col_off // width * width, inside.col_off + inside.width, width)
    return [
        Window(col, row, min(width, profile.width - col), min(height, profile.height - row))
        for row in rows
        for col in cols
    ]


def _around(windows: Sequence[Window]) -> Window:
    """The smallest window around some."""
    row, col = min(window.row_off for window in windows), min(window.col_off for window in windows)
    bottom = max(window.row_off + window.height for window in windows)
    right = max(window.col_off + window.width for window in windows)
    return Window(col, row, right - col, bottom - row)


def _part(numbers: NDArray[Any], window: Window, part: Window) -> NDArray[Any]:
    """The part of numbers of a window that lies over a part of it."""
    row, col = part.row_off - window.row_off, part.col_off - window.col_off
    return numbers[row : row + part.height, col : col + part.width]


def _stretches(length: int) -> list[tuple[float, float]]:
    """The first quarter of each quarter of an axis."""
    step = length / _LATTICE
    return [(part * step, part * step + step / _LATTICE) for part in range(_LATTICE)]


def _intersect(one: Window, other: Window) -> Window | None:
    """What two windows share; None where that is nothing."""
    row, col = max(one.row_off, other.row_off), max(one.col_off, other.col_off)
    height = min(one.row_off + one.height, other.row_off + other.height) - row
    width = min(one.col_off + one.width, other.col_off + other.width) - col
    return Window(col, row, width, height) if height > 0 and width > 0 else None
