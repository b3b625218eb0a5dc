"""Any spectral index of the catalogue, from bands as analysts hold them."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import xarray as xr

from pipeline.errors import InputError, Problem, SettingsError
from pipeline.indices.formulas import apply_formula
from pipeline.indices.spectral import SpectralIndex, find_index

_MOST = 2.0
"""Reflectance whose median is above is none: glint and snow are brighter, but rarely everywhere."""


def compute_index(name: str, data: xr.Dataset | Mapping[str, xr.DataArray]) -> xr.DataArray:
    """A spectral index of bands of surface reflectance (1, not numbers of a file), in the shape of the bands.

    `name` is one of `ecoledger indices`, in upper or lower case; bands have STAC common names, as those of
    `load_scenes` and `open_composite` do. Constants of the formula have the catalogue's defaults. NaN where a
    band is NaN, outside the domain of the formula, and where it is not finite. Lazy bands give a lazy index.
    Its attributes name formula and source, and whether bands are simulated.

    SettingsError for a name that is none or a band that is missing; InputError for numbers that are no
    reflectance: whole ones, still packed, or those that another scale would make larger than 2.

    Examples
    --------
    >>> bands = xarray.Dataset({"nir": ("x", [0.4, numpy.nan]), "red": ("x", [0.1, 0.1])})
    >>> pipeline.compute_index("ndvi", bands).values
    array([0.6, nan])
    """
    index = find_index(name)
    bands = {band: data[band] for band in index.bands if band in data}
    _refuse_lacking(index, bands, map(str, data))
    _check_reflectance(index, bands)
    values = apply_formula(index, bands)
    labels = [str(band.attrs["simulated"]) for band in bands.values() if band.attrs.get("simulated")]
    return values.assign_attrs({**_describe(index), **({"simulated": labels[0]} if labels else {})})


def list_lacking_bands(names: Iterable[str], bands: Iterable[str]) -> list[str]:
    """Bands that some indices need and that are not among those given."""
    known = set(bands)
    needed = dict.fromkeys(band for name in names for band in find_index(name).bands)
    return [band for band in needed if band not in known]


def _describe(index: SpectralIndex) -> dict[str, Any]:
    return {
        "long_name": index.long_name,
        "units": "1",
        "formula": index.formula,
        "bands": ", ".join(index.bands),
        "valid_where": index.domain_words,
        "references": index.reference,
    }


def _refuse_lacking(index: SpectralIndex, bands: Mapping[str, xr.DataArray], given: Iterable[str]) -> None:
    lacking = [band for band in index.bands if band not in bands]
    if lacking:
        problem = Problem(index.name, f"bands {sorted(given)}", f"also {', '.join(lacking)}")
        raise SettingsError("A band of the index is missing", [problem])


def _check_reflectance(index: SpectralIndex, bands: Mapping[str, xr.DataArray]) -> None:
    """InputError for numbers that are no reflectance; lazy ones are judged by their type alone."""
    todo = "Apply scale and offset of the item, as load_scenes does"
    problems = [
        Problem(f"{index.name}, {band}", found, "surface reflectance, about 0 to 1", todo)
        for band, values in bands.items()
        if (found := _find_flaw(values))
    ]
    if problems:
        raise InputError("Numbers that are no reflectance", problems)


def _find_flaw(values: xr.DataArray) -> str:
    if not np.issubdtype(values.dtype, np.floating):
        return f"whole numbers ({values.dtype})"
    if values.chunks is None and values.size and (middle := float(values.median(skipna=True))) > _MOST:
        return f"a median of {middle:g}"
    return ""
