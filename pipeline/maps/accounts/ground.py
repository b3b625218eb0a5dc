"""What of the ground stays from year to year: how easily rain erodes it, by its soil and its slope."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.engine.study import Study
from pipeline.grid import Block
from pipeline.indices.erosion import compute_erodibility
from pipeline.indices.terrain import compute_ls, compute_slope
from pipeline.ingest.layers.gridding import read_layer
from pipeline.ingest.layers.layer import OpenLayer
from pipeline.ingest.layers.years import CombinedRaster, hold
from pipeline.ingest.reading.positions import fineness
from pipeline.maps.accounts.entries import (
    ERODING,
    GROUND,
    SOIL,
    describe_account_sources,
    find_sources,
    open_layers,
)
from pipeline.maps.encoding import LayerEncoding
from pipeline.maps.step import BlockInputs, Layers, Load, Maps, Step, keep_layers
from pipeline.periods import When
from pipeline.storage.blocks import Layer

_PIXEL_BYTES = 72
_ERODIBILITY = "erodibility"
_FIELDS = {
    "susceptibility": LayerEncoding(None, Layer("float32", float("nan"), {"units": "t ha h/(ha MJ mm)"})),
}


class Slopes(NamedTuple):
    """What the factor LS takes besides slopes: their length in m, and the rise below which they are level."""

    length_m: float
    level: float


def ground_block(inputs: BlockInputs, *, opened: Mapping[str, OpenLayer], slopes: Slopes) -> Layers:
    """K L S of a block, t ha h / (ha MJ mm); NaN where not known.

    Elevation is read with a margin, so that slopes do not know where blocks end.
    """
    factor = compute_ls(_find_slope(inputs, opened["elevation"]), **slopes._asdict())
    return {"susceptibility": (_find_erodibility(inputs, opened) * factor).astype(np.float32)}


def _find_erodibility(inputs: BlockInputs, opened: Mapping[str, OpenLayer]) -> NDArray[np.float64]:
    if _ERODIBILITY in opened:
        return read_layer(opened[_ERODIBILITY], inputs.grid, inputs.block)
    soil = [read_layer(opened[name], inputs.grid, inputs.block) for name in SOIL]
    return compute_erodibility(*soil)


def _find_slope(inputs: BlockInputs, elevation: OpenLayer) -> NDArray[np.float64]:
    grid = inputs.grid
    reach = max(1, round(1 / fineness(elevation.rasters[0].place, grid)))
    around: Block = inputs.block.grow(reach)
    return compute_slope(read_layer(elevation, grid, around), grid.resolution_m, reach)


def _list_times(study: Study) -> Sequence[When]:
    """The span, where all that erosion is made from is given."""
    return (study.span,) if set(find_sources(study).sources) >= ERODING else ()


def _list_settings(maps: Maps, when: When) -> Mapping[str, object]:
    opened = open_layers(maps.study, when.periods[0], GROUND, maps.reader)
    rules = find_sources(maps.study).model_dump(include={"level_slope_percent", "slope_length_m"})
    return {"sources": describe_account_sources(maps.study, opened), "rules": rules}


def _list_parameters(maps: Maps, when: When) -> Mapping[str, object]:
    study = maps.study
    opened = open_layers(study, when.periods[0], GROUND, maps.reader)
    soil = _join_soil({name: opened[name].parts[0] for name in SOIL})
    held = {name: hold(layer, study.grid) for name, layer in soil.items()}
    sources = find_sources(study)
    return {
        "opened": {"elevation": opened["elevation"].parts[0], **held},
        "slopes": Slopes(sources.slope_length_m, sources.level_slope_percent / 100),
    }


def _join_soil(soil: Mapping[str, OpenLayer]) -> Mapping[str, OpenLayer]:
    """The erodibility of the soil of each of its own pixels, where all its parts lie on the same ones."""
    places = {tuple(raster.place for raster in layer.rasters) for layer in soil.values()}
    if len(places) > 1:
        return soil
    first = soil[SOIL[0]]
    stacks = zip(*(soil[name].rasters for name in SOIL), strict=True)
    return {_ERODIBILITY: replace(first, rasters=tuple(CombinedRaster(stack, _erode) for stack in stacks))}


def _erode(stack: NDArray[np.float64]) -> NDArray[np.float64]:
    sand, silt, clay, carbon = stack
    return compute_erodibility(sand, silt, clay, carbon)


def _count_block_bytes(_study: Study, _load: Load) -> int:
    return _PIXEL_BYTES


ACCOUNT_GROUND = Step(
    name="account_ground",
    version=2,
    title="erodibility and slope",
    times=_list_times,
    settings=_list_settings,
    parameters=_list_parameters,
    layers=keep_layers(_FIELDS),
    kernel=ground_block,
    block_bytes=_count_block_bytes,
    config=("accounts",),
)
