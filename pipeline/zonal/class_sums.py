"""Sums of variables under ground by the class that a map shows there: what accounts are made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.legends import ECOSYSTEM, LAND_COVER, NODATA_CLASS
from pipeline.periods import When
from pipeline.zonal.kernels import CODE_LIMIT, Columns, Numbers, Pixels, add_class_areas, add_class_values
from pipeline.zonal.layers import LayerNumbers, MapLayer, Over, Place
from pipeline.zonal.measures import LAND
from pipeline.zonal.tallies import Tally

TYPES = MapLayer("land_cover", "ecosystem")
_COVER_FROM = 100
"""Codes of cover stand behind those of ecosystem types from here on."""


@dataclass(frozen=True)
class ClassSums(Tally):
    """Area, and of each variable value times area and the area where it is known, by mapped class.

    A class is the ecosystem type where the map tells it (`typed`), else the land cover, else none. The fields
    of a class are its area and two of each variable, those of ground without a class are last; its last two
    fields are not what other tallies say with theirs.
    """

    typed: bool
    variables: tuple[MapLayer, ...]

    @property
    def over(self) -> Over:
        """Maps of one period."""
        return "period"

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the classes: of ecosystem types in Chinese, of land cover its keys."""
        types = tuple(entry.name_zh for entry in ECOSYSTEM.classes) if self.typed else ()
        return (*types, *(entry.key for entry in LAND_COVER.classes))

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the fields of a class."""
        of_variables = ((layer.name, f"{layer.name}_m2") for layer in self.variables)
        return ("area_m2", *(name for pair in of_variables for name in pair))

    @property
    def width(self) -> int:
        """The fields of all classes and of ground without one."""
        return (len(self.parts) + 1) * len(self.fields)

    def list_places(self, when: When) -> tuple[Place, ...]:
        """The classes, then the variables."""
        classes = (LAND, TYPES) if self.typed else (LAND,)
        return tuple((layer, when) for layer in (*classes, *self.variables))

    def add(self, pixels: Pixels, rasters: Sequence[LayerNumbers], sums: Numbers) -> None:
        """See Tally."""
        count = 2 if self.typed else 1
        codes, columns = _join_codes(rasters[:count]), self._columns
        add_class_areas(pixels, codes, columns, sums)
        for number, raster in enumerate(rasters[count:]):
            first = columns + 1 + 2 * number
            add_class_values(pixels, codes, first, raster.numbers.ravel(), raster.nodata, raster.scale, sums)

    def tabulate(self, sums: Numbers) -> pd.DataFrame:
        """A row per unit and class that has area: `row` of the sums, `mapped` (null for none), the fields."""
        by_class = sums.reshape(len(sums), len(self.parts) + 1, len(self.fields))
        row, part = np.nonzero(by_class[:, :, 0] > 0)
        names = np.array([*self.parts, None], dtype=object)
        table = pd.DataFrame(by_class[row, part], columns=list(self.fields))
        table.insert(0, "mapped", pd.Series(names[part], dtype=object))
        table.insert(0, "row", row)
        return table

    @cached_property
    def _columns(self) -> Columns:
        """First field of every code."""
        codes = [entry.code for entry in ECOSYSTEM.classes] if self.typed else []
        codes += [_COVER_FROM + entry.code for entry in LAND_COVER.classes]
        columns = np.full(CODE_LIMIT, len(codes))
        columns[codes] = np.arange(len(codes))
        return columns * len(self.fields)


def _join_codes(rasters: Sequence[LayerNumbers]) -> NDArray[np.uint8]:
    """Codes of ecosystem types where there are any, else of cover, else no class."""
    cover, *types = (raster.numbers.ravel() for raster in rasters)
    known = np.where(cover == NODATA_CLASS, cover, cover + _COVER_FROM)
    codes: NDArray[np.uint8] = np.where(types[0] == NODATA_CLASS, known, types[0]) if types else known
    return codes
