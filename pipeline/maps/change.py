"""Change between two periods: every transition of the land cover or of its types, then what counts of it."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.contracts import Raster
from pipeline.engine.run import Run
from pipeline.engine.study import Study
from pipeline.indices import change, indicators, land_cover
from pipeline.legends import CHANGE, LAND_COVER, Legend
from pipeline.maps.encoding import CLASSES, RATIO, as_ratio, from_ratio
from pipeline.maps.evidence import describe_change
from pipeline.maps.land_cover.showing import explain_gap
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
    each_pair,
    keep_layers,
)
from pipeline.periods import When
from pipeline.storage.blocks import create_store, read_block, write_block


@dataclass(frozen=True)
class ChangeOf:
    """What changes: a layer of classes of the land cover, the layer with its confidence, and its legend.

    `step` is the map of the change that counts, `transitions` that of every transition.
    """

    step: str
    transitions: str
    title: str
    layer: str
    confidence: str
    legend: Legend


COVER_MOVES = ChangeOf("change", "transitions", "change", "land_cover", "confidence", LAND_COVER)


def build_change_steps(
    what: ChangeOf, *, times: Callable[[Study], Sequence[When]], show: Show, config: tuple[str, ...] = ()
) -> tuple[Step, Step]:
    """The steps of every transition between two periods, and of the change that counts."""
    transitions = Step(
        name=what.transitions,
        version=3,
        title=what.title,
        times=times,
        needs=_list_sources,
        settings=partial(_describe_transitions, what),
        parameters=partial(_describe_transitions, what),
        layers=keep_layers({"change": CLASSES}),
        kernel=code_block,
    )
    counted = Step(
        name=what.step,
        version=1,
        title="patches",
        times=times,
        needs=partial(_list_transitions, what),
        settings=_describe_limits,
        layers=keep_layers({"change": CLASSES, "confidence": RATIO}),
        build=partial(_count_change, what),
        config=config,
        show=show,
    )
    return transitions, counted


def code_block(inputs: BlockInputs, *, layer: str, least_shift: float | None) -> Layers:
    """Transitions of a block, as far as an index of the rules moved with them.

    Without a least shift every transition is one.
    """
    before, after = (classes[layer] for classes in inputs.read_each("land_cover", [layer]))
    codes = change.code_transitions(before, after)
    if least_shift is not None:
        seen = inputs.read_each("spectral", land_cover.RULE_INDICES)
        moved = [{**indices, "ndvi": from_ratio(indices["ndvi"])} for indices in seen]
        codes = change.keep_evident(codes, *moved, least_shift=least_shift)
    return {"change": codes}


def _describe_transitions(what: ChangeOf, maps: Maps, _when: When) -> Mapping[str, object]:
    """Between existing maps every transition is one, whether an index of the scenes moved or not."""
    by_map = maps.study.settings.land_cover.method == "map"
    least_shift = None if by_map else maps.study.settings.change.least_shift
    return {"layer": what.layer, "least_shift": least_shift}


def _list_sources(study: Study, when: When) -> Sequence[Place]:
    """Land cover of both periods, and their indices where a change must show in them."""
    by_map = study.settings.land_cover.method == "map"
    names = ["land_cover"] if by_map else ["spectral", "land_cover"]
    return [(name, period) for period in when.periods for name in names]


def _list_transitions(what: ChangeOf, _study: Study, when: When) -> Sequence[Place]:
    return [(what.transitions, when), *(("land_cover", period) for period in when.periods)]


def _describe_limits(maps: Maps, _when: When) -> Mapping[str, object]:
    rules = maps.study.settings.change
    return {"least_px": _count_least_px(maps.study), "least_confidence": rules.least_confidence}


def _count_change(what: ChangeOf, _run: Run, maps: Maps, when: When, folder: Path) -> None:
    """Write the change that counts, and the `confidence` of its patch.

    It has no patch below the minimum mapping unit (in pixels of the grid's nominal layout), and none below
    the least confidence.
    """
    study, edge = maps.study, maps.layout.edge_px
    codes = maps.open(what.transitions, when)["change"].to_numpy()
    codes = change.sieve_patches(codes, least_px=_count_least_px(study))
    patch = change.number_patches(codes)
    sure = _find_confidence(maps, when, patch, what.confidence)
    codes = change.keep_sure(codes, patch, sure, least=study.settings.change.least_confidence)
    create_store(folder, {"change": CLASSES.stored, "confidence": RATIO.stored}, study.grid, edge)
    for block in study.blocks(edge):
        own = codes[block.rows, block.cols]
        of_patch = np.where(change.is_changed(own), sure[patch[block.rows, block.cols]], np.nan)
        write_block(folder, block, {"change": own, "confidence": as_ratio(of_patch)})


def tabulate_transitions(view: View, what: ChangeOf) -> dict[When, pd.DataFrame]:
    """Areas of all transitions between every two periods, as mapped and as they count."""
    return {when: _tabulate(view, what, when) for when in view.maps.of(what.step)}


def _tabulate(view: View, what: ChangeOf, when: When) -> pd.DataFrame:
    before, after = (view.maps.path("land_cover", period) for period in when.periods)
    counted = view.maps.path(what.step, when)
    sums = view.sum_once(
        (what.step, when),
        lambda: view.ground.sum_transitions(what.layer, before, after, counted, what.legend),
    )
    return change.build_transition_matrix(sums, what.legend)


def _count_least_px(study: Study) -> int:
    return math.ceil(study.settings.change.mmu_m2 / study.grid.resolution_m**2)


def _find_confidence(maps: Maps, when: When, patch: NDArray[np.int32], layer: str) -> NDArray[np.float64]:
    """Confidence of every patch by its number."""
    means = change.PatchMeans.of(patch)
    stores = [maps.path("land_cover", period) for period in when.periods]
    for block in maps.study.blocks(maps.layout.edge_px):
        first, second = (from_ratio(read_block(store, block, [layer])[layer]) for store in stores)
        means.add(patch[block.rows, block.cols], first * second)
    return means.means


def _list_rasters(maps: Maps, when: When) -> Iterator[Raster]:
    yield build_raster(maps, "change", when, "change", legend=CHANGE)


def _list_rows(view: View, when: When) -> Iterator[Row]:
    """Shares of what was seen in both periods whose class differs."""
    yield from indicators.build_change_indicators(
        _tabulate(view, COVER_MOVES, when),
        when.label,
        source=describe_change(view.study.settings, source=view.source(when)),
        unknown=explain_gap(view.maps, when),
    )


def _collect_tables(view: View) -> Mapping[str, pd.DataFrame]:
    """Areas by pair of classes."""
    matrices = tabulate_transitions(view, COVER_MOVES)
    return {f"transitions_{when.stem}": matrix for when, matrix in matrices.items()}


TRANSITIONS, CHANGE_THAT_COUNTS = build_change_steps(
    COVER_MOVES,
    times=each_pair,
    show=Show(rasters=_list_rasters, rows=_list_rows, tables=_collect_tables),
    config=("change",),
)
