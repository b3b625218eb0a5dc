"""Every share with its numerator and denominator, and the range that the unseen leaves open."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import standards
from pipeline.contracts import INDICATORS
from pipeline.indices.change import build_transition_matrix, code_transitions, sum_transitions
from pipeline.indices.indicators import (
    BETWEEN,
    MOVES,
    AnomalySums,
    blank_land,
    build_alert_indicator,
    build_anomaly_indicators,
    build_change_indicators,
    build_class_indicators,
    build_cover_beside,
    build_cover_indicators,
    build_indicator_table,
    build_inundation_indicators,
    build_rsei_indicators,
    build_share,
    build_trend_indicators,
    build_upland_indicator,
    sum_anomaly,
)
from pipeline.indices.vegetation import CoverSums
from pipeline.legends import LAND_COVER

AREAS = st.floats(0, 1e9)


def share_of(numerator, denominator, unseen):
    return build_share("x", "2024", numerator, denominator, unseen=unseen, source="s")


@given(AREAS, AREAS, AREAS)
def test_a_value_lies_between_its_low_and_its_high(denominator, part, unseen):
    row = share_of(min(part, denominator), denominator, unseen)
    if row["value"] is None:
        assert row["reason"]
    else:
        assert row["reason"] is None
        assert row["low"] <= row["value"] * (1 + 1e-12)
        assert row["value"] <= row["high"] * (1 + 1e-12)
        assert row["low"] >= 0
        assert row["high"] <= 1 + 1e-12


def test_nothing_seen_is_null_with_the_reason_and_anything_is_possible():
    row = share_of(0.0, 0.0, 50.0)
    assert (row["value"], row["low"], row["high"]) == (None, 0, 1)
    assert "clear" in row["reason"]


def test_no_area_at_all_is_null_throughout():
    row = share_of(0.0, 0.0, 0.0)
    assert (row["value"], row["low"], row["high"]) == (None, None, None)


def test_all_seen_leaves_no_range():
    row = share_of(30.0, 40.0, 0.0)
    assert row["low"] == row["value"] == row["high"] == 0.75
    assert (row["numerator"], row["denominator"]) == (30, 40)


SUMS = CoverSums(
    seen_m2=80, land_m2=60, vegetated_m2=45, vegetated_land_m2=42, fvc_m2=30, fvc_land_m2=28, classed_m2=80
)


def test_cover_has_its_four_indicators_and_a_fifth_to_compare():
    rows = {row["indicator"]: row for row in build_cover_indicators(SUMS, "2024", area_m2=100, source="s")}
    assert {name: row["value"] for name, row in rows.items()} == {
        "vegetation_cover_share_land": 42 / 60,
        "vegetation_cover_share_area": 45 / 80,
        "mean_fvc_land": 28 / 60,
        "mean_fvc_area": 30 / 80,
    }
    assert rows["mean_fvc_area"]["low"] == 0.30
    assert rows["mean_fvc_area"]["high"] == 0.50
    beside = build_cover_beside(
        "mean_fvc_land_percentiles", SUMS, "2024", area_m2=100, source="by percentile"
    )
    assert beside["indicator"] == "mean_fvc_land_percentiles"
    assert (beside["value"], beside["source"]) == (28 / 60, "by percentile")


def test_where_no_map_tells_land_from_water_shares_of_land_are_null_and_those_of_the_area_stay():
    rows = build_cover_indicators(SUMS, "2024", area_m2=100, source="s")
    known = {row["indicator"]: row for row in blank_land(rows, "no map")}
    assert blank_land(rows, "") == rows
    for name in ("vegetation_cover_share_land", "mean_fvc_land"):
        assert (known[name]["value"], known[name]["denominator"], known[name]["high"]) == (None, None, None)
        assert known[name]["reason"] == "no map"
    for row in rows:
        if row["indicator"].endswith("_area"):
            assert known[row["indicator"]] == row
            assert row["value"] > 0


def test_a_period_without_a_look_has_null_indicators_over_the_whole_area():
    nothing = CoverSums(0, 0, 0, 0, 0, 0, 0)
    beside = build_cover_beside("mean_fvc_land_percentiles", nothing, "2024", area_m2=100, source="s")
    for row in [*build_cover_indicators(nothing, "2024", area_m2=100, source="s"), beside]:
        assert row["value"] is None
        assert (row["low"], row["high"]) == (0, 1)
        assert row["reason"]


def test_an_area_of_water_alone_has_no_share_of_land_whatever_slips_over_its_edge():
    for slip in (0.0, 5e-8):
        sums = CoverSums(100.0, slip, slip, slip, slip, slip, 100.0)
        rows = {
            row["indicator"]: row for row in build_cover_indicators(sums, "2024", area_m2=100, source="s")
        }
        for name in ("vegetation_cover_share_land", "mean_fvc_land"):
            assert rows[name]["value"] is None
            assert "water" in str(rows[name]["reason"])
        assert rows["vegetation_cover_share_area"]["value"] == pytest.approx(0, abs=1e-6)
        assert build_upland_indicator(sums, "2024", area_m2=100, source="s")["value"] is None


def test_what_was_seen_without_a_class_is_null_for_the_land_and_stands_for_the_area():
    unclassed = CoverSums(80, 0, 45, 0, 30, 0, 0)
    rows = {
        row["indicator"]: row for row in build_cover_indicators(unclassed, "2024", area_m2=100, source="s")
    }
    for name in ("vegetation_cover_share_land", "mean_fvc_land"):
        assert [rows[name][part] for part in ("value", "numerator", "denominator", "low")] == [None] * 4
        assert "has no class" in rows[name]["reason"]
    assert rows["vegetation_cover_share_area"]["value"] == 45 / 80
    assert (rows["mean_fvc_area"]["value"], rows["mean_fvc_area"]["reason"]) == (30 / 80, None)


def test_ground_without_a_class_widens_the_range_of_a_share_of_land():
    partly = CoverSums(80, 40, 45, 30, 30, 20, 50)
    row, *_ = build_cover_indicators(partly, "2024", area_m2=100, source="s")
    assert (row["value"], row["low"], row["high"]) == (30 / 40, 30 / 90, 80 / 90)


def measures(values, period="2024", seen=0.8):
    rows = [
        {"period": period, "measure": f"class_area:{entry.key}", "value": value}
        for entry, value in zip(LAND_COVER.classes, values, strict=True)
    ]
    others = {"fvc_mean": 0.5, "seen_share": seen}
    return pd.DataFrame(
        [*rows, *({"period": period, "measure": name, "value": value} for name, value in others.items())]
    )


def test_shares_of_classes_are_of_what_was_seen_and_the_rest_is_unknown():
    table = pd.concat([measures([10.0, 40.0, 20.0, 10.0]), measures([1.0, 1.0, 1.0, 1.0], "2023")])
    rows = {row["indicator"]: row for row in build_class_indicators(table, "2024", area_m2=100, source="s")}
    assert rows["class_share:vegetation"]["value"] == 0.5
    assert rows["class_share:vegetation"]["low"] == 0.4
    assert rows["class_share:vegetation"]["high"] == 0.6
    assert rows["unknown_share"]["value"] == pytest.approx(0.2)
    assert rows["never_seen_share"]["value"] == pytest.approx(0.2)
    assert sum(rows[f"class_share:{entry.key}"]["value"] for entry in LAND_COVER.classes) == pytest.approx(1)


def test_what_has_no_class_and_what_was_never_seen_are_two_shares():
    table = measures([0.0] * 4, seen=0.9)
    *classes, unknown, unseen = build_class_indicators(
        table, "2024", area_m2=100, source="s", reason="no swir16"
    )
    assert {(row["value"], row["reason"]) for row in classes} == {(None, "no swir16")}
    assert (unknown["value"], unknown["numerator"]) == (1, 100)
    assert (unseen["value"], unseen["numerator"]) == (pytest.approx(0.1), pytest.approx(10))


def test_rounding_never_makes_the_unseen_negative():
    table = measures([25.0, 25.0, 25.0, 25.0 + 1e-9], seen=1 + 1e-12)
    (*_, unknown, unseen) = build_class_indicators(table, "2024", area_m2=100, source="s")
    assert (unknown["value"], unseen["value"]) == (0, 0)


def test_changed_share_counts_what_was_seen_twice():
    before = np.array([1, 1, 2, 2, 255], dtype=np.uint8)
    after = np.array([1, 2, 2, 255, 255], dtype=np.uint8)
    matrix = build_transition_matrix(
        [sum_transitions(before, after, code_transitions(before, after), np.full(5, 10.0))]
    )
    rows = build_change_indicators(matrix, "2023/2024", source="s")
    for row in rows[:2]:
        assert row["value"] == pytest.approx(1 / 3)
        assert row["low"] == pytest.approx(10 / 50)
        assert row["high"] == pytest.approx(30 / 50)
    assert all(
        row["value"] is None
        for row in build_change_indicators(build_transition_matrix([]), "2024", source="s")
    )


def test_speckle_stands_in_the_unfiltered_share_alone_and_moves_have_their_name():
    codes = {entry.key: entry.code for entry in LAND_COVER.classes}
    before = np.array(
        [codes[key] for key in ("vegetation", "bare", "water", "water", "built")], dtype=np.uint8
    )
    after = np.array([codes[key] for key in ("built", "built", "bare", "built", "water")], dtype=np.uint8)
    weight = np.array([1.0, 2.0, 4.0, 8.0, 16.0])
    sieved = code_transitions(before, after)
    sieved[3] = 0
    matrix = build_transition_matrix([sum_transitions(before, after, sieved, weight)])
    shares = {
        row["indicator"]: row["numerator"] for row in build_change_indicators(matrix, "2023/2024", source="s")
    }
    assert shares == {
        "changed_share": 23,
        "changed_share_unfiltered": 31,
        "built_gain_share": 3,
        "vegetation_loss_share": 1,
        "water_loss_share": 4,
    }
    assert all(set(codes) >= before | after and not before & after for before, after in MOVES.values())


def test_water_has_its_extent_at_low_and_at_high_water_and_what_lies_between():
    zones = {"permanent": 20.0, "fluctuating": 10.0, "dry": 50.0}
    rows = build_inundation_indicators(zones, "2024", area_m2=100, source="s")
    assert {row["indicator"]: row["numerator"] for row in rows} == {
        "water_share_low": 20,
        "water_share_high": 30,
        "fluctuation_zone_share": 10,
    }
    assert {row["denominator"] for row in rows} == {80}
    assert (rows[0]["low"], rows[0]["high"]) == (0.2, 0.4)
    named = [
        build_inundation_indicators(zones, "2024", area_m2=100, source="s", regime=word) for word in BETWEEN
    ]
    assert [one[2] | {"indicator": ""} for one in named] == [rows[2] | {"indicator": ""}] * 2
    assert [one[2]["indicator"] for one in named] == ["tidal_flat_share", "drawdown_zone_share"]
    never = build_inundation_indicators(dict.fromkeys(zones, 0.0), "2024", area_m2=100, source="s")
    assert all(row["value"] is None and row["reason"] for row in never)


def test_the_table_keeps_the_columns_of_its_contract_and_every_indicator_has_a_name():
    rows = [
        *build_cover_indicators(SUMS, "2024", area_m2=100, source="s"),
        *build_class_indicators(measures([10.0, 40.0, 20.0, 10.0]), "2024", area_m2=100, source="s"),
        *build_change_indicators(build_transition_matrix([]), "2023/2024", source="s"),
        *build_inundation_indicators(
            {"permanent": 1.0, "fluctuating": 2.0, "dry": 3.0}, "2024", area_m2=6, source="s"
        ),
        *(
            row
            for regime in BETWEEN
            for row in build_inundation_indicators(
                {"permanent": 1.0, "fluctuating": 2.0, "dry": 3.0},
                "2024",
                area_m2=6,
                source="s",
                regime=regime,
            )
        ),
        build_upland_indicator(SUMS, "2024", area_m2=100, source="s"),
        *build_anomaly_indicators(
            AnomalySums(-2.0, 3.0, 40.0), "2024", area_m2=100, source="s", least_years=3
        ),
        build_alert_indicator(
            {"stable": 30.0, "lost": 10.0, "not_vegetated": 40.0},
            "2024-06-13/2024-08-31",
            area_m2=100,
            source="s",
        ),
        *build_rsei_indicators((20.0, 5.0, 40.0), "2024", area_m2=100, source="s", reason=""),
        *build_trend_indicators(
            (3.0, 4.0, 40.0), "2013/2024", area_m2=100, source="s", needs=("10 年", "10 years")
        ),
    ]
    table = build_indicator_table(rows, "bay")
    assert list(table.columns) == list(INDICATORS.columns)
    assert (table["aoi"] == "bay").all()
    assert set(table["indicator"]) <= set(standards.table("indicator_names")["indicator"])
    assert table["value"].isna().sum() == 2 + len(MOVES)
    assert build_indicator_table([], "bay").empty


def test_an_anomaly_is_weighed_by_area_and_what_is_unknown_stands_beside():
    difference = np.array([-0.3, -0.1, 0.2, np.nan])
    sums = sum_anomaly(difference, np.array([10.0, 20.0, 30.0, 40.0]), least_drop=0.1)
    doubled = sums + sums
    mean, lower = build_anomaly_indicators(doubled, "2024", area_m2=200, source="s", least_years=3)
    assert mean["value"] == pytest.approx((-3 - 2 + 6) / 60)
    assert (mean["unit"], mean["low"], mean["high"]) == ("1", None, None)
    assert (lower["numerator"], lower["denominator"]) == (60, 120)
    assert (lower["low"], lower["high"]) == (60 / 200, 140 / 200)


def test_alerts_are_a_share_of_the_vegetation_and_ground_without_any_is_not_unseen():
    states = {"stable": 30.0, "lost": 10.0, "not_vegetated": 40.0}
    row = build_alert_indicator(states, "2024", area_m2=100, source="s")
    assert (row["numerator"], row["denominator"]) == (10, 40)
    assert (row["low"], row["high"]) == (10 / 60, 30 / 60)
    bare = build_alert_indicator(
        {"stable": 0.0, "lost": 0.0, "not_vegetated": 40.0}, "2024", area_m2=100, source="s"
    )
    assert bare["value"] is None
    assert "vegetation" in bare["reason"]
