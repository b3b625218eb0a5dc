"""EI of a year from amounts: each sub-index with its inputs, null with a reason where one is missing."""

from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.assessment import ecological_evaluation as evaluation
from pipeline.assessment import ecological_index as norm
from pipeline.assessment.amounts import Amount
from pipeline.assessment.ecological_index import LandAreas
from pipeline.assessment.ecological_tables import Year, build_index_rows, build_indicators, build_input_rows
from pipeline.rights_registry.rules import ECOLOGICAL_RULES

UNKNOWN = Amount(None, "s", "没有 / nothing told")
WATERS = {"river_length": 120.0, "lake_area": 8.0, "water_resources": 150.0}
LOADS = {
    "discharge_cod": 900.0,
    "discharge_nh3n": 70.0,
    "emission_so2": 90.0,
    "emission_dust": 120.0,
    "emission_nox": 160.0,
    "solid_waste_dumped": 50.0,
}
STRESSES = {
    "erosion_severe_area": 5.0,
    "erosion_moderate_area": 10.0,
    "built_area": 40.0,
    "other_stress_area": 2.0,
}


def told(values, **others):
    return {name: Amount(value, "s") for name, value in values.items()} | others


def evaluate(**missing):
    """The five sub-indices, those that are named without one of their inputs."""
    areas = LandAreas({"closed_forest": 40e6, "paddy": 40e6, "rural": 15e6}, 100e6)
    water = told(WATERS) | ({"lake_area": UNKNOWN} if "water" in missing else {})
    load = told(LOADS) | ({"emission_so2": UNKNOWN} if "load" in missing else {})
    ndvi = UNKNOWN if "cover" in missing else Amount(0.62, "s")
    return [
        evaluation.evaluate_biology(areas, "ordinary", "registered", "s", 0.9),
        evaluation.evaluate_vegetation(ndvi, (), 0.0121165124),
        evaluation.evaluate_water(water, Amount(100.0, "s"), 100.0),
        evaluation.evaluate_stress(told(STRESSES), 100.0, "registered", "s"),
        evaluation.evaluate_load(load, Amount(1100.0, "s"), 100.0),
    ]


def year_of(found, level=None, year=2024):
    return Year(str(year), year, tuple(found), evaluation.total_year(found, level))


def test_the_sum_is_that_of_all_five_rounded_by_hand():
    found = {one.key: one.value for one in evaluate()}
    bio = 511.2642131067 * (0.35 * 0.6 * 40 + 0.11 * 0.6 * 40 + 0.04 * 0.4 * 15) / 95
    water = (84.3704083981 * 120 + 591.7908642005 * 8 + 86.3869548281 * (240 - 150)) / 300
    stress = 236.04356779 * (0.4 * 5 + 0.2 * 10 + 0.2 * 40 + 0.2 * 2) / 100
    load = (0.2 * 4.3937397289 * 900 + 0.2 * 40.1764754986 * 70) / (1100 * 100) + (
        0.2 * 0.0648660287 * 90
        + 0.1 * 4.0904459321 * 120
        + 0.2 * 0.5103049278 * 160
        + 0.1 * 0.0749894283 * 50
    ) / 100
    by_hand = [bio, 121.165124 * 0.62, water, stress, load]
    assert list(found.values()) == pytest.approx(by_hand)
    tenths = [round(value, 1) for value in by_hand]
    expected = (
        0.35 * tenths[0] + 0.25 * tenths[1] + 0.15 * (tenths[2] + 100 - tenths[3]) + 0.1 * (100 - tenths[4])
    )
    assert float(year_of(evaluate()).total.value) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("missing", "known", "names"),
    [
        (("water",), 4, "水网密度指数"),
        (("cover", "load"), 3, "植被覆盖指数、污染负荷指数"),
    ],
)
def test_without_a_sub_index_there_is_no_sum_but_how_many_there_are(missing, known, names):
    found = evaluate(**dict.fromkeys(missing))
    total = evaluation.total_year(found, 2)
    assert (total.value, total.before_limit, total.known) == (None, None, known)
    assert names in total.reason
    assert f"{known} of 5" in total.reason
    lacking = {one.key: one.reason for one in found if one.value is None}
    assert len(lacking) == len(missing)
    assert all("没有 / nothing told" in reason for reason in lacking.values())
    rows = build_index_rows([year_of(found)], "field")
    assert rows.loc[rows["value"].isna(), "reason"].notna().all()


