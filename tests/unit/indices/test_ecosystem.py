"""Areas and losses by ecosystem type."""

import numpy as np
import pytest

from pipeline import standards
from pipeline.indices.change import build_transition_matrix, sum_transitions
from pipeline.indices.ecosystem import (
    TypeSums,
    build_encroachment_indicator,
    build_loss_indicators,
    build_type_indicators,
    build_type_table,
    classify_types,
    sum_encroachment,
    sum_type_areas,
)
from pipeline.legends import ECOSYSTEM, LAND_COVER, NODATA_CLASS

WATER, VEGETATION, BARE, BUILT = (LAND_COVER.code(key) for key in ("water", "vegetation", "bare", "built"))
COVER = np.array([WATER, VEGETATION, VEGETATION, BARE, BUILT, NODATA_CLASS], dtype=np.uint8)
WEIGHT = np.array([10.0, 20.0, 30.0, 5.0, 7.0, 28.0])
WHOLE = 100.0


def by_rules():
    sums = TypeSums.of(sum_type_areas(COVER, classify_types(COVER), WEIGHT))
    table = build_type_table(sums, kinds=None, area_m2=WHOLE, registered_m2={"农田": 40.0})
    return sums, table.set_index("ecosystem_l1")


def classified():
    types = [ECOSYSTEM.code(key) for key in ("wetland", "farmland", "wetland", "other", "urban")]
    kinds = np.array([*types, NODATA_CLASS], dtype=np.uint8)
    sums = TypeSums.of(sum_type_areas(COVER, kinds, WEIGHT))
    told = ["water", "crop", "marsh", "bare", "built"]
    table = build_type_table(sums, kinds=told, area_m2=WHOLE, registered_m2={})
    return sums, table.set_index("ecosystem_l1")


def test_the_rules_know_towns_and_bound_what_plants_and_bare_ground_may_be():
    sums, table = by_rules()
    assert (sums.mixed[VEGETATION], sums.mixed[BARE], sums.seen) == (50, 5, 72)
    assert table.loc["城镇", ["area_m2", "low_m2", "high_m2"]].tolist() == [7, 7, 35]
    others = {"湿地": (10, 10 + 50 + 5 + 28), "森林": (0, 78), "荒漠": (0, 33), "其他": (0, 33)}
    for name, (low, high) in others.items():
        assert np.isnan(table.loc[name, "area_m2"])
        assert table.loc[name, ["low_m2", "high_m2"]].tolist() == [low, high]
        assert "not told apart" in table.loc[name, "reason"]
    assert table["registered_m2"].tolist() == [0, 0, 0, 0, 40, 0, 0, 0]


def test_a_classifier_gives_the_area_of_every_type_that_it_was_taught():
    _, table = classified()
    assert table["area_m2"].dropna().to_dict() == {"湿地": 40, "农田": 20, "城镇": 7, "其他": 5}
    assert table.loc["湿地", ["low_m2", "high_m2"]].tolist() == [40, 68]
    assert table.loc[["森林", "灌丛", "草地", "荒漠"], "reason"].str.contains("does not tell").all()
    assert table["registered_m2"].isna().all()


def test_shares_of_types_have_their_numerator_and_a_range_that_holds_the_truth():
    sums, table = classified()
    rows = build_type_indicators(table.reset_index(), sums.seen, "2024", area_m2=WHOLE, source="s")
    by_name = {row["indicator"]: row for row in rows}
    wetland = by_name["ecosystem_share:wetland"]
    assert wetland["value"] == pytest.approx(40 / 72)
    assert (wetland["numerator"], wetland["denominator"]) == (40, 72)
    assert (wetland["low"], wetland["high"]) == (pytest.approx(0.4), pytest.approx(0.68))
    forest = by_name["ecosystem_share:forest"]
    assert (forest["value"], forest["numerator"]) == (None, None)
    assert forest["reason"]


def test_nothing_seen_gives_no_share_and_says_so():
    nothing = TypeSums.of(sum_type_areas(*(np.full(3, NODATA_CLASS, np.uint8),) * 2, np.ones(3)))
    table = build_type_table(nothing, kinds=["water", "crop"], area_m2=3, registered_m2={})
    rows = build_type_indicators(table, nothing.seen, "2024", area_m2=3, source="s")
    assert all(row["value"] is None and row["reason"] for row in rows)


