"""Land cover by a classifier: probabilities of every kind of land, then classes; one store each a period."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipeline import indices
from pipeline.engine.study import Study
from pipeline.grid import Block, Grid
from pipeline.indices import indicators, kinds
from pipeline.maps.encoding import CLASSES, RATIO, LayerEncoding, as_ratio, from_ratio
from pipeline.maps.land_cover.features import Features, find_features
from pipeline.maps.land_cover.model import Model, find_model
from pipeline.maps.land_cover.showing import show_land_cover
from pipeline.maps.land_cover.training import describe_model, list_label_periods, provide_model
from pipeline.maps.step import BlockInputs, Layers, Maps, Place, Row, Show, Step, View, keep_layers
from pipeline.periods import When
from pipeline.settings.maps import Smoothing

if TYPE_CHECKING:
    from sklearn.ensemble import RandomForestClassifier

_ROWS = 128
"""Rows of a block that are worked on at a time, so that few pixels are held in double precision."""
_LAYERS = {
    "land_cover": CLASSES,
    "confidence": RATIO,
    "margin": RATIO,
    "ecosystem": CLASSES,
    "ecosystem_confidence": RATIO,
}


def predict_block(inputs: BlockInputs, *, features: Features, model: Model) -> Layers:
    """Probability of every kind in a block; unknown where a feature is."""
    forest = _load_forest(model.file, model.sha256)
    names = [name_layer(kind) for kind in model.kinds]
    layers: Layers = {name: np.empty(inputs.block.shape, dtype=np.int16) for name in names}
    for strip, rows in _split_strips(inputs.block):
        values = features.stack(
            inputs.read("composite", features.bands, strip), inputs.read("spectral", features.indices, strip)
        )
        found = indices.classifier.predict_probabilities(forest, values.reshape(len(values), -1).T)
        for name, probability in zip(names, found.T, strict=True):
            layers[name][rows] = as_ratio(probability.reshape(strip.shape))
    return layers


def decide_block(inputs: BlockInputs, *, kinds: tuple[str, ...], smoothing: Smoothing) -> Layers:
    """Class, type and confidence of a block, after what smoothing the config asks for.

    The period's own probabilities are the first that are needed, its neighbours' follow.
    """
    layers: Layers = {
        name: np.empty(inputs.block.shape, dtype=encoding.stored.dtype) for name, encoding in _LAYERS.items()
    }
    for strip, rows in _split_strips(inputs.block):
        for name, values in _decide(inputs, strip, kinds, smoothing).items():
            layers[name][rows] = values
    return layers


def name_layer(kind: str) -> str:
    """Name of the layer with the probability of a kind."""
    return f"p_{kind}"


def _decide(inputs: BlockInputs, strip: Block, names: tuple[str, ...], smoothing: Smoothing) -> Layers:
    window, own = _add_margin(strip, inputs.grid, smoothing.radius_px)
    stored = [name_layer(kind) for kind in names]
    held = inputs.read_each("probabilities", stored, window)
    maps = [np.stack([from_ratio(layers[name]) for name in stored]) for layers in held]
    weights = [1.0] + [smoothing.neighbour_weight] * (len(maps) - 1)
    mean = kinds.smooth_maps(kinds.average_maps(maps, weights), radius_px=smoothing.radius_px)
    found = kinds.decide_classes(mean[(slice(None), *own)], names)
    return {
        name: found[name] if encoding is CLASSES else as_ratio(found[name])
        for name, encoding in _LAYERS.items()
    }


def _split_strips(block: Block) -> Iterator[tuple[Block, slice]]:
    """Some rows of a block after the other, and where they lie in it."""
    for row in range(block.row_from, block.row_to, _ROWS):
        strip = Block(row, min(row + _ROWS, block.row_to), block.col_from, block.col_to)
        yield strip, slice(row - block.row_from, strip.row_to - block.row_from)


def _add_margin(block: Block, grid: Grid, margin: int) -> tuple[Block, tuple[slice, slice]]:
    """A block with a margin as far as the grid reaches, and where the block lies in it."""
    grown = block.grow(margin)
    window = Block(
        max(0, grown.row_from),
        min(grid.height, grown.row_to),
        max(0, grown.col_from),
        min(grid.width, grown.col_to),
    )
    return window, block.within(window)


@lru_cache(maxsize=4)
def _load_forest(file: Path, sha256: str) -> "RandomForestClassifier":
    """A forest that every block of a process uses; the checksum tells two of one place apart."""
    return indices.classifier.load_forest(file.read_bytes(), f"{file} ({sha256[:12]})")


def _list_times(study: Study) -> Sequence[When]:
    return study.periods if study.settings.land_cover.method == "classifier" else ()


def _list_span(study: Study) -> Sequence[When]:
    return (study.span,) if study.settings.land_cover.method == "classifier" else ()


def _list_training_needs(study: Study, _when: When) -> Sequence[Place]:
    """The features of the periods in which the labels hold."""
    return [(step, period) for period in list_label_periods(study) for step in ("composite", "spectral")]


def _list_probability_needs(study: Study, when: When) -> Sequence[Place]:
    return [("composite", when), ("spectral", when), ("classifier", study.span)]


def _list_decision_needs(study: Study, when: When) -> Sequence[Place]:
    """The probabilities of the period itself, then those of its neighbours where they have a weight."""
    beside: list[When] = []
    if study.settings.land_cover.smoothing.neighbour_weight:
        beside += [pair.before for pair in study.pairs if pair.after == when]
        beside += [pair.after for pair in study.pairs if pair.before == when]
    return [("probabilities", period) for period in (when, *beside)]


def _list_prediction_parameters(maps: Maps, _when: When) -> Mapping[str, object]:
    return {"features": find_features(maps), "model": find_model(maps)}


def _list_probability_layers(maps: Maps) -> Mapping[str, LayerEncoding]:
    return {name_layer(kind): RATIO for kind in find_model(maps).kinds}


def _list_decision_parameters(maps: Maps, _when: When) -> Mapping[str, object]:
    return {"kinds": find_model(maps).kinds, "smoothing": maps.study.settings.land_cover.smoothing}


def _list_decision_settings(maps: Maps, _when: When) -> Mapping[str, object]:
    smoothing = maps.study.settings.land_cover.smoothing.model_dump()
    return {"smoothing": smoothing, "kinds": list(find_model(maps).kinds)}


def _list_rows(view: View, when: When) -> Iterator[Row]:
    """How right it was on the samples that were held back."""
    confusion = find_model(view.maps).about["confusion_predicted_by_labelled"]
    label = "/".join(dict.fromkeys(period.label for period in when.periods))
    yield indicators.build_classifier_indicator(label, confusion)


CLASSIFIER = Step(
    name="classifier",
    version=2,
    title="classifier",
    times=_list_span,
    needs=_list_training_needs,
    settings=describe_model,
    build=provide_model,
    show=Show(rows=_list_rows),
)
PROBABILITIES = Step(
    name="probabilities",
    version=2,
    title="probabilities",
    times=_list_times,
    needs=_list_probability_needs,
    parameters=_list_prediction_parameters,
    layers=_list_probability_layers,
    kernel=predict_block,
)
CLASSIFIED = Step(
    name="land_cover",
    version=1,
    title="land cover",
    times=_list_times,
    needs=_list_decision_needs,
    settings=_list_decision_settings,
    parameters=_list_decision_parameters,
    layers=keep_layers(_LAYERS),
    kernel=decide_block,
    config=("land_cover",),
    show=show_land_cover(),
)
