"""Points of a map with their names: each name beside its own point, or joined to it by a line."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import LineString, Point, Polygon

_ARROW = (91.0, 0.0, 100.0, 11.0)
_LETTER, _LINE, _GAP = 3.4, 4.0, 2.2
"""Size of a name beside a point, in hundredths of the width as a phone shows it, and its distance."""
_LATIN = 0.55
_RADIUS, _BESIDE = 1.2, 1.1
_CLEARLY = 1.5
"""By how much farther than its own point any other must be from a name that no line joins to it."""
_SHIFTS = (0.0, -2.6, 2.6, -4.4, 4.4)
_RINGS = (6.0, 9.0, 13.0, 18.0, 24.0)
_TURNS = 16


@dataclass(frozen=True)
class Spot:
    """A point of a map in hundredths of its width, its colour, and its name.

    The name stands at `across` and `down` from the point, and ends there where `ends` is set; a line leads
    from the point to `leader`, None where the name stands right beside it. Where there was no free place,
    `is_named` is not set, and the name is told elsewhere.
    """

    x: float
    y: float
    color: str
    name: str
    across: float = 0.0
    down: float = 0.0
    ends: bool = False
    leader: tuple[float, float] | None = None
    is_named: bool = True


@dataclass(frozen=True)
class _Place:
    """Where a name may stand: its box, whether it ends at the point, and the line that leads to its end."""

    box: Polygon
    ends: bool
    end: tuple[float, float] | None = None
    leader: LineString | None = None


def place_spots(
    points: Sequence[tuple[float, float] | None], colors: Sequence[str], names: Sequence[str], tall: float
) -> list[Spot]:
    """Points of a map `tall` units high with their names, which hide no point, no line and no other name.

    A name without a line is clearly nearer to its own point than to any other. A point that is nowhere is
    left out.
    """
    every = zip(points, colors, names, strict=True)
    known = [(*point, color, name) for point, color, name in every if point is not None]
    drawing = _Drawing(np.array([(x, y) for x, y, _, _ in known]).reshape(-1, 2), tall)
    found = []
    for number, (x, y, color, name) in enumerate(known):
        places = _list_places(x, y, _measure_name(name))
        place = next((place for place in places if drawing.has_room(place, number)), None)
        if place is not None:
            drawing.add(place)
        found.append(_write_spot(x, y, color, name, place))
    return found


class _Drawing:
    """What stands on a map so far: its points, and the names and lines that have their place."""

    def __init__(self, points: NDArray[np.float64], tall: float) -> None:
        self._dots = np.asarray(shapely.points(points))
        self._map = shapely.box(0, 0, 100, tall)
        self._names, self._lines = [shapely.box(*_ARROW)], list[LineString]()

    def add(self, place: _Place) -> None:
        """Let a name stand where it has room."""
        self._names.append(place.box)
        if place.leader is not None:
            self._lines.append(place.leader)

    def has_room(self, place: _Place, number: int) -> bool:
        """Whether the name of a point may stand there: on the map, over nothing, clearly its own."""
        if not self._map.covers(place.box):
            return False
        distances = np.asarray(shapely.distance(place.box, self._dots))
        if distances.min() < _RADIUS or self._covers(place.box):
            return False
        others = np.delete(np.arange(len(self._dots)), number)
        if place.leader is None:
            return bool((distances[others] > distances[number] + _CLEARLY).all())
        return self._is_clear(place.leader, self._dots[others])

    def _covers(self, box: Polygon) -> bool:
        overlaps = shapely.area(shapely.intersection(box, self._names)) > 0
        return bool(overlaps.any() or shapely.intersects(box, self._lines).any())

    def _is_clear(self, leader: LineString, others: NDArray[np.object_]) -> bool:
        """Whether a line runs over no other point, no name and no other line."""
        beyond = leader.difference(Point(leader.coords[0]).buffer(_RADIUS))
        crossed = shapely.intersects(beyond, [*self._names, *self._lines]).any()
        return not crossed and bool((shapely.distance(beyond, others) > _BESIDE).all())


def _measure_name(name: str) -> float:
    return sum(_LETTER * (_LATIN if letter.isascii() else 1) for letter in name)


def _list_places(x: float, y: float, long: float) -> Iterator[_Place]:
    """Right and left of the point, then on ever wider rings around it at the end of a line."""
    for shift in _SHIFTS:
        yield _Place(_build_box(x + _GAP, y + shift, long), ends=False)
        yield _Place(_build_box(x - _GAP - long, y + shift, long), ends=True)
    for ring in _RINGS:
        for turn in range(_TURNS):
            angle = 2 * math.pi * turn / _TURNS
            end = (round(x + ring * math.cos(angle), 2), round(y + ring * math.sin(angle), 2))
            ends = end[0] < x
            box = _build_box(end[0] - long - 0.4 if ends else end[0] + 0.4, end[1], long)
            yield _Place(box, ends, end, LineString([(x, y), end]))


def _build_box(left: float, middle: float, long: float) -> Polygon:
    return shapely.box(left, middle - _LINE / 2, left + long, middle + _LINE / 2)


def _write_spot(x: float, y: float, color: str, name: str, place: _Place | None) -> Spot:
    if place is None:
        return Spot(x, y, color, name, is_named=False)
    left, _, right, bottom = place.box.bounds
    at = (right if place.ends else left) - x
    return Spot(x, y, color, name, round(at, 2), round(bottom - 1 - y, 2), place.ends, place.end)