def moves():
    """Wetland to farmland 3 of 10 (2 count), to town 1, unseen 4; farmland to forest 2 of 8."""
    types = {key: ECOSYSTEM.code(key) for key in ("wetland", "farmland", "urban", "forest")}
    pairs = [
        ("wetland", "wetland", 6.0, False),
        ("wetland", "farmland", 2.0, True),
        ("wetland", "farmland", 1.0, False),
        ("wetland", "urban", 1.0, True),
        ("wetland", None, 4.0, False),
        ("farmland", "farmland", 6.0, False),
        ("farmland", "forest", 2.0, True),
    ]
    before = np.array([types[one] for one, *_ in pairs], dtype=np.uint8)
    after = np.array([types.get(one, NODATA_CLASS) for _, one, *_ in pairs], dtype=np.uint8)
    counted = np.array([pair[3] for pair in pairs])
    code = np.where(counted, 10 * before.astype(int) + after, 0)
    code[after == NODATA_CLASS] = NODATA_CLASS
    weight = np.array([pair[2] for pair in pairs])
    return build_transition_matrix(
        [sum_transitions(before, after, code.astype(np.uint8), weight, ECOSYSTEM)], ECOSYSTEM
    )


def test_losses_are_what_counts_of_what_was_there_and_both_periods_saw():
    told = ["water", "crop", "built", "forest"]
    rows = {row["indicator"]: row for row in build_loss_indicators(moves(), "a/b", kinds=told, source="s")}
    assert (rows["wetland_loss_rate"]["numerator"], rows["wetland_loss_rate"]["denominator"]) == (3, 10)
    assert rows["wetland_reclaimed_rate"]["value"] == pytest.approx(0.2)
    assert rows["wetland_built_rate"]["value"] == pytest.approx(0.1)
    assert rows["farmland_loss_rate"]["value"] == pytest.approx(0.25)
    loss = rows["wetland_loss_rate"]
    assert (loss["low"], loss["high"]) == (pytest.approx(3 / 14), pytest.approx(7 / 14))


@pytest.mark.parametrize(("matrix", "kinds"), [(None, None), (moves(), ["water", "vegetation", "built"])])
def test_a_loss_of_what_is_not_told_apart_is_null_with_its_reason(matrix, kinds):
    rows = {row["indicator"]: row for row in build_loss_indicators(matrix, "a/b", kinds=kinds, source="s")}
    for name in ("farmland_loss_rate", "wetland_reclaimed_rate"):
        assert rows[name]["value"] is None
        assert rows[name]["numerator"] is None
        assert "does not tell" in rows[name]["reason"]


def test_without_a_map_every_type_and_loss_is_null_for_that_reason():
    nothing = TypeSums.of(sum_type_areas(*(np.full(3, NODATA_CLASS, np.uint8),) * 2, np.ones(3)))
    table = build_type_table(nothing, kinds=(), area_m2=3, registered_m2={}, unknown="no map")
    assert table[["area_m2", "low_m2", "high_m2"]].isna().all(axis=None)
    assert (table["unknown_area_m2"] == 3).all()
    rows = build_type_indicators(table, nothing.seen, "2024", area_m2=3, source="s")
    rows += build_loss_indicators(moves(), "a/b", kinds=["crop", "marsh"], source="s", unknown="no map")
    rows.append(
        build_encroachment_indicator("line", "a/b", 0.0, 0.0, area_m2=3, source="s", unknown="no map")
    )
    assert {(row["value"], row["reason"]) for row in rows} == {(None, "no map")}


def test_encroachment_is_what_became_built_of_what_both_periods_saw_of_the_layer():
    codes = np.array([0, 24, 34, 42, NODATA_CLASS, 21], dtype=np.uint8)
    weight = np.array([50.0, 3.0, 2.0, 9.0, 20.0, 6.0])
    built, seen = sum_encroachment(codes[:2], weight[:2]) + sum_encroachment(codes[2:], weight[2:])
    assert (built, seen) == (5, 70)
    row = build_encroachment_indicator("ecological_red_line", "a/b", built, seen, area_m2=90, source="s")
    assert row["indicator"] == "encroachment_share:ecological_red_line"
    assert (row["value"], row["low"], row["high"]) == (
        pytest.approx(5 / 70),
        pytest.approx(5 / 90),
        pytest.approx(25 / 90),
    )


def test_every_class_of_the_land_survey_belongs_to_a_type_of_the_legend():
    names = {entry.name_zh for entry in ECOSYSTEM.classes}
    classes = standards.table("land_classes")
    assert set(classes["ecosystem"]) <= names
    assert classes["source"].str.len().gt(0).all()
