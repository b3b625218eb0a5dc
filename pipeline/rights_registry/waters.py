"""Sections and the water parcels (水流) that they stand on or drain."""

from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from pipeline.geodesy import ELLIPSOID, project_all, unproject_all
from pipeline.rights_registry.identifiers import derive_land_class
from pipeline.rights_registry.rules import WATER_CLASSES

BY_REGISTER, STANDS_ON, NEAREST = "register", "stands_on", "nearest"
NEAREST_M = 200.0
"""How far a section may lie from the water parcel that it is linked to; proposal of this project."""

_LEAST_DEGREE_M, _STEEPEST_DEG = 100_000.0, 89.0
"""Less than a degree of latitude has; a latitude beyond which meridians are not looked at one by one."""

_WATER_UNITS = ("30", "31", "32", "33", "水流", "河流", "湖泊", "水库水面")
_WATER_KIND = "SZY"
_NAMES = ("parcel_id", "parcel_no", "unit_no", "unit_name")
COLUMNS = (*_NAMES, "dlbm", "unit_type", "resource_kind")
"""What is read of parcels, beside their outlines."""
Numbers = NDArray[np.float64]
Positions = NDArray[np.int64]


class _Pairs(NamedTuple):
    """Positions of sections and of water parcels, pair by pair."""

    section: Positions
    parcel: Positions


