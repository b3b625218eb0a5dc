"""A settlement of the simulated world by the metre: parks, green, homes, streets about a middle.

Everything is drawn in a frame of its own: metres east and north of the middle along geodesics of CGCS2000, so
that every distance within it is known without any map projection.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry
from shapely.ops import polylabel

from pipeline.geodesy import ELLIPSOID, project, unproject
from pipeline.ingest.simulate.towns import build_towns
from pipeline.ingest.simulate.world import World

_INSCRIBED_M = 5.0
_STEP_M, _WIDTH_M = 50, 40
_FIRST_M, _LAST_M = -887, 613
_ROW, _NORTH, _SOUTH = (-20, 20), (370, 410), (-480, -440)
_BESIDE_PARK = (-95, -48)
_UNTOLD = (3, 12, 21)
STREET_Y_M = -60
STREET_ENDS_M = (-900, 640)

Box = tuple[float, float, float, float]
PARK: Box = (-100, -150, 0, 150)
POCKET_PARK: Box = (560, -150, 600, -110)
GREEN_STRIP: Box = (700, -30, 710, 30)
SMALL_GREEN: Box = (-800, -10, -785, 10)
"""Left, bottom, right, top in m: only the first is large enough for a park, all but the last for green."""


@dataclass(frozen=True)
class Homestead:
    """Housing land with one building: its number, place in m, its row (`group`), town and people.

    `people` is None where none are told.
    """

    number: int
    box: Box
    group: str
    town: str
    people: int | None

    @property
    def building(self) -> Box:
        """The building in the middle of the homestead."""
        left, bottom, _, _ = self.box
        return left + 14, bottom + 15, left + 26, bottom + 25


@dataclass(frozen=True)
class Settlement:
    """The settlement of a world, about the place with the most room around it."""

    world: World

    @cached_property
    def middle(self) -> tuple[float, float]:
        """Longitude and latitude of the middle of the widest circle in the largest part."""
        part = max((tile.part for tile in self.world.tiles), key=lambda part: part.geometry.area)
        outline = project(part.geometry, self.world.aoi.grid_crs)
        spot = polylabel(max(shapely.get_parts(outline), key=shapely.area), _INSCRIBED_M)
        lon, lat = shapely.get_coordinates(unproject(spot, self.world.aoi.grid_crs))[0]
        return float(lon), float(lat)

    def place(self, shape: BaseGeometry) -> BaseGeometry:
        """A shape of the frame in longitude and latitude."""
        placed: BaseGeometry = shapely.transform(shape, self._to_degrees)
        return placed

    def find_frame(self, shape: BaseGeometry) -> BaseGeometry:
        """A shape of longitude and latitude in the frame."""
        framed: BaseGeometry = shapely.transform(shapely.segmentize(shape, 0.001), self.to_metres)
        return framed

    def to_metres(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points of longitude and latitude in the frame."""
        lon, lat = (np.full(len(points), value) for value in self.middle)
        azimuth, _, distance = ELLIPSOID.inv(lon, lat, points[:, 0], points[:, 1])
        angle = np.radians(azimuth)
        return np.column_stack([distance * np.sin(angle), distance * np.cos(angle)])

    @cached_property
    def homesteads(self) -> tuple[Homestead, ...]:
        """Homesteads that lie in the area, each in one town."""
        row = [(x, "row") for x in range(_FIRST_M, _LAST_M, _STEP_M) if x + _WIDTH_M < PARK[0] or x > PARK[2]]
        beside = [(x, group) for group in ("north", "south") for x in _BESIDE_PARK]
        heights = {"row": _ROW, "north": _NORTH, "south": _SOUTH}
        towns = build_towns(self.world)
        found = []
        for number, (x, group) in enumerate([*row, *beside]):
            low, high = heights[group]
            box = (float(x), float(low), float(x + _WIDTH_M), float(high))
            ground = self.place(shapely.box(*box))
            inside = towns[towns.covers(ground)]
            if len(inside) == 1 and self.world.aoi.geometry.covers(ground):
                people = None if number in _UNTOLD else 20 + 7 * number % 31
                found.append(Homestead(number, box, group, str(inside["XZQDM"].iloc[0]), people))
        return tuple(found)

    def _to_degrees(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        lon, lat = (np.full(len(points), value) for value in self.middle)
        azimuth, distance = np.degrees(np.arctan2(points[:, 0], points[:, 1])), np.hypot(*points.T)
        east, north, _ = ELLIPSOID.fwd(lon, lat, azimuth, distance)
        return np.column_stack([east, north])
