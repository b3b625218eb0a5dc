"""Water over the dates of a period."""

import numpy as np
import pytest
import xarray as xr

from pipeline.contracts import REFLECTANCE_NODATA
from pipeline.indices import land_cover
from pipeline.indices.water import BANDS, classify_inundation, compute_frequency, count_wet_looks
from pipeline.legends import INUNDATION, LAND_COVER, NODATA_CLASS

RULES = {"water_mndwi": 0.1, "vegetation_ndvi": 0.3}
WATER = {"green": 900, "nir": 300, "red": 500, "swir16": 150}
FLAT = {"green": 1100, "nir": 1700, "red": 1300, "swir16": 1850}


def shore(dates=20, width=40, *, missing=0.2):
    """A shore that rises from left to right under a tide: what is wet of each column is known."""
    rng = np.random.default_rng(8)
    level = rng.permutation(np.linspace(0.2, 0.8, dates))
    ground = np.linspace(0, 1, width)
    wet = level[:, None, None] > ground[None, None, :] + np.zeros((dates, 3, width))
    stacks = {}
    for band in BANDS:
        values = np.where(wet, WATER[band], FLAT[band]) + rng.integers(-40, 40, wet.shape)
        stacks[band] = values.astype(np.int16)
    cloud = rng.random(wet.shape) < missing
    for values in stacks.values():
        values[cloud] = REFLECTANCE_NODATA
    return stacks, wet, cloud


def test_the_planted_tide_is_counted_look_by_look():
    stacks, wet, cloud = shore()
    counted, seen = count_wet_looks(stacks, **RULES)
    assert (counted == (wet & ~cloud).sum(axis=0)).all()
    assert (seen == (~cloud).sum(axis=0)).all()
    assert counted.dtype == seen.dtype == np.uint16


def test_a_look_is_wet_where_the_land_cover_of_its_date_is_water():
    rng = np.random.default_rng(2)
    stacks = {band: rng.integers(1, 6000, (5, 30, 40)).astype(np.int16) for band in (*BANDS, "blue")}
    for values in stacks.values():
        values[2:4] = rng.integers(-150, 300, values[2:4].shape)
    counted, seen = count_wet_looks(stacks, **RULES)
    bands = {band: xr.DataArray(values * 1e-4, dims=("date", "y", "x")) for band, values in stacks.items()}
    cover = land_cover.classify(land_cover.compute_rule_indices(bands), bare_bsi=0.08, **RULES)
    water = cover == LAND_COVER.code("water")
    assert (counted == water.sum("date")).all()
    assert (seen >= (cover != NODATA_CLASS).sum("date")).all()
    assert water[:2].any()
    assert water[2:4].mean() > 0.5
    assert (seen < 5).any()


def test_a_look_without_one_of_its_bands_or_without_an_index_is_none():
    stacks = {band: np.full((3, 1, 6), WATER[band], dtype=np.int16) for band in BANDS}
    for place, band in enumerate(BANDS):
        stacks[band][0, 0, place] = REFLECTANCE_NODATA
    stacks["green"][1, 0, 4], stacks["swir16"][1, 0, 4] = -900, 900
    stacks["red"][:, 0, 5], stacks["nir"][:, 0, 5] = -900, 3000
    counted, seen = count_wet_looks(stacks, **RULES)
    assert seen.tolist() == [[2, 2, 2, 2, 2, 0]]
    assert (counted == seen).all()


@pytest.mark.parametrize(("red", "nir", "swir"), [(-50, 100, 20), (-80, -20, -30), (10, 120, 60), (0, 0, 0)])
def test_dark_water_is_wet_though_its_ndvi_would_be_that_of_plants(red, nir, swir):
    dark = {"green": 40, "red": red, "nir": nir, "swir16": swir}
    stacks = {band: np.full((4, 1, 1), dark[band], dtype=np.int16) for band in BANDS}
    counted, seen = count_wet_looks(stacks, **RULES)
    assert counted.item() == seen.item() == 4


def test_flooded_plants_are_not_open_water():
    stacks = {band: np.full((1, 1, 1), WATER[band], dtype=np.int16) for band in BANDS}
    stacks["nir"][:] = 1500
    assert count_wet_looks(stacks, **RULES)[0][0, 0] == 0


def test_parts_of_the_dates_add_up_to_all_of_them():
    stacks, _, _ = shore()
    whole = count_wet_looks(stacks, **RULES)
    parts = [
        count_wet_looks({band: values[cut] for band, values in stacks.items()}, **RULES)
        for cut in (slice(0, 3), slice(3, 3), slice(3, None))
    ]
    for number in (0, 1):
        assert (sum(part[number] for part in parts) == whole[number]).all()


def test_the_shore_falls_into_permanent_water_flat_and_land():
    stacks, _, _ = shore(dates=10, missing=0.0)
    share = compute_frequency(*count_wet_looks(stacks, **RULES), least=5)
    codes = classify_inundation(share, seldom=0.05, mostly=0.95)
    ground = np.linspace(0, 1, 40)
    expected = np.where(ground < 0.2, "permanent", np.where(ground < 0.8, "fluctuating", "dry"))
    keys = {entry.code: entry.key for entry in INUNDATION.classes}
    assert [keys[int(code)] for code in codes[1]] == expected.tolist()
    assert (np.diff(share[0]) <= 0).all()


def test_too_few_looks_tell_no_frequency():
    wet, seen = np.array([0, 1, 4, 5], dtype=np.uint16), np.array([0, 4, 5, 5], dtype=np.uint16)
    share = compute_frequency(wet, seen, least=5)
    assert np.isnan(share[:2]).all()
    assert share[2:].tolist() == [0.8, 1.0]
    assert classify_inundation(share, seldom=0.05, mostly=0.95).tolist() == [NODATA_CLASS, NODATA_CLASS, 2, 1]
    assert np.isnan(compute_frequency(wet, seen, least=0)[0])


@pytest.mark.parametrize(("share", "code"), [(0.95, 1), (0.9499, 2), (0.05, 2), (0.0499, 3), (0, 3), (1, 1)])
def test_a_share_on_a_limit_belongs_to_the_wetter_zone(share, code):
    assert classify_inundation(np.array([share]), seldom=0.05, mostly=0.95)[0] == code
