"""The radiometric offset of a Sentinel-2 scene, decided by its pixels where they can be read."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.windows import Window

from pipeline.contracts import Asset, Scene
from pipeline.errors import BrokenAsset
from pipeline.ingest.reading.assets import ItemReader
from pipeline.ingest.reading.headers import Profile
from pipeline.ingest.reading.radiometry import METADATA, decide_offset, offset_in_pixels
from pipeline.ingest.reading.reader import Reader
from pipeline.ingest.scenes.items import Candidate
from pipeline.ingest.scenes.sensors import SENSORS

_EDGE_PX = 400
_FULL_READ = 2
_WINDOWS = 4
_WINDOW_PX = 128


def apply_offset(candidate: Candidate, reader: Reader) -> Scene:
    """The scene with its radiometric offset decided: by pixels, raster:bands or baseline, if its sensor asks.

    Where its pixels could not be read, `offset_source` is `metadata`: that is not for good, see
    `is_provisional`.
    """
    scene = candidate.scene
    if not SENSORS[scene.mission].offset_from_pixels or scene.mask is None:
        return scene
    pixels, readable = _pixels(ItemReader(reader, scene.item_sha256), scene.assets.get("red"), scene.mask)
    decision = decide_offset(pixels, candidate.stated_dn, scene.baseline, readable=readable)
    assets = {
        band: replace(asset, offset=round(decision.dn * asset.scale, 9))
        for band, asset in scene.assets.items()
    }
    return replace(
        scene,
        assets=assets,
        offset_source=decision.source,
        offset_evidence=decision.evidence,
        offset_conflict=decision.conflict,
    )


def is_provisional(scene: Scene) -> bool:
    """Whether a scene's pixels could not be read, so that a later run must ask them again."""
    return scene.offset_source == METADATA


def _pixels(files: ItemReader, red: Asset | None, mask: Asset) -> tuple[tuple[int | None, str], bool]:
    """The offset that the pixels give away and the evidence; and whether any pixel could be read."""
    if red is None:
        return (None, "pixels: no red band"), True
    errors: list[str] = []
    for look in (_overview, _windows):
        try:
            return offset_in_pixels(*look(files, red, mask)), True
        except BrokenAsset as error:
            errors.append(str(error))
    return (None, f"pixels: not readable ({'; '.join(dict.fromkeys(errors))})"), False


def _overview(files: ItemReader, red: Asset, mask: Asset) -> tuple[NDArray[Any], NDArray[Any]]:
    """The whole scene thinned, from overviews where there are any."""
    profile = files.read_profile(mask)
    shape = min(profile.height, _EDGE_PX), min(profile.width, _EDGE_PX)
    lattice = not profile.overviews and profile.height * profile.width > _EDGE_PX**2 * _FULL_READ
    return (
        files.read_thinned(red, shape, lattice=lattice),
        files.read_thinned(mask, shape, lattice=lattice),
    )


def _windows(files: ItemReader, red: Asset, mask: Asset) -> tuple[NDArray[Any], NDArray[Any]]:
    """Small windows all over the scene at full resolution, as far as they can be read in both files."""
    fine, coarse = files.read_profile(red), files.read_profile(mask)
    ratio = max(1, round(fine.width / coarse.width))
    found: list[tuple[NDArray[Any], NDArray[Any]]] = []
    errors: list[str] = []
    for window in _spread(coarse):
        finer = Window(*(ratio * length for length in window.flatten()))
        try:
            pair = files.read_window(red, finer)[::ratio, ::ratio], files.read_window(mask, window)
        except BrokenAsset as error:
            errors.append(str(error))
        else:
            found.append(pair)
    if not found:
        raise BrokenAsset(errors[0])
    reds, classes = zip(*found, strict=True)
    return np.concatenate(reds, axis=None), np.concatenate(classes, axis=None)


def _spread(profile: Profile) -> Iterator[Window]:
    """Windows in the middle of each cell of a lattice over a file."""
    height, width = min(_WINDOW_PX, profile.height // _WINDOWS), min(_WINDOW_PX, profile.width // _WINDOWS)
    for row in range(_WINDOWS):
        for col in range(_WINDOWS):
            top = (2 * row + 1) * profile.height // (2 * _WINDOWS) - height // 2
            left = (2 * col + 1) * profile.width // (2 * _WINDOWS) - width // 2
            yield Window(left, top, width, height)
