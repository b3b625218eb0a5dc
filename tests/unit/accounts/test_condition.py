"""Condition of ecosystem types, with planted cover and classes of sections."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.accounts.condition import build_condition

NO_SECTIONS = pd.DataFrame({"section_id": [], "period": [], "water_class": []})


def collect_sums(rows):
    """Sums of the fvc under units: rows of town, period, type, m2, share of it known, fvc."""
    table = pd.DataFrame(rows, columns=["region", "period", "mapped", "area_m2", "share", "mean"])
    known = table["area_m2"] * table["share"]
    return table.assign(counted=True, ecosystem=None, fvc=known * table["mean"], fvc_m2=known)


ground = st.tuples(
    st.sampled_from(["t1", "t2"]),
    st.sampled_from(["2022", "2023"]),
    st.sampled_from(["森林", "湿地"]),
    st.floats(1.0, 100.0),
    st.sampled_from([0.0, 0.5, 1.0]),
    st.floats(0.0, 1.0),
)


@settings(max_examples=15)
@given(st.lists(ground, min_size=1, max_size=20))
def test_cover_of_a_type_is_the_mean_over_its_known_ground(rows):
    sums = collect_sums([("t1", "2022", "草地", 1.0, 1.0, 0.5), ("t1", "2023", "草地", 1.0, 1.0, 0.5), *rows])
    table = build_condition(sums, NO_SECTIONS, aoi_id="island")
    for row in table[table["basis"] == "mapped"].itertuples():
        under = sums[sums["mapped"] == row.account_class]
        if row.region != "island":
            under = under[under["region"] == row.region]
        for period, value in (("2022", row.opening_value), ("2023", row.closing_value)):
            then = under[under["period"] == period]
            weights = then["area_m2"] * then["share"]
            if weights.sum() == 0:
                assert np.isnan(value)
            else:
                assert value == pytest.approx(np.average(then["mean"], weights=weights))
    assert (table["reason"].isna() == table["change_value"].notna()).all()


def test_sections_are_counted_of_those_that_could_be_graded():
    sums = collect_sums([("t1", "2022", "湿地", 1.0, 1.0, 0.5), ("t1", "2023", "湿地", 1.0, 1.0, 0.25)])
    sections = pd.DataFrame(
        {
            "section_id": list("abcabcd"),
            "period": ["2022"] * 3 + ["2023"] * 4,
            "water_class": pd.array([3, 4, None, 2, 3, 6, 1], dtype="Int64"),
        }
    )
    table = build_condition(sums, sections, aoi_id="island")
    row = table[table["variable"].eq("good_sections") & table["basis"].eq("mapped")].squeeze()
    assert (row["opening_numerator"], row["opening_denominator"]) == (1, 2)
    assert (row["closing_numerator"], row["closing_denominator"]) == (3, 4)
    assert row["change_value"] == pytest.approx(0.25)


def test_what_no_layer_and_no_section_tells_has_no_row():
    sums = collect_sums([("t1", "2022", "湿地", 1.0, 1.0, 0.5), ("t1", "2023", "湿地", 1.0, 1.0, 0.25)])
    assert build_condition(sums.drop(columns=["fvc", "fvc_m2"]), NO_SECTIONS, aoi_id="island").empty
    assert set(build_condition(sums, NO_SECTIONS, aoi_id="island")["variable"]) == {"fvc"}
