"""No reflectance near or below 0 is vegetation, and all kernels agree on where an index is known."""

import numpy as np
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from pipeline.contracts import REFLECTANCE_NODATA, REFLECTANCE_SCALE
from pipeline.indices.alerts import compute_ndvi_stack
from pipeline.indices.composite import choose_greenest_look
from pipeline.indices.dark_water import LEAST_STEPS
from pipeline.indices.formulas import apply_formula
from pipeline.indices.land_cover import (
    BANDS,
    RULE_INDICES,
    classify,
    compute_confidence,
    compute_rule_indices,
)
from pipeline.indices.spectral import find_index
from pipeline.indices.water import count_wet_looks
from pipeline.legends import LAND_COVER, NODATA_CLASS
from pipeline.maps.encoding import as_ratio, unpack_reflectance

RULES = {"water_mndwi": 0.1003, "vegetation_ndvi": 0.3003}
"""Between the ratios of small whole numbers, so that rounding decides nothing."""
VALUES = st.one_of(
    st.sampled_from([REFLECTANCE_NODATA, -1, 0, 1, 199, 200, 399, 400]),
    st.integers(-300, 500),
    st.integers(-2000, 16000),
)
PIXELS = st_numpy.arrays(np.int16, (len(BANDS), 1, 24), elements=VALUES)


@settings(max_examples=150, deadline=None)
@given(PIXELS)
def test_what_is_dark_or_below_nothing_is_never_vegetation_and_has_no_ndvi(pixels):
    stored = dict(zip(BANDS, pixels, strict=True))
    red, nir = stored["red"].astype(int), stored["nir"].astype(int)
    known = (np.minimum(red, nir) >= 0) & (red + nir >= LEAST_STEPS)
    bands = unpack_reflectance(stored)
    indices = compute_rule_indices(bands)
    classes = classify(indices, bare_bsi=0.08, **RULES).values
    sure = compute_confidence(indices, bare_bsi=0.08, index_noise=0.05, **RULES).values
    assert known[classes == LAND_COVER.code("vegetation")].all()
    assert np.array_equal(np.isfinite(indices["ndvi"]), known)
    assert (classes[(pixels == REFLECTANCE_NODATA).any(axis=0)] == NODATA_CLASS).all()
    assert np.array_equal(np.isnan(sure), classes == NODATA_CLASS)
    assert (sure[classes != NODATA_CLASS] >= 0.5).all()
    seen = (pixels != REFLECTANCE_NODATA).all(axis=0)
    dark = seen & (red + nir < LEAST_STEPS) & (stored["swir16"] < LEAST_STEPS)
    assert (classes[dark] == LAND_COVER.code("water")).all()


@settings(max_examples=150, deadline=None)
@given(PIXELS)
def test_the_indices_that_the_rules_judge_by_are_to_the_bit_those_of_their_formulas(pixels):
    bands = unpack_reflectance(dict(zip(BANDS, pixels, strict=True)))
    found = compute_rule_indices(bands)
    for name in RULE_INDICES:
        assert np.array_equal(found[name], apply_formula(find_index(name), bands), equal_nan=True)
    nothing = 0 * sum(bands[band] for band in BANDS)
    assert np.array_equal(found["red_nir"], bands["red"] + bands["nir"] + nothing, equal_nan=True)
    assert np.array_equal(found["swir"], bands["swir16"] + nothing, equal_nan=True)


@settings(max_examples=100, deadline=None)
@given(PIXELS)
def test_ndvi_of_looks_of_composites_and_of_the_greenest_look_is_one(pixels):
    stored = dict(zip(BANDS, pixels, strict=True))
    ndvi = compute_ndvi_stack(stored["nir"], stored["red"])
    index = apply_formula(find_index("ndvi"), unpack_reflectance(stored))
    assert np.array_equal(ndvi, as_ratio(index.values))
    looks = np.stack([stored["red"], stored["nir"]])[:, 0, :, None, None]
    chosen = choose_greenest_look(looks, ("red", "nir")).item()
    flat = ndvi.ravel()
    if (flat != REFLECTANCE_NODATA).any():
        assert flat[chosen] == flat.max()


@settings(max_examples=100, deadline=None)
@given(PIXELS)
def test_a_look_is_wet_where_its_land_cover_is_water_down_to_the_darkest(pixels):
    seen = pixels[:, :, (pixels != REFLECTANCE_NODATA).all(axis=(0, 1))]
    stored = dict(zip(BANDS, seen, strict=True))
    wet, judged = count_wet_looks({band: values[None] for band, values in stored.items()}, **RULES)
    bands = {band: xr.DataArray(values * REFLECTANCE_SCALE) for band, values in stored.items()}
    classes = classify(compute_rule_indices(bands), bare_bsi=0.08, **RULES).values
    assert np.array_equal(wet == 1, classes == LAND_COVER.code("water"))
    assert (judged >= (classes != NODATA_CLASS)).all()
