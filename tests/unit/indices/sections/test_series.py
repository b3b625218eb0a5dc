"""Monthly means that were planted come back month by month, each with its class and number of values."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from pipeline import standards
from pipeline.indices.sections.grades import grade_sections
from pipeline.indices.sections.items import EvaluationRules
from pipeline.indices.sections.months import MeanRules
from pipeline.indices.sections.places import place_samples
from pipeline.indices.sections.series import build_monthly_series
from pipeline.periods import Period, list_periods

LIMITS = standards.table("water_limits")
DAYS = Period(date(2023, 12, 1), date(2024, 11, 30), "x")
UNITS = {"pH": "-", "EC": "μS/cm"}


def _samples(*readings, **fixed):
    table = pd.DataFrame(readings, columns=["section", "time", "parameter", "value"])
    table["time"] = pd.to_datetime(table["time"], format="ISO8601").dt.tz_localize("Asia/Shanghai")
    table["unit"] = [UNITS.get(code, "mg/L") for code in table["parameter"]]
    rest = {"section_id": None, "province": None, "basin": None, "censored": False, "water_body": "river"}
    return table.assign(**(rest | fixed))


def _series(samples, **settings):
    return build_monthly_series(place_samples(samples, None), DAYS, LIMITS, **settings)


def test_each_month_has_its_own_mean_class_and_number_of_values():
    found = _series(
        _samples(
            ("甲", "2024-03-05", "NH3N", 0.9), ("甲", "2024-03-25", "NH3N", 1.3),
            ("甲", "2023-12-01", "NH3N", 0.15), ("甲", "2024-03-05", "TP", 0.2),
            ("乙", "2024-03-31 23:59", "EC", 310.0),
        ),
    )  # fmt: skip
    rows = found.astype(object).where(found.notna(), None).to_numpy().tolist()
    assert rows == [
        ["甲", "甲", "2023-12", "NH3N", 0.15, "mg/L", 1, 1],
        ["甲", "甲", "2024-03", "NH3N", pytest.approx(1.1), "mg/L", 4, 2],
        ["甲", "甲", "2024-03", "TP", 0.2, "mg/L", 3, 1],
        ["乙", "乙", "2024-03", "EC", 310.0, "μS/cm", None, 1],
    ]


def test_what_lies_outside_the_days_has_no_month():
    readings = [("甲", day, "TP", 0.1) for day in ("2023-11-30 23:59", "2023-12-01", "2024-12-01")]
    assert _series(_samples(*readings))["period"].tolist() == ["2023-12"]


def test_nitrogen_has_no_class_since_the_evaluation_leaves_it_out():
    found = _series(_samples(("湖", "2024-01-05", "TN", 3.0), water_body="lake"))
    assert found["value"].tolist() == [3.0]
    assert found["water_class"].isna().all()


def test_the_status_of_a_month_is_made_of_the_means_of_the_series():
    rng = np.random.default_rng(3)
    readings = [
        (name, f"2024-{month:02d}-{day:02d}", code, float(rng.uniform(*span)))
        for name in "甲乙"
        for month in (2, 3, 7)
        for day in (3, 17)
        for code, span in {"pH": (6.5, 8.5), "NH3N": (0.1, 2.5), "FC": (10, 90_000)}.items()
    ]
    samples = _samples(*readings).assign(censored=lambda rows: rows["value"].lt(0.3))
    rules = MeanRules(0.25, {"NH3N": 2})
    months = list_periods(DAYS.first, DAYS.last, "month")
    series = _series(samples, rules=rules)
    graded = grade_sections(samples, months, LIMITS, rules=EvaluationRules(rules))
    status = graded.status.set_index(["section_id", "period"])
    worst = series.groupby(["section_id", "period"])["water_class"].max()
    assert len(series) == 18
    for row in series.itertuples():
        assert status.loc[(row.section_id, row.period), f"mean_{row.parameter}"] == row.value
    for place, number in worst.items():
        assert status.loc[place, "water_class"] == number


@pytest.mark.parametrize(
    ("values", "rounded"),
    [
        ([0.24, 0.25], 0.24), ([0.25, 0.26], 0.26), ([1.01, 1.02], 1.02), ([0.2, 0.2051], 0.20),
        ([0.004, 0.0041], 0.004), ([0.006, 0.006], 0.01), ([0.0005, 0.0005], 0.0005),
    ],
)  # fmt: skip
def test_a_mean_is_rounded_half_to_even_before_it_is_graded_where_the_rules_say_so(values, rounded):
    readings = [("甲", f"2024-01-{day:02d}", "TP", value) for day, value in enumerate(values, 3)]
    found = _series(_samples(*readings), rules=MeanRules(decimals={"TP": 2}))
    assert found["value"].tolist() == [rounded]
    limits = [(0.02, 1), (0.1, 2), (0.2, 3), (0.3, 4), (np.inf, 6)]
    assert found["water_class"].tolist() == [next(grade for bound, grade in limits if rounded <= bound)]
    assert _series(_samples(*readings))["value"].tolist() == [pytest.approx(np.mean(values))]
