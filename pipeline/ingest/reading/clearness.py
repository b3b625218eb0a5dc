"""From a scene's own mask to what counts as a clear look.

Sentinel-2 SCL classes: 0 no data, 1 saturated, 2 dark, 3 cloud shadow, 4 vegetation, 5 bare, 6 water,
7 unclassified, 8 and 9 cloud, 10 cirrus, 11 snow. Landsat Collection 2 QA_PIXEL bits: 0 fill, 1 dilated
cloud, 2 cirrus, 3 cloud, 4 cloud shadow, 5 snow, 6 clear, 7 water. The entry of a sensor says which of them
obscure the surface, the config which classes of SCL are clear. What the steps cost: docs/clear_looks.md.
"""

from functools import cache

import numpy as np
import scipy
from numpy.typing import NDArray

from pipeline.ingest.scenes.sensors import BitMask, ClassMask
from pipeline.settings import Clear

Pixels = NDArray[np.bool_]


def clear_pixels(numbers: NDArray[np.integer], mask: ClassMask | BitMask, settings: Clear) -> Pixels:
    """Where the numbers of a mask, at its own resolution, say that the surface was seen.

    What the mask does not call clear never is. What obscures the surface (clouds, cirrus, their shadows)
    grows by `dilate_px`, since masks miss the edges of clouds. The opening by `open_px` parts from it what is
    narrow, as specks of false cloud over bright roofs are: that grows by `open_px` only. What is not clear
    for another reason (dark, saturated, unclassified, snow) and no data do not grow.
    """
    if isinstance(mask, ClassMask):
        hidden, obscured = _find_classes(numbers, mask, settings)
    else:
        hidden = (numbers & (mask.nodata | _join_bits(mask.hidden))) != 0
        obscured = hidden & ((numbers & mask.nodata) == 0)
    return ~hidden & ~_grow(obscured, settings) if obscured.any() else ~hidden


def reach_px(settings: Clear) -> int:
    """How far, in mask pixels, a cloud can act; a block reads this much more on every side."""
    return 2 * settings.open_px + settings.dilate_px


def _find_classes(numbers: NDArray[np.integer], mask: ClassMask, settings: Clear) -> tuple[Pixels, Pixels]:
    """Where a mask of classes is not clear, and where it says that something obscures the surface."""
    clear = tuple(settings.scl) if mask.clear is None else mask.clear
    hiding, obscuring = _list_classes(mask, clear)
    return hiding.take(numbers, mode="clip"), obscuring.take(numbers, mode="clip")


@cache
def _list_classes(mask: ClassMask, clear: tuple[int, ...]) -> tuple[Pixels, Pixels]:
    """Of every class whether it is not clear, and whether it obscures the surface."""
    hiding = np.ones(2**8, dtype=np.bool_)
    hiding[list(clear)] = False
    hiding[mask.nodata] = True
    obscuring = hiding.copy()
    obscuring[mask.nodata] = False
    if mask.obscuring is not None:
        obscuring &= np.isin(np.arange(2**8), mask.obscuring)
    return hiding, obscuring


def _join_bits(bits: tuple[int, ...]) -> int:
    return sum(1 << bit for bit in bits)


def _grow(obscured: Pixels, settings: Clear) -> Pixels:
    """What obscures and its surroundings: far ones of what is wide, near ones of what an opening removes."""
    if not settings.open_px:
        return _dilate(obscured, settings.dilate_px)
    wide = scipy.ndimage.binary_opening(obscured, _disk(settings.open_px))
    near = _dilate(obscured, min(settings.open_px, settings.dilate_px))
    return near | _dilate(wide, settings.dilate_px)


def _dilate(pixels: Pixels, radius: int) -> Pixels:
    return np.asarray(scipy.ndimage.binary_dilation(pixels, _disk(radius))) if radius else pixels


def _disk(radius: int) -> Pixels:
    y, x = np.ogrid[-radius : radius + 1, -radius : radius + 1]
    disk: Pixels = x * x + y * y <= radius * radius
    return disk


def find_bits(numbers: NDArray[np.integer], bits: tuple[int, ...]) -> Pixels:
    """Where the numbers of a file of bits have any of some."""
    return np.asarray((numbers & _join_bits(bits)) != 0)
