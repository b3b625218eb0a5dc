"""Large shapes as small ones: what is near one is found without looking through all its corners."""

import numpy as np
import shapely
from numpy.typing import NDArray

_MOST_POINTS = 64
_LEAST_EDGE_M = 1.0


def divide_shapes(shapes: NDArray[np.object_]) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """Polygons cut into parts with few corners, together the same ground, and whose part each is."""
    parts, owners = shapely.get_parts(shapes, return_index=True)
    done, names = [parts[:0]], [owners[:0]]
    while len(parts):
        width, height = _measure_extent(parts)
        small = (shapely.get_num_coordinates(parts) <= _MOST_POINTS) | (
            np.maximum(width, height) < _LEAST_EDGE_M
        )
        done.append(parts[small])
        names.append(owners[small])
        parts, owners = _halve(parts[~small], owners[~small])
    return np.concatenate(done), np.concatenate(names)


def _measure_extent(shapes: NDArray[np.object_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    left, bottom, right, top = shapely.bounds(shapes).T
    return right - left, top - bottom


def _halve(
    shapes: NDArray[np.object_], owners: NDArray[np.int64]
) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """Polygons of both halves of each shape, cut across its longer side."""
    left, bottom, right, top = shapely.bounds(shapes).T.reshape(4, -1)
    wide = right - left >= top - bottom
    middle = np.where(wide, left + right, bottom + top) / 2
    first = shapely.box(left, bottom, np.where(wide, middle, right), np.where(wide, top, middle))
    second = shapely.box(np.where(wide, middle, left), np.where(wide, bottom, middle), right, top)
    cut = np.concatenate([shapely.intersection(shapes, first), shapely.intersection(shapes, second)])
    parts, whose = shapely.get_parts(cut, return_index=True)
    owner = np.concatenate([owners, owners])[whose]
    polygonal = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    return parts[polygonal], owner[polygonal]
