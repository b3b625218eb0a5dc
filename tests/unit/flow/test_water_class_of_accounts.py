"""The water class that accounts take from sections where statistics tell none."""

import pandas as pd

from pipeline.flow.accounts import _add_water_class
from tests.account_worlds import build_statistics

SECTIONS = pd.DataFrame(
    {"period": ["2023", "2023", "2024", "2025"], "water_class": pd.array([2, 3, 4, None], "Int64")}
)


def test_the_worst_section_of_a_year_is_the_class_of_the_area():
    found = _add_water_class(build_statistics(("town", "water_class", 2.0), year=2023), SECTIONS, "area")
    own = found[found["region"] == "area"]
    assert dict(zip(own["year"], own["value"], strict=True)) == {2023: 3.0, 2024: 4.0}
    assert len(found) == 3


def test_a_class_that_statistics_tell_of_the_area_is_not_told_twice():
    found = _add_water_class(build_statistics(("area", "water_class", 2.0), year=2023), SECTIONS, "area")
    assert dict(zip(found["year"], found["value"], strict=True)) == {2023: 2.0, 2024: 4.0}
