"""The remote sensing ecological index of each period, where a thermal band is there and its sign is clear."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline import standards
from pipeline.contracts import REFLECTANCE_SCALE, Raster
from pipeline.engine.run import BlockDone, Run
from pipeline.engine.sources import source_of
from pipeline.engine.study import Study
from pipeline.grid import Block
from pipeline.indices import indicators, rsei
from pipeline.legends import LAND_COVER, NODATA_CLASS
from pipeline.maps.encoding import as_ratio, from_ratio
from pipeline.maps.rasters import Footprint, Maps, forget_lost, lacking, refuse_loss, request_of, scene_key
from pipeline.maps.stored import COUNT, RATIO, stored
from pipeline.maps.tasks import CompositeTask, composite_block
from pipeline.periods import Period
from pipeline.settings.sources import INSTRUMENTS
from pipeline.storage.blocks import open_store, read_block, write_block
from pipeline.storage.cause import Artifact
from pipeline.storage.tables import load_json, save_json
from pipeline.zonal.ground import Ground, Under

_HEAT, _AXIS, _INDEX = 1, 1, 1
_KELVIN = 273.15
_DEGREES = 100.0
"""Temperature is stored like reflectance, in hundreds of degrees Celsius: steps of 0.01 degree."""
_THERMAL = "lwir11"

STEP = "rsei"
GOOD = 0.6
"""From here on the upper two of five grades of 0.2 (优, 良; as in ChinaXiv-201911.00047V1)."""

Rows = Iterator[dict[str, object]]


@dataclass(frozen=True)
class RseiTask:
    """One block of the index: composite, heat and land cover of its period; the axis once it is known."""

    store: Path
    block: Block
    composite: Path
    heat: Path
    land: Path
    wetness: tuple[tuple[str, float], ...]
    axis: rsei.Axis | None = None
    ends: tuple[float, float] = (0.0, 1.0)


def block_moments(task: RseiTask) -> rsei.Moments:
    """Moments of the components over the land of a block."""
    values = _components(task)
    return rsei.compute_moments(values, np.ones(values.shape[1:], dtype=bool))


def block_ends(task: RseiTask) -> tuple[float, float]:
    """The least and the greatest place on the axis in a block."""
    placed = _placed(task)
    known = placed[np.isfinite(placed)]
    return (float(known.min()), float(known.max())) if known.size else (np.inf, -np.inf)


def rsei_block(task: RseiTask) -> BlockDone:
    """The index of a block, 0 to 1; all unknown without an axis."""
    low, high = task.ends
    values = np.full(task.block.shape, np.nan)
    if task.axis and not task.axis.reason:
        values = (_placed(task) - low) / (high - low)
    return BlockDone(write_block(task.store, task.block, {STEP: as_ratio(values)}))


def _placed(task: RseiTask) -> rsei.Numbers:
    assert task.axis is not None
    return rsei.score_pixels(_components(task), task.axis)


def _components(task: RseiTask) -> rsei.Numbers:
    """Components of the land; NaN where there is water or the land cover is unknown."""
    bands = {
        name: from_ratio(values)
        for name, values in read_block(task.composite, task.block, rsei.BANDS).items()
    }
    heat = from_ratio(read_block(task.heat, task.block, ["heat"])["heat"]) * _DEGREES
    cover = read_block(task.land, task.block, ["land_cover"])["land_cover"]
    land = (cover != LAND_COVER.code("water")) & (cover != NODATA_CLASS)
    return np.where(land, rsei.compute_components(bands, heat, dict(task.wetness)), np.nan)


def bands(study: Study) -> tuple[str, ...]:
    """The band that is read beside the composites, if the config asks for the index."""
    return (_THERMAL,) if study.settings.rsei else ()


def stores(run: Run, study: Study, found: Sequence[Footprint], maps: Maps) -> tuple[Artifact, ...]:
    """Heat, axis and index of each period, one after the other."""
    if not study.settings.rsei:
        return ()
    periods = enumerate(study.settings.scenes.periods)
    return tuple(
        store for number, period in periods for store in _of_period(run, study, found, maps, number, period)
    )


def _of_period(
    run: Run, study: Study, found: Sequence[Footprint], maps: Maps, number: int, period: Period
) -> tuple[Artifact, Artifact, Artifact]:
    heat = _heat(run, study, [one for one in found if period.holds(one.scene.datetime)], maps, period)
    composite, land = maps.composites[number], maps.land[number]
    keys = [composite.key, heat.key, land.key]
    wetness, reason = _wetness(study)
    reason = lacking(maps, rsei.BANDS) or reason
    if not reason and not any(
        _THERMAL in one.scene.assets and period.holds(one.scene.datetime) for one in found
    ):
        reason = "没有热红外波段 / no scene has a thermal band"
    task = partial(RseiTask, composite=composite.path, heat=heat.path, land=land.path, wetness=wetness)
    cause = study.cause("rsei_axis", _AXIS, keys, wetness=dict(wetness), reason=reason)
    title = f"{study.aoi.name_zh} {period.label} RSEI"

    def build(folder: Path) -> None:
        blocks = [task(folder, block) for block in study.blocks(maps.layout.edge_px)]
        save_json(folder / "axis.json", _told(run, title, blocks, reason))

    axis = run.artifact(title, cause, build)
    known, ends = _axis(axis)
    work = partial(task, axis=known, ends=ends)
    cause = study.cause(STEP, _INDEX, [*keys, axis.key])
    return heat, axis, stored(run, study, title, cause, {STEP: RATIO}, maps.layout, work, rsei_block)


def _told(run: Run, title: str, blocks: Sequence[RseiTask], reason: str) -> dict[str, object]:
    """The axis as JSON; what is not a number is null."""
    unknown = np.full(len(rsei.COMPONENTS), np.nan)
    axis, ends = rsei.Axis(unknown, unknown, unknown, unknown, reason), (0.0, 1.0)
    if not reason:
        axis = rsei.find_axis(rsei.pool_moments(run.each(title, block_moments, blocks)))
    if not axis.reason:
        found = run.each(title, block_ends, [replace(block, axis=axis) for block in blocks])
        ends = min(low for low, _ in found), max(high for _, high in found)
    numbers = {name: value for name, value in asdict(axis).items() if name != "reason"}
    figures = {name: [float(x) if np.isfinite(x) else None for x in value] for name, value in numbers.items()}
    return {**figures, "reason": axis.reason, "ends": list(ends)}


def _axis(artifact: Artifact) -> tuple[rsei.Axis, tuple[float, float]]:
    content = load_json(artifact.path / "axis.json")
    low, high, loadings, shares = (
        np.array(content[name], dtype=float) for name in ("low", "high", "loadings", "shares")
    )
    return rsei.Axis(low, high, loadings, shares, content["reason"]), tuple(content["ends"])


def _wetness(study: Study) -> tuple[tuple[tuple[str, float], ...], str]:
    """Coefficients for the bands of the composites, and why there are none."""
    settings = study.settings.scenes
    instruments = {"OLI"} if settings.harmonised else {INSTRUMENTS[mission] for mission in settings.missions}
    table = standards.table("tasselled_cap")
    if len(instruments) > 1 or not instruments <= set(table["instrument"]):
        names = ", ".join(sorted(instruments))
        return (), f"波段未统一到一种传感器 / bands of {names} are not those of one sensor with coefficients"
    rows = table[table["instrument"] == next(iter(instruments))]
    return tuple(zip(rows["band"], rows["wetness"].astype(float), strict=True)), ""


def _heat(run: Run, study: Study, found: Sequence[Footprint], maps: Maps, period: Period) -> Artifact:
    """Median surface temperature of the clear looks that have a thermal band."""
    scenes = [_warmth(one) for one in found if _THERMAL in one.scene.assets]
    settings = study.settings.scenes
    cause = study.cause(
        "heat",
        _HEAT,
        [scene_key(one.scene) for one in scenes],
        clear=settings.clear.model_dump(),
        block_px=maps.layout.edge_px,
    )
    source = source_of(study)
    if run.refresh and (before := run.workspace.find(cause)):
        forget_lost(run, before)

    def task(store: Path, block: Block) -> CompositeTask:
        request = request_of(study, block, scenes, ("heat",), source)
        return CompositeTask(store, replace(request, harmonised=False))

    layers = {"heat": RATIO, "looks": COUNT, "failed": COUNT}
    title = f"{study.aoi.name_zh} {period.label} 地表温度 heat"
    made = stored(run, study, title, cause, layers, maps.layout, task, composite_block)
    refuse_loss(run, study, [made])
    return made


def _warmth(footprint: Footprint) -> Footprint:
    """A scene whose only band is its temperature, from kelvin to hundreds of degrees Celsius."""
    asset = footprint.scene.assets[_THERMAL]
    heat = replace(asset, scale=asset.scale / _DEGREES, offset=(asset.offset - _KELVIN) / _DEGREES)
    return replace(footprint, scene=replace(footprint.scene, assets={"heat": heat}))


def rasters(study: Study, artifacts: Sequence[Artifact]) -> Iterator[Raster]:
    """The index of each period that has one."""
    for number, period in enumerate(study.settings.scenes.periods):
        for axis, index in [artifacts[3 * number + 1 : 3 * number + 3]] if artifacts else []:
            if not _axis(axis)[0].reason:
                values, days = open_store(index.path)[STEP], (period.first, period.last)
                yield Raster(f"rsei_{period.label}", "ratio", values, "遥感生态指数 RSEI", "RSEI", *days)


def rows(study: Study, maps: Maps, over_aoi: Ground, sources: Mapping[str, str]) -> Rows:
    """Mean index of the land and the share of the upper two grades; null with the reason."""
    artifacts = maps.further[STEP]
    for number, period in enumerate(study.settings.scenes.periods if artifacts else []):
        axis, index = artifacts[3 * number + 1 : 3 * number + 3]
        total, good, known = np.sum(over_aoi.each(partial(_index_sums, index=index.path)), axis=0)
        told = _axis(axis)[0]
        source = f"{sources[period.label]}; RSEI (Xu 2013), first component {_percent(told)} of the variance"
        yield from indicators.build_rsei_indicators(
            (total, good, known),
            period.label,
            area_m2=study.aoi.area_m2,
            source=source,
            reason=told.reason,
        )


def _index_sums(under: Under, *, index: Path) -> NDArray[np.float64]:
    """Index times area, area of the upper grades, area known."""
    found, weight = from_ratio(under.layer(index, STEP)), under.weight_m2
    seen = np.isfinite(found)
    good = seen & (found >= GOOD - REFLECTANCE_SCALE / 2)
    return np.array([(found[seen] * weight[seen]).sum(), weight[good].sum(), weight[seen].sum()])


def _percent(axis: rsei.Axis) -> str:
    return "unknown" if np.isnan(axis.shares[0]) else f"{axis.shares[0]:.1%}"


def table(study: Study, artifacts: Sequence[Artifact]) -> pd.DataFrame:
    """Loading and range of each component by period, and the share of variance that the axis explains."""
    found = []
    for number, period in enumerate(study.settings.scenes.periods if artifacts else []):
        axis = _axis(artifacts[3 * number + 1])[0]
        found.append(
            pd.DataFrame(
                {
                    "period": period.label,
                    "component": rsei.COMPONENTS,
                    "loading": axis.loadings,
                    "low": axis.low,
                    "high": axis.high,
                    "explained_share": axis.shares[0],
                    "reason": axis.reason or None,
                }
            )
        )
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame()