def select_water_parcels(parcels: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Parcels of units (水流), land classes or registered kinds of waters, in their order."""
    of_class = derive_land_class(parcels["dlbm"]).isin(WATER_CLASSES)
    of_unit = parcels["unit_type"].astype("string").str.strip().isin(_WATER_UNITS)
    of_kind = parcels["resource_kind"].astype("string").str.startswith(_WATER_KIND).fillna(value=False)
    return parcels[of_class | of_unit | of_kind.astype(bool)]


def select_candidates(
    sections: pd.DataFrame, parcels: gpd.GeoDataFrame, *, within_m: float = NEAREST_M
) -> gpd.GeoDataFrame:
    """Of some parcels those that `link_sections` could link one of the sections to, in their order."""
    waters = select_water_parcels(parcels)
    reaches = set(sections["reach"].dropna()) if "reach" in sections else set()
    kept = waters[[*_NAMES]].isin(reaches).any(axis=1).to_numpy(copy=True)
    places = sections[["lon", "lat"]].dropna().to_numpy(dtype=float)
    if len(places) and len(waters):
        lat = within_m / _LEAST_DEGREE_M
        lon = lat / np.cos(np.radians(min(np.abs(places[:, 1]).max() + lat, _STEEPEST_DEG)))
        margins = np.array([-lon, -lat, lon, lat])
        around = shapely.box(*(waters.bounds.to_numpy() + margins).T)
        kept[shapely.STRtree(around).query(shapely.points(places), predicate="intersects")[1]] = True
    return waters[kept]


def link_sections(
    sections: pd.DataFrame, parcels: gpd.GeoDataFrame, *, crs: str, within_m: float = NEAREST_M
) -> pd.DataFrame:
    """The water parcel of each section: `parcel_id`, `link`, `distance_m`, aligned with `sections`.

    `link` is `register` where the section's `reach` names a water parcel (by parcel_id, parcel_no, unit_no or
    unit_name; of several the nearest), `stands_on` where its point lies in one, else `nearest` for the
    nearest one within `within_m`. `distance_m` is ellipsoidal (CGCS2000), 0 inside, NaN without a point. All
    null where no water parcel is near. `crs` is a metric CRS of the area, in which the nearest is found.
    """
    waters = select_water_parcels(parcels)
    shapes = project_all(waters.geometry.to_numpy(), crs)
    spots = project_points(sections, crs)
    named = _match_names(sections, waters)
    found = pd.DataFrame({"parcel_id": None, "link": None, "distance_m": np.nan}, index=sections.index)
    near = _find_nearest(spots, shapes, within_m)
    for link, pairs in ((NEAREST, near), (BY_REGISTER, named)):
        best, distance = _choose_best(pairs, spots, shapes, crs)
        link_of = np.where((distance == 0) & (link == NEAREST), STANDS_ON, link)
        rows = found.index[best.section]
        found.loc[rows, "parcel_id"] = waters["parcel_id"].to_numpy(dtype=object)[best.parcel]
        found.loc[rows, "link"] = link_of
        found.loc[rows, "distance_m"] = distance
    return found


def project_points(sections: pd.DataFrame, crs: str) -> NDArray[np.object_]:
    """Points of sections in a CRS; None for those without coordinates."""
    places = sections[["lon", "lat"]].to_numpy(dtype=float)
    spots = np.full(len(places), None, dtype=object)
    known = ~np.isnan(places).any(axis=1)
    spots[known] = project_all(shapely.points(places[known]), crs)
    return spots


def _match_names(sections: pd.DataFrame, waters: gpd.GeoDataFrame) -> _Pairs:
    """Pairs of a section and the water parcels that its reach names."""
    names = pd.concat(
        [pd.DataFrame({"name": waters[name].to_numpy(), "parcel": range(len(waters))}) for name in _NAMES]
    )
    reach = sections["reach"] if "reach" in sections else pd.Series(None, sections.index, dtype=object)
    wanted = pd.DataFrame({"name": reach.to_numpy(dtype=object), "section": range(len(sections))})
    pairs = wanted.dropna().merge(names.dropna().astype({"name": object}), on="name").drop_duplicates()
    return _Pairs(pairs["section"].to_numpy(dtype=np.int64), pairs["parcel"].to_numpy(dtype=np.int64))


def _find_nearest(spots: NDArray[np.object_], shapes: NDArray[np.object_], within_m: float) -> _Pairs:
    """Pairs of a section and its nearest water parcel on the map, or all that are as near."""
    known = np.flatnonzero(spots != np.array(None))
    if not len(known) or not len(shapes):
        return _Pairs(*np.empty((2, 0), dtype=np.int64))
    section, parcel = shapely.STRtree(shapes).query_nearest(spots[known], max_distance=within_m)
    return _Pairs(known[section], parcel)


def _choose_best(
    pairs: _Pairs, spots: NDArray[np.object_], shapes: NDArray[np.object_], crs: str
) -> tuple[_Pairs, Numbers]:
    """The nearest parcel of each section, the first of equally near ones, and the ellipsoidal distance."""
    distance = measure_distances_m(spots[pairs.section], shapes[pairs.parcel], crs)
    rows = pd.DataFrame({"section": pairs.section, "parcel": pairs.parcel, "distance": distance})
    best = rows.sort_values(["section", "distance", "parcel"]).drop_duplicates("section")
    found = _Pairs(best["section"].to_numpy(), best["parcel"].to_numpy())
    return found, best["distance"].to_numpy(dtype=float)


def measure_distances_m(spots: NDArray[np.object_], shapes: NDArray[np.object_], crs: str) -> Numbers:
    """Ellipsoidal distance between points and the nearest point of shapes; NaN without a point."""
    known = spots != np.array(None)
    found = np.full(len(spots), np.nan)
    lines = shapely.shortest_line(spots[known], shapes[known])
    ends = shapely.get_coordinates(unproject_all(lines, crs)).reshape(-1, 2, 2)
    start, end = ends[:, 0], ends[:, 1]
    _, _, metres = ELLIPSOID.inv(start[:, 0], start[:, 1], end[:, 0], end[:, 1])
    # what rounding of projections leaves of a point inside
    found[known] = np.where(shapely.intersects(spots[known], shapes[known]), 0.0, metres)
    return found


def rate_parcels(sections: pd.DataFrame | None) -> pd.DataFrame:
    """What the graded sections say of each linked parcel and period, from rows with `parcel_id` (None: none).

    Columns parcel_id, period, `section` (names joined by `、`), `sections` (how many), `water_class` (of the
    worst) and `mean_class` (mean of the class numbers).
    """
    none = pd.DataFrame(columns=["parcel_id", "period", "section", "water_class"])
    rows = (none if sections is None else sections).dropna(subset=["parcel_id", "water_class"])
    found = rows.groupby(["parcel_id", "period"], as_index=False).agg(
        section=("section", "、".join),
        sections=("section", "size"),
        water_class=("water_class", "max"),
        mean_class=("water_class", "mean"),
    )
    kinds = {"parcel_id": object, "period": object, "section": object, "sections": int}
    return found.astype(kinds | {"water_class": float, "mean_class": float})
