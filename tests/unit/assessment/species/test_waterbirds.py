"""Waterbirds at and beside 1 %: the greatest count of one day in one complex, and what leaves it open."""

import math
from collections import defaultdict

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.assessment.species.waterbirds import NO_ESTIMATE, NO_TABLE, hold_waterbirds
from tests.unit.assessment.species.records import build, record


def estimates(one_percent, source="试验", population=None):
    row = [["鹤", one_percent, "迁飞区", population, 2021, source]]
    columns = [
        "species", "one_percent", "population_name", "population_estimate", "estimate_year", "source",
    ]  # fmt: skip
    return pd.DataFrame(row, columns=columns)


def hold(*rows, one_percent=30.0, **told):
    return hold_waterbirds(build(*rows), estimates(one_percent, **told)).iloc[0]


@pytest.mark.parametrize(
    ("low", "high", "one_percent", "reaches"),
    [
        (29, 29, 30, False),
        (30, 30, 30, True),
        (31, 31, 30, True),
        (30, 30, 30.5, False),
        (31, 31, 30.5, True),
        (29, math.inf, 30, None),
        (30, math.inf, 30, True),
        (20, 29, 30, False),
        (20, 30, 30, None),
        (1, math.inf, 30, None),
    ],
)
def test_one_per_cent_is_reached_at_it_and_not_beside_it(low, high, one_percent, reaches):
    row = hold(record("鹤", "2024-01-15", low, high), one_percent=one_percent)
    assert (None if pd.isna(row["reaches_one_percent"]) else bool(row["reaches_one_percent"])) is reaches
    assert pd.isna(row["reason"]) == (reaches is not None)
    assert row["share_low"] == pytest.approx(low / (100 * one_percent))


def test_days_are_never_summed_and_sites_of_a_complex_on_one_day_are():
    rows = [record("鹤", f"2024-01-{day}", 16, site=site) for day in (15, 16) for site in ("S1", "S2")]
    row = hold(*rows, one_percent=33)
    assert (row["count_low"], row["sites"], row["survey_date"], bool(row["reaches_one_percent"])) == (
        32, 2, "2024-01-15", False,
    )  # fmt: skip
    assert row["evidence"] == "a.csv 2; a.csv 3"


def test_complexes_are_apart_and_records_of_one_site_and_day_are_of_the_same_birds():
    rows = [
        record("鹤", "2024-01-15", 16),
        record("鹤", "2024-01-15", 20),
        record("鹤", "2024-01-15", 19, site="S3", complex_="B"),
    ]
    row = hold(*rows)
    assert (row["count_low"], row["site_complex"]) == (20, "A")


def test_without_a_table_or_an_estimate_1_per_cent_is_unknown_with_its_reason():
    records = build(record("鹤", "2024-01-15", 99))
    without = hold_waterbirds(records, None).iloc[0]
    assert (without["reason"], pd.isna(without["reaches_one_percent"])) == (NO_TABLE, True)
    strange = hold_waterbirds(records, estimates(10).assign(species="雁")).iloc[0]
    assert (strange["reason"], pd.isna(strange["one_percent"])) == (NO_ESTIMATE, True)


def test_counts_told_as_about_and_estimates_without_a_source_are_indicative():
    assert hold(record("鹤", "2024-01-15", 30, about=True))["indicative"]
    assert hold(record("鹤", "2024-01-15", 30), source=None)["indicative"]
    assert not hold(record("鹤", "2024-01-15", 30))["indicative"]


def test_only_waterbirds_that_were_found_in_a_period_stand_in_the_table():
    rows = [record("鹤", "2024-01-15", 0), record("雀", "2024-01-15", 9), record("鹤", "2019-01-15", 50)]
    assert hold_waterbirds(build(*rows), estimates(10)).empty


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["S1", "S2", "S3"]),
            st.integers(1, 3),
            st.integers(0, 40),
            st.sampled_from([0, 5, math.inf]),
        ),
        min_size=1,
        max_size=12,
    ),
    st.integers(1, 90),
)
def test_the_decision_is_that_of_plain_loops(seen, one_percent):
    complexes = {"S1": "A", "S2": "A", "S3": "B"}
    rows = [
        record("鹤", f"2024-01-{day:02d}", low, low + more, site=site, complex_=complexes[site])
        for site, day, low, more in seen
        if low
    ]
    if not rows:
        return
    of_site = defaultdict(lambda: [0.0, 0.0])
    for site, day, low, more in seen:
        pair = of_site[site, day]
        if low:
            pair[0], pair[1] = max(pair[0], low), max(pair[1], low + more)
    sums = defaultdict(lambda: np.zeros(2))
    for (site, day), pair in of_site.items():
        sums[complexes[site], day] += pair
    lows, highs = zip(*sums.values(), strict=True)
    expected = True if max(lows) >= one_percent else None if max(highs) >= one_percent else False
    row = hold(*rows, one_percent=float(one_percent))
    assert (None if pd.isna(row["reaches_one_percent"]) else bool(row["reaches_one_percent"])) is expected
    assert row["count_low"] == max(lows)
