"""Which pixels of a block one outline covers, and how much of each, in a few bytes a pixel."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from pipeline.grid import Block, Grid
from pipeline.zonal.cells import extract_cells


@dataclass(frozen=True)
class CoveredBlock:
    """The pixels of a block that lie under an outline.

    `inside` has a bit for every pixel, row by row, set where it is wholly covered; None where all of them
    are. `edge` are the cells (counted row by row) that are covered in part, `fraction` by how much.
    """

    block: Block
    inside: NDArray[np.uint8] | None
    edge: NDArray[np.int32]
    fraction: NDArray[np.float64]

    @classmethod
    def of(cls, outline: BaseGeometry, block: Block, grid: Grid) -> "CoveredBlock":
        """What a polygon in the grid's CRS covers of a block."""
        shapes = np.array([outline], dtype=object)
        ((cells, fractions),) = extract_cells(shapes, block, grid)
        whole = fractions == 1
        edge = cells[~whole].astype(np.int32)
        pixels = block.shape[0] * block.shape[1]
        if whole.sum() == pixels:
            return cls(block, None, edge, fractions[~whole])
        inside = np.zeros(pixels, dtype=bool)
        inside[cells[whole]] = True
        return cls(block, np.packbits(inside), edge, fractions[~whole])

    @classmethod
    def whole(cls, block: Block) -> "CoveredBlock":
        """A block that is covered entirely."""
        return cls(block, None, np.array([], dtype=np.int32), np.array([]))

    def cells_m2(self, grid: Grid) -> tuple[NDArray[np.int64] | None, NDArray[np.float64]]:
        """Covered cells, None for all of them, and of each the covered area on the ellipsoid."""
        area = grid.pixel_area_m2(self.block).ravel()
        if self.inside is None:
            return None, area
        covered = np.unpackbits(self.inside, count=len(area)).view(np.bool_)
        covered[self.edge] = True
        area[self.edge] *= self.fraction
        cells = np.flatnonzero(covered)
        return cells, area[cells]
