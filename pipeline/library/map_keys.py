"""What a map of a delivery shows: its classes or its ramp, its name, its pixels as a screen has them."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import xarray as xr

from pipeline.errors import InputError, Problem
from pipeline.outputs.ramps import RAMPS, Stops, fit_stops

Language = Literal["zh", "en"]

MOST_PX = 2000
"""Pixels along the longer side that a screen shows."""


@dataclass(frozen=True)
class MapClass:
    """A class of a map: its code, colour and name."""

    code: int
    color: str
    name: str


def list_map_classes(layer: xr.DataArray, language: Language) -> list[MapClass]:
    """The classes that a map says it has; none where it holds measures."""
    attrs = layer.attrs
    if "flag_values" not in attrs:
        return []
    names = str(attrs.get("flag_meanings_zh" if language == "zh" else "flag_meanings", "")).split()
    codes = [int(code) for code in np.atleast_1d(attrs["flag_values"])]
    colors = str(attrs.get("flag_colors", "")).split() or ["#888888"] * len(codes)
    words = [name.replace("_", " ") for name in names] or [str(code) for code in codes]
    return [MapClass(*entry) for entry in zip(codes, colors, words, strict=True)]


def name_map(layer: xr.DataArray, language: Language) -> str:
    """What a map shows and of when, from its own attributes and coordinates."""
    key = "long_name_zh" if language == "zh" else "long_name"
    name = str(layer.attrs.get(key, layer.attrs.get("long_name", layer.name or "")))
    times = [str(layer[dim].values) for dim in ("period", "pair", "day", "time") if dim in layer.coords]
    return f"{times[0]} {name}" if times else name


def check_map(layer: xr.DataArray) -> xr.DataArray:
    """The map, if it has two dimensions; else InputError."""
    if layer.dims != ("y", "x"):
        sizes = ", ".join(f"{dim}: {size}" for dim, size in layer.sizes.items())
        todo = "Choose one, such as .sel(period='2024')"
        raise InputError("No map of two dimensions", [Problem(str(layer.name), sizes, "(y, x)", todo)])
    return layer


def thin_map(layer: xr.DataArray) -> xr.DataArray:
    """Every so many pixels of a map, as a screen shows no more; computed."""
    step = max(1, -(-max(layer.shape) // MOST_PX))
    return layer[::step, ::step].compute()


def choose_stops(layer: xr.DataArray) -> Stops:
    """The ramp of the house for a measure: by its name, else by what it holds."""
    name, unit = str(layer.name or ""), str(layer.attrs.get("units", ""))
    if name.startswith("fvc"):
        return RAMPS["cover"]
    if name.startswith("looks"):
        return RAMPS["count"]
    if name == "ndvi":
        return RAMPS["ratio"]
    values = layer.values[np.isfinite(layer.values)]
    if unit == "1" and values.size and values.min() >= -1 and values.max() <= 1 and values.min() < 0:
        return RAMPS["index"]
    return fit_stops(values)
