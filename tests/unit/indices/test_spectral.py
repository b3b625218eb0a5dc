"""Spectral indices by name."""

import dask.array
import numpy as np
import pytest
import xarray as xr

from pipeline.errors import SettingsError
from pipeline.indices.formulas import apply_formula
from pipeline.indices.spectral import find_index, list_known_indices

BANDS = (
    "coastal",
    "blue",
    "green",
    "red",
    "rededge071",
    "rededge075",
    "rededge078",
    "nir",
    "nir08",
    "swir16",
    "swir22",
)


def planted(*, lazy=False):
    rng = np.random.default_rng(9)
    bands = {}
    for band in BANDS:
        values = rng.uniform(0.001, 0.6, (7, 12))
        bands[band] = xr.DataArray(
            dask.array.from_array(values, chunks=(3, 4)) if lazy else values, dims=("y", "x")
        )
    return bands


def index_by(name, formula):
    bands = planted()
    found, expected = apply_formula(find_index(name), bands), formula(**bands)
    known = np.isfinite(found)
    np.testing.assert_allclose(found.values[known], expected.values[known], rtol=1e-9)
    assert known.mean() > 0.7


def test_the_five_of_the_config_are_their_formulas():
    index_by("ndvi", lambda nir, red, **_: (nir - red) / (nir + red))
    index_by("evi2", lambda nir, red, **_: 2.5 * (nir - red) / (nir + 2.4 * red + 1))
    index_by("evi", lambda nir, red, blue, **_: 2.5 * (nir - red) / (nir + 6 * red - 7.5 * blue + 1))
    index_by("mndwi", lambda green, swir16, **_: (green - swir16) / (green + swir16))
    index_by("ndbi", lambda swir16, nir, **_: (swir16 - nir) / (swir16 + nir))
    index_by(
        "bsi",
        lambda swir16, red, nir, blue, **_: ((swir16 + red) - (nir + blue)) / ((swir16 + red) + (nir + blue)),
    )


@pytest.mark.parametrize("name", ["NDVI", "ndvi", "nDvI"])
def test_case_does_not_matter_where_it_does_not_tell_two_apart(name):
    assert find_index(name).entry == "NDVI"


def test_two_entries_that_differ_in_case_alone_are_both_reached_and_have_names_of_their_own():
    assert find_index("BAI").entry == "BAI"
    assert find_index("BaI").entry == "BaI"
    assert find_index("BAI").name != find_index("BaI").name
    with pytest.raises(SettingsError, match="BAI"):
        find_index("bai")


def test_every_known_index_is_found_again_by_its_name_and_names_are_unique():
    found = list_known_indices()
    assert len({index.name for index in found}) == len(found) > 100
    for index in found:
        assert find_index(index.name) == index
        assert set(index.bands) <= set(BANDS)
        assert index.formula
        assert index.long_name


@pytest.mark.parametrize("name", ["nope", "", "ndvi2", " ndvi", "NDVI;rm"])
def test_an_unknown_name_is_a_mistake_of_the_config(name):
    with pytest.raises(SettingsError, match="Unknown index"):
        find_index(name)


@pytest.mark.parametrize("name", ["NDISIb", "DpRVIHH", "kNDVI", "FAI", "NIRvP"])
def test_an_index_of_bands_that_are_not_read_is_refused_with_the_bands(name):
    with pytest.raises(SettingsError, match="bands read"):
        find_index(name)


def test_nan_in_any_band_is_nan_and_division_by_zero_is_too():
    bands = planted()
    for number, band in enumerate(BANDS):
        bands[band][0, number] = np.nan
    bands["red"][2, 2], bands["nir"][2, 2] = 0.1, -0.1
    ndvi = apply_formula(find_index("ndvi"), bands)
    missing = {BANDS.index("red"), BANDS.index("nir")}
    assert {int(col) for col in np.flatnonzero(np.isnan(ndvi[0]))} == missing
    assert np.isnan(ndvi[2, 2])
    assert ndvi.name == "ndvi"
    assert ndvi.dims == ("y", "x")


def test_the_bands_are_left_as_they_were():
    bands = planted()
    before = {band: values.copy() for band, values in bands.items()}
    apply_formula(find_index("evi"), bands)
    assert all(before[band].identical(bands[band]) for band in BANDS)


@pytest.mark.parametrize("order", ["C", "F"])
def test_what_is_divided_by_nothing_is_unknown_in_any_layout(order):
    zero = np.zeros((4, 5), order=order)
    nir = np.array(np.arange(20.0).reshape(4, 5), order=order)
    bands = {"nir": xr.DataArray(nir, dims=("y", "x")), "red": xr.DataArray(zero, dims=("y", "x"))}
    found = apply_formula(find_index("sr"), bands).values
    assert np.isnan(found).all()
    assert (nir == np.arange(20.0).reshape(4, 5)).all()
