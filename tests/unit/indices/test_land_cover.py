"""A first land cover by rules."""

import numpy as np
import pytest
import xarray as xr
from scipy.special import ndtr, ndtri

from pipeline.indices.land_cover import (
    BANDS,
    RULE_INDICES,
    classify,
    compute_confidence,
    compute_rule_indices,
)
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
    return classify(compute_rule_indices(bands), **{**RULES, **rules})


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
    found = classify(compute_rule_indices(bands), **RULES)
    assert set(np.unique(found)) <= {*(entry.code for entry in LAND_COVER.classes), NODATA_CLASS}
    unknown = np.any([np.isnan(values) for values in bands.values()], axis=0)
    assert (found.values[unknown] == NODATA_CLASS).all()


def sureness(pixels, noise=0.05):
    bands = {band: xr.DataArray([[pixel[band] for pixel in pixels]], dims=("y", "x")) for band in BANDS}
    return compute_confidence(compute_rule_indices(bands), **RULES, index_noise=noise)


def test_the_class_holds_under_noise_as_often_as_its_confidence_says():
    """Noise on the one index whose threshold lies near; the others are far from theirs."""
    near = {"blue": 0.18, "green": 0.19, "red": 0.20, "nir": 0.345, "swir16": 0.21}
    (sure,) = sureness([near]).values.ravel()
    ndvi = (0.345 - 0.20) / (0.345 + 0.20)
    noisy = ndvi + np.random.default_rng(3).normal(0, 0.05, 100_000)
    assert 0.5 < sure < 0.9
    assert sure == pytest.approx((noisy < 0.3).mean(), abs=0.005)


def test_a_pixel_on_a_threshold_is_as_likely_wrong_as_right_and_far_from_all_is_sure():
    edge = {"blue": 0.125, "green": 0.25, "red": 0.25, "nir": 0.25, "swir16": 0.875}
    bands = {band: xr.DataArray([[edge[band]]], dims=("y", "x")) for band in BANDS}
    found = compute_confidence(
        compute_rule_indices(bands), water_mndwi=0.1, vegetation_ndvi=0.3, bare_bsi=0.5, index_noise=0.05
    )
    assert found.item() == 0.5
    assert (sureness([SEEN["water"], SEEN["vegetation"]]).values > 0.99).all()


def test_confidence_is_unknown_where_the_class_is():
    lacking = [{**SEEN["water"], "nir": np.nan}, SEEN["water"]]
    assert np.isnan(sureness(lacking).values).tolist() == [[True, False]]


@pytest.mark.parametrize("key", SEEN)
def test_no_noise_smaller_than_the_distance_to_the_nearest_threshold_changes_a_class(key):
    """The distance behind the confidence is the least shift of one index that makes another class."""
    bands = {band: xr.DataArray([[value]], dims=("y", "x")) for band, value in SEEN[key].items()}
    distance = float(ndtri(compute_confidence(compute_rule_indices(bands), **RULES, index_noise=1.0).item()))
    names = ("water_mndwi", "vegetation_ndvi", "bare_bsi")
    moved = {
        share: {
            classes([SEEN[key]], **{name: RULES[name] + sign * share * distance}).item()
            for name in names
            for sign in (-1, 1)
        }
        for share in (0.999, 1.001)
    }
    assert moved[0.999] == {LAND_COVER.code(key)}
    assert len(moved[1.001]) == 2


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("order", ["C", "F"])
def test_class_and_confidence_of_every_pixel_are_those_of_the_rules_written_with_arrays(dtype, order):
    rng = np.random.default_rng(4)
    values = rng.choice([-0.5, 0.08, 0.1, 0.3, 0.9, np.nan, np.inf], (3, 50, 40)) + rng.normal(0, 0.05, 40)
    stack = np.array(values, dtype=dtype, order=order)
    lazy = xr.DataArray(stack, dims=("index", "y", "x")).chunk({"y": 20})
    for maps in (lazy.compute(), lazy):
        indices = dict(zip(RULE_INDICES, maps, strict=True))
        found = classify(indices, **RULES).values
        sure = compute_confidence(indices, **RULES, index_noise=0.02).values
        ndvi, mndwi, bsi = stack.astype(np.float64)
        wet, green, bare = RULES["water_mndwi"], RULES["vegetation_ndvi"], RULES["bare_bsi"]
        keys = np.select(
            [ndvi >= green, mndwi >= wet, bsi >= bare], ["vegetation", "water", "bare"], default="built"
        )
        known = np.isfinite(stack).all(axis=0)
        expected = np.where(known, np.vectorize(LAND_COVER.code)(keys), NODATA_CLASS)
        assert found.dtype == np.uint8
        assert np.array_equal(found, expected)
        away = np.where(mndwi >= wet, np.inf, abs(bsi - bare))
        away = np.where(ndvi >= green, np.inf, np.minimum(abs(mndwi - wet), away))
        expected = np.where(known, ndtr(np.minimum(abs(ndvi - green), away) / 0.02), np.nan)
        assert np.allclose(sure, expected, rtol=1e-6, equal_nan=True)
