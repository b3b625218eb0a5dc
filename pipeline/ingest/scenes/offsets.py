"""The radiometric offset of a Sentinel-2 scene, decided by what is stated and by its pixels."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.windows import Window

from pipeline.contracts import Asset, Scene
from pipeline.errors import BrokenAsset
from pipeline.ingest.reading.assets import ItemReader
from pipeline.ingest.reading.bands import choose_band
from pipeline.ingest.reading.headers import Profile
from pipeline.ingest.reading.radiometry import (
    WITNESSES,
    OffsetDecision,
    PixelEvidence,
    Statement,
    decide_offset,
    weigh_pixels,
)
from pipeline.ingest.reading.reader import Reader
from pipeline.ingest.scenes.contents import explain_content
from pipeline.ingest.scenes.items import Candidate
from pipeline.ingest.scenes.sensors import SENSORS

_METADATA, _UNDECIDED, _UNREAD = "metadata", "undecided", "unread"
"""Sources of what the pixels had no part in since none could be read, and of what is not decided at all."""
_FALSE = "false"
"""The source of nothing: a file of the scene is not the one that its item describes."""
_SHORT_WAVES = ("red", "blue", "coastal")
"""Bands in which dense vegetation is dark, in the order to ask."""
_EDGE_PX = 400
_FULL_READ = 2
_WINDOWS = 4
_WINDOW_PX = 128

Pixels = tuple[dict[str, NDArray[Any]], NDArray[Any]]
"""Numbers by band, 0 where there is none, and classes at the same places."""


def apply_offset(candidate: Candidate, reader: Reader) -> Scene:
    """The scene with its radiometric offset decided by statements and pixels, if its sensor asks.

    Statements are those of its item and of the headers of its files. A scene of which a file is not the one
    that its item describes is not asked, see `is_false`.

    Where its pixels could not be read for now, the decision is not for good, see `is_provisional`. Where
    nothing could be decided, its numbers mean nothing, see `is_undecided`.
    """
    scene = candidate.scene
    if told := explain_content(scene):
        return replace(scene, offset_source=_FALSE, offset_evidence=told)
    if not SENSORS[scene.mission].offset_from_pixels or scene.mask is None:
        return scene
    witnesses = {band: scene.assets[band] for band in _SHORT_WAVES if band in scene.assets}
    witnesses = dict(list(witnesses.items())[:WITNESSES])
    files = ItemReader(reader, scene.item_sha256)
    pixels, is_settled = _ask_pixels(files, witnesses, scene.mask)
    decision = decide_offset((*candidate.statements, *_list_headers(files, witnesses)), pixels)
    assets = {
        band: replace(asset, offset=round((decision.dn or 0) * asset.scale, 9))
        for band, asset in scene.assets.items()
    }
    return replace(
        scene,
        assets=assets,
        offset_source=_name_source(decision, is_settled=is_settled),
        offset_evidence=decision.evidence,
        offset_conflict=decision.conflict,
    )


def _list_headers(files: ItemReader, bands: Mapping[str, Asset]) -> list[Statement]:
    """The offsets in DN that the headers of files state, each once; those that cannot be read state none."""
    stated = set()
    for asset in bands.values():
        with suppress(BrokenAsset):
            band = choose_band(asset, files.read_profile(asset))
            if band.is_scaled and np.isfinite(dn := np.divide(band.offset, band.scale or np.nan)):
                stated.add(round(dn))
    return [("header", dn) for dn in sorted(stated)]


def is_provisional(scene: Scene) -> bool:
    """Whether a scene's pixels could not be read for now, so that a later run must ask them again."""
    return scene.offset_source in {_METADATA, _UNREAD}


def is_undecided(scene: Scene) -> bool:
    """Whether neither statements nor pixels told a scene's offset, so that it cannot be taken."""
    return scene.offset_source in {_UNDECIDED, _UNREAD}


