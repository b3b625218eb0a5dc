"""A first land cover by rules."""

import numpy as np
import pytest
import xarray as xr

from pipeline.indices.land_cover import BANDS, classify
from pipeline.legends import LAND_COVER, NODATA_CLASS

RULES = {"water_mndwi": 0.1, "vegetation_ndvi": 0.3, "bare_bsi": 0.08}
SEEN = {
    "water": {"blue": 0.06, "green": 0.08, "red": 0.05, "nir": 0.03, "swir16": 0.02},
    "vegetation": {"blue": 0.03, "green": 0.06, "red": 0.04, "nir": 0.40, "swir16": 0.18},
    "bare": {"blue": 0.08, "green": 0.12, "red": 0.18, "nir": 0.24, "swir16": 0.34},
    "built": {"blue": 0.18, "green": 0.19, "red": 0.20, "nir": 0.22, "swir16": 0.21},
}


def classes(pixels, **rules):
    bands = {band: xr.DataArray([[pixel[band] for pixel in pixels]], dims=("y", "x")) for band in BANDS}
    return classify(bands, **{**RULES, **rules})


@pytest.mark.parametrize("key", SEEN)
def test_what_looks_like_a_class_is_that_class(key):
    (code,) = classes([SEEN[key]]).values.ravel()
    assert code == LAND_COVER.code(key)


def test_flooded_plants_are_vegetation_since_water_needs_a_low_ndvi():
    flooded = {**SEEN["vegetation"], "green": 0.30, "swir16": 0.10}
    assert classes([flooded]).item() == LAND_COVER.code("vegetation")


def test_a_value_on_a_threshold_belongs_to_the_class():
    ndvi_edge = {"blue": 0.1, "green": 0.1, "red": 0.25, "nir": 0.75, "swir16": 0.5}
    assert classes([ndvi_edge], vegetation_ndvi=0.5).item() == LAND_COVER.code("vegetation")
    mndwi_edge = {"blue": 0.5, "green": 0.75, "red": 0.5, "nir": 0.5, "swir16": 0.25}
    assert classes([mndwi_edge], water_mndwi=0.5).item() == LAND_COVER.code("water")
    bsi_edge = {"blue": 0.125, "green": 0.25, "red": 0.25, "nir": 0.25, "swir16": 0.875}
    assert classes([bsi_edge], bare_bsi=0.5).item() == LAND_COVER.code("bare")


@pytest.mark.parametrize("band", BANDS)
def test_a_pixel_that_lacks_any_band_is_unknown(band):
    found = classes([{**SEEN["water"], band: np.nan}, SEEN["water"]])
    assert found.values.tolist() == [[NODATA_CLASS, LAND_COVER.code("water")]]
    assert found.dtype == np.uint8


def test_a_pixel_whose_index_divides_by_zero_is_unknown():
    zero = dict.fromkeys(BANDS, 0.0)
    assert classes([zero]).item() == NODATA_CLASS


def test_every_pixel_has_a_class_of_the_legend_or_is_unknown():
    rng = np.random.default_rng(8)
    bands = {
        band: xr.DataArray(
            np.where(rng.random((40, 50)) < 0.1, np.nan, rng.uniform(-0.1, 1, (40, 50))), dims=("y", "x")
        )
        for band in BANDS
    }
    found = classify(bands, **RULES)
    assert set(np.unique(found)) <= {*(entry.code for entry in LAND_COVER.classes), NODATA_CLASS}
    unknown = np.any([np.isnan(values) for values in bands.values()], axis=0)
    assert (found.values[unknown] == NODATA_CLASS).all()
