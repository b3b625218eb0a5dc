"""Composites: from all clear looks of a period to one value a pixel.

`median` treats each band by itself. `medoid` and `max-ndvi` choose one look a pixel and take all bands from
it, so that they are bands of one moment; of looks that are equally good the first in the stack is chosen.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from pipeline.compiled import numba
from pipeline.contracts import REFLECTANCE_LIMIT, REFLECTANCE_NODATA
from pipeline.indices.dark_water import LEAST_STEPS, is_known

_NO_LOOK = -1


def count_looks(owner: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """How many dates of a stack (date, y, x) have an owner at each pixel."""
    count = np.zeros(owner.shape[1:], dtype=np.uint16)
    _count(owner, count)
    return count


def compute_median(stack: NDArray[np.int16]) -> NDArray[np.int16]:
    """Median over the dates of a stack (date, y, x), nodata left out; nodata where no date has a value.

    int16 with scale 1e-4 and nodata -32768. With an even number of dates it is the mean of the middle two,
    rounded half to even.
    """
    composite = np.empty(stack.shape[1:], dtype=np.int16)
    _fill_median(stack, _build_sorting_network(len(stack)), composite)
    return composite


def choose_medoid_look(stacks: NDArray[np.int16], _bands: Sequence[str]) -> NDArray[np.int16]:
    """The look (number of its date, -1 if none) that is nearest to all others, of stacks (band, date, y, x).

    It has the least sum of Euclidean distances to them (Flood 2013, DOI 10.3390/rs5126481), over the bands
    that any look of the pixel has; a look that lacks one of those is none. Distances are rounded to 1/256 of
    1e-4, so that sums are whole numbers and equal ones are equal; of equal looks it is the first.
    """
    chosen = np.empty(stacks.shape[2:], dtype=np.int16)
    _choose_medoid(stacks, chosen)
    return chosen


def choose_greenest_look(stacks: NDArray[np.int16], bands: Sequence[str]) -> NDArray[np.int16]:
    """The look (number of its date, -1 if none) with the greatest NDVI, of stacks (band, date, y, x).

    NDVI are compared exactly, as fractions of whole numbers; of equal looks it is the first. A look outside
    the domain of NDVI, as dark water is, comes after all that are in it; one without red or nir is none.
    """
    chosen = np.full(stacks.shape[2:], _NO_LOOK, dtype=np.int16)
    if {"red", "nir"} <= set(bands):
        _choose_greenest(stacks[bands.index("red")], stacks[bands.index("nir")], LEAST_STEPS, chosen)
    return chosen


def take_looks(stack: NDArray[np.int16], chosen: NDArray[np.int16]) -> NDArray[np.int16]:
    """The values of a stack (date, y, x) at the chosen looks; nodata where none is chosen."""
    composite = np.empty(chosen.shape, dtype=np.int16)
    _take(stack, chosen, composite)
    return composite


CHOICES: Mapping[str, Callable[[NDArray[np.int16], Sequence[str]], NDArray[np.int16]]] = MappingProxyType(
    {"medoid": choose_medoid_look, "max-ndvi": choose_greenest_look}
)
"""Composites that take all bands of a pixel from one look, and how they choose it."""


@cache
def _build_sorting_network(size: int) -> NDArray[np.int64]:
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
def _fill_median(stack: NDArray[np.int16], network: NDArray[np.int64], composite: NDArray[np.int16]) -> None:
    """Sort a row of all dates at a time, in loops without a branch: each takes many pixels at once."""
    dates, height, width = stack.shape
    nothing, most = np.int16(REFLECTANCE_NODATA), np.int16(REFLECTANCE_LIMIT)
    row = np.empty((dates, width), dtype=np.int16)
    count = np.empty(width, dtype=np.int16)
    low = np.empty(width, dtype=np.int16)
    high = np.empty(width, dtype=np.int16)
    for y in range(height):
        count[:] = 0
        low[:] = nothing
        high[:] = nothing
        for date in range(dates):
            line, values = row[date], stack[date, y]
            for x in range(width):
                value = values[x]
                line[x] = value if value != nothing else most
                count[x] += np.int16(value != nothing)
        for pair in range(len(network)):
            upper, lower = row[network[pair, 0]], row[network[pair, 1]]
            for x in range(width):
                first, second = upper[x], lower[x]
                upper[x] = min(first, second)
                lower[x] = max(first, second)
        for date in range(dates):
            line = row[date]
            before, alone, after = np.int16(2 * date), np.int16(2 * date + 1), np.int16(2 * date + 2)
            for x in range(width):
                value, known = line[x], count[x]
                low[x] = value if (known == alone) | (known == after) else low[x]
                high[x] = value if (known == alone) | (known == before) else high[x]
        middle = composite[y]
        for x in range(width):
            twice = np.int32(low[x]) + np.int32(high[x])
            half = twice >> 1
            half += twice & half & 1
            middle[x] = np.int16(half) if count[x] > 0 else nothing


@numba.njit(nogil=True, cache=True)
def _choose_medoid(stacks: NDArray[np.int16], chosen: NDArray[np.int16]) -> None:
    """Row by row, so that the distance of two dates is one vector operation."""
    bands, dates, height, width = stacks.shape
    candidate = np.empty((dates, width), dtype=np.bool_)
    total = np.empty((dates, width), dtype=np.int64)
    square = np.empty(width, dtype=np.int64)
    for y in range(height):
        _find_candidates(stacks[:, :, y], candidate)
        total[:] = 0
        for first in range(dates):
            for second in range(first + 1, dates):
                square[:] = 0
                for band in range(bands):
                    for x in range(width):
                        apart = np.int64(stacks[band, first, y, x]) - stacks[band, second, y, x]
                        square[x] += apart * apart
                for x in range(width):
                    both = candidate[first, x] & candidate[second, x]
                    distance = np.int64(np.rint(256.0 * np.sqrt(square[x]))) * both
                    total[first, x] += distance
                    total[second, x] += distance
        for x in range(width):
            chosen[y, x] = _NO_LOOK
            for date in range(dates):
                if candidate[date, x] and (chosen[y, x] < 0 or total[date, x] < total[chosen[y, x], x]):
                    chosen[y, x] = date


@numba.njit(nogil=True, cache=True)
def _find_candidates(row: NDArray[np.int16], candidate: NDArray[np.bool_]) -> None:
    """Looks (date, x) of a row (band, date, x) that have every band that any look of the pixel has."""
    bands, dates, width = row.shape
    candidate[:] = True
    held = np.zeros(width, dtype=np.bool_)
    used = np.empty(width, dtype=np.bool_)
    for band in range(bands):
        used[:] = False
        for date in range(dates):
            for x in range(width):
                used[x] |= row[band, date, x] != REFLECTANCE_NODATA
        for date in range(dates):
            for x in range(width):
                candidate[date, x] &= (row[band, date, x] != REFLECTANCE_NODATA) | (not used[x])
        held |= used
    candidate &= held


@numba.njit(nogil=True, cache=True)
def _choose_greenest(
    red: NDArray[np.int16], nir: NDArray[np.int16], least: int, chosen: NDArray[np.int16]
) -> None:
    dates, height, width = red.shape
    for y in range(height):
        for x in range(width):
            difference, total = np.int64(0), np.int64(0)
            for date in range(dates):
                low, high = np.int64(red[date, y, x]), np.int64(nir[date, y, x])
                if REFLECTANCE_NODATA in (low, high):
                    continue
                known = is_known(low, high, least)
                if chosen[y, x] < 0 or (
                    known and (total == 0 or (high - low) * total > difference * (low + high))
                ):
                    chosen[y, x] = date
                    total = low + high if known else np.int64(0)
                    difference = high - low


@numba.njit(nogil=True, cache=True)
def _take(stack: NDArray[np.int16], chosen: NDArray[np.int16], composite: NDArray[np.int16]) -> None:
    height, width = chosen.shape
    for y in range(height):
        for x in range(width):
            date = chosen[y, x]
            composite[y, x] = stack[date, y, x] if date >= 0 else REFLECTANCE_NODATA


@numba.njit(nogil=True, cache=True)
def _count(owner: NDArray[np.uint8], count: NDArray[np.uint16]) -> None:
    dates, height, width = owner.shape
    for date in range(dates):
        for y in range(height):
            for x in range(width):
                count[y, x] += np.uint16(owner[date, y, x] > 0)
