"""Headings on two rows are one, in workbooks and text files alike; what no heading says is not read."""

import openpyxl
import pytest

from pipeline.ingest.samples import read_records, streams
from pipeline.ingest.samples.layouts import UNKNOWN_COLUMN, UNKNOWN_UNIT
from pipeline.settings import SampleFile

KEYS = ["断面名称", "监测时间"]
DAY = "2024-05-06"


def _read(path, **settings):
    samples, rejects, _ = read_records([SampleFile(path=str(path), **settings)])
    return dict(zip(samples["parameter"], samples["value"], strict=True)), rejects


def _write(folder, rows, kind, merges=()):
    """Rows as a CSV file or as a workbook with or without its merges."""
    path = folder / f"a.{kind.removeprefix('bare ')}"
    if kind == "csv":
        lines = [",".join("" if cell is None else str(cell) for cell in row) for row in rows]
        path.write_text("\n".join(lines), "utf-8")
        return path
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for area in merges if kind == "xlsx" else ():
        book.active.merge_cells(area)
    book.save(path)
    return path


KINDS = pytest.mark.parametrize("kind", ["xlsx", "bare xlsx", "csv"])


@KINDS
def test_a_parameter_over_class_and_concentration_gives_the_concentration(tmp_path, kind):
    rows = [
        [*KEYS, "氨氮", None, "总磷", None, "pH"],
        [None, None, "水质类别", "浓度(mg/L)", "水质类别", "浓度（μg/L）", None],
        ["甲", DAY, 2, 0.3, 2, 80, 7.5],
    ]
    merges = ["A1:A2", "B1:B2", "C1:D1", "E1:F1", "G1:G2"]
    values, rejects = _read(_write(tmp_path, rows, kind, merges))
    assert values == {"NH3N": 0.3, "TP": 0.08, "pH": 7.5}
    assert rejects.empty


@KINDS
def test_classes_and_concentrations_over_parameters_give_the_concentrations(tmp_path, kind):
    rows = [
        ["某县2024年地表水监测结果"],
        ["序号", *KEYS, "水质类别", None, "浓度（μg/L）", None],
        [None, None, None, "氨氮", "总磷", "氨氮", "总磷"],
        [1, "甲", DAY, 2, 2, 300, 80],
    ]
    merges = ["A1:G1", "A2:A3", "B2:B3", "C2:C3", "D2:E2", "F2:G2"]
    values, rejects = _read(_write(tmp_path, rows, kind, merges))
    assert values == {"NH3N": 0.3, "TP": 0.08}
    assert rejects.empty


@KINDS
def test_a_group_above_the_headings_gives_its_unit_to_what_can_have_it(tmp_path, kind):
    rows = [
        [None, None, "监测结果(μg/L)", None, None],
        [*KEYS, "氨氮", "pH", "总磷(mg/L)"],
        ["甲", DAY, 300, 7.5, 0.08],
    ]
    values, rejects = _read(_write(tmp_path, rows, kind, ["C1:E1"]))
    assert values == {"NH3N": 0.3, "pH": 7.5, "TP": 0.08}
    assert rejects.empty


@KINDS
@pytest.mark.parametrize("below", ["最大值", "标准指数", "2023年", "达标情况"])
def test_what_stands_under_a_parameter_and_is_no_value_is_named_and_never_read(tmp_path, kind, below):
    rows = [[*KEYS, "氨氮", None], [None, None, below, "浓度(mg/L)"], ["甲", DAY, 9, 0.3]]
    values, rejects = _read(_write(tmp_path, rows, kind, ["A1:A2", "B1:B2", "C1:D1"]))
    assert values == {"NH3N": 0.3}
    assert rejects[["row", "column", "reason"]].to_numpy().tolist() == [[2, f"氨氮 {below}", UNKNOWN_COLUMN]]


@KINDS
def test_a_group_that_is_not_known_does_not_give_its_figures_to_the_parameters_below(tmp_path, kind):
    rows = [
        [*KEYS, "超标倍数", None, "监测结果", None],
        [None, None, "氨氮", "总磷", "氨氮", "总磷"],
        ["甲", DAY, 0.5, 0.2, 1.5, 0.24],
    ]
    values, rejects = _read(_write(tmp_path, rows, kind, ["A1:A2", "B1:B2", "C1:D1", "E1:F1"]))
    assert values == {"NH3N": 1.5, "TP": 0.24}
    assert rejects["column"].tolist() == ["超标倍数 氨氮", "超标倍数 总磷"]


@KINDS
def test_the_parts_of_a_day_may_stand_below_the_heading_of_the_time(tmp_path, kind):
    rows = [
        ["断面名称", "采样时间", None, None, "氨氮"],
        [None, "年", "月", "日", "浓度(mg/L)"],
        ["甲", 2024, 5, 6, 0.3],
    ]
    path = _write(tmp_path, rows, kind, ["A1:A2", "B1:D1"])
    samples, rejects, _ = read_records([SampleFile(path=str(path))])
    assert samples["time"].dt.strftime("%Y-%m-%d").tolist() == [DAY]
    assert rejects.empty


