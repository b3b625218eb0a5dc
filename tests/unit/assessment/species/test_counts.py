"""Species by period and group: found, looked for in vain, not surveyed, known until then."""

from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import standards
from pipeline.assessment.species.change import compare_periods
from pipeline.assessment.species.counts import HEADLINES, count_species, list_species
from pipeline.assessment.species.indicators import build_species_indicators
from pipeline.assessment.species.surveys import assign_periods, list_groups_around
from pipeline.assessment.species.waterbirds import hold_waterbirds
from tests.unit.assessment.species.records import GROUPS, YEARS, build, record


def count(*rows):
    table = count_species(build(*rows), YEARS).set_index(["period", "species_group"])
    return {
        key: tuple(None if pd.isna(value) else int(value) for value in row)
        for key, row in zip(
            table.index, table[["species_count", "not_found_count", "known_count"]].to_numpy(), strict=True
        )
    }


def test_not_surveyed_is_null_with_a_reason_and_surveyed_in_vain_is_0():
    found = count(record("鹤", "2024-01-15", 0), record("苇", "2023-05-01"))
    assert found["2024", "waterbird"] == (0, 1, 0)
    assert found["2024", "plant"] == (None, None, 1)
    assert found["2023", "waterbird"] == (None, None, None)
    table = count_species(build(record("苇", "2023-05-01")), YEARS).set_index(["period", "species_group"])
    assert "未调查" in table.loc[("2024", "plant"), "reason"]
    assert pd.isna(table.loc[("2023", "plant"), "reason"])


def test_a_survey_that_found_nothing_of_its_group_is_one():
    found = count(record(None, "2024-05-01", 0, group="amphibian"), record("鹤", "2023-01-15"))
    assert found["2024", "amphibian"] == (0, 0, 0)
    assert found["2024", "animal"] == (0, 0, 1)
    assert found["2023", "amphibian"] == (None, None, None)


def test_a_species_counts_in_its_group_and_in_those_around_it_once():
    found = count(*(record(name, "2024-01-15", site=site) for name in GROUPS for site in ("S1", "S2")))
    assert {group: found["2024", group][0] for group in (*HEADLINES, "aquatic_plant", "fish")} == {
        "plant": 2, "animal": 4, "bird": 3, "waterbird": 2, "aquatic_plant": 1, "fish": 1,
    }  # fmt: skip


def test_what_was_found_before_the_run_is_known_and_not_found_in_its_periods():
    found = count(record("鹤", "2019-01-15"), record("雁", "2023-01-15"), record("雁", "2030-01-15"))
    assert found["2023", "waterbird"] == (1, 0, 2)
    assert found["2024", "waterbird"] == (None, None, 2)


def test_days_between_two_periods_are_of_none():
    rows = build(
        record("鹤", "2023-12-30", last="2024-01-02"),
        record("鹤", "2022-12-30", last="2023-01-02"),
        record("鹤", "2023-12-30", last="2023-12-31"),
        record("鹤", "2019-01-01"),
    )
    assert list(rows["between"]) == [True, True, False, False]
    assert list(rows["period"]) == [None, None, "2023", None]


def test_the_list_names_the_greatest_count_and_its_place():
    rows = [
        record("鹤", "2024-01-15", 1, float("inf")),
        record("鹤", "2024-01-16", 12, site="S2"),
        record("雁", "2024-01-15", 0),
        record("鹤", "2019-03-01", 50),
    ]
    table = list_species(build(*rows)).set_index("species")
    crane, goose = table.loc["鹤"], table.loc["雁"]
    assert (crane["species_status"], crane["count_low"], crane["site"], crane["evidence"]) == (
        "found", 12, "S2", "a.csv 3",
    )  # fmt: skip
    assert crane["first_found"] == "2019-03-01"
    assert (goose["species_status"], pd.isna(goose["count_low"]), goose["first_found"]) == (
        "not_found",
        True,
        None,
    )


