"""Rivers by mean under five sections and by share from five; the change between two periods."""

import pandas as pd
import pytest

from pipeline import standards
from pipeline.indices.sections.rivers import (
    compare_scopes,
    compute_exceedance_rates,
    evaluate_scopes,
    expand_scopes,
    name_shares,
)
from pipeline.indices.sections.tiers import find_words

LIMITS = standards.table("water_limits")


def _sections(values, *, period="2024", body="river", basin="长江"):
    """Sections of one river with their ammonia."""
    classes = [1 + sum(value > limit for limit in (0.15, 0.5, 1.0, 1.5, 2.0)) for value in values]
    names = [f"S{number}" for number in range(len(values))]
    return pd.DataFrame(
        {
            "section_id": names, "section": names, "basin": basin, "water_body": body, "period": period,
            "items": "NH3N", "water_class": pd.array(classes, dtype="Int64"),
            "target_met": pd.array([number <= 3 for number in classes], dtype="boolean"), "mean_NH3N": values,
        }
    )  # fmt: skip


def _river(status):
    rows = evaluate_scopes(expand_scopes(status, dict.fromkeys(status["section_id"], "江"), "区"), LIMITS)
    return rows[rows["scope"] == "river"].iloc[0]


def _counts(number, good, worst):
    return pd.DataFrame({"sections_graded": [number], "good_sections": [good], "worst_sections": [worst]})


def test_four_sections_are_graded_by_their_mean():
    row = _river(_sections([0.1, 0.1, 0.1, 4.5]))
    assert row["evaluated_by"] == "均值法"
    assert row["water_class"] == 4
    assert (row["class_word"], row["main_pollutants"]) == ("轻度污染", "NH3N(0.20)")
    assert row[["good_sections", "sections_graded", "good_percent", "worst_percent"]].tolist() == [
        3,
        4,
        75,
        25,
    ]


def test_five_sections_are_graded_by_their_shares():
    row = _river(_sections([0.1, 0.1, 0.1, 4.5, 0.1]))
    assert (row["evaluated_by"], row["class_word"]) == ("断面比例法", "良好")
    assert pd.isna(row["water_class"])
    assert row["main_pollutants"] is None


def test_a_polluted_river_names_the_items_most_sections_exceed():
    status = _sections([0.1, 1.2, 1.2, 4.5, 4.5]).assign(mean_TP=[0.1, 0.1, 0.1, 0.1, 0.25])
    row = _river(status)
    assert row["class_word"] == "重度污染"
    assert row["main_pollutants"] == "NH3N(80.0%);TP(20.0%)"
    assert row["indicative"].startswith("主要污染物排序规则未核实")
    assert row[["target_met_sections", "target_sections"]].tolist() == [1, 5]


@pytest.mark.parametrize(
    ("number", "good", "worst", "word"),
    [
        (10, 9, 1, "优"), (100, 89, 0, "良好"), (4, 3, 1, "良好"), (100, 74, 0, "轻度污染"),
        (100, 74, 19, "轻度污染"), (100, 74, 20, "中度污染"), (100, 60, 39, "中度污染"),
        (10, 6, 4, "重度污染"),
    ],
)  # fmt: skip
def test_a_share_on_a_cut_belongs_to_the_class_that_begins_there(number, good, worst, word):
    assert name_shares(_counts(number, good, worst)).tolist() == [word]


def test_lakes_belong_to_the_area_and_to_no_river():
    status = pd.concat([_sections([0.1, 0.1]), _sections([3.0], body="lake").assign(section_id="L")])
    rows = evaluate_scopes(expand_scopes(status, {"S0": "江", "L": "江"}, "区"), LIMITS)
    rows = rows.set_index(["scope", "water_body"])
    assert rows["sections_graded"].to_dict() == {
        ("area", "river"): 2, ("area", "lake"): 1, ("basin", "river"): 2, ("river", "river"): 1,
    }  # fmt: skip
    assert set(rows["evaluated_by"]) == {"均值法"}


def test_rivers_and_lakes_of_an_area_are_judged_apart_each_by_its_own_limits():
    rivers = _sections([0.1] * 6).assign(mean_TP=0.08)
    lakes = _sections([0.1] * 2, body="lake").assign(section_id=["L0", "L1"], mean_TP=0.08, water_class=4)
    lakes["water_class"] = lakes["water_class"].astype("Int64")
    rows = evaluate_scopes(expand_scopes(pd.concat([rivers, lakes]), {}, "区"), LIMITS)
    area = rows[rows["scope"] == "area"].set_index("water_body")
    assert area["class_word"].to_dict() == {"river": "优", "lake": "轻度污染"}
    assert area.loc["lake", "main_pollutants"] == "TP(0.60)"
    assert pd.isna(area.loc["river", "main_pollutants"])


def test_a_river_without_a_graded_section_says_so():
    status = _sections([0.1]).assign(water_class=pd.array([pd.NA], dtype="Int64"))
    row = _river(status)
    assert row["reason"].startswith("本期无可评价断面")
    assert row[["class_word", "evaluated_by", "good_percent"]].isna().all()


def test_nothing_in_gives_nothing_out():
    rows = evaluate_scopes(expand_scopes(_sections([]), {}, "区"), LIMITS)
    assert rows.empty
    assert compare_scopes(rows, ["2023", "2024"]).empty


def test_the_exceedance_rate_is_of_all_graded_sections():
    scoped = expand_scopes(_sections([0.1, 1.2, 1.2, 0.2]), {}, "区")
    rates = compute_exceedance_rates(scoped, LIMITS).query("scope == 'area'").iloc[0]
    assert rates[["sections_measured", "sections_beyond", "beyond_percent"]].tolist() == [4, 2, 50.0]


@pytest.mark.parametrize(
    ("difference", "word"),
    [
        (-20.1, "明显变差"), (-20, "有所变差"), (-10.1, "有所变差"), (-10, "无明显变化"), (0, "无明显变化"),
        (10, "无明显变化"), (10.1, "有所好转"), (20, "有所好转"), (20.1, "明显好转"),
    ],
)  # fmt: skip
def test_a_change_is_graded_by_good_less_worst(difference, word):
    assert find_words(pd.Series([difference], dtype=float), "change_words").tolist() == [word]


def test_the_change_between_two_periods_is_planted_and_found():
    before = _sections([0.1, 4.5, 4.5, 0.1, 0.1], period="2023")
    after = _sections([0.1, 0.1, 4.5, 0.1, 0.1], period="2024")
    rows = evaluate_scopes(expand_scopes(pd.concat([before, after]), {}, "区"), LIMITS)
    row = compare_scopes(rows, ["2023", "2024"]).query("scope == 'area'").iloc[0]
    assert row[["good_change_pp", "worst_change_pp", "difference_pp"]].tolist() == pytest.approx(
        [20, -20, 40]
    )
    assert row["change_word"] == "明显好转"
    assert row["indicative"].startswith("变化分级未核实")


def test_a_period_without_grades_has_no_change_and_a_reason():
    before = _sections([0.1]).assign(period="2023", water_class=pd.array([pd.NA], dtype="Int64"))
    rows = evaluate_scopes(expand_scopes(pd.concat([before, _sections([0.1])]), {}, "区"), LIMITS)
    found = compare_scopes(rows, ["2023", "2024"])
    assert found["change_word"].isna().all()
    assert found["reason"].str.startswith("两个时段").all()