def test_inputs_add_up_to_their_sub_index():
    rows = build_input_rows([year_of(evaluate())], "field")
    sums = rows.groupby("sub_index")["contribution"].sum()
    for one in evaluate():
        assert sums[one.key] == pytest.approx(one.value)


def test_an_environmental_limit_that_nobody_tells_of_does_not_bind_and_is_said_to_be_unknown():
    rows = build_index_rows([year_of(evaluate())], "field").set_index("sub_index")
    assert rows.loc["ei", "value"] == rows.loc["ei", "value_before_limit"]
    assert "未提供环境限制" in rows.loc["ei", "source"]
    limited = build_index_rows([year_of(evaluate(), level=2)], "field").set_index("sub_index").loc["ei"]
    assert limited["value_before_limit"] == rows.loc["ei", "value"] > 55
    assert (limited["value"], limited["limit_level"]) == (54.9, 2)
    assert limited["grade"] == "一般 / fair"


def test_years_are_compared_with_the_year_before_and_no_other():
    found, worse = evaluate(), evaluate()
    worse[1] = evaluation.evaluate_vegetation(Amount(0.50, "s"), (), 0.0121165124)
    years = [year_of(found, year=2021), year_of(found, year=2023), year_of(worse, year=2024)]
    totals = build_index_rows(years, "field").query("sub_index == 'ei'").set_index("period")
    assert totals["before_period"].fillna("none").to_list() == ["none", "none", "2023"]
    change = totals.loc["2024", "before_change"]
    assert change == pytest.approx(0.25 * (60.6 - 75.1))
    assert totals.loc["2024", "change_word"] == "明显变差 / clearly worse"
    assert "2022" in totals.loc["2023", "compared_reason"]
    assert pd.isna(totals.loc["2024", "compared_reason"])


def test_a_year_without_an_index_is_a_reason_not_to_compare():
    years = [year_of(evaluate(water=True), year=2023), year_of(evaluate(), year=2024)]
    last = build_index_rows(years, "field").iloc[-1]
    assert "2023" in last["compared_reason"]
    assert last[["before_value", "before_change"]].isna().all()


def test_a_period_that_is_no_year_has_one_row_with_the_reason():
    rows = build_index_rows([Year("2024Q3", None, (), None, "不是整年")], "field")
    assert rows[["sub_index", "value", "reason"]].to_numpy(object).tolist() == [
        ["ei", pytest.approx(float("nan"), nan_ok=True), "不是整年"]
    ]
    assert build_indicators(rows)["reason"].to_list() == ["不是整年"]


def test_indicators_are_of_the_basis_that_counts():
    other = evaluation.evaluate_biology(
        LandAreas({"bare_rock": 100e6}, 100e6), "ordinary", "mapped", "s", 0.9
    )
    mapped = evaluation.Evaluation(**{**vars(other), "counted": False})
    rows = build_index_rows([year_of([*evaluate(), mapped])], "field")
    indicators = build_indicators(rows).set_index("indicator")["value"]
    assert len(indicators) == 6
    assert indicators["ei_biological_abundance"] == pytest.approx(evaluate()[0].value)
    assert indicators["ecological_index"] == rows.set_index("sub_index").loc["ei", "value"]


@pytest.mark.parametrize(("known", "expected"), [(0.9, True), (0.8999, False)])
def test_land_must_be_known_on_the_stated_share(known, expected):
    areas = LandAreas({"paddy": known * 100e6}, 100e6)
    found = evaluation.evaluate_biology(areas, "ordinary", "registered", "s", 0.9)
    built = evaluation.measure_built_land(areas, 0.9, "s")
    assert [found.value is not None, built.value is not None] == [expected, expected]
    if not expected:
        assert "89.99%" in found.reason
        assert built.reason == found.reason


def test_no_known_land_at_all_is_no_index():
    assert evaluation.evaluate_biology(LandAreas({}, 1e6), "ordinary", "mapped", "s", 0.0).value is None
    assert evaluation.measure_built_land(LandAreas({}, 1e6), 0.0, "s").value is None


def test_one_month_that_was_not_seen_leaves_no_mean():
    months = [(month, Amount(0.1 * month, "s")) for month in evaluation.MONTHS]
    assert evaluation.average_months(months).value == pytest.approx(0.7)
    months[2] = (7, Amount(None, "s", "7 月没有看到"))
    found = evaluation.evaluate_vegetation(evaluation.average_months(months), months, 1.0)
    assert (found.value, found.reason) == (None, "7 月没有看到")
    assert [row["input"] for row in found.inputs] == [
        *(f"ndvi_0{month}" for month in (5, 6, 7, 8, 9)),
        "growing_ndvi",
    ]


