"""The figures that a run ends with."""

import re
from pathlib import Path

import pandas as pd
import pytest

from pipeline.commands.headlines import lay_out_headlines, list_headlines
from pipeline.flow import Delivered
from tests.terminal import count_cells


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


QUARTERS = [f"{year}Q{quarter}" for year in (2022, 2023, 2024) for quarter in (1, 2, 3, 4)]
TWINS = {
    "mean_fvc_land": "平均植被覆盖度（陆域，不含水面）",
    "mean_fvc_land_percentiles": "平均植被覆盖度（陆域，端元取百分位，供对照）",
}


def quarters(*, truth=None):
    """Two figures whose names begin alike, over twelve quarters, by quarter as tables have them."""
    rows = [
        {
            "indicator": name,
            "period": quarter,
            "unit": "share",
            "value": 0.5 + number / 100 + (name == "mean_fvc_land") / 1000,
            "numerator": 123_456_789.0,
            "denominator": 987_654_321.0,
        }
        for number, quarter in enumerate(QUARTERS)
        for name in TWINS
    ]
    return [Delivered("shore", "滩涂", Path("out"), False, pd.DataFrame(rows), truth)]  # noqa: FBT003


def test_figures_of_twelve_quarters_stand_under_whole_names_and_within_eighty_columns():
    planted = {"periods": {quarter: {"mean_fvc": 0.51} for quarter in QUARTERS}}
    lines = [line.plain for line in lay_out_headlines(list_headlines(quarters(truth=planted)))]
    assert max(map(count_cells, lines)) < 80
    for name, step in zip(TWINS.values(), (0.001, 0), strict=True):
        start = lines.index(f" {name}") + 1
        told = [line.split() for line in lines[start : start + 12]]
        assert [cells[:2] for cells in told] == [
            [quarter, f"{0.5 + number / 100 + step:.4f}"] for number, quarter in enumerate(QUARTERS)
        ]
        assert {(cells[2], cells[3], cells[4]) for cells in told} == {
            ("123,456,789", "987,654,321", "0.5100")
        }
    assert lines[0].strip() == "滩涂（模拟）"


def test_where_nothing_is_simulated_nothing_is_said_of_planted_truth():
    rows = list_headlines(quarters())
    assert not any("植入" in name for row in rows for name in row)
    assert "植入" not in "".join(line.plain for line in lay_out_headlines(rows))


def test_figures_of_all_widths_stand_in_one_column():
    lines = [line.plain for line in lay_out_headlines(accounted_rows())]
    ends = {count_cells(line) for line in lines if line.startswith("   2024")}
    assert len(ends) == 1


@pytest.mark.parametrize(("language", "other"), [("zh", "[a-z]{2,}"), ("en", "[\u4e00-\u9fff]")])
def test_what_a_run_ends_with_is_in_one_language(language, other):
    planted = {"periods": {quarter: {"mean_fvc": 0.51} for quarter in QUARTERS}}
    rows = [*list_headlines(quarters(truth=planted)), *accounted_rows()]
    told = "\n".join(line.plain for line in lay_out_headlines(rows, language)).replace("滩涂", "")
    assert not re.search(other, told)


def accounted_rows():
    figures = {"指标 indicator": "生态产品总值 GEP", "时段 period": "2024", "区 area": "滩涂"}
    return [{**figures, "值 value": value, "分母 denominator": "20"} for value in ("—", "1,234.50 万元")]
