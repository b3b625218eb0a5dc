"""How right the land cover is by an independent sample, if the config gives one."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.contracts import Raster
from pipeline.engine.run import Run
from pipeline.engine.study import Study
from pipeline.errors import Problem
from pipeline.geodesy import project_all
from pipeline.indices import accuracy
from pipeline.ingest.labels import read_labels, unusable
from pipeline.legends import LAND_COVER, LAND_KINDS, NODATA_CLASS
from pipeline.maps.rasters import Footprint, Maps
from pipeline.settings.maps import LabelledSamples
from pipeline.storage.blocks import open_store
from pipeline.storage.cause import Artifact
from pipeline.zonal.ground import Ground

STEP = "accuracy"

_CODES = [entry.code for entry in LAND_COVER.classes]


def stores(_run: Run, _study: Study, _scenes: Sequence[Footprint], _maps: Maps) -> tuple[Artifact, ...]:
    """None: the map is judged, not made anew."""
    return ()


def rasters(_study: Study, _found: Sequence[Artifact]) -> Iterator[Raster]:
    """None."""
    yield from ()


def tables(study: Study, maps: Maps, over_aoi: Ground) -> dict[str, pd.DataFrame]:
    """`accuracy`, one row a class; nothing where the config gives no sample."""
    found = _assessment(study, maps, over_aoi)
    if found is None:
        return {}
    label, assessment = found
    keys = {entry.code: entry.key for entry in LAND_COVER.classes}
    table = accuracy.build_accuracy_table(assessment, keys)
    return {"accuracy": table.assign(aoi=study.aoi.id, period=label)[["aoi", "period", *table.columns]]}


def rows(
    study: Study, maps: Maps, over_aoi: Ground, _sources: Mapping[str, str]
) -> Iterator[dict[str, object]]:
    """Overall accuracy, and the share of each class freed of the map's bias, with 95 % intervals."""
    found = _assessment(study, maps, over_aoi)
    if found is not None:
        label, assessment = found
        keys = {entry.code: entry.key for entry in LAND_COVER.classes}
        yield from accuracy.build_accuracy_indicators(assessment, label, keys)


def _assessment(study: Study, maps: Maps, over_aoi: Ground) -> tuple[str, accuracy.Assessment] | None:
    given = study.settings.land_cover.accuracy
    if given is None:
        return None
    labels = [period.label for period in study.settings.scenes.periods]
    label = given.period or labels[-1]
    land = maps.land[labels.index(label)].path
    cover = open_store(land)["land_cover"]
    points = read_labels(given, study.aoi, keep=("stratum",), blank=True)
    mapped = _under(study, points, cover.to_numpy())
    _refuse_strange(given, points, mapped)
    reference = points["kind"].map({key: kind.cover for key, kind in LAND_KINDS.items()})
    counts = accuracy.count_confusion(mapped, reference.to_numpy(dtype=np.int64), _CODES)
    return label, accuracy.assess(counts, over_aoi.areas_m2(land, "land_cover")[_CODES], _CODES)


def _under(study: Study, points: gpd.GeoDataFrame, cover: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Class of the map under each point; 255 beside the grid."""
    shapes = gpd.GeoSeries(project_all(points.geometry.to_numpy(), study.grid.crs))
    col, row = (np.floor(place).astype(np.int64) for place in ~study.grid.transform * (shapes.x, shapes.y))
    height, width = cover.shape
    inside = (row >= 0) & (row < height) & (col >= 0) & (col < width)
    found = cover[row.clip(0, height - 1), col.clip(0, width - 1)]
    return np.where(inside, found, NODATA_CLASS).astype(np.uint8)


def _refuse_strange(given: LabelledSamples, points: gpd.GeoDataFrame, mapped: NDArray[np.uint8]) -> None:
    """InputError where the strata of a sample are not those of this map: its weights would be wrong."""
    if "stratum" not in points:
        return
    apart = int((points["stratum"].to_numpy() != mapped).sum())
    if apart:
        found = f"{apart} of {len(points)} points whose `stratum` is not the class mapped here"
        todo = "Draw a new sample from this delivery, or run with the inputs that it was drawn from"
        raise unusable(Problem(f"{Path(given.path)}", found, "a sample drawn from this map", todo))
