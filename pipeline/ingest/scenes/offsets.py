"""The radiometric offset of a Sentinel-2 scene, decided by its pixels where they can be read."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.windows import Window

from pipeline.contracts import Asset, Scene
from pipeline.errors import BrokenAsset
from pipeline.ingest.reading.assets import footprint, read_thinned, read_window, reading
from pipeline.ingest.reading.handles import ANYWHERE, Source
from pipeline.ingest.reading.headers import Footprint
from pipeline.ingest.reading.radiometry import METADATA, decide_offset, offset_in_pixels
from pipeline.ingest.scenes.items import Candidate

_EDGE_PX = 400
_FULL_READ = 2
_WINDOWS = 4
_WINDOW_PX = 128


def decided(candidate: Candidate, source: Source = ANYWHERE) -> Scene:
    """The scene with its radiometric offset decided: by pixels, raster:bands or baseline (Sentinel-2).

    `source` tells how its files are reached. Where its pixels could not be read, `offset_source` is
    `metadata`: that is not for good, see `undecided`.
    """
    scene = candidate.scene
    if scene.mission != "sentinel-2":
        return scene
    with reading(source, scene.item_sha256):
        pixels, readable = _seen(scene)
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


def undecided(scene: Scene) -> bool:
    """Whether a scene's pixels could not be read, so that a later run must ask them again."""
    return scene.offset_source == METADATA


def _seen(scene: Scene) -> tuple[tuple[int | None, str], bool]:
    """The offset that the pixels give away and the evidence; and whether any pixel could be read."""
    if "red" not in scene.assets:
        return (None, "pixels: no red band"), True
    errors: list[str] = []
    for look in (_overview, _windows):
        try:
            return offset_in_pixels(*look(scene.assets["red"], scene.mask)), True
        except BrokenAsset as error:
            errors.append(str(error))
    return (None, f"pixels: not readable ({'; '.join(dict.fromkeys(errors))})"), False


def _overview(red: Asset, mask: Asset) -> tuple[NDArray[Any], NDArray[Any]]:
    """The whole scene thinned, from overviews where there are any."""
    place = footprint(mask)
    thinned = min(place.height, _EDGE_PX), min(place.width, _EDGE_PX)
    lattice = not place.overviews and place.height * place.width > _EDGE_PX**2 * _FULL_READ
    return read_thinned(red, thinned, lattice=lattice), read_thinned(mask, thinned, lattice=lattice)


def _windows(red: Asset, mask: Asset) -> tuple[NDArray[Any], NDArray[Any]]:
    """Small windows all over the scene at full resolution, as far as they can be read in both files."""
    fine, coarse = footprint(red), footprint(mask)
    ratio = max(1, round(fine.width / coarse.width))
    found: list[tuple[NDArray[Any], NDArray[Any]]] = []
    errors: list[str] = []
    for window in _spread(coarse):
        finer = Window(*(ratio * length for length in window.flatten()))
        try:
            pair = read_window(red, finer)[::ratio, ::ratio], read_window(mask, window)
        except BrokenAsset as error:
            errors.append(str(error))
        else:
            found.append(pair)
    if not found:
        raise BrokenAsset(errors[0])
    reds, classes = zip(*found, strict=True)
    return np.concatenate(reds, axis=None), np.concatenate(classes, axis=None)


def _spread(place: Footprint) -> Iterator[Window]:
    """Windows in the middle of each cell of a lattice over a file."""
    height, width = min(_WINDOW_PX, place.height // _WINDOWS), min(_WINDOW_PX, place.width // _WINDOWS)
    for row in range(_WINDOWS):
        for col in range(_WINDOWS):
            top = (2 * row + 1) * place.height // (2 * _WINDOWS) - height // 2
            left = (2 * col + 1) * place.width // (2 * _WINDOWS) - width // 2
            yield Window(left, top, width, height)
