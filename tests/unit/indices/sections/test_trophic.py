"""The trophic level index against published rows, weights and states of water."""

import numpy as np
import pandas as pd
import pytest

from pipeline import standards
from pipeline.indices.sections.tiers import find_words
from pipeline.indices.sections.trophic import (
    combine_levels,
    compute_levels,
    compute_weights,
    list_codes,
    rate_lakes,
)

# 呼伦湖, four parameters: levels of chlorophyll-a, TP, TN, SD and the published index
HULUN = {
    2011: ((37.749, 69.802, 68.909, 81.743), 61.837),
    2012: ((48.321, 60.681, 66.362, 77.199), 61.607),
    2013: ((43.745, 64.437, 67.866, 77.837), 61.452),
    2014: ((37.101, 82.332, 64.888, 80.69), 63.391),
}


@pytest.mark.parametrize("year", HULUN)
def test_the_published_index_of_a_lake_without_permanganate_is_reproduced(year):
    given, expected = HULUN[year]
    found = combine_levels(pd.DataFrame([given], columns=["Chla", "TP", "TN", "SD"]))
    assert found["tli"].iloc[0] == pytest.approx(expected, abs=0.002)
    assert found["items"].tolist() == ["Chla;TP;TN;SD"]
    assert found["word"].tolist() == ["中度富营养"]


def test_the_weights_are_those_published():
    found = compute_weights(["Chla", "TP", "TN", "SD", "CODMn"])
    assert found.tolist() == pytest.approx([0.2663, 0.1879, 0.1790, 0.1834, 0.1834], abs=6e-5)
    four = compute_weights(["Chla", "TP", "TN", "SD"]).tolist()
    assert four == pytest.approx([0.3260621474, 0.2300694512, 0.2192441879, 0.2246242134])


def test_levels_and_index_follow_from_concentrations():
    water = pd.DataFrame({"Chla": [10.0], "TP": [0.05], "TN": [1.0], "SD": [1.0], "CODMn": [4.0]})
    found = compute_levels(water)
    assert found.iloc[0].tolist() == pytest.approx([50.006, 45.709, 54.53, 51.18, 37.979], abs=5e-4)
    assert combine_levels(found)["tli"].iloc[0] == pytest.approx(48.018, abs=0.001)


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (29.999, "贫营养"), (30.0, "中营养"), (50.0, "中营养"), (50.001, "轻度富营养"), (60.0, "轻度富营养"),
        (60.001, "中度富营养"), (70.0, "中度富营养"), (70.001, "重度富营养"),
    ],
)  # fmt: skip
def test_a_state_of_water_ends_where_the_rule_says(value, word):
    assert find_words(pd.Series([value]), "tli_words").tolist() == [word]


def test_without_chlorophyll_or_above_zero_there_is_no_index():
    found = combine_levels(
        compute_levels(pd.DataFrame({"Chla": [np.nan, 0.0, 5.0], "TP": [0.05, 0.05, 0.0]}))
    )
    assert found["tli"].isna().tolist() == [True, True, False]
    assert found["items"].tolist() == ["TP", "TP", "Chla"]
    assert found["word"].isna().tolist() == [True, True, False]
    assert combine_levels(compute_levels(pd.DataFrame({"TP": [0.05]})))["tli"].isna().all()


def test_lakes_have_an_index_from_their_means_and_rivers_have_none():
    means = {"mean_Chla": 0.01, "mean_TP": 0.05, "mean_TN": 1.0, "mean_SD": 1.0, "mean_CODMn": 4.0}
    status = pd.DataFrame([{"water_body": body, **means} for body in ("lake", "river")])
    found = rate_lakes(status)["tli"]
    assert found.iloc[0] == pytest.approx(48.018, abs=0.001)
    assert np.isnan(found.iloc[1])
    assert len(rate_lakes(pd.DataFrame({"water_body": ["lake"]}))) == 1


def test_every_parameter_of_the_index_is_one_that_samples_can_hold():
    known = pd.concat([standards.table(name)["code"] for name in ("water_limits", "water_extras")])
    assert set(list_codes()) <= set(known)
    units = standards.table("water_extras").set_index("code")["unit"]
    assert (units["Chla"], units["SD"]) == ("mg/L", "m")
