"""Rights that hold what another holds, or lie where use is restricted."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline import standards
from pipeline.geodesy import CGCS2000, measure_areas_m2

_LIVE = ("in_force", "unknown")
_PROJECT = "carbon_project"
_INSIDE = ["right_id", "kind", "inside_m2", "inside_share"]


def list_double_numbers(rights: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """One row per number of a kind that stands under several holders at once, with `holders`.

    Rights that have ended or expired by the day of their `state` are none of them.
    """
    live = rights[rights["state"].isin(_LIVE)].dropna(subset=["number", "holder_id"])
    numbers = live["right_kind"] + ":" + live["number"].str.upper()
    doubled = live[live.groupby(numbers)["holder_id"].transform("nunique").gt(1)]
    own = numbers[doubled.index]
    holders = doubled.groupby(own)["holder"].transform(_join_names)
    return doubled.assign(holders=holders)[~own.duplicated()]


def _join_names(names: pd.Series) -> str:
    return "、".join(dict.fromkeys(names.astype(str)))


def list_shared_ground(rights: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Pairs of live rights of one kind, whose ground must not be shared, that share some of it.

    Beside the columns of the first: `other_number`, `other_holder`, `other_id`, `shared_m2` (ellipsoidal) and
    `shared_share`, of the smaller ground; the geometry is what is shared. Pairs of one holder are none, but
    for carbon projects.
    """
    kinds = {row["kind"] for row in standards.read_rows("rights_kinds") if row["exclusive"] == "ground"}
    live = rights[rights["state"].isin(_LIVE) & rights["right_kind"].isin(kinds) & rights["area_m2"].gt(0)]
    parts = [_pair(rows) for _, rows in live.groupby("right_kind", sort=False)]
    none = live[:0].assign(
        other_number=None, other_holder=None, other_id=None, shared_m2=0.0, shared_share=0.0
    )
    return pd.concat(parts, ignore_index=True) if parts else none


def _pair(rows: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Pairs among rights of one kind."""
    shapes = rows.geometry.to_numpy()
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    holders, is_project = rows["holder_id"].to_numpy(), rows["right_kind"].eq(_PROJECT).to_numpy()
    apart = (one < other) & (is_project[one] | (holders[one] != holders[other]))
    one, other = one[apart], other[apart]
    shared = shapely.intersection(shapes[one], shapes[other])
    areas, whole = measure_areas_m2(shared), rows["area_m2"].to_numpy(dtype=float)
    first, second = rows.iloc[one], rows.iloc[other]
    pairs = first.drop(columns="geometry").assign(
        other_number=second["number"].to_numpy(),
        other_holder=second["holder"].to_numpy(),
        other_id=second["right_id"].to_numpy(),
        shared_m2=areas,
        shared_share=areas / np.minimum(whole[one], whole[other]),
    )
    return gpd.GeoDataFrame(pairs, geometry=shared, crs=CGCS2000)


def measure_restrictions(rights: gpd.GeoDataFrame, restricting: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Parts of rights inside layers that restrict use: a row per right and kind of layer.

    Columns `right_id`, `kind`, `inside_m2` (NaN of points), `inside_share`; the geometry is the part inside.
    """
    placed = rights[~shapely.is_missing(rights.geometry.to_numpy(dtype=object))]
    shapes = placed.geometry.to_numpy()
    parts = []
    for kind, layer in zip(restricting["kind"], restricting.geometry, strict=True):
        inside = shapely.intersection(shapes, layer)
        areas, whole = measure_areas_m2(inside), placed["area_m2"].to_numpy(dtype=float)
        is_point = np.isnan(whole)
        columns = {
            "right_id": placed["right_id"].to_numpy(),
            "kind": kind,
            "inside_m2": np.where(is_point, np.nan, areas),
            "inside_share": np.where(is_point, 1.0, areas / np.where(is_point, 1.0, whole)),
        }
        found = gpd.GeoDataFrame(columns, geometry=inside, crs=CGCS2000)
        parts.append(found[np.where(is_point, ~shapely.is_empty(inside), areas > 0)])
    none = gpd.GeoDataFrame(columns=[*_INSIDE, "geometry"], geometry="geometry", crs=CGCS2000)
    filled = [part for part in parts if len(part)]
    return gpd.GeoDataFrame(pd.concat(filled, ignore_index=True), crs=CGCS2000) if filled else none
