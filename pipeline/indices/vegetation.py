"""Vegetation cover by the pixel dichotomy model, and its indicators with numerator and denominator."""

import math
from collections.abc import Iterable
from dataclasses import astuple, dataclass, replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pipeline.contracts import REFLECTANCE_NODATA
from pipeline.indices.dark_water import DARK

RATIO_STEPS = 10_000
"""NDVI is stored in steps of 1e-4, so a histogram of its steps loses nothing."""


LEAST_PIXELS = 1000
"""A class with fewer pixels has no percentiles of its own (a proposal of this project)."""


@dataclass(frozen=True)
class EndmemberPair:
    """NDVI of bare soil and of full vegetation, and where they come from."""

    soil: float
    vegetation: float
    basis: str

    @property
    def words(self) -> str:
        """The figures and where they come from."""
        return f"NDVI {self.soil:g} / {self.vegetation:g} ({self.basis})"


@dataclass(frozen=True)
class ClassEndmembers:
    """Endmembers by class of the land cover: code, NDVI of bare soil, NDVI of full vegetation.

    Pixels of other classes have those of `otherwise`.
    """

    own: tuple[tuple[int, float, float], ...]
    otherwise: EndmemberPair
    basis: str

    @property
    def words(self) -> str:
        """The figures and where they come from."""
        each = "; ".join(f"{code}: {soil:g} / {full:g}" for code, soil, full in self.own)
        return f"NDVI by class {each} ({self.basis}); other classes {self.otherwise.words}"


@dataclass(frozen=True)
class KeptEndmembers:
    """Endmembers that the runs of an area have in common by a name; the delivery `since` found them."""

    name: str
    since: str
    ends: EndmemberPair | ClassEndmembers

    @property
    def over_land(self) -> EndmemberPair:
        """Those over all land, which stand beside those of the classes."""
        return self.ends.otherwise if isinstance(self.ends, ClassEndmembers) else self.ends

    @property
    def spoken(self) -> EndmemberPair | ClassEndmembers:
        """The endmembers, whose basis says that they are kept, and since when."""
        return replace(self.ends, basis=f"{self.ends.basis}; kept 沿用 {self.name}, since 始于 {self.since}")


@dataclass(frozen=True)
class CoverSums:
    """Areas and sums of one period over an area; everything that the cover indicators divide.

    Areas in m2. `seen` has FVC, `classed` is what of it is known to be land or water, `land` is its land;
    `fvc_*` are area times FVC.
    """

    seen_m2: float
    land_m2: float
    vegetated_m2: float
    vegetated_land_m2: float
    fvc_m2: float
    fvc_land_m2: float
    classed_m2: float

    @classmethod
    def total(cls, parts: Iterable["CoverSums"]) -> "CoverSums":
        """Sums over parts of an area."""
        rows = [astuple(part) for part in parts]
        return cls(*(math.fsum(column) for column in zip(*rows, strict=True))) if rows else cls(*[0.0] * 7)


def compute_fractional_cover(ndvi: xr.DataArray, endmembers: EndmemberPair) -> xr.DataArray:
    """Fractional vegetation cover, 0 to 1, NaN where NDVI is NaN.

    FVC = (NDVI - NDVI_soil) / (NDVI_vegetation - NDVI_soil), cut to [0, 1] (pixel dichotomy model).
    """
    span = endmembers.vegetation - endmembers.soil
    return ((ndvi - endmembers.soil) / span).clip(0, 1).rename("fvc")


def compute_cover_by_class(
    ndvi: NDArray[np.float64], classes: NDArray[np.uint8], endmembers: ClassEndmembers
) -> NDArray[np.float64]:
    """Fractional vegetation cover, each pixel with the endmembers of its class; NaN where NDVI is NaN.

    It tells plants from ground within a class, where the classes do not come from NDVI itself.
    """
    soil = np.full(np.iinfo(np.uint8).max + 1, endmembers.otherwise.soil)
    full = np.full(len(soil), endmembers.otherwise.vegetation)
    for code, low, high in endmembers.own:
        soil[code], full[code] = low, high
    cover: NDArray[np.float64] = ((ndvi - soil[classes]) / (full - soil)[classes]).clip(0, 1)
    return cover


