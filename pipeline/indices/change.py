"""Change between two land cover maps: a transition a pixel, without speckle, and the matrix of areas."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import scipy
from numpy.typing import NDArray

from pipeline.legends import LAND_COVER, NODATA_CLASS, UNCHANGED, Legend


def code_transitions(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Transition codes (legends.CHANGE): 0 unchanged, ten times from plus to; 255 where either is unknown."""
    codes = np.where(before == after, UNCHANGED, 10 * before + after)
    unknown = (before == NODATA_CLASS) | (after == NODATA_CLASS)
    return np.where(unknown, NODATA_CLASS, codes).astype(np.uint8)


def keep_evident(
    codes: NDArray[np.uint8],
    before: Mapping[str, NDArray[np.floating[Any]]],
    after: Mapping[str, NDArray[np.floating[Any]]],
    *,
    least_shift: float,
) -> NDArray[np.uint8]:
    """Transition codes where some index moved by at least `least_shift`; elsewhere what differs is unchanged.

    `before` and `after` hold the same indices by name. A pixel on the brink of two classes goes over to the
    other with the least noise; such a change of class without a change of the ground is not evident. An index
    that is known in one of them only has left its domain, as that of drowned plants does, which is a move.
    """
    moved = [
        (np.abs(after[name] - before[name]) >= least_shift)
        | (np.isnan(after[name]) != np.isnan(before[name]))
        for name in before
    ]
    return np.where((codes == NODATA_CLASS) | np.any(moved, axis=0), codes, np.uint8(UNCHANGED))


def sieve_patches(codes: NDArray[np.uint8], *, least_px: int) -> NDArray[np.uint8]:
    """Transition codes of a whole area (y, x) without patches of fewer than `least_px` pixels.

    A patch is what one transition joins along pixel edges. Each patch that is too small takes the code that
    the most of its outer edges border on: unchanged, or the transition of a patch that is large enough; small
    neighbours and the unknown have no say. Among equals unchanged goes first, then the lower code; without
    any such neighbour the patch is unchanged. So every patch that is left has at least `least_px` pixels,
    nothing unchanged becomes a change, and what is unknown stays so. Holds two copies of the codes and about
    160 bytes a changed pixel; the whole area is needed at once, because a patch may reach over any block.
    """
    cells = np.flatnonzero(is_changed(codes))
    patch = number_cells(codes.flat[cells], cells, codes.shape[1])
    small = (np.bincount(patch) < least_px)[patch]
    ground = codes.copy()
    ground.flat[cells[small]] = NODATA_CLASS
    ground.flat[cells[small]] = _find_surroundings(ground, cells[small], patch[small])
    return ground


