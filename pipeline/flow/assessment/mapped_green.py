"""Green as the maps of a run have it: patches of connected pixels, period by period."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from pipeline.engine.study import Study
from pipeline.geodesy import CGCS2000
from pipeline.indices.change import number_patches
from pipeline.legends import LAND_COVER, NODATA_CLASS
from pipeline.maps.encoding import from_ratio
from pipeline.maps.step import Maps
from pipeline.periods import Period
from pipeline.settings.green_access import MappedGreen

_PATCH = 1
_NEAR = 0.9
"""Pixels are counted before their ground is measured: what has so much of the least ground is looked at."""


@dataclass(frozen=True)
class GreenPatches:
    """Patches of a period: id, name (null); `unknown_share` of the area has no class in its map."""

    rows: gpd.GeoDataFrame
    unknown_share: float


def trace_green(maps: Maps, period: Period, green: MappedGreen, least_m2: float) -> GreenPatches:
    """Patches of green (EPSG:4490) of roughly `least_m2` and more; pixels join along their edges."""
    study, codes = maps.study, maps.open("land_cover", period)["land_cover"].to_numpy()
    wanted = np.isin(codes, [LAND_COVER.code(key) for key in green.classes])
    if green.least_fvc is not None:
        fvc = from_ratio(maps.open("cover", period)["fvc"].to_numpy())
        wanted &= fvc >= green.least_fvc
    patch = number_patches(np.where(wanted, _PATCH, 0).astype(np.uint8))
    size_m2 = np.bincount(patch.ravel()) * study.grid.resolution_m**2
    large = (size_m2 >= _NEAR * least_m2)[patch] & (patch > 0)
    found = study.grid.trace_polygons(patch, large)
    rows = gpd.GeoDataFrame(
        {"id": [f"{period.label}-{number:05d}" for number, _ in found], "name": None},
        geometry=[outline for _, outline in found],
        crs=CGCS2000,
    )
    return GreenPatches(rows, _measure_gaps(study, codes))


def _measure_gaps(study: Study, codes: NDArray[np.uint8]) -> float:
    outline, whole = np.array([study.outline], dtype=object), study.grid.whole
    inside = study.grid.burn(outline, np.zeros(1, np.int16), whole) >= 0
    return float((codes[inside] == NODATA_CLASS).mean()) if inside.any() else 1.0
