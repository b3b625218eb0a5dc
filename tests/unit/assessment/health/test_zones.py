"""Water function zones: rounds by month, two factors and all items, the rounds that a period needs."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import standards
from pipeline.assessment.health.zones import (
    ZoneSamples,
    build_zone_indicators,
    judge_zones,
    measure_zones,
)
from pipeline.indices.sections.months import MeanRules, date_samples
from pipeline.periods import list_periods

LIMITS = standards.table("water_limits")
YEARS = list_periods(pd.Timestamp("2024-01-01").date(), pd.Timestamp("2024-12-31").date(), "year")


def build(readings, zones=None, bodies=None):
    """Samples from (place, month, code, value), zones from (id, target, places)."""
    table = pd.DataFrame(readings, columns=["place", "month", "parameter", "value"])
    time = pd.to_datetime("2024-" + table["month"].astype(str) + "-05", format="%Y-%m-%d").dt.tz_localize(
        "Asia/Shanghai"
    )
    samples = date_samples(table.drop(columns="month").assign(time=time, censored=False))
    count = int(table["place"].max()) + 1
    sections = pd.DataFrame(
        {"section": [f"断面{n}" for n in range(count)], "water_body": bodies or ["river"] * count}
    )
    rows = [
        {"zone": zone, "name": f"{zone}区", "kind": None, "body": "R", "place": None, "target_class": target,
         "places": places, "here": True}
        for zone, target, places in (zones or [("Z", 3, list(range(count)))])
    ]  # fmt: skip
    return ZoneSamples(samples, sections, pd.DataFrame(rows))


def judge(found, least=0.8):
    return judge_zones(found, YEARS, LIMITS, MeanRules(), least)


def whole(table, variant="two_factor", zone="Z"):
    return table[table["round"].isna() & (table["variant"] == variant) & (table["zone"] == zone)].iloc[0]


def months(values, code="CODMn", ammonia=0.3, place=0):
    """Readings of a demand for oxygen by month, with ammonia that keeps class III."""
    pairs = list(enumerate(values, start=1))
    return [(place, month, code, value) for month, value in pairs] + [
        (place, month, "NH3N", ammonia) for month, _ in pairs
    ]


@pytest.mark.parametrize(("value", "met"), [(5.999, True), (6.0, True), (6.001, False)])
def test_a_round_meets_its_target_at_the_limit_and_not_beyond(value, met):
    table = judge(build(months([value])))
    (row,) = table[table["round"].notna() & (table["variant"] == "two_factor")].to_dict("records")
    assert (row["round"], row["met"], row["rounds"], row["rounds_met"]) == ("2024-01", met, 1, int(met))
    assert row["exceeded"] == (None if met else "CODMn(断面0)")


@pytest.mark.parametrize(("failed", "met"), [(1, True), (2, True), (3, False)])
def test_a_zone_complies_from_the_stated_share_of_rounds_on(failed, met):
    row = whole(judge(build(months([9.0] * failed + [4.0] * (10 - failed)))))
    assert (row["rounds"], row["rounds_met"], row["met"]) == (10, 10 - failed, met)
    assert row["met_share"] == pytest.approx((10 - failed) / 10)
    assert row["indicative"]


def test_two_factors_look_at_demand_and_ammonia_alone():
    readings = [*months([4.0]), (0, 1, "TP", 9.0)]
    table = judge(build(readings))
    assert whole(table)["met"]
    assert whole(table)["items"] == "CODMn;NH3N"
    assert not whole(table, "full_factor")["met"]
    assert whole(table, "full_factor")["exceeded"] == "2024-01 TP(断面0)"


def test_chemical_demand_stands_in_for_permanganate_and_without_either_nothing_is_judged():
    assert whole(judge(build(months([15.0], code="COD"))))["items"] == "COD;NH3N"
    assert not whole(judge(build(months([21.0], code="COD"))))["met"]
    row = whole(judge(build([(0, 1, "NH3N", 0.3)])))
    assert row["rounds"] == 0
    assert pd.isna(row["met"])
    assert math.isnan(row["met_share"])
    both = judge(build([*months([4.0]), (0, 1, "COD", 99.0)]))
    assert whole(both)["met"]


def test_all_sections_of_a_zone_meet_its_target_in_a_round():
    readings = [*months([4.0, 4.0]), *months([9.0], place=1)]
    row = whole(judge(build(readings)))
    assert (row["rounds"], row["rounds_met"]) == (2, 1)
    assert row["exceeded"] == "2024-01 CODMn(断面1)"
    assert row["sections_sampled"] == 2


def test_a_lake_is_held_against_limits_of_a_lake():
    readings = [*months([4.0]), (0, 1, "TP", 0.15)]
    assert whole(judge(build(readings)), "full_factor")["met"]
    assert not whole(judge(build(readings, bodies=["lake"])), "full_factor")["met"]


def test_a_zone_without_target_or_readings_is_open_with_the_reason():
    table = judge(build(months([4.0]), [("A", None, [0]), ("B", 3, [])]))
    assert pd.isna(whole(table, zone="A")["met"])
    assert "没有目标" in whole(table, zone="A")["reason"]
    assert "没有监测数据" in whole(table, zone="B")["reason"]


def test_the_rate_counts_zones_that_were_judged():
    readings = [*months([4.0] * 5), *months([9.0] * 5, place=1), (2, 1, "NH3N", 0.2)]
    table = judge(build(readings, [("A", 3, [0]), ("B", 3, [1]), ("C", 3, [2])]))
    rows = build_zone_indicators(table, "area", ["2024"]).set_index("indicator")
    two = rows.loc["zone_compliance_two_factor"]
    assert (two["value"], two["numerator"], two["denominator"]) == (0.5, 1, 2)
    every = rows.loc["zone_compliance_full_factor"]
    assert (every["numerator"], every["denominator"]) == (2, 3)
    figure = measure_zones(table, "R", "2024")
    assert (figure.value, figure.numerator, figure.denominator) == (0.5, 1, 2)
    assert measure_zones(table, "other", "2024").reason


def test_without_a_zone_the_rate_is_null_with_the_reason():
    rows = build_zone_indicators(judge(build(months([4.0]), [("A", None, [0])])), "area", ["2024"])
    assert rows["value"].isna().all()
    assert (rows["denominator"] == 0).all()
    assert rows["reason"].notna().all()


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.1, 20), st.floats(0.01, 4)), min_size=1, max_size=12), st.integers(1, 5)
)
def test_rounds_are_those_of_a_plain_loop(values, target):
    readings = [
        reading
        for month, (demand, ammonia) in enumerate(values, start=1)
        for reading in ((0, month, "CODMn", demand), (0, month, "NH3N", ammonia))
    ]
    limits = {"CODMn": (2, 4, 6, 10, 15)[target - 1], "NH3N": (0.15, 0.5, 1, 1.5, 2)[target - 1]}
    met = sum(demand <= limits["CODMn"] and ammonia <= limits["NH3N"] for demand, ammonia in values)
    row = whole(judge(build(readings, [("Z", target, [0])])))
    assert (row["rounds"], row["rounds_met"]) == (len(values), met)
    assert row["met"] == bool(np.isclose(met / len(values), 0.8) or met / len(values) > 0.8)
