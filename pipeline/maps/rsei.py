"""The remote sensing ecological index of each period, where a thermal band is there and its sign is clear."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.contracts import REFLECTANCE_SCALE, Raster, Scene
from pipeline.engine.study import Study
from pipeline.indices import indicators, rsei
from pipeline.ingest.reading.blocks import BlockRequest
from pipeline.maps.composite import compose_block
from pipeline.maps.encoding import COUNT, RATIO, as_ratio, encode_band, from_ratio
from pipeline.maps.rsei_axis import (
    KELVIN,
    PARTS,
    THERMAL,
    Components,
    Ends,
    Wetness,
    count_members,
    find_coefficients,
    find_group,
    find_rules,
    find_wetness,
    list_times,
    load_axis,
)
from pipeline.maps.step import (
    BlockInputs,
    Layers,
    Maps,
    Place,
    Row,
    Show,
    Step,
    View,
    build_raster,
    keep_layers,
)
from pipeline.periods import When
from pipeline.zonal.ground import GroundPixels

_GOOD = 0.6
"""From here on the upper two of five grades of 0.2 (优, 良; as in ChinaXiv-201911.00047V1)."""


def score_block(inputs: BlockInputs, *, wetness: Wetness, axis: rsei.Axis, ends: Ends) -> Layers:
    """The index of a block, 0 to 1; all unknown without an axis."""
    values = np.full(inputs.block.shape, np.nan)
    if not axis.reason:
        (composite,), (heat,), (land,) = (inputs.stores[name] for name in ("composite", "heat", "land_cover"))
        components = Components(composite, heat, land, wetness).read(inputs.block)
        values = (rsei.score_pixels(components, axis) - ends[0]) / (ends[1] - ends[0])
    return {"rsei": as_ratio(values)}


def compose_heat(inputs: BlockInputs) -> Layers:
    """Median surface temperature of the clear looks that have a thermal band, as composites hold it."""
    layers = compose_block(inputs, method="median")
    return {"heat": layers.pop(THERMAL), **layers}


def _list_bands(_study: Study, _scenes: Sequence[Scene]) -> tuple[str, ...]:
    return (THERMAL,)


def _request_heat(request: BlockRequest) -> BlockRequest:
    """As it was measured, whatever the other bands are brought to."""
    return replace(request, harmonised=False)


def _list_needs(study: Study, when: When) -> Sequence[Place]:
    return [*((step, when) for step in PARTS), ("rsei_axis", find_group(study, when))]


def _describe(maps: Maps, axis: rsei.Axis, source: str) -> str:
    """Behind a figure of the index: its scenes, axis and ranges, and the coefficients of wetness."""
    rules, (rows, _) = find_rules(maps.study), find_coefficients(maps.study)
    share = "unknown" if np.isnan(axis.shares[0]) else f"{axis.shares[0]:.1%}"
    axis_words = "axis and range of this period alone, not comparable with others 单期归一化，不可跨期比较"
    if rules.common:
        axis_words = f"one axis and range of {count_members(maps)} periods 多期统一归一化"
    range_words = "components from least to greatest 最小至最大值"
    if rules.trim != (0, 100):
        range_words = f"components cut to percentiles {rules.trim[0]:g} and {rules.trim[1]:g} 百分位截断"
    wet = [f"{row.source}, of {row.reflectance} reflectance" for row in rows[:1].itertuples()]
    return (
        f"{source}; RSEI (Xu 2013), first component {share} of the variance; {axis_words}; {range_words}; "
        f"wetness 湿度系数: {' '.join(wet) or 'none'}"
    )


def _list_parameters(maps: Maps, when: When) -> Mapping[str, object]:
    axis, ends = load_axis(maps, when)
    return {"wetness": find_wetness(maps.study), "axis": axis, "ends": ends}


def _list_rasters(maps: Maps, when: When) -> Iterator[Raster]:
    """The index, where there is one."""
    if not load_axis(maps, when)[0].reason:
        yield build_raster(maps, "rsei", when, "rsei", titles=("遥感生态指数 RSEI", "RSEI"))


def _list_rows(view: View, when: When) -> Iterator[Row]:
    """Mean index of the land and the share of the upper two grades; null with the reason."""
    part = partial(_sum_under, index=view.maps.path("rsei", when))
    total, good, known = np.sum(view.ground.map(part), axis=0)
    axis = load_axis(view.maps, when)[0]
    yield from indicators.build_rsei_indicators(
        (total, good, known),
        when.label,
        area_m2=view.study.aoi.area_m2,
        source=_describe(view.maps, axis, view.source(when)),
        reason=axis.reason,
    )


def _sum_under(under: GroundPixels, *, index: Path) -> NDArray[np.float64]:
    """Index times area, area of the upper grades, area known."""
    found, weight = from_ratio(under.read_layer(index, "rsei")), under.weight_m2
    seen = np.isfinite(found)
    good = seen & (found >= _GOOD - REFLECTANCE_SCALE / 2)
    return np.array([(found[seen] * weight[seen]).sum(), weight[good].sum(), weight[seen].sum()])


def _collect_tables(view: View) -> Mapping[str, pd.DataFrame]:
    """Loading and range of each component by period, and the share of variance that the axis explains."""
    parts = [_tabulate(view, when) for when in list_times(view.study)]
    return {"rsei": pd.concat(parts, ignore_index=True)} if parts else {}


def _tabulate(view: View, when: When) -> pd.DataFrame:
    axis = load_axis(view.maps, when)[0]
    return pd.DataFrame(
        {
            "period": when.label,
            "component": rsei.COMPONENTS,
            "loading": axis.loadings,
            "low": axis.low,
            "high": axis.high,
            "explained_share": axis.shares[0],
            "reason": axis.reason or None,
        }
    )


HEAT = Step(
    name="heat",
    version=2,
    title="heat",
    times=list_times,
    bands=_list_bands,
    request=_request_heat,
    layers=keep_layers({"heat": encode_band(KELVIN), "looks": COUNT, "failed": COUNT}),
    kernel=compose_heat,
)
RSEI = Step(
    name="rsei",
    version=2,
    title="RSEI",
    times=list_times,
    needs=_list_needs,
    parameters=_list_parameters,
    layers=keep_layers({"rsei": RATIO}),
    kernel=score_block,
    config=("rsei",),
    show=Show(rasters=_list_rasters, rows=_list_rows, tables=_collect_tables),
)