@pytest.mark.parametrize(("value", "known"), [(199.9, True), (200.0, True), (200.1, False)])
def test_what_cannot_be_believed_is_not_known_and_asks_for_its_statistics(value, known):
    found = evaluation.Evaluation(norm.WATER, value, (), low=value, high=value).refuse(200)
    assert (found.value is not None, found.reason is None) == (known, known)
    assert found.low == found.value


def test_a_greatest_value_cuts_what_is_above_it_alone():
    found = evaluate()
    assert [one.bound(50.0).value for one in found] == [min(one.value, 50.0) for one in found]
    assert found[0].bound(None) == found[0]


@given(
    year=st.floats(0, 1e4), mean=st.floats(0.01, 1e4), length=st.floats(0, 1e5), area_km2=st.floats(0.5, 1e5)
)
def test_water_by_an_oracle_of_its_own(year, mean, length, area_km2):
    ratio = year / mean
    counted = year if ratio <= 1.4 else max(0.0, mean * (2.4 - ratio))
    expected = (84.3704083981 * length + 591.7908642005 * 3 + 86.3869548281 * counted) / (3 * area_km2)
    amounts = told({"river_length": length, "lake_area": 3.0, "water_resources": year})
    found = evaluation.evaluate_water(amounts, Amount(mean, "s"), area_km2)
    near = abs(ratio - 1.4) < 1e-9 or abs(ratio - 2.4) < 1e-9
    assert near or found.value == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_built_up_land_of_unknown_ground_bounds_the_stress():
    areas = LandAreas({"rural": 10e6, "paddy": 85e6}, 100e6)
    built = evaluation.measure_built_land(areas, 0.9, "s")
    found = evaluation.evaluate_stress(told(STRESSES, built_area=built), 100.0, "registered", "s")
    unit = 236.04356779 * 0.2 / 100
    assert found.high - found.low == pytest.approx(5 * unit)
    assert found.low < found.value < found.high


def test_no_rain_is_a_reason_and_no_infinity():
    found = evaluation.evaluate_load(told(LOADS), Amount(0.0, "s"), 100.0)
    assert found.value is None
    assert "rain of 0" in found.reason


@pytest.mark.parametrize(("change", "falls"), [(-2.999, False), (-3.0, True), (3.0, False), (None, False)])
def test_a_fall_that_the_norm_calls_clear_is_a_finding(change, falls):
    rule = next(one for one in ECOLOGICAL_RULES if one.id == "ecological_index_fell")
    rows = pd.DataFrame({"before_change": pd.Series([change], dtype=float)})
    assert rule.applies(rows).tolist() == [falls]


@pytest.mark.parametrize(
    ("value", "counted", "beyond"),
    [
        (0.0, True, False),
        (100.0, True, False),
        (100.1, True, True),
        (-0.1, True, True),
        (100.1, False, False),
    ],
)
def test_only_counted_values_off_0_to_100_are_findings(value, counted, beyond):
    rule = next(one for one in ECOLOGICAL_RULES if one.id == "ecological_index_beyond")
    rows = pd.DataFrame({"value": [value], "counted": [counted]})
    assert rule.applies(rows).tolist() == [beyond]


def test_ei_is_indicative_as_long_as_one_of_its_sub_indices_is():
    sure = [evaluation.Evaluation(**{**vars(one), "indicative": False}) for one in evaluate()]
    assert not evaluation.total_year(sure, 1).indicative
    assert evaluation.total_year([*sure[:4], evaluate()[4]], 1).indicative is False
    assert evaluation.total_year([evaluate()[0], *sure[1:]], 1).indicative
    assert not evaluation.evaluate_vegetation(Amount(0.6, "s"), (), 0.012, indicative=False).indicative


def test_published_values_have_the_grades_that_were_published():
    """河南 2014: 64.61 (良), cities from 55.58 (良) to 78.28 (优); ChinaXiv-201711.02254V1."""
    grades = [norm.name_grade(Decimal(value))[0] for value in ("64.61", "55.58", "78.28")]
    assert grades == ["良", "良", "优"]


def test_total_is_exact():
    assert isinstance(year_of(evaluate()).total.value, Decimal)
    assert set(norm.index_sub_indices()) == set(year_of(evaluate()).total.normalised)
