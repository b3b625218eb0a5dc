"""Where values lie among the limits of their classes."""

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import standards
from pipeline.indices.sections.limits import classify_value
from pipeline.indices.sections.positions import locate_values

LIMITS = standards.table("water_limits")
GRADED = [
    (row["code"], "river" if row["water_body"] == "any" else row["water_body"])
    for _, row in LIMITS.iterrows()
    if row["rule"] in ("max", "min") and row["class_1"]
]


def locate(code, value, body="river"):
    return locate_values(pd.Series([value]), pd.Series([code]), pd.Series([body]), LIMITS).iloc[0]


def limits_of(code, body):
    row = LIMITS[(LIMITS["code"] == code) & LIMITS["water_body"].isin(["any", body])].iloc[0]
    return [float(row[f"class_{number}"]) for number in range(1, 6)]


@pytest.mark.parametrize(("code", "body"), GRADED)
def test_a_limit_is_at_the_number_of_the_best_class_that_has_it(code, body):
    limits = limits_of(code, body)
    for number, limit in enumerate(limits, start=1):
        assert locate(code, limit, body) == pytest.approx(limits.index(limit) + 1), number


@pytest.mark.parametrize(
    ("code", "value", "position"),
    [("CODMn", 5.0, 2.5), ("CODMn", 1.0, 0.5), ("CODMn", 22.5, 5.5), ("CODMn", 99, 6), ("DO", 5.5, 2.5),
     ("DO", 15.0, 0), ("DO", 11.25, 0.5), ("DO", 1.0, 5.5), ("DO", 0.0, 6), ("COD", 16.0, 2.2),
     ("COD", 15.0, 1),
     ("pH", 7.0, 0), ("pH", 9.1, 6)],
)  # fmt: skip
def test_values_between_limits_lie_in_proportion_between_them(code, value, position):
    assert locate(code, value) == pytest.approx(position)


def test_phosphorus_of_a_lake_has_limits_of_its_own():
    assert locate("TP", 0.05, "lake") == pytest.approx(3)
    assert locate("TP", 0.05, "river") == pytest.approx(1.375)


@given(st.sampled_from(GRADED), st.floats(0, 1e4))
def test_the_class_of_a_value_is_its_position_rounded_up(item, value):
    code, body = item
    position = locate(code, value, body)
    assert 0 <= position <= 6
    assert max(1, math.ceil(position - 1e-9)) == classify_value(code, value, body, LIMITS)


@given(st.sampled_from(GRADED), st.floats(0, 100), st.floats(0, 100))
def test_what_is_worse_lies_no_lower(item, one, other):
    code, body = item
    low, high = sorted((one, other))
    positions = locate(code, low, body), locate(code, high, body)
    assert (positions[0] >= positions[1] - 1e-9) if code == "DO" else (positions[0] <= positions[1] + 1e-9)


def test_what_has_no_classes_or_no_value_has_no_position():
    assert math.isnan(locate("WT", 20.0))
    assert math.isnan(locate("CODMn", math.nan))
    assert math.isnan(locate("unobtainium", 1.0))


def test_rows_keep_their_index():
    values = pd.Series([4.0, 6.0], index=[7, 3])
    found = locate_values(values, pd.Series(["CODMn"] * 2), pd.Series(["river"] * 2), LIMITS)
    assert found.to_dict() == {7: pytest.approx(2), 3: pytest.approx(3)}
