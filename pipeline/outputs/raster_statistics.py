"""Statistics of a raster band, of all its pixels, as GDAL and STAC write them."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_ROWS = 64
"""Rows that are measured at a time, so that what is worked on stays in the processor's cache."""
_PREFIX = "STATISTICS_"


@dataclass(frozen=True)
class RowMoments:
    """Of each of some rows: how many pixels hold a value, the least, the greatest, their mean and the sum of
    squares about it; where no pixel does, the least is infinite, the greatest minus infinite, the rest 0.
    """

    known: NDArray[np.int64]
    least: NDArray[np.float64]
    greatest: NDArray[np.float64]
    mean: NDArray[np.float64]
    squares: NDArray[np.float64]


def measure_rows(values: NDArray[np.generic], nodata: float | None) -> list[RowMoments]:
    """The moments of the rows of a band (y, x); NaN and `nodata` are no values.

    Rows are measured each for itself, so that the result is the same however a raster is cut between them.
    """
    return [_measure(values[top : top + _ROWS], nodata) for top in range(0, len(values), _ROWS)]


def measure_empty(pixels: int, nodata: float | None) -> list[RowMoments]:
    """The moments of pixels that nobody wrote: zeros where no number stands for nothing."""
    if nodata is not None or not pixels:
        return []
    nothing = np.zeros(1)
    return [RowMoments(np.array([pixels]), nothing, nothing, nothing, nothing)]


def _measure(values: NDArray[np.generic], nodata: float | None) -> RowMoments:
    numbers = values.astype(np.float64, order="C")
    known = ~np.isnan(numbers) if nodata is None or math.isnan(nodata) else numbers != nodata
    held = known.all()  # most rows are; what picks among their pixels takes twice as long

    def fill(unknown: float) -> NDArray[np.float64]:
        return numbers if held else np.where(known, numbers, unknown)

    count = known.sum(axis=1)
    mean = fill(0.0).sum(axis=1) / np.maximum(count, 1)
    apart = numbers - mean[:, np.newaxis]
    apart = apart if held else np.where(known, apart, 0.0)
    squares = np.einsum("ij,ij->i", apart, apart)
    return RowMoments(count, fill(np.inf).min(axis=1), fill(-np.inf).max(axis=1), mean, squares)


def describe_statistics(rows: Iterable[RowMoments], pixels: int) -> dict[str, str]:
    """The metadata of GDAL on a band of so many `pixels`, in its numbers as they are stored.

    `rows` are those of its parts, of which parts that hold no value may be left out.

    STATISTICS_MINIMUM, _MAXIMUM, _MEAN, _STDDEV (of all pixels, not of a sample) and _VALID_PERCENT; only
    the last where no pixel holds a value. Moments of rows are joined as Chan et al. (1979) have it.
    """
    parts = list(rows)
    known, mean, squares = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("known", "mean", "squares")
    )
    total = int(known.sum())
    share = 100 * total / max(pixels, 1)
    if not total:
        return _name({"VALID_PERCENT": share})
    centre = math.fsum(known * mean) / total
    spread = math.fsum(squares + known * np.square(mean - centre))
    return _name(
        {
            "MINIMUM": min(part.least.min() for part in parts),
            "MAXIMUM": max(part.greatest.max() for part in parts),
            "MEAN": centre,
            "STDDEV": math.sqrt(spread / total),
            "VALID_PERCENT": share,
        }
    )


def _name(figures: Mapping[str, float]) -> dict[str, str]:
    return {f"{_PREFIX}{name}": f"{figure:.12g}" for name, figure in figures.items()}


def parse_band_statistics(tags: Mapping[str, str]) -> dict[str, float]:
    """What `describe_statistics` said, by the names that STAC has for them."""
    return {
        key.removeprefix(_PREFIX).lower(): float(value)
        for key, value in tags.items()
        if key.startswith(_PREFIX)
    }
