"""The trend of NDVI over all periods, pixel by pixel."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.contracts import Raster
from pipeline.engine.study import Study
from pipeline.indices import indicators, trend
from pipeline.maps.encoding import COUNT, INDEX, from_ratio
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
)
from pipeline.periods import PERIODS_A_YEAR, When
from pipeline.zonal.ground import GroundPixels

_ROWS = 64


def fit_block(inputs: BlockInputs, *, cycle: int) -> Layers:
    """Slope, significance and number of observations of a block, some rows at a time; `cycle` make a year."""
    stack = np.array([layers["ndvi"] for layers in inputs.read_each("spectral", ["ndvi"])])
    parts = [
        trend.compute_trend(from_ratio(stack[:, start : start + _ROWS]), cycle=cycle)
        for start in range(0, stack.shape[1], _ROWS)
    ]
    return {
        "slope": np.concatenate([part.slope for part in parts]).astype(np.float32),
        "p_value": np.concatenate([part.p_value for part in parts]).astype(np.float32),
        "count": np.concatenate([part.count for part in parts]),
    }


def _list_times(study: Study) -> Sequence[When]:
    """The span, where the config asks for it and the periods are enough."""
    return _list_show_times(study) if len(study.periods) >= trend.LEAST_OBSERVATIONS else ()


def _list_show_times(study: Study) -> Sequence[When]:
    return (study.span,) if study.settings.greenness.trend else ()


def _list_parameters(maps: Maps, _when: When) -> Mapping[str, object]:
    return {"cycle": PERIODS_A_YEAR[maps.study.settings.scenes.period]}


def _list_rasters(maps: Maps, when: When) -> Iterator[Raster]:
    """Slope and significance."""
    titles = "NDVI 趋势（每年）", "NDVI trend per year"
    yield build_raster(maps, "trend", when, "slope", titles=titles, name="ndvi_trend")
    titles = "NDVI 趋势显著性 p", "NDVI trend, p value"
    yield build_raster(maps, "trend", when, "p_value", titles=titles, name="ndvi_trend_p")


def _list_rows(view: View, when: When) -> Iterator[Row]:
    """Shares that grow greener and less green, significantly; null with too few periods."""
    limit, count = view.study.settings.greenness.significance, len(view.study.periods)
    source = f"{view.source(when)}; Theil-Sen, Mann-Kendall p < {limit:g}, {count} periods"
    greener = poorer = known = 0.0
    if ("trend", when) in view.maps:
        part = partial(_sum_under, store=view.maps.path("trend", when), significance=limit)
        greener, poorer, known = np.sum(view.ground.map(part), axis=0)
    yield from indicators.build_trend_indicators(
        (greener, poorer, known),
        when.label,
        area_m2=view.study.aoi.area_m2,
        source=source,
        least=trend.LEAST_OBSERVATIONS,
    )


def _sum_under(under: GroundPixels, *, store: Path, significance: float) -> NDArray[np.float64]:
    """Area that grows greener, area that grows less green, both significantly, and area with a trend."""
    values, weight = under.read(store, ("slope", "p_value")), under.weight_m2
    slope, sure = values["slope"], values["p_value"] < significance
    chosen = sure & (slope > 0), sure & (slope < 0), np.isfinite(slope)
    return np.array([weight[which].sum() for which in chosen])


def _judge(study: Study) -> Mapping[str, object]:
    return study.settings.greenness.model_dump(include={"trend", "significance"})


TREND = Step(
    name="trend",
    version=1,
    title="NDVI 趋势 trend",
    times=_list_times,
    needs=need_all_periods("spectral"),
    settings=_list_parameters,
    parameters=_list_parameters,
    layers=keep_layers({"slope": INDEX, "p_value": INDEX, "count": COUNT}),
    kernel=fit_block,
    config=("greenness",),
    show=Show(rasters=_list_rasters, rows=_list_rows, times=_list_show_times, judge=_judge),
)
