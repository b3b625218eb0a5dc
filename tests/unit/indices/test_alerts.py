"""Alerts of vegetation loss: planted breaks, unchanged ground under noise, and what is not known."""

import numpy as np
import pytest

from pipeline.contracts import REFLECTANCE_NODATA
from pipeline.indices.alerts import compute_ndvi_stack, find_alerts
from pipeline.legends import ALERTS, NODATA_CLASS
from pipeline.settings.maps import AlertRules

RULES = AlertRules().thresholds | {"vegetation_ndvi": 0.3}
YEARS, WATCHED, EVERY = 3, 18, 10
DAYS = 19_000 + np.arange(YEARS * 36 + WATCHED) * EVERY
FIRST = YEARS * 36


def series(shape, *, noise=0.04, missing=0.35, memory=0.0, haze=0.05, seed=5):
    """NDVI with a season of 0.25 about 0.6, noise (with memory from look to look), haze and clouds."""
    rng = np.random.default_rng(seed)
    season = 0.6 + 0.25 * np.sin(2 * np.pi * (DAYS % 365.25) / 365.25)
    shocks = rng.normal(0, noise, (len(DAYS), *shape))
    for look in range(1, len(DAYS)):
        shocks[look] = memory * shocks[look - 1] + np.sqrt(1 - memory**2) * shocks[look]
    hazy = rng.random(shocks.shape) < haze
    values = season[:, None, None] + shocks - 0.25 * hazy
    values[rng.random(shocks.shape) < missing] = np.nan
    return values


def stored(values):
    return np.where(np.isfinite(values), np.rint(values * 1e4), REFLECTANCE_NODATA).astype(np.int16)


def watched(values, **changes):
    return find_alerts(stored(values), DAYS, FIRST, **{**RULES, **changes})


def looks_until(found, values, start):
    """How many clear looks from the loss to the alert, the alert's own included."""
    clear = np.isfinite(values)
    after = np.arange(len(DAYS))[:, None, None]
    return (clear & (after >= start) & (after <= found.look)).sum(axis=0)


def test_a_planted_loss_is_found_within_three_clear_looks_with_its_size():
    values = series((40, 40))
    start = FIRST + 4
    values[start:] -= 0.35
    found = watched(values)
    lost = found.state == ALERTS.code("lost")
    late = found.look >= start
    within = looks_until(found, values, start) <= 3
    print(
        f"planted loss of 0.35: found {lost.mean():.4f}, "
        f"within three clear looks {(lost & late & within).mean():.4f}"
    )
    assert (lost & late & within).mean() > 0.98
    assert np.median(found.drop[lost & late]) == pytest.approx(-0.35, abs=0.05)


@pytest.mark.parametrize("memory", [0.0, 0.4])
def test_alerts_on_unchanged_ground_are_rare_even_under_haze_and_noise_with_memory(memory):
    found = watched(series((100, 100), memory=memory))
    known = found.state != NODATA_CLASS
    share = (found.state[known] == ALERTS.code("lost")).mean()
    print(f"unchanged ground, noise with memory {memory:g}: false alerts on {share:.5f} in {WATCHED} looks")
    assert known.mean() > 0.99
    assert share < 0.01


def test_no_single_look_raises_an_alert_and_the_season_is_none():
    values = series((1, 50), noise=0.01, missing=0.0, haze=0.0)
    values[FIRST + 6] = -0.2
    assert (watched(values).look == -1).all()
    assert (watched(series((1, 50), missing=0.0, haze=0.0)).state == ALERTS.code("stable")).all()


def test_a_small_loss_that_lasts_is_found_only_where_it_is_allowed_to_count():
    values = series((20, 20), noise=0.02, missing=0.0, haze=0.0)
    values[FIRST:] -= 0.08
    assert (watched(values).state == ALERTS.code("stable")).mean() > 0.95
    assert (watched(values, least_drop=0.03).state == ALERTS.code("lost")).mean() > 0.95


def test_ground_without_plants_has_none_to_lose_and_what_was_seldom_seen_is_unknown():
    values = series((1, 5), missing=0.0, haze=0.0)
    values[:, 0, 0] = 0.15
    values[:FIRST, 0, 1] = np.nan
    values[FIRST:, 0, 2] = np.nan
    values[np.flatnonzero(np.arange(FIRST) % 36 != 7), 0, 3] = np.nan
    found = watched(values)
    codes = [ALERTS.code("not_vegetated"), *[NODATA_CLASS] * 3, ALERTS.code("stable")]
    assert found.state[0].tolist() == codes
    assert np.isnan(found.drop).all()
    assert found.judged[0].tolist() == [0, 0, 0, 0, WATCHED]


def test_ndvi_of_every_look_is_the_rounded_ratio_and_unknown_where_a_band_is():
    rng = np.random.default_rng(2)
    nir, red = (rng.integers(-200, 2000, (3, 40, 5)).astype(np.int16) for _ in range(2))
    nir[0, 0, 0] = REFLECTANCE_NODATA
    red[1, 0, 0], nir[1, 0, 0] = 50, -50
    found = compute_ndvi_stack(nir, red)
    assert found[0, 0, 0] == found[1, 0, 0] == REFLECTANCE_NODATA
    n, r = nir.astype(float), red.astype(float)
    known = (np.minimum(n, r) >= 0) & (n + r >= 400)
    assert (found[~known] == REFLECTANCE_NODATA).all()
    assert (found[known] == np.rint((n - r)[known] / (n + r)[known] * 1e4)).all()


@pytest.mark.parametrize(("red", "nir"), [(-50, 100), (-300, 3000), (0, 399), (200, -1), (0, 0)])
def test_dark_water_and_what_is_no_reflectance_have_no_ndvi_to_watch(red, nir):
    stacks = [np.full((2, 1, 1), value, dtype=np.int16) for value in (nir, red)]
    assert (compute_ndvi_stack(*stacks) == REFLECTANCE_NODATA).all()
