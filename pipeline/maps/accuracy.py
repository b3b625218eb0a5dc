"""How right the land cover is by an independent sample, if the config gives one."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.engine.study import Study
from pipeline.errors import Problem
from pipeline.geodesy import project_all
from pipeline.indices import accuracy
from pipeline.ingest.labels import label_error, read_labels
from pipeline.legends import LAND_COVER, LAND_KINDS, NODATA_CLASS
from pipeline.maps.step import Row, Show, Step, View
from pipeline.periods import When
from pipeline.settings.crs import list_grids
from pipeline.settings.maps import LabelledSamples
from pipeline.storage.cause import checksums_of

_CODES = [entry.code for entry in LAND_COVER.classes]
_KEYS = {entry.code: entry.key for entry in LAND_COVER.classes}


def _list_times(study: Study) -> Sequence[When]:
    """The period that the sample holds in, the last unless it is named."""
    given = study.settings.land_cover.accuracy
    if given is None:
        return ()
    named = [period for period in study.periods if period.label == given.period]
    return named if given.period else study.periods[-1:]


def _list_rows(view: View, when: When) -> Iterator[Row]:
    """Overall accuracy, and the share of each class freed of the map's bias, with 95 % intervals."""
    yield from accuracy.build_accuracy_indicators(_assess(view, when), when.label, _KEYS)


def _collect_tables(view: View) -> Mapping[str, pd.DataFrame]:
    """`accuracy`, one row a class."""
    (when,) = _list_times(view.study)
    table = accuracy.build_accuracy_table(_assess(view, when), _KEYS)
    first = {"aoi": view.study.aoi.id, "period": when.label}
    return {"accuracy": table.assign(**first)[[*first, *table.columns]]}


def _assess(view: View, when: When) -> accuracy.Assessment:
    study, given = view.study, view.study.settings.land_cover.accuracy
    assert given is not None, "without a sample there is no time to show"
    points = read_labels(given, study.aoi, keep=("stratum",), blank=True)
    mapped = _find_classes(study, points, view.maps.open("land_cover", when)["land_cover"].to_numpy())
    _refuse_strange(given, points, mapped)
    reference = points["kind"].map({key: kind.cover for key, kind in LAND_KINDS.items()})
    counts = accuracy.count_confusion(mapped, reference.to_numpy(dtype=np.int64), _CODES)
    areas_m2 = view.ground.sum_classes(view.maps.path("land_cover", when), "land_cover")
    return accuracy.assess(counts, areas_m2[_CODES], _CODES)


def _find_classes(study: Study, points: gpd.GeoDataFrame, cover: NDArray[np.uint8]) -> NDArray[np.uint8]:
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
        raise label_error(Problem(f"{Path(given.path)}", found, "a sample drawn from this map", todo))


def _judge(study: Study) -> Mapping[str, object]:
    """The settings of the sample, and its checksum."""
    given = study.settings.land_cover.accuracy
    if given is None:
        return {}
    checksums = sorted(checksums_of([Path(given.path), *list_grids(given.crs)]).values())
    return {"sample": given.model_dump(exclude={"path"}), "files": checksums}


ACCURACY = Step(
    name="accuracy",
    version=1,
    title="accuracy",
    times=_list_times,
    show=Show(rows=_list_rows, tables=_collect_tables, judge=_judge),
)
