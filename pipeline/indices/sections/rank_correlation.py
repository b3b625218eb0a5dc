"""Spearman's rank correlation of a series with its order, and how likely chance alone makes one as strong."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

EXACT_UP_TO = 10
"""Up to so many values all their arrangements are counted."""

PERMUTATIONS = 9_999
"""Beyond, so many random arrangements are drawn, the same ones in every run."""

EXACT, DRAWN = "exact", "permutation"

_SEED = 20_201
_HELD = 4
_KNOWN = 512

Whole = NDArray[np.int64]


class RankCorrelation(NamedTuple):
    """`rs`, NaN for equal values; two-sided `p_value` by `p_method`; whether some values are equal."""

    rs: float
    p_value: float
    p_method: str | None
    has_ties: bool


def correlate_ranks(values: Sequence[float]) -> RankCorrelation:
    """Pearson's correlation of the ranks of a series, equal values sharing their mean rank, with its order.

    1 - 6 sum d^2 / (N^3 - N) is the same without equal values only (Spearman 1904; Kendall 1970). The
    p-value is the share of all arrangements of these values whose correlation is as far from 0 at least.
    """
    doubled = _double_ranks(values)
    number = len(doubled)
    places = np.arange(1, number + 1)
    spread = np.sqrt(_sum_squares(places) * _sum_squares(doubled))
    has_ties = len(np.unique(doubled)) < number
    if spread == 0:
        return RankCorrelation(float("nan"), float("nan"), None, has_ties)
    distance = _measure_distance(np.array([places @ doubled]), number, int(doubled.sum()))[0]
    rs = (number * int(places @ doubled) - int(places.sum()) * int(doubled.sum())) / number / spread
    ranks = tuple(sorted(doubled.tolist()))
    if number <= EXACT_UP_TO:
        return RankCorrelation(rs, _count_exactly(ranks, int(distance)), EXACT, has_ties)
    return RankCorrelation(rs, _draw(ranks, int(distance)), DRAWN, has_ties)


def _double_ranks(values: Sequence[float]) -> Whole:
    """Twice the ranks from 1, so that the mean rank of equal values is a whole number."""
    _, kinds, often = np.unique(np.asarray(values, dtype=float), return_inverse=True, return_counts=True)
    doubled: Whole = (2 * np.cumsum(often) - often + 1)[kinds]
    return doubled


def _sum_squares(numbers: Whole) -> float:
    return float(np.sum((numbers - numbers.mean()) ** 2))


def _measure_distance(sums: Whole, number: int, total: int) -> Whole:
    """How far sums of place times rank lie from the one that no correlation has, in whole numbers."""
    distance: Whole = np.abs(2 * sums - (number + 1) * total)
    return distance


def _count_exactly(ranks: tuple[int, ...], distance: int) -> float:
    counts = _count_sums(ranks)
    far = _measure_distance(np.arange(len(counts)), len(ranks), sum(ranks)) >= distance
    return float(counts[far].sum() / counts.sum())


@lru_cache(maxsize=_KNOWN)
def _count_sums(ranks: tuple[int, ...]) -> Whole:
    """How many arrangements of ranks have each sum of place times rank, counted place by place."""
    distinct, often = np.unique(ranks, return_counts=True)
    highest = int(np.arange(1, len(ranks) + 1) @ np.array(ranks))
    layer: dict[tuple[int, ...], Whole] = {(0,) * len(distinct): np.eye(1, highest + 1, dtype=np.int64)[0]}
    for place in range(1, len(ranks) + 1):
        following: dict[tuple[int, ...], Whole] = {}
        for used, counts in layer.items():
            for kind in np.flatnonzero(np.array(used) < often):
                taken = (*used[:kind], used[kind] + 1, *used[kind + 1 :])
                # no sum is above the highest, so that nothing is rolled over its end
                shifted = np.roll(counts, place * int(distinct[kind]))
                following[taken] = following[taken] + shifted if taken in following else shifted
        layer = following
    (counts,) = layer.values()
    return counts


def _draw(ranks: tuple[int, ...], distance: int) -> float:
    """Share of random arrangements, the one that is seen among them."""
    sums = _list_arrangements(len(ranks)) @ np.array(ranks)
    far = _measure_distance(sums, len(ranks), sum(ranks)) >= distance
    return float((1 + np.count_nonzero(far)) / (1 + PERMUTATIONS))


@lru_cache(maxsize=_HELD)
def _list_arrangements(number: int) -> Whole:
    """Random arrangements of the places 1 to `number`, one a row."""
    rows = np.tile(np.arange(1, number + 1), (PERMUTATIONS, 1))
    arrangements: Whole = np.random.default_rng(_SEED).permuted(rows, axis=1)
    return arrangements
