"""Every index of the catalogue by its name; numbers that are no reflectance are refused."""

import numpy as np
import pytest
import spyndex
import xarray as xr

import pipeline
from pipeline.errors import InputError, SettingsError
from pipeline.indices.spectral import LETTERS, find_constants, list_known_indices
from pipeline.library.spectral import list_lacking_bands

RNG = np.random.default_rng(20)
BANDS = xr.Dataset({band: (("y", "x"), RNG.uniform(0.02, 0.6, (5, 7))) for band in LETTERS.values()})
SYMBOLS = {symbol: BANDS[band].values for symbol, band in LETTERS.items()}


@pytest.mark.parametrize("index", list_known_indices(), ids=lambda index: index.name)
def test_every_index_of_the_catalogue_is_what_spyndex_computes_where_it_is_known(index):
    found = pipeline.compute_index(index.name, BANDS)
    asked = {symbol: SYMBOLS[symbol] for symbol in spyndex.indices[index.entry].bands if symbol in SYMBOLS}
    with np.errstate(all="ignore"):
        expected = spyndex.computeIndex(index.entry, params={**asked, **find_constants(index.entry)})
    known = np.isfinite(found.values)
    np.testing.assert_allclose(found.values[known], np.broadcast_to(expected, (5, 7))[known], rtol=1e-9)
    assert known.any() or index.domain
    assert found.attrs["formula"] == index.formula
    assert found.attrs["references"]


def test_lazy_bands_give_a_lazy_index_of_the_same_values():
    lazy = pipeline.compute_index("EVI", BANDS.chunk(x=3))
    assert lazy.chunks is not None
    np.testing.assert_array_equal(lazy.compute(), pipeline.compute_index("evi", BANDS))


def test_a_band_that_is_missing_is_named():
    with pytest.raises(SettingsError, match="also swir16"):
        pipeline.compute_index("ndmi", BANDS[["red", "nir"]])
    assert list_lacking_bands(["ndmi", "ndvi"], ["red", "nir"]) == ["swir16"]


@pytest.mark.parametrize("factor", [1e4, 100.0])
def test_numbers_of_a_file_are_no_reflectance(factor):
    with pytest.raises(InputError, match="a median of"):
        pipeline.compute_index("ndvi", BANDS * factor)


def test_whole_numbers_are_refused_without_being_read():
    packed = (BANDS * 1e4).astype("int16").chunk(x=2)
    with pytest.raises(InputError, match="whole numbers"):
        pipeline.compute_index("ndvi", packed)
