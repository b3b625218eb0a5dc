"""Where use is restricted: parcels inside red lines and the like, and what was built or changed there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from pipeline import standards
from pipeline.geodesy import CGCS2000, measure_areas_m2
from pipeline.rights_registry.findings import build_findings, join_findings
from pipeline.rights_registry.rules import RESTRICTION_RULES

SHARE = "_share"
_TYPES: Mapping[str, type] = {"parcel_id": object, "kind": object, "inside_m2": float, "area_m2": float}
NO_PIECE = gpd.GeoDataFrame(
    {name: pd.Series(dtype=kind) for name, kind in _TYPES.items()}, geometry=[], crs=CGCS2000
)
"""What `cut_pieces` gives where nothing is inside."""


@dataclass(frozen=True)
class SeenGround:
    """Polygons seen in one period (EPSG:4490): built-up ground, and what became built-up since the last."""

    period: str
    built: NDArray[np.object_]
    became_built: NDArray[np.object_]

    @cached_property
    def trees(self) -> tuple[shapely.STRtree, shapely.STRtree]:
        """Both, to be laid under pieces."""
        return shapely.STRtree(self.built), shapely.STRtree(self.became_built)


def cut_pieces(parcels: gpd.GeoDataFrame, restricting: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Parts of parcels inside layers that restrict use: `parcel_id`, `kind`, `inside_m2`, `area_m2`.

    `restricting` has one row per kind with the union of its polygons. Rows follow kinds, then parcels.
    """
    shapes = parcels.geometry.to_numpy()
    parts = [_cut(parcels, shapes, row.kind, row.geometry) for row in restricting.itertuples()]
    filled = [part for part in parts if len(part)] or [NO_PIECE]
    return gpd.GeoDataFrame(pd.concat(filled, ignore_index=True), crs=CGCS2000)


def add_shares(
    parcels: gpd.GeoDataFrame, cut: gpd.GeoDataFrame, restricting: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Parcels with the share of each inside every kind of layer; null for kinds without a layer."""
    shares = {}
    for kind in standards.table("restricting_kinds")["kind"]:
        inside = cut[cut["kind"] == kind].set_index("parcel_id")["inside_m2"]
        area = parcels["parcel_id"].map(inside).astype(float).fillna(0.0)
        known = kind in set(restricting["kind"])
        shares[f"{kind}{SHARE}"] = (area / parcels["area_m2"]).clip(0, 1) if known else np.nan
    return parcels.assign(**shares)


def evaluate_restrictions(
    cut: gpd.GeoDataFrame, parcels: gpd.GeoDataFrame, seen: Sequence[SeenGround]
) -> gpd.GeoDataFrame:
    """FINDINGS: what each parcel has inside a restricting layer, and what was built there by period."""
    shapes = parcels.set_index("parcel_id").geometry
    rows = cut.merge(_name_kinds(), on="kind", how="left").assign(key=cut["kind"])
    tables = [rows.assign(period=None, built_m2=np.nan, became_built_m2=np.nan)]
    for period in seen:
        built, became = (_measure_inside_m2(cut, tree) for tree in period.trees)
        tables.append(rows.assign(period=period.period, built_m2=built, became_built_m2=became))
    found = []
    for rule in RESTRICTION_RULES:
        for table in tables:
            broken = table[rule.applies(table)]
            whole = gpd.GeoDataFrame(
                broken.drop(columns="geometry"),
                geometry=shapes.reindex(broken["parcel_id"]).to_numpy(),
                crs=CGCS2000,
            )
            found.append(build_findings(rule, whole))
    return join_findings(found)


def _name_kinds() -> pd.DataFrame:
    kinds = standards.table("restricting_kinds")
    names: Mapping[str, str] = {"name_zh": "kind_zh", "name_en": "kind_en"}
    return kinds[["kind", *names]].rename(columns=names)


def _cut(
    parcels: gpd.GeoDataFrame, shapes: NDArray[np.object_], kind: str, layer: shapely.Geometry
) -> gpd.GeoDataFrame:
    parts = shapely.get_parts(np.array([layer], dtype=object))
    part, parcel = shapely.STRtree(shapes).query(parts, predicate="intersects")
    numbers = np.unique(parcel)
    within = np.zeros(len(shapes), dtype=bool)
    within[parcel[shapely.contains_properly(parts[part], shapes[parcel])]] = True
    inside = shapes[numbers].copy()
    across = ~within[numbers]
    inside[across] = shapely.intersection(shapes[numbers[across]], layer)
    areas = measure_areas_m2(inside)
    kept = areas > 0
    columns = {
        "parcel_id": parcels["parcel_id"].to_numpy()[numbers[kept]],
        "kind": kind,
        "inside_m2": areas[kept],
        "area_m2": parcels["area_m2"].to_numpy()[numbers[kept]],
    }
    return gpd.GeoDataFrame(columns, geometry=inside[kept], crs=CGCS2000)


def _measure_inside_m2(cut: gpd.GeoDataFrame, found: shapely.STRtree) -> NDArray[np.float64]:
    """Area of some polygons, which do not overlap, inside every piece."""
    shapes = cut.geometry.to_numpy()
    piece, other = found.query(shapes, predicate="intersects")
    areas = measure_areas_m2(shapely.intersection(shapes[piece], found.geometries[other]))
    return np.bincount(piece, areas, len(shapes)).astype(np.float64)
