"""What the maps show inside layers that restrict use."""

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from pipeline.engine.study import Study
from pipeline.legends import LAND_COVER, NODATA_CLASS, UNCHANGED
from pipeline.maps.step import Maps
from pipeline.periods import When
from pipeline.rights_registry import restrictions
from pipeline.storage.cause import Artifact
from pipeline.storage.tables import read_layer_parts, read_parts, zip_parts

_BUILT = LAND_COVER.code("built")


def find_restriction_findings(maps: Maps, parcels: Artifact) -> Iterator[gpd.GeoDataFrame]:
    """FINDINGS about parcels inside restricting layers, some parcels at a time, one kind after the other.

    They tell how much of a parcel is inside, and what was built there, by period.
    """
    pieces = parcels.path / "pieces.parquet"
    kinds = list(
        dict.fromkeys(kind for part in read_parts(pieces, ["kind"]) for kind in part["kind"].unique())
    )
    seen = [_see(maps, period) for period in maps.study.periods] if kinds else []
    for kind in kinds:
        of_kind = (part[part["kind"].eq(kind)] for part in read_layer_parts(pieces))
        whole = read_layer_parts(parcels.path / "parcels.parquet", ["parcel_id"])
        for land, (own,) in zip_parts(whole, of_kind):
            yield restrictions.evaluate_restrictions(gpd.GeoDataFrame(own), land, seen)


def _see(maps: Maps, period: When) -> restrictions.SeenGround:
    """Built-up land of a period, and what became it since the period before."""
    cover = maps.open("land_cover", period)["land_cover"].to_numpy()
    became = np.array([], dtype=object)
    for pair in maps.study.pairs:
        if pair.after == period:
            change = maps.open("change", pair)["change"].to_numpy()
            moved = (change != NODATA_CLASS) & (change != UNCHANGED)
            became = _trace_outlines(maps.study, change, moved & (change % 10 == _BUILT))
    return restrictions.SeenGround(period.label, _trace_outlines(maps.study, cover, cover == _BUILT), became)


def _trace_outlines(study: Study, codes: NDArray[np.uint8], wanted: NDArray[np.bool_]) -> NDArray[np.object_]:
    found = [outline for _, outline in study.grid.trace_polygons(codes, wanted)]
    return np.array([*found, None], dtype=object)[:-1]
