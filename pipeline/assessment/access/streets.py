"""Streets as a network: who meets whom, and how far it is along them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from pipeline.assessment.access.plane import shrink

_SAME_M = 1e-3
"""Corners of streets that lie closer are one."""


@dataclass(frozen=True)
class StreetNetwork:
    """Streets as straight pieces between numbered corners: `ends` (piece, 2), in m of a plane.

    `links` (link, 2) join corners whose streets only nearly meet, `gaps` are how far apart these are.
    `corners` are their points.
    """

    corners: NDArray[np.float64]
    ends: NDArray[np.int64]
    links: NDArray[np.int64]
    gaps: NDArray[np.float64]

    @cached_property
    def pieces(self) -> NDArray[np.object_]:
        """The pieces as lines."""
        return np.asarray(shapely.linestrings(self.corners[self.ends]), dtype=object)

    @property
    def lengths(self) -> NDArray[np.float64]:
        """Lengths of the pieces in m."""
        return _measure_steps(self.corners, self.ends)


@dataclass(frozen=True)
class Spots:
    """Where something stands on streets: the number of a piece, the share of its length from its start."""

    piece: NDArray[np.int64]
    along: NDArray[np.float64]

    def join(self, other: "Spots") -> "Spots":
        """These spots and then the others."""
        return Spots(np.append(self.piece, other.piece), np.append(self.along, other.along))


def build_network(streets: NDArray[np.object_], join_m: float) -> StreetNetwork:
    """The network of streets (lines in the plane of an area).

    Streets meet where a corner of one lies on another, and where the end of one comes within `join_m` of
    another. Where they cross without a corner they do not meet: one may lead over the other.
    """
    corners, ends = _number_corners(streets)
    bare = StreetNetwork(corners, ends, np.empty((0, 2), dtype=np.int64), np.empty(0))
    return _join_ends(_split_at_corners(bare), join_m)


def insert_spots(network: StreetNetwork, spots: Spots) -> tuple[StreetNetwork, NDArray[np.int64]]:
    """The network with a corner at each of some spots, and the numbers of these corners."""
    first, last = network.corners[network.ends[spots.piece]].transpose(1, 0, 2)
    added = first + spots.along[:, None] * (last - first)
    numbers = len(network.corners) + np.arange(len(spots.piece))
    corners = np.concatenate([network.corners, added])
    ends = _split_pieces(network.ends, spots, numbers)
    return StreetNetwork(corners, ends, network.links, network.gaps), numbers


def measure_ways(
    network: StreetNetwork, starts: NDArray[np.int64], legs: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Shortest way in m from any of some starts to every corner, each start after a leg of its own.

    And the number of that start, -1 (and infinity) for corners that no street leads to.
    """
    hub = len(network.corners)
    from_hub = np.column_stack([np.full(len(starts), hub), starts])
    ends = np.concatenate([network.ends, network.links, from_hub])
    lengths = np.concatenate([network.lengths, network.gaps, legs])
    graph = _build_graph(ends, lengths, hub + 1)
    ways, before = dijkstra(graph, directed=False, indices=hub, return_predecessors=True)  # type: ignore[call-overload]
    return ways[:hub], _trace_starts(before, starts)


def count_crossings(network: StreetNetwork) -> int:
    """Pairs of pieces that cross where they do not meet."""
    tree = shapely.STRtree(network.pieces)
    first, second = tree.query(network.pieces, predicate="crosses")
    return int((first < second).sum())


