"""The figures that a run ends with."""

from pathlib import Path

import pandas as pd
import pytest

from pipeline.commands.headlines import list_headlines
from pipeline.flow import Delivered


@pytest.mark.parametrize(("planted", "words"), [(0.4567, "0.4567（模拟 simulated）"), (None, "")])
def test_a_period_without_a_pass_has_no_planted_truth(planted, words):
    figures = {"value": None, "numerator": None, "denominator": None}
    rows = pd.DataFrame([{"indicator": "mean_fvc_land", "period": "2024", **figures}])
    truth = {"periods": {"2024": {"mean_fvc": planted}}}
    (row,) = list_headlines(
        [Delivered("shore", "滩涂", Path("out"), kept=False, indicators=rows, truth=truth)]
    )
    assert row["植入真值 planted truth"] == words
    assert row["值 value"] == "—"


def accounted(basis="registered", *, known=2, planted=120_000.0):
    """The rows of an area with a GEP of 123,456 yuan beside its planted value."""
    sums = {"R": 123_456.0, "GEP" if known == 2 else "partial": 120_000.0}
    totals = pd.DataFrame(
        {
            "region": ["shore", "shore", "town"],
            "period": "2024",
            "basis": basis,
            "service": [*sums, "GEP"],
            "value_yuan": [*sums.values(), 1.0],
            "known": known,
            "of": 2,
        }
    )
    services = {"REG-01": planted and planted + 3000.0, "REG-02a": 400.0, "outside": -3400.0}
    told = {code: {"": {"value_yuan": value}} for code, value in services.items()}
    truth = {"periods": {}, "accounts": {"2024": told}}
    nothing = pd.DataFrame({"indicator": [], "period": []})
    area = Delivered("shore", "滩涂", Path("out"), kept=False, indicators=nothing, truth=truth, totals=totals)
    return list_headlines([area])


def test_sums_of_accounts_stand_beside_the_planted_ones():
    regulating, gep = accounted()
    assert regulating["值 value"] == "12.35 万元"
    assert regulating["植入真值 planted truth"] == "12.34 万元（模拟 simulated）"
    assert gep["指标 indicator"] == "生态产品总值 GEP"
    assert gep["植入真值 planted truth"] == "12.00 万元（模拟 simulated）"
    assert (gep["分子 numerator"], gep["分母 denominator"]) == ("2", "2")


def test_a_partial_sum_is_never_called_gep_and_has_no_planted_truth_beside_it():
    partial = accounted(known=1)[1]
    assert "不是 GEP" in partial["指标 indicator"]
    assert partial["植入真值 planted truth"] == ""


@pytest.mark.parametrize("told", [{"planted": None}, {"basis": "mapped"}])
def test_sums_of_which_no_truth_is_planted_have_none_beside_them(told):
    assert {row["植入真值 planted truth"] for row in accounted(**told)} == {""}


def test_headlines_of_parts_stand_beside_what_is_planted_of_them():
    figures = {"indicator": "ecological_index", "unit": "1", "numerator": None, "denominator": None}
    rows = pd.DataFrame([{**figures, "period": year, "value": value} for year, value in PARTS.items()])
    truth = {"periods": {}, "indicators": {"ecological_index": {"2023": 72.914}}}
    one, other = list_headlines(
        [Delivered("shore", "滩涂", Path("out"), kept=False, indicators=rows, truth=truth)]
    )
    assert (one["值 value"], one["植入真值 planted truth"]) == ("72.91", "72.91（模拟 simulated）")
    assert (other["值 value"], other["植入真值 planted truth"]) == ("72", "")


PARTS = {"2023": 72.9142, "2024": 72.0}
