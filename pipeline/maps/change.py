"""Change between two periods: every transition, then the change that counts."""

import math
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.engine.run import Run
from pipeline.engine.study import Study
from pipeline.grid import BlockPlan
from pipeline.indices import change
from pipeline.maps import tasks
from pipeline.maps.encoding import as_ratio, from_ratio
from pipeline.maps.stored import CLASSES, RATIO, stored
from pipeline.storage.blocks import create_store, open_store, read_block, write_block
from pipeline.storage.cause import Artifact

_CHANGE, _COUNTED = 2, 1

_Seen = tuple[Artifact, Artifact]
"""Indices and land cover of a period."""


@dataclass(frozen=True)
class Changing:
    """What changes: a layer of classes of the land cover stores, and the layer with its confidence."""

    layer: str
    confidence: str
    title: str


COVER = Changing("land_cover", "confidence", "变化 change")
TYPES = Changing("ecosystem", "ecosystem_confidence", "类型变化 change of types")


def change_between(
    run: Run, study: Study, before: _Seen, after: _Seen, layout: BlockPlan, what: Changing = COVER
) -> Artifact:
    """The store of the change that counts between two periods: `change` and the `confidence` of its patch.

    Between existing maps every transition is one, whether an index of the scenes moved or not.
    """
    source = _transitions(run, study, before, after, layout, what)
    return _counted(run, study, source, before[1], after[1], layout, what)


def _transitions(
    run: Run, study: Study, before: _Seen, after: _Seen, layout: BlockPlan, what: Changing
) -> Artifact:
    by_map = study.settings.land_cover.method == "map"
    least_shift = None if by_map else study.settings.change.least_shift
    keys = [artifact.key for pair in (before, after) for artifact in (pair[1:] if by_map else pair)]
    cause = study.cause("change", _CHANGE, keys, least_shift=least_shift, layer=what.layer)
    first, second = (tasks.PeriodMaps(*(artifact.path for artifact in maps)) for maps in (before, after))
    task = partial(tasks.ChangeTask, before=first, after=second, least_shift=least_shift, layer=what.layer)
    title = f"{study.aoi.name_zh} {what.title}"
    return stored(run, study, title, cause, {"change": CLASSES}, layout, task, tasks.change_block)


def _counted(
    run: Run,
    study: Study,
    source: Artifact,
    before: Artifact,
    after: Artifact,
    layout: BlockPlan,
    what: Changing,
) -> Artifact:
    """Change without patches below the minimum mapping unit (in pixels of the grid's nominal layout).

    And without those below the least confidence.
    """
    rules = study.settings.change
    least_px = math.ceil(rules.mmu_m2 / study.grid.resolution_m**2)
    keys = [source.key, before.key, after.key]
    cause = study.cause("counted", _COUNTED, keys, least_px=least_px, least_confidence=rules.least_confidence)

    def build(folder: Path) -> None:
        codes = change.sieve_patches(open_store(source.path)["change"].to_numpy(), least_px=least_px)
        patch = change.number_patches(codes)
        sure = _confidence(study, patch, before, after, layout, what.confidence)
        codes = change.keep_sure(codes, patch, sure, least=rules.least_confidence)
        create_store(folder, {"change": CLASSES, "confidence": RATIO}, study.grid, layout.edge_px)
        for block in study.blocks(layout.edge_px):
            own = codes[block.rows, block.cols]
            of_patch = np.where(change.is_changed(own), sure[patch[block.rows, block.cols]], np.nan)
            write_block(folder, block, {"change": own, "confidence": as_ratio(of_patch)})

    return run.artifact(f"{study.aoi.name_zh} 图斑 patches", cause, build)


def _confidence(
    study: Study,
    patch: NDArray[np.int32],
    before: Artifact,
    after: Artifact,
    layout: BlockPlan,
    layer: str,
) -> NDArray[np.float64]:
    """Confidence of every patch by its number."""
    means = change.PatchMeans.of(patch)
    for block in study.blocks(layout.edge_px):
        first, second = (read_block(store.path, block, [layer])[layer] for store in (before, after))
        both = from_ratio(first) * from_ratio(second)
        means.add(patch[block.rows, block.cols], both)
    return means.means
