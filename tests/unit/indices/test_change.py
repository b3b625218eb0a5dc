"""Change between two land cover maps."""

from itertools import product

import numpy as np
import pytest

from pipeline.indices.change import (
    PatchMeans,
    build_transition_matrix,
    code_transitions,
    keep_evident,
    keep_sure,
    number_patches,
    sieve_patches,
    sum_transitions,
)
from pipeline.legends import CHANGE, LAND_COVER, NODATA_CLASS

CODES = [entry.code for entry in LAND_COVER.classes]


@pytest.mark.parametrize(("before", "after"), list(product([*CODES, NODATA_CLASS], repeat=2)))
def test_every_pair_of_classes_has_its_code(before, after):
    (code,) = code_transitions(np.array([before], dtype=np.uint8), np.array([after], dtype=np.uint8))
    if NODATA_CLASS in {before, after}:
        assert code == NODATA_CLASS
    elif before == after:
        assert code == 0
    else:
        assert code == 10 * before + after
        assert CHANGE.by_code()[int(code)].color == LAND_COVER.by_code()[after].color


def planted(count=4000):
    """Classes before and after, what a sieve might make of them, and areas."""
    rng = np.random.default_rng(12)
    classes = np.array([*CODES, NODATA_CLASS], dtype=np.uint8)
    before, after = rng.choice(classes, count), rng.choice(classes, count)
    code = code_transitions(before, after)
    code[(code != NODATA_CLASS) & (rng.random(count) < 0.1)] = 0
    code[(code != NODATA_CLASS) & (rng.random(count) < 0.05)] = 43
    return before, after, code, rng.uniform(99, 101, count)


def test_the_matrix_sums_to_the_area_and_every_cell_is_its_pixels():
    before, after, code, weight = planted()
    matrix = build_transition_matrix([sum_transitions(before, after, code, weight)])
    assert len(matrix) == 25
    assert matrix["area_m2"].sum() == pytest.approx(weight.sum(), rel=1e-12)
    assert matrix["percent"].sum() == pytest.approx(100)
    keys = {entry.key: entry.code for entry in LAND_COVER.classes} | {"unknown": NODATA_CLASS}
    for row in matrix.itertuples():
        inside = (before == keys[row._1]) & (after == keys[row.to])
        assert row.area_m2 == pytest.approx(weight[inside].sum(), rel=1e-12)


def test_the_sieved_areas_follow_the_codes_and_keep_the_sum():
    before, after, code, weight = planted()
    matrix = build_transition_matrix([sum_transitions(before, after, code, weight)]).set_index(["from", "to"])
    kept = matrix["area_counted_m2"]
    assert kept.sum() == pytest.approx(weight.sum(), rel=1e-12)
    assert matrix["percent_counted"].sum() == pytest.approx(100)
    for entry in LAND_COVER.classes:
        still = (code == 0) & (before == entry.code)
        assert kept[entry.key, entry.key] == pytest.approx(weight[still].sum(), rel=1e-12)
        for other in LAND_COVER.classes:
            if other is not entry:
                moved = code == 10 * entry.code + other.code
                assert kept[entry.key, other.key] == pytest.approx(weight[moved].sum(), rel=1e-12)
    unknown = matrix[
        (matrix.index.get_level_values(0) == "unknown") | (matrix.index.get_level_values(1) == "unknown")
    ]
    assert unknown["area_counted_m2"].tolist() == unknown["area_m2"].tolist()


def test_pieces_give_the_matrix_of_the_whole():
    columns = planted()
    cuts = (slice(0, 7), slice(7, 7), slice(7, None))
    parts = build_transition_matrix(sum_transitions(*(column[cut] for column in columns)) for cut in cuts)
    whole = build_transition_matrix([sum_transitions(*columns)])
    np.testing.assert_allclose(parts["area_m2"], whole["area_m2"], rtol=1e-12)
    np.testing.assert_allclose(parts["area_counted_m2"], whole["area_counted_m2"], rtol=1e-12)


def test_pairs_that_do_not_occur_stand_with_zero_and_no_area_has_no_percent():
    classes, code = np.array([1], dtype=np.uint8), np.array([0], dtype=np.uint8)
    matrix = build_transition_matrix([sum_transitions(classes, classes, code, np.array([100.0]))])
    assert (matrix["area_m2"] > 0).sum() == 1
    nothing = build_transition_matrix([])
    assert (nothing[["area_m2", "area_counted_m2"]] == 0).all(axis=None)
    assert nothing[["percent", "percent_counted"]].isna().all(axis=None)


def test_a_class_on_the_brink_is_no_change_and_a_shift_of_any_index_is():
    codes = np.array([24, 24, 24, 0, NODATA_CLASS, NODATA_CLASS], dtype=np.uint8)
    before = {"ndvi": np.array([0.6, 0.31, 0.31, 0.6, 0.6, np.nan]), "bsi": np.zeros(6)}
    after = {"ndvi": np.array([0.1, 0.29, 0.29, 0.1, 0.1, 0.1]), "bsi": np.array([0, 0, -0.2, 0, 0, 0])}
    found = keep_evident(codes, before, after, least_shift=0.15)
    assert found.tolist() == [24, 0, 24, 0, NODATA_CLASS, NODATA_CLASS]
    assert found.dtype == np.uint8
    assert (keep_evident(codes, before, after, least_shift=0.0) == codes).all()
    assert keep_evident(codes, after, before, least_shift=0.15).tolist() == found.tolist()


