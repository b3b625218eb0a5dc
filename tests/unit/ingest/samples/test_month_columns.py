"""A table with a column for each month is refused with the way out, in all forms that months have."""

from datetime import datetime

import openpyxl
import pytest

from pipeline.ingest.samples import read_records
from pipeline.ingest.samples.month_columns import MONTHS_AS_COLUMNS, has_month_columns
from pipeline.ingest.samples.reasons import NO_HEADINGS
from pipeline.settings import SampleFile


def _read(path):
    samples, rejects, _ = read_records([SampleFile(path=str(path))])
    return len(samples), rejects["reason"].tolist()


@pytest.mark.parametrize(
    "months",
    [
        ["1月", "2月", "3月"],
        ["一月", "十月", "十二月"],
        ["2024年1月", "2024年2月", "2024年10月"],
        ["2024-01", "2024-02", "2024-03"],
        ["202401", "202402", "202403"],
        ["2024.1", "2024.2", "2024.10"],
        ["氨氮1月", "氨氮2月", "氨氮3月"],
        ["1月份(mg/L)", "2月份(mg/L)", "3月份(mg/L)"],
        [datetime(2024, month, 1) for month in (1, 2, 3)],  # noqa: DTZ001 - a workbook knows no zone
    ],
)
@pytest.mark.parametrize("keys", [["断面名称"], ["断面名称", "监测项目"], ["断面名称", "年份", "监测项目"]])
def test_months_in_columns_are_refused_as_such(tmp_path, months, keys):
    book = openpyxl.Workbook()
    book.active.append(["某县地表水监测结果"])
    book.active.append([*keys, *months])
    book.active.append([*["甲", "2024", "氨氮"][: len(keys)], 0.1, 0.2, 0.3])
    book.save(tmp_path / "a.xlsx")
    assert _read(tmp_path / "a.xlsx") == (0, [MONTHS_AS_COLUMNS])


def test_months_under_a_parameter_are_refused_as_well(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("断面名称,流域,氨氮,,\n,,1月,2月,3月\n甲,长江,0.1,0.2,0.3\n", "utf-8")
    assert _read(path) == (0, [MONTHS_AS_COLUMNS])


@pytest.mark.parametrize("texts", [["断面", "1月"], ["2024-05", "2024-05"], ["3", "4"], ["45292", "45323"]])
def test_a_row_that_names_no_several_months_is_no_row_of_months(tmp_path, texts):
    assert not has_month_columns([texts])
    (tmp_path / "a.csv").write_text(",".join(texts) + "\n甲,乙\n", "utf-8")
    assert _read(tmp_path / "a.csv") == (0, [NO_HEADINGS])
