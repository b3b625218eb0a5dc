"""The ecological index: its components, the axis beside scikit-learn's, and the rule of its sign."""

import numpy as np
import pytest
import spyndex
from sklearn.decomposition import PCA

from pipeline import standards
from pipeline.indices.rsei import (
    BANDS,
    COMPONENTS,
    STEPS,
    compute_components,
    compute_moments,
    count_steps,
    find_axis,
    find_range,
    pool_moments,
    score_pixels,
)

OLI = (
    standards.table("tasselled_cap")
    .query("instrument == 'OLI' and use == 'usual'")
    .set_index("band")["wetness"]
    .astype(float)
)


def planted(*, signs=(1, 1, -1, -1), edge=80, seed=3):
    """Components that follow one gradient, each with its own size, offset and noise, and the gradient."""
    rng = np.random.default_rng(seed)
    quality = rng.beta(2, 3, (edge, edge))
    sizes, offsets = np.array([0.7, 0.3, 0.5, 18.0]), np.array([0.1, -0.25, -0.2, 34.0])
    noise = rng.normal(0, 0.05, (4, edge, edge))
    values = np.array(signs)[:, None, None] * quality + noise
    return values * sizes[:, None, None] + offsets[:, None, None], quality


def everywhere(values):
    return np.ones(values.shape[1:], dtype=bool)


def test_dryness_is_the_mean_of_the_catalogues_soil_and_built_up_indices_and_wetness_the_tasselled_cap():
    rng = np.random.default_rng(1)
    bands = {band: rng.uniform(0.02, 0.5, (5, 6)) for band in BANDS}
    letters = dict(zip(("B", "G", "N", "R", "S1", "S2"), (bands[band] for band in BANDS), strict=True))
    greenness, wetness, dryness, heat = compute_components(bands, np.full((5, 6), 21.5), OLI)
    soil, built, green, open_water = (
        spyndex.computeIndex(name, letters) for name in ("BI", "NDBI", "NDVI", "MNDWI")
    )
    others = (green + open_water) / 2
    built_up = (built - others) / (2 + built + others)
    np.testing.assert_allclose(greenness, green, rtol=1e-9)
    np.testing.assert_allclose(dryness, (soil + built_up) / 2, rtol=1e-6)
    np.testing.assert_allclose(wetness, sum(OLI[band] * bands[band] for band in BANDS), rtol=1e-12)
    assert (heat == 21.5).all()


def test_a_pixel_that_lacks_one_band_has_no_component():
    bands = {band: np.full((1, 7), 0.2) + 0.01 * number for number, band in enumerate(BANDS)}
    for number, band in enumerate(BANDS):
        bands[band][0, number] = np.nan
    assert np.isnan(compute_components(bands, np.full((1, 7), 20.0), OLI)[:, 0, :6]).all()
    assert np.isfinite(compute_components(bands, np.full((1, 7), 20.0), OLI)[:, 0, 6]).all()


@pytest.mark.parametrize(
    "dark",
    [
        {"red": -0.005, "nir": 0.01},
        {"red": 0.001, "nir": 0.03},
        {"red": -0.02, "nir": 0.4},
        {"swir16": -0.01},
        {"green": -0.3},
        {"swir16": 0.0, "green": 0.0},
    ],
)
def test_a_pixel_outside_the_domain_of_an_index_has_no_component(dark):
    bands = {band: np.full((1, 1), dark.get(band, 0.2)) for band in BANDS}
    assert np.isnan(compute_components(bands, np.full((1, 1), 20.0), OLI)).all()


def test_the_axis_is_that_of_scikit_learn_on_the_same_standardised_components():
    values, _ = planted()
    flat = values.reshape(4, -1).T
    standard = (flat - flat.min(axis=0)) / (flat.max(axis=0) - flat.min(axis=0))
    theirs = PCA().fit(standard)
    ours = find_axis(compute_moments(values, everywhere(values)))
    sign = np.sign(theirs.components_[0, 0])
    np.testing.assert_allclose(ours.loadings, sign * theirs.components_[0], atol=1e-9)
    np.testing.assert_allclose(ours.shares, theirs.explained_variance_ratio_, atol=1e-9)
    placed = score_pixels(values, ours).ravel()
    their_scores = sign * theirs.transform(standard)[:, 0]
    np.testing.assert_allclose(placed - placed.mean(), their_scores, atol=1e-9)


