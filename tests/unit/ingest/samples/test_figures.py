"""Numbers as people write them in cells: decimal commas, thousands, limits, units of their own."""

import pandas as pd
import pytest

from pipeline.ingest.samples.figures import COMMA_UNCLEAR, NOT_A_NUMBER, DecimalMarks, read_numbers


def _read(text, *others):
    marks = DecimalMarks.of([text, *others])
    return read_numbers(pd.Series([text], dtype=str), marks).iloc[0]


@pytest.mark.parametrize(
    ("text", "others", "value"),
    [
        ("0,350", [], 0.35),
        ("7,5", [], 7.5),
        ("0，35", [], 0.35),
        ("1,200", ["0,35"], 1.2),
        ("1,200", ["0.35"], 1200),
        ("1,200", ["2,345,678"], 1200),
        ("2,345,678", ["0,35"], 2345678),
        ("1,234.5", [], 1234.5),
        ("1.234,5", [], 1234.5),
        ("-0,5", [], -0.5),
        ("1 234", [], 1234),
        ("12,5", ["7"], 12.5),
    ],
)
def test_a_comma_means_what_the_table_is_sure_of(text, others, value):
    found = _read(text, *others)
    assert found["reason"] is None
    assert found["value"] == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "others", "reason"),
    [
        ("1,200", [], COMMA_UNCLEAR),
        ("1,200", ["0,35", "0.35"], COMMA_UNCLEAR),
        ("7,5", ["0.35"], COMMA_UNCLEAR),
        ("1.200", ["0,35"], COMMA_UNCLEAR),
        ("1,2,3", [], NOT_A_NUMBER),
        ("0,350,1", [], NOT_A_NUMBER),
        ("7 5", [], NOT_A_NUMBER),
        ("1 2345", [], NOT_A_NUMBER),
        ("0.3 0.4", [], NOT_A_NUMBER),
    ],
)
def test_what_may_be_two_numbers_is_refused_by_name(text, others, reason):
    found = _read(text, *others)
    assert found["reason"] == reason
    assert pd.isna(found["value"])


@pytest.mark.parametrize(
    ("text", "value", "unit", "censored"),
    [
        ("<0.05 μg/L", 0.05, "μg/l", True),
        ("＜0.05ug/L", 0.05, "ug/l", True),
        ("未检出(<0.002 mg/L)", 0.002, "mg/l", True),
        ("ND(0.05μg/L)", 0.05, "μg/l", True),
        ("0.002L", 0.002, None, True),
        ("0,002L", 0.002, None, True),
        ("0.35 mg/L", 0.35, "mg/l", False),
        ("350（μg/L）", 350, "μg/l", False),
        ("20℃", 20, "℃", False),
    ],
)
def test_a_cell_may_state_its_own_unit(text, value, unit, censored):
    found = _read(text)
    assert (found["value"], found["censored"], found["reason"]) == (value, censored, None)
    assert (found["unit"] or "").casefold() == (unit or "")


@pytest.mark.parametrize("text", ["0.35 mg/kg", "5-", "5/", "5无", "0.35 mg", "<0.05 斗"])
def test_what_is_no_unit_makes_no_number(text):
    assert _read(text)["reason"] == NOT_A_NUMBER
