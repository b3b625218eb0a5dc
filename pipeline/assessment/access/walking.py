"""Who is near enough along streets: from the middle of a home to the nearest way into a place."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from pipeline.assessment.access.dividing import divide_shapes
from pipeline.assessment.access.plane import shrink
from pipeline.assessment.access.straight import CENTIMETRES, Nearness
from pipeline.assessment.access.streets import Spots, StreetNetwork, insert_spots, measure_ways

NO_STREET = "附近没有街道 / on no street"
NO_WAY = "所在街道不通往任何绿地公园 / its streets lead to no place"


@dataclass(frozen=True)
class Entries:
    """Where places are entered: spots on streets, the leg from each to its place in m, the place's number."""

    spots: Spots
    legs: NDArray[np.float64]
    places: NDArray[np.int64]

    def join(self, other: "Entries") -> "Entries":
        """These entries and then the others."""
        legs, places = np.append(self.legs, other.legs), np.append(self.places, other.places)
        return Entries(self.spots.join(other.spots), legs, places)


def find_along_streets(
    homes: NDArray[np.object_], entries: Entries, network: StreetNetwork, *, limit_m: float, reach_m: float
) -> Nearness:
    """Nearness of homes (polygons or points) to places along streets, in the plane of an area.

    The way of a home runs from its middle straight to the nearest street, if that is within `reach_m`, along
    streets, and from there straight to its place; a home at exactly the limit is served. A home is served as
    a whole or not at all. It is unknown where no street is near, or no street leads to a place.
    """
    spots, legs, home = snap_points(find_middles(homes), network, reach_m)
    joined, corners = insert_spots(network, spots.join(entries.spots))
    own, entered = np.split(corners, [len(home)])
    ways_m, entry = measure_ways(joined, entered, entries.legs)
    way_m, place = np.full(len(homes), np.inf), np.full(len(homes), -1)
    way_m[home] = legs + ways_m[own]
    led = np.isfinite(way_m)
    place[home] = np.append(entries.places, -1)[entry[own]]
    share = np.where(led, np.round(way_m, CENTIMETRES) <= limit_m, np.nan).astype(np.float64)
    reason = np.full(len(homes), NO_STREET, dtype=object)
    reason[home] = NO_WAY
    reason[led] = None
    rest = np.array(homes, dtype=object)
    rest[share == 1] = shapely.Polygon()
    return Nearness(share, rest, np.where(led, way_m, np.nan), place, reason)


def find_middles(homes: NDArray[np.object_]) -> NDArray[np.object_]:
    """The centroid of each home, or a point on it where that lies beside it."""
    middles = shapely.centroid(homes)
    beside = ~shapely.intersects(homes, middles) & (shapely.get_dimensions(homes) > 0)
    middles[beside] = shapely.point_on_surface(homes[beside])
    return middles


def snap_points(
    points: NDArray[np.object_], network: StreetNetwork, reach_m: float
) -> tuple[Spots, NDArray[np.float64], NDArray[np.int64]]:
    """Spots on the nearest streets, the legs to them in m, and the numbers of the points within reach."""
    pieces = network.pieces
    (point, piece), leg = shapely.STRtree(pieces).query_nearest(
        points, max_distance=reach_m, return_distance=True
    )
    first = np.diff(point, prepend=-1) != 0
    point, piece, leg = point[first], piece[first], leg[first]
    along = shapely.line_locate_point(pieces[piece], points[point], normalized=True)
    return Spots(piece, along), shrink(leg, shapely.get_x(points[point])), point


def find_gates(
    gates: NDArray[np.object_], owners: NDArray[np.int64], network: StreetNetwork, reach_m: float
) -> Entries:
    """Entries by gates (points) of places whose numbers are `owners`; gates far from any street give none."""
    spots, legs, gate = snap_points(gates, network, reach_m)
    return Entries(spots, legs, owners[gate])


def find_open_entries(
    places: NDArray[np.object_], owners: NDArray[np.int64], network: StreetNetwork, reach_m: float
) -> Entries:
    """Entries of places without gates: of every piece of street within reach the point nearest to the place.

    Where a street runs inside of a place, it is entered at both ends of that stretch, without a leg.
    """
    tiles, place = divide_shapes(places)
    pieces = network.pieces
    piece, tile = shapely.STRtree(tiles).query(pieces, predicate="dwithin", distance=reach_m)
    legs = shrink(shapely.distance(pieces[piece], tiles[tile]), network.corners[network.ends[piece, 0], 0])
    order = np.lexsort((tile, legs, piece, place[tile]))
    piece, tile, legs = piece[order], tile[order], legs[order]
    nearest = (np.diff(piece, prepend=-1) != 0) | (np.diff(place[tile], prepend=-1) != 0)
    inside = legs == 0
    beside = nearest & ~inside
    points = shapely.get_point(shapely.shortest_line(pieces[piece[beside]], tiles[tile[beside]]), 0)
    within, pair = shapely.get_coordinates(
        shapely.intersection(pieces[piece[inside]], tiles[tile[inside]]), return_index=True
    )
    all_points = np.concatenate([points, shapely.points(within)])
    lines = np.concatenate([piece[beside], piece[inside][pair]])
    along = shapely.line_locate_point(pieces[lines], all_points, normalized=True)
    legs = np.concatenate([legs[beside], np.zeros(len(within))])
    owner = owners[np.concatenate([place[tile[beside]], place[tile[inside]][pair]])]
    return Entries(Spots(lines, along), legs, owner)
