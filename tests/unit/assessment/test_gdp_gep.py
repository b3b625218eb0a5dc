"""GDP beside GEP: ranks that ties share, changes, the ratio, and no sum of fewer indicators called GEP."""

import math
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.assessment import gdp_gep
from pipeline.contracts import INDICATORS, check_table
from pipeline.periods import list_periods

AREA = "area"
NAMES = {AREA: "区", "t1": "甲镇", "t2": "乙镇", "t3": "丙镇", "area-rest": "镇村界外"}
YEARS = tuple(list_periods(date(2023, 1, 1), date(2024, 12, 31), "year"))
GDP = {("t1", 2023): 100.0, ("t2", 2023): 100.0, ("t3", 2023): 50.0, (AREA, 2023): 250.0}
GDP |= {("t1", 2024): 110.0, ("t2", 2024): 90.0, ("t3", 2024): 50.0, (AREA, 2024): 250.0}
GEP = {("t1", 2023): 30.0, ("t2", 2023): 80.0, ("t3", 2023): 80.0, ("area-rest", 2023): 999.0}
GEP |= {("t1", 2024): 33.0, ("t2", 2024): 40.0, ("t3", 2024): 100.0}


def tell(figures, item="gdp"):
    """STATISTICS of yuan by region and year."""
    rows = [
        {"region": region, "year": year, "item": item, "product": None, "value": value, "unit": "yuan"}
        | {"source": "年鉴", "file": "a.xlsx", "sheet": "一", "row": number}
        for number, ((region, year), value) in enumerate(figures.items(), start=2)
    ]
    return pd.DataFrame(rows)


def total(rows):
    """ACCOUNT_TOTALS of sums: region, year, service, yuan, known, of."""
    told = pd.DataFrame(rows, columns=["region", "period", "service", "value_yuan", "known", "of"])
    return told.assign(
        basis="registered",
        item="",
        comparable_yuan=told["value_yuan"] / 2,
        indicative=told["service"].eq("GEP"),
    )


def compare(gdp=GDP, gep=GEP, periods=YEARS, **told):
    found = gdp_gep.find_statistic(tell(gdp), "gdp", "GDP")
    of_gep = told.get("gep_table")
    if of_gep is None:
        of_gep = gdp_gep.name_statistic_gep(gdp_gep.find_statistic(tell(gep, "gep"), "gep", "GEP"))
    table = gdp_gep.compare_gdp_gep(found, of_gep, NAMES, periods, aoi_id=AREA, unranked=("area-rest",))
    return table.set_index(["region", "period"])


def test_equal_figures_share_a_rank_and_the_area_and_the_rest_have_none():
    table = compare()
    ranks = {
        key: [None if pd.isna(rank) else int(rank) for rank in row]
        for key, row in zip(table.index, table[["gdp_rank", "gep_rank"]].to_numpy(), strict=True)
    }
    assert [ranks[town, "2023"] for town in ("t1", "t2", "t3")] == [[1, 3], [1, 1], [3, 1]]
    assert [ranks[town, "2024"] for town in ("t1", "t2", "t3")] == [[1, 3], [2, 2], [3, 1]]
    assert ranks[AREA, "2023"] == ranks["area-rest", "2023"] == [None, None]
    assert set(table["gdp_ranked"]) == {3}


def test_changes_and_the_ratio_are_those_of_a_calculation_by_hand():
    now = compare().xs("2024", level="period")
    assert now["gdp_change"]["t1"] == pytest.approx(0.1)
    assert now["gep_change"]["t2"] == pytest.approx(-0.5)
    assert now["gep_gdp_ratio"].loc[["t1", "t2", "t3"]].tolist() == pytest.approx([0.3, 40 / 90, 2.0])
    assert now["joint"].loc[["t1", "t2", "t3"]].tolist() == ["both_kept", "both_fell", "both_kept"]
    assert now["before_period"].tolist() == ["2023"] * 5


@pytest.mark.parametrize(
    ("gdp", "gep", "joint"),
    [
        (100.0, 30.0, "both_kept"),
        (100.0 - 1e-6, 30.0, "gep_kept"),
        (100.0, 30.0 - 1e-6, "gdp_kept"),
        (100.0 - 1e-6, 30.0 - 1e-6, "both_fell"),
        (100.0 + 1e-6, 30.0 + 1e-6, "both_kept"),
    ],
)
def test_what_neither_rose_nor_fell_did_not_fall(gdp, gep, joint):
    table = compare(GDP | {("t1", 2024): gdp}, GEP | {("t1", 2024): gep})
    assert table["joint"]["t1", "2024"] == joint


def test_the_first_period_is_compared_with_none():
    first = compare().xs("2023", level="period")
    assert first[["gdp_change", "gep_change", "joint"]].isna().all(axis=None)


