"""Where other rights lie: by their own place, else on the parcels that they are linked to."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from pipeline.geodesy import CGCS2000, measure_areas_m2
from pipeline.rights_registry.other_rights.linking import BY_PLACE

POLYGON, POINT, PARCEL = "polygon", "point", "parcel"
UNTOLD = "登记簿未载位置，也未关联到地块 / no place is told, and no parcel linked"
_POLYGONS = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)


def place_rights(
    rights: gpd.GeoDataFrame, links: pd.DataFrame, parcels: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Rights with `place_basis`, `parcel_id`, `area_m2`, `lon`, `lat`, `reason`, and their place as geometry.

    A right without a place of its own lies on the parcels that it is linked to. `area_m2` is the ellipsoidal
    area of polygons; `lon` and `lat` are those of a point, or of one inside the polygons.
    """
    own = rights.geometry.to_numpy(dtype=object)
    bare = shapely.is_missing(own)
    linked = rights["right_id"].map(_unite(links[~links["linked_by"].eq(BY_PLACE)], parcels))
    shapes = own.copy()
    shapes[bare] = _to_nulls(linked).to_numpy(dtype=object)[bare]
    basis = np.select([_is_polygon(own), ~bare, ~shapely.is_missing(shapes)], [POLYGON, POINT, PARCEL], "")
    told = pd.Series(basis, index=rights.index, dtype=object)
    spots = shapely.point_on_surface(shapes)
    placed = rights.assign(
        place_basis=told.where(told.ne(""), None),
        parcel_id=_to_nulls(rights["right_id"].map(_find_largest(links))),
        area_m2=np.where(_is_polygon(shapes), measure_areas_m2(shapes), np.nan),
        lon=shapely.get_x(spots),
        lat=shapely.get_y(spots),
        reason=_to_nulls(told.eq("").map({True: UNTOLD})),
    )
    return placed.set_geometry(gpd.GeoSeries(shapes, index=rights.index, crs=CGCS2000))


def select_rights(rights: gpd.GeoDataFrame, outline: shapely.Geometry) -> NDArray[np.bool_]:
    """Which placed rights lie in an area, on one of its parcels, or nobody knows where."""
    meets = shapely.intersects(rights.geometry.to_numpy(dtype=object), outline)
    chosen: NDArray[np.bool_] = meets | rights["parcel_id"].notna() | rights["place_basis"].isna()
    return chosen


def _unite(links: pd.DataFrame, parcels: gpd.GeoDataFrame) -> pd.Series:
    """The ground of all parcels that a right is linked to, by right."""
    outlines = parcels.set_index("parcel_id").geometry
    shapes = links.assign(outline=links["linked_id"].map(outlines))
    return shapes.groupby("right_id", sort=False)["outline"].agg(lambda found: shapely.union_all(list(found)))


def _find_largest(links: pd.DataFrame) -> pd.Series:
    """The linked parcel with the largest part of the right, the first where that is not known, by right."""
    ordered = links.sort_values("area_m2", ascending=False, kind="stable", na_position="last")
    return ordered.drop_duplicates("right_id").set_index("right_id")["linked_id"]


def _is_polygon(shapes: NDArray[np.object_]) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = np.isin(shapely.get_type_id(shapes), _POLYGONS)
    return found


def _to_nulls(values: pd.Series) -> pd.Series:
    found = values.astype(object)
    return found.where(found.notna(), None)
