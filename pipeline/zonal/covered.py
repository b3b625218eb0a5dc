"""Which pixels of a window one outline covers, and how much of each, in a few bytes a pixel."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from pipeline.grid import Block, Grid
from pipeline.zonal.cells import covered_cells


@dataclass(frozen=True)
class CoveredWindow:
    """The pixels of a window that lie under an outline.

    `inside` has a bit for every pixel, row by row, set where it is wholly covered; None where all of them
    are. `edge` are the cells (counted row by row) that are covered in part, `fraction` by how much.
    """

    window: Block
    inside: NDArray[np.uint8] | None
    edge: NDArray[np.int32]
    fraction: NDArray[np.float64]

    @classmethod
    def of(cls, outline: BaseGeometry, window: Block, grid: Grid) -> "CoveredWindow":
        """What a polygon in the grid's CRS covers of a window."""
        shapes = np.array([outline], dtype=object)
        ((cells, fractions),) = covered_cells(shapes, window, grid)
        whole = fractions == 1
        edge = cells[~whole].astype(np.int32)
        pixels = window.shape[0] * window.shape[1]
        if whole.sum() == pixels:
            return cls(window, None, edge, fractions[~whole])
        inside = np.zeros(pixels, dtype=bool)
        inside[cells[whole]] = True
        return cls(window, np.packbits(inside), edge, fractions[~whole])

    @classmethod
    def whole(cls, window: Block) -> "CoveredWindow":
        """A window that is covered entirely."""
        return cls(window, None, np.array([], dtype=np.int32), np.array([]))

    def cells_m2(self, grid: Grid) -> tuple[NDArray[np.int64] | None, NDArray[np.float64]]:
        """Covered cells, None for all of them, and of each the covered area on the ellipsoid."""
        area = grid.pixel_area_m2(self.window).ravel()
        if self.inside is None:
            return None, area
        covered = np.unpackbits(self.inside, count=len(area)).view(np.bool_)
        covered[self.edge] = True
        area[self.edge] *= self.fraction
        cells = np.flatnonzero(covered)
        return cells, area[cells]
