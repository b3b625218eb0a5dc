"""Green and parks that are large enough to count, in the plane of distances."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from pipeline.geodesy import measure_areas_m2, project_all


@dataclass(frozen=True)
class CountedPlaces:
    """Places of one kind: polygons in a plane, in m, and what each is called.

    `small` counts those that are too small; `told` says in Chinese and English what they are.
    """

    shapes: NDArray[np.object_]
    names: NDArray[np.object_]
    small: int
    told: tuple[str, str]


def choose_places(
    rows: gpd.GeoDataFrame, least_m2: float, plane: str, told: tuple[str, str]
) -> CountedPlaces:
    """Places of at least so much ground, on the ellipsoid and as a whole, of rows with id and name."""
    shapes = rows.geometry.to_numpy()
    large = measure_areas_m2(shapes) >= least_m2
    names = rows["name"].where(rows["name"].notna(), rows["id"]).to_numpy(dtype=object)
    return CountedPlaces(project_all(shapes[large], plane), names[large], int((~large).sum()), told)


def assign_gates(
    gates: NDArray[np.object_], places: NDArray[np.object_], reach_m: float
) -> NDArray[np.int64]:
    """Number of the place that each gate (a point) belongs to, the nearest within reach; -1 without one."""
    owners = np.full(len(gates), -1)
    gate, place = shapely.STRtree(places).query_nearest(gates, max_distance=reach_m)
    first = np.diff(gate, prepend=-1) != 0
    owners[gate[first]] = place[first]
    return owners
