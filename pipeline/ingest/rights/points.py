"""Where the rights of a table lie: by the shapes of its rows, or by its columns of coordinates."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from pipeline.geodesy import CGCS2000, unproject_all
from pipeline.ingest import rejects
from pipeline.ingest.parcels.vectors import settle_vector_crs
from pipeline.ingest.rights import advice
from pipeline.ingest.rights.cells import read_written_figures
from pipeline.ingest.rights.tables import RightsTable
from pipeline.ingest.samples.places import read_angles

_LON, _LAT = (73.0, 136.0), (3.0, 54.0)
"""Degrees between which China lies."""

_KINDS = (
    shapely.GeometryType.POINT,
    shapely.GeometryType.MULTIPOINT,
    shapely.GeometryType.POLYGON,
    shapely.GeometryType.MULTIPOLYGON,
)
Numbers = NDArray[np.float64]


def read_right_shapes(table: RightsTable) -> gpd.GeoSeries:
    """The place of each row (EPSG:4490): its shape, else the point of its coordinates; null where untold.

    Without a CRS of the config coordinates are degrees of CGCS2000, which is noted. What lies outside China,
    has its axes exchanged or but one of them is noted and null.
    """
    shapes = _read_own(table)
    filled = shapes.where(shapes.notna(), _read_points(table))
    return gpd.GeoSeries(filled, index=table.rows, crs=CGCS2000)


def _read_own(table: RightsTable) -> pd.Series:
    """Shapes of a vector file that are points or polygons; others are noted and null."""
    if table.placed.shapes is None:
        return table.build_nothing()
    shapes = table.placed.shapes.reindex(table.rows).astype(object)
    kinds = shapely.get_type_id(shapes.to_numpy(dtype=object))
    strange = ~np.isin(kinds, _KINDS) & shapes.notna().to_numpy()
    for row in table.rows[strange]:
        table.lose(int(row), None, shapes[row].geom_type, advice.NO_GROUND)
    kept: pd.Series = shapes.where(shapes.notna() & ~strange, None)
    return kept


def _read_points(table: RightsTable) -> pd.Series:
    found = table.build_nothing()
    told = {axis: table.read_texts(axis) for axis in ("lon", "lat")}
    for row in table.rows[told["lon"].notna() != told["lat"].notna()]:
        bare = "lon" if told["lon"][row] is None else "lat"
        table.lose(int(row), table.layout.find(bare), "", advice.HALF_A_PLACE)
    lon, lat = (_read_axis(table, axis, told[axis]) for axis in ("lon", "lat"))
    rows = table.rows[lon.notna() & lat.notna()]
    if len(rows):
        points = _bring_home(table, lon[rows].to_numpy(dtype=float), lat[rows].to_numpy(dtype=float))
        found[rows] = pd.Series(_keep_sound(table, rows, points), index=rows, dtype=object)
    return found


def _read_axis(table: RightsTable, axis: str, told: pd.Series) -> pd.Series:
    """Numbers of a column of coordinates, minutes and seconds as parts of a degree; what is none is noted."""
    texts = read_angles(told.dropna().astype(str))
    figures = read_written_figures(texts)
    values = texts.map(lambda text: figures[text].value).astype(float)
    for row in texts.index[values.isna()]:
        table.lose(int(row), table.layout.find(axis), told[row], rejects.NOT_A_FIGURE)
    return values.reindex(table.rows)


def _bring_home(table: RightsTable, x: Numbers, y: Numbers) -> NDArray[np.object_]:
    """Points in degrees of CGCS2000; InputError where the CRS of the config cannot be that of the numbers."""
    given, sheet = table.register.crs, table.placed.sheet
    points = np.asarray(shapely.points(x, y), dtype=object)
    if given is None:
        table.lose(table.layout.heading_row, table.layout.find("lon"), "", advice.ASSUMED_CRS)
        return points
    place = ", ".join(part for part in (sheet.file, sheet.name) if part)
    crs, _, near = settle_vector_crs(place, given, np.array([x, y, x, y]))
    return unproject_all(points, crs.to_wkt(), near)


def _keep_sound(
    table: RightsTable, rows: pd.Index, points: NDArray[np.object_]
) -> list[shapely.Point | None]:
    lon, lat = shapely.get_x(points), shapely.get_y(points)
    sound = _lie_in_china(lon, lat)
    for row, one, other, swapped in zip(
        rows[~sound], lon[~sound], lat[~sound], _lie_in_china(lat, lon)[~sound], strict=True
    ):
        why = advice.SWAPPED if swapped else advice.NOT_A_PLACE
        table.lose(int(row), table.layout.find("lon"), f"{one:.10g}, {other:.10g}", why)
    return [point if kept else None for point, kept in zip(points, sound, strict=True)]


def _lie_in_china(lon: Numbers, lat: Numbers) -> NDArray[np.bool_]:
    return (lon >= _LON[0]) & (lon <= _LON[1]) & (lat >= _LAT[0]) & (lat <= _LAT[1])
