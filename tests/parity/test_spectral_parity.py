"""Every index against spyndex itself, eager and lazy."""

import dask
import dask.array
import numpy as np
import pytest
import spyndex
import xarray as xr

from pipeline.indices.formulas import apply_formula
from pipeline.indices.spectral import list_foreign_indices, list_known_indices

LETTERS = {
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


def refuse(*_args, **_kwargs):
    raise AssertionError("computed too early")


@pytest.fixture(scope="module")
def reflectance():
    rng = np.random.default_rng(2)
    return {letter: rng.uniform(-0.05, 0.7, (6, 8)) for letter in LETTERS}


def test_every_entry_of_the_catalogue_is_computed_or_listed_with_the_reason():
    known = {index.entry for index in list_known_indices()}
    beyond = list_foreign_indices()
    print(f"{len(known)} of {len(spyndex.indices)} entries computed, {len(beyond)} beyond these sensors")
    assert known | set(beyond) == set(spyndex.indices)
    assert not known & set(beyond)
    given = set(LETTERS) | {name for name in spyndex.constants if spyndex.constants[name].default is not None}
    for entry, reason in beyond.items():
        missing = sorted(set(spyndex.indices[entry].bands) - given)
        assert missing
        assert [part.split(": ")[0] for part in reason.split("; ")] == missing


def test_nothing_that_sentinel_2_or_landsat_measure_by_reflection_is_beyond():
    optical = {
        name
        for name, band in spyndex.bands.items()
        if (hasattr(band, "sentinel2a") or hasattr(band, "landsat8")) and band.min_wavelength < 3000
    }
    assert optical - {"WV"} == set(LETTERS)


@pytest.mark.parametrize("index", list_known_indices(), ids=lambda index: index.entry)
def test_an_index_is_that_of_spyndex_lazy_or_eager(index, reflectance):
    constants = {
        name: spyndex.constants[name].default
        for name in spyndex.indices[index.entry].bands
        if name in spyndex.constants
    }
    with np.errstate(all="ignore"):
        theirs = np.broadcast_to(spyndex.computeIndex(index.entry, {**reflectance, **constants}), (6, 8))
        bands = {LETTERS[k]: xr.DataArray(v, dims=("y", "x")) for k, v in reflectance.items()}
        eager = apply_formula(index, bands)
        ours = np.isfinite(eager.values)
        np.testing.assert_allclose(eager.values[ours], theirs[ours], rtol=1e-6)
        tests = [eval(one.expression, {**reflectance, **constants, "abs": np.abs}) for one in index.domain]
        inside = np.all([np.isfinite(theirs), *tests], axis=0)
        assert np.array_equal(ours, inside)
        chunked = {
            LETTERS[k]: xr.DataArray(dask.array.from_array(v, chunks=(3, 8)), dims=("y", "x"))
            for k, v in reflectance.items()
        }
        with dask.config.set(scheduler=refuse):
            lazy = apply_formula(index, chunked)
        assert isinstance(lazy.data, dask.array.Array)
        np.testing.assert_allclose(lazy.compute(scheduler="sync"), eager, rtol=1e-12)
        for number, band in enumerate(index.bands):
            holed = {**bands, band: bands[band].copy()}
            holed[band][number % 6, 3] = np.nan
            assert np.isnan(apply_formula(index, holed)[number % 6, 3])
