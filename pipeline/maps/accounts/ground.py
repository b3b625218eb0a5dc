"""What of the ground stays from year to year: its slope, and how easily its soil erodes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pipeline.engine.study import Study
from pipeline.grid import Block
from pipeline.indices.erosion import compute_erodibility
from pipeline.indices.terrain import compute_slope
from pipeline.ingest.layers.gridding import read_layer
from pipeline.ingest.layers.layer import OpenLayer
from pipeline.ingest.layers.years import CombinedRaster, hold
from pipeline.ingest.reading.positions import fineness
from pipeline.maps.accounts.entries import GROUND, SOIL, describe_sources, find_sources, open_layers
from pipeline.maps.encoding import LayerEncoding
from pipeline.maps.step import BlockInputs, Layers, Load, Maps, Step, keep_layers
from pipeline.periods import When
from pipeline.storage.blocks import Layer

_PIXEL_BYTES = 72
_ERODIBILITY = "erodibility"
_FIELDS = {
    "slope": LayerEncoding(None, Layer("float32", float("nan"), {"units": "1"})),
    "erodibility": LayerEncoding(None, Layer("float32", float("nan"), {"units": "t ha h/(ha MJ mm)"})),
}


def ground_block(inputs: BlockInputs, *, opened: Mapping[str, OpenLayer]) -> Layers:
    """Slope (rise over run) and erodibility (t ha h / (ha MJ mm)) of a block; NaN where not known.

    Elevation is read with a margin, so that slopes do not know where blocks end.
    """
    layers = {name: np.full(inputs.block.shape, np.nan, dtype=np.float32) for name in _FIELDS}
    if "elevation" in opened:
        layers["slope"] = _find_slope(inputs, opened["elevation"]).astype(np.float32)
    if _ERODIBILITY in opened:
        factor = read_layer(opened[_ERODIBILITY], inputs.grid, inputs.block)
        layers["erodibility"] = factor.astype(np.float32)
    elif set(SOIL) <= set(opened):
        soil = [read_layer(opened[name], inputs.grid, inputs.block) for name in SOIL]
        layers["erodibility"] = compute_erodibility(*soil).astype(np.float32)
    return layers


def _find_slope(inputs: BlockInputs, elevation: OpenLayer) -> NDArray[np.float64]:
    grid = inputs.grid
    reach = max(1, round(1 / fineness(elevation.rasters[0].place, grid)))
    around: Block = inputs.block.grow(reach)
    return compute_slope(read_layer(elevation, grid, around), grid.resolution_m, reach)


def list_times(study: Study) -> Sequence[When]:
    """The span, where the elevation or the soil is given."""
    return (study.span,) if set(GROUND) & set(find_sources(study).sources) else ()


def _list_settings(maps: Maps, when: When) -> Mapping[str, object]:
    opened = open_layers(maps.study, when.periods[0], GROUND, maps.reader)
    return {"sources": describe_sources(maps.study, opened)}


def _list_parameters(maps: Maps, when: When) -> Mapping[str, object]:
    study = maps.study
    opened = open_layers(study, when.periods[0], GROUND, maps.reader)
    soil = {name: opened[name].parts[0] for name in SOIL if name in opened}
    held = {name: hold(layer, study.grid) for name, layer in _join_soil(soil).items()}
    height = {name: layer.parts[0] for name, layer in opened.items() if name not in SOIL}
    return {"opened": {**height, **held}}


def _join_soil(soil: Mapping[str, OpenLayer]) -> Mapping[str, OpenLayer]:
    """The erodibility of the soil of each of its own pixels, where all its parts lie on the same ones."""
    places = {tuple(raster.place for raster in layer.rasters) for layer in soil.values()}
    if len(soil) < len(SOIL) or len(places) > 1:
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
    version=1,
    title="坡度与土壤可蚀性 slope and erodibility",
    times=list_times,
    settings=_list_settings,
    parameters=_list_parameters,
    layers=keep_layers(_FIELDS),
    kernel=ground_block,
    block_bytes=_count_block_bytes,
    config=("accounts",),
)
