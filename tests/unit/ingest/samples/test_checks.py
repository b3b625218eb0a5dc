"""Values that no water has, and those that a slipped unit or decimal mark made."""

import pandas as pd
import pytest

from pipeline import standards
from pipeline.ingest.samples import checks

LIMITS = standards.table("water_limits")


def _judge(code, value):
    return checks.find_implausible(pd.Series([code]), pd.Series([value])).iloc[0]


def test_every_parameter_with_limits_has_its_suspects():
    graded = set(LIMITS.loc[LIMITS["rule"] != "none", "code"])
    assert set(standards.table("suspect_values")["code"]) == graded


@pytest.mark.parametrize(
    ("code", "clean", "suspect"),
    [
        ("Hg", 0.0004, 0.05), ("Pb", 2.0, 10.0), ("NH3N", 35.0, 150.0), ("TP", 5.0, 20.0),
        ("FC", 2.4e5, 4e7), ("DO", 0.0, 0.0075), ("DO", 0.2, 0.007), ("pH", 6.0, 0.0075),
    ],
)  # fmt: skip
def test_a_thousand_times_its_class_limit_is_held_back_and_bad_water_is_not(code, clean, suspect):
    assert pd.isna(_judge(code, clean))
    assert "suspect" in _judge(code, suspect)
    assert "疑为单位" in _judge(code, suspect)


@pytest.mark.parametrize("code", sorted(set(LIMITS.loc[LIMITS["rule"] == "max", "code"])))
def test_no_value_of_a_class_is_a_suspect(code):
    limit = max(float(text) for text in LIMITS.loc[LIMITS["code"] == code, "class_5"])
    assert pd.isna(_judge(code, limit))
    assert isinstance(_judge(code, limit * 1e4), str)


def test_what_no_water_has_is_named_so_and_not_a_suspect():
    assert "not plausible" in _judge("Hg", 400.0)
    assert "not plausible" in _judge("pH", 15.0)
