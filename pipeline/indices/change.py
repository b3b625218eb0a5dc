"""Change between two land cover maps: a transition a pixel, without speckle, and the matrix of areas."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pipeline.legends import LAND_COVER, NODATA_CLASS, UNCHANGED


def transitions(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Transition codes (legends.CHANGE): 0 unchanged, ten times from plus to; 255 where either is unknown."""
    codes = np.where(before == after, UNCHANGED, 10 * before + after)
    unknown = (before == NODATA_CLASS) | (after == NODATA_CLASS)
    return np.where(unknown, NODATA_CLASS, codes).astype(np.uint8)


def evident(
    codes: NDArray[np.uint8],
    before: Mapping[str, NDArray[np.floating[Any]]],
    after: Mapping[str, NDArray[np.floating[Any]]],
    *,
    least_shift: float,
) -> NDArray[np.uint8]:
    """Transition codes where some index moved by at least `least_shift`; elsewhere what differs is unchanged.

    `before` and `after` hold the same indices by name. A pixel on the brink of two classes goes over to the
    other with the least noise; such a change of class without a change of the ground is not evident.
    """
    shift = np.max([np.abs(after[name] - before[name]) for name in before], axis=0)
    return np.where((codes == NODATA_CLASS) | (shift >= least_shift), codes, np.uint8(UNCHANGED))


def sieved(codes: NDArray[np.uint8], *, least_px: int) -> NDArray[np.uint8]:
    """Transition codes of a whole area (y, x) without patches of fewer than `least_px` pixels.

    A patch is what one transition joins along pixel edges. Each patch that is too small takes the code that
    the most of its outer edges border on: unchanged, or the transition of a patch that is large enough; small
    neighbours and the unknown have no say. Among equals unchanged goes first, then the lower code; without
    any such neighbour the patch is unchanged. So every patch that is left has at least `least_px` pixels,
    nothing unchanged becomes a change, and what is unknown stays so. Holds two copies of the codes and about
    160 bytes a changed pixel; the whole area is needed at once, because a patch may reach over any block.
    """
    cells = np.flatnonzero((codes != UNCHANGED) & (codes != NODATA_CLASS))
    patch = _patches(codes, cells)
    small = (np.bincount(patch) < least_px)[patch]
    ground = codes.copy()
    ground.flat[cells[small]] = NODATA_CLASS
    ground.flat[cells[small]] = _surroundings(ground, cells[small], patch[small])
    return ground


def _patches(codes: NDArray[np.uint8], cells: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number of the patch of every changed cell; cells are flat places in rising order."""
    width = codes.shape[1]
    inner = cells[cells % width < width - 1]
    early, late = np.concatenate([inner, cells]), np.concatenate([inner + 1, cells + width])
    place = np.searchsorted(cells, late)
    joined = cells[np.minimum(place, len(cells) - 1)] == late
    joined[joined] = codes.flat[early[joined]] == codes.flat[late[joined]]
    links = np.searchsorted(cells, early[joined]), place[joined]
    graph = coo_array((np.ones(len(links[0]), dtype=bool), links), shape=(len(cells), len(cells)))
    return connected_components(graph, directed=False)[1].astype(np.int64)


def _surroundings(
    ground: NDArray[np.uint8], cells: NDArray[np.int64], patch: NDArray[np.int64]
) -> NDArray[np.uint8]:
    """For every cell the code that its patch borders on most, in `ground`, where unknown has no say."""
    framed = np.pad(ground, 1, constant_values=NODATA_CLASS)
    row, col = np.divmod(cells, ground.shape[1])
    beside = [framed[row + down, col + across] for down, across in ((0, 1), (2, 1), (1, 0), (1, 2))]
    votes = pd.DataFrame({"patch": np.tile(patch, len(beside)), "code": np.concatenate(beside)})
    edges = votes[votes["code"] != NODATA_CLASS].value_counts().rename("edges").reset_index()
    first = edges.sort_values(["patch", "edges", "code"], ascending=[True, False, True])
    winner = first.drop_duplicates("patch").set_index("patch")["code"]
    return winner.reindex(patch, fill_value=UNCHANGED).to_numpy(dtype=np.uint8)


Piece = tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8], NDArray[np.float64]]
"""Class before, class after, code of the transition that counts and area in m2 of some pixels."""


def transition_matrix(pieces: Iterable[Piece]) -> pd.DataFrame:
    """Area of every pair of classes, unknown among them: from, to, area_m2, percent of all area.

    `area_m2` and `percent` are those of the two maps, `area_counted_m2` and `percent_counted` those of the
    transitions that count, so that what is taken for noise is seen. Pairs that do not occur stand with 0, so
    that rows of two matrices can be compared.
    """
    keys = [entry.key for entry in LAND_COVER.classes] + ["unknown"]
    area, kept = np.zeros(len(keys) ** 2), np.zeros(len(keys) ** 2)
    for before, after, code, weight_m2 in pieces:
        area += _paired(before, after, weight_m2)
        moved = (code != UNCHANGED) & (code != NODATA_CLASS)
        unmoved = np.where(code == UNCHANGED, before, after)
        kept += _paired(np.where(moved, code // 10, before), np.where(moved, code % 10, unmoved), weight_m2)
    index = pd.MultiIndex.from_product([keys, keys], names=["from", "to"])
    total = area.sum()
    percents = [100 * sums / total if total else np.full(len(sums), np.nan) for sums in (area, kept)]
    columns = {
        "area_m2": area,
        "percent": percents[0],
        "area_counted_m2": kept,
        "percent_counted": percents[1],
    }
    return pd.DataFrame(columns, index=index).reset_index()


def _paired(
    before: NDArray[np.uint8], after: NDArray[np.uint8], weight_m2: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Area of every pair of classes, row by row; the last is unknown."""
    count = len(LAND_COVER.classes) + 1
    position = np.full(NODATA_CLASS + 1, count - 1)
    position[[entry.code for entry in LAND_COVER.classes]] = np.arange(count - 1)
    sums = np.bincount(position[before] * count + position[after], weights=weight_m2, minlength=count**2)
    return sums.astype(np.float64)
