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
