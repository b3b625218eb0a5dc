"""The features of a pixel that a classifier goes by: reflectance of the composite, and indices."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.grid import Block
from pipeline.indices import land_cover, spectral
from pipeline.maps.encoding import from_ratio
from pipeline.maps.step import Maps
from pipeline.storage.blocks import read_block

Stored = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Features:
    """Which bands and which indices are features."""

    bands: tuple[str, ...]
    indices: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Features in order: bands, then indices."""
        return (*self.bands, *self.indices)

    def stack(self, composite: Stored, seen: Stored) -> NDArray[np.float32]:
        """Features (feature, y, x): reflectance and indices; NaN where a band is unknown.

        Outside its domain, as over dark water, an index says nothing, and its feature is 0: bands decide.
        """
        bands, indices = (
            [from_ratio(part[name]) if part[name].dtype == np.int16 else part[name] for name in names]
            for part, names in ((composite, self.bands), (seen, self.indices))
        )
        unseen = np.isnan(bands).any(axis=0)
        said = [np.where(np.isnan(values) & ~unseen, 0.0, values) for values in indices]
        return np.stack([*bands, *said]).astype(np.float32)

    def read(self, composite: Path, seen: Path, block: Block) -> NDArray[np.float32]:
        """Features of a block (feature, y, x) from the stores of a period."""
        return self.stack(read_block(composite, block, self.bands), read_block(seen, block, self.indices))


def find_features(maps: Maps) -> Features:
    """The bands of the composites, and the indices of which every band is there."""
    wanted = [*maps.study.settings.indices, *land_cover.RULE_INDICES]
    indices = [spectral.find_index(name) for name in wanted]
    names = dict.fromkeys(index.name for index in indices if set(index.bands) <= set(maps.bands))
    return Features(maps.bands, tuple(names))
