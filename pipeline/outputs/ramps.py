"""Colours of measures: fixed ramps where the range is known, else one that fits what the raster holds."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from rasterio.enums import Resampling

from pipeline.contracts import Raster
from pipeline.outputs.delivered_rasters import open_raster

Stops = tuple[tuple[float, str], ...]
"""Values in rising order, each with its colour."""

RAMPS: Mapping[str, Stops] = MappingProxyType(
    {
        "cover": (
            (0.0, "#c9b48b"),
            (0.1, "#e9d8a6"),
            (0.3, "#d9e88f"),
            (0.45, "#9ccc65"),
            (0.6, "#5aa845"),
            (0.75, "#2b7a34"),
            (1.0, "#0b4620"),
        ),
        "ratio": (
            (-1.0, "#35608d"),
            (0.0, "#c9b48b"),
            (0.15, "#e9d8a6"),
            (0.35, "#d9e88f"),
            (0.5, "#9ccc65"),
            (0.65, "#5aa845"),
            (0.8, "#2b7a34"),
            (1.0, "#0b4620"),
        ),
        "index": ((-1.0, "#8c510a"), (-0.3, "#d8b365"), (0.0, "#f5f5f5"), (0.3, "#5ab4ac"), (1.0, "#01665e")),
        "count": ((0.0, "#ffffff"), (1.0, "#fde0c5"), (4.0, "#eb7f86"), (12.0, "#9b3f80"), (30.0, "#3b1c5a")),
    }
)
"""From bare ground through ever denser green; `count` is for the number of clear looks."""

_SUPPLY = ("#ffffd9", "#d5efb3", "#8fd3ba", "#41b6c4", "#1d91c0", "#225ea8", "#0c2c84")
_DEFICIT = ("#8c510a", "#d8b365", "#f6e8c3")
_PERCENTILES = (2, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 99)
_APART = 0.002
"""Share of the range by which stops are apart at least: what is closer looks the same."""
_DIGITS = 2
_LOOK_PX = 1000


def find_stops(raster: Raster, path: Path) -> Stops:
    """The ramp that a written raster of measures is drawn with; of an amount by what its file holds."""
    if raster.kind != "amount":
        return RAMPS["cover" if raster.name.startswith("fvc") else raster.kind]
    with open_raster(path) as file:
        shrink = max(1.0, max(file.shape) / _LOOK_PX)
        shape = tuple(max(1, round(side / shrink)) for side in file.shape)
        values = file.read(1, out_shape=shape, resampling=Resampling.average, masked=True)
    return fit_stops(values.compressed())


def fit_stops(values: NDArray[np.floating]) -> Stops:
    """A ramp over percentiles of known values, at round figures: as many pixels to each colour.

    What lies below 0, a deficit, is brown. Two stops at least, also where all values are one or none is.
    """
    asked = np.percentile(values, _PERCENTILES) if values.size else np.zeros(1)
    rounded = {float(f"{value:.{_DIGITS}g}") + 0.0 for value in asked}
    found = _thin(sorted(rounded if len(rounded) > 1 else {0.0, rounded.pop() or 1.0}))
    below = [value for value in found if value < 0]
    above = [value for value in found if value >= 0]
    return (*_color(below, _DEFICIT), *_color(above, _SUPPLY))


def _thin(stops: list[float]) -> list[float]:
    """Stops that are apart, at most as many as there are colours; the first and the last stay."""
    least = _APART * (stops[-1] - stops[0])
    kept = stops[:1]
    for value in stops[1:-1]:
        if value - kept[-1] >= least and stops[-1] - value >= least:
            kept.append(value)
    places = np.linspace(0, len(kept), min(len(_SUPPLY), len(kept) + 1)).round().astype(int)
    return [[*kept, stops[-1]][place] for place in places]


def format_amount(value: float) -> str:
    """A stop of a ramp as people read it, with separators."""
    return f"{value:,.0f}" if abs(value) >= 10**_DIGITS else f"{value:g}"


def _color(values: list[float], colors: tuple[str, ...]) -> Stops:
    places = np.linspace(0, len(colors) - 1, len(values)).round().astype(int)
    return tuple((value, colors[place]) for value, place in zip(values, places, strict=True))