def is_false(scene: Scene) -> bool:
    """Whether a file of a scene is not the one that its item describes, so that it cannot be taken."""
    return scene.offset_source == _FALSE


def _name_source(decision: OffsetDecision, *, is_settled: bool) -> str:
    if decision.dn is None:
        return _UNDECIDED if is_settled else _UNREAD
    return decision.source if is_settled else _METADATA


def _ask_pixels(files: ItemReader, bands: Mapping[str, Asset], mask: Asset) -> tuple[PixelEvidence, bool]:
    """What the pixels give away; and whether a later run would learn no more."""
    if len(bands) < WITNESSES:
        return PixelEvidence(None, 0, f"{' and '.join(bands) or 'no band'} of {_SHORT_WAVES}, too few"), True
    errors: list[BrokenAsset] = []
    for look in (_overview, _windows):
        try:
            return weigh_pixels(*look(files, bands, mask)), True
        except BrokenAsset as error:
            errors.append(error)
    text = f"not readable ({'; '.join(dict.fromkeys(map(str, errors)))})"
    return PixelEvidence(None, 0, text), all(error.lasting for error in errors)


def _overview(files: ItemReader, bands: Mapping[str, Asset], mask: Asset) -> Pixels:
    """The whole scene at the pixels of its first band, thinned, from overviews where there are any."""
    profile, finest = files.read_profile(mask), files.read_profile(next(iter(bands.values())))
    shape = min(finest.height, _EDGE_PX), min(finest.width, _EDGE_PX)
    lattice = not profile.overviews and profile.height * profile.width > _EDGE_PX**2 * _FULL_READ
    numbers = {
        band: _without_fill(files.read_thinned(asset, shape, lattice=lattice), asset)
        for band, asset in bands.items()
    }
    return numbers, files.read_thinned(mask, shape, lattice=lattice)


def _windows(files: ItemReader, bands: Mapping[str, Asset], mask: Asset) -> Pixels:
    """Small windows all over the scene at full resolution, as far as they can be read in all files."""
    coarse = files.read_profile(mask)
    ratios = {band: files.read_profile(asset).width / coarse.width for band, asset in bands.items()}
    found: list[Pixels] = []
    errors: list[BrokenAsset] = []
    for window in _spread(coarse):
        try:
            numbers = {
                band: _without_fill(_read_like(files, asset, window, ratios[band]), asset)
                for band, asset in bands.items()
            }
            found.append((numbers, files.read_window(mask, window)))
        except BrokenAsset as error:
            errors.append(error)
    if not found:
        raise errors[0]
    together = {band: np.concatenate([numbers[band] for numbers, _ in found], axis=None) for band in bands}
    return together, np.concatenate([classes for _, classes in found], axis=None)


def _read_like(files: ItemReader, asset: Asset, window: Window, ratio: float) -> NDArray[Any]:
    """A window of another file, whose pixels are `ratio` to one here, brought to its shape: nearest pixel."""
    left, top, width, height = (int(ratio * length) for length in window.flatten())
    read = files.read_window(asset, Window(left, top, max(1, width), max(1, height)))
    rows, cols = (
        np.minimum((np.arange(length) * ratio).astype(int), edge - 1)
        for length, edge in zip((window.height, window.width), read.shape, strict=True)
    )
    return read[np.ix_(rows, cols)]


def _without_fill(numbers: NDArray[Any], asset: Asset) -> NDArray[Any]:
    return np.where(numbers == asset.nodata, 0, numbers)


def _spread(profile: Profile) -> Iterator[Window]:
    """Windows in the middle of each cell of a lattice over a file."""
    height, width = min(_WINDOW_PX, profile.height // _WINDOWS), min(_WINDOW_PX, profile.width // _WINDOWS)
    for row in range(_WINDOWS):
        for col in range(_WINDOWS):
            top = (2 * row + 1) * profile.height // (2 * _WINDOWS) - height // 2
            left = (2 * col + 1) * profile.width // (2 * _WINDOWS) - width // 2
            yield Window(left, top, width, height)
