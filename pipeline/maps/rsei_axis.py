"""The axis of the ecological index: what its components are, and what is 0 and 1 of each and of the whole."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline import standards
from pipeline.engine.run import Run
from pipeline.engine.study import Study
from pipeline.grid import Block
from pipeline.indices import rsei
from pipeline.ingest.scenes.sensors import choose_packing
from pipeline.legends import LAND_COVER, NODATA_CLASS
from pipeline.maps.encoding import from_ratio, unpack
from pipeline.maps.step import Maps, Place, Step
from pipeline.periods import Period, When
from pipeline.settings.maps import EcologicalIndex
from pipeline.settings.sources import INSTRUMENTS
from pipeline.storage.blocks import read_block
from pipeline.storage.tables import load_json, save_json

PARTS = ("composite", "heat", "land_cover")
"""The maps that the components come from."""
THERMAL = "lwir11"
KELVIN = choose_packing(THERMAL)
_CELSIUS = replace(KELVIN, offset=KELVIN.offset - 273.15, unit="degC")

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
    """One block of the components of a period, the range that they are cut to, and the axis once known."""

    block: Block
    components: Components
    bounds: tuple[rsei.Numbers, rsei.Numbers] | None = None
    axis: rsei.Axis | None = None


def measure_block(task: AxisTask) -> rsei.Moments:
    """Moments of the components over the land of a block, cut to their range where they have one."""
    values = task.components.read(task.block)
    if task.bounds:
        low, high = task.bounds
        values = values.clip(low[:, None, None], high[:, None, None])
    return rsei.compute_moments(values, np.ones(values.shape[1:], dtype=bool))


def count_components(task: AxisTask) -> NDArray[np.int64]:
    """Counts of the components over the land of a block, in steps of their range."""
    assert task.bounds is not None, "the range comes before the counts in it"
    return rsei.count_steps(task.components.read(task.block), *task.bounds)


def find_ends(task: AxisTask) -> Ends:
    """The least and the greatest place on the axis in a block."""
    assert task.axis is not None, "the axis comes before its ends"
    scores = rsei.score_pixels(task.components.read(task.block), task.axis)
    known = scores[np.isfinite(scores)]
    return (float(known.min()), float(known.max())) if known.size else (np.inf, -np.inf)


def list_times(study: Study) -> Sequence[When]:
    """Every period, where the config asks for the index."""
    return study.periods if study.settings.rsei else ()


def find_rules(study: Study) -> EcologicalIndex:
    """How the config wants the index."""
    rules = study.settings.rsei
    return rules if isinstance(rules, EcologicalIndex) else EcologicalIndex()


def find_coefficients(study: Study) -> tuple[pd.DataFrame, str]:
    """Rows of the tasselled cap for the bands of the composites, and why there are none."""
    settings = study.settings.scenes
    instruments = {"OLI"} if settings.harmonised else {INSTRUMENTS[mission] for mission in settings.missions}
    table = standards.table("tasselled_cap")
    table = table[table["use"] == find_rules(study).wetness]
    if len(instruments) > 1 or not instruments <= set(table["instrument"]):
        names = ", ".join(sorted(instruments))
        return table[
            :0
        ], f"波段未统一到一种传感器 / bands of {names} are not those of one sensor with coefficients"
    return table[table["instrument"] == next(iter(instruments))], ""


def find_wetness(study: Study) -> Wetness:
    """The coefficient of wetness of each band; none where the bands are not those of one sensor."""
    rows = find_coefficients(study)[0]
    return tuple(zip(rows["band"], rows["wetness"].astype(float), strict=True))


def find_group(study: Study, when: When) -> When:
    """The periods that a period has its axis in common with."""
    return study.span if find_rules(study).common else when


def _list_groups(study: Study) -> Sequence[When]:
    return list(dict.fromkeys(find_group(study, when) for when in list_times(study)))


def _list_members(study: Study, when: When) -> Sequence[Period]:
    return [when] if isinstance(when, Period) else study.periods


def _list_axis_needs(study: Study, when: When) -> Sequence[Place]:
    return [(step, period) for period in _list_members(study, when) for step in PARTS]


def count_members(maps: Maps) -> int:
    """How many periods may have an index."""
    return sum(not _explain_lack(maps, period) for period in maps.study.periods)


def _explain_lack(maps: Maps, when: When) -> str:
    """Why there is no index of a period before its components are looked at; empty where there may be one."""
    warm = any(THERMAL in scene.assets and when.holds(scene.datetime) for scene in maps.scenes)
    cold = "" if warm else "没有热红外波段 / no scene has a thermal band"
    return maps.lacking(rsei.BANDS) or find_coefficients(maps.study)[1] or cold


def _list_axis_settings(maps: Maps, when: When) -> Mapping[str, object]:
    members = _list_members(maps.study, when)
    return {
        "wetness": dict(find_wetness(maps.study)),
        "trim": list(find_rules(maps.study).trim),
        "reasons": [_explain_lack(maps, period) for period in members],
    }


def _build_axis(run: Run, maps: Maps, when: When, folder: Path) -> None:
    """The axis as JSON; what is not a number is null."""
    tasks, title = _list_tasks(maps, when), maps.study.title(when.label, "RSEI")
    unknown, ends = np.full(len(rsei.COMPONENTS), np.nan), (0.0, 1.0)
    reason = "" if tasks else _explain_lack(maps, _list_members(maps.study, when)[0])
    axis = rsei.Axis(unknown, unknown, unknown, unknown, reason)
    if tasks:
        axis = rsei.find_axis(_measure(run, title, tasks, find_rules(maps.study).trim))
    if not axis.reason:
        found = run.each(title, find_ends, [replace(task, axis=axis) for task in tasks])
        ends = min(low for low, _ in found), max(high for _, high in found)
    numbers = {name: value for name, value in asdict(axis).items() if name != "reason"}
    figures = {name: [float(x) if np.isfinite(x) else None for x in value] for name, value in numbers.items()}
    save_json(folder / "axis.json", {**figures, "reason": axis.reason, "ends": list(ends)})


def _list_tasks(maps: Maps, when: When) -> list[AxisTask]:
    """The blocks of all periods of a group that may have an index."""
    wetness = find_wetness(maps.study)
    tasks: list[AxisTask] = []
    for period in _list_members(maps.study, when):
        if not _explain_lack(maps, period):
            composite, heat, land = (maps.path(step, period) for step in PARTS)
            components = Components(composite, heat, land, wetness)
            tasks += [AxisTask(block, components) for block in maps.study.blocks(maps.layout.edge_px)]
    return tasks


def _measure(run: Run, title: str, tasks: list[AxisTask], trim: Ends) -> rsei.Moments:
    """Moments of the components over all blocks, each cut to its percentiles."""
    found = rsei.pool_moments(run.each(title, measure_block, tasks))
    if trim == (0, 100) or not (found.high > found.low).all():
        return found
    bounds = found.low, found.high
    counts = run.each(title, count_components, [replace(task, bounds=bounds) for task in tasks])
    low, high = rsei.find_range(np.sum(counts, axis=0), *bounds, trim)
    cut = run.each(title, measure_block, [replace(task, bounds=(low, high)) for task in tasks])
    return replace(rsei.pool_moments(cut), low=low, high=high)


def load_axis(maps: Maps, when: When) -> tuple[rsei.Axis, Ends]:
    """The axis of a period and its ends; none, with the reason, where the period lacks a component."""
    content = load_json(maps.path("rsei_axis", find_group(maps.study, when)) / "axis.json")
    low, high, loadings, shares = (
        np.array(content[name], dtype=float) for name in ("low", "high", "loadings", "shares")
    )
    reason = _explain_lack(maps, when) or content["reason"]
    return rsei.Axis(low, high, loadings, shares, reason), tuple(content["ends"])


AXIS = Step(
    name="rsei_axis",
    version=3,
    title="RSEI",
    times=_list_groups,
    needs=_list_axis_needs,
    settings=_list_axis_settings,
    build=_build_axis,
)
