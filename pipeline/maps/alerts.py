"""Alerts of vegetation loss in the last days of a run, from every look of all its periods."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.contracts import Raster, ReadRecord
from pipeline.engine.run import BlockDone, Run
from pipeline.engine.sources import source_of
from pipeline.engine.study import Study
from pipeline.grid import Block
from pipeline.indices import alerts, indicators
from pipeline.ingest.reading import blocks
from pipeline.legends import ALERTS
from pipeline.maps.rasters import Footprint, Maps, forget_lost, refuse_loss, request_of, scene_key
from pipeline.maps.stored import CLASSES, COUNT, INDEX, stored
from pipeline.maps.tasks import ALERT_PARTS, Layers
from pipeline.storage.blocks import open_store, write_block
from pipeline.storage.cause import Artifact
from pipeline.zonal.ground import Ground

_ALERTS = 2

STEP = "alerts"


@dataclass(frozen=True)
class AlertTask:
    """One block of alerts since a day; `limits` are those of `pipeline.indices.alerts`."""

    store: Path
    request: blocks.BlockRequest
    since: date
    limits: Mapping[str, Any]

    @property
    def block(self) -> Block:
        """The region to write."""
        return self.request.block


def alert_block(task: AlertTask) -> BlockDone:
    """Alerts of a block: all looks are read, a part of them at a time, and put in the order of their days.

    `day` counts from 1, the first of the watched days; 0 where there is no alert.
    """
    days, stacks, records = _looks(task.request)
    order = np.argsort(days, kind="stable")
    numbers = np.array(days, dtype=np.int64)[order]
    first = int(np.searchsorted(numbers, task.since.toordinal()))
    ndvi = np.concatenate(stacks)[order] if stacks else np.empty((0, *task.block.shape), dtype=np.int16)
    found = alerts.find_alerts(ndvi, numbers, first, **task.limits)
    watched = np.append(numbers - task.since.toordinal() + 1, 0).clip(0).astype(np.uint16)
    made: Layers = {
        "state": found.state,
        "day": watched[found.look],
        "drop": found.drop,
        "judged": found.judged,
    }
    return BlockDone(write_block(task.store, task.block, made), tuple(records))


def _looks(request: blocks.BlockRequest) -> tuple[list[int], list[NDArray[np.int16]], list[ReadRecord]]:
    """Day and NDVI of every look that is clear somewhere, and what became of every read."""
    days: list[int] = []
    stacks: list[NDArray[np.int16]] = []
    records: list[ReadRecord] = []
    for part in blocks.in_parts(request, max(1, len(request.scenes) // ALERT_PARTS)):
        looks = blocks.read_looks(part)
        bands = np.empty((len(alerts.BANDS), *looks.owner.shape), dtype=np.int16)
        records += looks.records
        for read in blocks.read_bands(part, looks, bands):
            records += read.records
        days += [scenes[0].datetime.astimezone(UTC).date().toordinal() for scenes in looks.dates]
        stacks.append(alerts.compute_ndvi_stack(*bands))
    return days, stacks, records


def bands(study: Study) -> tuple[str, ...]:
    """The bands that are read once more, if the config asks for alerts."""
    return alerts.BANDS if study.settings.alerts.last_days else ()


def _since(study: Study) -> date:
    return study.settings.scenes.end - timedelta(days=(study.settings.alerts.last_days or 0) - 1)


def _span(study: Study) -> str:
    return f"{_since(study):%Y%m%d}-{study.settings.scenes.end:%Y%m%d}"


def stores(run: Run, study: Study, found: Sequence[Footprint], maps: Maps) -> tuple[Artifact, ...]:
    """The store of the alerts, where the config asks for them; TooMuchLost as for composites."""
    settings, rules = study.settings.scenes, study.settings.alerts
    if not rules.last_days:
        return ()
    limits = rules.thresholds | {"vegetation_ndvi": study.settings.land_cover.vegetation_ndvi}
    cause = study.cause(
        STEP,
        _ALERTS,
        [scene_key(footprint.scene) for footprint in found],
        clear=settings.clear.model_dump(),
        harmonised=settings.harmonised,
        since=str(_since(study)),
        limits=limits,
        block_px=maps.layout.edge_px,
    )
    source = source_of(study)
    if run.refresh and (before := run.workspace.find(cause)):
        forget_lost(run, before)

    def task(store: Path, block: Block) -> AlertTask:
        return AlertTask(store, request_of(study, block, found, alerts.BANDS, source), _since(study), limits)

    layers = {"state": CLASSES, "day": COUNT, "drop": INDEX, "judged": COUNT}
    title = f"{study.aoi.name_zh} 植被损失预警 alerts"
    made = stored(run, study, title, cause, layers, maps.layout, task, alert_block)
    refuse_loss(run, study, [made])
    return (made,)


def rasters(study: Study, artifacts: Sequence[Artifact]) -> Iterator[Raster]:
    """State, day of the alert and drop of NDVI."""
    days, span = (_since(study), study.settings.scenes.end), _span(study)
    for artifact in artifacts:
        layers = open_store(artifact.path)
        titles = ALERTS.title_zh, ALERTS.title_en
        yield Raster(f"alerts_{span}", "classes", layers["state"], *titles, *days, ALERTS)
        titles = "预警日（监测期第几天，0 为无预警）", "Day of alert, of the watched ones (0: none)"
        yield Raster(f"alert_day_{span}", "count", layers["day"], *titles, *days)
        yield Raster(f"alert_drop_{span}", "index", layers["drop"], "预警 NDVI 降幅", "Drop of NDVI", *days)


def rows(
    study: Study, maps: Maps, over_aoi: Ground, sources: Mapping[str, str]
) -> Iterator[dict[str, object]]:
    """Share of the vegetated ground under an alert."""
    if not maps.further[STEP]:
        return
    rules, periods = study.settings.alerts, study.settings.scenes.periods
    source = (
        f"{sources[f'{periods[0].label}/{periods[-1].label}']}; CUSUM of NDVI below its season (Page 1954), "
        f"history before {_since(study)}, limit {rules.limit:g}, slack {rules.slack:g}"
    )
    for artifact in maps.further[STEP]:
        areas = over_aoi.areas_m2(artifact.path, "state")
        states = {entry.key: float(areas[entry.code]) for entry in ALERTS.classes}
        label = f"{_since(study)}/{study.settings.scenes.end}"
        yield indicators.build_alert_indicator(states, label, area_m2=study.aoi.area_m2, source=source)
