"""How right a map is, from a labelled sample."""

import numpy as np
import pytest

from pipeline.indices.accuracy import assess, build_accuracy_indicators, build_accuracy_table, count_confusion
from pipeline.indices.sample_design import allocate_points, draw_points

CODES = [1, 2, 3, 4]
PUBLISHED = np.array([[66, 0, 5, 4], [0, 55, 8, 12], [1, 0, 153, 11], [2, 1, 9, 313]])
"""Olofsson et al. 2014, table 8: deforestation, forest gain, stable forest, stable non-forest."""
STRATA_M2 = np.array([200_000, 150_000, 3_200_000, 6_450_000]) * 900.0
HECTARE = 10_000.0


def published():
    return assess(PUBLISHED, STRATA_M2, CODES)


def test_the_published_example_comes_back():
    found = published()
    classes = found.classes
    assert (classes["area_m2"] / HECTARE).round().tolist() == [21_158, 11_686, 285_770, 581_386]
    halves = (classes["area_half_m2"] / HECTARE).tolist()
    assert halves == pytest.approx([6_158, 3_756, 15_510, 16_282], abs=0.7)
    assert classes["users"].round(2).tolist() == [0.88, 0.73, 0.93, 0.96]
    assert classes["users_half"].round(2).tolist() == [0.07, 0.10, 0.04, 0.02]
    assert classes["producers"].round(2).tolist() == [0.75, 0.85, 0.93, 0.96]
    assert classes["producers_half"].round(2).tolist() == [0.21, 0.25, 0.03, 0.02]
    assert (round(found.overall, 2), round(found.overall_half, 2)) == (0.95, 0.02)


def test_f1_is_the_harmonic_mean_of_both_accuracies():
    classes = published().classes
    expected = 2 / (1 / classes["users"] + 1 / classes["producers"])
    assert classes["f1"].tolist() == pytest.approx(expected.tolist())


def test_a_perfect_map_has_its_own_areas_for_certain():
    found = assess(np.diag([30, 20, 40, 10]), STRATA_M2, CODES)
    assert (found.overall, found.overall_half) == (pytest.approx(1), 0)
    assert found.classes["area_m2"].tolist() == pytest.approx(STRATA_M2.tolist())
    assert (found.classes[["users", "producers", "f1"]] == 1).all(axis=None)
    assert (found.classes[["area_half_m2", "users_half", "producers_half"]] == 0).all(axis=None)


def test_areas_add_up_to_the_map():
    assert published().classes["area_m2"].sum() == pytest.approx(STRATA_M2.sum())


def test_a_stratum_without_a_point_leaves_the_areas_unknown():
    counts = PUBLISHED.copy()
    counts[1] = 0
    found = assess(counts, STRATA_M2, CODES)
    assert np.isnan(found.overall)
    assert found.classes[["area_m2", "producers", "f1"]].isna().all(axis=None)
    assert found.classes["users"].isna().tolist() == [False, True, False, False]


def test_a_single_point_leaves_the_interval_unknown():
    counts = PUBLISHED.copy()
    counts[1] = [0, 1, 0, 0]
    found = assess(counts, STRATA_M2, CODES)
    assert np.isfinite(found.overall)
    assert np.isnan(found.overall_half)
    assert found.classes["area_half_m2"].isna().all()
    assert found.classes["users_half"].isna().tolist() == [False, True, False, False]


def test_a_class_that_the_map_has_not_is_estimated_from_the_others():
    counts = PUBLISHED.copy()
    counts[1] = 0
    found = assess(counts, STRATA_M2 * [1, 0, 1, 1], CODES).classes
    assert found["users"].isna().tolist() == [False, True, False, False]
    assert found["area_m2"][1] == pytest.approx(STRATA_M2[3] / 325)
    assert (found["producers"][1], found["f1"][1]) == (0, 0)
    assert found["area_half_m2"].notna().all()


