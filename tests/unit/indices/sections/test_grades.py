"""Grades against every limit of the table, planted means and exceedances, samples and their sections."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from pipeline import contracts, standards
from pipeline.indices.sections.grades import build_section_indicators, grade_sections
from pipeline.indices.sections.items import EvaluationRules
from pipeline.indices.sections.limits import classify_value, classify_values
from pipeline.indices.sections.months import MeanRules
from pipeline.periods import list_periods

LIMITS = standards.table("water_limits")
YEAR = list_periods(date(2024, 1, 1), date(2024, 12, 31), "year")
MONTHS = list_periods(date(2024, 4, 1), date(2024, 6, 30), "month")
GRADED = LIMITS[LIMITS["rule"].isin(["max", "min"])]
ENTRIES = [
    (row.code, body, number, float(getattr(row, f"class_{number}")), row.rule)
    for row in GRADED.itertuples()
    for body in (["river", "lake"] if row.water_body == "any" else [row.water_body])
    for number in range(1, 6)
]


def _samples(*readings, **fixed):
    """Readings (section, day, parameter, value) as the reader gives them."""
    table = pd.DataFrame(readings, columns=["section", "time", "parameter", "value"])
    table["time"] = pd.to_datetime(table["time"]).dt.tz_localize("Asia/Shanghai")
    rest = {
        "section_id": None, "province": None, "basin": None, "censored": False, "unit": "",
        "water_body": "river", "file": "a.csv", "row": 2,
    }  # fmt: skip
    return table.assign(**(rest | fixed))


def _register(**columns):
    rows = pd.DataFrame(columns)
    known = {"province": None, "basin": None, "aliases": "", "water_body": None, "target_class": pd.NA}
    known |= {"lon": np.nan, "lat": np.nan, "aoi": None}
    return rows.assign(**{name: value for name, value in known.items() if name not in columns}).astype(
        {"target_class": "Int64"}
    )


def _grade(samples, periods=YEAR, **settings):
    return contracts.check_table(
        grade_sections(samples, periods, LIMITS, **settings).status, contracts.SECTION_STATUS
    )


def _better(code, body, number):
    """First class whose limit equals that of class `number`."""
    row = GRADED[(GRADED["code"] == code) & GRADED["water_body"].isin(["any", body])].iloc[0]
    bounds = [float(row[f"class_{other}"]) for other in range(1, 6)]
    return bounds.index(bounds[number - 1]) + 1, 6 - bounds[::-1].index(bounds[number - 1])


@pytest.mark.parametrize(("code", "body", "number", "limit", "rule"), ENTRIES)
def test_a_value_on_the_limit_belongs_to_the_better_class_and_one_beside_it_to_its_own(
    code, body, number, limit, rule
):
    first, after = _better(code, body, number)
    inward, outward = (0.999999, 1.000001) if rule == "max" else (1.000001, 0.999999)
    assert classify_value(code, limit, body, LIMITS) == first
    assert classify_value(code, limit * inward, body, LIMITS) == first
    assert classify_value(code, limit * outward, body, LIMITS) == after


def test_the_noise_of_a_mean_does_not_push_a_value_over_its_limit():
    codes, bodies, _, limits, _ = (pd.Series(column) for column in zip(*ENTRIES, strict=True))
    expected = [_better(code, body, number)[0] for code, body, number, _, _ in ENTRIES]
    for noisy in (
        np.nextafter(limits, np.inf),
        np.nextafter(limits, -np.inf),
        (limits + limits + limits) / 3,
    ):
        assert classify_values(pd.Series(noisy), codes, bodies, LIMITS).tolist() == expected


@pytest.mark.parametrize(
    ("value", "expected"), [(6.0, 1), (9.0, 1), (7.3, 1), (5.99, 6), (9.01, 6), (0.0, 6), (14.0, 6)]
)
def test_ph_is_good_inside_its_range_and_worst_outside(value, expected):
    assert classify_value("pH", value, "river", LIMITS) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [(7.5, 1), (7.49, 2), (5.0, 3), (4.9, 4), (2.0, 5), (1.9, 6), (0, 6)]
)
def test_oxygen_is_graded_the_other_way_round(value, expected):
    assert classify_value("DO", value, "river", LIMITS) == expected


def test_phosphorus_has_a_table_for_rivers_and_one_for_lakes():
    assert classify_value("TP", 0.08, "river", LIMITS) == 2
    assert classify_value("TP", 0.08, "lake", LIMITS) == 4


@pytest.mark.parametrize(("code", "body"), [("WT", "river"), ("TN", "river"), ("unknown", "lake")])
def test_an_item_without_classes_has_none(code, body):
    with pytest.raises(ValueError, match=code):
        classify_value(code, 1.0, body, LIMITS)


def test_classes_keep_their_order_and_gaps():
    found = classify_values(
        pd.Series([np.nan, 0.3, 7.5, 20.0], index=[7, 5, 3, 1]),
        pd.Series(["TP", "TP", "DO", "WT"]),
        pd.Series(["river", "river", "lake", "river"]),
        LIMITS,
    )
    assert found.index.tolist() == [7, 5, 3, 1]
    assert found.tolist() == [pd.NA, 4, 1, pd.NA]


def test_the_worst_item_decides_and_exceedances_are_beyond_class_iii():
    status = _grade(
        _samples(
            ("甲", "2024-04-05", "NH3N", 1.35),
            ("甲", "2024-04-05", "TP", 0.25),
            ("甲", "2024-04-05", "DO", 4.0),
            ("甲", "2024-04-05", "COD", 20.0),
            ("甲", "2024-04-05", "BOD5", 6.0),
        )
    ).iloc[0]
    assert status["water_class"] == 4
    assert status["items"] == "DO;COD;BOD5;NH3N;TP"
    assert status["decided_by"] == "DO;BOD5;NH3N;TP"
    assert status["exceedance"] == "BOD5(0.50);NH3N(0.35);TP(0.25);DO"


def test_the_worst_class_stands_first_among_the_exceedances():
    status = _grade(
        _samples(
            ("甲", "2024-04-05", "Cd", 0.009),
            ("甲", "2024-04-05", "pH", 5.0),
            ("甲", "2024-04-05", "TP", 0.5),
        )
    ).iloc[0]
    assert status["water_class"] == 6
    assert status["exceedance"] == "TP(1.50);pH;Cd(0.80)"


def test_temperature_river_nitrogen_and_coliforms_are_averaged_and_not_graded():
    status = _grade(
        _samples(
            ("甲", "2024-04-05", "WT", 40.0),
            ("甲", "2024-04-05", "TN", 9.0),
            ("甲", "2024-04-05", "FC", 100.0),
            ("甲", "2024-04-06", "FC", 10000.0),
        )
    ).iloc[0]
    assert pd.isna(status["water_class"])
    assert status["reason"].startswith("无参评项目")
    assert status["mean_TN"] == 9.0
    assert status["mean_FC"] == pytest.approx(1000.0)
    lake = _grade(
        _samples(("甲", "2024-04-05", "TN", 9.0), ("甲", "2024-04-05", "pH", 7.0), water_body="lake")
    )
    assert lake["water_class"].tolist() == [1]


def test_a_year_is_the_mean_of_its_months_and_says_how_many_have_data():
    readings = [("甲", f"2024-04-{day:02d}", "NH3N", 0.1) for day in range(1, 11)]
    status = _grade(_samples(*readings, ("甲", "2024-05-01", "NH3N", 1.0))).iloc[0]
    assert status["mean_NH3N"] == pytest.approx(0.55)
    assert status["samples"] == 11
    assert "2 of 12" in status["reason"]


def test_a_whole_year_needs_no_word():
    readings = [("甲", f"2024-{month:02d}-05", "NH3N", 0.1) for month in range(1, 13)]
    assert _grade(_samples(*readings))["reason"].tolist() == [None]


def test_censored_values_enter_by_half_unless_set_otherwise():
    samples = _samples(
        ("甲", "2024-04-05", "NH3N", 0.4), ("甲", "2024-04-06", "NH3N", 0.2), censored=[True, False]
    )
    assert _grade(samples)["mean_NH3N"].tolist() == pytest.approx([0.2])
    whole = EvaluationRules(MeanRules(censored_share=1.0))
    assert _grade(samples, rules=whole)["mean_NH3N"].tolist() == pytest.approx([0.3])


def test_ph_is_averaged_as_hydrogen_ions():
    status = _grade(_samples(("甲", "2024-04-05", "pH", 6.0), ("甲", "2024-04-06", "pH", 8.0)))
    assert status["mean_pH"].iloc[0] == pytest.approx(-np.log10((1e-6 + 1e-8) / 2))


def test_days_are_those_of_china():
    samples = _samples(("甲", "2024-05-01 00:30", "NH3N", 0.3), ("甲", "2024-04-30 23:30", "NH3N", 0.6))
    status = _grade(samples, MONTHS).set_index("period")
    assert status["mean_NH3N"].dropna().to_dict() == {"2024-04": 0.6, "2024-05": 0.3}


def test_sections_of_one_name_in_two_provinces_stay_apart():
    samples = _samples(
        ("桥", "2024-04-05", "NH3N", 0.1),
        ("桥", "2024-04-05", "NH3N", 3.0),
        province=["江苏", "上海"],
        basin="长江",
    )
    status = _grade(samples)
    assert status.set_index("section_id")["water_class"].to_dict() == {"江苏-长江-桥": 1, "上海-长江-桥": 6}
    assert status["target_met"].isna().all()
    assert status["lon"].isna().all()


def test_sections_are_found_by_id_then_name_then_alias_within_province_and_basin():
    register = _register(
        section_id=["S1", "S2", "S3", "S4"],
        section=["焦港桥", "桥", "桥", "旧名"],
        aliases=["焦港闸;焦港", "", "", "焦港桥"],
        province=["江苏", "江苏", "上海", None],
        target_class=[3, 2, 2, 2],
        lon=[120.5, np.nan, np.nan, np.nan],
        lat=[32.1, np.nan, np.nan, np.nan],
    )
    names = ["焦港 闸", "桥", "桥", "别处", "桥", "焦港桥"]
    samples = _samples(
        *[(name, "2024-04-05", "NH3N", 0.1 * number) for number, name in enumerate(names, 1)],
        section_id=[None, None, None, "s4", None, None],
        province=["江苏", "江苏", "上海", None, None, "江苏"],
    )
    status = _grade(samples, register=register).set_index("section_id")
    assert status.index.tolist() == ["S1", "S2", "S3", "S4", "桥"]
    assert status["mean_NH3N"].tolist() == pytest.approx([0.35, 0.2, 0.3, 0.4, 0.5])
    assert status.loc["S1", ["section", "lon", "target_met"]].tolist() == ["焦港桥", 120.5, True]
    assert "名称对应多个登记断面" in status.loc["桥", "reason"]


def test_a_target_is_met_or_missed_and_exceedances_are_measured_from_the_stated_class():
    register = _register(section_id=["S1", "S2"], section=["甲", "乙"], target_class=[2, pd.NA])
    samples = _samples(("甲", "2024-04-05", "NH3N", 0.75), ("乙", "2024-04-05", "NH3N", 1.25))
    status = _grade(samples, register=register)
    assert status["target_met"].tolist() == [False, pd.NA]
    assert status["reference_class"].tolist() == [3, 3]
    assert status["exceedance"].tolist() == [np.nan, "NH3N(0.25)"]
    status = _grade(samples, register=register, rules=EvaluationRules(reference="target"))
    assert status["reference_class"].tolist() == [2, 3]
    assert status["exceedance"].tolist() == ["NH3N(0.50)", "NH3N(0.25)"]


def test_the_register_says_what_water_body_a_section_is():
    register = _register(section_id=["S1"], section=["甲"], water_body=["lake"])
    assert _grade(_samples(("甲", "2024-04-05", "TP", 0.08)), register=register)["water_class"].tolist() == [
        4
    ]


def test_a_section_without_samples_has_a_row_and_no_class():
    register = _register(section_id=["S1"], section=["甲"], target_class=[3])
    status = _grade(_samples(("乙", "2024-04-05", "NH3N", 0.1)), MONTHS, register=register)
    assert len(status) == 2 * 3
    silent = status[status["samples"] == 0]
    assert len(silent) == 5
    assert silent["water_class"].isna().all()
    assert silent["target_met"].isna().all()
    assert silent["reason"].str.contains("本期无监测数据").all()


def test_nothing_in_gives_nothing_out():
    status = _grade(_samples())
    assert status.empty
    register = _register(section_id=["S1"], section=["甲"])
    assert _grade(_samples(), register=register)["water_class"].tolist() == [pd.NA]
    contracts.check_table(build_section_indicators(status, "a"), contracts.INDICATORS)


def test_shares_name_their_numerator_denominator_and_items():
    register = _register(
        section_id=["S1", "S2", "S3"], section=["甲", "乙", "丙"], target_class=[2, 2, pd.NA]
    )
    samples = _samples(
        ("甲", "2024-04-05", "NH3N", 0.1),
        ("乙", "2024-04-05", "NH3N", 0.9),
        ("丙", "2024-04-05", "TP", 0.5),
    )
    table = contracts.check_table(
        build_section_indicators(_grade(samples, MONTHS, register=register), "longyou_bay"),
        contracts.INDICATORS,
    ).set_index(["indicator", "period"])
    good, met = table.loc[("good_section_share", "2024-04")], table.loc[("target_met_share", "2024-04")]
    assert good[["value", "numerator", "denominator"]].tolist() == pytest.approx([2 / 3, 2, 3])
    assert met[["value", "numerator", "denominator"]].tolist() == [0.5, 1, 2]
    assert "GB 3838-2002" in good["source"]
    assert good["source"].endswith("NH3N;TP")
    silent = table.loc[("good_section_share", "2024-05")]
    assert np.isnan(silent["value"])
    assert silent["denominator"] == 0
    assert silent["reason"].startswith("本期无可评价断面")
