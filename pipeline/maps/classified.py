"""Land cover by a classifier: probabilities of every kind of land, then classes; one store each a period."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from pipeline.engine.run import BlockDone, Run
from pipeline.engine.study import Study
from pipeline.grid import Block, BlockPlan, Grid
from pipeline.indices import classifier, kinds
from pipeline.maps.encoding import as_ratio, from_ratio
from pipeline.maps.stored import CLASSES, RATIO, stored
from pipeline.maps.tasks import Layers
from pipeline.maps.training import FeatureStores, Model, index_features, model_of
from pipeline.settings.maps import Smoothing
from pipeline.storage.blocks import read_block, write_block
from pipeline.storage.workspace import Artifact

_PROBABILITIES, _DECIDED = 1, 1
_ROWS = 128
"""Rows of a block that are worked on at a time, so that few pixels are held in double precision."""
_LAYERS = {
    "land_cover": CLASSES,
    "confidence": RATIO,
    "margin": RATIO,
    "ecosystem": CLASSES,
    "ecosystem_confidence": RATIO,
}


@dataclass(frozen=True)
class ProbabilityTask:
    """One block of one period's probabilities by a classifier."""

    store: Path
    block: Block
    features: FeatureStores
    model: Model


@dataclass(frozen=True)
class DecisionTask:
    """One block of land cover from probabilities: the period's own store first, then its neighbours'."""

    store: Path
    block: Block
    grid: Grid
    periods: tuple[Path, ...]
    kinds: tuple[str, ...]
    smoothing: Smoothing


def probability_block(task: ProbabilityTask) -> BlockDone:
    """Probability of every kind in a block; unknown where a feature is."""
    forest = _forest(task.model.file, task.model.sha256)
    names = [layer_of(kind) for kind in task.model.kinds]
    layers: Layers = {name: np.empty(task.block.shape, dtype=np.int16) for name in names}
    for strip, rows in _strips(task.block):
        features = task.features.over(strip)
        found = classifier.predict_probabilities(forest, features.reshape(len(features), -1).T)
        for name, values in zip(names, found.T, strict=True):
            layers[name][rows] = as_ratio(values.reshape(strip.shape))
    return BlockDone(write_block(task.store, task.block, layers))


def decision_block(task: DecisionTask) -> BlockDone:
    """Class, type and confidence of a block, after what smoothing the config asks for."""
    layers: Layers = {name: np.empty(task.block.shape, dtype=layer.dtype) for name, layer in _LAYERS.items()}
    for strip, rows in _strips(task.block):
        for name, values in _decided(task, strip).items():
            layers[name][rows] = values
    return BlockDone(write_block(task.store, task.block, layers))


def _decided(task: DecisionTask, strip: Block) -> Layers:
    window, own = _with_margin(strip, task.grid, task.smoothing.radius_px)
    names = [layer_of(kind) for kind in task.kinds]
    held = [read_block(path, window, names) for path in task.periods]
    maps = [np.stack([from_ratio(layers[name]) for name in names]) for layers in held]
    weights = [1.0] + [task.smoothing.neighbour_weight] * (len(maps) - 1)
    mean = kinds.smooth_maps(kinds.average_maps(maps, weights), radius_px=task.smoothing.radius_px)
    found = kinds.decide_classes(mean[(slice(None), *own)], task.kinds)
    return {
        name: found[name] if layer is CLASSES else as_ratio(found[name]) for name, layer in _LAYERS.items()
    }


def layer_of(kind: str) -> str:
    """Name of the layer with the probability of a kind."""
    return f"p_{kind}"


def _strips(block: Block) -> Iterator[tuple[Block, slice]]:
    """Some rows of a block after the other, and where they lie in it."""
    for row in range(block.row_from, block.row_to, _ROWS):
        strip = Block(row, min(row + _ROWS, block.row_to), block.col_from, block.col_to)
        yield strip, slice(row - block.row_from, strip.row_to - block.row_from)


def _with_margin(block: Block, grid: Grid, margin: int) -> tuple[Block, tuple[slice, slice]]:
    """A block with a margin as far as the grid reaches, and where the block lies in it."""
    grown = block.grow(margin)
    window = Block(
        max(0, grown.row_from),
        min(grid.height, grown.row_to),
        max(0, grown.col_from),
        min(grid.width, grown.col_to),
    )
    rows = slice(block.row_from - window.row_from, block.row_to - window.row_from)
    cols = slice(block.col_from - window.col_from, block.col_to - window.col_from)
    return window, (rows, cols)


@lru_cache(maxsize=4)
def _forest(file: Path, sha256: str) -> RandomForestClassifier:
    """A forest that every block of a process uses; the checksum tells two of one place apart."""
    return classifier.load_forest(file.read_bytes(), f"{file} ({sha256[:12]})")


def classified(
    run: Run,
    study: Study,
    composites: Sequence[Artifact],
    spectral: Sequence[Artifact],
    bands: tuple[str, ...],
    layout: BlockPlan,
) -> tuple[tuple[Artifact, ...], Mapping[str, Any]]:
    """The stores of land cover, all periods judged by one model, and what is told of the model."""
    pairs = list(zip(composites, spectral, strict=True))
    indices = index_features(study.settings.indices, bands)
    stores = [FeatureStores(composite.path, seen.path, bands, indices) for composite, seen in pairs]
    model = model_of(run, study, stores, [f"{one.key}|{seen.key}" for one, seen in pairs], layout)
    likely = []
    for features, (composite, seen), period in zip(stores, pairs, study.settings.scenes.periods, strict=True):
        cause = study.cause("probabilities", _PROBABILITIES, [composite.key, seen.key, model.sha256])
        task = partial(ProbabilityTask, features=features, model=model)
        title = f"{study.aoi.name_zh} {period.label} 分类概率 probabilities"
        layers = {layer_of(kind): RATIO for kind in model.kinds}
        likely.append(stored(run, study, title, cause, layers, layout, task, probability_block))
    found = tuple(_of_period(run, study, likely, number, model, layout) for number in range(len(likely)))
    return found, model.about


def _of_period(
    run: Run, study: Study, likely: Sequence[Artifact], number: int, model: Model, layout: BlockPlan
) -> Artifact:
    smoothing = study.settings.land_cover.smoothing
    beside = [number - 1, number + 1] if smoothing.neighbour_weight else []
    used = [likely[n] for n in (number, *beside) if 0 <= n < len(likely)]
    settings = {"smoothing": smoothing.model_dump(), "kinds": list(model.kinds)}
    cause = study.cause("land_cover", _DECIDED, [artifact.key for artifact in used], **settings)
    task = partial(
        DecisionTask,
        grid=study.grid,
        periods=tuple(artifact.path for artifact in used),
        kinds=model.kinds,
        smoothing=smoothing,
    )
    title = f"{study.aoi.name_zh} {study.settings.scenes.periods[number].label} 地表覆盖 land cover"
    return stored(run, study, title, cause, _LAYERS, layout, task, decision_block)