def test_a_class_that_nothing_holds_has_no_accuracy_and_a_map_of_nothing_none_at_all():
    found = assess(np.diag([9, 0, 9, 9]), STRATA_M2 * [1, 0, 1, 1], CODES).classes
    assert found["area_m2"][1] == 0
    assert found.loc[1, ["users", "producers", "f1"]].isna().all()
    nothing = assess(np.zeros((4, 4), dtype=np.int64), np.zeros(4), CODES)
    assert np.isnan([nothing.overall, *nothing.classes["area_m2"]]).all()


def test_the_matrix_counts_pairs_in_the_order_of_the_codes_and_leaves_strangers_out():
    mapped = np.array([3, 3, 1, 9, 1, 255, 3], dtype=np.uint8)
    reference = np.array([3, 1, 1, 1, 7, 3, 3], dtype=np.uint8)
    assert count_confusion(mapped, reference, [3, 1]).tolist() == [[2, 1], [0, 1]]
    assert count_confusion(mapped, reference, [1, 3]).tolist() == [[1, 0], [1, 2]]


def world(seed):
    """A small planted world and a map of it that confuses the classes, rare ones more than common ones."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(np.array(CODES, dtype=np.uint8), (300, 300), p=[0.05, 0.08, 0.37, 0.5])
    wrong = rng.random(truth.shape) < np.array([0, 0.2, 0.15, 0.06, 0.04])[truth]
    mapped = np.where(wrong, rng.choice(np.array(CODES, dtype=np.uint8), truth.shape), truth)
    return truth, mapped.astype(np.uint8)


def test_intervals_cover_the_planted_truth_in_at_least_90_of_100_seeds():
    truth, mapped = world(0)
    strata = np.array([(mapped == code).sum() for code in CODES]) * 100.0
    areas = np.array([(truth == code).sum() for code in CODES]) * 100.0
    overall = (truth == mapped).mean()
    counts = dict(zip(CODES, allocate_points(strata, 600).tolist(), strict=True))
    covered = np.zeros(len(CODES) + 1)
    for seed in range(100):
        points = draw_points(mapped, counts, seed=seed)
        labels = truth[points["row"], points["col"]]
        found = assess(count_confusion(points["code"].to_numpy(), labels, CODES), strata, CODES)
        distance = np.abs(found.classes["area_m2"] - areas)
        covered[:-1] += distance <= found.classes["area_half_m2"]
        covered[-1] += abs(found.overall - overall) <= found.overall_half
    print("covered of 100:", dict(zip([*CODES, "overall"], covered.astype(int).tolist(), strict=True)))
    assert (covered >= 90).all()
    assert (covered < 100).any()


def test_the_table_holds_every_interval_cut_to_what_can_be_and_counts_what_disagrees():
    keys = dict(zip(CODES, ("loss", "gain", "forest", "other"), strict=True))
    table = build_accuracy_table(published(), keys).set_index("land_cover")
    assert table["wrong_points"].tolist() == [9 + 3, 20 + 1, 12 + 22, 12 + 27]
    assert table.loc["loss", "adjusted_m2"] / HECTARE == pytest.approx(21_158, abs=0.6)
    assert (
        table.loc["loss", "adjusted_high_m2"] - table.loc["loss", "adjusted_m2"]
    ) / HECTARE == pytest.approx(6_158, abs=0.7)
    for name in ("users", "producers"):
        assert (table[f"{name}_low"] <= table[name]).all()
        assert table[f"{name}_high"].between(table[name], 1).all()
    rows = {row["indicator"]: row for row in build_accuracy_indicators(published(), "2024", keys)}
    assert rows["land_cover_accuracy"]["value"] == pytest.approx(published().overall)
    loss = rows["class_share_adjusted:loss"]
    assert loss["value"] == pytest.approx(loss["numerator"] / loss["denominator"])
    assert "640 labelled points" in loss["source"]


def test_a_class_without_a_point_leaves_figures_null_with_their_reason():
    counts = PUBLISHED.copy()
    counts[1] = 0
    keys = dict(zip(CODES, "abcd", strict=True))
    rows = build_accuracy_indicators(assess(counts, STRATA_M2, CODES), "2024", keys)
    assert all(np.isnan(row["value"]) and row["reason"] for row in rows)
    assert all(np.isnan(row[end]) for row in rows for end in ("low", "high"))
