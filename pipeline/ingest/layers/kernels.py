"""The loops that bring numbers of a raster onto the pixels of a grid.

Rows and columns count from the corner of the window that `source` holds. What lies beside it is unknown.
"""

import numpy as np
from numpy.typing import NDArray

from pipeline.compiled import numba
from pipeline.ingest.layers.layer import NO_CODE

_SLIVER = 1e-6
"""Share of a pixel that counts as nothing: edges on edges meet up to rounding."""
_CORNERS = 4
_MOST_CORNERS = 8
"""A quadrilateral that four lines cut has so many at most."""


@numba.njit(nogil=True, cache=True)
def count_mode(
    source: NDArray[np.int32],
    row: NDArray[np.float64],
    col: NDArray[np.float64],
    share: int,
    codes: NDArray[np.int32],
) -> None:
    """The commonest code under `share` x `share` points of each pixel, the lower of two as common.

    NO_CODE has no say; pixels where nothing has a code are left as they are.
    """
    kinds = np.empty(share * share, dtype=np.int32)
    count = np.empty(share * share, dtype=np.int64)
    for y in range(codes.shape[0]):
        for x in range(codes.shape[1]):
            different = _count_codes(source, row, col, y * share, x * share, share, kinds, count)
            most = 0
            for place in range(different):
                lower = count[place] == most and kinds[place] < codes[y, x]
                if count[place] > most or lower:
                    most, codes[y, x] = count[place], kinds[place]


@numba.njit(nogil=True, cache=True)
def _count_codes(
    source: NDArray[np.int32],
    row: NDArray[np.float64],
    col: NDArray[np.float64],
    top: int,
    left: int,
    share: int,
    kinds: NDArray[np.int32],
    count: NDArray[np.int64],
) -> int:
    """Put the codes under `share` x `share` points, and how often each is there; the number of codes."""
    different = 0
    for y in range(top, top + share):
        for x in range(left, left + share):
            code = _pick_code(source, int(np.floor(row[y, x])), int(np.floor(col[y, x])))
            if code == NO_CODE:
                continue
            place = 0
            while place < different and kinds[place] != code:
                place += 1
            if place == different:
                kinds[place], count[place] = code, 0
                different += 1
            count[place] += 1
    return different


@numba.njit(nogil=True, cache=True)
def _pick_code(source: NDArray[np.int32], y: int, x: int) -> int:
    inside = 0 <= y < source.shape[0] and 0 <= x < source.shape[1]
    return source[y, x] if inside else NO_CODE


@numba.njit(nogil=True, cache=True)
def pick_nearest(
    source: NDArray[np.float64],
    row: NDArray[np.float64],
    col: NDArray[np.float64],
    values: NDArray[np.float64],
) -> None:
    """The number of the pixel under each point (y, x); NaN under points that are none."""
    for y in range(values.shape[0]):
        for x in range(values.shape[1]):
            reached = np.isfinite(row[y, x]) and np.isfinite(col[y, x])
            values[y, x] = (
                _pick_number(source, int(np.floor(row[y, x])), int(np.floor(col[y, x])))
                if reached
                else np.nan
            )


@numba.njit(nogil=True, cache=True)
def interpolate(
    source: NDArray[np.float64],
    row: NDArray[np.float64],
    col: NDArray[np.float64],
    values: NDArray[np.float64],
) -> None:
    """Bilinear between the four pixels around each point (y, x); unknown ones have no weight.

    A point is unknown where the pixel under it is.
    """
    for y in range(values.shape[0]):
        for x in range(values.shape[1]):
            values[y, x] = np.nan
            if not (np.isfinite(row[y, x]) and np.isfinite(col[y, x])):
                continue
            first = _pick_number(source, int(np.floor(row[y, x])), int(np.floor(col[y, x])))
            if np.isnan(first):
                continue
            upper, before = int(np.floor(row[y, x] - 0.5)), int(np.floor(col[y, x] - 0.5))
            down, across = row[y, x] - 0.5 - upper, col[y, x] - 0.5 - before
            total, weights = 0.0, 0.0
            for step_y in range(2):
                for step_x in range(2):
                    number = _pick_number(source, upper + step_y, before + step_x)
                    if not np.isnan(number):
                        weight = abs(1 - step_y - down) * abs(1 - step_x - across)
                        total += weight * (number - first)
                        weights += weight
            values[y, x] = first + total / weights


@numba.njit(nogil=True, cache=True)
def _pick_number(source: NDArray[np.float64], y: int, x: int) -> float:
    inside = 0 <= y < source.shape[0] and 0 <= x < source.shape[1]
    return source[y, x] if inside else np.nan


@numba.njit(nogil=True, cache=True)
def share_by_area(
    source: NDArray[np.float64],
    row: NDArray[np.float64],
    col: NDArray[np.float64],
    summed: bool,
    values: NDArray[np.float64],
) -> None:
    """Mean of the known numbers under each pixel by the area that they share with it; or what they add up to.

    `row` and `col` (y + 1, x + 1) are the corners of the pixels. Added up, each number is a total of its
    pixel and gives the share of it that lies under the pixel of the grid.
    """
    pieces = np.empty((2, _MOST_CORNERS + 1, 2))
    corners = np.empty((_CORNERS, 2))
    for y in range(values.shape[0]):
        x = -1
        while x < values.shape[1] - 1:
            x += 1
            i, j = _find_only(row, y, x), _find_only(col, y, x)
            if not summed and i >= 0 and j >= 0:
                x = _fill_run(_pick_number(source, i, j), row, col, i, j, y, x, values)
                continue
            for number, (down, across) in enumerate(((0, 0), (0, 1), (1, 1), (1, 0))):
                corners[number, 0] = row[y + down, x + across]
                corners[number, 1] = col[y + down, x + across]
            reached = np.isfinite(corners).all()
            values[y, x] = _gather_under(source, corners, pieces, summed) if reached else np.nan


