"""Spectral indices by name, from the catalogue of spyndex (formula, bands and reference of each)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

import spyndex

from pipeline.errors import Problem, SettingsError
from pipeline.indices.domain import Condition, find_least, list_conditions

LETTERS: Mapping[str, str] = MappingProxyType(
    {
        "A": "coastal",
        "B": "blue",
        "G": "green",
        "R": "red",
        "RE1": "rededge071",
        "RE2": "rededge075",
        "RE3": "rededge078",
        "N": "nir",
        "N2": "nir08",
        "S1": "swir16",
        "S2": "swir22",
    }
)
"""Bands (STAC common names) by the symbols of formulas."""

_BEYOND: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("HH", "HV", "VH", "VV"), "radar backscatter"),
        **dict.fromkeys(("T", "T1"), "a thermal band, which is not read"),
        **dict.fromkeys(("G1", "Y"), "a band that neither Sentinel-2 nor Landsat has"),
        **dict.fromkeys(
            ("kGB", "kGG", "kGR", "kNB", "kNL", "kNN", "kNR"), "a kernel of two bands, not a band"
        ),
        **dict.fromkeys(
            ("lambdaG", "lambdaN", "lambdaN2", "lambdaR", "lambdaS1", "lambdaS2"),
            "a wavelength, which differs between the sensors behind a composite",
        ),
        "PAR": "radiation at the ground, not a band",
    }
)
"""What formulas of the catalogue need and is not here, and what it is."""

_OTHER_NAMES: Mapping[str, str] = MappingProxyType({"bsi": "BI"})
"""Names that the field uses for an entry of the catalogue."""


@dataclass(frozen=True)
class SpectralIndex:
    """One index: the name used here, its entry in the catalogue, the bands it needs (STAC common names).

    It is unknown where one of the conditions of its `domain` does not hold.
    """

    name: str
    entry: str
    long_name: str
    formula: str
    reference: str
    bands: tuple[str, ...]
    domain: tuple[Condition, ...]

    @property
    def domain_words(self) -> str:
        """Where it is known; empty where that is everywhere."""
        return ", ".join(condition.words for condition in self.domain)


@cache
def find_index(name: str) -> SpectralIndex:
    """An index by its name, upper or lower case; SettingsError if unknown or beyond these sensors.

    Its own name is in lower case, but for the few entries that differ from another in case alone.
    """
    entry = _find_entry(name)
    record: Any = spyndex.indices[entry]
    if _find_foreign(entry):
        expected = f"an index of the bands {sorted(LETTERS.values())} and of constants that have a default"
        raise SettingsError(
            "Index beyond the bands read",
            [Problem("indices", f"{name} needs {_explain_foreign(entry)}", expected)],
        )
    bands = tuple(LETTERS[symbol] for symbol in record.bands if symbol in LETTERS)
    own = name.lower() if len(_find_same(name)) <= 1 else entry
    domain = list_conditions(record.formula, find_constants(entry), find_least(entry))
    return SpectralIndex(own, entry, record.long_name, record.formula, record.reference, bands, domain)


def list_indices(names: Sequence[str]) -> tuple[str, ...]:
    """The indices that names ask for, under their own names: NDVI always, then each once."""
    return tuple(dict.fromkeys(["ndvi", *(find_index(name).name for name in names)]))


def list_known_indices() -> list[SpectralIndex]:
    """Every index of the catalogue that can be named in a config."""
    return [find_index(entry) for entry in sorted(spyndex.indices) if not _find_foreign(entry)]


def list_foreign_indices() -> dict[str, str]:
    """Every other entry of the catalogue, and what it needs that these sensors' bands do not give."""
    return {entry: _explain_foreign(entry) for entry in sorted(spyndex.indices) if _find_foreign(entry)}


@cache
def find_constants(entry: str) -> dict[str, float]:
    """Constants of the formula of an entry, by their symbols."""
    constants = spyndex.constants
    wanted = [symbol for symbol in spyndex.indices[entry].bands if symbol in constants]
    return {symbol: float(constants[symbol].default) for symbol in wanted}


def _find_entry(name: str) -> str:
    """The entry of the catalogue that a name means."""
    if name in spyndex.indices:
        return name
    same = [_OTHER_NAMES[name.lower()]] if name.lower() in _OTHER_NAMES else _find_same(name)
    if len(same) != 1:
        expected = f"one of {same}" if same else "a name of `ecoledger indices`"
        raise SettingsError("Unknown index", [Problem("indices", repr(name), expected)])
    return same[0]


def _find_same(name: str) -> list[str]:
    """Entries that a name means if case does not count."""
    return sorted(entry for entry in spyndex.indices if entry.lower() == name.lower())


def _find_foreign(entry: str) -> list[str]:
    """What a formula needs and is not here: bands, and constants that the catalogue leaves open."""
    constants = spyndex.constants
    given = {symbol for symbol in constants if constants[symbol].default is not None}
    return sorted(set(spyndex.indices[entry].bands) - set(LETTERS) - given)


def _explain_foreign(entry: str) -> str:
    return "; ".join(f"{symbol}: {_BEYOND[symbol]}" for symbol in _find_foreign(entry))
