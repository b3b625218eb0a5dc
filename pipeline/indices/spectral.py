"""Spectral indices by name, from the catalogue of spyndex (formula, bands and reference of each)."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import spyndex
import xarray as xr

from pipeline.errors import Problem, SettingsError

_LETTERS: Mapping[str, str] = MappingProxyType(
    {
        "A": "coastal",
        "B": "blue",
        "G": "green",
        "R": "red",
        "N": "nir",
        "N2": "nir08",
        "S1": "swir16",
        "S2": "swir22",
    }
)
_OTHER_NAMES: Mapping[str, str] = MappingProxyType({"bsi": "BI"})
"""Names that the field uses for an entry of the catalogue."""


@dataclass(frozen=True)
class SpectralIndex:
    """One index: the name used here, its entry in the catalogue, the bands it needs (STAC common names)."""

    name: str
    entry: str
    long_name: str
    formula: str
    reference: str
    bands: tuple[str, ...]


def find_index(name: str) -> SpectralIndex:
    """An index by its name, upper or lower case; SettingsError if unknown or beyond these sensors."""
    entry = _OTHER_NAMES.get(name.lower()) or _entry(name)
    record: Any = spyndex.indices.get(entry) if entry else None
    if entry is None or record is None:
        raise SettingsError(
            "Unknown index", [Problem("indices", repr(name), "a name of `ecoledger indices`")]
        )
    symbols = [symbol for symbol in record.bands if symbol not in spyndex.constants]
    foreign = sorted(set(symbols) - set(_LETTERS))
    if foreign:
        expected = f"an index of the bands {sorted(_LETTERS.values())}"
        raise SettingsError(
            "Index beyond the bands read", [Problem("indices", f"{name} needs {foreign}", expected)]
        )
    bands = tuple(_LETTERS[symbol] for symbol in symbols)
    return SpectralIndex(name.lower(), entry, record.long_name, record.formula, record.reference, bands)


def known_indices() -> list[SpectralIndex]:
    """Every index of the catalogue that can be named in a config."""
    found = []
    for entry in sorted(spyndex.indices):
        symbols = [symbol for symbol in spyndex.indices[entry].bands if symbol not in spyndex.constants]
        if set(symbols) <= set(_LETTERS):
            found.append(find_index(entry))
    return found


def compute_index(index: SpectralIndex, reflectance: Mapping[str, xr.DataArray]) -> xr.DataArray:
    """An index from reflectance by band, in the shape of the bands; NaN where not finite or a band is NaN.

    Lazy bands give a lazy index. Constants of the formula have the catalogue's defaults.
    """
    symbols = {symbol: reflectance[band] for symbol, band in _LETTERS.items() if band in index.bands}
    wanted = spyndex.indices[index.entry].bands
    constants = {
        symbol: spyndex.constants[symbol].default for symbol in wanted if symbol in spyndex.constants
    }
    with np.errstate(divide="ignore", invalid="ignore"):
        values: xr.DataArray = spyndex.computeIndex(index.entry, {**symbols, **constants})
    return values.where(np.isfinite(values)).rename(index.name)


def _entry(name: str) -> str | None:
    if name in spyndex.indices:
        return name
    same = [entry for entry in spyndex.indices if entry.lower() == name.lower()]
    return same[0] if len(same) == 1 else None
