"""The few sums over covered pixels: area by class, weighted mean, histogram, transitions.

A kernel takes the pixels of some parcels, the numbers of rasters pixel by pixel, its parameters, and the sums
(parcel, field) that it adds to; it knows no layer and no measure. What a field holds is added pixel by pixel
in their order, so that no sum depends on what else is summed.

A number times `scale` is the value; what equals `nodata` (NaN for none) or is NaN itself is unknown.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.compiled import numba

CODE_LIMIT = 256
NO_COLUMN = -1

Numbers = NDArray[np.float64]
Columns = NDArray[np.int64]


class Pixels(NamedTuple):
    """The covered pixels of some parcels.

    `parcel` are rows of the sums; the pixels of `parcel[i]` are `cell[indptr[i]:indptr[i+1]]`, places in the
    rasters, and `weight_m2` is the covered area of each.
    """

    parcel: NDArray[np.int64]
    indptr: NDArray[np.int64]
    cell: NDArray[np.int32]
    weight_m2: Numbers

    @classmethod
    def of_one(cls, weight_m2: Numbers) -> "Pixels":
        """Pixels of one parcel, from the covered area of each, in the order of the rasters."""
        count = len(weight_m2)
        cells = np.arange(count, dtype=np.int32)
        return cls(np.zeros(1, dtype=np.int64), np.array([0, count], dtype=np.int64), cells, weight_m2)


@numba.njit(nogil=True, cache=True)
def add_class_areas(pixels: Pixels, codes: NDArray[np.uint8], columns: Columns, sums: Numbers) -> None:
    """Add the area of every pixel to the field that `columns` has for its code."""
    for row in range(len(pixels.parcel)):
        areas = sums[pixels.parcel[row]]
        for place in range(pixels.indptr[row], pixels.indptr[row + 1]):
            areas[columns[codes[pixels.cell[place]]]] += pixels.weight_m2[place]


@numba.njit(nogil=True, cache=True)
def add_means(
    pixels: Pixels, numbers: NDArray[Any], nodata: float, scale: float, threshold: float, sums: Numbers
) -> None:
    """Add value times area, the area of values from `threshold` on, the area seen, and the unknown area.

    A threshold that is NaN is never reached.
    """
    for row in range(len(pixels.parcel)):
        fields = sums[pixels.parcel[row]]
        total, reached, seen, unknown = fields[0], fields[1], fields[2], fields[3]
        for place in range(pixels.indptr[row], pixels.indptr[row + 1]):
            number, area = numbers[pixels.cell[place]], pixels.weight_m2[place]
            if number == nodata or np.isnan(number):
                unknown += area
            else:
                value = number * scale
                total += value * area
                seen += area
                reached += area if value >= threshold else 0.0
        fields[0], fields[1], fields[2], fields[3] = total, reached, seen, unknown


@numba.njit(nogil=True, cache=True)
def add_histogram(
    pixels: Pixels, numbers: NDArray[Any], nodata: float, scale: float, cuts: Numbers, sums: Numbers
) -> None:
    """Add the area between cuts (a value on a cut is above it), then the area seen and the unknown area."""
    for row in range(len(pixels.parcel)):
        fields = sums[pixels.parcel[row]]
        seen, unknown = fields[-2], fields[-1]
        for place in range(pixels.indptr[row], pixels.indptr[row + 1]):
            number, area = numbers[pixels.cell[place]], pixels.weight_m2[place]
            if number == nodata or np.isnan(number):
                unknown += area
            else:
                value = number * scale
                above = 0
                for cut in cuts:
                    above += value >= cut
                fields[above] += area
                seen += area
        fields[-2], fields[-1] = seen, unknown


class Moves(NamedTuple):
    """What the codes of classes and of transitions stand for, by code.

    `known` says which codes are classes; `gained` and `lost` have the fields of the classes that a transition
    leads to and comes from, NO_COLUMN for what is none.
    """

    known: NDArray[np.bool_]
    gained: Columns
    lost: Columns


@numba.njit(nogil=True, cache=True)
def add_transitions(
    pixels: Pixels,
    before: NDArray[np.uint8],
    after: NDArray[np.uint8],
    counted: NDArray[np.uint8],
    moves: Moves,
    sums: Numbers,
) -> None:
    """Add what classes gained and lost by the transitions that count, then the area seen, and the unknown.

    Seen is what has a class `before` and `after`.
    """
    for row in range(len(pixels.parcel)):
        fields = sums[pixels.parcel[row]]
        seen, unknown = fields[-2], fields[-1]
        for place in range(pixels.indptr[row], pixels.indptr[row + 1]):
            pixel, area = pixels.cell[place], pixels.weight_m2[place]
            if moves.known[before[pixel]] and moves.known[after[pixel]]:
                seen += area
            else:
                unknown += area
            code = counted[pixel]
            if moves.gained[code] != NO_COLUMN:
                fields[moves.gained[code]] += area
                fields[moves.lost[code]] += area
        fields[-2], fields[-1] = seen, unknown


@numba.njit(nogil=True, cache=True)
def add_class_values(
    pixels: Pixels,
    codes: NDArray[np.uint8],
    columns: Columns,
    numbers: NDArray[Any],
    nodata: float,
    scale: float,
    sums: Numbers,
) -> None:
    """Add value times area and the area seen to the two fields from that of `columns` for the code on."""
    for row in range(len(pixels.parcel)):
        fields = sums[pixels.parcel[row]]
        for place in range(pixels.indptr[row], pixels.indptr[row + 1]):
            pixel, area = pixels.cell[place], pixels.weight_m2[place]
            number = numbers[pixel]
            if number != nodata and not np.isnan(number):
                first = columns[codes[pixel]]
                fields[first] += number * scale * area
                fields[first + 1] += area
