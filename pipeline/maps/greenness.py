"""NDVI against the same season of earlier years, and its trend over all periods, pixel by pixel."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.contracts import Raster
from pipeline.engine.run import BlockDone, Run
from pipeline.engine.study import Study
from pipeline.grid import Block
from pipeline.indices import anomaly, indicators, trend
from pipeline.maps.encoding import from_ratio
from pipeline.maps.rasters import Footprint, Maps
from pipeline.maps.stored import COUNT, INDEX, stored
from pipeline.periods import PERIODS_A_YEAR
from pipeline.storage.blocks import open_store, read_block, write_block
from pipeline.storage.cause import Artifact
from pipeline.zonal.ground import Ground, Under

_ANOMALY, _TREND = 1, 1
_ROWS = 64

ANOMALY, TREND = "anomaly", "trend"


@dataclass(frozen=True)
class AnomalyTask:
    """One block of NDVI beside the same season of earlier years, from the stores of their indices."""

    store: Path
    block: Block
    own: Path
    earlier: tuple[Path, ...]
    least_years: int


@dataclass(frozen=True)
class TrendTask:
    """One block of NDVI of all periods, of which `cycle` make a year."""

    store: Path
    block: Block
    periods: tuple[Path, ...]
    cycle: int


def anomaly_block(task: AnomalyTask) -> BlockDone:
    """Difference and z of a block."""
    own, *earlier = (_ndvi(path, task.block) for path in (task.own, *task.earlier))
    found = anomaly.compute_anomaly(from_ratio(own), from_ratio(np.array(earlier)), least=task.least_years)
    layers = {"difference": found.difference.astype(np.float32), "z": found.z.astype(np.float32)}
    return BlockDone(write_block(task.store, task.block, layers | {"years": found.years}))


def trend_block(task: TrendTask) -> BlockDone:
    """Slope, significance and number of observations of a block, some rows at a time."""
    stack = np.array([_ndvi(path, task.block) for path in task.periods])
    parts = [
        trend.compute_trend(from_ratio(stack[:, start : start + _ROWS]), cycle=task.cycle)
        for start in range(0, stack.shape[1], _ROWS)
    ]
    layers = {
        "slope": np.concatenate([part.slope for part in parts]).astype(np.float32),
        "p_value": np.concatenate([part.p_value for part in parts]).astype(np.float32),
        "count": np.concatenate([part.count for part in parts]),
    }
    return BlockDone(write_block(task.store, task.block, layers))


def _ndvi(path: Path, block: Block) -> NDArray[np.int16]:
    values: NDArray[np.int16] = read_block(path, block, ["ndvi"])["ndvi"]
    return values


def anomaly_stores(run: Run, study: Study, _found: Sequence[Footprint], maps: Maps) -> tuple[Artifact, ...]:
    """A store for each period that has enough earlier years, where the config asks for them."""
    rules = study.settings.greenness
    made = []
    for number, earlier in _with_years(study):
        before = [maps.spectral[place] for place in earlier]
        keys = [maps.spectral[number].key, *(store.key for store in before)]
        cause = study.cause(ANOMALY, _ANOMALY, keys, least_years=rules.least_years)
        task = partial(
            AnomalyTask,
            own=maps.spectral[number].path,
            earlier=tuple(store.path for store in before),
            least_years=rules.least_years,
        )
        title = f"{study.aoi.name_zh} {study.settings.scenes.periods[number].label} 距平 anomaly"
        layers = {"difference": INDEX, "z": INDEX, "years": COUNT}
        made.append(stored(run, study, title, cause, layers, maps.layout, task, anomaly_block))
    return tuple(made)


def trend_stores(run: Run, study: Study, _found: Sequence[Footprint], maps: Maps) -> tuple[Artifact, ...]:
    """The store of the trend, where the config asks for it and the periods are enough."""
    if not study.settings.greenness.trend or len(maps.spectral) < trend.LEAST_OBSERVATIONS:
        return ()
    cycle = PERIODS_A_YEAR[study.settings.scenes.period]
    cause = study.cause(TREND, _TREND, [store.key for store in maps.spectral], cycle=cycle)
    task = partial(TrendTask, periods=tuple(store.path for store in maps.spectral), cycle=cycle)
    layers = {"slope": INDEX, "p_value": INDEX, "count": COUNT}
    title = f"{study.aoi.name_zh} NDVI 趋势 trend"
    return (stored(run, study, title, cause, layers, maps.layout, task, trend_block),)


def _with_years(study: Study) -> list[tuple[int, list[int]]]:
    """Every period that has enough earlier years, by its number, with the numbers of theirs."""
    rules, periods = study.settings.greenness, study.settings.scenes.periods
    cycle = PERIODS_A_YEAR[study.settings.scenes.period]
    years = {number: list(range(number % cycle, number, cycle)) for number in range(len(periods))}
    wanted = rules.least_years if rules.anomaly else len(periods)
    return [(number, earlier) for number, earlier in years.items() if len(earlier) >= wanted]


def anomaly_rasters(study: Study, artifacts: Sequence[Artifact]) -> Iterator[Raster]:
    """Difference and z of each period that has them."""
    for (number, _), artifact in zip(_with_years(study), artifacts, strict=True):
        period, layers = study.settings.scenes.periods[number], open_store(artifact.path)
        days = period.first, period.last
        name = f"ndvi_anomaly_{period.label}"
        yield Raster(name, "index", layers["difference"], "NDVI 距平", "NDVI anomaly", *days)
        name = f"ndvi_anomaly_z_{period.label}"
        yield Raster(name, "index", layers["z"], "NDVI 标准化距平", "NDVI anomaly, standardised", *days)


def trend_rasters(study: Study, artifacts: Sequence[Artifact]) -> Iterator[Raster]:
    """Slope and significance."""
    first, last = study.settings.scenes.periods[0], study.settings.scenes.periods[-1]
    days, span = (first.first, last.last), f"{first.label}_{last.label}"
    for artifact in artifacts:
        layers = open_store(artifact.path)
        name = f"ndvi_trend_{span}"
        yield Raster(name, "index", layers["slope"], "NDVI 趋势（每年）", "NDVI trend per year", *days)
        name = f"ndvi_trend_p_{span}"
        yield Raster(name, "index", layers["p_value"], "NDVI 趋势显著性 p", "NDVI trend, p value", *days)


def anomaly_rows(
    study: Study, maps: Maps, over_aoi: Ground, sources: Mapping[str, str]
) -> Iterator[dict[str, object]]:
    """Mean anomaly of each period and the share that is clearly less green; null without enough years."""
    rules = study.settings.greenness
    if not rules.anomaly:
        return
    made = dict(zip((number for number, _ in _with_years(study)), maps.further[ANOMALY], strict=True))
    for number, period in enumerate(study.settings.scenes.periods):
        source = (
            f"{sources[period.label]}; NDVI less the mean of the same season of earlier years, "
            f"at least {rules.least_years}; less green: by >= {rules.least_drop:g}"
        )
        sums = indicators.AnomalySums()
        if number in made:
            part = partial(_anomaly_sums, store=made[number].path, least_drop=rules.least_drop)
            sums = sum(over_aoi.each(part), sums)
        yield from indicators.build_anomaly_indicators(
            sums, period.label, area_m2=study.aoi.area_m2, source=source, least_years=rules.least_years
        )


def trend_rows(
    study: Study, maps: Maps, over_aoi: Ground, sources: Mapping[str, str]
) -> Iterator[dict[str, object]]:
    """Shares that grow greener and less green, significantly; null with too few periods."""
    rules, periods = study.settings.greenness, study.settings.scenes.periods
    if not rules.trend:
        return
    span = f"{periods[0].label}/{periods[-1].label}"
    source = f"{sources[span]}; Theil-Sen, Mann-Kendall p < {rules.significance:g}, {len(periods)} periods"
    greener = poorer = known = 0.0
    for artifact in maps.further[TREND]:
        part = partial(_trend_areas, store=artifact.path, significance=rules.significance)
        greener, poorer, known = np.sum(over_aoi.each(part), axis=0)
    yield from indicators.build_trend_indicators(
        (greener, poorer, known),
        span,
        area_m2=study.aoi.area_m2,
        source=source,
        least=trend.LEAST_OBSERVATIONS,
    )


def _anomaly_sums(under: Under, *, store: Path, least_drop: float) -> indicators.AnomalySums:
    return indicators.sum_anomaly(under.layer(store, "difference"), under.weight_m2, least_drop=least_drop)


def _trend_areas(under: Under, *, store: Path, significance: float) -> NDArray[np.float64]:
    """Area that grows greener, area that grows less green, both significantly, and area with a trend."""
    values, weight = under.read(store, ("slope", "p_value")), under.weight_m2
    slope, sure = values["slope"], values["p_value"] < significance
    chosen = sure & (slope > 0), sure & (slope < 0), np.isfinite(slope)
    return np.array([weight[which].sum() for which in chosen])
