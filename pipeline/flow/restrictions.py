"""What the maps show inside layers that restrict use."""

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from pipeline.engine.study import Study
from pipeline.legends import LAND_COVER, NODATA_CLASS, UNCHANGED
from pipeline.maps.step import Maps
from pipeline.periods import When
from pipeline.rights_registry import restrictions
from pipeline.storage.cause import Artifact
from pipeline.storage.tables import load_layer

_BUILT = LAND_COVER.code("built")


def find_restriction_findings(maps: Maps, parcels: Artifact) -> gpd.GeoDataFrame:
    """FINDINGS about parcels inside restricting layers: how much, and what was built there, by period."""
    pieces = load_layer(parcels.path, "pieces")
    seen = [] if pieces.empty else [_see(maps, period) for period in maps.study.periods]
    return restrictions.evaluate_restrictions(pieces, load_layer(parcels.path, "parcels"), seen)


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
