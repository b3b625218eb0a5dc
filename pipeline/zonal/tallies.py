"""Tallies: a zonal kernel with the layers that it reads and its parameters.

The sums of a tally are (parcel, field). It adds pixels to them, and says what they come to: arrays by parcel,
or (parcel, part) of what has parts. A mean or a share over nothing is NaN.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.legends import NODATA_CLASS, UNCHANGED, Legend
from pipeline.periods import When
from pipeline.zonal.kernels import (
    CODE_LIMIT,
    NO_COLUMN,
    Columns,
    Moves,
    Numbers,
    Pixels,
    add_class_areas,
    add_histogram,
    add_means,
    add_transitions,
)
from pipeline.zonal.layers import LayerNumbers, MapLayer, Over, Place


class Tally(ABC):
    """Something that pixels under parcels are added up to.

    The last two fields of its sums are the area seen, and the area about which nothing is known.
    """

    @property
    @abstractmethod
    def width(self) -> int:
        """How many fields its sums have."""

    @property
    @abstractmethod
    def over(self) -> Over:
        """What its maps are made for."""

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of its parts; none of what has no parts."""
        return ()

    @abstractmethod
    def list_places(self, when: When) -> tuple[Place, ...]:
        """Layers that it reads, in the order in which `add` takes them."""

    @abstractmethod
    def add(self, pixels: Pixels, rasters: Sequence[LayerNumbers], sums: Numbers) -> None:
        """Add pixels to the sums of their parcels."""

    def covered(self, sums: Numbers) -> Numbers:
        """Area that the measures of each parcel rest on."""
        return sums[:, -2]

    def unknown(self, sums: Numbers) -> Numbers:
        """Area that they lack."""
        return sums[:, -1]


@dataclass(frozen=True)
class _OfLayer(Tally):
    """A tally of one layer."""

    layer: MapLayer

    @property
    def over(self) -> Over:
        """What its layer is made for."""
        return self.layer.over

    def list_places(self, when: When) -> tuple[Place, ...]:
        """The one layer."""
        return ((self.layer, when),)


@dataclass(frozen=True)
class ClassAreas(_OfLayer):
    """Area by the classes of a legend; what has no class is unknown."""

    legend: Legend

    @property
    def width(self) -> int:
        """A field a class, and the unknown area; the area seen is the sum of the classes."""
        return len(self.legend.classes) + 1

    @property
    def parts(self) -> tuple[str, ...]:
        """Keys of the classes."""
        return tuple(entry.key for entry in self.legend.classes)

    def add(self, pixels: Pixels, rasters: Sequence[LayerNumbers], sums: Numbers) -> None:
        """See Tally."""
        (codes,) = rasters
        add_class_areas(pixels, codes.numbers.ravel(), _columns(self.legend), sums)

    def areas(self, sums: Numbers) -> Numbers:
        """Area of every class (parcel, class)."""
        return sums[:, :-1]

    def shares(self, sums: Numbers) -> Numbers:
        """Share of every class in what has one (parcel, class)."""
        return _ratio(self.areas(sums), self.covered(sums)[:, None])

    def covered(self, sums: Numbers) -> Numbers:
        """Area of all classes."""
        total: Numbers = self.areas(sums).sum(axis=1)
        return total


@dataclass(frozen=True)
class Weighted(_OfLayer):
    """Mean of a number, and the share of ground where it reaches a threshold."""

    threshold: float | None = None

    @property
    def width(self) -> int:
        """Value times area, the area that reaches the threshold, and the last two."""
        return 4

    def add(self, pixels: Pixels, rasters: Sequence[LayerNumbers], sums: Numbers) -> None:
        """See Tally."""
        (raster,) = rasters
        threshold = np.nan if self.threshold is None else self.threshold
        add_means(pixels, raster.numbers.ravel(), raster.nodata, raster.scale, threshold, sums)

    def mean(self, sums: Numbers) -> Numbers:
        """Mean over the area seen."""
        return _ratio(sums[:, 0], self.covered(sums))

    def share(self, sums: Numbers) -> Numbers:
        """Share of the area seen where the number is at or above the threshold."""
        return _ratio(sums[:, 1], self.covered(sums))


@dataclass(frozen=True)
class Histogram(_OfLayer):
    """Area of a number between cuts, each part with its name; a value on a cut is above it."""

    cuts: tuple[float, ...]
    names: tuple[str, ...]

    @property
    def width(self) -> int:
        """A field a part, and the last two."""
        return len(self.cuts) + 3

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the parts."""
        return self.names

    def add(self, pixels: Pixels, rasters: Sequence[LayerNumbers], sums: Numbers) -> None:
        """See Tally."""
        (raster,) = rasters
        cuts = np.array(self.cuts, dtype=np.float64)
        add_histogram(pixels, raster.numbers.ravel(), raster.nodata, raster.scale, cuts, sums)

    def areas(self, sums: Numbers) -> Numbers:
        """Area between the cuts (parcel, part)."""
        return sums[:, :-2]


@dataclass(frozen=True)
class Transitions(Tally):
    """Area that classes of a layer gained and lost between two periods, by the transitions that count.

    `counted` has codes of transitions: ten times the class before plus the class after. What has a class in
    both periods is seen.
    """

    layer: MapLayer
    counted: MapLayer
    legend: Legend

    @property
    def width(self) -> int:
        """Two fields a class, and the last two."""
        return 2 * len(self.legend.classes) + 2

    @property
    def over(self) -> Over:
        """What the change that counts is made for."""
        return self.counted.over

    @property
    def parts(self) -> tuple[str, ...]:
        """Keys of the classes."""
        return tuple(entry.key for entry in self.legend.classes)

    def list_places(self, when: When) -> tuple[Place, ...]:
        """The layer before and after, and what counts."""
        before, after = when.periods
        return (self.layer, before), (self.layer, after), (self.counted, when)

    def add(self, pixels: Pixels, rasters: Sequence[LayerNumbers], sums: Numbers) -> None:
        """See Tally."""
        before, after, counted = (raster.numbers.ravel() for raster in rasters)
        add_transitions(pixels, before, after, counted, _moves(self.legend), sums)

    def gained(self, sums: Numbers) -> Numbers:
        """Area that every class gained (parcel, class)."""
        return sums[:, : len(self.legend.classes)]

    def lost(self, sums: Numbers) -> Numbers:
        """Area that every class lost (parcel, class)."""
        return sums[:, len(self.legend.classes) : -2]


def _columns(legend: Legend) -> Columns:
    """Place of every code in a legend, and behind the last for a code that is no class."""
    columns = np.full(CODE_LIMIT, len(legend.classes))
    columns[[entry.code for entry in legend.classes]] = np.arange(len(legend.classes))
    return columns


def _moves(legend: Legend) -> Moves:
    columns, codes = _columns(legend), np.arange(CODE_LIMIT)
    source, target = columns[codes // 10], columns[codes % 10]
    known = columns < len(legend.classes)
    moved = (codes != UNCHANGED) & (codes != NODATA_CLASS) & known[codes // 10] & known[codes % 10]
    count = len(legend.classes)
    return Moves(known, np.where(moved, target, NO_COLUMN), np.where(moved, count + source, NO_COLUMN))


def _ratio(total: Numbers, area: Numbers) -> Numbers:
    ratio: Numbers = np.divide(total, area, out=np.full(total.shape, np.nan), where=area > 0)
    return ratio