def test_an_index_that_leaves_its_domain_has_moved_and_one_that_is_never_in_it_says_nothing():
    """Plants that drown in dark water have no NDVI any more; water that was dark and is lit has one again."""
    codes = np.array([21, 12, 13, 24], dtype=np.uint8)
    before = {"ndvi": np.array([0.7, np.nan, np.nan, 0.6]), "mndwi": np.array([-0.4, np.nan, 0.3, 0.1])}
    after = {"ndvi": np.array([np.nan, 0.7, np.nan, 0.6]), "mndwi": np.array([np.nan, -0.4, 0.3, 0.1])}
    assert keep_evident(codes, before, after, least_shift=0.15).tolist() == [21, 12, 0, 0]
    assert keep_evident(codes, after, before, least_shift=0.15).tolist() == [21, 12, 0, 0]


def drawn(*rows):
    """Codes from a drawing: `.` unchanged, `?` unknown, `a` water to bare, `b` bare to built."""
    signs = {".": 0, "?": NODATA_CLASS, "a": 13, "b": 34}
    return np.array([[signs[sign] for sign in row] for row in rows], dtype=np.uint8)


def test_speckle_is_unchanged_and_a_patch_large_enough_stays():
    before = drawn("a....a", "..bb..", "..bb.a", "......")
    after = drawn("......", "..bb..", "..bb..", "......")
    assert (sieve_patches(before, least_px=4) == after).all()
    assert (sieve_patches(before, least_px=5) == 0).all()
    assert (sieve_patches(before, least_px=1) == before).all()


def test_speckle_inside_a_change_goes_over_to_it():
    before = drawn("bbbb.", "baab.", "bbbb.", ".....")
    after = drawn("bbbb.", "bbbb.", "bbbb.", ".....")
    assert (sieve_patches(before, least_px=3) == after).all()


def test_speckle_at_the_rim_goes_where_most_of_its_edges_lie_and_to_unchanged_where_they_are_even():
    before = drawn("....", "bbbb", "bbab", "bbb.")
    assert sieve_patches(before, least_px=3)[2, 2] == 34
    even = drawn("bbbb", "bbba", "bbb.")
    assert sieve_patches(even, least_px=3)[1, 3] == 34
    tied = drawn("bbbb", "bba.", "bb..")
    assert sieve_patches(tied, least_px=3)[1, 2] == 0


def test_corners_do_not_join_and_the_unknown_and_the_rim_of_the_map_have_no_say():
    corners = drawn("a..", ".a.", "..a")
    assert (sieve_patches(corners, least_px=2) == 0).all()
    alone = drawn("?a", "??")
    assert (sieve_patches(alone, least_px=2) == drawn("?.", "??")).all()
    beside = drawn("?a?", "?b?", "?b?")
    assert (sieve_patches(beside, least_px=2) == drawn("?b?", "?b?", "?b?")).all()


def test_small_neighbours_have_no_say_in_each_other():
    before = drawn("?????", "?aab?", "?????")
    assert (sieve_patches(before, least_px=3) == drawn("?????", "?...?", "?????")).all()


def test_patches_do_not_reach_from_the_end_of_a_row_to_the_start_of_the_next():
    before = drawn("...aa", "aa...")
    assert (sieve_patches(before, least_px=3) == 0).all()


def test_a_map_without_change_or_without_pixels_is_itself():
    unknown = np.full((3, 4), NODATA_CLASS, dtype=np.uint8)
    assert (sieve_patches(unknown, least_px=9) == unknown).all()
    assert sieve_patches(np.zeros((0, 5), dtype=np.uint8), least_px=9).shape == (0, 5)


def test_patches_are_numbered_in_order_of_their_first_pixels_and_joined_along_edges():
    codes = np.array([[0, 12, 12, 0], [13, 0, 12, 255], [13, 13, 0, 12]], dtype=np.uint8)
    found = number_patches(codes)
    assert found.tolist() == [[0, 1, 1, 0], [2, 0, 1, 0], [2, 2, 0, 3]]


def test_a_patch_has_the_mean_confidence_of_its_pixels_whatever_the_pieces_and_nan_has_no_say():
    patch = np.array([[0, 1, 1, 2], [3, 3, 1, 2]], dtype=np.int32)
    sure = np.array([[0.9, 0.2, np.nan, 0.5], [np.nan, np.nan, 0.4, 1.0]])
    means = PatchMeans.of(patch)
    for rows in (slice(0, 1), slice(1, 2)):
        means.add(patch[rows], sure[rows])
    assert means.means[1:3].tolist() == pytest.approx([0.3, 0.75])
    assert np.isnan(means.means[[0, 3]]).all()


def test_a_patch_less_sure_than_asked_for_is_unchanged_and_one_of_unknown_confidence_stays():
    codes = np.array([[12, 0, 13, 255, 23]], dtype=np.uint8)
    patch = number_patches(codes)
    sure = np.array([np.nan, 0.24, 0.25, np.nan])
    assert keep_sure(codes, patch, sure, least=0.25).tolist() == [[0, 0, 13, 255, 23]]
