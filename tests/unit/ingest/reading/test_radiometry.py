"""The offset, decided by evidence."""

from itertools import product

import numpy as np
import pytest

from pipeline.ingest.reading.radiometry import METADATA, OFFSET_DN, decide_offset, offset_in_pixels


def seen(dark_share: float, *, pixels: int = 10_000, classes: int = 4) -> tuple[int | None, str]:
    red = np.full(pixels, 1800, dtype=np.uint16)
    red[: round(dark_share * pixels)] = 500
    return offset_in_pixels(red, np.full(pixels, classes, dtype=np.uint8))


@pytest.mark.parametrize(
    ("dark_share", "offset"),
    [(1.0, 0), (0.05, 0), (0.0499, None), (0.0021, None), (0.002, OFFSET_DN), (0.0, OFFSET_DN)],
)
def test_many_dark_numbers_prove_that_no_offset_stands_and_none_that_one_does(dark_share, offset):
    assert seen(dark_share)[0] == offset


def test_too_few_pixels_of_the_surface_prove_nothing():
    assert seen(1.0, pixels=399)[0] is None
    assert seen(1.0, pixels=400)[0] == 0


@pytest.mark.parametrize("classes", [0, 1, 2, 3, 8, 9, 10, 11])
def test_cloud_shadow_snow_and_nothing_are_not_asked(classes):
    assert seen(1.0, classes=classes)[0] is None


def test_bright_ground_without_dark_surfaces_does_not_prove_an_offset():
    assert seen(0.0, classes=5)[0] is None
    assert seen(0.0, classes=7)[0] is None
    assert seen(0.0, classes=6)[0] == OFFSET_DN


def test_nodata_is_not_a_dark_surface():
    assert offset_in_pixels(np.zeros((50, 50), dtype=np.uint16), np.full((50, 50), 4))[0] is None


def test_a_dn_of_1000_is_not_below_it():
    classes = np.full(500, 4, dtype=np.uint8)
    assert offset_in_pixels(np.full(500, 1000, dtype=np.uint16), classes)[0] == OFFSET_DN
    assert offset_in_pixels(np.full(500, 999, dtype=np.uint16), classes)[0] == 0


@pytest.mark.parametrize(
    ("pixels", "stated", "baseline"),
    list(product([0, OFFSET_DN, None], [0, OFFSET_DN, None], ["05.10", "04.00", "03.01", "", "what"])),
)
def test_the_strongest_evidence_decides_and_every_disagreement_is_flagged(pixels, stated, baseline):
    decision = decide_offset((pixels, "seen"), stated, baseline)
    by_rule = 0 if baseline == "03.01" else OFFSET_DN
    votes = [vote for vote in (pixels, stated, by_rule) if vote is not None]
    assert decision.dn == votes[0]
    assert decision.conflict == (len(set(votes)) > 1)
    sources = zip(("pixels", "raster:bands", "baseline"), (pixels, stated, by_rule), strict=True)
    assert decision.source == next(name for name, vote in sources if vote is not None)
    unread = decide_offset((pixels, "seen"), stated, baseline, readable=False)
    assert (unread.dn, unread.source) == (decision.dn, METADATA)
    assert "seen" in decision.evidence
    assert str(stated) in decision.evidence
    assert (baseline or "?") in decision.evidence
