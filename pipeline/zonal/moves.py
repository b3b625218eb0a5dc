"""What passed from one class to another between two maps, summed over the ground of an area."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.indices.change import sum_transitions
from pipeline.legends import LAND_COVER, Legend
from pipeline.zonal.ground import Under


@dataclass(frozen=True)
class Moved:
    """Sums of `change.sum_transitions` under a window, of a layer in two stores and what counts of it."""

    layer: str
    before: Path
    after: Path
    counted: Path
    legend: Legend = LAND_COVER

    def __call__(self, under: Under) -> NDArray[np.float64]:
        """The sums of what is under a window."""
        before, after = (under.layer(store, self.layer) for store in (self.before, self.after))
        codes = under.layer(self.counted, "change")
        return sum_transitions(before, after, codes, under.weight_m2, self.legend)
