"""Statistics of an area: what tables agree on, in the unit of a formula."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.assessment.amounts import AreaStatistics


def statistics(*rows):
    names = ["region", "year", "item", "value", "unit", "file"]
    table = pd.DataFrame(rows, columns=names)
    return table.assign(product=None, sheet=None, row=range(2, len(table) + 2), source="s")


def test_a_figure_is_found_with_its_place():
    found = AreaStatistics(statistics(("field", 2024, "rain", 1100.0, "mm", "a.csv")), "field").find(
        "rain", 2024, "mm"
    )
    assert (found.value, found.source, found.reason) == (1100.0, "a.csv, row 2", None)


def test_what_no_table_tells_of_the_area_and_year_is_not_known():
    told = statistics(
        ("town", 2024, "rain", 1100.0, "mm", "a.csv"), ("field", 2023, "rain", 900.0, "mm", "a.csv")
    )
    found = AreaStatistics(told, "field").find("rain", 2024, "mm")
    assert found.value is None
    assert "2024 年年降水量" in found.reason
    assert "rain of a year" in found.reason


def test_two_tables_that_agree_are_one_and_two_that_differ_are_none():
    same = statistics(
        ("field", 2024, "rain", 1100.0, "mm", "a.csv"), ("field", 2024, "rain", 1100.0, "mm", "b.csv")
    )
    found = AreaStatistics(same, "field").find("rain", 2024, "mm")
    assert (found.value, found.source) == (1100.0, "a.csv, row 2; b.csv, row 3")
    other = AreaStatistics(same.assign(value=[1100.0, 1101.0]), "field").find("rain", 2024, "mm")
    assert other.value is None
    assert "a.csv, row 2; b.csv, row 3" in other.reason


@given(value=st.floats(0, 1e12), year=st.integers(1950, 2099))
@pytest.mark.parametrize(
    ("item", "own", "unit", "factor"),
    [
        ("lake_area", "ha", "km2", 0.01),
        ("water_resources", "m3", "1e6 m3", 1e-6),
        ("river_length", "km", "km", 1),
        ("discharge_cod", "t", "t", 1),
    ],
)
def test_figures_come_in_the_unit_of_the_formula(item, own, unit, factor, value, year):
    told = statistics(("field", year, item, value, own, "a.csv"))
    assert AreaStatistics(told, "field").find(item, year, unit).value == pytest.approx(value * factor)


def test_no_statistics_at_all_are_no_figure():
    assert AreaStatistics(statistics(), "field").find("rain", 2024, "mm").value is None
