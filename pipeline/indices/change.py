"""Change between two land cover maps: a transition a pixel, and the matrix in area and per cent."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.legends import LAND_COVER, NODATA_CLASS, UNCHANGED


def transitions(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Transition codes (legends.CHANGE): 0 unchanged, ten times from plus to; 255 where either is unknown."""
    codes = np.where(before == after, UNCHANGED, 10 * before + after)
    unknown = (before == NODATA_CLASS) | (after == NODATA_CLASS)
    return np.where(unknown, NODATA_CLASS, codes).astype(np.uint8)


def transition_matrix(
    pieces: Iterable[tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.float64]]],
) -> pd.DataFrame:
    """Area of every pair of classes, unknown among them: from, to, area_m2, percent of all area.

    A piece is the class before, the class after and the area of some pixels. Pairs that do not occur stand
    with 0, so that rows of two matrices can be compared.
    """
    keys = [entry.key for entry in LAND_COVER.classes] + ["unknown"]
    position = np.full(NODATA_CLASS + 1, len(keys) - 1)
    for number, entry in enumerate(LAND_COVER.classes):
        position[entry.code] = number
    area = np.zeros(len(keys) ** 2)
    for before, after, weight_m2 in pieces:
        pairs = position[before] * len(keys) + position[after]
        area += np.bincount(pairs, weights=weight_m2, minlength=len(area))
    index = pd.MultiIndex.from_product([keys, keys], names=["from", "to"])
    matrix = pd.DataFrame({"area_m2": area}, index=index).reset_index()
    total = area.sum()
    matrix["percent"] = 100 * area / total if total else np.nan
    return matrix
