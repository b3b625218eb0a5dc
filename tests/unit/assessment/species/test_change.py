"""New and lost species: only against comparable effort, at the same sites in the same seasons."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.assessment.species.change import compare_periods
from tests.unit.assessment.species.records import GROUPS, QUARTERS, YEARS, build, record


def compare(*rows, periods=YEARS, cycle=1, comparison="year_ago"):
    table = compare_periods(build(*rows, periods=periods), periods, cycle)
    rows = table[table["comparison"] == comparison]
    return {
        (row.period, row.species): (row.species_change, row.efforts, row.efforts_shared)
        for row in rows.itertuples()
    }


def test_a_species_is_lost_where_all_sites_and_seasons_of_its_finds_were_surveyed_again():
    before = [record("鹤", "2023-01-15"), record("鹤", "2023-01-16", site="S2"), record("雁", "2023-01-15")]
    again = [record("雁", "2024-02-20"), record("雁", "2024-01-20", site="S2")]
    assert compare(*before, *again)["2024", "鹤"] == ("lost", 2, 2)
    assert compare(*before, again[0])["2024", "鹤"] == ("unknown_lost", 2, 1)


@pytest.mark.parametrize("day", ["2024-03-01", "2024-11-30", "2024-07-01"])
def test_another_season_is_another_effort(day):
    rows = [record("鹤", "2023-01-15"), record("雁", "2023-01-15"), record("雁", day)]
    assert compare(*rows)["2024", "鹤"] == ("unknown_lost", 1, 0)


@pytest.mark.parametrize("day", ["2024-01-01", "2024-02-29", "2024-12-01"])
def test_december_to_february_are_one_season(day):
    rows = [record("鹤", "2023-01-15"), record("雁", day)]
    assert compare(*rows)["2024", "鹤"] == ("lost", 1, 1)


def test_a_species_is_new_only_where_its_site_was_surveyed_before():
    rows = [record("雁", "2023-01-15"), record("鹤", "2024-01-15"), record("雁", "2024-01-15")]
    assert compare(*rows)["2024", "鹤"] == ("new", 1, 1)
    rows[1] = record("鹤", "2024-01-15", site="S9")
    assert compare(*rows)["2024", "鹤"] == ("unknown_new", 1, 0)


def test_a_species_found_both_times_is_kept_wherever_it_was():
    rows = [record("鹤", "2023-01-15"), record("鹤", "2024-07-15", site="S9")]
    assert compare(*rows)["2024", "鹤"][0] == "kept"


def test_looked_for_in_vain_is_effort_and_no_find():
    rows = [record("鹤", "2023-01-15"), record("鹤", "2024-01-15", 0)]
    assert compare(*rows)["2024", "鹤"] == ("lost", 1, 1)


@pytest.mark.parametrize(
    ("surveyed", "change"),
    [
        ("waterbird", "lost"),
        ("bird", "lost"),
        ("animal", "lost"),
        ("fish", "unknown_lost"),
        ("plant", "unknown_lost"),
    ],
)
def test_a_survey_looks_for_its_group_and_those_within_it(surveyed, change):
    rows = [record("鹤", "2023-01-15"), record(None, "2024-01-15", 0, group=surveyed)]
    assert compare(*rows)["2024", "鹤"][0] == change


def test_a_survey_of_waterbirds_is_none_of_all_birds():
    rows = [record("雀", "2023-01-15"), record("鹤", "2024-01-15")]
    assert compare(*rows)["2024", "雀"][0] == "unknown_lost"


def test_a_group_that_was_not_surveyed_again_is_unknown():
    rows = [record("鱼", "2023-01-15"), record("鹤", "2024-01-15")]
    assert compare(*rows)["2024", "鱼"] == ("unknown_lost", 1, 0)


def test_quarters_stand_beside_that_of_last_year_and_the_one_before():
    rows = [record("鹤", "2023-02-15"), record("雁", "2024-02-15"), record("鹤", "2023-11-15")]
    told = {"periods": QUARTERS, "cycle": 4}
    assert compare(*rows, **told)["2024Q1", "鹤"] == ("lost", 1, 1)
    before = compare(*rows, **told, comparison="before")
    assert before["2024Q1", "鹤"] == ("unknown_lost", 1, 0)
    assert ("2023Q1", "鹤") not in before
    assert compare(*rows, comparison="before") == {}


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["鹤", "雁", "雀", "苇", "菰"]),
            st.sampled_from([2023, 2024]),
            st.integers(1, 12),
            st.integers(0, 1),
            st.sampled_from(["S1", "S2"]),
        ),
        min_size=1,
        max_size=14,
    )
)
def test_changes_are_those_of_plain_loops(seen):
    around = {"waterbird": {"waterbird", "bird"}, "bird": {"bird"}, "plant": {"plant"}}
    around["aquatic_plant"] = {"aquatic_plant", "plant"}
    rows = [record(name, f"{year}-{month:02d}-10", low, site=site) for name, year, month, low, site in seen]
    found = compare(*rows)
    for name in {row[0] for row in seen}:
        group = GROUPS[name]
        places = {
            year: {
                (site, month % 12 // 3)
                for one, of, month, low, site in seen
                if (one, of, low) == (name, year, 1)
            }
            for year in (2023, 2024)
        }
        efforts = {
            year: {
                (site, month % 12 // 3)
                for one, of, month, _, site in seen
                if of == year and GROUPS[one] in around[group]
            }
            for year in (2023, 2024)
        }
        before, after = places[2023], places[2024]
        if not before and not after:
            assert ("2024", name) not in found
        elif before and after:
            assert found["2024", name][0] == "kept"
        elif before:
            assert found["2024", name][0] == ("lost" if before <= efforts[2024] else "unknown_lost")
        else:
            assert found["2024", name][0] == ("new" if after & efforts[2023] else "unknown_new")
