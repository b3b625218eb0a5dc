"""The remote sensing ecological index of each period, where a thermal band is there and its sign is clear."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline import standards
from pipeline.contracts import REFLECTANCE_SCALE, Raster, Scene
from pipeline.engine.run import Run
from pipeline.engine.study import Study
from pipeline.grid import Block
from pipeline.indices import indicators, rsei
from pipeline.ingest.reading.blocks import BlockRequest
from pipeline.ingest.scenes.sensors import choose_packing
from pipeline.legends import LAND_COVER, NODATA_CLASS
from pipeline.maps.composite import compose_block
from pipeline.maps.encoding import COUNT, RATIO, as_ratio, encode_band, from_ratio, unpack
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
    need_same,
)
from pipeline.periods import When
from pipeline.settings.sources import INSTRUMENTS
from pipeline.storage.blocks import read_block
from pipeline.storage.tables import load_json, save_json
from pipeline.zonal.ground import GroundPixels

_THERMAL = "lwir11"
_KELVIN = choose_packing(_THERMAL)
_CELSIUS = replace(_KELVIN, offset=_KELVIN.offset - 273.15, unit="degC")
_GOOD = 0.6
"""From here on the upper two of five grades of 0.2 (优, 良; as in ChinaXiv-201911.00047V1)."""

Wetness = tuple[tuple[str, float], ...]
Ends = tuple[float, float]


@dataclass(frozen=True)
class Components:
    """Where the components of the index come from: composite, heat and land cover of a period."""

    composite: Path
    heat: Path
    land: Path
    wetness: Wetness

    def read(self, block: Block) -> rsei.Numbers:
        """Components of the land (component, y, x); NaN where there is water or the land cover is unknown."""
        stored = read_block(self.composite, block, rsei.BANDS)
        bands = {name: from_ratio(values) for name, values in stored.items()}
        heat = unpack(read_block(self.heat, block, ["heat"])["heat"], _CELSIUS)
        cover = read_block(self.land, block, ["land_cover"])["land_cover"]
        land = (cover != LAND_COVER.code("water")) & (cover != NODATA_CLASS)
        return np.where(land, rsei.compute_components(bands, heat, dict(self.wetness)), np.nan)


@dataclass(frozen=True)
class AxisTask:
    """One block of the components, and the axis once it is known."""

    block: Block
    components: Components
    axis: rsei.Axis | None = None


def measure_block(task: AxisTask) -> rsei.Moments:
    """Moments of the components over the land of a block."""
    values = task.components.read(task.block)
    return rsei.compute_moments(values, np.ones(values.shape[1:], dtype=bool))


def find_ends(task: AxisTask) -> Ends:
    """The least and the greatest place on the axis in a block."""
    assert task.axis is not None, "the axis comes before its ends"
    scores = rsei.score_pixels(task.components.read(task.block), task.axis)
    known = scores[np.isfinite(scores)]
    return (float(known.min()), float(known.max())) if known.size else (np.inf, -np.inf)


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
    return {"heat": layers.pop(_THERMAL), **layers}


def _list_times(study: Study) -> Sequence[When]:
    return study.periods if study.settings.rsei else ()


def _list_bands(_study: Study, _scenes: Sequence[Scene]) -> tuple[str, ...]:
    return (_THERMAL,)


def _request_heat(request: BlockRequest) -> BlockRequest:
    """As it was measured, whatever the other bands are brought to."""
    return replace(request, harmonised=False)


def _find_wetness(study: Study) -> tuple[Wetness, str]:
    """Coefficients for the bands of the composites, and why there are none."""
    settings = study.settings.scenes
    instruments = {"OLI"} if settings.harmonised else {INSTRUMENTS[mission] for mission in settings.missions}
    table = standards.table("tasselled_cap")
    if len(instruments) > 1 or not instruments <= set(table["instrument"]):
        names = ", ".join(sorted(instruments))
        return (), f"波段未统一到一种传感器 / bands of {names} are not those of one sensor with coefficients"
    rows = table[table["instrument"] == next(iter(instruments))]
    return tuple(zip(rows["band"], rows["wetness"].astype(float), strict=True)), ""


def _explain_lack(maps: Maps, when: When) -> str:
    """Why there is no index of a period before its components are looked at; empty where there may be one."""
    warm = any(_THERMAL in scene.assets and when.holds(scene.datetime) for scene in maps.scenes)
    cold = "" if warm else "没有热红外波段 / no scene has a thermal band"
    return maps.lacking(rsei.BANDS) or _find_wetness(maps.study)[1] or cold


def _list_axis_settings(maps: Maps, when: When) -> Mapping[str, object]:
    return {"wetness": dict(_find_wetness(maps.study)[0]), "reason": _explain_lack(maps, when)}


def _build_axis(run: Run, maps: Maps, when: When, folder: Path) -> None:
    """The axis as JSON; what is not a number is null."""
    composite, heat, land = (maps.path(step, when) for step in ("composite", "heat", "land_cover"))
    components = Components(composite, heat, land, _find_wetness(maps.study)[0])
    tasks = [AxisTask(block, components) for block in maps.study.blocks(maps.layout.edge_px)]
    title, reason = f"{maps.study.aoi.name_zh} {when.label} RSEI", _explain_lack(maps, when)
    unknown = np.full(len(rsei.COMPONENTS), np.nan)
    axis, ends = rsei.Axis(unknown, unknown, unknown, unknown, reason), (0.0, 1.0)
    if not reason:
        axis = rsei.find_axis(rsei.pool_moments(run.each(title, measure_block, tasks)))
    if not axis.reason:
        found = run.each(title, find_ends, [replace(task, axis=axis) for task in tasks])
        ends = min(low for low, _ in found), max(high for _, high in found)
    numbers = {name: value for name, value in asdict(axis).items() if name != "reason"}
    figures = {name: [float(x) if np.isfinite(x) else None for x in value] for name, value in numbers.items()}
    save_json(folder / "axis.json", {**figures, "reason": axis.reason, "ends": list(ends)})


def _load_axis(maps: Maps, when: When) -> tuple[rsei.Axis, Ends]:
    content = load_json(maps.path("rsei_axis", when) / "axis.json")
    low, high, loadings, shares = (
        np.array(content[name], dtype=float) for name in ("low", "high", "loadings", "shares")
    )
    return rsei.Axis(low, high, loadings, shares, content["reason"]), tuple(content["ends"])


def _list_parameters(maps: Maps, when: When) -> Mapping[str, object]:
    axis, ends = _load_axis(maps, when)
    return {"wetness": _find_wetness(maps.study)[0], "axis": axis, "ends": ends}


def _list_rasters(maps: Maps, when: When) -> Iterator[Raster]:
    """The index, where there is one."""
    if not _load_axis(maps, when)[0].reason:
        yield build_raster(maps, "rsei", when, "rsei", titles=("遥感生态指数 RSEI", "RSEI"))


def _list_rows(view: View, when: When) -> Iterator[Row]:
    """Mean index of the land and the share of the upper two grades; null with the reason."""
    part = partial(_sum_under, index=view.maps.path("rsei", when))
    total, good, known = np.sum(view.ground.map(part), axis=0)
    axis = _load_axis(view.maps, when)[0]
    share = "unknown" if np.isnan(axis.shares[0]) else f"{axis.shares[0]:.1%}"
    yield from indicators.build_rsei_indicators(
        (total, good, known),
        when.label,
        area_m2=view.study.aoi.area_m2,
        source=f"{view.source(when)}; RSEI (Xu 2013), first component {share} of the variance",
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
    parts = [_tabulate(view, when) for when in _list_times(view.study)]
    return {"rsei": pd.concat(parts, ignore_index=True)} if parts else {}


def _tabulate(view: View, when: When) -> pd.DataFrame:
    axis = _load_axis(view.maps, when)[0]
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
    version=1,
    title="地表温度 heat",
    times=_list_times,
    bands=_list_bands,
    request=_request_heat,
    layers=keep_layers({"heat": encode_band(_KELVIN), "looks": COUNT, "failed": COUNT}),
    kernel=compose_heat,
)
AXIS = Step(
    name="rsei_axis",
    version=1,
    title="RSEI",
    times=_list_times,
    needs=need_same("composite", "heat", "land_cover"),
    settings=_list_axis_settings,
    build=_build_axis,
)
RSEI = Step(
    name="rsei",
    version=1,
    title="RSEI",
    times=_list_times,
    needs=need_same("composite", "heat", "land_cover", "rsei_axis"),
    parameters=_list_parameters,
    layers=keep_layers({"rsei": RATIO}),
    kernel=score_block,
    config=("rsei",),
    show=Show(rasters=_list_rasters, rows=_list_rows, tables=_collect_tables),
)
