"""How often the area was seen clear."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rasterio.windows import Window

from pipeline.contracts import Delivery
from pipeline.geodesy import project
from pipeline.grid import Block, Grid
from pipeline.outputs.delivered_rasters import open_raster

_STRIP = 512


@dataclass(frozen=True)
class ClearLooks:
    """Clear looks per pixel inside the area, in the period of the raster."""

    period: str
    least: int
    median: int
    most: int
    share_unseen: float


def count_clear_looks(path: Path, grid: Grid, delivery: Delivery) -> ClearLooks:
    """Least, median and greatest number of clear looks, over pixels that the area touches."""
    outline = project(delivery.aoi.geometry, grid.crs)
    counts = np.zeros(2**16, dtype=np.int64)
    with open_raster(path) as file:
        for top in range(0, grid.height, _STRIP):
            block = Block(top, min(top + _STRIP, grid.height), 0, grid.width)
            looks = file.read(1, window=Window(0, top, grid.width, block.shape[0]))
            counts += np.bincount(looks[grid.mask_geometry(outline, block)], minlength=len(counts))
    seen = np.flatnonzero(counts)
    middle = int(np.searchsorted(np.cumsum(counts), counts.sum() / 2))
    unseen = counts[0] / counts.sum() if counts.sum() else math.nan
    least, most = (int(seen[0]), int(seen[-1])) if len(seen) else (0, 0)
    return ClearLooks(path.stem.removeprefix("looks_"), least, middle, most, float(unseen))
