"""Homes of an area, piece by piece: cut to its towns, with the ground and the people of each piece."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from pipeline.geodesy import measure_areas_m2, project_all


def cut_homes(homes: gpd.GeoDataFrame, regions: gpd.GeoDataFrame, plane: str) -> gpd.GeoDataFrame:
    """One row per home and region that it lies in, its geometry in a plane, in m.

    `homes` (EPSG:4490) have home_id, home_name, people (NaN where none are told) and are polygons or points;
    `regions` have region and name and are together the area: what lies outside of them is left out. Beside
    the names: `home`, its number, `home_m2` on the ellipsoid, 0 of points, and `people`, shared out by area.
    A point on a border is of the first region.
    """
    shapes = homes.geometry.to_numpy()
    home, region, pieces = _overlay(shapes, regions.geometry.to_numpy())
    areas = measure_areas_m2(pieces)
    whole = np.bincount(home, areas, len(shapes))[home]
    share = np.divide(areas, whole, out=np.ones_like(areas), where=whole > 0)
    table = pd.DataFrame(
        {
            "home": home,
            "home_id": homes["home_id"].to_numpy()[home],
            "home_name": homes["home_name"].to_numpy()[home],
            "region": regions["region"].to_numpy()[region],
            "region_name": regions["name"].to_numpy()[region],
            "home_m2": areas,
            "people": homes["people"].to_numpy(dtype=float)[home] * share,
        }
    )
    return gpd.GeoDataFrame(table, geometry=project_all(pieces, plane), crs=plane)


def measure_overlap(homes: gpd.GeoDataFrame) -> float:
    """Ground in m2 that two homes have in common, which counts twice."""
    shapes = homes.geometry.to_numpy()
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pairs = first < second
    return float(measure_areas_m2(shapely.intersection(shapes[first[pairs]], shapes[second[pairs]])).sum())


def mark_edge(rest: NDArray[np.object_], outline: shapely.Geometry, limit_m: float) -> NDArray[np.bool_]:
    """Whether what is left of homes lies so near the border of an area that the limit reaches over it."""
    border = shapely.boundary(outline)
    shapely.prepare(border)
    near: NDArray[np.bool_] = shapely.dwithin(border, rest, limit_m)
    return near


def _overlay(
    shapes: NDArray[np.object_], regions: NDArray[np.object_]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.object_]]:
    """Number of the home, of the region, and the shape of every piece; in the order of homes."""
    tree = shapely.STRtree(shapes)
    region, home = tree.query(regions, predicate="intersects")
    inner = np.zeros(len(home), dtype=bool)
    for number in np.unique(region):
        own = region == number
        shapely.prepare(regions[number])
        inner[own] = shapely.covers(regions[number], shapes[home[own]])
    pieces = shapes[home]
    pieces[~inner] = shapely.intersection(shapes[home[~inner]], regions[region[~inner]])
    polygonal = shapely.get_dimensions(shapes[home]) > 0
    order = np.lexsort((region, home))
    first = np.zeros(len(home), dtype=bool)
    first[order] = np.diff(home[order], prepend=-1) != 0
    order = order[(polygonal & (shapely.area(pieces) > 0) | ~polygonal & first)[order]]
    return home[order], region[order], pieces[order]