def tell(*rows, estimates=None, periods=YEARS):
    records = build(*rows)
    birds = hold_waterbirds(records, estimates)
    told = build_species_indicators(
        periods, 1, count_species(records, periods), compare_periods(records, periods, 1), birds,
        has_estimates=estimates is not None,
    )  # fmt: skip
    return {(row["indicator"], row["period"]): row for row in told}


def test_indicators_are_null_with_a_reason_or_have_a_value():
    told = tell(record("鹤", "2023-01-15"), record("雁", "2024-01-15"))
    assert all((row["value"] is None) == bool(row["reason"]) for row in told.values())
    assert told["waterbird_species_count", "2024"]["value"] == 1
    assert told["waterbird_species_known", "2024"]["value"] == 2
    assert "种群数量表" in told["waterbird_species_1pct", "2024"]["reason"]
    assert told["lost_species_count", "2024"]["value"] == told["new_species_count", "2024"]["value"] == 1
    assert "scenes.start" in told["lost_species_count", "2023"]["reason"]


def test_without_comparable_effort_change_is_null_and_bounds_hold_what_is_open():
    told = tell(record("鹤", "2023-01-15"), record("雁", "2024-07-15"))
    assert told["new_species_count", "2024"]["value"] is None
    assert "没有可比" in told["new_species_count", "2024"]["reason"]
    rows = [
        record("鹤", "2023-01-15", site="S2"),
        record("雁", "2023-01-15"),
        record("苇", "2024-01-15"),
        record("雁", "2024-01-15"),
    ]
    lost = tell(*rows)["lost_species_count", "2024"]
    assert (lost["value"], lost["low"], lost["high"]) == (0, 0, 1)


def test_waterbirds_that_a_count_leaves_open_stand_in_the_upper_bound():
    estimates = pd.DataFrame(
        [["鹤", 10.0, None, None, 2021, "试验"], ["雁", 10.0, None, None, 2021, "试验"]],
        columns=[
            "species",
            "one_percent",
            "population_name",
            "population_estimate",
            "estimate_year",
            "source",
        ],
    )
    rows = [record("鹤", "2024-01-15", 10), record("雁", "2024-01-15", 1, float("inf"))]
    told = tell(*rows, estimates=estimates)
    row = told["waterbird_species_1pct", "2024"]
    assert (row["value"], row["low"], row["high"]) == (1, 1, 2)
    assert "未调查水鸟" in told["waterbird_species_1pct", "2023"]["reason"]


@pytest.mark.parametrize("group", [row["code"] for row in standards.read_rows("species_groups")])
def test_every_group_lies_within_a_root_and_has_its_indicators(group):
    assert list_groups_around(group)[0] == group
    names = {row["indicator"] for row in standards.read_rows("indicator_names")}
    assert {f"{group}_species_count", f"{group}_species_known"} <= names


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(sorted(GROUPS)), st.dates(date(2022, 1, 1), date(2025, 6, 1)), st.integers(0, 2)
        ),
        min_size=1,
        max_size=15,
    )
)
def test_counts_are_those_of_plain_sets(seen):
    found = count(*(record(name, day.isoformat(), low) for name, day, low in seen))
    for year in (2023, 2024):
        birds = {
            name
            for name, day, low in seen
            if day.year == year and low and GROUPS[name] in {"bird", "waterbird"}
        }
        known = {
            name
            for name, day, low in seen
            if day.year <= year and low and GROUPS[name] in {"bird", "waterbird"}
        }
        looked = [day for name, day, _ in seen if GROUPS[name] in {"bird", "waterbird"}]
        value, _, ever = found[str(year), "bird"]
        assert value == (len(birds) if any(day.year == year for day in looked) else None)
        assert ever == (len(known) if any(day.year <= year for day in looked) else None)


def test_periods_of_records_are_those_that_hold_all_their_days():
    table = pd.DataFrame([record("鹤", "2024-02-01", last="2024-02-29")])
    assert list(assign_periods(table, YEARS)["period"]) == ["2024"]
