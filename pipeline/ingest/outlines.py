"""Outlines on a round earth: what crosses 180 degrees is cut there, so that it meets what it should meet."""

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

_HALF, _TURN = 180.0, 360.0


def wrapped(outline: BaseGeometry) -> BaseGeometry:
    """An outline (longitude, latitude) within -180 to 180 degrees, cut where it crosses.

    Taken as crossing is a polygon that reaches past 180 degrees, and one wider than half the earth, which is
    how some catalogues write a crossing; no scene is that wide.
    """
    west, _, east, _ = outline.bounds or (0.0, 0.0, 0.0, 0.0)
    if west >= -_HALF and east <= _HALF and east - west <= _HALF:
        return outline
    parts = [_unrolled(part) for part in shapely.get_parts(outline)]
    windows = [(turn, shapely.box(turn - _HALF, -90.0, turn + _HALF, 90.0)) for turn in (-_TURN, 0.0, _TURN)]
    cut = [_moved(part.intersection(window), -turn) for part in parts for turn, window in windows]
    whole: BaseGeometry = shapely.union_all([piece for piece in cut if not piece.is_empty])
    return whole


def _unrolled(part: BaseGeometry) -> BaseGeometry:
    west, _, east, _ = part.bounds
    if east - west <= _HALF:
        return part

    def east_of_0(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack([np.where(points[:, 0] < 0, points[:, 0] + _TURN, points[:, 0]), points[:, 1]])

    unrolled: BaseGeometry = shapely.transform(part, east_of_0)
    return unrolled


def _moved(piece: BaseGeometry, degrees: float) -> BaseGeometry:
    moved: BaseGeometry = shapely.transform(piece, lambda points: points + np.array([degrees, 0.0]))
    return moved
