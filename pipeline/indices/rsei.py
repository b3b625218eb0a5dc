"""Remote sensing ecological index: greenness, wetness, dryness and heat on their first principal component.

Xu 2013 (城市遥感生态指数的创建及其应用, 生态学报 33(24), from knowledge), Xu and Deng 2022 (rsta 37(1)):
water is masked, each component brought to 0 to 1 by its range, the sign of the axis told by its loadings.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from pipeline.indices.domain import compute_difference, divide, find_least

COMPONENTS = ("greenness", "wetness", "dryness", "heat")
BANDS = ("blue", "green", "nir", "red", "swir16", "swir22")
LEAST_PIXELS = 1000
"""Fewer pixels span no axis (a proposal of this project)."""

STEPS = 10_000
"""Percentiles of a component are found to this share of its range."""

_SIGNS = np.array([1, 1, -1, -1])

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Moments:
    """Of some pixels: how many, least and greatest, sum and sums of products of each component."""

    count: int
    low: Numbers
    high: Numbers
    total: Numbers
    products: Numbers

    def __add__(self, other: "Moments") -> "Moments":
        """Moments of both."""
        return Moments(
            self.count + other.count,
            np.minimum(self.low, other.low),
            np.maximum(self.high, other.high),
            self.total + other.total,
            self.products + other.products,
        )


@dataclass(frozen=True)
class Axis:
    """The first principal component of the components brought to 0 to 1 by `low` and `high`.

    `loadings` by component, signed so that greenness and wetness count for and dryness and heat against;
    `shares` of the variance that each principal component explains, the first first. `reason` says why there
    is none; then the figures that are not known are NaN.
    """

    low: Numbers
    high: Numbers
    loadings: Numbers
    shares: Numbers
    reason: str = ""


def compute_components(bands: Mapping[str, Numbers], heat: Numbers, wetness: Mapping[str, float]) -> Numbers:
    """The four components (component, y, x) from reflectance of `BANDS`; NaN in all where one is unknown.

    NDVI; the tasselled cap's wetness by its coefficients; NDBSI = (SI + IBI) / 2, of the soil index
    SI = ((swir16 + red) - (nir + blue)) / ((swir16 + red) + (nir + blue)) and the index of built-up land
    IBI = (b - v) / (b + v), b = 2 swir16 / (swir16 + nir), v = nir / (nir + red) + green / (green + swir16);
    heat as it is given. Outside the domain of an index (`pipeline.indices.domain`) it is unknown.
    """
    blue, green, nir, red, swir, _ = (bands[band] for band in BANDS)
    greenness = compute_difference(nir, red, least=find_least("NDVI"))
    least = find_least("BI")
    soil = compute_difference(swir + red, nir + blue, least=least)
    built = divide(2 * swir, swir + nir, least=least)
    open_land = divide(nir, nir + red, least=least) + divide(green, green + swir, least=least)
    dryness = (soil + compute_difference(built, open_land, least=least)) / 2
    wet = sum((factor * bands[band] for band, factor in wetness.items()), np.zeros_like(red))
    found = np.array([greenness, wet, dryness, heat])
    return np.where(np.isfinite(found).all(axis=0), found, np.nan)


def compute_moments(values: Numbers, usable: NDArray[np.bool_]) -> Moments:
    """Moments of the usable pixels of components (component, y, x) that are finite."""
    chosen = values[:, usable & np.isfinite(values).all(axis=0)]
    nothing = np.full(len(values), np.inf)
    return Moments(
        chosen.shape[1],
        chosen.min(axis=1, initial=np.inf) if chosen.size else nothing,
        chosen.max(axis=1, initial=-np.inf) if chosen.size else -nothing,
        chosen.sum(axis=1),
        chosen @ chosen.T,
    )


def pool_moments(parts: list[Moments]) -> Moments:
    """Moments of all parts together, at least one."""
    return reduce(lambda one, other: one + other, parts)


def count_steps(values: Numbers, low: Numbers, high: Numbers) -> NDArray[np.int64]:
    """Counts (component, step) of finite pixels of components in equal steps from `low` to `high`."""
    chosen = values[:, np.isfinite(values).all(axis=0)]
    place = (chosen - low[:, None]) / (high - low)[:, None] * STEPS
    steps = place.astype(np.int64).clip(0, STEPS - 1)
    return np.array([np.bincount(row, minlength=STEPS) for row in steps])


def find_range(
    counts: NDArray[np.int64], low: Numbers, high: Numbers, trim: tuple[float, float]
) -> tuple[Numbers, Numbers]:
    """Two percentiles of each component, by its counts from `low` to `high`; the step of each lies within."""
    below, size = np.cumsum(counts, axis=1), (high - low) / STEPS
    ranks = [np.maximum(1.0, share / 100 * below[:, -1]) for share in trim]
    first, last = (
        np.array([np.searchsorted(row, at) for row, at in zip(below, rank, strict=True)]) for rank in ranks
    )
    return low + first * size, low + (last + 1) * size


def find_axis(found: Moments) -> Axis:
    """The first principal component of pixels with these moments.

    It points to greenness and wetness, away from dryness and heat. The axis of a decomposition has no sign of
    its own: where all loadings are the other way round it is turned; where they disagree there is no index.
    """
    unknown = np.full(len(COMPONENTS), np.nan)
    span = found.high - found.low
    reason = ""
    if found.count < LEAST_PIXELS:
        reason = f"四个分量齐全的陆地像元不足 {LEAST_PIXELS} 个 / fewer than {LEAST_PIXELS} pixels of land"
    elif not (span > 0).all():
        reason = "有分量处处相同，不成轴 / a component is the same everywhere"
    if reason:
        return Axis(unknown, unknown, unknown, unknown, reason)
    mean = found.total / found.count
    spread = (found.products / found.count - np.outer(mean, mean)) / np.outer(span, span)
    values, vectors = np.linalg.eigh(spread)
    shares, first = values[::-1] / values.sum(), vectors[:, -1]
    told = np.sign(first) * _SIGNS
    if (told > 0).all() or (told < 0).all():
        return Axis(found.low, found.high, first * told[0], shares)
    reason = "第一主成分各分量符号矛盾，不成指数 / the loadings of the first component disagree in sign"
    return Axis(found.low, found.high, first, shares, reason)


def score_pixels(values: Numbers, axis: Axis) -> Numbers:
    """Place (y, x) of components on an axis, before it is brought to 0 to 1; NaN where a component is NaN.

    What lies beyond the range of a component is cut to it.
    """
    low, high = axis.low[:, None, None], axis.high[:, None, None]
    inside = values.clip(low, high)
    placed: Numbers = np.einsum("c,cyx->yx", axis.loadings, (inside - low) / (high - low))
    return placed
