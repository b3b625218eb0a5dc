"""The offset, by what is stated and what the pixels show."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.ingest.reading.radiometry import (
    OFFSET_DN,
    PixelEvidence,
    decide_offset,
    state_by_baseline,
    weigh_pixels,
)

VEGETATION, BARE, WATER, UNSURE, CLOUD = 4, 5, 6, 7, 9
MANY, FEW = 10_000, 9_999


def ground(
    share_low: float, *, pixels: int = MANY, classes: int = VEGETATION, low: int = 300, high: int = 1300
) -> PixelEvidence:
    """What is seen where a share of the pixels has a low number in both bands, the others a high one."""
    numbers = np.full(pixels, high, dtype=np.uint16)
    numbers[: round(share_low * pixels)] = low
    return weigh_pixels({"red": numbers, "blue": numbers}, np.full(pixels, classes, dtype=np.uint8))


@pytest.mark.parametrize(
    ("share", "offset"),
    [(1.0, 0), (0.05, 0), (0.0499, None), (0.0021, None), (0.002, OFFSET_DN), (0.0, OFFSET_DN)],
)
def test_dark_land_proves_that_no_offset_stands_and_its_absence_that_one_does(share, offset):
    assert ground(share).dn == offset


def test_a_few_hundred_pixels_show_dark_land_but_only_ten_thousand_of_plants_show_an_offset():
    assert ground(1.0, pixels=399).dn is None
    assert ground(1.0, pixels=400).dn == 0
    assert ground(0.0, pixels=FEW).dn is None
    assert ground(0.0, pixels=MANY).dn == OFFSET_DN
    assert not ground(1.0, pixels=FEW).is_beyond_doubt
    assert ground(1.0, pixels=MANY).is_beyond_doubt


@pytest.mark.parametrize("classes", [0, 1, 2, 3, WATER, UNSURE, 8, CLOUD, 10, 11])
@pytest.mark.parametrize("share", [0.0, 1.0])
def test_only_vegetation_and_bare_soil_are_asked(classes, share):
    assert ground(share, classes=classes).dn is None


def test_bright_ground_shows_no_offset_whatever_its_class():
    assert ground(0.0, classes=BARE).dn is None
    assert ground(0.0, high=1600).dn is None
    assert ground(0.0, high=1500).dn == OFFSET_DN


def test_edges_that_hold_1_where_nothing_is_are_not_dark_land():
    assert ground(0.5, pixels=2 * MANY, low=1).dn == OFFSET_DN
    assert ground(0.5, pixels=2 * MANY, low=0).dn == OFFSET_DN


def test_the_limit_is_1000_less_five_times_the_noise():
    assert ground(1.0, low=799).dn == 0
    assert ground(1.0, low=800).dn == OFFSET_DN


@pytest.mark.parametrize(("red", "blue"), [(300, 1300), (1300, 300)])
def test_two_bands_that_differ_say_nothing(red, blue):
    numbers = {band: np.full(MANY, dn, np.uint16) for band, dn in (("red", red), ("blue", blue))}
    assert weigh_pixels(numbers, np.full(MANY, VEGETATION, dtype=np.uint8)).dn is None


def test_one_band_says_nothing():
    assert weigh_pixels({"red": np.full(MANY, 300)}, np.full(MANY, VEGETATION)).dn is None


def test_haze_over_plants_that_lifts_blue_more_than_red_is_no_offset():
    numbers = {"red": np.full(MANY, 1000), "blue": np.full(MANY, 1250)}
    assert weigh_pixels(numbers, np.full(MANY, VEGETATION)).dn is None


def seen(dn: int | None, pixels: int = MANY) -> PixelEvidence:
    return PixelEvidence(dn, pixels, "what was seen")


@pytest.mark.parametrize(("stated", "pixels"), list(product([0, OFFSET_DN], [0, OFFSET_DN, None])))
def test_statements_that_agree_hold_unless_many_pixels_contradict(stated, pixels):
    statements = (("raster:bands", stated), ("baseline", stated))
    decision = decide_offset(statements, seen(pixels))
    assert decision.dn == (stated if pixels is None else pixels)
    assert decision.source == ("raster:bands" if pixels is None else "pixels")
    assert decision.conflict is (pixels not in {None, stated})
    assert "what was seen" in decision.evidence
    assert f"raster:bands: {stated}" in decision.evidence
    few = decide_offset(statements, seen(pixels, FEW))
    assert few.dn == (stated if pixels in {None, stated} else None)
    assert few.conflict is decision.conflict


@pytest.mark.parametrize("statements", [(), (("raster:bands", 0), ("baseline", OFFSET_DN))])
@pytest.mark.parametrize("pixels", [0, OFFSET_DN, None])
@pytest.mark.parametrize("count", [FEW, MANY])
def test_where_statements_disagree_or_lack_the_pixels_decide_or_nobody(statements, pixels, count):
    decision = decide_offset(statements, seen(pixels, count))
    assert decision.dn == pixels
    assert decision.conflict is bool(statements)


@pytest.mark.parametrize(
    ("baseline", "stated"),
    [("05.10", OFFSET_DN), ("04.00", OFFSET_DN), ("4.0", OFFSET_DN), ("03.01", 0), ("", None), ("x", None)],
)
def test_a_baseline_states_an_offset_since_4(baseline, stated):
    assert state_by_baseline(baseline) == stated


@settings(max_examples=60, deadline=None)
@given(
    carried=st.booleans(),
    agree=st.booleans(),
    lake=st.tuples(st.sampled_from([0.0, 0.2, 0.5, 0.7]), st.sampled_from([WATER, VEGETATION, UNSURE])),
    fog=st.tuples(st.sampled_from([0.0, 0.3, 0.78, 1.0]), st.sampled_from([WATER, UNSURE, CLOUD])),
    bare=st.sampled_from([0.0, 0.5, 1.0]),
    size=st.sampled_from([300, 3_000, 40_000]),
    seed=st.integers(0, 2**16),
)
def test_over_any_ground_the_offset_is_the_planted_one_or_undecided(
    carried, agree, lake, fog, bare, size, seed
):
    rng = np.random.default_rng(seed)
    places = rng.random(size)
    soil, water, foggy = rng.random(size) < bare, places < lake[0], places > 1 - fog[0]
    classes = np.select([foggy, water, soil], [fog[1], lake[1], BARE], VEGETATION)
    levels = [rng.integers(1100, 2500, size), rng.normal(5, 10, size), rng.integers(1200, 3000, size)]
    red = np.select([foggy, water, soil], levels, rng.integers(150, 500, size))
    truth = OFFSET_DN if carried else 0
    numbers = np.maximum(0, np.stack([red, 0.8 * red]) + rng.normal(0, 40, (2, size)) - truth)
    evidence = weigh_pixels(dict(zip(("red", "blue"), numbers, strict=True)), classes)
    assert evidence.dn in {truth, None}
    statements = (("raster:bands", truth), ("baseline", truth if agree else OFFSET_DN - truth))
    decision = decide_offset(statements, evidence)
    assert decision.dn == truth or (not agree and decision.dn is None)
