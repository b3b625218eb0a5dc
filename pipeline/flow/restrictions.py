"""What the maps show inside layers that restrict use."""

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from pipeline.engine.study import Study
from pipeline.legends import LAND_COVER, NODATA_CLASS, UNCHANGED
from pipeline.maps.rasters import Maps
from pipeline.rights_registry import restrictions
from pipeline.storage.blocks import open_store
from pipeline.storage.workspace import Artifact, load_layer

_BUILT = LAND_COVER.code("built")


def restriction_findings(study: Study, maps: Maps, parcels: Artifact) -> gpd.GeoDataFrame:
    """FINDINGS about parcels inside restricting layers: how much, and what was built there, by period."""
    pieces = load_layer(parcels.path, "pieces")
    seen = [] if pieces.empty else [_seen(study, maps, number) for number in range(len(maps.land))]
    return restrictions.evaluate_restrictions(pieces, load_layer(parcels.path, "parcels"), seen)


def _seen(study: Study, maps: Maps, number: int) -> restrictions.SeenGround:
    cover = open_store(maps.land[number].path)["land_cover"].to_numpy()
    became = np.array([], dtype=object)
    if number:
        change = open_store(maps.changes[number - 1].path)["change"].to_numpy()
        moved = (change != NODATA_CLASS) & (change != UNCHANGED)
        became = _outlines(study, change, moved & (change % 10 == _BUILT))
    period = study.settings.scenes.periods[number].label
    return restrictions.SeenGround(period, _outlines(study, cover, cover == _BUILT), became)


def _outlines(study: Study, codes: NDArray[np.uint8], wanted: NDArray[np.bool_]) -> NDArray[np.object_]:
    found = [outline for _, outline in study.grid.trace_polygons(codes, wanted)]
    return np.array([*found, None], dtype=object)[:-1]
