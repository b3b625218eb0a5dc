"""Every index against spyndex itself, eager and lazy."""

import dask
import dask.array
import numpy as np
import pytest
import spyndex
import xarray as xr

from pipeline.indices.spectral import compute_index, known_indices

LETTERS = {
    "A": "coastal",
    "B": "blue",
    "G": "green",
    "R": "red",
    "N": "nir",
    "N2": "nir08",
    "S1": "swir16",
    "S2": "swir22",
}


def refuse(*_args, **_kwargs):
    raise AssertionError("computed too early")


@pytest.fixture(scope="module")
def reflectance():
    rng = np.random.default_rng(2)
    return {letter: rng.uniform(-0.05, 0.7, (6, 8)) for letter in LETTERS}


@pytest.mark.parametrize("index", known_indices(), ids=lambda index: index.entry)
def test_an_index_is_that_of_spyndex_lazy_or_eager(index, reflectance):
    constants = {
        name: spyndex.constants[name].default
        for name in spyndex.indices[index.entry].bands
        if name in spyndex.constants
    }
    with np.errstate(all="ignore"):
        theirs = np.broadcast_to(spyndex.computeIndex(index.entry, {**reflectance, **constants}), (6, 8))
        eager = compute_index(
            index, {LETTERS[k]: xr.DataArray(v, dims=("y", "x")) for k, v in reflectance.items()}
        )
        finite = np.isfinite(theirs)
        np.testing.assert_allclose(eager.values[finite], theirs[finite], rtol=1e-6)
        assert np.isnan(eager.values[~finite]).all()
        chunked = {
            LETTERS[k]: xr.DataArray(dask.array.from_array(v, chunks=(3, 8)), dims=("y", "x"))
            for k, v in reflectance.items()
        }
        with dask.config.set(scheduler=refuse):
            lazy = compute_index(index, chunked)
        assert isinstance(lazy.data, dask.array.Array)
        np.testing.assert_allclose(lazy.compute(scheduler="sync"), eager, rtol=1e-12)
