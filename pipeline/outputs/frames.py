"""What ground one picture shows: the whole area, or each of its parts where they lie far apart."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from shapely.geometry.base import BaseGeometry

from pipeline.geodesy import project
from pipeline.grid import Block, Grid

_LEGIBLE = 2.5
"""How many times as long as the larger of two parts a map of both may be: both are then seen well."""
_MOST = 6
"""More frames than this are no longer a sheet: the parts that lie closest share one."""
_MARGIN = 0.04

_Bounds = tuple[float, float, float, float]


@dataclass(frozen=True)
class Frame:
    """A rectangle of a grid that one picture shows, as a grid of its own, and which parts lie in it."""

    block: Block
    grid: Grid
    parts: tuple[int, ...]


def plan_frames(parts: Sequence[BaseGeometry], grid: Grid) -> tuple[Frame, ...]:
    """Frames for the parts (EPSG:4490) of an area: one of its whole grid, or several with a margin.

    Parts share a frame while a map of both is at most 2.5 times as long as the larger one; there are never
    more than six frames. Frames come in the order of their first part.
    """
    bounds = [project(part, grid.crs).bounds for part in parts]
    groups = _join({(number,): own for number, own in enumerate(bounds)})
    if len(groups) == 1:
        return (Frame(grid.whole, grid, tuple(range(len(parts)))),)
    return tuple(_cut_frame(members, own, grid) for members, own in sorted(groups.items()))


def _join(groups: dict[tuple[int, ...], _Bounds]) -> dict[tuple[int, ...], _Bounds]:
    """Groups of parts with their bounds, joined as long as two lose little by it or there are too many."""
    while len(groups) > 1:
        loss, one, other = min(_list_losses(groups))
        if loss > _LEGIBLE and len(groups) <= _MOST:
            break
        both = _unite(groups.pop(one), groups.pop(other))
        groups[tuple(sorted(one + other))] = both
    return groups


def _list_losses(
    groups: dict[tuple[int, ...], _Bounds],
) -> Iterator[tuple[float, tuple[int, ...], tuple[int, ...]]]:
    """By how much a map of two groups is longer than that of the larger one."""
    for one, other in combinations(groups, 2):
        longer = max(_measure_length(groups[one]), _measure_length(groups[other]))
        yield _measure_length(_unite(groups[one], groups[other])) / longer, one, other


def _unite(one: _Bounds, other: _Bounds) -> _Bounds:
    return (
        *(min(pair) for pair in zip(one[:2], other[:2], strict=True)),
        *(max(pair) for pair in zip(one[2:], other[2:], strict=True)),
    )  # type: ignore[return-value]


def _measure_length(bounds: _Bounds) -> float:
    left, bottom, right, top = bounds
    return max(right - left, top - bottom)


def _cut_frame(members: tuple[int, ...], bounds: _Bounds, grid: Grid) -> Frame:
    left, bottom, right, top = bounds
    margin = _MARGIN * _measure_length(bounds)
    block = grid.block_over((left - margin, bottom - margin, right + margin, top + margin))
    return Frame(block, grid.cut(block), members)
