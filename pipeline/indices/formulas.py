"""Spectral indices computed from reflectance, by their formulas in the catalogue."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numexpr
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pipeline.compiled import numba
from pipeline.indices.spectral import LETTERS, SpectralIndex, find_constants

numexpr.set_num_threads(1)  # blocks are worked on side by side already
_UNKNOWN = "unknown"


def apply_formula(index: SpectralIndex, reflectance: Mapping[str, xr.DataArray]) -> xr.DataArray:
    """An index from reflectance by band, in the shape of the bands.

    It is NaN outside its domain (`pipeline.indices.domain`), where it is not finite, and where a band is NaN.
    Lazy bands give a lazy index. Constants of the formula have the catalogue's defaults.
    """
    symbols = [symbol for symbol, band in LETTERS.items() if band in index.bands]
    values: xr.DataArray = xr.apply_ufunc(
        partial(_evaluate, _guard(index), symbols, find_constants(index.entry)),
        *(reflectance[LETTERS[symbol]] for symbol in symbols),
        dask="parallelized",
        output_dtypes=[np.float64],
    )
    return values.rename(index.name)


def _guard(index: SpectralIndex) -> str:
    """The formula of an index, unknown where a condition of its domain does not hold."""
    if not index.domain:
        return index.formula
    holds = " & ".join(f"({condition.expression})" for condition in index.domain)
    return f"where({holds}, {index.formula}, {_UNKNOWN})"


def _evaluate(
    formula: str, symbols: Sequence[str], constants: Mapping[str, float], *bands: NDArray[np.floating[Any]]
) -> NDArray[np.float64]:
    given = dict(zip(symbols, bands, strict=True))
    values: NDArray[np.float64] = numexpr.evaluate(
        formula, {**given, **constants, _UNKNOWN: np.nan}, global_dict={}
    )
    _forget_infinite(values.ravel(order="K"))
    return values


@numba.njit(nogil=True, cache=True)
def _forget_infinite(values: NDArray[np.floating[Any]]) -> None:
    """NaN where a value is not finite."""
    for place in range(len(values)):
        if not np.isfinite(values[place]):
            values[place] = np.nan