def test_a_sum_of_fewer_indicators_is_no_gep_and_says_how_many_it_has():
    totals = total(
        [
            ("t1", "2023", "GEP", 40.0, 12, 12),
            ("t1", "2024", "partial", 30.0, 9, 12),
            ("t1", "2024", "M", 10.0, 3, 3),
        ]
    )
    table = compare(gep_table=gdp_gep.find_account_gep(totals, None))
    row = table.loc["t1", "2024"]
    assert math.isnan(row["gep_yuan"])
    assert (row["partial_yuan"], row["known"], row["of"]) == (30.0, 9, 12)
    assert "9/12" in row["reason"]
    assert "no GEP" in row["reason"]
    assert (math.isnan(row["gep_gdp_ratio"]), row["indicative"]) == (True, False)
    before = table.loc["t1", "2023"]
    assert (before["gep_yuan"], before["indicative"], before["gep_basis"]) == (
        40.0,
        True,
        "accounts: registered",
    )


def test_gep_of_the_accounts_is_of_one_basis_and_changes_in_prices_of_one_year_too():
    totals = total([("t1", "2023", "GEP", 40.0, 12, 12), ("t1", "2024", "GEP", 50.0, 12, 12)])
    totals["comparable_yuan"] = [40.0, 44.0]
    other = totals.assign(basis="mapped", value_yuan=1.0)
    both = pd.concat([totals, other], ignore_index=True)
    table = compare(gep_table=gdp_gep.find_account_gep(both, None))
    assert table["gep_yuan"]["t1", "2024"] == 50.0
    assert table["gep_change"]["t1", "2024"] == pytest.approx(0.25)
    assert table["gep_comparable_change"]["t1", "2024"] == pytest.approx(0.1)
    mapped = compare(gep_table=gdp_gep.find_account_gep(both, "mapped"))
    assert mapped["gep_yuan"]["t1", "2024"] == 1.0


def test_two_sources_that_differ_tell_nothing_and_are_named():
    twice = pd.concat([tell(GDP), tell({("t1", 2024): 111.0}).assign(file="b.xlsx")])
    found = gdp_gep.find_statistic(twice, "gdp", "GDP").set_index(["region", "period"])
    row = found.loc["t1", "2024"]
    assert pd.isna(row["value"])
    assert "a.xlsx row 6: 110" in row["reason"]
    assert "b.xlsx row 2: 111" in row["reason"]
    same = pd.concat([tell(GDP), tell({("t1", 2024): 110.0})])
    known = gdp_gep.find_statistic(same, "gdp", "GDP").set_index(["region", "period"])
    assert known["value"]["t1", "2024"] == 110.0


def test_what_is_not_told_is_null_with_its_reason():
    table = compare({key: value for key, value in GDP.items() if key[0] != "t2"})
    row = table.loc["t2", "2024"]
    assert math.isnan(row["gdp_yuan"])
    assert "GDP" in row["reason"]
    assert table["gdp_rank"]["t3", "2024"] == 2
    assert set(table["gdp_ranked"]) == {2}


def test_a_period_that_is_no_whole_year_has_none_of_it():
    quarters = tuple(list_periods(date(2024, 1, 1), date(2024, 6, 30), "quarter"))
    table = compare(periods=quarters)
    assert table[["gdp_yuan", "gep_yuan", "gep_gdp_ratio"]].isna().all(axis=None)
    assert table["reason"].str.contains("scenes.period: year").all()


def test_indicators_of_regions_have_numerator_and_denominator_of_their_ratio():
    table = compare().reset_index()
    indicators = check_table(gdp_gep.build_gdp_gep_indicators(table), INDICATORS)
    ratio = indicators.set_index(["indicator", "aoi", "period"]).loc["gep_gdp_ratio", "t1", "2024"]
    assert (ratio["value"], ratio["numerator"], ratio["denominator"]) == (pytest.approx(0.3), 33.0, 110.0)
    null = indicators[indicators["value"].isna()]
    assert null["reason"].notna().all()
    assert len(indicators) == 3 * len(table)


@given(st.lists(st.integers(0, 6), min_size=3, max_size=3))
def test_a_rank_is_one_more_than_the_number_of_larger_ones(figures):
    gdp = {(town, 2024): float(figure) for town, figure in zip(("t1", "t2", "t3"), figures, strict=True)}
    table = compare(gdp).xs("2024", level="period")
    ranks = [int(table["gdp_rank"][town]) for town in ("t1", "t2", "t3")]
    assert ranks == [1 + int(np.sum(np.array(figures) > figure)) for figure in figures]
    ratios = table["gep_gdp_ratio"].loc[["t1", "t2", "t3"]]
    assert ratios.isna().tolist() == [figure == 0 for figure in figures]
