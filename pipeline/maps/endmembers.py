"""The endmembers of vegetation cover: given, or by percentile of NDVI over all land or within each class."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.engine.run import Run
from pipeline.engine.study import Study
from pipeline.grid import BlockPlan
from pipeline.indices import vegetation
from pipeline.legends import LAND_COVER
from pipeline.maps import tasks
from pipeline.settings import ClassPercentiles, Endmembers
from pipeline.storage.cause import Artifact
from pipeline.storage.tables import load_json, save_json

_ENDMEMBERS, _BY_CLASS = 3, 1
_USUAL = (5.0, 95.0)

Ends = vegetation.EndmemberPair | vegetation.ClassEndmembers | None
"""Endmembers of a period; None where its NDVI does not tell any."""

_Seen = tuple[Artifact, Artifact]
"""Indices and land cover of a period."""


def endmembers_of(
    run: Run, study: Study, spectral: Sequence[Artifact], land: Sequence[Artifact], layout: BlockPlan
) -> tuple[tuple[Ends, ...], tuple[vegetation.EndmemberPair | None, ...]]:
    """Endmembers of each period, and those by percentile over all land beside them (None if they are these).

    Frozen, all periods have the same.
    """
    settings = study.settings.vegetation
    stores = list(zip(spectral, land, strict=True))
    groups = [stores] * len(stores) if settings.freeze else [[store] for store in stores]
    chosen = settings.endmembers
    percentiles = chosen if isinstance(chosen, tuple) else _USUAL
    if isinstance(chosen, ClassPercentiles):
        percentiles = chosen.percentiles
    over_land = tuple(_percentiles(run, study, group, percentiles, layout) for group in groups)
    if isinstance(chosen, Endmembers):
        pair = vegetation.EndmemberPair(chosen.soil, chosen.vegetation, "given in the config")
        return (pair,) * len(stores), over_land
    if isinstance(chosen, ClassPercentiles):
        pairs = zip(groups, over_land, strict=True)
        return tuple(
            _by_class(run, study, group, percentiles, pair, layout) for group, pair in pairs
        ), over_land
    return over_land, (None,) * len(stores)


def _percentiles(
    run: Run, study: Study, stores: Sequence[_Seen], percentiles: tuple[float, float], layout: BlockPlan
) -> vegetation.EndmemberPair | None:
    keys = [store.key for pair in stores for store in pair]
    cause = study.cause("endmembers", _ENDMEMBERS, keys, percentiles=list(percentiles))
    title = f"{study.aoi.name_zh} 端元 endmembers"

    def build(folder: Path) -> None:
        counts = _counted(run, study, title, stores, layout, tasks.ndvi_histogram)
        pair = vegetation.find_percentile_endmembers(counts, *percentiles)
        found = {**asdict(pair), "basis": f"{pair.basis}, {_pooled(stores)}"} if pair else None
        save_json(folder / "endmembers.json", found)

    stored = load_json(run.artifact(title, cause, build).path / "endmembers.json")
    return vegetation.EndmemberPair(**stored) if stored else None


def _by_class(
    run: Run,
    study: Study,
    stores: Sequence[_Seen],
    percentiles: tuple[float, float],
    otherwise: vegetation.EndmemberPair | None,
    layout: BlockPlan,
) -> vegetation.ClassEndmembers | None:
    if otherwise is None:
        return None
    keys = [store.key for pair in stores for store in pair]
    cause = study.cause("class_endmembers", _BY_CLASS, keys, percentiles=list(percentiles))
    title = f"{study.aoi.name_zh} 分类端元 endmembers by class"

    def build(folder: Path) -> None:
        counts = _counted(run, study, title, stores, layout, tasks.class_histograms)
        pairs = {
            entry.code: vegetation.find_percentile_endmembers(counts[number], *percentiles)
            for number, entry in enumerate(LAND_COVER.classes)
            if entry.key != "water" and counts[number].sum() >= vegetation.LEAST_PIXELS
        }
        own = {code: [pair.soil, pair.vegetation] for code, pair in pairs.items() if pair}
        save_json(folder / "endmembers.json", own)

    stored = load_json(run.artifact(title, cause, build).path / "endmembers.json")
    own = tuple((int(code), soil, full) for code, (soil, full) in stored.items())
    basis = f"percentiles {percentiles[0]:g} and {percentiles[1]:g} of NDVI within each class"
    return vegetation.ClassEndmembers(own, otherwise, f"{basis}, {_pooled(stores)}")


def _counted(
    run: Run,
    study: Study,
    title: str,
    stores: Sequence[_Seen],
    layout: BlockPlan,
    histogram: Callable[[tasks.HistogramTask], NDArray[np.int64]],
) -> NDArray[Any]:
    """Histograms of all blocks of some periods, summed."""
    items = [
        tasks.HistogramTask(block, seen.path, cover.path)
        for seen, cover in stores
        for block in study.blocks(layout.edge_px)
    ]
    total: NDArray[Any] = np.sum(run.each(title, histogram, items), axis=0)
    return total


def _pooled(stores: Sequence[_Seen]) -> str:
    return "this period alone" if len(stores) == 1 else f"{len(stores)} periods together"
