"""Words, main pollutants, city index and what is marked as uncertain, on planted sections."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from pipeline import standards
from pipeline.indices.sections.evaluation import evaluate_sections
from pipeline.indices.sections.grades import GradedSections, grade_sections
from pipeline.indices.sections.items import EvaluationRules, judge_means
from pipeline.indices.sections.means import melt_means, name_classes
from pipeline.indices.sections.months import MeanRules
from pipeline.indices.sections.water_index import compute_index_parts, compute_unit_index
from pipeline.periods import list_periods

LIMITS = standards.table("water_limits")
YEAR = list_periods(date(2024, 1, 1), date(2024, 12, 31), "year")
MONTHS = list_periods(date(2024, 4, 1), date(2024, 6, 30), "month")
COLUMNS = [
    "section_id",
    "province",
    "basin",
    "section",
    "aliases",
    "water_body",
    "target_class",
    "lon",
    "lat",
]
ITEMS = LIMITS.loc[LIMITS["in_21"] == "1", "code"].unique().tolist()


def _status(*rows):
    """SECTION_STATUS rows from means by code, class I to III unless given."""
    fixed = {
        "province": None, "basin": None, "water_body": "river", "period": "2024", "samples": 12, "months": 12,
        "items": "", "water_class": 3, "decided_by": None, "target_class": pd.NA, "target_met": pd.NA,
        "reference_class": 3, "few_months_items": None, "reason": None,
    }  # fmt: skip
    table = pd.DataFrame(
        [
            {
                **fixed,
                "section_id": name,
                "section": name,
                **rest,
                **{f"mean_{c}": v for c, v in means.items()},
            }
            for name, means, rest in rows
        ]
    )
    return table.astype({"water_class": "Int64", "target_class": "Int64", "target_met": "boolean"})


def _evaluated(*rows, **settings):
    status = _status(*rows)
    means = melt_means(status.assign(place=status.index), ["place", "section_id", "period"])
    items = judge_means(means, LIMITS).assign(by_saturation=False)
    return evaluate_sections(GradedSections(status, items), LIMITS, **settings)


def test_classes_have_the_words_of_the_rule():
    words = name_classes(pd.Series([1, 2, 3, 4, 5, 6, pd.NA], dtype="Int64")).tolist()
    assert words[:6] == ["优", "优", "良好", "轻度污染", "中度污染", "重度污染"]
    assert pd.isna(words[6])


def test_main_pollutants_go_by_class_then_multiple_three_at_most():
    means = {"COD": 39.0, "NH3N": 1.6, "TP": 0.38, "BOD5": 4.4, "DO": 6.0}
    row = _evaluated(("甲", means, {"water_class": 5})).iloc[0]
    assert row["main_pollutants"] == "COD(0.95);TP(0.90);NH3N(0.60)"
    assert row["class_word"] == "中度污染"


def test_cyanide_and_heavy_metals_come_first():
    row = _evaluated(("甲", {"NH3N": 9.0, "Cd": 0.006, "CN": 0.3, "TP": 2.0}, {"water_class": 6})).iloc[0]
    assert row["main_pollutants"] == "CN(0.50);Cd(0.20);TP(9.00)"


def test_acidity_and_oxygen_are_named_without_a_multiple():
    row = _evaluated(("甲", {"pH": 5.0, "DO": 1.0, "NH3N": 5.0}, {"water_class": 6})).iloc[0]
    assert row["main_pollutants"] == "NH3N(4.00);pH;DO"


def test_good_water_has_no_main_pollutants():
    found = _evaluated(("甲", {"NH3N": 1.0}, {}), ("乙", {"NH3N": 0.1}, {"water_class": 1}))
    assert found["main_pollutants"].isna().all()
    assert found["class_word"].tolist() == ["良好", "优"]


def test_a_section_without_a_class_has_no_word_and_keeps_its_reason():
    row = _evaluated(("甲", {}, {"water_class": pd.NA, "reason": "本期无监测数据"})).iloc[0]
    assert pd.isna(row["class_word"])
    assert pd.isna(row["cwqi"])
    assert row["reason"] == "本期无监测数据"
    assert row["indicative"] is None


def _readings(months):
    """Readings by parameter in the first months of 2024, once a month."""
    rows = [
        (f"2024-{month:02d}-05", code, value)
        for code, (number, value) in months.items()
        for month in range(1, number + 1)
    ]
    table = pd.DataFrame(rows, columns=["time", "parameter", "value"])
    return table.assign(
        time=pd.to_datetime(table["time"]).dt.tz_localize("Asia/Shanghai"),
        section="甲", section_id=None, province=None, basin=None, censored=False, unit="mg/L",
        water_body="river",
    )  # fmt: skip


def _graded(months, periods=YEAR, **rules):
    rules = EvaluationRules(**rules)
    graded = grade_sections(_readings(months), periods, LIMITS, rules=rules)
    return graded, evaluate_sections(graded, LIMITS, rules=rules)


def test_an_item_on_fewer_than_eight_months_of_a_year_is_named_and_marks_the_section():
    graded, found = _graded({"NH3N": (12, 0.1), "TP": (7, 0.25), "COD": (8, 10.0)})
    assert found["few_months_items"].tolist() == ["TP(7)"]
    assert "年均值不足8个月" in found["indicative"].iloc[0]
    assert found["water_class"].tolist() == [4]
    assert graded.items.set_index("parameter")["months"].to_dict() == {"NH3N": 12, "TP": 7, "COD": 8}


def test_such_an_item_is_left_out_by_name_where_the_rules_say_so():
    graded, found = _graded({"NH3N": (12, 0.1), "TP": (7, 0.25)}, few_months="exclude")
    assert found[["water_class", "items"]].iloc[0].tolist() == [1, "NH3N"]
    assert "TP(7)" in found["reason"].iloc[0]
    assert "年均值" not in found["indicative"].iloc[0]
    phosphorus = graded.items.set_index("parameter").loc["TP"]
    assert phosphorus["mean"] == pytest.approx(0.25)
    assert pd.isna(phosphorus["class"])
    assert phosphorus["reason"].startswith("年均值不足8个月")
    _, alone = _graded({"TP": (7, 0.25)}, few_months="exclude")
    assert alone["water_class"].isna().all()
    assert "TP(7)" in alone["reason"].iloc[0]


def test_the_fewest_months_can_be_set_and_do_not_bind_a_month():
    _, found = _graded({"NH3N": (3, 0.1)}, year_months=3)
    assert "年均值" not in found["indicative"].iloc[0]
    _, monthly = _graded({"NH3N": (6, 0.1)}, MONTHS, few_months="exclude")
    assert monthly["water_class"].tolist() == [1, 1, 1]
    assert monthly["few_months_items"].isna().all()


def test_main_pollutants_and_exceedances_are_measured_against_the_same_class():
    for reference, bound in (("III", 1.0), ("target", 0.5)):
        samples = _readings({"NH3N": (12, 0.75), "TP": (12, 0.38)})
        register = pd.DataFrame({"section_id": ["S"], "section": ["甲"], "target_class": [2], "aliases": ""})
        rules = EvaluationRules(reference=reference)
        graded = grade_sections(samples, YEAR, LIMITS, register.reindex(columns=COLUMNS), rules=rules)
        row = evaluate_sections(graded, LIMITS, rules=rules).iloc[0]
        named = [name.split("(")[0] for name in row["main_pollutants"].split(";")]
        assert row["main_pollutants"] == graded.status["exceedance"].iloc[0]
        assert ("NH3N" in named) is (bound < 0.75)
        assert row["reference_class"] == {"III": 3, "target": 2}[reference]


def test_a_rounded_mean_is_marked_as_indicative():
    _, found = _graded({"NH3N": (12, 0.154)}, means=MeanRules(decimals={"NH3N": 2}))
    assert found["water_class"].tolist() == [1]
    assert "修约位数未核实" in found["indicative"].iloc[0]


@pytest.mark.parametrize(
    ("code", "body", "value", "expected"),
    [
        ("CODMn", "river", 6.0, 1.0), ("TP", "river", 0.1, 0.5), ("TP", "lake", 0.1, 2.0),
        ("DO", "river", 5.0, 1.0), ("DO", "river", 10.0, 0.5), ("pH", "river", 7.0, 0.0),
        ("pH", "river", 6.2, 0.8), ("pH", "river", 9.0, 1.0), ("DO", "river", 0.0, np.inf),
    ],
)  # fmt: skip
def test_the_index_of_an_item_is_its_share_of_class_iii(code, body, value, expected):
    means = pd.DataFrame({"parameter": [code], "water_body": [body], "mean": [value]})
    assert compute_index_parts(means, LIMITS)["index"].tolist() == pytest.approx([expected])


def test_temperature_and_nitrogen_are_outside_the_city_index():
    means = pd.DataFrame({"parameter": ["WT", "TN", "FC"], "water_body": "lake", "mean": 9.0})
    assert compute_index_parts(means, LIMITS).empty


def test_all_items_at_their_limits_sum_to_their_number():
    limits = LIMITS.drop_duplicates("code").set_index("code")["class_3"]
    means = {code: 9.0 if code == "pH" else float(limits[code]) for code in ITEMS}
    row = _evaluated(("甲", means, {})).iloc[0]
    assert len(ITEMS) == 21
    assert row["cwqi"] == pytest.approx(21.0)
    assert row["cwqi_items"] == 21
    assert row["indicative"] is None


def test_sections_are_ranked_among_those_with_the_same_items():
    found = _evaluated(
        ("甲", {"NH3N": 0.8}, {}), ("乙", {"NH3N": 0.2}, {}), ("丙", {"NH3N": 0.2}, {}),
        ("丁", {"TP": 0.01}, {}), ("戊", {}, {"water_class": pd.NA}),
    )  # fmt: skip
    assert found["cwqi_rank"].tolist() == [3, 1, 1, 1, pd.NA]


def test_a_unit_is_the_mean_of_its_rivers_and_lakes_by_their_sections():
    status = _status(
        ("甲", {"NH3N": 0.2}, {}), ("乙", {"NH3N": 0.6}, {}), ("湖", {"NH3N": 1.0}, {"water_body": "lake"}),
        ("丙", {"NH3N": 0.1}, {}), ("远", {"NH3N": 0.1}, {}),
    )  # fmt: skip
    units = pd.Series({"甲": "一区", "乙": "一区", "湖": "一区", "丙": "二区"})
    found = compute_unit_index(status, units, LIMITS).set_index("admin_unit")
    assert found["cwqi"].to_dict() == pytest.approx({"一区": (0.4 * 2 + 1.0) / 3, "二区": 0.1})
    assert found["cwqi_rank"].to_dict() == {"一区": 2, "二区": 1}
    assert found["sections"].to_dict() == {"一区": 3, "二区": 1}
    assert compute_unit_index(status, pd.Series(dtype=object), LIMITS).empty


def test_a_lake_has_its_trophic_state_beside_its_class():
    means = {"Chla": 0.01, "TP": 0.05, "TN": 1.0, "SD": 1.0}
    lake = ("湖", means, {"water_body": "lake"})
    row = _evaluated(lake).iloc[0]
    assert row["tli"] == pytest.approx(50.273, abs=0.01)
    assert (row["tli_items"], row["tli_word"]) == ("Chla;TP;TN;SD", "轻度富营养")
    assert "TLI 缺项" in row["indicative"]


def test_a_graded_lake_without_chlorophyll_says_why_it_has_no_trophic_state():
    row = _evaluated(("湖", {"TP": 0.05}, {"water_body": "lake"})).iloc[0]
    assert pd.isna(row["tli"])
    assert row["reason"].startswith("无叶绿素a")