def test_the_planted_gradient_comes_back_with_good_ground_above_bad():
    values, quality = planted()
    axis = find_axis(compute_moments(values, everywhere(values)))
    assert not axis.reason
    assert (np.sign(axis.loadings) == [1, 1, -1, -1]).all()
    assert axis.shares[0] > 0.9
    assert np.corrcoef(score_pixels(values, axis).ravel(), quality.ravel())[0, 1] > 0.97


def test_moments_of_parts_are_those_of_the_whole_and_the_masked_and_unknown_are_in_none():
    values, _ = planted()
    values[2, 5:9, 7] = np.nan
    usable = everywhere(values)
    usable[:, 40:50] = False
    whole = compute_moments(values, usable)
    parts = pool_moments(
        [
            compute_moments(values[:, rows], usable[rows])
            for rows in (slice(0, 1), slice(1, 33), slice(33, 80))
        ]
    )
    empty = compute_moments(values, np.zeros_like(usable))
    for name in ("count", "low", "high", "total", "products"):
        np.testing.assert_allclose(getattr(parts + empty, name), getattr(whole, name), rtol=1e-12)
    assert whole.count == 80 * 70 - 4


@pytest.mark.parametrize("wrong", range(4))
def test_loadings_that_disagree_in_sign_make_no_index(wrong):
    signs = [1, 1, -1, -1]
    signs[wrong] *= -1
    values, _ = planted(signs=signs)
    axis = find_axis(compute_moments(values, everywhere(values)))
    assert "符号" in axis.reason
    assert np.isfinite(axis.loadings).all()


def test_too_little_land_spans_no_axis():
    values, _ = planted(edge=20)
    axis = find_axis(compute_moments(values, everywhere(values)))
    assert "1000" in axis.reason
    assert np.isnan(axis.loadings).all()
    assert len(axis.loadings) == len(COMPONENTS)


@pytest.mark.parametrize("trim", [(2, 98), (0.5, 90), (0, 100)])
def test_the_range_of_a_component_is_between_its_percentiles_and_parts_add_up(trim):
    values, _ = planted()
    values[1, 3, 4] = np.nan
    whole = compute_moments(values, everywhere(values))
    parts = [count_steps(values[:, rows], whole.low, whole.high) for rows in (slice(0, 9), slice(9, 80))]
    low, high = find_range(np.sum(parts, axis=0), whole.low, whole.high, trim)
    known = values[:, np.isfinite(values).all(axis=0)]
    step = (whole.high - whole.low) / STEPS
    for found, share in ((low, trim[0]), (high, trim[1])):
        expected = np.percentile(known, share, axis=1, method="inverted_cdf")
        assert (np.abs(found - expected) <= step * 1.001).all()


def test_what_lies_beyond_the_range_of_an_axis_counts_as_its_end():
    values, _ = planted()
    axis = find_axis(compute_moments(values, everywhere(values)))
    beyond = np.array([axis.high * 2 - axis.low, axis.high])[..., None].swapaxes(0, 1)
    placed = score_pixels(beyond, axis)
    assert placed[0, 0] == placed[1, 0]


def test_a_component_that_is_the_same_everywhere_spans_no_axis_and_says_so():
    values, _ = planted()
    values[3] = 21.5
    axis = find_axis(compute_moments(values, everywhere(values)))
    assert "处处相同" in axis.reason
    assert np.isnan(axis.loadings).all()


@pytest.mark.parametrize("use", ["usual", "surface"])
@pytest.mark.parametrize("instrument", ["TM", "OLI"])
def test_coefficients_of_wetness_are_of_length_one_and_named_by_band(use, instrument):
    table = standards.table("tasselled_cap")
    rows = table[(table["use"] == use) & (table["instrument"] == instrument)]
    assert set(rows["band"]) == set(BANDS)
    assert (rows["wetness"].astype(float) ** 2).sum() == pytest.approx(1, abs=5e-4)
    assert rows["source"].nunique() == rows["reflectance"].nunique() == 1
    assert rows["reflectance"].iloc[0] == "surface" or (use, instrument) == ("usual", "OLI")
