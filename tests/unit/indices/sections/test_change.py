"""Change of single sections between neighbouring periods."""

import pandas as pd
import pytest

from pipeline.indices.sections.change import NOT_IN_BOTH, compare_sections


def status(*rows):
    table = pd.DataFrame(rows, columns=["section_id", "section", "period", "water_class"])
    return table.astype({"water_class": "Int64"})


def test_a_class_that_falls_in_number_is_a_change_for_the_better():
    (row,) = compare_sections(
        status(("a", "甲", "2023", 4), ("a", "甲", "2024", 3)), ["2023", "2024"]
    ).itertuples()
    assert (row.class_before, row.class_after, row.class_change) == (4, 3, 1)


def test_a_section_without_a_class_in_one_period_has_no_change_and_says_why():
    (row,) = compare_sections(
        status(("a", "甲", "2023", None), ("a", "甲", "2024", 3)), ["2023", "2024"]
    ).itertuples()
    assert pd.isna(row.class_change)
    assert row.reason == NOT_IN_BOTH


@pytest.mark.parametrize("rows", [[], [("a", "甲", "2024", 3)]])
def test_periods_of_no_section_are_no_error(rows):
    assert len(compare_sections(status(*rows), ["2023", "2024", "2025"])) == len(rows)
