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


DARK_WATER = [
    {"blue": 0.010, "green": 0.006, "red": -0.005, "nir": 0.010, "swir16": 0.002},
    {"blue": 0.012, "green": 0.010, "red": -0.010, "nir": 0.020, "swir16": -0.004},
    {"blue": -0.002, "green": -0.004, "red": -0.006, "nir": -0.002, "swir16": -0.003},
    {"blue": 0.010, "green": 0.004, "red": 0.001, "nir": 0.012, "swir16": 0.006},
    {"blue": 0.020, "green": 0.030, "red": 0.015, "nir": 0.010, "swir16": 0.001},
    dict.fromkeys(BANDS, 0.0),
]
"""NDVI of 3 and more, of 2, of -0.5 where both are below 0, of 0.85 from next to nothing, and none."""


@pytest.mark.parametrize("pixel", DARK_WATER)
def test_water_is_told_before_plants_where_light_is_near_or_below_nothing(pixel):
    assert classes([pixel]).item() == LAND_COVER.code("water")
    assert 0.5 < sureness([pixel]).item() <= 1


def test_water_whose_short_waves_are_below_nothing_is_water():
    clear = {"blue": 0.04, "green": 0.05, "red": 0.03, "nir": 0.02, "swir16": -0.003}
    assert classes([clear]).item() == LAND_COVER.code("water")


@pytest.mark.parametrize(
    "pixel",
    [
        {"blue": 0.03, "green": 0.06, "red": -0.02, "nir": 0.40, "swir16": 0.18},
        {"blue": 0.02, "green": 0.02, "red": 0.01, "nir": 0.02, "swir16": 0.20},
        {"blue": 0.02, "green": -0.05, "red": 0.20, "nir": 0.22, "swir16": 0.30},
        {"blue": -0.50, "green": 0.19, "red": 0.20, "nir": 0.22, "swir16": 0.21},
    ],
)
def test_what_is_no_reflectance_of_ground_or_water_has_no_class_and_no_confidence(pixel):
    assert classes([pixel]).item() == NODATA_CLASS
    assert np.isnan(sureness([pixel]).item())


@pytest.mark.parametrize("key", SEEN)
def test_ordinary_ground_keeps_its_class_and_its_confidence_whatever_dark_water_is(key):
    bands = {band: xr.DataArray([[value]], dims=("y", "x")) for band, value in SEEN[key].items()}
    indices = compute_rule_indices(bands)
    lit = {**indices, "red_nir": indices["red_nir"] * 0 + 9, "swir": indices["swir"] * 0 + 9}
    assert classify(lit, **RULES).item() == LAND_COVER.code(key)
    assert compute_confidence(lit, **RULES, index_noise=0.1).item() == sureness([SEEN[key]], noise=0.1).item()


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
    values = rng.choice([-0.5, 0.08, 0.1, 0.3, 0.9, np.nan], (3, 50, 40)) + rng.normal(0, 0.05, 40)
    light = rng.choice([-0.03, 0.01, 0.05, 0.4, 0.4, np.nan], (2, 50, 40)) + rng.uniform(0, 0.02, 40)
    stack = np.array(np.concatenate([values, light]), dtype=dtype, order=order)
    lazy = xr.DataArray(stack, dims=("index", "y", "x")).chunk({"y": 20})
    for maps in (lazy.compute(), lazy):
        indices = dict(zip([*RULE_INDICES, "red_nir", "swir"], maps, strict=True))
        found = classify(indices, **RULES).values
        sure = compute_confidence(indices, **RULES, index_noise=0.02).values
        ndvi, mndwi, bsi, red_nir, swir = stack.astype(np.float64)
        wet, green, bare = RULES["water_mndwi"], RULES["vegetation_ndvi"], RULES["bare_bsi"]
        ratios = np.isfinite(ndvi) & np.isfinite(mndwi)
        dim = np.minimum(np.where(np.isnan(ndvi), 1 - red_nir / 0.04, green - ndvi), 1 - swir / 0.04)
        seen = np.isfinite(red_nir + swir)
        rules = {
            "unseen": ~seen,
            "vegetation": ndvi >= green,
            "water": np.where(ratios, mndwi >= wet, dim > 0),
            "untold": ~ratios | np.isnan(bsi),
            "bare": bsi >= bare,
        }
        keys = np.select(list(rules.values()), list(rules), default="built")
        expected = np.full(keys.shape, NODATA_CLASS)
        for entry in LAND_COVER.classes:
            expected[keys == entry.key] = entry.code
        assert found.dtype == np.uint8
        assert np.array_equal(found, expected)
        assert set(keys.ravel()) == {*rules, "built"}
        from_wet = np.where(ratios, np.minimum(abs(ndvi - green), abs(mndwi - wet)), dim)
        land = np.minimum(from_wet, abs(bsi - bare))
        away = np.select([keys == "vegetation", keys == "water"], [ndvi - green, from_wet], land)
        expected = np.where(expected == NODATA_CLASS, np.nan, ndtr(away / 0.02))
        assert np.allclose(sure, expected, rtol=1e-6, equal_nan=True)
