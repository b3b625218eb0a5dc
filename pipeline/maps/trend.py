"""The trend of NDVI over all periods, pixel by pixel, and how many pixels it holds for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.contracts import Raster
from pipeline.engine.run import Run
from pipeline.engine.study import Study
from pipeline.grid import Block
from pipeline.indices import indicators, trend
from pipeline.maps.encoding import COUNT, INDEX, from_ratio
from pipeline.maps.evidence import describe_trend
from pipeline.maps.step import (
    BlockInputs,
    Layers,
    Maps,
    Row,
    Show,
    Step,
    View,
    build_raster,
    keep_layers,
    need_all_periods,
    need_same,
)
from pipeline.periods import PERIODS_A_YEAR, When
from pipeline.storage.blocks import read_block
from pipeline.storage.tables import load_json, save_json
from pipeline.zonal.ground import GroundPixels

_ROWS = 64


@dataclass(frozen=True)
class CountTask:
    """One block of p-values, and the limit up to which they are counted."""

    block: Block
    trend: Path
    limit: float


def fit_block(inputs: BlockInputs, *, cycle: int, test: str) -> Layers:
    """Slope, significance and number of observations of a block, some rows at a time; `cycle` make a year."""
    stack = np.array([layers["ndvi"] for layers in inputs.read_each("spectral", ["ndvi"])])
    parts = [
        trend.compute_trend(from_ratio(stack[:, start : start + _ROWS]), cycle=cycle, test=test)
        for start in range(0, stack.shape[1], _ROWS)
    ]
    return {
        "slope": np.concatenate([part.slope for part in parts]).astype(np.float32),
        "p_value": np.concatenate([part.p_value for part in parts]).astype(np.float32),
        "count": np.concatenate([part.count for part in parts]),
    }


def count_pixels(task: CountTask) -> int:
    """How many p-values of a block are not above the limit."""
    values = read_block(task.trend, task.block, ["p_value"])["p_value"]
    return int(_is_up_to(values, task.limit).sum())


def keep_significant(inputs: BlockInputs, *, limit: float) -> Layers:
    """The slope of a block where its p-value is not above the limit, else 0; NaN where it is not known."""
    layers = inputs.read("trend", ["slope", "p_value"])
    slope, p_value = layers["slope"], layers["p_value"]
    kept = np.where(_is_up_to(p_value, limit), slope, np.float32(0))
    return {"slope": np.where(np.isfinite(p_value), kept, np.float32(np.nan))}


def _is_up_to(values: NDArray[np.float32], limit: float) -> NDArray[np.bool_]:
    """Whether p-values are not above a limit, which is not rounded to their precision."""
    return values <= np.float64(limit)


def _list_times(study: Study) -> Sequence[When]:
    """The span, where the config asks for it and the periods are enough."""
    return _list_show_times(study) if len(study.periods) >= trend.LEAST_OBSERVATIONS else ()


def _list_show_times(study: Study) -> Sequence[When]:
    return (study.span,) if study.settings.greenness.trend else ()


def _list_limit_times(study: Study) -> Sequence[When]:
    return _list_times(study) if study.settings.greenness.false_discovery else ()


def _list_parameters(maps: Maps, _when: When) -> Mapping[str, object]:
    settings = maps.study.settings
    return {"cycle": PERIODS_A_YEAR[settings.scenes.period], "test": settings.greenness.test}


def _list_limit_settings(maps: Maps, _when: When) -> Mapping[str, object]:
    return maps.study.settings.greenness.model_dump(include={"significance"})


def _build_limit(run: Run, maps: Maps, when: When, folder: Path) -> None:
    """The limit as JSON, with the number of pixels tested."""
    study, store = maps.study, maps.path("trend", when)
    blocks = study.blocks(maps.layout.edge_px)

    def count(limit: float) -> int:
        tasks = [CountTask(block, store, limit) for block in blocks]
        return sum(run.each(study.title(TREND_LIMIT.title), count_pixels, tasks))

    tests = count(1.0)
    limit = trend.find_discovery_limit(count, tests, rate=study.settings.greenness.significance)
    save_json(folder / "limit.json", {"limit": limit, "tests": tests})


def _load_limit(maps: Maps, when: When) -> Mapping[str, float]:
    found: Mapping[str, float] = load_json(maps.path("trend_limit", when) / "limit.json")
    return found


def _list_limits(maps: Maps, when: When) -> Mapping[str, object]:
    return {"limit": _load_limit(maps, when)["limit"]}


def _list_rasters(maps: Maps, when: When) -> Iterator[Raster]:
    """Slope and significance."""
    titles = "NDVI 趋势（每年）", "NDVI trend per year"
    yield build_raster(maps, "trend", when, "slope", titles=titles, name="ndvi_trend")
    titles = "NDVI 趋势显著性 p（逐像元，未作多重检验校正）", "NDVI trend, p value of each pixel by itself"
    yield build_raster(maps, "trend", when, "p_value", titles=titles, name="ndvi_trend_p")


def _list_significant(maps: Maps, when: When) -> Iterator[Raster]:
    """Slope where it counts."""
    titles = "NDVI 显著趋势（每年；0 为不显著）", "NDVI trend per year where significant, else 0"
    name = "ndvi_trend_significant"
    yield build_raster(maps, "significant_trend", when, "slope", titles=titles, name=name)


def _list_rows(view: View, when: When) -> Iterator[Row]:
    """Shares that grow greener and less green, significantly; null with too few periods."""
    rules, made = view.study.settings.greenness, ("trend", when) in view.maps
    limited = _load_limit(view.maps, when) if made and rules.false_discovery else None
    greener = poorer = known = 0.0
    if made:
        limit = limited["limit"] if limited else np.nextafter(rules.significance, 0)
        part = partial(_sum_under, store=view.maps.path("trend", when), limit=limit)
        greener, poorer, known = np.sum(view.ground.map(part), axis=0)
    yield from indicators.build_trend_indicators(
        (greener, poorer, known),
        when.label,
        area_m2=view.study.aoi.area_m2,
        source=describe_trend(rules, limited, periods=len(view.study.periods), source=view.source(when)),
        needs=trend.TESTS[rules.test].needs,
    )


def _sum_under(under: GroundPixels, *, store: Path, limit: float) -> NDArray[np.float64]:
    """Area that grows greener, area that grows less green, both significantly, and area that was tested."""
    values, weight = under.read(store, ("slope", "p_value")), under.weight_m2
    slope, sure = values["slope"], _is_up_to(values["p_value"], limit)
    chosen = sure & (slope > 0), sure & (slope < 0), np.isfinite(values["p_value"])
    return np.array([weight[which].sum() for which in chosen])


def _judge(study: Study) -> Mapping[str, object]:
    return study.settings.greenness.model_dump(include={"trend", "significance", "false_discovery"})


TREND = Step(
    name="trend",
    version=1,
    title="NDVI trend",
    times=_list_times,
    needs=need_all_periods("spectral"),
    settings=_list_parameters,
    parameters=_list_parameters,
    layers=keep_layers({"slope": INDEX, "p_value": INDEX, "count": COUNT}),
    kernel=fit_block,
    config=("greenness",),
    show=Show(rasters=_list_rasters, rows=_list_rows, times=_list_show_times, judge=_judge),
)
TREND_LIMIT = Step(
    name="trend_limit",
    version=1,
    title="limit of the NDVI trend",
    times=_list_limit_times,
    needs=need_same("trend"),
    settings=_list_limit_settings,
    build=_build_limit,
    config=("greenness",),
)
SIGNIFICANT_TREND = Step(
    name="significant_trend",
    version=1,
    title="significant NDVI trend",
    times=_list_limit_times,
    needs=need_same("trend", "trend_limit"),
    parameters=_list_limits,
    layers=keep_layers({"slope": INDEX}),
    kernel=keep_significant,
    config=("greenness",),
    show=Show(rasters=_list_significant),
)
