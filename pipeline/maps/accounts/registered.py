"""What the register calls the ground, pixel by pixel."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from pipeline import standards
from pipeline.geodesy import project_all
from pipeline.grid import Block, Grid
from pipeline.rights_registry.shapes import PackedShapes


@dataclass(frozen=True)
class RegisteredGround:
    """Outlines of parcels in the CRS of a grid, each with the number of its class.

    `codes` are the classes of the third survey, `types` the ecosystem types that they are of, if any.
    """

    codes: tuple[str, ...]
    types: tuple[str | None, ...]
    shapes: PackedShapes
    numbers: NDArray[np.int16]

    @classmethod
    def of(cls, parcels: gpd.GeoDataFrame, crs: str) -> "RegisteredGround":
        """PARCELS with a class that is known, in their order."""
        known = parcels[parcels["land_class"].notna()]
        land = {row["code"]: row["ecosystem"] or None for row in standards.read_rows("land_classes")}
        codes = tuple(sorted(known["land_class"].unique()))
        numbers = known["land_class"].map({code: number for number, code in enumerate(codes)})
        shapes = PackedShapes.of(project_all(known.geometry.to_numpy(), crs))
        return cls(codes, tuple(land.get(code) for code in codes), shapes, numbers.to_numpy(np.int16))

    def number_pixels(self, grid: Grid, block: Block) -> NDArray[np.int16]:
        """The class of the parcel that holds a pixel's centre (y, x), of several the first; -1 where none."""
        places = self.shapes.query(grid.block_bounds(block))
        return grid.burn(self.shapes.at(places), self.numbers[places], block)
