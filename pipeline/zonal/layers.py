"""Layers of the maps that are summed over ground: where they are stored, and what their numbers mean."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.periods import When
from pipeline.storage.blocks import Layer, describe_layer

Over = Literal["period", "pair", "span"]
"""What a map is made for: every period, every two consecutive ones, or the first and the last."""


@dataclass(frozen=True)
class MapLayer:
    """A layer of the maps: the step that makes it, its name there, and what they are made for."""

    step: str
    name: str
    over: Over = "period"


Place = tuple[MapLayer, When]
"""A layer of one map."""


@dataclass(frozen=True)
class LayerNumbers:
    """Numbers of a layer as they are stored, over a block (y, x) or pixel by pixel, and how they are."""

    numbers: NDArray[Any]
    layer: Layer

    @property
    def nodata(self) -> float:
        """The number that stands for what is unknown; NaN for none, as in counts, which start from 0."""
        return np.nan if self.layer.fill == 0 else float(self.layer.fill)

    @property
    def scale(self) -> float:
        """What a stored number is multiplied with to give the value."""
        return float(self.layer.attrs.get("scale_factor", 1))


LayersNumbers = Mapping[Place, LayerNumbers]


@dataclass(frozen=True)
class MapStores:
    """The stores of maps, by step and by what they hold for."""

    folders: Mapping[tuple[str, When], Path]

    def hold(self, place: Place) -> bool:
        """Whether there is a layer of a map."""
        layer, when = place
        folder = self.folders.get((layer.step, when))
        return folder is not None and (folder / layer.name).is_dir()

    def read(
        self, places: Iterable[Place], read: Callable[[Path, Sequence[str]], Mapping[str, NDArray[Any]]]
    ) -> LayersNumbers:
        """Some layers, where `read` gives the numbers of layers of a store."""
        rasters = {}
        for layer, when in places:
            folder = self.folders[layer.step, when]
            numbers = read(folder, (layer.name,))[layer.name]
            rasters[layer, when] = LayerNumbers(numbers, describe_layer(folder, layer.name))
        return rasters