@KINDS
def test_three_levels_and_a_row_of_units_below_them(tmp_path, kind):
    rows = [
        [*KEYS, "监测结果", None, None],
        [None, None, "氨氮", None, "总磷"],
        [None, None, "水质类别", "浓度", None],
        [None, None, None, "μg/L", "mg/L"],
        ["甲", DAY, 2, 300, 0.08],
    ]
    values, _ = _read(_write(tmp_path, rows, kind, ["A1:A3", "B1:B3", "C1:E1", "C2:D2", "E2:E3"]))
    assert values == {"NH3N": 0.3, "TP": 0.08}


@KINDS
def test_a_second_table_below_with_headings_on_two_rows_is_not_read_by_its_classes(tmp_path, kind):
    head = [[*KEYS, "氨氮", None], [None, None, "水质类别", "浓度(mg/L)"]]
    rows = [*head, *(["甲", DAY, 2, 0.3] for _ in range(50)), *head, ["乙", DAY, 4, 1.2]]
    merges = ["A1:A2", "B1:B2", "C1:D1", "A53:A54", "B53:B54", "C53:D53"]
    path = _write(tmp_path, rows, kind, merges)
    samples, _, _ = read_records([SampleFile(path=str(path))])
    assert set(samples["value"]) <= {0.3, 1.2}
    assert samples["section"].tolist()[0] == "甲"


def test_a_parameter_in_two_languages_has_one_unit_or_none_is_believed(tmp_path):
    rows = [[*KEYS, "氨氮", "铅(μg/L)", "镉(μg/L)"], ["section", "time", "NH3N(mg/L)", "Pb", "Cd(mg/L)"]]
    values, rejects = _read(_write(tmp_path, [*rows, ["甲", DAY, 0.3, 2.0, 0.001]], "csv"))
    assert values == pytest.approx({"NH3N": 0.3, "Pb": 0.002})
    assert rejects["column"].tolist() == ["镉(μg/L) Cd(mg/L)"]


def test_a_unit_that_is_not_known_below_a_parameter_is_named(tmp_path):
    rows = [[*KEYS, "氨氮", None], [None, None, "水质类别", "浓度(斗)"], ["甲", DAY, 2, 0.3]]
    values, rejects = _read(_write(tmp_path, rows, "csv"))
    assert values == {}
    assert rejects[["column", "reason"]].to_numpy().tolist() == [["氨氮(斗)", UNKNOWN_UNIT]]


@pytest.mark.parametrize(
    ("group", "told"),
    [
        ("监测结果（μg/L，pH除外）", {"NH3N": 0.03, "pH": 7.5}),
        ("监测结果(1项)", {"NH3N": 30.0, "pH": 7.5}),
        ("监测结果(mmol/L)", {}),
    ],
)
def test_the_unit_of_a_group_stands_with_other_words_or_is_not_known(tmp_path, group, told):
    rows = [[*KEYS, group, None], [None, None, "氨氮", "pH"], ["甲", DAY, 30, 7.5]]
    path = tmp_path / "a.tsv"
    path.write_text("\n".join("\t".join(str(cell or "") for cell in row) for row in rows), "utf-8")
    assert _read(path)[0] == told


@pytest.mark.parametrize(
    "above",
    [
        ["某县监测结果", "", "", ""],
        ["", "", "", "单位：mg/L"],
        ["监测单位：某站", "", "", "采样日期：2024-05"],
        ["", "", "国控断面", ""],
    ],
)
def test_a_title_or_a_line_of_a_form_above_the_headings_changes_nothing(tmp_path, above):
    rows = [above, [*KEYS, "氨氮", "总磷"], ["甲", DAY, 0.3, 0.08]]
    assert _read(_write(tmp_path, rows, "csv"))[0] == {"NH3N": 0.3, "TP": 0.08}


def test_headings_that_the_settings_name_have_two_levels_as_well(tmp_path):
    rows = [["where", "when", "氨氮", None], [None, None, "水质类别", "浓度(mg/L)"], ["甲", DAY, 2, 0.3]]
    path = _write(tmp_path, rows, "csv")
    assert _read(path, columns={"section": "where", "time": "when"})[0] == {"NH3N": 0.3}


def test_a_big_text_file_with_headings_on_two_rows_is_read_as_a_small_one(tmp_path, monkeypatch):
    rows = [[*KEYS, "氨氮", None], [None, None, "水质类别", "浓度(mg/L)"], *[["甲", DAY, 2, 0.3]] * 2]
    monkeypatch.setattr(streams, "LEAST_BYTES", 1)
    assert _read(_write(tmp_path, rows, "csv"))[0] == {"NH3N": 0.3}