@numba.njit(nogil=True, cache=True)
def _find_only(place: NDArray[np.float64], y: int, x: int) -> int:
    """The only row, or column, of a raster between the corners of a pixel; -1 where there are several."""
    one, two, three, four = place[y, x], place[y, x + 1], place[y + 1, x], place[y + 1, x + 1]
    least, most = min(one, two, three, four), max(one, two, three, four)
    first = np.floor(least)
    return int(first) if most <= first + 1.0 else -1


@numba.njit(nogil=True, cache=True)
def _fill_run(
    number: float,
    row: NDArray[np.float64],
    col: NDArray[np.float64],
    i: int,
    j: int,
    y: int,
    x: int,
    values: NDArray[np.float64],
) -> int:
    """Put a number from a pixel on, as far as pixels lie in the one row and column; where that ends."""
    end = x + 1
    while end < values.shape[1] and _lie_in(row, y, end + 1, i) and _lie_in(col, y, end + 1, j):
        end += 1
    values[y, x:end] = number
    return end - 1


@numba.njit(nogil=True, cache=True)
def _lie_in(place: NDArray[np.float64], y: int, x: int, only: int) -> bool:
    """Whether two corners, one above the other, lie in one row, or column, of a raster."""
    upper, lower = place[y, x], place[y + 1, x]
    inside: bool = only <= upper <= only + 1.0 and only <= lower <= only + 1.0
    return inside


@numba.njit(nogil=True, cache=True)
def _gather_under(
    source: NDArray[np.float64],
    corners: NDArray[np.float64],
    pieces: NDArray[np.float64],
    summed: bool,
) -> float:
    """Mean or sum under one pixel; the mean is reckoned from its first number: a constant stays one."""
    rows, cols = corners[:, 0], corners[:, 1]
    first, total, weights = np.nan, 0.0, 0.0
    for i in range(max(0, int(np.floor(rows.min()))), min(len(source), int(np.ceil(rows.max())))):
        for j in range(max(0, int(np.floor(cols.min()))), min(source.shape[1], int(np.ceil(cols.max())))):
            number = source[i, j]
            if np.isnan(number):
                continue
            weight = _measure_shared_area(corners, i, j, pieces)
            if np.isnan(first):
                first = 0.0 if summed else number
            total += weight * (number - first)
            weights += weight
    if weights <= _SLIVER * _measure_area(corners, _CORNERS):
        return np.nan
    return total if summed else first + total / weights


@numba.njit(nogil=True, cache=True)
def _measure_shared_area(corners: NDArray[np.float64], i: int, j: int, pieces: NDArray[np.float64]) -> float:
    """Area that a quadrilateral shares with the pixel of a row and column, whose own is 1.

    It is cut in the coordinates of that pixel, so that windows do not round it differently.
    """
    if (
        corners[0, 0] == corners[1, 0]
        and corners[2, 0] == corners[3, 0]
        and corners[0, 1] == corners[3, 1]
        and corners[1, 1] == corners[2, 1]
    ):
        down = min(corners[:, 0].max(), i + 1.0) - max(corners[:, 0].min(), float(i))
        across = min(corners[:, 1].max(), j + 1.0) - max(corners[:, 1].min(), float(j))
        shared: float = max(down, 0.0) * max(across, 0.0)
        return shared
    size = _CORNERS
    for number in range(_CORNERS):
        pieces[0, number, 0], pieces[0, number, 1] = corners[number, 0] - i, corners[number, 1] - j
    for side, (axis, bound, sign) in enumerate(
        ((0, 0.0, 1.0), (0, 1.0, -1.0), (1, 0.0, 1.0), (1, 1.0, -1.0))
    ):
        size = _cut(pieces[side % 2], size, axis, bound, sign, pieces[(side + 1) % 2])
    return _measure_area(pieces[0], size)


@numba.njit(nogil=True, cache=True)
def _cut(
    shape: NDArray[np.float64], size: int, axis: int, bound: float, sign: float, piece: NDArray[np.float64]
) -> int:
    """The part of a convex shape on one side of a line along an axis, and its number of corners."""
    left = 0
    for number in range(size):
        here, there = shape[number], shape[(number + 1) % size]
        before, after = sign * (here[axis] - bound), sign * (there[axis] - bound)
        if before >= 0:
            piece[left, 0], piece[left, 1] = here[0], here[1]
            left += 1
        if (before < 0) != (after < 0):
            piece[left, axis] = bound
            piece[left, 1 - axis] = here[1 - axis] + before / (before - after) * (
                there[1 - axis] - here[1 - axis]
            )
            left += 1
    return left


@numba.njit(nogil=True, cache=True)
def _measure_area(shape: NDArray[np.float64], size: int) -> float:
    """Area of a shape of so many corners, reckoned from its first, so that no digits are lost."""
    double = 0.0
    row, col = shape[0, 0], shape[0, 1]
    for number in range(1, size - 1):
        double += (shape[number, 0] - row) * (shape[number + 1, 1] - col) - (shape[number, 1] - col) * (
            shape[number + 1, 0] - row
        )
    return abs(double) / 2
