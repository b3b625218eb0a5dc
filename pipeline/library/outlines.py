"""What analysts mean by an area: an id, a file, an outline in memory."""

from pathlib import Path
from typing import TypeAlias

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from pipeline.aoi import Aoi, Part, find_utm_zone
from pipeline.errors import InputError, Problem
from pipeline.geodesy import CGCS2000, unproject_all
from pipeline.settings.aoi import AoiFile, load_entry

AoiInput: TypeAlias = str | Path | AoiFile | Aoi | BaseGeometry | gpd.GeoSeries | gpd.GeoDataFrame
"""The id of a shipped area, a vector file, an `Aoi`, or an outline.

A bare geometry is in longitude and latitude (EPSG:4490), a table in the CRS that it names.
"""


def find_aoi(aoi: AoiInput) -> Aoi:
    """The area that is meant; InputError or SettingsError, by name, where it cannot be one."""
    if isinstance(aoi, Aoi):
        return aoi
    if isinstance(aoi, str | Path):
        return load_entry(str(aoi))
    if isinstance(aoi, AoiFile):
        return load_entry(aoi)
    shapes = np.array([aoi]) if isinstance(aoi, BaseGeometry) else to_degrees(aoi)
    return build_aoi(shapely.union_all(shapes))


def build_aoi(outline: BaseGeometry, grid_crs: str | None = None) -> Aoi:
    """An area of an outline in EPSG:4490; its grid is in the UTM zone of its centre unless another is given.

    InputError where the outline is no polygon.
    """
    if outline.is_empty or not isinstance(outline, shapely.Polygon | shapely.MultiPolygon):
        problem = Problem("aoi", outline.geom_type, "polygons", "Buffer points and lines before")
        raise InputError("An area of interest needs valid polygons", [problem])
    part = Part("1", "区域", "AoiInput", outline, None)
    zone = grid_crs or find_utm_zone(outline)
    return Aoi("area", "区域", "AoiInput", (part,), zone, "given in memory", "未知 / unknown")


def to_degrees(table: gpd.GeoDataFrame | gpd.GeoSeries) -> NDArray[np.object_]:
    """Geometries of a table in EPSG:4490; InputError where it names no CRS."""
    shapes: NDArray[np.object_] = table.geometry.to_numpy()
    if table.crs is None:
        todo = "Name it: table.set_crs('EPSG:4490')"
        problem = Problem("crs", "a table without a CRS", "a CRS, such as EPSG:4490", todo)
        raise InputError("Places without a coordinate reference system", [problem])
    if table.crs.to_epsg() == int(CGCS2000.partition(":")[2]):
        return shapely.force_2d(shapes)
    return unproject_all(shapely.force_2d(shapes), table.crs.to_wkt())