def _number_corners(streets: NDArray[np.object_]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Corners of lines and the two of every piece, each once."""
    points, line = shapely.get_coordinates(shapely.get_parts(streets), return_index=True)
    steps, first, number = np.unique(
        np.rint(points / _SAME_M).astype(np.int64), axis=0, return_index=True, return_inverse=True
    )
    ends = np.column_stack([number[:-1], number[1:]])[np.diff(line) == 0]
    return points[first].reshape(len(steps), 2), _list_pieces(ends)


def _list_pieces(ends: NDArray[np.int64]) -> NDArray[np.int64]:
    """Ends of pieces, each piece once; those without a length are left out."""
    return np.unique(np.sort(ends[ends[:, 0] != ends[:, 1]], axis=1), axis=0)


def _split_pieces(ends: NDArray[np.int64], spots: Spots, corners: NDArray[np.int64]) -> NDArray[np.int64]:
    """Ends of the pieces that pieces fall into at spots, whose corners have these numbers."""
    count = len(ends)
    piece = np.concatenate([np.arange(count), np.arange(count), spots.piece])
    along = np.concatenate([np.zeros(count), np.ones(count), spots.along])
    rank = np.repeat([0, 2, 1], [count, count, len(corners)])
    order = np.lexsort((rank, along, piece))
    corner = np.concatenate([*ends.T, corners])[order]
    pairs = np.column_stack([corner[:-1], corner[1:]])
    same: NDArray[np.int64] = pairs[np.diff(piece[order]) == 0]
    return same


def _split_at_corners(network: StreetNetwork) -> StreetNetwork:
    """The network with its pieces split at corners that lie on them, each piece once."""
    corner, spots = _find_others(network, np.arange(len(network.corners)), _SAME_M)
    ends = _list_pieces(_split_pieces(network.ends, spots, corner))
    return StreetNetwork(network.corners, ends, network.links, network.gaps)


def _join_ends(network: StreetNetwork, join_m: float) -> StreetNetwork:
    """The network with links from ends of streets to streets that they nearly meet."""
    meeting = np.bincount(network.ends.ravel(), minlength=len(network.corners))
    end, spots = _find_others(network, np.flatnonzero(meeting == 1), join_m)
    joined, numbers = insert_spots(network, spots)
    links = np.column_stack([end, numbers])
    return StreetNetwork(joined.corners, joined.ends, links, _measure_steps(joined.corners, links))


def _find_others(
    network: StreetNetwork, corners: NDArray[np.int64], reach_m: float
) -> tuple[NDArray[np.int64], Spots]:
    """Corners within reach of pieces that they are no end of, and the spots nearest to them on these."""
    points = np.asarray(shapely.points(network.corners[corners]), dtype=object)
    found, piece = shapely.STRtree(network.pieces).query(points, predicate="dwithin", distance=reach_m)
    other = (network.ends[piece] != corners[found][:, None]).all(axis=1)
    found, piece = found[other], piece[other]
    along = np.asarray(shapely.line_locate_point(network.pieces[piece], points[found], normalized=True))
    return corners[found], Spots(piece, along)


def _measure_steps(corners: NDArray[np.float64], ends: NDArray[np.int64]) -> NDArray[np.float64]:
    first, last = corners[ends[:, 0]], corners[ends[:, 1]]
    return shrink(np.hypot(*(last - first).T), (first[:, 0] + last[:, 0]) / 2)


def _build_graph(ends: NDArray[np.int64], lengths: NDArray[np.float64], count: int) -> csr_array:
    """Lengths between corners; of several ways between two the shortest."""
    low, high = ends.min(axis=1), ends.max(axis=1)
    order = np.lexsort((lengths, high, low))
    low, high, lengths = low[order], high[order], lengths[order]
    shortest = (np.diff(low, prepend=-1) != 0) | (np.diff(high, prepend=-1) != 0)
    return csr_array((lengths[shortest], (low[shortest], high[shortest])), shape=(count, count))


def _trace_starts(before: NDArray[np.int32], starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """The number of the start that the way to every corner comes from, by the corner before each; else -1."""
    hub = len(before) - 1
    origin = np.where((before == hub) | (before < 0), np.arange(len(before)), before)
    while (origin != origin[origin]).any():
        origin = origin[origin]
    number = np.full(len(before), -1)
    number[starts] = np.arange(len(starts))
    return np.where(before < 0, -1, number[origin])[:hub]