def find_greatest(ndvi: NDArray[np.int16]) -> NDArray[np.int16]:
    """The greatest of the looks (look, y, x), nodata -32768 where none is known (maximum value composite)."""
    found: NDArray[np.int16] = ndvi.max(axis=0, initial=REFLECTANCE_NODATA)
    return found


def count_ndvi_looks(ndvi: NDArray[np.int16]) -> NDArray[np.uint16]:
    """How many of the looks (look, y, x) are known."""
    known: NDArray[np.uint16] = (ndvi != REFLECTANCE_NODATA).sum(axis=0, dtype=np.uint16)
    return known


def compute_cover(
    ndvi: NDArray[np.float64],
    classes: NDArray[np.uint8],
    endmembers: EndmemberPair | ClassEndmembers,
) -> NDArray[np.float64]:
    """Fractional vegetation cover by one pair of endmembers, or by those of the classes."""
    if isinstance(endmembers, ClassEndmembers):
        return compute_cover_by_class(ndvi, classes, endmembers)
    cover: NDArray[np.float64] = compute_fractional_cover(xr.DataArray(ndvi), endmembers).values
    return cover


def bare_dark_water(
    cover: NDArray[np.float64], light: NDArray[np.float64], water: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Cover with 0 where it is unknown because water is too dark for NDVI: it was seen, and bears no plants.

    `light` is the reflectance of red and near infrared together, NaN where nothing was seen.
    """
    return np.where(np.isnan(cover) & water & (light < DARK), 0.0, cover)


def count_ndvi(ndvi: NDArray[np.int16], usable: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Counts of NDVI by step of 1e-4 from -1 to 1, over usable pixels; values beyond are left out."""
    steps = ndvi[usable].astype(np.int64) + RATIO_STEPS
    inside = steps[(steps >= 0) & (steps <= 2 * RATIO_STEPS)]
    return np.bincount(inside, minlength=2 * RATIO_STEPS + 1)


def find_percentile_endmembers(counts: NDArray[np.int64], low: float, high: float) -> EndmemberPair | None:
    """Endmembers at two percentiles of an NDVI histogram; None where they do not lie apart.

    The percentile is the smallest NDVI that at least this share of the pixels does not exceed.
    """
    total = int(counts.sum())
    if total == 0:
        return None
    below = np.cumsum(counts)
    soil, vegetation = (
        (int(np.searchsorted(below, max(1.0, share * total / 100))) - RATIO_STEPS) / RATIO_STEPS
        for share in (low, high)
    )
    if vegetation <= soil:
        return None
    return EndmemberPair(soil, vegetation, f"percentiles {low:g} and {high:g} of NDVI over land")


def sum_cover(
    fvc: NDArray[np.float64],
    land: NDArray[np.bool_],
    water: NDArray[np.bool_],
    weight_m2: NDArray[np.float64],
    *,
    threshold: float,
) -> CoverSums:
    """Sums over pixels for the cover indicators; NaN FVC is unknown and stands in none of them.

    What is neither `land` nor `water` has no known class: it counts for the area, and not for its land.
    """
    seen = np.isfinite(fvc)
    classed, land = seen & (land | water), seen & land
    vegetated = seen & (fvc >= threshold)
    cover = np.where(seen, fvc, 0.0) * weight_m2
    return CoverSums(
        seen_m2=float(weight_m2[seen].sum()),
        land_m2=float(weight_m2[land].sum()),
        vegetated_m2=float(weight_m2[vegetated].sum()),
        vegetated_land_m2=float(weight_m2[vegetated & land].sum()),
        fvc_m2=float(cover[seen].sum()),
        fvc_land_m2=float(cover[land].sum()),
        classed_m2=float(weight_m2[classed].sum()),
    )