def is_changed(codes: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Where transition codes tell of a change."""
    moved: NDArray[np.bool_] = (codes != UNCHANGED) & (codes != NODATA_CLASS)
    return moved


def number_patches(codes: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Number of the patch of every changed pixel from 1, in order of their first pixels; 0 elsewhere.

    A patch is what one transition joins along pixel edges.
    """
    cells = np.flatnonzero(is_changed(codes))
    numbers = np.zeros(codes.shape, dtype=np.int32)
    numbers.flat[cells] = number_cells(codes.flat[cells], cells, codes.shape[1]) + 1
    return numbers


def number_cells(codes: NDArray[np.uint8], cells: NDArray[np.int64], width: int) -> NDArray[np.int64]:
    """Number of the patch of every changed cell from 0, in order of their first cells.

    `cells` are flat places of an area so many pixels wide, in rising order, `codes` their transitions.
    """
    early = np.concatenate([np.flatnonzero(cells % width < width - 1), np.arange(len(cells))])
    late = cells[early] + np.where(np.arange(len(early)) < len(early) - len(cells), 1, width)
    place = np.minimum(np.searchsorted(cells, late), len(cells) - 1)
    joined = (cells[place] == late) & (codes[place] == codes[early])
    links = early[joined], place[joined]
    graph = scipy.sparse.coo_array(
        (np.ones(len(links[0]), dtype=bool), links), shape=(len(cells), len(cells))
    )
    return scipy.sparse.csgraph.connected_components(graph, directed=False)[1].astype(np.int64)


@dataclass(frozen=True)
class PatchMeans:
    """Means over patches, gathered piece by piece; entry 0 belongs to no patch and is NaN."""

    total: NDArray[np.float64]
    count: NDArray[np.float64]

    @classmethod
    def of(cls, patch: NDArray[np.int32]) -> "PatchMeans":
        """Nothing yet, of as many patches as are numbered."""
        most = int(patch.max(initial=0)) + 1
        return cls(np.zeros(most), np.zeros(most))

    def add(self, patch: NDArray[np.int32], values: NDArray[np.float64]) -> None:
        """Add a piece; NaN is left out."""
        usable = (patch > 0) & np.isfinite(values)
        self.total[:] += np.bincount(patch[usable], values[usable], len(self.total))
        self.count[:] += np.bincount(patch[usable], minlength=len(self.count))

    @property
    def means(self) -> NDArray[np.float64]:
        """Mean of each patch by its number; NaN where nothing was added."""
        nothing = np.full(self.total.shape, np.nan)
        means: NDArray[np.float64] = np.divide(self.total, self.count, out=nothing, where=self.count > 0)
        return means


def keep_sure(
    codes: NDArray[np.uint8], patch: NDArray[np.int32], confidence: NDArray[np.float64], *, least: float
) -> NDArray[np.uint8]:
    """Transition codes without patches whose confidence lies below `least`, which become unchanged.

    The confidence of a pixel's change is the probability that both maps are right there, the product of
    their probabilities if they err independently (post-classification comparison: Singh 1989,
    DOI 10.1080/01431168908903939); that of a patch is the mean over its pixels, by the number of the patch.
    A patch of unknown confidence stays.
    """
    doubtful = confidence < least
    return np.where(doubtful[patch], np.uint8(UNCHANGED), codes)


def _find_surroundings(
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


def sum_transitions(
    before: NDArray[np.uint8],
    after: NDArray[np.uint8],
    codes: NDArray[np.uint8],
    weight_m2: NDArray[np.float64],
    legend: Legend = LAND_COVER,
) -> NDArray[np.float64]:
    """Area of every pair of classes of some pixels: as mapped (row 0), and by transitions that count (1).

    `codes` are those of the transitions that count; pairs are in the order of `build_transition_matrix`.
    """
    moved = is_changed(codes)
    unmoved = np.where(codes == UNCHANGED, before, after)
    mapped = _sum_pairs(before, after, weight_m2, legend)
    counted = np.where(moved, codes // 10, before), np.where(moved, codes % 10, unmoved)
    return np.stack([mapped, _sum_pairs(*counted, weight_m2, legend)])


def build_transition_matrix(
    parts: Iterable[NDArray[np.float64]], legend: Legend = LAND_COVER
) -> pd.DataFrame:
    """Area of every pair of a legend's classes, unknown among them: from, to, area_m2, percent of all area.

    `parts` are the `sum_transitions` of parts of an area.

    `area_m2` and `percent` are those of the two maps, `area_counted_m2` and `percent_counted` those of the
    transitions that count, so that what is taken for noise is seen. Pairs that do not occur stand with 0, so
    that rows of two matrices can be compared.
    """
    keys = [entry.key for entry in legend.classes] + ["unknown"]
    area, kept = sum(parts, np.zeros((2, len(keys) ** 2)))
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


def _sum_pairs(
    before: NDArray[np.uint8], after: NDArray[np.uint8], weight_m2: NDArray[np.float64], legend: Legend
) -> NDArray[np.float64]:
    """Area of every pair of classes, row by row; the last is unknown."""
    count = len(legend.classes) + 1
    position = np.full(NODATA_CLASS + 1, count - 1)
    position[[entry.code for entry in legend.classes]] = np.arange(count - 1)
    sums = np.bincount(position[before] * count + position[after], weights=weight_m2, minlength=count**2)
    return sums.astype(np.float64)
