"""The endmembers of vegetation cover: given, or by percentile of NDVI over all land or within each class."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.contracts import REFLECTANCE_NODATA
from pipeline.engine.run import Run
from pipeline.engine.study import Study
from pipeline.grid import Block
from pipeline.indices import vegetation
from pipeline.legends import LAND_COVER, NODATA_CLASS
from pipeline.maps.land_cover.showing import explain_gap
from pipeline.maps.look_ndvi import find_ndvi
from pipeline.maps.step import Maps, Place, Step
from pipeline.periods import Period, When
from pipeline.settings import ClassPercentiles, Endmembers
from pipeline.storage.blocks import read_block
from pipeline.storage.tables import load_json, save_json

_USUAL = (5.0, 95.0)
_BY_SIGN = " (where land cover is unknown, NDVI below 0 is water 地表覆盖未知处以 NDVI<0 为水体)"

Ends = vegetation.EndmemberPair | vegetation.ClassEndmembers | None
"""Endmembers of a period; None where its NDVI does not tell any."""


@dataclass(frozen=True)
class HistogramTask:
    """One block of NDVI and of the land cover of a period, and the classes that are left out."""

    block: Block
    ndvi: Path
    land: Path
    left_out: tuple[int, ...] = (LAND_COVER.code("water"),)


def count_land(task: HistogramTask) -> NDArray[np.int64]:
    """Counts of NDVI over a block, without what is left out; unknown land of negative NDVI is water."""
    ndvi = read_block(task.ndvi, task.block, ["ndvi"])["ndvi"]
    cover = read_block(task.land, task.block, ["land_cover"])["land_cover"]
    left_out = np.isin(cover, task.left_out) | ((cover == NODATA_CLASS) & (ndvi < 0))
    return vegetation.count_ndvi(ndvi, (ndvi != REFLECTANCE_NODATA) & ~left_out)


def count_classes(task: HistogramTask) -> NDArray[np.int64]:
    """Counts of NDVI over a block for each class of the land cover (class, step)."""
    ndvi = read_block(task.ndvi, task.block, ["ndvi"])["ndvi"]
    cover = read_block(task.land, task.block, ["land_cover"])["land_cover"]
    seen = ndvi != REFLECTANCE_NODATA
    counts = [vegetation.count_ndvi(ndvi, seen & (cover == entry.code)) for entry in LAND_COVER.classes]
    return np.array(counts)


def find_endmembers(maps: Maps, period: When) -> Ends:
    """The endmembers of a period: kept ones, given ones, or those of the maps."""
    if kept := maps.study.endmembers:
        return kept.spoken
    chosen = maps.study.settings.vegetation.endmembers
    if isinstance(chosen, Endmembers):
        return vegetation.EndmemberPair(chosen.soil, chosen.vegetation, "given in the config")
    over_land = _find_over_land(maps, period)
    return _find_by_class(maps, period, over_land) if isinstance(chosen, ClassPercentiles) else over_land


def find_beside(maps: Maps, period: When) -> vegetation.EndmemberPair | None:
    """Those by percentile over all land, set beside those of a period; None where they are these."""
    chosen, kept = maps.study.settings.vegetation.endmembers, maps.study.endmembers
    if isinstance(chosen, tuple):
        return None
    return kept.over_land if kept else _find_over_land(maps, period)


def list_sources(study: Study, period: When) -> Sequence[Place]:
    """The maps of endmembers that cover of a period is made from; none where they are given or kept."""
    chosen = study.settings.vegetation.endmembers
    if isinstance(chosen, Endmembers) or study.endmembers:
        return ()
    names = ["endmembers", "class_endmembers"] if isinstance(chosen, ClassPercentiles) else ["endmembers"]
    return [(name, _find_group(study, period)) for name in names]


def _find_group(study: Study, when: When) -> When:
    """The periods that a period has its endmembers in common with: all of them where they are frozen."""
    return study.span if study.settings.vegetation.freeze else when


def _list_groups(study: Study) -> Sequence[When]:
    """What endmembers are found for; nothing where they are kept."""
    groups = dict.fromkeys(_find_group(study, period) for period in study.periods)
    return [] if study.endmembers else list(groups)


def _list_class_groups(study: Study) -> Sequence[When]:
    by_class = isinstance(study.settings.vegetation.endmembers, ClassPercentiles)
    return _list_groups(study) if by_class else ()


def _list_members(study: Study, when: When) -> Sequence[Period]:
    return [when] if isinstance(when, Period) else study.periods


def _list_pairs(study: Study, when: When) -> Iterator[tuple[Place, Place]]:
    """The maps of NDVI and of land cover of some periods; a period without NDVI has none."""
    for period in _list_members(study, when):
        if ndvi := find_ndvi(study, period):
            yield ndvi, ("land_cover", period)


def _list_needs(study: Study, when: When) -> Sequence[Place]:
    return [place for pair in _list_pairs(study, when) for place in pair]


def _find_percentiles(study: Study) -> tuple[float, float]:
    chosen = study.settings.vegetation.endmembers
    if isinstance(chosen, ClassPercentiles):
        return chosen.percentiles
    return chosen if isinstance(chosen, tuple) else _USUAL


def _list_settings(maps: Maps, _when: When) -> Mapping[str, object]:
    left_out = [LAND_COVER.code(key) for key in _list_left_out(maps.study)]
    return {"percentiles": list(_find_percentiles(maps.study)), "left_out": left_out}


def _list_left_out(study: Study) -> tuple[str, ...]:
    return ("water", "built") if study.settings.vegetation.without_built else ("water",)


def _describe_left_out(study: Study) -> str:
    built = study.settings.vegetation.without_built
    return "without water and built-up land 不含水体和建设用地" if built else "without water 不含水体"


def _build_over_land(run: Run, maps: Maps, when: When, folder: Path) -> None:
    counts = _sum_counts(run, maps, when, count_land, ())
    pair = vegetation.find_percentile_endmembers(counts, *_find_percentiles(maps.study))
    found = {**asdict(pair), "basis": f"{pair.basis}, {_describe_group(maps, when)}"} if pair else None
    save_json(folder / "endmembers.json", found)


def _build_by_class(run: Run, maps: Maps, when: When, folder: Path) -> None:
    counts = _sum_counts(run, maps, when, count_classes, (len(LAND_COVER.classes),))
    pairs = {
        entry.code: vegetation.find_percentile_endmembers(counts[number], *_find_percentiles(maps.study))
        for number, entry in enumerate(LAND_COVER.classes)
        if entry.key not in _list_left_out(maps.study) and counts[number].sum() >= vegetation.LEAST_PIXELS
    }
    own = {code: [pair.soil, pair.vegetation] for code, pair in pairs.items() if pair}
    save_json(folder / "endmembers.json", own)


def _sum_counts(
    run: Run,
    maps: Maps,
    when: When,
    count: Callable[[HistogramTask], NDArray[np.int64]],
    rows: tuple[int, ...],
) -> NDArray[np.int64]:
    """Histograms of all blocks of some periods, summed, in rows; empty ones where there is no NDVI."""
    study = maps.study
    left_out = tuple(LAND_COVER.code(key) for key in _list_left_out(study))
    tasks = [
        HistogramTask(block, maps.path(*ndvi), maps.path(*land), left_out)
        for ndvi, land in _list_pairs(study, when)
        for block in study.blocks(maps.layout.edge_px)
    ]
    title = study.title("endmembers")
    nothing = np.zeros((*rows, 1), dtype=np.int64)
    return sum(run.each(title, count, tasks), start=nothing)


def _find_over_land(maps: Maps, period: When) -> vegetation.EndmemberPair | None:
    folder = maps.path("endmembers", _find_group(maps.study, period))
    stored = load_json(folder / "endmembers.json")
    return vegetation.EndmemberPair(**stored) if stored else None


def _find_by_class(
    maps: Maps, period: When, otherwise: vegetation.EndmemberPair | None
) -> vegetation.ClassEndmembers | None:
    if otherwise is None:
        return None
    study, when = maps.study, _find_group(maps.study, period)
    stored = load_json(maps.path("class_endmembers", when) / "endmembers.json")
    own = tuple((int(code), soil, full) for code, (soil, full) in stored.items())
    low, high = _find_percentiles(study)
    basis = f"percentiles {low:g} and {high:g} of NDVI within each class, {_describe_group(maps, when)}"
    return vegetation.ClassEndmembers(own, otherwise, basis)


def _describe_group(maps: Maps, when: When) -> str:
    members = _list_members(maps.study, when)
    periods = "this period alone" if len(members) == 1 else f"{len(members)} periods together"
    unclassed = _BY_SIGN if any(explain_gap(maps, period) for period in members) else ""
    return f"{_describe_left_out(maps.study)}{unclassed}, {periods}"


ENDMEMBERS = Step(
    name="endmembers",
    version=4,
    title="endmembers",
    times=_list_groups,
    needs=_list_needs,
    settings=_list_settings,
    build=_build_over_land,
)
CLASS_ENDMEMBERS = Step(
    name="class_endmembers",
    version=2,
    title="endmembers by class",
    times=_list_class_groups,
    needs=_list_needs,
    settings=_list_settings,
    build=_build_by_class,
)
