"""From probabilities of kinds to classes and types."""

import numpy as np
import pytest

from pipeline.indices.kinds import average_maps, decide_classes, smooth_maps
from pipeline.legends import ECOSYSTEM, LAND_COVER, LAND_KINDS, NODATA_CLASS

KINDS = ["water", "forest", "crop", "vegetation", "flat"]


def maps(*pixels):
    """Probabilities (kind, 1, pixel)."""
    return np.array(pixels, dtype=float).T[:, None, :]


def test_the_class_is_that_of_the_kinds_likeliest_together_and_the_type_the_likeliest_among_them():
    found = decide_classes(maps([0.4, 0.25, 0.3, 0.0, 0.05], [0.1, 0.1, 0.0, 0.0, 0.8]), KINDS)
    assert found["land_cover"][0].tolist() == [LAND_COVER.code("vegetation"), LAND_COVER.code("bare")]
    assert found["ecosystem"][0].tolist() == [ECOSYSTEM.code("farmland"), ECOSYSTEM.code("wetland")]
    assert found["confidence"][0] == pytest.approx([0.55, 0.8])
    assert found["margin"][0] == pytest.approx([0.15, 0.7])
    assert found["ecosystem_confidence"][0] == pytest.approx([0.3, 0.9])


def test_plants_not_told_apart_have_a_class_and_no_type():
    found = decide_classes(maps([0.1, 0.2, 0.1, 0.6, 0.0]), KINDS)
    assert found["land_cover"].item() == LAND_COVER.code("vegetation")
    assert found["ecosystem"].item() == NODATA_CLASS
    assert np.isnan(found["ecosystem_confidence"].item())


def test_an_unknown_pixel_has_no_class_no_type_and_no_confidence():
    found = decide_classes(maps([np.nan] * 5, [1, 0, 0, 0, 0]), KINDS)
    assert found["land_cover"][0].tolist() == [NODATA_CLASS, LAND_COVER.code("water")]
    assert found["ecosystem"][0, 0] == NODATA_CLASS
    assert all(np.isnan(found[name][0, 0]) for name in ("confidence", "margin", "ecosystem_confidence"))


def test_the_mean_of_periods_weighs_those_that_know_a_pixel():
    own, before, after = (
        maps([0.2, 0.8], [0.5, 0.5], [np.nan] * 2),
        maps([0.8, 0.2], [np.nan] * 2, [1, 0]),
        maps([0.5, 0.5], [0.9, 0.1], [1, 0]),
    )
    mean = average_maps([own, before, after], [1, 0.5, 0.5])
    assert mean[:, 0, 0] == pytest.approx([(0.2 + 0.4 + 0.25) / 2, (0.8 + 0.1 + 0.25) / 2])
    assert mean[:, 0, 1] == pytest.approx([(0.5 + 0.45) / 1.5, (0.5 + 0.05) / 1.5])
    assert np.isnan(mean[:, 0, 2]).all()


def test_smoothing_is_the_mean_of_what_is_known_around_and_zero_leaves_all_as_it_is():
    rng = np.random.default_rng(6)
    share = rng.random((7, 9))
    share[rng.random(share.shape) < 0.2] = np.nan
    given = np.stack([share, 1 - share])
    assert smooth_maps(given, radius_px=0) is given
    found = smooth_maps(given, radius_px=2)
    for row, col in np.ndindex(share.shape):
        window = share[max(0, row - 2) : row + 3, max(0, col - 2) : col + 3]
        expected = np.nan if np.isnan(share[row, col]) else np.nanmean(window)
        assert found[0, row, col] == pytest.approx(expected, nan_ok=True)
    assert found.sum(axis=0)[~np.isnan(share)] == pytest.approx(1)


@pytest.mark.parametrize("kind", LAND_KINDS.values(), ids=lambda kind: kind.key)
def test_every_kind_belongs_to_one_class_and_to_one_type_or_to_none_that_can_be_said(kind):
    assert kind.cover in LAND_COVER.by_code()
    assert (kind.ecosystem in ECOSYSTEM.by_code()) == (kind.key not in {"vegetation", "barren"})
