"""Alerts of vegetation loss in the last days of a run, from every look of all its periods."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.contracts import Raster, RasterKind, Scene
from pipeline.engine.study import Study
from pipeline.indices import alerts, indicators
from pipeline.ingest.reading import blocks
from pipeline.legends import ALERTS, Legend
from pipeline.maps.encoding import CLASSES, COUNT, INDEX
from pipeline.maps.step import BlockInputs, Layers, Load, Maps, Row, Show, Step, View, keep_layers
from pipeline.periods import When

_PARTS = 4
"""So many readings of their looks spare alerts the memory for the bands of all at once."""
_COUNTS_BYTES = 16


def watch_block(inputs: BlockInputs, *, since: date, limits: Mapping[str, Any]) -> Layers:
    """Alerts of a block since a day: all looks are read, a part of them at a time, and put in order of days.

    `limits` are those of `pipeline.indices.alerts`. `day` counts from 1, the first of the watched days; 0
    where there is no alert.
    """
    days, stacks = _read_looks(inputs)
    order = np.argsort(days, kind="stable")
    numbers = np.array(days, dtype=np.int64)[order]
    first = int(np.searchsorted(numbers, since.toordinal()))
    shape = inputs.block.shape
    ndvi = np.concatenate(stacks)[order] if stacks else np.empty((0, *shape), dtype=np.int16)
    found = alerts.find_alerts(ndvi, numbers, first, **limits)
    watched = np.append(numbers - since.toordinal() + 1, 0).clip(0).astype(np.uint16)
    return {"state": found.state, "day": watched[found.look], "drop": found.drop, "judged": found.judged}


def _read_looks(inputs: BlockInputs) -> tuple[list[int], list[NDArray[np.int16]]]:
    """Day and NDVI of every look that is clear somewhere."""
    days: list[int] = []
    stacks: list[NDArray[np.int16]] = []
    for part in blocks.split_scenes(inputs.scenes, max(1, len(inputs.scenes.scenes) // _PARTS)):
        looks = blocks.read_looks(part)
        bands = np.empty((len(alerts.BANDS), *looks.owner.shape), dtype=np.int16)
        inputs.records.extend(looks.records)
        for read in blocks.read_bands(part, looks, bands):
            inputs.records.extend(read.records)
        days += [scenes[0].datetime.astimezone(UTC).date().toordinal() for scenes in looks.dates]
        stacks.append(alerts.compute_ndvi_stack(*bands))
    return days, stacks


def _list_times(study: Study) -> Sequence[When]:
    return (study.span,) if study.settings.alerts.last_days else ()


def _list_bands(_study: Study, _scenes: Sequence[Scene]) -> tuple[str, ...]:
    return alerts.BANDS


def _find_first_day(study: Study) -> date:
    return study.settings.scenes.end - timedelta(days=(study.settings.alerts.last_days or 0) - 1)


def _gather_limits(study: Study) -> dict[str, float]:
    thresholds = study.settings.alerts.thresholds
    return thresholds | {"vegetation_ndvi": study.settings.land_cover.vegetation_ndvi}


def _list_settings(maps: Maps, _when: When) -> Mapping[str, object]:
    return {"since": str(_find_first_day(maps.study)), "limits": _gather_limits(maps.study)}


def _list_parameters(maps: Maps, _when: When) -> Mapping[str, object]:
    return {"since": _find_first_day(maps.study), "limits": _gather_limits(maps.study)}


def _count_block_bytes(_study: Study, load: Load) -> int:
    """Bytes of NDVI of all looks, and of the bands of a part of them."""
    part = load.scenes // _PARTS + 1
    return 4 * load.scenes + blocks.block_bytes(part, blocks.ROOM) + 2 * part + _COUNTS_BYTES


def _list_rasters(maps: Maps, when: When) -> Iterator[Raster]:
    """State, day of the alert and drop of NDVI, under the days that are watched."""
    layers, end = maps.open("alerts", when), maps.study.settings.scenes.end
    since = _find_first_day(maps.study)
    shown: list[tuple[str, str, RasterKind, str, str, Legend | None]] = [
        ("alerts", "state", "classes", ALERTS.title_zh, ALERTS.title_en, ALERTS),
        (
            "alert_day",
            "day",
            "count",
            "预警日（监测期第几天，0 为无预警）",
            "Day of alert, of the watched ones (0: none)",
            None,
        ),
        ("alert_drop", "drop", "index", "预警 NDVI 降幅", "Drop of NDVI", None),
    ]
    for name, layer, kind, title_zh, title_en, legend in shown:
        stem = f"{name}_{since:%Y%m%d}-{end:%Y%m%d}"
        yield Raster(stem, name, kind, layers[layer], title_zh, title_en, since, end, legend)


def _list_rows(view: View, when: When) -> Iterator[Row]:
    """Share of the vegetated ground under an alert."""
    study, rules, since = view.study, view.study.settings.alerts, _find_first_day(view.study)
    source = (
        f"{view.source(when)}; CUSUM of NDVI below its season (Page 1954), "
        f"history before {since}, limit {rules.limit:g}, slack {rules.slack:g}"
    )
    areas = view.ground.sum_classes(view.maps.path("alerts", when), "state")
    states = {entry.key: float(areas[entry.code]) for entry in ALERTS.classes}
    label = f"{since}/{study.settings.scenes.end}"
    yield indicators.build_alert_indicator(states, label, area_m2=study.aoi.area_m2, source=source)


ALERT = Step(
    name="alerts",
    version=3,
    title="alerts",
    times=_list_times,
    bands=_list_bands,
    settings=_list_settings,
    parameters=_list_parameters,
    layers=keep_layers({"state": CLASSES, "day": COUNT, "drop": INDEX, "judged": COUNT}),
    kernel=watch_block,
    block_bytes=_count_block_bytes,
    config=("alerts",),
    show=Show(rasters=_list_rasters, rows=_list_rows),
)
