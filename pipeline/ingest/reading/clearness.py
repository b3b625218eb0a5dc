"""From a scene's own mask to what counts as a clear look.

Sentinel-2 SCL classes: 0 no data, 1 saturated, 2 dark, 3 cloud shadow, 4 vegetation, 5 bare, 6 water,
7 unclassified, 8 and 9 cloud, 10 cirrus, 11 snow. Landsat Collection 2 QA_PIXEL bits: 0 fill, 1 dilated
cloud, 2 cirrus, 3 cloud, 4 cloud shadow, 5 snow, 6 clear, 7 water. The entry of a sensor says which of them
hide the surface, for SCL the config does.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.ingest.scenes.sensors import BitMask, ClassMask
from pipeline.settings import Clear


def clear_pixels(
    numbers: NDArray[np.integer], mask: ClassMask | BitMask, settings: Clear
) -> NDArray[np.bool_]:
    """Where the numbers of a mask, at its own resolution, say that the surface was seen.

    What is not clear is opened (specks of false cloud over bright roofs vanish) and then dilated (cloud
    edges that the mask misses are taken along); no data is never clear and never grows.
    """
    if isinstance(mask, ClassMask):
        clear = tuple(settings.scl) if mask.clear is None else mask.clear
        valid = numbers != mask.nodata
        obscured = _find_hiding(mask.nodata, clear).take(numbers, mode="clip")
    else:
        valid = (numbers & mask.nodata) == 0
        obscured = valid & ((numbers & sum(1 << bit for bit in mask.hidden)) != 0)
    if not obscured.any():
        return np.asarray(valid)
    if settings.open_px:
        obscured = ndimage.binary_opening(obscured, _disk(settings.open_px))
    if settings.dilate_px:
        obscured = ndimage.binary_dilation(obscured, _disk(settings.dilate_px))
    cleared: NDArray[np.bool_] = valid & ~obscured
    return cleared


@cache
def _find_hiding(nodata: int, clear: tuple[int, ...]) -> NDArray[np.bool_]:
    """Of every class whether it hides the surface: all but no data and those that count as clear."""
    obscured = np.ones(2**8, dtype=np.bool_)
    obscured[[nodata, *clear]] = False
    return obscured


def reach_px(settings: Clear) -> int:
    """How far, in mask pixels, a cloud can act; a block reads this much more on every side."""
    return 2 * settings.open_px + settings.dilate_px


def _disk(radius: int) -> NDArray[np.bool_]:
    y, x = np.ogrid[-radius : radius + 1, -radius : radius + 1]
    disk: NDArray[np.bool_] = x * x + y * y <= radius * radius
    return disk


def find_bits(numbers: NDArray[np.integer], bits: tuple[int, ...]) -> NDArray[np.bool_]:
    """Where the numbers of a file of bits have any of some."""
    return np.asarray((numbers & sum(1 << bit for bit in bits)) != 0)
