"""From probabilities of kinds of land to classes: smoothed if asked for, then the likeliest, and how sure."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from pipeline.legends import LAND_COVER, LAND_KINDS, NODATA_CLASS

Maps = NDArray[np.float64]
"""Probabilities (kind, y, x); NaN in all kinds where nothing is known."""


def average_maps(periods: Sequence[Maps], weights: Sequence[float]) -> Maps:
    """Weighted mean of several periods' probabilities, over those that know a pixel.

    The first is the period itself: what it does not know stays unknown.
    """
    known = [np.isfinite(maps[:1]) for maps in periods]
    total = sum(
        weight * np.where(seen, maps, 0.0) for maps, seen, weight in zip(periods, known, weights, strict=True)
    )
    whole = sum(weight * seen for seen, weight in zip(known, weights, strict=True))
    mean: Maps = np.divide(total, whole, out=np.full(periods[0].shape, np.nan), where=known[0] & (whole > 0))
    return mean


def smooth_maps(maps: Maps, *, radius_px: int) -> Maps:
    """Mean of the known probabilities in the square around each pixel; what is unknown stays so."""
    if radius_px == 0:
        return maps
    known = np.isfinite(maps)
    size = (1, 2 * radius_px + 1, 2 * radius_px + 1)
    total = scipy.ndimage.uniform_filter(np.where(known, maps, 0.0), size, mode="constant")
    share = scipy.ndimage.uniform_filter(known.astype(np.float64), size, mode="constant")
    mean: Maps = np.divide(total, share, out=np.full(maps.shape, np.nan), where=known)
    return mean


def decide_classes(maps: Maps, kinds: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Class of every pixel (y, x) and how sure it is, from the probabilities of `kinds`.

    `land_cover` is the class whose kinds are likeliest together, `confidence` their probability, `margin` by
    how much it exceeds that of the next class; `ecosystem` is the type of the likeliest kind within the
    class, 255 where that may be of several, `ecosystem_confidence` the probability of all kinds of the type.
    Unknown pixels have 255 and NaN.
    """
    about = [LAND_KINDS[kind] for kind in kinds]
    cover = np.array([kind.cover for kind in about])
    classes = np.array([entry.code for entry in LAND_COVER.classes], dtype=np.uint8)
    together = np.stack([maps[cover == code].sum(axis=0) for code in classes])
    known = np.isfinite(maps[0])
    best = classes[np.argmax(np.where(known, together, 0.0), axis=0)]
    within = np.where(known & (cover[:, None, None] == best), maps, -1.0)
    kind = np.argmax(within, axis=0)
    types = np.array([entry.ecosystem or NODATA_CLASS for entry in about], dtype=np.uint8)
    of_type = np.stack([maps[types == code].sum(axis=0) for code in types])
    ordered = np.sort(together, axis=0)
    typed = np.where(known, types[kind], np.uint8(NODATA_CLASS)).astype(np.uint8)
    sure = np.take_along_axis(of_type, kind[None], axis=0)[0]
    return {
        "land_cover": np.where(known, best, np.uint8(NODATA_CLASS)).astype(np.uint8),
        "confidence": ordered[-1],
        "margin": ordered[-1] - ordered[-2],
        "ecosystem": typed,
        "ecosystem_confidence": np.where(typed == NODATA_CLASS, np.nan, sure),
    }
