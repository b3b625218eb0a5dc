"""Units that stand apart from the headings: in lines, in rows, below, above, and unreadable ones."""

import openpyxl
import pytest

from pipeline.ingest.samples import read_records
from pipeline.ingest.samples.unit_lines import read_unit_line
from pipeline.settings import SampleFile

DAY = "2024-05-06"


def _read(folder, *rows, merges=(), name="water.xlsx"):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for area in merges:
        book.active.merge_cells(area)
    book.save(folder / name)
    samples, rejects, _ = read_records([SampleFile(path=str(folder / name))])
    return dict(zip(samples["parameter"], samples["value"], strict=True)), rejects


@pytest.mark.parametrize(
    ("cells", "units"),
    [
        (["单位：μg/L（pH无量纲）"], {"Pb": "μg/l", "pH": "无量纲"}),
        (["监测单位：某市监测站", "单位：μg/L"], {"Pb": "μg/l", "pH": None}),
        (["监测单位：某市监测站 单位: mg/L，水温℃"], {"Pb": "mg/l", "WT": "°c"}),
        (["（μg/L）"], {"Pb": "μg/l"}),
        (["计量单位", "mg/L"], {"Pb": "mg/l"}),
        (["注：除pH外，单位均为μg/L"], {"Pb": "μg/l", "pH": None}),
        (["单位：mg/L，pH除外"], {"Pb": "mg/l", "pH": None}),
        (["单位：汞、砷为μg/L，其余为mg/L"], {"Hg": "μg/l", "As": "μg/l", "Pb": "mg/l"}),
        (["各项目单位为 mg/L（粪大肠菌群：个/L；汞：μg/L）"], {"FC": "个/l", "Hg": "μg/l", "Pb": "mg/l"}),
        (["Unit: µg/L"], {"Pb": "μg/l"}),
        (["备注：除氨氮外，单位均为μg/L"], {"Pb": "μg/l", "NH3N": None}),
        (["某县5月水质监测结果，单位：mg/L"], {"Pb": "mg/l"}),
        (["某县5月水质（单位：mg/L，pH 无量纲，汞 μg/L）"], {"Pb": "mg/l", "Hg": "μg/l", "pH": "无量纲"}),
        (["汞、砷单位：μg/L"], {"Hg": "μg/l", "As": "μg/l", "Pb": None}),
    ],
)
def test_a_line_of_units_says_that_of_all_and_those_of_single_parameters(cells, units):
    line = read_unit_line(cells)
    assert line.is_read
    assert {code: line.find_unit(code) for code in units} == units


@pytest.mark.parametrize(
    "text",
    [
        "单位：mg/kg",
        "单位：mg/L、μg/L",
        "单位：mg/L（总磷等）",
        "单位：ppm",
        "单位：斗/L",
        "备注：重金属单位为μg/L",
        "除重金属外，单位为mg/L",
    ],
)
def test_a_line_that_is_not_understood_as_a_whole_says_nothing(text):
    line = read_unit_line([text])
    assert not line.is_read
    assert line.find_unit("Pb") is None


@pytest.mark.parametrize("text", ["监测单位：某市环境监测中心", "单位：某市监测站", "某市水质", "", "断面"])
def test_an_office_is_no_unit(text):
    assert read_unit_line([text]) is None


def test_a_line_above_the_headings_gives_the_units_of_columns_without_one(tmp_path):
    found, rejects = _read(
        tmp_path,
        ["单位：μg/L（pH无量纲）"],
        ["断面", "时间", "pH", "铅", "镉(mg/L)", "汞", "砷"],
        ["东断面", DAY, 7.5, 2.0, 0.0005, 0.04, 3.0],
        merges=["A1:G1"],
    )
    assert found == pytest.approx({"pH": 7.5, "Pb": 0.002, "Cd": 0.0005, "Hg": 4e-5, "As": 0.003})
    assert rejects.empty


def test_a_line_below_the_table_counts_as_one_above(tmp_path):
    found, _ = _read(
        tmp_path, ["断面", "时间", "pH", "铅"], ["甲", DAY, 7.5, 2.0], ["注：单位为μg/L，pH除外"]
    )
    assert found == pytest.approx({"pH": 7.5, "Pb": 0.002})


def test_columns_under_a_line_that_cannot_be_read_are_rejected_and_others_stay(tmp_path):
    found, rejects = _read(
        tmp_path, ["单位：mg/kg"], ["断面", "时间", "pH", "铅", "镉(mg/L)"], ["甲", DAY, 7.5, 2.0, 0.0005]
    )
    assert found == {"pH": 7.5, "Cd": 0.0005}
    assert rejects[["column", "readings"]].to_numpy().tolist() == [["铅", 1]]
    assert rejects["reason"].str.contains("line of units").all()


@pytest.mark.parametrize("above", [True, False])
def test_a_row_of_units_counts_above_and_below_and_an_unknown_unit_loses_its_column(tmp_path, above):
    head, units = ["断面", "时间", "pH", "铅", "汞"], ["单位", None, "无量纲", "μg/L", "ppm"]
    rows = [units, head] if above else [head, units]
    found, rejects = _read(tmp_path, *rows, ["甲", DAY, 7.5, 2.0, 1])
    assert found == pytest.approx({"pH": 7.5, "Pb": 0.002})
    assert rejects["column"].tolist() == ["汞"]


def test_a_heading_and_a_row_that_tell_different_units_are_refused(tmp_path):
    found, rejects = _read(
        tmp_path, ["断面", "时间", "pH", "铅(mg/L)"], [None, None, None, "μg/L"], ["甲", DAY, 7.5, 2.0]
    )
    assert found == {"pH": 7.5}
    assert rejects["reason"].str.contains("different units").all()


def test_headings_in_two_languages_are_one_row_of_headings(tmp_path):
    found, rejects = _read(
        tmp_path, ["断面", "时间", "pH", "铅(μg/L)"], ["section", "time", "pH", "Pb"], ["甲", DAY, 7.5, 2.0]
    )
    assert found == pytest.approx({"pH": 7.5, "Pb": 0.002})
    assert rejects.empty


def test_a_long_table_takes_the_unit_of_its_line_and_the_limit_in_its_own(tmp_path):
    found, rejects = _read(
        tmp_path,
        ["单位：μg/L"],
        ["断面", "时间", "项目", "结果", "检出限(ng/L)"],
        ["甲", DAY, "铅", "ND", 500],
        ["甲", DAY, "pH", 7.2, None],
        ["甲", DAY, "镉", "0.4", None],
        ["甲", DAY, "砷", "0.003 mg/L", None],
    )
    assert found == pytest.approx({"Pb": 0.0005, "pH": 7.2, "Cd": 0.0004, "As": 0.003})
    assert rejects.empty


def test_limits_are_in_the_units_that_their_cells_and_labels_state(tmp_path):
    found, rejects = _read(
        tmp_path,
        ["断面", "时间", "铅(mg/L)", "汞(mg/L)", "镉(mg/L)", "氨氮(mg/L)"],
        ["甲", DAY, "<0.05 μg/L", "0.00002L", "ND", "0.3 ℃"],
        ["检出限(μg/L)", None, None, None, 0.1, None],
    )
    assert found == pytest.approx({"Pb": 0.00005, "Hg": 0.00002, "Cd": 0.0001})
    assert rejects[["column", "value"]].to_numpy().tolist() == [["氨氮(mg/L)", "0.3 ℃"]]
