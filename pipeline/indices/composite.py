"""Composites: from all clear looks of a period to one value a pixel."""

from functools import cache

import numba
import numpy as np
from numpy.typing import NDArray

from pipeline.contracts import REFLECTANCE_LIMIT, REFLECTANCE_NODATA


def median(stack: NDArray[np.int16]) -> NDArray[np.int16]:
    """Median over the dates of a stack (date, y, x), nodata left out; nodata where no date has a value.

    int16 with scale 1e-4 and nodata -32768. With an even number of dates it is the mean of the middle two,
    rounded half to even.
    """
    composite = np.empty(stack.shape[1:], dtype=np.int16)
    _median(stack, _sorting_network(len(stack)), composite)
    return composite


@cache
def _sorting_network(size: int) -> NDArray[np.int64]:
    """Pairs to compare and exchange, in order, so that any `size` values end up sorted.

    Batcher's merge exchange, Knuth, The Art of Computer Programming 3, 5.2.2, algorithm M.
    """
    pairs: list[tuple[int, int]] = []
    top = 1 << max(0, (size - 1).bit_length() - 1)
    step = top if size > 1 else 0
    while step:
        jump, low, distance = top, 0, step
        while True:
            pairs += [(i, i + distance) for i in range(size - distance) if i & step == low]
            if jump == step:
                break
            distance, jump, low = jump - step, jump // 2, step
        step //= 2
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


@numba.njit(nogil=True, cache=True)
def _median(stack: NDArray[np.int16], network: NDArray[np.int64], composite: NDArray[np.int16]) -> None:
    """Sort a row of all dates at a time, so that each exchange is one vector operation."""
    dates, height, width = stack.shape
    row = np.empty((dates, width), dtype=np.int16)
    count = np.empty(width, dtype=np.int64)
    for y in range(height):
        count[:] = 0
        for date in range(dates):
            for x in range(width):
                value = stack[date, y, x]
                known = value != REFLECTANCE_NODATA
                row[date, x] = value if known else REFLECTANCE_LIMIT
                count[x] += known
        for pair in range(len(network)):
            upper, lower = network[pair]
            for x in range(width):
                first, second = row[upper, x], row[lower, x]
                row[upper, x], row[lower, x] = min(first, second), max(first, second)
        for x in range(width):
            if count[x] == 0:
                composite[y, x] = REFLECTANCE_NODATA
            else:
                middle = count[x] // 2
                twice = np.int32(row[middle, x]) + np.int32(row[middle - 1 + count[x] % 2, x])
                composite[y, x] = np.rint(twice / 2)
